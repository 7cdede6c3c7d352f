#include "support/point_cases.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

#include "support/random.hpp"

namespace momentset::test {
namespace {

PointSet clustered_points(std::size_t count, std::size_t m) {
  Random random(21);
  PointSet points{{}, {}, m};
  for (std::size_t i = 0; i < count; ++i) {
    const double centre = i % 10 == 0 ? 100.0 : double(i % 3);
    for (std::size_t a = 0; a < m; ++a) points.coordinates.push_back(centre + 1e-6 * random.normal());
  }
  return points;
}

PointSet points_on_a_line(std::size_t count, std::size_t m) {
  PointSet points{{}, {}, m};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t a = 0; a < m; ++a) points.coordinates.push_back(double((i * 7919) % count) * double(a + 1));
  }
  return points;
}

PointSet scaled(PointSet points, double factor) {
  for (double& x : points.coordinates) x *= factor;
  return points;
}

/// Columns of magnitudes 1e300, 1e-300 and a few denormal steps.
PointSet mixed_scales(std::size_t count) {
  Random random(23);
  PointSet points{{}, {}, 3};
  for (std::size_t i = 0; i < count; ++i) {
    points.coordinates.push_back(1e300 * random.uniform(-1, 1));
    points.coordinates.push_back(1e-300 * random.uniform(-1, 1));
    points.coordinates.push_back(5e-324 * double(random.below(8)));
  }
  return points;
}

PointSet with_constant_columns(const PointSet& points) {
  PointSet wider{{}, {}, points.dimension + 2};
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    wider.coordinates.push_back(7);
    for (std::size_t a = 0; a < points.dimension; ++a) wider.coordinates.push_back(points.view().point(i)[a]);
    wider.coordinates.push_back(-1e12);
  }
  return wider;
}

}  // namespace

void PrintTo(const PointCase& points, std::ostream* out) { *out << points.name; }

PointSet uniform_points(std::size_t count, std::size_t m, std::uint64_t seed, double low, double high) {
  Random random(seed);
  return {uniform_values(random, count * m, low, high), {}, m};
}

PointSet grid_points(std::size_t side, std::size_t m, std::uint64_t seed) {
  std::size_t count = 1;
  for (std::size_t a = 0; a < m; ++a) count *= side;
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  Random random(seed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  PointSet points{{}, {}, m};
  for (std::size_t k : order) {
    for (std::size_t a = 0; a < m; ++a, k /= side) points.coordinates.push_back(double(k % side));
  }
  return points;
}

PointSet colours(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  PointSet points{{}, {}, 3};
  for (std::size_t i = 0; i < count; ++i) {
    const double light = 128 + 90 * std::sin(double(i) / 500);
    for (int a = 0; a < 3; ++a) {
      const double value = light + (a - 1) * 25 * std::cos(double(i) / 900) + 6 * random.normal();
      points.coordinates.push_back(std::round(std::clamp(value, 0.0, 255.0)));
    }
  }
  return points;
}

std::vector<PointCase> distinct_point_cases() {
  return {
      {"uniform", uniform_points(6000, 3, 1)},  // enough for the partition to share its work among threads
      {"uniform_few", uniform_points(40, 2, 2)},
      {"one_column", uniform_points(500, 1, 3)},
      {"many_columns", uniform_points(300, 30, 4)},
      {"clustered", clustered_points(900, 3)},
      {"grid_of_two", grid_points(2, 9, 5)},
      {"grid_cubic", grid_points(18, 3, 6)},
      {"grid_line", grid_points(300, 1, 7)},
      {"line", points_on_a_line(700, 3)},
      {"constant_columns", with_constant_columns(uniform_points(400, 2, 8))},
      {"huge", scaled(uniform_points(400, 2, 9), 1.7e308)},
      {"tiny", scaled(uniform_points(400, 2, 10), 1e-300)},
      {"mixed_scales", mixed_scales(400)},
      {"one_point", uniform_points(1, 3, 11)},
      {"two_points", uniform_points(2, 3, 12)},
  };
}

}  // namespace momentset::test
