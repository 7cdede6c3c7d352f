#include "momentset/distill/path.hpp"

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "distill/nonnegative_pursuit.hpp"
#include "distill/sigmoid.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::distill;

/// Rows of `columns` positive columns, weights 0, 1 and 2, and targets whose means follow the family.
ExampleSet examples(Family family, std::size_t rows, std::size_t columns, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0.2, 1.5);
  ExampleSet set;
  set.points.dimension = columns;
  for (std::size_t i = 0; i < rows; ++i) {
    double eta = 0.2;
    for (std::size_t j = 0; j < columns; ++j) {
      set.points.coordinates.push_back(uniform(random));
      eta += (j % 2 == 0 ? 0.8 : -0.6) * set.points.coordinates.back();
    }
    set.points.weights.push_back(double(random() % 3));
    switch (family) {
      case Family::logistic:
        set.targets.push_back(std::bernoulli_distribution(sigmoid(eta))(random));
        break;
      case Family::binomial:
        set.targets.push_back(std::binomial_distribution<int>(4, sigmoid(eta))(random) / 4.0);
        break;
      case Family::gamma:
        set.targets.push_back(std::gamma_distribution<double>(3, std::exp(eta) / 3)(random));
        break;
      case Family::linear:
        set.targets.push_back(eta + std::normal_distribution<double>()(random));
        break;
      default:
        set.targets.push_back(std::poisson_distribution<int>(std::exp(eta))(random));
    }
  }
  return set;
}

ExampleSet kept(const ExampleSet& all, const PathDistillation& small) {
  ExampleSet set;
  set.points.dimension = all.points.dimension;
  set.points.weights = small.weights;
  for (const Index row : small.rows) {
    const double* x = all.view().points.point(row);
    set.points.coordinates.insert(set.points.coordinates.end(), x, x + set.points.dimension);
    set.targets.push_back(all.targets[row]);
  }
  return set;
}

/// |a - b| / |a| of two fits at one ridge.
double difference(const ExampleSet& a, const ExampleSet& b, GlmOptions options, double ridge) {
  options.ridge = ridge;
  const GlmFit full = fit_glm(a.view(), options), small = fit_glm(b.view(), options);
  double square = std::pow(full.intercept - small.intercept, 2), length = full.intercept * full.intercept;
  for (std::size_t j = 0; j < full.coefficients.size(); ++j) {
    square += std::pow(full.coefficients[j] - small.coefficients[j], 2);
    length += full.coefficients[j] * full.coefficients[j];
  }
  return std::sqrt(square / length);
}

TEST(NonnegativePursuit, EndsWhereNoColumnHelps) {
  // At the least distance the gradient vanishes for columns that are in and is not negative for others (Kuhn, Tucker).
  constexpr std::size_t n = 12, q = 60;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> columns(n * q), target(n);
  for (double& each : columns) each = normal(random) + 0.5;
  for (double& each : target) each = normal(random) - 0.4;  // outside the cone of the columns
  NonnegativePursuit pursuit(columns, target);
  double before = pursuit.distance();
  while (pursuit.step()) {
    EXPECT_LE(pursuit.distance(), before * (1 + 1e-12));
    before = pursuit.distance();
    EXPECT_LE(pursuit.support().size(), n);
  }
  std::vector<double> left = target;
  for (std::size_t k = 0; k < pursuit.support().size(); ++k) {
    EXPECT_GT(pursuit.values()[k], 0);
    for (std::size_t i = 0; i < n; ++i) left[i] -= pursuit.values()[k] * columns[pursuit.support()[k] * n + i];
  }
  EXPECT_GT(pursuit.distance(), 1e-3);
  for (std::size_t j = 0; j < q; ++j) {
    double product = 0;
    for (std::size_t i = 0; i < n; ++i) product += left[i] * columns[j * n + i];
    const auto& in = pursuit.support();
    EXPECT_LE(product, 1e-10);
    const bool is_in = std::find(in.begin(), in.end(), j) != in.end();
    EXPECT_GE(product, is_in ? -1e-10 : -INFINITY);
  }
}

