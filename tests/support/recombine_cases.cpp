#include "support/recombine_cases.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <ostream>
#include <utility>

#include "support/awkward_problem.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

std::vector<double> some_weights(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  return uniform_values(random, count, 0.5, 1.5);
}

/// A constant column and random numbers.
Matrix random_matrix(std::size_t rows, std::size_t features, std::uint64_t seed) {
  Random random(seed);
  return make_matrix(rows, features, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : random.uniform(-1, 1); });
}

/// Rank exactly `rank`, and a constant column: a product of small integers, without rounding.
Matrix integer_product(std::size_t rows, std::size_t features, std::size_t rank, std::uint64_t seed) {
  Random random(seed);
  const auto digit = [&] { return double(random.below(19)) - 9; };
  const Matrix left = make_matrix(rows, rank, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : digit(); });
  const Matrix right = make_matrix(rank, features, [&](std::size_t k, std::size_t f) {
    if (f == 0) return k == 0 ? 1.0 : 0.0;
    return digit();
  });
  return make_matrix(rows, features, [&](std::size_t i, std::size_t f) {
    double sum = 0;
    for (std::size_t k = 0; k < rank; ++k) sum += left.at(i, k) * right.at(k, f);
    return sum;
  });
}

Matrix scaled(Matrix matrix, double factor) {
  for (double& value : matrix.values) value *= factor;
  return matrix;
}

/// 1, x, x^2, ... at random x in [low, high].
Matrix powers(std::size_t rows, std::size_t features, double low, double high, std::uint64_t seed) {
  Random random(seed);
  const std::vector<double> x = uniform_values(random, rows, low, high);
  return make_matrix(rows, features, [&](std::size_t i, std::size_t f) { return std::pow(x[i], double(f)); });
}

Matrix with_rows_repeated(const Matrix& matrix, std::size_t times) {
  return make_matrix(matrix.rows() * times, matrix.features,
                     [&](std::size_t i, std::size_t f) { return matrix.at(i % matrix.rows(), f); });
}

/// All monomials x^a y^b z^c with a + b + c <= order.
Matrix monomials(const std::vector<std::array<double, 3>>& points, int order) {
  std::vector<std::array<int, 3>> exponents;
  for (int a = 0; a <= order; ++a) {
    for (int b = 0; a + b <= order; ++b) {
      for (int c = 0; a + b + c <= order; ++c) exponents.push_back({a, b, c});
    }
  }
  return make_matrix(points.size(), exponents.size(), [&](std::size_t i, std::size_t f) {
    return std::pow(points[i][0], exponents[f][0]) * std::pow(points[i][1], exponents[f][1]) *
           std::pow(points[i][2], exponents[f][2]);
  });
}

std::vector<std::array<double, 3>> points_on_a_line(std::size_t count) {
  Random random(31);
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < count; ++i) {
    const double t = double(random.below(2049)) / 1024 - 1;  // so few digits that its powers are exact
    points.push_back({t, t / 2, -t / 4});
  }
  return points;
}

/// t, t^2, t^3: a polynomial of order k in these is one of order 3k in t.
std::vector<std::array<double, 3>> points_on_a_twisted_cubic(std::size_t count) {
  Random random(33);
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < count; ++i) {
    const double t = double(random.below(257)) / 128 - 1;  // so few digits that its powers are exact
    points.push_back({t, t * t, t * t * t});
  }
  return points;
}

std::vector<std::array<double, 3>> points_on_a_circle(std::size_t count) {
  Random random(34);
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < count; ++i) {
    const double angle = random.uniform(0, 2 * std::numbers::pi);
    points.push_back({std::cos(angle), std::sin(angle), 0});
  }
  return points;
}

std::vector<std::array<double, 3>> points_on_a_sphere(std::size_t count) {
  Random random(32);
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = random.normal(), y = random.normal(), z = random.normal(), r = std::hypot(x, y, z);
    points.push_back({x / r, y / r, z / r});
  }
  return points;
}

