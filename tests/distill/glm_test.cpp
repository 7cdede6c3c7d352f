#include "momentset/distill/glm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "distill/sigmoid.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::distill;

/// Gradient of the negative log-likelihood of one row by its predictor, written out for each model by hand.
using Slope = std::function<double(double y, double eta)>;

struct Model {
  const char* name;
  GlmOptions options;
  std::vector<double> theta;  ///< that draws the rows
  Slope slope;
  double rate;  ///< of gradient descent on one point
};

double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)); }
double share(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

const std::vector<Model> models{
    {"linear", {.family = Family::linear}, {1, -2, 0.5}, [](double y, double eta) { return eta - y; }, 0.5},
    {"logistic", {.family = Family::logistic}, {1, -1, 0.5}, [](double y, double eta) { return sigmoid(eta) - y; }, 2},
    {"binomial", {.family = Family::binomial}, {1, -1, 0.5}, [](double y, double eta) { return sigmoid(eta) - y; }, 2},
    {"probit",
     {.family = Family::logistic, .link = Link::probit},
     {0.5, -0.5, 0.25},
     [](double y, double eta) { return density(eta) * ((1 - y) / share(-eta) - y / share(eta)); },
     0.5},
    {"poisson",
     {.family = Family::poisson},
     {0.5, 0.2, -0.3},
     [](double y, double eta) { return std::exp(eta) - y; },
     0.2},
    {"square root",
     {.family = Family::poisson, .link = Link::square_root},
     {1, 0.5, 0.3},
     [](double y, double eta) { return 2 * eta - 2 * y / eta; },
     0.1},
    {"gamma", {.family = Family::gamma}, {1, 0.5, 0.3}, [](double y, double eta) { return y - 1 / eta; }, 0.2},
    {"gamma log",
     {.family = Family::gamma, .link = Link::log},
     {0.5, 0.2, -0.3},
     [](double y, double eta) { return 1 - y * std::exp(-eta); },
     0.5},
    {"negative binomial",
     {.family = Family::negative_binomial, .dispersion = 0.5},
     {-1, -0.5, -0.2},
     [](double y, double eta) { return 2 / std::expm1(-eta) - y; },  // 1 / alpha = 2
     0.05},
    {"negative binomial log",
     {.family = Family::negative_binomial, .link = Link::log, .dispersion = 0.5},
     {0.5, 0.2, -0.3},
     [](double y, double eta) { return (y + 2) * sigmoid(eta + std::log(0.5)) - y; },
     0.5},
};

/// Rows of three positive columns, and targets whose means follow the model.
ExampleSet examples(const Model& model, std::size_t rows = 400, unsigned seed = 3) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0.2, 1.5);
  ExampleSet set;
  set.points.dimension = 3;
  const GlmOptions& o = model.options;
  for (std::size_t i = 0; i < rows; ++i) {
    double eta = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      set.points.coordinates.push_back(uniform(random));
      eta += model.theta[j] * set.points.coordinates.back();
    }
    set.points.weights.push_back(o.family == Family::binomial ? 5 : 0.5 + double(random() % 3));
    const bool probit = o.link == Link::probit, canonical = o.link == Link::canonical;
    const double mean = o.family == Family::linear                           ? eta
                        : probit                                             ? share(eta)
                        : o.family == Family::logistic                       ? sigmoid(eta)
                        : o.family == Family::binomial                       ? sigmoid(eta)
                        : o.link == Link::square_root                        ? eta * eta
                        : o.family == Family::gamma && canonical             ? 1 / eta
                        : o.family == Family::negative_binomial && canonical ? 2 / std::expm1(-eta)
                                                                             : std::exp(eta);
    switch (o.family) {
      case Family::linear:
        set.targets.push_back(mean + std::normal_distribution<double>()(random));
        break;
      case Family::logistic:
        set.targets.push_back(std::bernoulli_distribution(mean)(random));
        break;
      case Family::binomial:
        set.targets.push_back(std::binomial_distribution<int>(5, mean)(random) / 5.0);
        break;
      case Family::gamma:
        set.targets.push_back(std::gamma_distribution<double>(3, mean / 3)(random));
        break;
      default:
        set.targets.push_back(std::poisson_distribution<int>(mean)(random));
    }
  }
  return set;
}

