#include "momentset/distill/limits.hpp"

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::distill;

TEST(Limits, WhatATheoremRulesOutIsRefusedByItsName) {
  expect_error("model", "Theorem 2", [] { require_exact("kernel", Demand::one_model); });
  expect_error("model", "regularisation path cannot be kept exactly on fewer points (Izzo and Zou, Theorem 4)",
               [] { require_exact("logistic", Demand::regularisation_path); });
  expect_error("model", "combination with other data", [] { require_exact("binomial", Demand::combination); });
  expect_error("model", "no exact distillation", [] { require_exact("poisson", Demand::regularisation_path); });
  expect_error("model", "must be one of linear", [] { require_exact("forest", Demand::one_model); });
}

TEST(Limits, WhatIsPossibleIsNotRefused) {
  for (const Demand demand : {Demand::one_model, Demand::regularisation_path, Demand::combination}) {
    EXPECT_NO_THROW(require_exact("linear", demand));
  }
  for (const char* model : {"logistic", "binomial", "poisson", "gamma", "negative-binomial"}) {
    EXPECT_NO_THROW(require_exact(model, Demand::one_model));
  }
}

}  // namespace
}  // namespace momentset::test