/// Uniform within `radius` of five centres, which are uniform within `distance` of one place.
std::vector<std::array<double, 3>> points_in_clusters(std::size_t count, double distance, double radius) {
  Random random(35);
  const auto within = [&](const std::array<double, 3>& place, double size) {
    return std::array<double, 3>{place[0] + size * random.uniform(-1, 1), place[1] + size * random.uniform(-1, 1),
                                 place[2] + size * random.uniform(-1, 1)};
  };
  std::vector<std::array<double, 3>> centres, points;
  for (std::size_t k = 0; k < 5; ++k) centres.push_back(within({0.3, -0.2, 0.4}, distance));
  for (std::size_t i = 0; i < count; ++i) points.push_back(within(centres[i % centres.size()], radius));
  return points;
}

std::vector<std::array<double, 3>> points_on_a_grid(int side) {
  std::vector<std::array<double, 3>> points;
  for (int i = 0; i < side * side * side; ++i) {
    points.push_back({double(i % side), double(i / side % side), double(i / side / side)});
  }
  return points;
}

/// In two of the three variables, some of them equal.
std::vector<std::array<double, 3>> points_on_a_flat_grid(std::size_t count, std::size_t side, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = double(random.below(side)), y = double(random.below(side));
    points.push_back({x, y, 0});
  }
  return points;
}

/// Collects cases, one for each target.
class Cases {
 public:
  void add(const std::string& name, const Matrix& matrix, const std::vector<double>& weights, std::size_t rank,
           std::vector<std::size_t> targets, bool generic = true) {
    for (const std::size_t target : targets) {
      cases_.push_back({name + "_to_" + std::to_string(target), matrix, weights, target, rank, generic});
    }
  }

  std::vector<RecombineCase> take() { return std::move(cases_); }

 private:
  std::vector<RecombineCase> cases_;
};

void add_full_rank(Cases& cases) {
  cases.add("full_rank", random_matrix(200, 10, 1), some_weights(200, 1), 10,
            {0, 1, 5, 9, 10, 11, 13, 25, 100, 198, 199, 200, 300});
  cases.add("many_rows", random_matrix(3000, 7, 2), some_weights(3000, 2), 7, {1, 7, 8, 20, 1500, 2999});
  cases.add("one_feature", random_matrix(100, 1, 3), some_weights(100, 3), 1, {1, 2, 50, 99});
  cases.add("square", random_matrix(20, 20, 4), some_weights(20, 4), 20, {1, 10, 19, 20});
  cases.add("one_row_more_than_features", random_matrix(21, 20, 5), some_weights(21, 5), 20, {1, 20, 21});
  cases.add("excess_features", random_matrix(15, 40, 6), some_weights(15, 6), 15, {1, 14, 15, 40});
  cases.add("no_constant", scaled(random_matrix(120, 8, 7), -0.37), some_weights(120, 7), 8, {1, 8, 30});
}

void add_rank_loss(Cases& cases) {
  cases.add("rank_deficient", integer_product(150, 12, 5, 11), some_weights(150, 11), 5,
            {1, 4, 5, 6, 11, 12, 13, 40, 149});
  cases.add("excess_features_rank_deficient", integer_product(18, 30, 6, 12), some_weights(18, 12), 6, {1, 6, 7, 17});
  cases.add("line", monomials(points_on_a_line(180), 3), some_weights(180, 13), 4, {1, 4, 5, 19, 20, 21, 60});
  cases.add("twisted_cubic", monomials(points_on_a_twisted_cubic(170), 2), some_weights(170, 18), 7,
            {1, 6, 7, 8, 9, 10, 11, 60});
  cases.add("circle", monomials(points_on_a_circle(160), 3), some_weights(160, 19), 7, {1, 6, 7, 8, 19, 20, 21, 60});
  cases.add("sphere", monomials(points_on_a_sphere(160), 2), some_weights(160, 14), 9, {1, 9, 10, 11, 60});
  cases.add("sphere_cubic", monomials(points_on_a_sphere(160), 3), some_weights(160, 15), 16, {1, 16, 20, 21});
  cases.add("all_null", make_matrix(50, 4, [](std::size_t, std::size_t) { return 0.0; }), some_weights(50, 16), 0,
            {0, 1, 2, 4, 5, 30});
  Matrix null_features = random_matrix(90, 9, 17);
  for (std::size_t i = 0; i < 90; ++i) {
    for (const std::size_t f : {1u, 4u, 8u}) null_features.values[i * 9 + f] = 0;
  }
  cases.add("null_features", null_features, some_weights(90, 17), 6, {1, 6, 7, 9, 20});
}