double norm(const std::vector<double>& v) {
  double square = 0;
  for (const double x : v) square += x * x;
  return std::sqrt(square);
}

/// Largest component of the gradient over all rows, by the sum of the magnitudes of its terms.
double gradient(const Model& model, const GlmFit& fit, const ExampleSet& set, double ridge) {
  std::vector<double> sums(4), terms(4);
  for (std::size_t i = 0; i < set.view().size(); ++i) {
    const double* x = set.view().points.point(i);
    double eta = fit.intercept;
    for (std::size_t j = 0; j < 3; ++j) eta += x[j] * fit.coefficients[j];
    const double slope = set.view().points.weight(i) * model.slope(set.targets[i], eta);
    for (std::size_t j = 0; j < 4; ++j) {
      const double term = slope * (j < 3 ? x[j] : 1);
      sums[j] += term;
      terms[j] += std::abs(term);
    }
  }
  double worst = fit.intercept == 0 ? 0 : std::abs(sums[3]) / terms[3];
  for (std::size_t j = 0; j < 3; ++j) {
    worst = std::max(worst, std::abs(sums[j] + ridge * fit.coefficients[j]) / terms[j]);
  }
  return worst;
}

TEST(Glm, TheGradientVanishesAtEveryFit) {
  for (const Model& model : models) {
    SCOPED_TRACE(model.name);
    const ExampleSet set = examples(model);
    for (const bool intercept : {false, true}) {
      for (const double ridge : {0.0, 3.0}) {
        GlmOptions options = model.options;
        options.fit_intercept = intercept;
        options.ridge = ridge;
        const GlmFit fit = fit_glm(set.view(), options);
        EXPECT_EQ(fit.status, FitStatus::converged) << intercept << ridge;
        EXPECT_EQ(fit.rank, intercept ? 4 : 3);
        EXPECT_LE(gradient(model, fit, set, ridge), 1e-10);
      }
    }
  }
}

TEST(Glm, OnePointOrTwoGiveTheSameModel) {
  for (const Model& model : models) {
    SCOPED_TRACE(model.name);
    const ExampleSet set = examples(model);
    for (const bool intercept : {false, true}) {
      GlmOptions options = model.options;
      options.fit_intercept = intercept;
      const GlmDistillation small = distil_glm(set.view(), options);
      EXPECT_EQ(small.set.view().size(), intercept ? 2 : 1);
      EXPECT_LE(small.certificate.difference, 1e-12);
      EXPECT_TRUE(small.certificate.holds());
    }
  }
}

/// Gradient descent from 0, or where 0 is outside the link's domain from a short step along the point.
std::vector<double> descended(const Model& model, const ExampleSet& set, double ridge, double begin) {
  const double *x = set.view().points.point(0), y = set.targets[0], weight = set.points.weights[0];
  const double square = norm(set.points.coordinates) * norm(set.points.coordinates);
  std::vector<double> theta(3);
  for (std::size_t j = 0; j < 3; ++j) theta[j] = begin * x[j] / square;
  for (int step = 0; step < 20'000; ++step) {
    const double eta = x[0] * theta[0] + x[1] * theta[1] + x[2] * theta[2];
    const double slope = weight * model.slope(y, eta), rate = model.rate / (weight * square + ridge);
    for (std::size_t j = 0; j < 3; ++j) theta[j] -= rate * (slope * x[j] + ridge * theta[j]);
  }
  return theta;
}

TEST(Glm, GradientDescentOnOnePointEndsAtTheta) {
  for (const Model& model : models) {
    SCOPED_TRACE(model.name);
    const ExampleSet set = examples(model);
    for (const double ridge : {0.0, 5.0}) {
      if (ridge > 0 && model.options.family != Family::linear && model.options.family != Family::logistic) continue;
      GlmOptions options = model.options;
      options.ridge = ridge;
      const GlmDistillation small = distil_glm(set.view(), options);
      const bool negative = options.family == Family::negative_binomial && options.link == Link::canonical;
      const bool positive =
          options.link == Link::square_root || (options.family == Family::gamma && options.link == Link::canonical);
      const std::vector<double> end = descended(model, small.set, ridge, negative ? -0.5 : positive ? 0.5 : 0);
      double distance = 0;
      for (std::size_t j = 0; j < 3; ++j) distance = std::max(distance, std::abs(end[j] - small.fit.coefficients[j]));
      EXPECT_LE(distance, 1e-10 * norm(small.fit.coefficients)) << ridge;
    }
  }
}