TEST(NonnegativePursuit, ReachesWhatColumnsCanCombineTo) {
  constexpr std::size_t n = 20, q = 200;
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  std::vector<double> columns(n * q), target(n, 0.0);
  for (double& each : columns) each = normal(random);
  for (std::size_t k = 0; k < n * q; ++k) target[k % n] += columns[k] + 0.1;
  NonnegativePursuit pursuit(columns, target);
  while (pursuit.distance() > 1e-9 && pursuit.step()) {
  }
  EXPECT_LE(pursuit.distance(), 1e-9);
  EXPECT_LE(pursuit.support().size(), n);
}

TEST(Path, EveryFamilyIsKeptWithinTheTolerance) {
  for (const Family family : {Family::linear, Family::logistic, Family::binomial, Family::poisson, Family::gamma,
                              Family::negative_binomial}) {
    SCOPED_TRACE(name_of(family));
    const bool needs_log = family == Family::gamma || family == Family::negative_binomial;
    const ExampleSet all = examples(family, 600, 3);
    for (const bool intercept : {false, true}) {
      const GlmOptions model{
          .family = family, .link = needs_log ? Link::log : Link::canonical, .fit_intercept = intercept};
      const PathDistillation small = distil_path(all.view(), {.model = model, .ridges = RidgeRange{0.5, 500}});
      EXPECT_TRUE(small.certificate.holds());
      EXPECT_LE(small.rows.size(), 60);
      EXPECT_TRUE(std::is_sorted(small.rows.begin(), small.rows.end()));
      for (const Index row : small.rows) EXPECT_GT(all.points.weights[row], 0);
      const ExampleSet set = kept(all, small);
      for (const double ridge : {0.5, 0.77, 3.3, 41.0, 216.0, 500.0}) {
        EXPECT_LE(difference(all, set, model, ridge), 0.0101) << ridge;
      }
    }
  }
}

TEST(Path, ASmallerToleranceTakesMoreRows) {
  const ExampleSet all = examples(Family::logistic, 1000, 5);
  std::size_t before = 0;
  for (const double tolerance : {0.3, 0.03, 0.003, 1e-6}) {
    const PathDistillation small = distil_path(all.view(), {.model = {.fit_intercept = true}, .tolerance = tolerance});
    EXPECT_TRUE(small.certificate.holds()) << tolerance;
    EXPECT_GT(small.rows.size(), before);
    before = small.rows.size();
  }
  EXPECT_LE(before, 300);  // 33 nodes of 6 coefficients, and the mass, are 199
}

TEST(Path, ManyRowsBecomeCandidatesFirst) {
  const ExampleSet all = examples(Family::logistic, 15'000, 3);
  const PathDistillation small = distil_path(all.view(), {.tolerance = 1e-4});
  EXPECT_TRUE(small.certificate.holds());
  EXPECT_LE(small.rows.size(), 60);
  EXPECT_LE(difference(all, kept(all, small), {}, small.certificate.ridges.smallest * 1.3), 1.01e-4);
}

TEST(Path, UnionsWithBatchesAreServed) {
  const ExampleSet all = examples(Family::logistic, 1200, 3);
  PathOptions options{.model = {.fit_intercept = true}, .tolerance = 0.02, .ridges = RidgeRange{1, 300}, .batches = 3};
  const PathDistillation small = distil_path(all.view(), options);
  EXPECT_TRUE(small.certificate.holds());
  EXPECT_GT(small.certificate.worst_combined(), 0);
  // Other rows of the same kind, which neither the search nor the check has seen.
  const ExampleSet other = examples(Family::logistic, 400, 3, 77);
  const auto with_other = [&](ExampleSet set) {
    set.points.coordinates.insert(set.points.coordinates.end(), other.points.coordinates.begin(),
                                  other.points.coordinates.end());
    set.points.weights.insert(set.points.weights.end(), other.points.weights.begin(), other.points.weights.end());
    set.targets.insert(set.targets.end(), other.targets.begin(), other.targets.end());
    return set;
  };
  for (const double ridge : {1.0, 20.0, 300.0}) {
    EXPECT_LE(difference(with_other(all), with_other(kept(all, small)), options.model, ridge), 0.02) << ridge;
  }
  options.batches = 0;
  EXPECT_LT(distil_path(all.view(), options).rows.size(), small.rows.size());
}

TEST(Path, KernelRidgeRegressionIsKeptInItsPredictions) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(-2, 2);
  ExampleSet all;
  all.points.dimension = 1;
  for (int i = 0; i < 600; ++i) {
    all.points.coordinates.push_back(uniform(random));
    all.targets.push_back(std::sin(3 * all.points.coordinates.back()) + 0.1 * uniform(random));
  }
  const PathDistillation small = distil_kernel_path(all.view(), {.length = 0.3}, {});
  EXPECT_TRUE(small.certificate.holds());
  EXPECT_LE(small.certificate.kernel_residual, 1.01e-8);
  EXPECT_LE(small.rows.size(), 60);
}