void add_null_rows(Cases& cases) {
  Random random(21);
  const Matrix partially_null = make_matrix(140, 8, [&](std::size_t i, std::size_t f) {
    return (i % 3 == 0 || f >= 4) && random.chance(0.7) ? 0.0 : random.uniform(-1, 1);
  });
  cases.add("partially_null_rows", partially_null, some_weights(140, 21), 8, {1, 8, 9, 30});

  Matrix null_rows = random_matrix(60, 6, 22);
  std::fill_n(null_rows.values.begin(), 30 * 6, 0.0);
  cases.add("null_rows", null_rows, some_weights(60, 22), 6, {6, 20, 40});

  std::vector<double> half_zero = some_weights(120, 23);
  for (std::size_t i = 0; i < half_zero.size(); i += 2) half_zero[i] = 0;
  cases.add("zero_weights", random_matrix(120, 6, 23), half_zero, 6, {1, 6, 7, 30, 59, 60, 100});
}

void add_repeated_rows(Cases& cases) {
  // Equal rows with unequal weights still vanish one at a time.
  cases.add("duplicates", with_rows_repeated(random_matrix(30, 6, 41), 5), some_weights(150, 41), 6,
            {1, 6, 7, 29, 30, 31, 149});
  cases.add("all_rows_equal", with_rows_repeated(random_matrix(1, 5, 42), 40), some_weights(40, 42), 1,
            {1, 2, 5, 6, 39});
  cases.add("few_distinct_rows", with_rows_repeated(random_matrix(3, 8, 43), 20), some_weights(60, 43), 3,
            {1, 3, 4, 8, 9, 30});
  Random random(44);
  Matrix near = with_rows_repeated(random_matrix(60, 10, 44), 2);
  for (std::size_t k = 60 * 10; k < near.values.size(); ++k) {
    if (k % 10 != 0) near.values[k] += 1e-9 * random.uniform(-1, 1);
  }
  cases.add("near_duplicates", near, some_weights(120, 44), 10, {1, 10, 11, 60, 90});
}

void add_clusters(Cases& cases) {
  const std::vector<double> weights = some_weights(150, 45);
  // Within a cluster the features are linear in the point but for 1e-18.
  cases.add("clusters_of_radius_nano", monomials(points_in_clusters(150, 0.5, 1e-9), 2), weights, 10,
            {1, 5, 9, 10, 11, 30, 100});
  cases.add("clusters_a_nano_apart", monomials(points_in_clusters(150, 1e-9, 1e-10), 2), weights, 4,
            {1, 3, 4, 5, 9, 10, 11, 30, 100});
}

void add_few_rows(Cases& cases) {
  cases.add("one_point", random_matrix(1, 5, 51), {2.5}, 1, {0, 1, 2, 5, 9});
  cases.add("one_point_one_feature", random_matrix(1, 1, 52), {2.5}, 1, {1, 2});
  cases.add("two_points", random_matrix(2, 5, 53), {2.5, 0.5}, 2, {1, 2, 5});
  cases.add("two_equal_points", with_rows_repeated(random_matrix(1, 5, 54), 2), {2.5, 0.5}, 1, {1, 2});
  cases.add("two_points_one_feature", random_matrix(2, 1, 55), {2.5, 0.5}, 1, {1, 2});
}