TEST(Glm, ScaleOfTheTheorem) {
  const Model& logistic = models[1];
  const GlmDistillation small = distil_glm(examples(logistic).view(), logistic.options, 1.0);
  EXPECT_EQ(small.set.points.coordinates, small.fit.coefficients);
  EXPECT_NEAR(small.set.targets[0], sigmoid(std::pow(norm(small.fit.coefficients), 2)), 1e-15);
  EXPECT_LE(small.certificate.difference, 1e-12);

  GlmOptions canonical{.family = Family::negative_binomial};  // |theta|^2 is no predictor of it
  expect_error("link", "not defined", [&] { distil_glm(examples(models[8]).view(), canonical, 1.0); });
  expect_error("scale", "not 0", [&] { distil_glm(examples(logistic).view(), logistic.options, 0.0); });
}

TEST(Glm, LargeCoefficientsNeedTheDefaultScale) {
  // |theta|^2 is about 400, and 1 / (1 + e^-400) is 1 in doubles: with s = 1 nothing of theta is left in the target.
  std::mt19937_64 random(5);
  ExampleSet set;
  set.points.dimension = 1;
  for (int i = 0; i < 2000; ++i) {
    const double x = std::normal_distribution<double>(0, 0.1)(random);
    set.points.coordinates.push_back(x);
    set.targets.push_back(std::bernoulli_distribution(sigmoid(20 * x))(random));
  }
  EXPECT_TRUE(distil_glm(set.view(), {}).certificate.holds());
  EXPECT_FALSE(distil_glm(set.view(), {}, 1.0).certificate.holds());
}

TEST(Glm, RidgeOnLogisticRegressionNeverLeavesTheRange) {
  for (const double ridge : {1e-3, 1.0, 30.0, 1e3, 1e6}) {
    for (const bool intercept : {false, true}) {
      const GlmOptions options{.ridge = ridge, .fit_intercept = intercept};
      const GlmDistillation small = distil_glm(examples(models[1]).view(), options);
      for (const double y : small.set.targets) EXPECT_TRUE(y >= 0 && y <= 1) << y;
      EXPECT_LE(small.certificate.difference, 1e-10) << ridge << intercept;
    }
  }
}

TEST(Glm, TargetsOutsideTheRangeAreRefusedByName) {
  const GlmOptions options{.ridge = 30};  // over a small s it takes a large target
  expect_error("ridge", "outside the range", [&] { distil_glm(examples(models[1]).view(), options, 1e-3); });
}

TEST(Glm, ClosedForms) {
  const ExampleSet line{{{1, 2, 3}, {1, 1, 2}, 1}, {1, 3, 2}, 1};
  // sum w x y = 1 + 6 + 12, sum w x^2 = 1 + 4 + 18
  EXPECT_NEAR(fit_glm(line.view(), {.family = Family::linear, .ridge = 2}).coefficients[0], 19.0 / 25, 1e-15);
  const ExampleSet counts{{{1, 1, 1, 1}, {}, 1}, {0, 1, 2, 5}, 1};
  EXPECT_NEAR(fit_glm(counts.view(), {.family = Family::poisson}).coefficients[0], std::log(2.0), 1e-14);
  const ExampleSet classes{{{1, 1, 1, 1}, {}, 1}, {0, 1, 1, 1}, 1};
  EXPECT_NEAR(fit_glm(classes.view(), {}).coefficients[0], std::log(3.0), 1e-14);
}