TEST(Path, ACertificateOfOtherRowsSaysSo) {
  const ExampleSet all = examples(Family::logistic, 1000, 3);
  const PathOptions options{.ridges = RidgeRange{1, 100}};
  const PathDistillation small = distil_path(all.view(), options);
  ExampleSet set = kept(all, small);
  EXPECT_TRUE(certify_path(all.view(), set.view(), options).holds());
  set.targets[0] = 1 - set.targets[0];
  const PathCertificate wrong = certify_path(all.view(), set.view(), options);
  EXPECT_FALSE(wrong.holds());
  EXPECT_GT(wrong.worst_difference(), 0.01);
}

TEST(Path, FewRowsAreAllKeptWhereNoFewerDo) {
  const ExampleSet few{{{1, 2, 4}, {}, 1}, {0, 1, 1}, 1};
  const PathDistillation small = distil_path(few.view(), {.tolerance = 1e-9});
  EXPECT_TRUE(small.certificate.holds());
  EXPECT_EQ(small.rows.size(), 3);
  for (const double weight : small.weights) EXPECT_NEAR(weight, 1, 1e-9);
}

TEST(Path, BytesDoNotDependOnTheNumberOfThreads) {
  const ExampleSet all = examples(Family::poisson, 9'000, 3);
  const PathOptions options{.model = {.family = Family::poisson}, .batches = 1};
  const PathDistillation some = distil_path(all.view(), options);
  const oneapi::tbb::global_control one(oneapi::tbb::global_control::max_allowed_parallelism, 1);
  const PathDistillation same = distil_path(all.view(), options);
  EXPECT_EQ(some.rows, same.rows);
  EXPECT_EQ(some.weights, same.weights);
  EXPECT_EQ(some.certificate.to_json(), same.certificate.to_json());
}

TEST(Path, WithoutAModelThereIsNoSet) {
  const ExampleSet set{{{1, -1}, {}, 1}, {1, 1}, 1};  // 1 / theta and -1 / theta cannot both be positive
  const PathDistillation small = distil_path(set.view(), {.model = {.family = Family::gamma}});
  EXPECT_TRUE(small.rows.empty());
  EXPECT_EQ(small.certificate.status, FitStatus::no_start);
  EXPECT_FALSE(small.certificate.holds());
}

TEST(Path, BadInputIsNamed) {
  const ExampleSet all = examples(Family::logistic, 50, 2);
  for (const double tolerance : {0.0, 1.0, -0.1, std::nan("")}) {
    expect_error("tolerance", "between 0 and 1", [&] { distil_path(all.view(), {.tolerance = tolerance}); });
  }
  for (const RidgeRange range : {RidgeRange{0, 1}, RidgeRange{2, 1}, RidgeRange{1, INFINITY}}) {
    expect_error("ridge_range", "two positive numbers", [&] { distil_path(all.view(), {.ridges = range}); });
  }
  expect_error("targets", "row 0 must be", [&] {
    ExampleSet wrong = all;
    wrong.targets[0] = 0.5;
    distil_path(wrong.view(), {});
  });
  expect_error("length", "positive", [&] { distil_kernel_path(all.view(), {.length = 0}, {}); });
  expect_error("landmarks", "at least 1", [&] { distil_kernel_path(all.view(), {.landmarks = 0}, {}); });
  expect_error("points", "as many as the rows, 2",
               [&] { certify_path(all.view(), examples(Family::logistic, 9, 3).view(), {}); });
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(distil_path(all.view(), {.model = {.stop = stop.get_token()}}), Cancelled);
}

}  // namespace
}  // namespace momentset::test
