#include "momentset/distill/linear.hpp"

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::distill;

constexpr double unit = std::numeric_limits<double>::epsilon();

/// Rows of correlated columns of different lengths, the last one 10^`digits` times as close to a sum of the others as
/// they are to each other.
ExampleSet examples(std::size_t rows, std::size_t columns, std::size_t targets = 1, double digits = 0,
                    unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  ExampleSet set{.target_count = targets};
  set.points.dimension = columns;
  for (std::size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      double x = normal(random) + 0.3 * sum / double(j + 1) + double(j);
      if (j + 1 == columns && digits > 0) x = sum + std::pow(10, -digits) * normal(random);
      sum += x;
      set.points.coordinates.push_back(x * std::pow(10, double(j % 3) - 1));
    }
    for (std::size_t t = 0; t < targets; ++t) set.targets.push_back(2 + sum * double(t + 1) + normal(random));
    set.points.weights.push_back(double(random() % 4) / 2 + (i == 0 ? 1 : 0));
  }
  return set;
}

ExampleSet part(const ExampleSet& all, std::size_t begin, std::size_t end) {
  const std::size_t d = all.points.dimension, p = all.target_count;
  ExampleSet some{.target_count = p};
  some.points.dimension = d;
  const auto copy = [&](const std::vector<double>& from, std::size_t width) {
    return std::vector<double>(from.begin() + std::ptrdiff_t(begin * width),
                               from.begin() + std::ptrdiff_t(end * width));
  };
  some.points.coordinates = copy(all.points.coordinates, d);
  some.points.weights = copy(all.points.weights, 1);
  some.targets = copy(all.targets, p);
  return some;
}

LinearDistiller distiller(const ExampleSet& set) {
  LinearDistiller state(set.points.dimension, set.target_count);
  state.update(set.view());
  return state;
}

/// Sums of w z_i z_j, z = [1, x, y], in long double.
std::vector<long double> products(const ExampleSet& set) {
  const Examples view = set.view();
  const std::size_t d = view.points.dimension, size = 1 + d + set.target_count;
  std::vector<long double> sums(size * size, 0.0L), z(size, 1.0L);
  for (std::size_t i = 0; i < view.size(); ++i) {
    std::copy_n(view.points.point(i), d, z.begin() + 1);
    std::copy_n(view.target(i), set.target_count, z.begin() + 1 + std::ptrdiff_t(d));
    for (std::size_t j = 0; j < size; ++j) {
      for (std::size_t k = 0; k < size; ++k) sums[j * size + k] += view.points.weight(i) * z[j] * z[k];
    }
  }
  return sums;
}

/// Largest difference of products, by the columns' lengths; of columns from `first` on, the last `targets` among
/// themselves left out.
double difference(const ExampleSet& a, const ExampleSet& b, std::size_t first) {
  const std::vector<long double> ours = products(a), theirs = products(b);
  const std::size_t d = a.points.dimension, size = 1 + d + a.target_count;
  double worst = 0;
  for (std::size_t j = first; j <= d; ++j) {
    for (std::size_t k = first; k < size; ++k) {
      const long double scale = std::sqrt(ours[j * size + j] * ours[k * size + k]);
      if (scale > 0) worst = std::max(worst, double(std::abs(ours[j * size + k] - theirs[j * size + k]) / scale));
    }
  }
  return worst;
}

TEST(LinearDistiller, PointsHaveTheProductsOfAllRows) {
  for (const bool intercept : {false, true}) {
    for (const double digits : {0.0, 4.0, 7.0}) {
      const ExampleSet all = examples(3000, 6, 2, digits);
      const LinearDistillation small = distiller(all).distil(intercept);
      EXPECT_EQ(small.set.view().size(), intercept ? 7 : 6);
      EXPECT_EQ(small.certificate.rank, 6);
      EXPECT_LE(difference(all, small.set, intercept ? 0 : 1), 100 * unit);
      EXPECT_TRUE(small.certificate.holds()) << small.certificate.worst_by_condition();
      EXPECT_EQ(small.certificate.path.size(), 50);
      EXPECT_TRUE(std::all_of(small.certificate.path.begin(), small.certificate.path.end(),
                              [](const auto& check) { return check.solved || check.condition > 1 / (100 * unit); }));
      for (const double weight : small.set.points.weights) EXPECT_EQ(weight, small.set.points.weights[0]);
    }
  }
}