TEST(Glm, DependentColumnsGiveTheShortestModel) {
  const Model& model = models[1];
  ExampleSet set = examples(model);
  for (std::size_t i = 0; i < set.view().size(); ++i) set.points.coordinates[3 * i + 2] = set.points.coordinates[3 * i];
  const GlmFit fit = fit_glm(set.view(), model.options);
  EXPECT_EQ(fit.status, FitStatus::converged);
  EXPECT_EQ(fit.rank, 2);
  EXPECT_NEAR(fit.coefficients[0], fit.coefficients[2], 1e-12);
  EXPECT_TRUE(distil_glm(set.view(), model.options).certificate.holds());
}

TEST(Glm, SeparableClassesAreReported) {
  ExampleSet set{{{-2, -1, 1, 2}, {}, 1}, {0, 0, 1, 1}, 1};
  const GlmDistillation complete = distil_glm(set.view(), {});
  EXPECT_EQ(complete.fit.status, FitStatus::separated);
  EXPECT_TRUE(complete.set.targets.empty());
  EXPECT_FALSE(complete.certificate.holds());
  EXPECT_EQ(fit_glm(set.view(), {.ridge = 1e-3}).status, FitStatus::converged);  // which has a minimum

  const ExampleSet touching{{{-1, 0, 0, 1}, {}, 1}, {0, 0, 1, 1}, 1};  // a plane through the two rows at 0
  EXPECT_EQ(fit_glm(touching.view(), {.fit_intercept = true}).status, FitStatus::separated);
  EXPECT_EQ(fit_glm(touching.view(), {.link = Link::probit, .fit_intercept = true}).status, FitStatus::separated);
  const ExampleSet overlapping{{{-1, 0.1, -0.1, 1}, {}, 1}, {0, 0, 1, 1}, 1};
  EXPECT_EQ(fit_glm(overlapping.view(), {.fit_intercept = true}).status, FitStatus::converged);
}

TEST(Glm, CountsThatAreZeroWhereAColumnIsNotDiverge) {
  const ExampleSet set{{{1, 0, 1, 0, 1, 1, 1, 1}, {}, 2}, {3, 2, 0, 0}, 1};
  EXPECT_EQ(fit_glm(set.view(), {.family = Family::poisson}).status, FitStatus::diverges);
}

TEST(Glm, RowsThatNoPredictorServesAreReported) {
  const ExampleSet set{{{1, -1}, {}, 1}, {1, 1}, 1};  // 1 / theta and -1 / theta cannot both be positive
  EXPECT_EQ(fit_glm(set.view(), {.family = Family::gamma}).status, FitStatus::no_start);
}

TEST(Glm, BadInputIsNamed) {
  const auto refused = [](Family family, double target, const char* rule) {
    const ExampleSet set{{{1, 2}, {}, 1}, {1, target}, 1};
    expect_error("targets", rule, [&] { fit_glm(set.view(), {.family = family}); });
  };
  refused(Family::logistic, 0.5, "row 1 must be 0 or 1");
  refused(Family::binomial, 1.5, "row 1 must be a share");
  refused(Family::poisson, -1, "row 1 must be a count");
  refused(Family::poisson, 1.5, "row 1 must be a count");
  refused(Family::negative_binomial, 0.5, "row 1 must be a count");
  refused(Family::gamma, 0, "row 1 must be positive");
  refused(Family::linear, std::numeric_limits<double>::infinity(), "row 1 must be finite");
  const std::vector<double> counts{1, -1};
  const std::vector<std::size_t> rows{4, 7};
  expect_error("targets", "row 7 must be a count",
               [&] { require_in_range(counts, {.family = Family::poisson}, rows); });
  const ExampleSet set{{{1, 2}, {}, 1}, {1, 0}, 1};
  expect_error("link", "canonical or probit", [&] { fit_glm(set.view(), {.link = Link::log}); });
  expect_error("ridge", "not negative", [&] { fit_glm(set.view(), {.ridge = -1}); });
  expect_error("dispersion", "positive",
               [&] { fit_glm(set.view(), {.family = Family::negative_binomial, .dispersion = 0}); });
  expect_error("model", "poisson", [] { family_of("poison"); });
  expect_error("link", "probit", [] { link_of("probbit"); });
  ExampleSet weightless = set;
  weightless.points.weights = {0, 0};
  expect_error("weights", "", [&] { fit_glm(weightless.view(), {}); });
}

}  // namespace
}  // namespace momentset::test
