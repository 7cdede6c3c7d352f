#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "certificate/checks.hpp"
#include "certificate/columns.hpp"
#include "certificate/running_moments.hpp"
#include "certificate/text.hpp"
#include "momentset/certificate/stream.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

using namespace certificate;

/// Looks for the rows kept among those that go by.
class RowSearch {
 public:
  RowSearch(const WeightedPoints& kept, std::span<const std::uint64_t> numbers) : kept_(kept) {
    for (std::size_t j = 0; j < numbers.size(); ++j) wanted_.push_back({numbers[j], Index(j)});
    std::sort(wanted_.begin(), wanted_.end());
  }

  /// Rows that are numbered from `first` on.
  void look(const WeightedPoints& rows, std::uint64_t first) {
    for (auto next = from(first); next != wanted_.end() && next->number - first < rows.size(); ++next) {
      compare(next, rows.point(next->number - first));
    }
  }
  void look(const WeightedPoints& rows, std::span<const std::uint64_t> numbers) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto next = from(numbers[i]);
      // Numbers that callers give may come several times: each row stands for one row kept, at most.
      while (next != wanted_.end() && next->number == numbers[i] && !compare(next, rows.point(i))) ++next;
    }
  }

  std::size_t missing() const {
    return std::size_t(std::count_if(wanted_.begin(), wanted_.end(), [](const Wanted& row) { return !row.found; }));
  }

 private:
  struct Wanted {
    std::uint64_t number;
    Index kept;
    bool found = false;

    bool operator<(const Wanted& other) const { return number < other.number; }
  };
  using Place = std::vector<Wanted>::iterator;

  Place from(std::uint64_t number) { return std::lower_bound(wanted_.begin(), wanted_.end(), Wanted{number, 0}); }

  /// Whether it is found now.
  bool compare(Place place, const double* x) const {
    if (place->found) return false;
    const double* own = kept_.point(place->kept);
    place->found = std::equal(own, own + kept_.dimension, x);
    return place->found;
  }

  const WeightedPoints kept_;
  std::vector<Wanted> wanted_;  // ascending by number
};

Check mass(const StreamCertificate& stated, const StreamCertificate& found) {
  return {"mass",
          close(found.mass_output, stated.mass_output) && close(found.mass_input, stated.mass_input) &&
              std::fabs(found.mass_output - found.mass_input) <= found.tolerance * found.mass_input,
          found_and_stated(text(found.mass_output), text(stated.mass_output)) + ", input " +
              found_and_stated(text(found.mass_input), text(stated.mass_input)) + "; allowed difference " +
              text(found.tolerance) + " of the mass"};
}

Check moments(const StreamCertificate& found) {
  const auto worst = std::max_element(found.residuals.begin(), found.residuals.end());
  return {"moments overall", *worst <= found.tolerance,
          "worst residual " + text(*worst) + " at order " + text(worst - found.residuals.begin()) + ", allowed " +
              text(found.tolerance)};
}

}  // namespace

struct StreamVerification::State {
  const StreamCertificate& stated;
  WeightedPoints kept;
  std::span<const std::uint64_t> numbers;
  int threads;
  RowSearch search;
  RunningMoments moments;
  std::optional<SecondPass> second;  // as long as no other rows than stated have gone by
  std::uint64_t rows = 0;
};

StreamVerification::StreamVerification(const StreamCertificate& stated, const WeightedPoints& kept,
                                       std::span<const std::uint64_t> numbers, int threads) {
  if (kept.size() == 0) throw Error("output", "", "has no rows");
  if (kept.dimension != stated.dimension || numbers.size() != kept.size()) {
    throw Error(
        "output",
        text(numbers.size()) + " numbers of " + text(kept.size()) + " rows in " + text(kept.dimension) + " columns",
        "must be a number for each row, and " + text(stated.dimension) + " columns as stated");
  }
  state_ = std::make_unique<State>(State{
      stated, kept, numbers, threads, RowSearch(kept, numbers), RunningMoments(stated.dimension, stated.order), {}});
  const WeightSummary weights = summarise_weights(all_of(kept));
  if (stated.cells > 0 && weights.smallest >= 0 && weights.mass > 0) {
    state_->second.emplace(kept, stated, stated.tree, threads);
  }
}

StreamVerification::StreamVerification(StreamVerification&&) noexcept = default;
StreamVerification::~StreamVerification() = default;

void StreamVerification::add(const WeightedPoints& rows, std::span<const std::uint64_t> numbers,
                             const std::stop_token& stop) {
  State& state = *state_;
  require_valid_batch(rows);
  if (rows.size() == 0) return;
  if (rows.dimension != state.kept.dimension || (!numbers.empty() && numbers.size() != rows.size())) {
    throw Error("points", text(rows.dimension) + " columns, " + text(numbers.size()) + " numbers",
                "must have the columns of the output, and a number for each row or none");
  }
  if (numbers.empty()) {
    state.search.look(rows, state.rows);
  } else {
    state.search.look(rows, numbers);
  }
  oneapi::tbb::task_arena(arena_threads(state.threads)).execute([&] { state.moments.add(rows, stop); });
  state.rows += rows.size();
  if (state.rows > state.stated.rows) state.second.reset();
  if (state.second) state.second->add(rows, stop);
}

std::vector<Check> StreamVerification::checks() const {
  const State& state = *state_;
  const StreamCertificate& stated = state.stated;
  Check rows = same_count("rows", state.rows, stated.rows);
  if (state.rows == 0) return {rows};
  StreamCertificate found;
  state.moments.measure(state.kept, state.numbers, found);
  const std::size_t missing = state.search.missing();
  std::vector<Check> checks = {
      rows,
      same_count("size", found.size, stated.size),
      same_text("output", found.output_hash, stated.output_hash),
      {"points", missing == 0, text(missing) + " of " + text(found.size) + " differ from the input row they name"},
      mass(stated, found),
      not_negative(found.smallest_weight),
      same_number("smallest weight", found.smallest_weight, stated.smallest_weight),
      same_number("largest weight", found.largest_weight, stated.largest_weight),
      same_number("effective sample size", found.effective_sample_size, stated.effective_sample_size),
      moments(found),
  };
  if (stated.cells == 0) return checks;
  if (state.second && rows.passed && close(found.mass_input, stated.mass_input)) {
    state.second->measure(found);
    checks.push_back({"diameters", found.cells == stated.cells && same_diameters(found.diameters, stated.diameters),
                      "cells " + found_and_stated(text(found.cells), text(stated.cells)) + "; " +
                          largest_diameters(found.diameters, stated.diameters)});
    checks.push_back(same_probes(found.probes, stated.probes));
  } else {
    const std::string reason = "not measured: the rows and their mass are not those stated";
    checks.push_back({"diameters", false, reason});
    checks.push_back({"probes", false, reason});
  }
  return checks;
}

}  // namespace momentset