TEST(LinearDistiller, PointsAreThoseOfTheTheoremWhereColumnsAreEquallyLong) {
  // X = [[3, 0], [0, 4]] scaled to columns of length 1 has the singular values 1 and 1.
  const ExampleSet all{{{3, 0, 0, 4}, {}, 2}, {6, 4}, 1};
  const LinearDistillation small = distiller(all).distil(false);
  ASSERT_EQ(small.set.view().size(), 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const double* x = small.set.view().points.point(i);
    EXPECT_NEAR(small.set.targets[i], 2 * x[0] + 1 * x[1], 1e-14);  // theta = (2, 1)
  }
}

TEST(LinearDistiller, DependentColumnsAndFewRowsNeedFewerPoints) {
  ExampleSet all = examples(500, 5);
  for (std::size_t i = 0; i < 500; ++i) {
    double* x = all.points.coordinates.data() + 5 * i;
    x[3] = 7;                    // constant
    x[4] = 2 * x[0] - 3 * x[1];  // dependent
  }
  EXPECT_EQ(distiller(all).distil(false).set.view().size(), 4);
  const LinearDistillation with_intercept = distiller(all).distil(true);
  EXPECT_EQ(with_intercept.set.view().size(), 4);  // rank 3 about the mean
  EXPECT_LE(difference(all, with_intercept.set, 0), 100 * unit);
  EXPECT_TRUE(with_intercept.certificate.holds()) << with_intercept.certificate.worst_by_condition();

  const ExampleSet few = part(examples(50, 8), 0, 3);
  EXPECT_LE(distiller(few).distil(false).set.view().size(), 3);
  EXPECT_LE(distiller(few).distil(true).set.view().size(), 3);
  EXPECT_LE(difference(few, distiller(few).distil(true).set, 0), 100 * unit);
}

TEST(LinearDistiller, ColumnsOfZerosLeaveOnePoint) {
  const ExampleSet all{{{0, 0, 0}, {}, 1}, {1, 2, 3}, 1};
  const LinearDistillation small = distiller(all).distil(false);
  EXPECT_EQ(small.set.points.coordinates, std::vector<double>{0});
  EXPECT_EQ(small.set.points.weights, std::vector<double>{3});
  const LinearDistillation mean = distiller(all).distil(true);
  EXPECT_EQ(mean.set.view().size(), 1);
  EXPECT_NEAR(mean.set.targets[0], 2, 1e-15);
}

TEST(LinearDistiller, TheFactorIsOfTheConditionNotItsSquare) {
  // Two columns that agree to nine digits: their Gram matrix in doubles is singular. theta = (1, 1) fits exactly.
  ExampleSet all{{{}, {}, 2}, {}, 1};
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 20'000; ++i) {
    const double x = normal(random), close = x + std::ldexp(std::round(normal(random) * 64), -36);
    all.points.coordinates.insert(all.points.coordinates.end(), {x, close});
    all.targets.push_back(x + close);
  }
  const ExampleSet small = distiller(all).distil(false).set;
  ASSERT_EQ(small.view().size(), 2);
  const double *a = small.view().points.point(0), *b = small.view().points.point(1);
  const double determinant = a[0] * b[1] - a[1] * b[0];
  const double first = (small.targets[0] * b[1] - a[1] * small.targets[1]) / determinant;
  EXPECT_NEAR(first, 1, 1e-5);  // 1e9 eps; the square, 1e18 eps, would leave nothing
}

TEST(LinearDistiller, FarFromTheOriginNothingIsLost) {
  ExampleSet all = examples(4000, 3);
  for (double& x : all.points.coordinates) x = std::round(x * 1024) / 1024 + 1e9;
  const LinearDistillation small = distiller(all).distil(true);
  EXPECT_EQ(small.certificate.rank, 3);
  EXPECT_TRUE(small.certificate.holds()) << small.certificate.worst_by_condition();
}

TEST(LinearDistiller, BatchesAndPartsGiveTheProductsOfTheWhole) {
  const ExampleSet all = examples(5000, 4, 2);
  LinearDistiller batches(4, 2), first(4, 2), second(4, 2);
  for (std::size_t begin = 0; begin < 5000; begin += 700) {
    const std::size_t end = std::min<std::size_t>(5000, begin + 700);
    batches.update(part(all, begin, end).view());
    (begin < 2000 ? first : second).update(part(all, begin, end).view());
  }
  first.combine(second);
  EXPECT_EQ(first.rows(), 5000);
  EXPECT_NEAR(first.mass(), batches.mass(), 1e-9);
  for (const bool intercept : {false, true}) {
    EXPECT_LE(difference(all, batches.distil(intercept).set, intercept ? 0 : 1), 100 * unit);
    EXPECT_LE(difference(all, first.distil(intercept).set, intercept ? 0 : 1), 100 * unit);
    EXPECT_TRUE(first.distil(intercept).certificate.holds());
  }
}

