#pragma once

#include <cstddef>
#include <cstdint>

#include "certificate/running_moments.hpp"
#include "momentset/sketch.hpp"
#include "sketch/strata.hpp"

namespace momentset {

/// What a sketch is made of.
struct Sketch::State {
  /// Where the numbers of rows come from: yet unknown, their places in the stream, or the caller.
  enum class Numbers : std::uint8_t { unknown = 0, places = 1, named = 2 };

  SketchOptions options;
  sketch::Strata strata;
  certificate::RunningMoments moments;  ///< of the first `counted` rows of the buffer and of all before them
  std::size_t counted = 0;
  std::uint64_t rows_seen = 0;
  double mass_seen = 0;  ///< sum of all weights, to rounding
  Numbers numbers = Numbers::unknown;

  /// Throws Error where the options cannot be met.
  explicit State(const SketchOptions& options);

  void count_rows(const std::stop_token& stop);
  void make_room(const std::stop_token& stop);
  void compact(const std::stop_token& stop);
  /// Of all rows.
  certificate::RunningMoments all_moments(const std::stop_token& stop) const;
  /// Takes in points whose moments are counted already.
  void insert(const sketch::StreamRows& rows, std::uint64_t shift);

 private:
  WeightedPoints uncounted() const;
};

}  // namespace momentset
