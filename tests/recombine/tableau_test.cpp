#include "recombine/tableau.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "recombine/walk.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// p vectors as the rows of a matrix, whose rank is known.
struct VectorCase {
  std::string name;
  Matrix vectors;
  std::size_t rank;
};

Matrix random_vectors(std::size_t p, std::size_t n, std::uint64_t seed) {
  Random random(seed);
  return make_matrix(p, n, [&](std::size_t, std::size_t) { return random.uniform(-1, 1); });
}

/// Small integers, so that the product has exactly this rank.
Matrix product_of_rank(std::size_t p, std::size_t n, std::size_t rank, std::uint64_t seed) {
  Random random(seed);
  const auto digit = [&](std::size_t, std::size_t) { return double(random.below(19)) - 9; };
  const Matrix left = make_matrix(p, rank, digit), right = make_matrix(rank, n, digit);
  return make_matrix(p, n, [&](std::size_t i, std::size_t f) {
    double sum = 0;
    for (std::size_t k = 0; k < rank; ++k) sum += left.at(i, k) * right.at(k, f);
    return sum;
  });
}

Matrix repeated(const Matrix& matrix, std::size_t times) {
  return make_matrix(matrix.rows() * times, matrix.features,
                     [&](std::size_t i, std::size_t f) { return matrix.at(i % matrix.rows(), f); });
}

std::vector<VectorCase> vector_cases() {
  return {
      {"twice_as_many", random_vectors(40, 20, 1), 20},
      {"one_more", random_vectors(21, 20, 2), 20},
      {"square", random_vectors(12, 12, 3), 12},
      {"fewer_than_features", random_vectors(7, 20, 4), 7},
      {"one_vector", random_vectors(1, 5, 5), 1},
      {"one_feature", random_vectors(9, 1, 6), 1},
      {"rank_5", product_of_rank(30, 12, 5, 7), 5},
      {"rank_1", product_of_rank(30, 12, 1, 8), 1},
      {"rank_5_fewer_vectors", product_of_rank(8, 12, 5, 9), 5},
      {"duplicates", repeated(random_vectors(6, 10, 10), 4), 6},
      {"null", make_matrix(10, 4, [](std::size_t, std::size_t) { return 0.0; }), 0},
      {"large", random_vectors(160, 150, 11), 150},
  };
}

void PrintTo(const VectorCase& vectors, std::ostream* out) { *out << vectors.name; }

std::vector<double> column_major(const Matrix& matrix) {
  std::vector<double> values(matrix.values.size());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t f = 0; f < matrix.features; ++f) values[f * matrix.rows() + i] = matrix.at(i, f);
  }
  return values;
}

Tableau by_lu(const Matrix& matrix) {
  std::vector<double> values = column_major(matrix);
  Pulse pulse({}, {}, 1);
  return tableau_by_lu(values, matrix.rows(), matrix.features, pulse);
}

Tableau by_qr(const Matrix& matrix) {
  std::vector<double> values = column_major(matrix);
  return tableau_by_qr(values, matrix.rows(), matrix.features);
}

void walk(Tableau& tableau, std::vector<double>& weights, const std::vector<std::size_t>& costs, std::size_t budget) {
  Pulse pulse({}, {}, 1);
  walk_to_vertex(tableau, weights, {.bounds = {}, .costs = costs, .budget = budget}, pulse);
}

/// Largest over others i and features f of |others_i - sum_j T_ij basic_j|_f / sum_j |T_ij| max |vectors|.
double scaled_misfit(const Tableau& tableau, const Matrix& matrix) {
  double largest = 0, worst = 0;
  for (const double value : matrix.values) largest = std::max(largest, std::abs(value));
  const std::size_t r = tableau.basic.size(), others = tableau.others.size();
  for (std::size_t i = 0; i < others; ++i) {
    for (std::size_t f = 0; f < matrix.features; ++f) {
      long double difference = matrix.at(tableau.others[i], f), scale = std::abs(matrix.at(tableau.others[i], f));
      for (std::size_t j = 0; j < r; ++j) {
        const long double entry = tableau.entries[j * others + i];
        difference -= entry * matrix.at(tableau.basic[j], f);
        scale += std::abs(entry) * largest;
      }
      if (difference != 0) worst = std::max(worst, double(std::abs(difference) / scale));
    }
  }
  return worst;
}

void expect_all_numbered_once(const Tableau& tableau, std::size_t p) {
  std::vector<std::size_t> numbers = tableau.basic;
  numbers.insert(numbers.end(), tableau.others.begin(), tableau.others.end());
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::size_t> all(p);
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(numbers, all);
  EXPECT_EQ(tableau.entries.size(), tableau.basic.size() * tableau.others.size());
}

class TableauOf : public testing::TestWithParam<VectorCase> {
 protected:
  const Matrix& matrix() const { return GetParam().vectors; }
  std::size_t least() const { return std::min(matrix().rows(), matrix().features); }
  // Backward error of the factorisation and of the triangular solve: n eps each, with some room.
  double tolerance() const { return 8 * double(std::max(matrix().rows(), matrix().features)) * epsilon; }
};

TEST_P(TableauOf, LuWritesTheOthersInTermsOfMinPNBasicVectors) {
  const Tableau tableau = by_lu(matrix());
  expect_all_numbered_once(tableau, matrix().rows());
  EXPECT_EQ(tableau.basic.size(), least());
  EXPECT_LE(scaled_misfit(tableau, matrix()), tolerance());
}

