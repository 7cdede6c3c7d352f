// The hashes see every bit of what they stand for, and nothing else.

#include <gtest/gtest.h>

#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

struct Hashes {
  std::string input, output;
};

Hashes hashes(const PointSet& points, const std::vector<Index>& rows, const std::vector<double>& weights,
              const std::vector<double>& coordinates = {}) {
  const Certificate c = certify(points.view(), rows, weights, {}, coordinates);
  return {c.input_hash, c.output_hash};
}

const PointSet points{{0.0, 1, 2, 3, 4, 5, 6, 7}, {1, 1, 1, 1}, 2};
const std::vector<Index> rows{0, 2};
const std::vector<double> weights{1, 3};

TEST(Hash, IsKnown) {
  const Hashes base = hashes(points, rows, weights);
  EXPECT_EQ(base.input, "xxh3-128:0884c7e7b5ff8e80b225e68666a30472");
  EXPECT_EQ(base.output, "xxh3-128:b252360e6e8aedf5b557be710d396c9a");
}

TEST(Hash, OfTheInput) {
  const std::string base = hashes(points, rows, weights).input;
  PointSet other = points;
  other.weights.clear();
  EXPECT_EQ(hashes(other, rows, weights).input, base) << "absent weights are ones";
  EXPECT_EQ(hashes(points, {1}, {4}).input, base);

  other = points, other.coordinates[7] = std::nextafter(7.0, 8.0);
  EXPECT_NE(hashes(other, rows, weights).input, base);
  other = points, other.coordinates[0] = -0.0;
  EXPECT_NE(hashes(other, rows, weights).input, base);
  other = points, other.weights[3] = std::nextafter(1.0, 2.0);
  EXPECT_NE(hashes(other, rows, weights).input, base);
  other = points, std::swap(other.coordinates[0], other.coordinates[1]);
  EXPECT_NE(hashes(other, rows, weights).input, base);
  other = points, other.dimension = 1, other.weights.clear();
  EXPECT_NE(hashes(other, rows, weights).input, base);
}

TEST(Hash, OfTheOutput) {
  const std::string base = hashes(points, rows, weights).output;
  EXPECT_EQ(hashes(points, rows, weights, {0, 1, 4, 5}).output, base);
  PointSet other = points;
  other.coordinates[3] = 9;
  EXPECT_EQ(hashes(other, rows, weights).output, base) << "a point that is not in the output";

  EXPECT_NE(hashes(points, {2, 0}, {3, 1}).output, base);
  EXPECT_NE(hashes(points, rows, {1, std::nextafter(3.0, 4.0)}).output, base);
  EXPECT_NE(hashes(points, rows, weights, {0, 1, 4, std::nextafter(5.0, 6.0)}).output, base);
  EXPECT_NE(hashes(points, {0, 1}, weights, {0, 1, 4, 5}).output, base);
  EXPECT_NE(hashes(points, {0}, {1}).output, base);
}

}  // namespace
}  // namespace momentset
