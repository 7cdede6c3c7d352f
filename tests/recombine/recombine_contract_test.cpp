#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "momentset/recombine.hpp"
#include "support/matrix.hpp"
#include "support/recombine_cases.hpp"
#include "support/reference_recombine.hpp"

namespace momentset::test {
namespace {

/// Evaluates rows when asked and fails the test if it is asked for what FeatureRows does not promise.
class OnDemandRows final : public FeatureRows {
 public:
  explicit OnDemandRows(const Matrix& matrix) : matrix_(matrix) {}
  std::size_t rows() const override { return matrix_.rows(); }
  std::size_t features() const override { return matrix_.features; }

  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override {
    EXPECT_EQ(inside_.fetch_add(1), 0) << "two calls at once";
    EXPECT_LE(rows.size(), recombine_block);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      ASSERT_LT(rows[k], matrix_.rows());
      for (std::size_t f = 0; f < matrix_.features; ++f) out[f * rows.size() + k] = scale[k] * matrix_.at(rows[k], f);
    }
    inside_.fetch_sub(1);
  }

 private:
  const Matrix& matrix_;
  mutable std::atomic<int> inside_{0};
};

struct Implementation {
  std::string name;
  std::function<Recombination(const Matrix&, std::span<const double>, std::size_t target)> solve;
};

const Implementation implementations[] = {
    {"in_memory",
     [](const Matrix& matrix, std::span<const double> weights, std::size_t target) {
       return recombine(MatrixRows(matrix.values, matrix.features), weights, {.target = target});
     }},
    {"on_demand", [](const Matrix& matrix, std::span<const double> weights,
                     std::size_t target) { return recombine(OnDemandRows(matrix), weights, {.target = target}); }},
    {"reference", reference_recombine},
};

void PrintTo(const Implementation& implementation, std::ostream* out) { *out << implementation.name; }

using Solved = std::tuple<Implementation, RecombineCase>;

/// The contract's cases that `wanted` picks, for each implementation.
auto cases_where(const std::function<bool(const RecombineCase&)>& wanted) {
  std::vector<RecombineCase> cases = recombine_cases();
  std::erase_if(cases, [&](const RecombineCase& problem) { return !wanted(problem); });
  return testing::Combine(testing::ValuesIn(implementations), testing::ValuesIn(cases));
}

std::string name_of(const testing::TestParamInfo<Solved>& info) {
  return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

class RecombineContract : public testing::TestWithParam<Solved> {
 protected:
  const RecombineCase& problem() const { return std::get<1>(GetParam()); }
  Recombination solve() const {
    return std::get<0>(GetParam()).solve(problem().matrix, problem().weights, problem().target);
  }
};

TEST_P(RecombineContract, KeepsMomentsAndMass) {
  const Recombination result = solve();
  EXPECT_LE(moment_mismatch(problem().matrix, problem().weights, result.support, result.weights).to_input,
            rounding_level);
}

TEST_P(RecombineContract, StatesTheResidualThatItLeaves) {
  const Recombination result = solve();
  const auto magnitude_after = [&](std::size_t f) {
    long double sum = 0;
    for (std::size_t j = 0; j < result.support.size(); ++j) {
      sum += std::abs(static_cast<long double>(result.weights[j]) * problem().matrix.at(result.support[j], f));
    }
    return sum;
  };
  for (std::size_t f = 0; f < problem().matrix.features; ++f) {
    long double difference = 0, rounding = 0;
    for (std::size_t i = 0; i < problem().weights.size(); ++i) {
      const long double term = static_cast<long double>(problem().weights[i]) * problem().matrix.at(i, f);
      difference -= term;
      rounding += std::abs(term);
    }
    for (std::size_t j = 0; j < result.support.size(); ++j) {
      difference += static_cast<long double>(result.weights[j]) * problem().matrix.at(result.support[j], f);
    }
    // The moments it compares with carry the rounding of sums of up to 64 terms in double.
    rounding *= 4 * std::numeric_limits<double>::epsilon();
    EXPECT_LE(std::abs(difference), result.residual * magnitude_after(f) + rounding) << "feature " << f;
  }
}

TEST_P(RecombineContract, WeightsArePositiveAndFinite) {
  const Recombination result = solve();
  ASSERT_EQ(result.weights.size(), result.support.size());
  for (const double weight : result.weights) EXPECT_TRUE(weight > 0 && std::isfinite(weight)) << weight;
}

TEST_P(RecombineContract, SupportIsAnAscendingSubsetOfTheRowsWithWeight) {
  const Recombination result = solve();
  EXPECT_TRUE(std::is_sorted(result.support.begin(), result.support.end(), std::less_equal<>()));
  for (const Index row : result.support) {
    ASSERT_LT(row, problem().weights.size());
    EXPECT_GT(problem().weights[row], 0) << "row " << row;
  }
}

TEST_P(RecombineContract, SupportHasTheExpectedSize) {
  const std::size_t size = solve().support.size();
  const std::size_t wanted = std::max({problem().target, problem().rank, std::size_t{1}});
  const std::size_t expected = std::min(problem().positive_rows(), wanted);
  if (problem().generic) {
    EXPECT_EQ(size, expected);
  } else {
    EXPECT_LE(size, expected);
  }
}

TEST_P(RecombineContract, SameBytesEveryTime) {
  const Recombination first = solve(), second = solve();
  EXPECT_EQ(first.support, second.support);
  EXPECT_EQ(first.weights, second.weights);
}

INSTANTIATE_TEST_SUITE_P(All, RecombineContract, cases_where([](const RecombineCase&) { return true; }), name_of);

// Terms that all round the same way: a plain sum is off by some 1e5 eps, one in runs by some 600.
TEST(RecombineManyRows, KeepsTheMomentsOfAMillion) {
  const std::size_t rows = 1'000'000;
  for (const std::size_t features : {1, 3}) {
    const Matrix matrix = make_matrix(
        rows, features, [](std::size_t i, std::size_t f) { return f == 0 ? 1.0 : std::cos(double(f) * double(i)); });
    const std::vector<double> weights(rows, 0.1);
    const Recombination result = recombine(MatrixRows(matrix.values, features), weights, {.target = features});
    EXPECT_EQ(result.support.size(), features);
    EXPECT_LE(moment_mismatch(matrix, weights, result.support, result.weights).to_input, rounding_level);
  }
}

using RecombineVertex = RecombineContract;

TEST_P(RecombineVertex, RowsThatAreLeftAreIndependent) {
  const Recombination result = solve();
  EXPECT_EQ(Elimination(problem().matrix, result.support).rank(), result.support.size());
}

// Regular rows may be dependent even where no more than n of them are left.
INSTANTIATE_TEST_SUITE_P(TargetsUpToTheRank, RecombineVertex, cases_where([](const RecombineCase& problem) {
                           return problem.target <= problem.rank && problem.rank > 0 &&
                                  (problem.generic || problem.target < problem.matrix.features);
                         }),
                         name_of);

using RecombineRank = RecombineContract;

TEST_P(RecombineRank, RankIsThatOfTheFeatures) { EXPECT_EQ(solve().rank, problem().rank); }

// Nothing looks into the rank where nothing is dropped; with regular rows fewer may be left than the rank.
INSTANTIATE_TEST_SUITE_P(RowsAreDropped, RecombineRank, cases_where([](const RecombineCase& problem) {
                           return problem.target < problem.positive_rows() && problem.generic;
                         }),
                         name_of);

}  // namespace
}  // namespace momentset::test
