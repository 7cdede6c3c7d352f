#include "momentset/sketch.hpp"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "format.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "sketch/state.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

using certificate::RunningMoments;

// Points held for each of the coreset. Halving few rows at once is slow; below 16 cells would hardly shrink.
constexpr std::size_t most_points_each = 100, fewest_points_each = 16;

// Fewer are copied sooner than other threads have woken up.
constexpr std::size_t rows_for_all_threads = 8192;

/// A point in memory: coordinates, weight, number, its place in its cell, and its share of what is copied while cells
/// are recombined.
std::uint64_t bytes_of_a_point(std::size_t dimension) { return 10 * std::uint64_t(dimension) + 40; }

std::size_t capacity_of(const SketchOptions& options) {
  const std::uint64_t least = least_sketch_memory(options.dimension, options.size);
  if (options.memory < least) {
    throw Error(
        "memory", std::to_string(options.memory),
        formatted("must be at least {} for a size of {} in {} columns", least, options.size, options.dimension));
  }
  const std::uint64_t points = std::min<std::uint64_t>(options.memory / bytes_of_a_point(options.dimension),
                                                       std::numeric_limits<Index>::max() / 2);
  return std::size_t(std::min<std::uint64_t>(points, std::uint64_t(options.size) * most_points_each));
}

const SketchOptions& usable(const SketchOptions& options) {
  if (options.dimension == 0) throw Error("columns", "0", "at least one is needed");
  if (!options.columns.empty() && options.columns.size() != options.dimension) {
    throw Error("columns", formatted("{} names", options.columns.size()),
                formatted("one for each of the {} columns is needed, or none", options.dimension));
  }
  if (options.threads < 0) throw Error("threads", std::to_string(options.threads), "must not be negative");
  plan(std::numeric_limits<Index>::max(), options.dimension, {.size = options.size, .order = options.order});
  return options;
}

void require_same(const char* field, const std::string& own, const std::string& other) {
  if (own != other) throw Error(field, other, "must be as in the sketch that it is merged into, " + own);
}

template <class Action>
void in_arena(int threads, const Action& action) {
  tbb::task_arena(arena_threads(threads)).execute(action);
}

}  // namespace

std::uint64_t least_sketch_memory(std::size_t dimension, std::size_t size) {
  const double bytes = double(fewest_points_each) * double(size) * double(bytes_of_a_point(dimension));
  return bytes < 0x1p63 ? std::uint64_t(bytes) : std::numeric_limits<std::uint64_t>::max();
}

Sketch::State::State(const SketchOptions& asked)
    : options(usable(asked)),
      strata(options.dimension, options.order, options.size, capacity_of(options), options.seed),
      moments(options.dimension, options.order) {}

WeightedPoints Sketch::State::uncounted() const {
  const WeightedPoints all = strata.buffer().view(options.dimension);
  return {all.coordinates.subspan(counted * options.dimension), all.weights.subspan(counted), options.dimension};
}

void Sketch::State::count_rows(const std::stop_token& stop) {
  in_arena(options.threads, [&] { moments.add(uncounted(), stop); });
  counted = strata.buffer().size();
}

void Sketch::State::make_room(const std::stop_token& stop) {
  count_rows(stop);
  in_arena(options.threads, [&] { strata.settle(stop); });
  counted = strata.buffer().size();
}

void Sketch::State::compact(const std::stop_token& stop) {
  count_rows(stop);
  in_arena(options.threads, [&] { strata.compact(stop); });
  counted = strata.buffer().size();
}

RunningMoments Sketch::State::all_moments(const std::stop_token& stop) const {
  RunningMoments all = moments;
  in_arena(options.threads, [&] { all.add(uncounted(), stop); });
  return all;
}

void Sketch::State::insert(const sketch::StreamRows& rows, std::uint64_t shift) {
  std::vector<std::uint64_t> numbers(rows.numbers.begin(), rows.numbers.end());
  for (std::uint64_t& number : numbers) number += shift;
  strata.append(rows.view(options.dimension), numbers, 0);
}

Sketch::Sketch(const SketchOptions& options) : state_(std::make_unique<State>(options)) {}
Sketch::Sketch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sketch::Sketch(const Sketch& other) : state_(std::make_unique<State>(*other.state_)) {}
Sketch::Sketch(Sketch&&) noexcept = default;
Sketch& Sketch::operator=(Sketch&&) noexcept = default;
Sketch::~Sketch() = default;

Sketch& Sketch::operator=(const Sketch& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}

const SketchOptions& Sketch::options() const { return state_->options; }
std::uint64_t Sketch::rows_seen() const { return state_->rows_seen; }
std::size_t Sketch::points_held() const { return state_->strata.held(); }
double Sketch::mass() const { return state_->all_moments({}).mass(); }

