// That every stratum carries the moments of the rows it stands for. Which these are is found out from outside: what
// left a cell when it was settled is in the stratum that it gained.

#include "sketch/strata.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <tuple>

#include "momentset/certificate.hpp"
#include "sketch/streams.hpp"
#include "support/coreset_moments.hpp"

namespace momentset::test {
namespace {

using sketch::Strata;
using sketch::StreamRows;

constexpr int order_kept = 2;

bool same(const StreamRows& a, const StreamRows& b) {
  return std::tie(a.numbers, a.weights, a.coordinates) == std::tie(b.numbers, b.weights, b.coordinates);
}

struct Known {
  StreamRows stratum;
  std::size_t cell;
  std::vector<Index> members;  // the rows it stands for
};

std::vector<Index> kept_rows(const StreamRows& rows) { return {rows.numbers.begin(), rows.numbers.end()}; }

/// Which rows the strata stand for now, from what there was before.
std::vector<Known> after(const Strata& strata, const std::vector<Known>& before, const StreamRows& buffer,
                         bool new_tree) {
  const Strata::Cells& cells = strata.cells();
  std::vector<Known> found;
  std::vector<bool> stayed(before.size(), false);
  std::vector<Known> made;
  for (std::size_t l = 0; l < cells.strata.size(); ++l) {
    for (const StreamRows& stratum : cells.strata[l]) {
      const auto old =
          std::find_if(before.begin(), before.end(), [&](const Known& k) { return same(k.stratum, stratum); });
      if (old == before.end()) {
        made.push_back({stratum, l, {}});
      } else {
        stayed[std::size_t(old - before.begin())] = true;
        found.push_back({stratum, l, old->members});
      }
    }
  }
  const auto made_in = [&](std::size_t cell) {
    const auto here = std::find_if(made.begin(), made.end(), [&](const Known& k) { return k.cell == cell; });
    if (here == made.end()) throw std::logic_error("nothing was made in cell " + std::to_string(cell));
    return here;
  };
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (stayed[k]) continue;
    const std::size_t cell = new_tree ? cells.router.find(before[k].stratum.centre(2).data()) : before[k].cell;
    auto& members = made_in(cell)->members;
    members.insert(members.end(), before[k].members.begin(), before[k].members.end());
  }
  std::size_t waiting = 0;
  for (std::size_t k = 0; k < buffer.size(); ++k) {
    if (waiting < strata.buffer().size() && strata.buffer().numbers[waiting] == buffer.numbers[k]) {
      ++waiting;
    } else {
      made_in(cells.router.find(&buffer.coordinates[2 * k]))->members.push_back(Index(buffer.numbers[k]));
    }
  }
  EXPECT_EQ(waiting, strata.buffer().size());
  found.insert(found.end(), made.begin(), made.end());
  return found;
}

class EveryStratum : public testing::TestWithParam<PointCase> {};

TEST_P(EveryStratum, KeepsTheMomentsOfItsRows) {
  const PointSet& stream = GetParam().points;
  const WeightedPoints points = stream.view();
  Strata strata(2, order_kept, 60, 60 * 20, 1, 1);  // with cells in parts, it could not be told which rows are in which
  std::vector<Known> known;
  std::size_t settled = 0, trees = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double weight = points.weight(i);
    if (weight <= 0) continue;
    if (strata.room() == 0) {
      const StreamRows buffer = strata.buffer();
      strata.settle({});
      known = after(strata, known, buffer, strata.cells().trees > trees);
      trees = strata.cells().trees;
      ++settled;
    }
    strata.append({{points.point(i), 2}, {&weight, 1}, 2}, {}, i);
  }
  EXPECT_GT(settled, 5u);
  const double allowed = residual_tolerance(feature_count(2, order_kept));
  std::size_t members = strata.buffer().size();
  for (const Known& each : known) {
    const std::vector<double> weights(each.stratum.weights.begin(), each.stratum.weights.end());
    EXPECT_LE(moment_residual(points, each.members, kept_rows(each.stratum), weights, order_kept, 1), allowed);
    members += each.members.size();
  }
  const auto weightless = std::count(stream.weights.begin(), stream.weights.end(), 0.0);
  EXPECT_EQ(members, points.size() - std::size_t(weightless));
}

INSTANTIATE_TEST_SUITE_P(All, EveryStratum, testing::ValuesIn(hard_streams(20'000)),
                         [](const testing::TestParamInfo<PointCase>& info) { return info.param.name; });

}  // namespace
}  // namespace momentset::test