TEST(LinearDistiller, ForgettingGivesTheEarlierProducts) {
  const ExampleSet before = examples(2000, 5), more = examples(3000, 5, 1, 0, 2);
  LinearDistiller state = distiller(before);
  state.combine(distiller(more));
  ASSERT_EQ(state.forget(more.view()), Forgetting::done);
  EXPECT_EQ(state.rows(), 2000);
  for (const bool intercept : {false, true}) {
    const LinearDistillation again = state.distil(intercept);
    EXPECT_LE(difference(before, again.set, intercept ? 0 : 1), 1e-12);
    EXPECT_LE(again.certificate.gram_residual, 1e-12);
    EXPECT_TRUE(again.certificate.holds());
  }
}

TEST(LinearDistiller, WhatIsForgottenUpToTheLimitIsExactToTheStatedDigits) {
  // The share that is left falls; what is not refused must keep 1e-12.
  bool refused = false;
  std::size_t done = 0;
  for (const std::size_t left : {1000, 300, 100, 50, 20, 12}) {
    const ExampleSet all = examples(20'000, 4);
    LinearDistiller state = distiller(all);
    const bool kept = state.forget(part(all, left, 20'000).view()) == Forgetting::done;
    refused = refused || !kept;
    if (!kept) continue;
    ++done;
    EXPECT_LE(difference(part(all, 0, left), state.distil(true).set, 0), 1e-12) << left;
  }
  EXPECT_TRUE(refused);
  EXPECT_GE(done, 3);
}

TEST(LinearDistiller, WithDependentColumnsRowsAreForgottenAsWell) {
  ExampleSet all = examples(900, 4);
  for (std::size_t i = 0; i < 900; ++i) {  // indicators of three levels sum to the intercept's ones
    for (std::size_t j = 0; j < 3; ++j) all.points.coordinates[4 * i + j] = i % 3 == j ? 1 : 0;
  }
  LinearDistiller state = distiller(all);
  ASSERT_EQ(state.forget(part(all, 300, 900).view()), Forgetting::done);
  EXPECT_LE(difference(part(all, 0, 300), state.distil(true).set, 0), 1e-12);
}

TEST(LinearDistiller, WhatCannotBeForgottenIsRefusedAndNothingChanges) {
  ExampleSet all = examples(100, 2);
  for (std::size_t i = 0; i < 100; ++i)
    all.points.coordinates[2 * i + 1] = i < 50 ? 1 : 0;  // a level of the first half
  LinearDistiller state = distiller(all);
  const std::vector<double> before = state.distil(false).set.points.coordinates;
  EXPECT_EQ(state.forget(part(all, 0, 50).view()), Forgetting::ill_conditioned);
  EXPECT_EQ(state.forget(examples(60, 2, 1, 0, 9).view()), Forgetting::ill_conditioned);  // were never taken in
  EXPECT_EQ(state.distil(false).set.points.coordinates, before);
  EXPECT_EQ(state.rows(), 100);
  expect_error("examples", "that were taken in", [&] { state.forget(examples(101, 2).view()); });
}

TEST(LinearDistiller, BytesDoNotDependOnTheNumberOfThreads) {
  const ExampleSet all = examples(20'000, 7);
  const LinearDistillation some = distiller(all).distil(true);
  const oneapi::tbb::global_control one(oneapi::tbb::global_control::max_allowed_parallelism, 1);
  const LinearDistillation same = distiller(all).distil(true);
  EXPECT_EQ(some.set.points.coordinates, same.set.points.coordinates);
  EXPECT_EQ(some.set.targets, same.set.targets);
  EXPECT_EQ(some.certificate.to_json(), same.certificate.to_json());
}

TEST(LinearDistiller, TheCertificateSeesOtherPoints) {
  const ExampleSet all = examples(1000, 3);
  const LinearDistiller state = distiller(all);
  ExampleSet wrong = state.distil(true).set;
  EXPECT_TRUE(certify_linear(state, wrong.view(), true).holds());
  wrong.targets[0] *= 1 + 1e-9;
  const LinearCertificate stated = certify_linear(state, wrong.view(), true);
  EXPECT_FALSE(stated.holds());
  EXPECT_GT(stated.cross_residual, 100 * unit);
  EXPECT_GT(stated.worst_difference(), 1e-11);
  EXPECT_GT(stated.worst_by_condition(), stated.allowed_units);
}

/// Columns of different lengths, of which the longest one's products with the target cancel: sum b y = sum a b + 5 c b.
TEST(LinearDistiller, APathHoldsWhereTheLongestColumnsProductHasCancelled) {
  ExampleSet all{{{}, {}, 3}, {}, 1};
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 3000; ++i) {
    const double a = normal(random), b = 5 + 10 * normal(random), c = 1 + 0.1 * normal(random);
    all.points.coordinates.insert(all.points.coordinates.end(), {a, b, c});
    all.targets.push_back(a - 0.2 * b + 3 * c + normal(random) + 2);
  }
  // What is left of sum b y is taken away as well, so that only rounding tells the coefficient of b under a ridge.
  double product = 0, square = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    product += all.points.coordinates[3 * i + 1] * all.targets[i];
    square += all.points.coordinates[3 * i + 1] * all.points.coordinates[3 * i + 1];
  }
  for (std::size_t i = 0; i < 3000; ++i) all.targets[i] -= product / square * all.points.coordinates[3 * i + 1];
  const LinearDistiller state = distiller(all);
  EXPECT_TRUE(state.distil(false).certificate.holds()) << state.distil(false).certificate.worst_by_condition();
  ExampleSet wrong = state.distil(false).set;
  wrong.targets[0] *= 1 + 1e-11;
  EXPECT_GT(certify_linear(state, wrong.view(), false).worst_by_condition(), 100);
}

TEST(LinearDistiller, AStateIsRestoredToTheLastBit) {
  LinearDistiller state = distiller(examples(3000, 3)), restored(state.state());
  const ExampleSet more = examples(800, 3, 1, 0, 2);
  for (LinearDistiller* each : {&state, &restored}) {
    each->update(more.view());
    ASSERT_EQ(each->forget(part(more, 0, 100).view()), Forgetting::done);
  }
  EXPECT_EQ(restored.rows(), 3700);
  EXPECT_EQ(state.distil(true).set.points.coordinates, restored.distil(true).set.points.coordinates);
  EXPECT_EQ(state.distil(true).certificate.to_json(), restored.distil(true).certificate.to_json());
  EXPECT_EQ(LinearDistiller(LinearDistiller(2, 1).state()).rows(), 0);

  LinearState wrong = state.state();
  wrong.sums.pop_back();
  expect_error("state", "sums of another size", [&] { LinearDistiller{wrong}; });
  wrong = state.state();
  wrong.triangles.back().pop_back();
  expect_error("state", "triangles of another size", [&] { LinearDistiller{wrong}; });
  wrong = state.state();
  wrong.origin[1] = NAN;
  expect_error("state", "origin", [&] { LinearDistiller{wrong}; });
}

TEST(LinearDistiller, BadInputIsNamed) {
  expect_error("columns", "at least 1", [] { LinearDistiller(0, 1); });
  expect_error("targets", "at least 1", [] { LinearDistiller(1, 0); });
  LinearDistiller state(2, 1);
  expect_error("examples", "positive weight", [&] { static_cast<void>(state.distil(true)); });
  expect_error("points", "as many as before, 2", [&] { state.update(examples(5, 3).view()); });
  expect_error("targets", "as many as before, 1", [&] { state.update(examples(5, 2, 2).view()); });
  ExampleSet wrong = examples(5, 2);
  wrong.targets[3] = std::numeric_limits<double>::quiet_NaN();
  expect_error("targets", "row 3 must be finite", [&] { state.update(wrong.view()); });
  wrong = examples(5, 2);
  wrong.targets.pop_back();
  expect_error("targets", "5 rows", [&] { state.update(wrong.view()); });
  wrong = examples(5, 2);
  wrong.points.weights[1] = -1;
  expect_error("weights", "row 1", [&] { state.update(wrong.view()); });
  expect_error("other", "must have 2 and 1", [&] { state.combine(LinearDistiller(2, 2)); });
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(state.update(examples(5, 2).view(), stop.get_token()), Cancelled);
  EXPECT_EQ(state.rows(), 0);
}

}  // namespace
}  // namespace momentset::test
