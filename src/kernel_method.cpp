#include "kernel_method.hpp"

#include <algorithm>
#include <functional>

#include "format.hpp"
#include "kernel/constraints.hpp"
#include "momentset/kernel.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

/// The companions of a cell's points, in their order.
struct CellCompanions {
  std::vector<std::vector<double>> values;
  std::vector<Companions> views;

  CellCompanions(std::span<const Companions> companions, std::span<const Index> points)
      : values(companions.size()), views(companions.begin(), companions.end()) {
    for (std::size_t g = 0; g < views.size(); ++g) {
      for (const Index point : points) {
        const double* y = companions[g].values.data() + std::size_t(point) * companions[g].columns;
        values[g].insert(values[g].end(), y, y + companions[g].columns);
      }
      views[g].values = values[g];
    }
  }
};

/// The rows that each cell keeps, numbered within it.
std::vector<KernelSelection> exchange_in_cells(const Partition& partition, std::span<const double> weights,
                                               std::span<const double> scale, const CompressOptions& options,
                                               const Plan& plan, const Stopwatch& stopwatch) {
  const std::size_t m = plan.dimension;
  std::vector<KernelSelection> found(partition.cells.size());
  std::function<void(double)> progress;
  if (found.size() == 1) progress = [&](double fraction) { stopwatch.report(fraction); };
  for_all(found.size(), [&](std::size_t c) {
    const Cell& cell = partition.cells[c];
    const WeightedPoints inside{
        .coordinates = std::span(partition.coordinates).subspan(cell.begin * m, cell.size() * m),
        .weights = weights.subspan(cell.begin, cell.size()),
        .dimension = m};
    const CellCompanions companions(options.companions, std::span(partition.order).subspan(cell.begin, cell.size()));
    found[c] = kernel_exchange(inside, {.size = cell.quota,
                                        .scale = scale,
                                        .order = plan.order,
                                        .companions = companions.views,
                                        .least_effective_share = options.min_ess.value_or(0),
                                        .seed = options.seed + c,
                                        .stop = options.stop,
                                        .progress = progress});
  });
  return found;
}

/// The order that all cells keep, and how many did not keep more than that.
void settle_order(const std::vector<KernelSelection>& cells, const CompressOptions& options, Coreset& result) {
  Plan& plan = result.plan;
  const auto least =
      std::min_element(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  result.inexact_cells = 0;
  if (least->order >= plan.order) return;
  const int order = std::max(0, least->order);
  const auto below =
      std::count_if(cells.begin(), cells.end(), [&](const auto& cell) { return cell.order < plan.order; });
  result.inexact_cells =
      std::size_t(std::count_if(cells.begin(), cells.end(), [](const auto& c) { return c.order < 0; }));
  result.notices.push_back(formatted("order lowered from {} to {}: no rows with weights for its moments were found{}",
                                     plan.order, order,
                                     cells.size() == 1 ? "" : formatted(" in {} of {} cells", below, cells.size())));
  plan.order = order;
  plan.features = kernel::feature_count(plan.dimension, order, options.companions);
}

}  // namespace

std::vector<Survivor> reduce_by_kernel(const WeightedPoints& points, const DistinctPoints& distinct,
                                       std::span<const double> scale, const CompressOptions& options,
                                       Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  stopwatch.start("kernel exchange");
  const Partition partition =
      kd_tree(points, distinct.numbers,
              {.cells = result.plan.cells, .size = result.plan.size, .scale = scale, .stop = options.stop});
  const LargeVector<double> weights = in_order_of(partition, distinct, points.size());
  const std::vector<KernelSelection> cells =
      exchange_in_cells(partition, weights, scale, options, result.plan, stopwatch);
  settle_order(cells, options, result);
  result.by_kernel = true;
  result.rank_deficient_cells = 0;
  std::vector<Survivor> survivors;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    for (std::size_t k = 0; k < cells[c].rows.size(); ++k) {
      survivors.push_back({partition.order[partition.cells[c].begin + cells[c].rows[k]], cells[c].weights[k]});
    }
    if (cells[c].rank < cells[c].features) ++result.rank_deficient_cells;
  }
  tree = partition.tree;
  return survivors;
}

}  // namespace momentset