void add_scales(Cases& cases) {
  const Matrix matrix = random_matrix(130, 9, 61);
  const std::vector<double> weights = some_weights(130, 61);
  cases.add("huge_features", scaled(matrix, 1e150), weights, 9, {1, 9, 10, 40});
  cases.add("tiny_features", scaled(matrix, 1e-150), weights, 9, {1, 9, 10, 40});
  const auto beside_a_constant = [&](double factor) {
    Matrix mixed = scaled(matrix, factor);
    for (std::size_t i = 0; i < mixed.rows(); ++i) mixed.values[i * mixed.features] = 1;
    return mixed;
  };
  cases.add("huge_beside_a_constant", beside_a_constant(1e150), weights, 9, {1, 9, 10, 40});
  cases.add("tiny_beside_a_constant", beside_a_constant(1e-150), weights, 9, {1, 9, 10, 40});

  Random random(62);
  for (const int decades : {16, 200}) {
    Matrix mixed = matrix;
    const std::vector<double> factors = weights_over_decades(random, 9, -decades / 2.0, decades / 2.0);
    for (std::size_t k = 0; k < mixed.values.size(); ++k) mixed.values[k] *= factors[k % 9];
    cases.add("features_over_" + std::to_string(decades) + "_decades", mixed, weights, 9, {1, 8, 9, 10, 40});
  }
  const std::vector<double> decades = weights_over_decades(random, 130, -6, 6);
  cases.add("weights_over_12_decades", matrix, decades, 9, {1, 9, 10, 40, 129});
  cases.add("weights_over_15_decades", matrix, weights_over_decades(random, 130, -8, 7), 9, {1, 8, 9, 10, 40, 129});
  for (const double factor : {1e-290, 1e290}) {
    std::vector<double> extreme = decades;
    for (double& weight : extreme) weight *= factor;
    cases.add(factor < 1 ? "tiny_weights" : "huge_weights", matrix, extreme, 9, {1, 9, 10, 40});
  }
}

void add_conditions(Cases& cases) {
  const std::vector<double> weights = some_weights(140, 81);
  for (const int digits : {4, 8, 12}) {
    Random random(82);
    cases.add("condition_1e" + std::to_string(digits), ill_conditioned(random, 140, 12, std::pow(10.0, digits)),
              weights, 12, {1, 11, 12, 13, 24, 60});
  }
  cases.add("powers_of_0_to_1", powers(140, 12, 0, 1, 83), weights, 12, {1, 11, 12, 13, 24, 60});
  cases.add("powers_of_1_to_2", powers(140, 9, 1, 2, 84), weights, 9, {1, 8, 9, 10, 18, 60});
}

void add_regular(Cases& cases) {
  const std::vector<double> ones(216, 1.0);
  for (const int order : {1, 2, 3}) {
    const Matrix matrix = monomials(points_on_a_grid(6), order);
    const std::size_t n = matrix.features;
    cases.add("grid_order_" + std::to_string(order), matrix, ones, n, {1, n - 1, n, n + 1, 2 * n, 100, 215}, false);
  }
  const Matrix flat = monomials(points_on_a_flat_grid(20, 3, 71), 2);
  cases.add("flat_grid", flat, std::vector<double>(20, 1.0), 6, {1, 5, 6, 7, 8, 9, 10, 12}, false);
  const Matrix corners = monomials(points_on_a_grid(2), 1);
  cases.add("cube_corners", corners, std::vector<double>(8, 1.0), 4, {1, 2, 3, 4, 5, 6, 7}, false);
  const Matrix signs = make_matrix(64, 1, [](std::size_t i, std::size_t) { return i % 2 == 0 ? 1.0 : -1.0; });
  cases.add("plus_and_minus_one", signs, std::vector<double>(64, 1.0), 1, {1, 2, 10}, false);
}

}  // namespace

std::size_t RecombineCase::positive_rows() const {
  return std::size_t(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }));
}

void PrintTo(const RecombineCase& problem, std::ostream* out) {
  *out << problem.name << " (" << problem.matrix.rows() << " x " << problem.matrix.features << ", rank " << problem.rank
       << ")";
}

std::vector<RecombineCase> recombine_cases() {
  Cases cases;
  add_full_rank(cases);
  add_rank_loss(cases);
  add_null_rows(cases);
  add_repeated_rows(cases);
  add_clusters(cases);
  add_few_rows(cases);
  add_scales(cases);
  add_conditions(cases);
  add_regular(cases);
  return cases.take();
}

}  // namespace momentset::test
