#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include "certificate/columns.hpp"
#include "certificate/compensated.hpp"
#include "certificate/probes.hpp"
#include "certificate/random.hpp"
#include "certificate/random_subsets.hpp"
#include "certificate/text.hpp"
#include "momentset/certificate/stream.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

using namespace certificate;

/// Random subsets of so many rows that a mask for each of them has no room: their row numbers, ascending.
class SparseSubsets {
 public:
  SparseSubsets(std::uint64_t rows, std::size_t size, std::uint64_t seed) {
    if (size >= rows) return;  // of all the rows there is only one subset, without an error
    for (std::size_t r = 0; r < random_subsets; ++r) members_.push_back(draw(rows, size, Random(seed, 1 + r)));
    next_.assign(members_.size(), 0);
  }

  bool empty() const { return members_.empty(); }

  /// Masks of the rows from `first` on; the stretches must follow one another.
  std::vector<std::uint32_t> masks(std::uint64_t first, std::size_t count) {
    std::vector<std::uint32_t> masks(count, 0);
    for (std::size_t r = 0; r < members_.size(); ++r) {
      std::size_t& next = next_[r];
      for (; next < members_[r].size() && members_[r][next] - first < count; ++next) {
        masks[members_[r][next] - first] |= 1U << r;
      }
    }
    return masks;
  }

 private:
  // Numbers that come twice are drawn anew: fast as long as few do, so the fewer of those in and those out are drawn.
  static std::vector<std::uint64_t> draw(std::uint64_t rows, std::size_t size, Random random) {
    const bool drop = size > rows / 2;
    const std::size_t wanted = drop ? std::size_t(rows - size) : size;
    std::vector<std::uint64_t> drawn;
    while (drawn.size() < wanted) {
      while (drawn.size() < wanted) drawn.push_back(std::min(rows - 1, std::uint64_t(random.uniform() * double(rows))));
      std::sort(drawn.begin(), drawn.end());
      drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
    }
    if (!drop) return drawn;
    std::vector<std::uint64_t> rest;
    for (std::uint64_t row = 0, k = 0; row < rows; ++row) {
      if (k < drawn.size() && drawn[k] == row) {
        ++k;
      } else {
        rest.push_back(row);
      }
    }
    return rest;
  }

  std::vector<std::vector<std::uint64_t>> members_;
  std::vector<std::size_t> next_;  // of each, the first that did not go by yet
};

}  // namespace

struct SecondPass::State {
  WeightedPoints coreset;
  std::uint64_t rows_before;  // of the first pass
  CutTree cells;
  int threads;
  ColumnMoments columns;
  ProbeFunctions functions;
  long double unit;  // brings the mean weight to order 1
  SparseSubsets subsets;
  ProbeSums sums = {};
  CompensatedSum mass = {};
  std::uint64_t rows = 0;
  std::vector<Extent> extents = {};  // of the rows in each cell

  void add_extents(const WeightedPoints& more) {
    std::vector<Index> cell_of(more.size());
    cells.find({more.coordinates.data(), more.size(), more.dimension}, cell_of.data());
    for (std::size_t k = 0; k < more.size(); ++k) extents[cell_of[k]].include(more.point(k), more.point(k));
  }
};

SecondPass::SecondPass(const WeightedPoints& coreset, const StreamCertificate& certificate, CutTree cells,
                       int threads) {
  const Selection output = all_of(coreset);
  const double mean = certificate.mass_input / double(std::max<std::uint64_t>(1, certificate.rows));
  state_ = std::make_unique<State>(State{coreset, certificate.rows, std::move(cells), threads,
                                         column_moments(output, bounding_box(output), summarise_weights(output).mass),
                                         draw_probe_functions(coreset.dimension, certificate.seed),
                                         std::ldexp(1.0L, -std::ilogb(mean)),
                                         SparseSubsets(certificate.rows, coreset.size(), certificate.seed)});
  state_->extents.assign(state_->cells.cells(), Extent(coreset.dimension));
  if (!state_->subsets.empty()) {
    state_->sums.subset.resize(random_subsets * probe_count);
    state_->sums.subset_mass.resize(random_subsets);
  }
}

SecondPass::SecondPass(SecondPass&&) noexcept = default;
SecondPass::~SecondPass() = default;

void SecondPass::add(const WeightedPoints& rows, const std::stop_token& stop) {
  State& state = *state_;
  require_valid_batch(rows);
  if (rows.size() == 0) return;
  if (rows.dimension != state.coreset.dimension) {
    throw Error("points", text(rows.dimension) + " columns", "must have those of the coreset");
  }
  if (rows.size() > state.rows_before - state.rows) {
    throw Error("points", text(state.rows + rows.size()) + " rows",
                "must be the " + text(state.rows_before) + " of the first pass");
  }
  const std::vector<std::uint32_t> masks = state.subsets.masks(state.rows, rows.size());
  SubsetMask mask;
  if (!state.subsets.empty()) mask = [&](std::size_t k) { return masks[k]; };
  oneapi::tbb::task_arena(arena_threads(state.threads)).execute([&] {
    state.sums.join(sum_probes(all_of(rows, &stop), state.columns, state.functions, state.unit, mask));
  });
  state.add_extents(rows);
  for (std::size_t k = 0; k < rows.size(); ++k) state.mass.add(rows.weight(k));
  state.rows += rows.size();
}

void SecondPass::measure(StreamCertificate& result) const {
  const State& state = *state_;
  const double mass = finite(state.mass.value());
  if (state.rows != state.rows_before || std::fabs(mass - result.mass_input) > result.tolerance * result.mass_input) {
    throw Error("points", text(state.rows) + " rows of total weight " + text(mass),
                "must be the " + text(state.rows_before) + " of " + text(result.mass_input) + " of the first pass");
  }
  const Selection output = all_of(state.coreset);
  const ProbeSums kept = sum_probes(output, state.columns, state.functions, state.unit, {});
  result.probes =
      probe_errors(state.sums, state.mass.value() * state.unit, kept, summarise_weights(output).mass * state.unit);
  std::vector<long double> diameters;
  for (const Extent& extent : state.extents) {
    if (extent.lower[0] <= extent.upper[0]) diameters.push_back(diameter(bounding_box(extent), state.columns));
  }
  result.tree = state.cells;
  result.cells = diameters.size();
  result.diameters = quantiles(std::move(diameters));
}

}  // namespace momentset
