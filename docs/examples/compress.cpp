// The example of the README: 200,000 points on a ring become 2,000 weighted ones.

// [readme]
#include <cmath>
#include <cstdio>
#include <momentset/compress.hpp>
#include <random>
#include <vector>

int main() {
  std::vector<double> xy;  // row-major: x and y of each point
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 0.1);
  for (int i = 0; i < 200'000; ++i) {
    const double angle = 1e-4 * i, radius = 1 + noise(random);
    xy.insert(xy.end(), {radius * std::cos(angle), radius * std::sin(angle)});
  }

  const momentset::WeightedPoints points{.coordinates = xy, .weights = {}, .dimension = 2};
  const momentset::Coreset small = momentset::compress(points, {.size = 2'000, .order = 5});
  // small.rows: numbers of the points that are kept; small.weights: their new weights, in the same order

  std::printf("%s\n", small.summary().c_str());
  return small.certificate.holds() ? 0 : 1;
}
// [/readme]
