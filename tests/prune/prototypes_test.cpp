#include "momentset/prune/prototypes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>

#include "support/expect_error.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

using namespace prune;

/// Directions around some axes, at random angles and of random lengths.
struct Clouds {
  std::size_t m;
  std::vector<float> values;
  std::vector<Index> cloud;

  Clouds(std::size_t rows, std::size_t clouds, std::size_t dimension, double width) : m(dimension) {
    Random draw(11);
    for (std::size_t i = 0; i < rows; ++i) {
      cloud.push_back(Index(i % clouds));
      const double size = std::exp(draw.normal());
      for (std::size_t a = 0; a < m; ++a) {
        values.push_back(float(size * ((a == i % clouds ? 1 : 0) + width * draw.normal())));
      }
    }
  }
  Embeddings view() const { return {values, m}; }
};

double cosine_distance(const float* x, const std::vector<double>& direction) {
  double product = 0, x_squares = 0, squares = 0;
  for (std::size_t a = 0; a < direction.size(); ++a) {
    product += x[a] * direction[a];
    x_squares += double(x[a]) * x[a];
    squares += direction[a] * direction[a];
  }
  return 1 - product / std::sqrt(x_squares * squares);
}

/// The sum of the unit vectors of a cloud.
std::vector<double> direction_of(const Clouds& clouds, Index c) {
  std::vector<double> sum(clouds.m, 0);
  for (std::size_t i = 0; i < clouds.cloud.size(); ++i) {
    if (clouds.cloud[i] != c) continue;
    const float* x = clouds.view().row(i);
    double squares = 0;
    for (std::size_t a = 0; a < clouds.m; ++a) squares += double(x[a]) * x[a];
    for (std::size_t a = 0; a < clouds.m; ++a) sum[a] += x[a] / std::sqrt(squares);
  }
  return sum;
}

Scores scored(const Clouds& clouds, const PrototypeOptions& options) {
  const Embeddings embeddings = clouds.view();
  return prototypes({&embeddings, 1}, options);
}

TEST(Prototypes, OfClassesAreTheDirectionsOfTheirMeans) {
  const Clouds clouds(300, 4, 6, 0.2);
  const Embeddings embeddings = clouds.view();
  const Scores scores = class_prototypes({&embeddings, 1}, {clouds.cloud, {}});
  EXPECT_EQ(scores.hard, HardEnd::high);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_NEAR(scores.values[i], cosine_distance(embeddings.row(i), direction_of(clouds, clouds.cloud[i])), 1e-6);
  }
}

TEST(Prototypes, FindCloudsThatLieApart) {
  const Clouds clouds(3000, 5, 8, 0.02);
  const Embeddings embeddings = clouds.view();
  const Scores by_class = class_prototypes({&embeddings, 1}, {clouds.cloud, {}});
  // Of some seeds the best: k-means stops at local optima.
  double closest = HUGE_VAL;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Scores found = scored(clouds, {.clusters = 5, .examples_per_cluster = 1000, .seed = seed});
    double worst = 0;
    for (std::size_t i = 0; i < found.values.size(); ++i) {
      worst = std::max(worst, std::abs(found.values[i] - by_class.values[i]));
    }
    closest = std::min(closest, worst);
  }
  EXPECT_LT(closest, 1e-6);
}

TEST(Prototypes, AreFixedPointsOfLloyd) {
  const Clouds clouds(2000, 7, 5, 0.5);
  const PrototypeOptions some{.clusters = 12, .iterations = 1, .examples_per_cluster = 1000};
  PrototypeOptions many = some;
  many.iterations = 1000;
  const auto sum = [](const Scores& scores) {
    double total = 0;
    for (const double value : scores.values) total += value;
    return total;
  };
  EXPECT_LT(sum(scored(clouds, many)), sum(scored(clouds, some)));
  PrototypeOptions more = many;
  more.iterations = 2000;
  EXPECT_EQ(scored(clouds, many).values, scored(clouds, more).values);  // it had come to an end
}

TEST(Prototypes, OneClusterForEachExampleLeavesNoDistance) {
  const Clouds clouds(40, 4, 5, 0.3);
  for (const double value : scored(clouds, {.clusters = 40}).values) EXPECT_NEAR(value, 0, 1e-6);
}

TEST(Prototypes, EqualExamplesLeaveClustersEmptyWithoutHarm) {
  std::vector<float> values;
  for (int i = 0; i < 50; ++i) values.insert(values.end(), {i < 25 ? 1.0f : 0.0f, i < 25 ? 0.0f : 2.0f});
  const Embeddings embeddings{values, 2};
  const Scores scores = prototypes({&embeddings, 1}, {.clusters = 10});
  EXPECT_EQ(scores.values, std::vector<double>(50, 0));
}

TEST(Prototypes, OfSeveralModelsAreMeans) {
  const Clouds clouds(500, 3, 4, 0.3), others(500, 3, 6, 0.1);
  const std::vector<Embeddings> ensemble{clouds.view(), others.view()};
  const Scores both = prototypes(ensemble, {.clusters = 3});
  const Scores one = scored(clouds, {.clusters = 3}), other = scored(others, {.clusters = 3});
  for (std::size_t i = 0; i < 500; ++i) EXPECT_DOUBLE_EQ(both.values[i], (one.values[i] + other.values[i]) / 2);
}

TEST(Prototypes, DoNotDependOnThreads) {
  const Clouds clouds(5000, 9, 16, 0.4);
  const auto values = [&] { return scored(clouds, {.clusters = 30, .examples_per_cluster = 50}).values; };
  EXPECT_EQ(with_threads(1, values), with_threads(3, values));
}

TEST(Prototypes, StopWhenAsked) {
  const Clouds clouds(1000, 3, 4, 0.3);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(scored(clouds, {.clusters = 3, .stop = source.get_token()}), Cancelled);
}

TEST(Prototypes, BadInputIsNamed) {
  Clouds clouds(10, 2, 3, 0.1);
  expect_error("clusters", "11: must be at least 1 and at most the number of rows, 10",
               [&] { scored(clouds, {.clusters = 11}); });
  expect_error("clusters", "0", [&] { scored(clouds, {.clusters = 0}); });
  expect_error("iterations", "0", [&] { scored(clouds, {.iterations = 0}); });
  expect_error("examples_per_cluster", "0", [&] { scored(clouds, {.examples_per_cluster = 0}); });
  expect_error("embeddings", "must be given", [] { prototypes({}, {}); });
  const Embeddings embeddings = clouds.view();
  expect_error("labels", "must be given", [&] { class_prototypes({&embeddings, 1}, {}); });
  clouds.values[4] = std::numeric_limits<float>::quiet_NaN();
  expect_error("embeddings", "row 1: of length nan", [&] { scored(clouds, {}); });
  std::fill_n(clouds.values.begin() + 3, 3, 0.0f);
  expect_error("embeddings", "row 1: of length 0", [&] { scored(clouds, {}); });
}

}  // namespace
}  // namespace momentset::test