void Sketch::update(const WeightedPoints& points, std::span<const std::uint64_t> rows, const std::stop_token& stop) {
  State& state = *state_;
  if (points.dimension != state.options.dimension) {
    throw Error("points", formatted("{} columns", points.dimension),
                formatted("must have the {} columns of the sketch", state.options.dimension));
  }
  require_valid_batch(points);
  if (points.size() == 0) return;
  if (!rows.empty() && rows.size() != points.size()) {
    throw Error("rows", formatted("{} numbers", rows.size()),
                formatted("one for each of the {} points is needed, or none", points.size()));
  }
  const State::Numbers numbers = rows.empty() ? State::Numbers::places : State::Numbers::named;
  if (state.numbers != State::Numbers::unknown && state.numbers != numbers) {
    throw Error("rows", rows.empty() ? "none" : "given", "must be given with all updates or with none");
  }
  const double mass = points.weights.empty() ? double(points.size())
                                             : std::accumulate(points.weights.begin(), points.weights.end(), 0.0);
  if (!std::isfinite(state.mass_seen + mass)) throw Error("weights", "", "the sum of all updates must be finite");

  state.numbers = numbers;
  for (std::size_t i = 0; i < points.size();) {
    std::size_t end = i;
    while (end < points.size() && points.weight(end) == 0) ++end;
    state.rows_seen += end - i;
    i = end;
    if (i < points.size() && state.strata.room() == 0) state.make_room(stop);
    const std::size_t most = std::min(points.size() - i, state.strata.room());
    for (; end < i + most && points.weight(end) > 0; ++end) state.mass_seen += points.weight(end);
    const WeightedPoints run{points.coordinates.subspan(i * points.dimension, (end - i) * points.dimension),
                             points.weights.empty() ? points.weights : points.weights.subspan(i, end - i),
                             points.dimension};
    const auto append = [&, first = i] {
      state.strata.append(run, rows.empty() ? rows : rows.subspan(first, end - first), state.rows_seen);
    };
    if (run.size() < rows_for_all_threads) {
      append();
    } else {
      in_arena(state.options.threads, append);
    }
    state.rows_seen += end - i;
    i = end;
  }
}

void Sketch::merge(const Sketch& other, const std::stop_token& stop) {
  State& state = *state_;
  const State& added = *other.state_;
  const SketchOptions &own = state.options, &theirs = added.options;
  require_same("columns", std::to_string(own.dimension), std::to_string(theirs.dimension));
  require_same("order", std::to_string(own.order), std::to_string(theirs.order));
  if (!own.columns.empty() && !theirs.columns.empty()) {
    require_same("columns", joined(own.columns, ", "), joined(theirs.columns, ", "));
  }
  if (added.rows_seen == 0) return;
  if (state.rows_seen > 0 && state.numbers != added.numbers) {
    throw Error("rows", added.numbers == State::Numbers::named ? "named by the caller" : "places in the stream",
                "must be numbered as in the sketch that it is merged into");
  }
  if (!std::isfinite(state.mass_seen + added.mass_seen)) throw Error("weights", "", "their sum must be finite");
  if (state.rows_seen == 0 && own.size == theirs.size && own.memory == theirs.memory && own.seed == theirs.seed) {
    SketchOptions kept = own;
    if (kept.columns.empty()) kept.columns = theirs.columns;
    state = added;
    state.options = std::move(kept);
    return;
  }
  // Whatever may be stopped comes first; then nothing fails half way.
  if (state.strata.room() < added.strata.held()) state.make_room(stop);
  if (&other == this || state.strata.room() < added.strata.held()) {
    Sketch compacted(other);
    compacted.compact(stop);
    if (&other == this || compacted.points_held() < added.strata.held()) return merge(compacted, stop);
  }
  state.count_rows(stop);
  state.moments.join(added.all_moments(stop));
  const std::uint64_t shift = added.numbers == State::Numbers::places ? state.rows_seen : 0;
  for (const std::vector<sketch::StreamRows>& strata : added.strata.cells().strata) {
    for (const sketch::StreamRows& stratum : strata) state.insert(stratum, shift);
  }
  state.insert(added.strata.buffer(), shift);
  state.counted = state.strata.buffer().size();
  state.rows_seen += added.rows_seen;
  state.mass_seen += added.mass_seen;
  state.numbers = added.numbers;
  if (state.options.columns.empty()) state.options.columns = theirs.columns;
}

void Sketch::decay(double factor) {
  if (!(factor > 0 && factor <= 1)) throw Error("factor", formatted("{:g}", factor), "must be above 0 and at most 1");
  if (factor == 1) return;
  state_->count_rows({});
  state_->moments.scale(factor);
  state_->strata.scale(factor);
  state_->mass_seen *= factor;
  state_->counted = state_->strata.buffer().size();
}

void Sketch::reset() { *state_ = State(state_->options); }

void Sketch::compact(const std::stop_token& stop) { state_->compact(stop); }

StreamCoreset Sketch::coreset(std::size_t size, const std::stop_token& stop) const {
  const State& state = *state_;
  const SketchOptions& options = state.options;
  const std::size_t least = feature_count(options.dimension, options.order);
  if (size != 0 && (size < least || size > options.size)) {
    throw Error("size", std::to_string(size),
                formatted("must be between {}, what order {} in {} columns needs, and the size of the sketch, {}",
                          least, options.order, options.dimension, options.size));
  }
  if (state.strata.held() == 0) throw Error("sketch", "", "has seen no row of positive weight");
  std::pair<sketch::StreamRows, CutTree> found;
  in_arena(options.threads, [&] { found = state.strata.coreset(size == 0 ? options.size : size, stop); });
  auto& [kept, cells] = found;
  StreamCoreset result{{{kept.coordinates.begin(), kept.coordinates.end()},
                        {kept.weights.begin(), kept.weights.end()},
                        options.dimension},
                       {kept.numbers.begin(), kept.numbers.end()},
                       {},
                       std::move(cells)};
  const RunningMoments moments = state.all_moments(stop);
  in_arena(options.threads, [&] { moments.measure(result.points.view(), result.rows, result.certificate); });
  result.certificate.rows = state.rows_seen;
  result.certificate.seed = options.seed;
  result.certificate.columns = options.columns;
  return result;
}

StreamCertificate Sketch::certificate(const std::stop_token& stop) const { return coreset(0, stop).certificate; }

}  // namespace momentset