TEST_P(TableauOf, QrWritesTheOthersInTermsOfAsManyAsTheRank) {
  const Tableau tableau = by_qr(matrix());
  expect_all_numbered_once(tableau, matrix().rows());
  EXPECT_EQ(tableau.rank, GetParam().rank);
  EXPECT_EQ(tableau.basic.size(), GetParam().rank);
  EXPECT_LE(scaled_misfit(tableau, matrix()), tolerance());
}

/// Weighted sums of the vectors, feature by feature, and of their magnitudes.
void expect_same_sums(const Matrix& matrix, const std::vector<double>& before, const std::vector<double>& after,
                      double tolerance) {
  for (std::size_t f = 0; f < matrix.features; ++f) {
    long double difference = 0, magnitude = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      difference += (static_cast<long double>(after[i]) - before[i]) * matrix.at(i, f);
      magnitude += std::max(before[i], after[i]) * std::abs(matrix.at(i, f));
    }
    EXPECT_LE(std::abs(difference), tolerance * magnitude) << "feature " << f;
  }
}

std::size_t positive(const std::vector<double>& weights) {
  return std::size_t(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }));
}

TEST_P(TableauOf, WalkKeepsTheSumsAndEndsWithBasicVectorsOnly) {
  for (const bool lu : {true, false}) {
    Tableau tableau = lu ? by_lu(matrix()) : by_qr(matrix());
    Random random(12);
    const std::vector<double> before = uniform_values(random, matrix().rows(), 0.5, 1.5);
    std::vector<double> weights = before;
    const std::vector<std::size_t> costs(weights.size(), 1);
    walk(tableau, weights, costs, weights.size());
    EXPECT_TRUE(std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0 && std::isfinite(w); }));
    EXPECT_LE(positive(weights), tableau.basic.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const bool basic = std::count(tableau.basic.begin(), tableau.basic.end(), i) > 0;
      EXPECT_TRUE(basic || weights[i] == 0) << "vector " << i;
    }
    // Each of p exchanges multiplies the errors of rounding by a small factor; in all far from 1e-12.
    expect_same_sums(matrix(), before, weights, 4096 * epsilon);
  }
}

TEST_P(TableauOf, WalkStopsWhereTheBudgetEnds) {
  Random random(13);
  const std::size_t p = matrix().rows(), most = p - std::min(p, GetParam().rank);
  for (std::size_t budget = 0; budget <= most; budget += std::max<std::size_t>(1, most / 5)) {
    Tableau tableau = by_qr(matrix());
    const std::vector<double> before = uniform_values(random, p, 0.5, 1.5);
    std::vector<double> weights = before;
    walk(tableau, weights, std::vector<std::size_t>(p, 1), budget);
    EXPECT_EQ(positive(weights), p - budget);  // weights in general position vanish one at a time
    expect_same_sums(matrix(), before, weights, 4096 * epsilon);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TableauOf, testing::ValuesIn(vector_cases()),
                         [](const testing::TestParamInfo<VectorCase>& info) { return info.param.name; });

TEST(WalkToVertex, DropsNoMoreRowsThanTheBudgetPaysFor) {
  const Matrix matrix = random_vectors(24, 12, 14);
  Random random(15);
  std::vector<std::size_t> costs(24);
  for (std::size_t& cost : costs) cost = random.between(3, 4);
  for (std::size_t budget = 0; budget < 50; ++budget) {
    Tableau tableau = by_lu(matrix);
    std::vector<double> weights = uniform_values(random, 24, 0.5, 1.5);
    walk(tableau, weights, costs, budget);
    std::size_t spent = 0;
    for (std::size_t i = 0; i < 24; ++i) spent += weights[i] == 0 ? costs[i] : 0;
    EXPECT_LE(spent, budget);
    // It goes on while it can pay for the dearest and something is left to drop.
    if (positive(weights) > 12) {
      EXPECT_GT(spent + 4, budget);
    }
  }
}

// The corners of a square, all of weight 1: whichever goes, the one across goes with it.
TEST(WalkToVertex, TwoWeightsMayVanishAtOnce) {
  const Matrix corners = make_matrix(4, 3, [](std::size_t i, std::size_t f) {
    return f == 0 ? 1.0 : f == 1 ? double(i % 2) : double(i / 2);
  });
  Tableau tableau = by_qr(corners);
  ASSERT_EQ(tableau.rank, 3u);
  std::vector<double> weights(4, 1.0);
  walk(tableau, weights, std::vector<std::size_t>(4, 1), 1);
  EXPECT_EQ(positive(weights), 2u);
  expect_same_sums(corners, std::vector<double>(4, 1.0), weights, 4096 * epsilon);
}

// On a regular grid weights vanish together and come back; what is counted as dropped must be what is dropped.
TEST(WalkToVertex, CountsWhatIsDroppedWhereWeightsComeBack) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<std::array<double, 2>> points(24);
    for (auto& point : points) point = {double(random.below(3)) - 1, double(random.below(3)) - 1};
    const Matrix matrix = make_matrix(24, 6, [&](std::size_t i, std::size_t f) {
      const double x = points[i][0], y = points[i][1];
      const double values[] = {1, x, y, x * x, x * y, y * y};
      return values[f];
    });
    Tableau tableau = by_qr(matrix);
    const std::size_t budget = random.between(1, 24 - tableau.rank);
    std::vector<double> weights(24, 1.0);
    walk(tableau, weights, std::vector<std::size_t>(24, 1), budget);
    EXPECT_LE(positive(weights), 24 - budget) << "seed " << seed;
    expect_same_sums(matrix, std::vector<double>(24, 1.0), weights, 4096 * epsilon);
  }
}

}  // namespace
}  // namespace momentset::test
