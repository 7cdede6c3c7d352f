#include "momentset/prune/scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "prune/rows.hpp"

namespace momentset::prune {
namespace {

void require_same_shape(const char* name, std::span<const Matrix> probes) {
  if (probes.empty()) throw Error(name, "", "must be given");
  for (const Matrix& probe : probes) {
    require_finite(name, probe);
    if (probe.rows() == probes[0].rows() && probe.columns == probes[0].columns) continue;
    throw Error(name, std::to_string(probe.rows()) + " x " + std::to_string(probe.columns),
                "must be as those of the first probe, " + std::to_string(probes[0].rows()) + " x " +
                    std::to_string(probes[0].columns));
  }
}

void require_probabilities(std::span<const Matrix> probes) {
  constexpr double tolerance = 1e-3;  // what half precision leaves
  require_same_shape("probs", probes);
  for (const Matrix& probe : probes) {
    const auto sum = [&](std::size_t i) { return std::accumulate(probe.row(i), probe.row(i) + probe.columns, 0.0); };
    const auto least = [&](std::size_t i) { return *std::min_element(probe.row(i), probe.row(i) + probe.columns); };
    const std::size_t wrong =
        first_row(probe.rows(), [&](std::size_t i) { return least(i) < 0 || !(std::abs(sum(i) - 1) <= tolerance); });
    if (wrong == probe.rows()) continue;
    if (least(wrong) < 0) {
      throw Error("probs", at_row(wrong, theory::shown(least(wrong))), "must be probabilities, 0 or more");
    }
    throw Error("probs", at_row(wrong, "sum " + theory::shown(sum(wrong))), "must sum to 1, to a thousandth");
  }
}

/// The mean over the probes of score(row, i) of each example i.
template <class RowScore>
Scores mean_over(std::span<const Matrix> probes, HardEnd hard, const RowScore& score) {
  Scores scores{std::vector<double>(probes[0].rows()), hard};
  for_rows(scores.values.size(), [&](std::size_t i) {
    double sum = 0;
    for (const Matrix& probe : probes) sum += score(std::span(probe.row(i), probe.columns), i);
    scores.values[i] = sum / double(probes.size());
  });
  return scores;
}

/// The largest of a row's numbers but the one in the column `except`.
double largest(std::span<const double> row, std::size_t except) {
  double found = -HUGE_VAL;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c != except) found = std::fmax(found, row[c]);
  }
  return found;
}

}  // namespace

std::vector<double> softmax(const Matrix& logits) {
  require_finite("logits", logits);
  std::vector<double> probabilities(logits.values.size());
  for_rows(logits.rows(), [&](std::size_t i) {
    const double *from = logits.row(i), most = *std::max_element(from, from + logits.columns);
    double* to = probabilities.data() + i * logits.columns;
    double sum = 0;
    for (std::size_t c = 0; c < logits.columns; ++c) sum += to[c] = std::exp(from[c] - most);
    for (std::size_t c = 0; c < logits.columns; ++c) to[c] /= sum;
  });
  return probabilities;
}

Scores el2n(std::span<const Matrix> probabilities, std::span<const Index> labels) {
  require_probabilities(probabilities);
  require_labels(labels, probabilities[0].rows(), probabilities[0].columns);
  return mean_over(probabilities, HardEnd::high, [&](std::span<const double> p, std::size_t i) {
    double squares = 0;
    for (std::size_t c = 0; c < p.size(); ++c) squares += std::pow(p[c] - (c == labels[i] ? 1 : 0), 2);
    return std::sqrt(squares);
  });
}

Scores entropy(std::span<const Matrix> probabilities) {
  require_probabilities(probabilities);
  return mean_over(probabilities, HardEnd::high, [](std::span<const double> p, std::size_t) {
    double sum = 0;
    for (const double each : p) sum -= each > 0 ? each * std::log(each) : 0;
    return sum;
  });
}

Scores least_confidence(std::span<const Matrix> probabilities) {
  require_probabilities(probabilities);
  return mean_over(probabilities, HardEnd::high,
                   [](std::span<const double> p, std::size_t) { return 1 - *std::max_element(p.begin(), p.end()); });
}

Scores margin(std::span<const Matrix> logits, std::span<const Index> labels) {
  require_same_shape("logits", logits);
  if (!labels.empty()) require_labels(labels, logits[0].rows(), logits[0].columns);
  return mean_over(logits, HardEnd::low, [&](std::span<const double> z, std::size_t i) {
    if (z.size() == 1) return std::abs(z[0]);
    const std::size_t own = labels.empty() ? std::size_t(std::max_element(z.begin(), z.end()) - z.begin()) : labels[i];
    return z[own] - largest(z, own);
  });
}

Scores grand(std::span<const Matrix> gradients) {
  require_same_shape("gradients", gradients);
  return mean_over(gradients, HardEnd::high, [](std::span<const double> g, std::size_t) {
    return std::sqrt(std::inner_product(g.begin(), g.end(), g.begin(), 0.0));
  });
}

Scores forgetting(const Matrix& losses, double threshold) {
  require_finite("losses", losses);
  if (!std::isfinite(threshold)) throw Error("threshold", theory::shown(threshold), "must be a finite number");
  return mean_over(std::span(&losses, 1), HardEnd::high, [&](std::span<const double> loss, std::size_t) {
    bool ever = false, learned = false;
    double events = 0;
    for (const double each : loss) {
      if (learned && each >= threshold) ++events;
      learned = each < threshold;
      ever = ever || learned;
    }
    return ever ? events : double(loss.size());
  });
}

std::vector<std::uint8_t> memorisation_subsets(std::size_t examples, std::size_t models, double share,
                                               std::uint64_t seed) {
  if (examples == 0) throw Error("examples", "0", "must be at least 1");
  if (models < 2) throw Error("models", std::to_string(models), "must be at least 2");
  if (!(share > 0 && share < 1)) throw Error("share", theory::shown(share), "must be above 0 and below 1");
  const std::size_t inside = std::clamp<std::size_t>(std::size_t(std::lround(share * double(models))), 1, models - 1);
  std::vector<std::uint8_t> members(models * examples, 0);
  std::vector<std::size_t> order(models);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < examples; ++i) {
    for (std::size_t k = 0; k < inside; ++k) {
      std::swap(order[k], order[k + random() % (models - k)]);
      members[order[k] * examples + i] = 1;
    }
  }
  return members;
}

Scores memorisation(std::span<const std::uint8_t> members, const Matrix& correct) {
  require_finite("correct", correct);
  const std::size_t models = correct.rows(), examples = correct.columns;
  if (members.size() != correct.values.size()) {
    throw Error("members", std::to_string(members.size()) + " numbers",
                "must be as many as the models' answers, " + std::to_string(correct.values.size()));
  }
  const auto is_answer = [](double x) { return x >= 0 && x <= 1; };
  const auto wrong = std::find_if_not(correct.values.begin(), correct.values.end(), is_answer);
  if (wrong != correct.values.end()) throw Error("correct", theory::shown(*wrong), "must be between 0 and 1");
  std::vector<double> sum_in(examples, 0), sum_out(examples, 0);
  std::vector<std::size_t> count_in(examples, 0);
  for (std::size_t model = 0; model < models; ++model) {
    for (std::size_t i = 0; i < examples; ++i) {
      const bool inside = members[model * examples + i] != 0;
      (inside ? sum_in : sum_out)[i] += correct.row(model)[i];
      count_in[i] += inside ? 1 : 0;
    }
  }
  Scores scores{std::vector<double>(examples), HardEnd::high};
  for (std::size_t i = 0; i < examples; ++i) {
    if (count_in[i] == 0 || count_in[i] == models) {
      throw Error("members",
                  "example " + std::to_string(i) + " in " + std::to_string(count_in[i]) + " of " +
                      std::to_string(models) + " subsets",
                  "must be in some of them and not in others");
    }
    scores.values[i] = sum_in[i] / double(count_in[i]) - sum_out[i] / double(models - count_in[i]);
  }
  return scores;
}

Scores random(std::size_t examples, std::uint64_t seed) {
  if (examples == 0) throw Error("examples", "0", "must be at least 1");
  Scores scores{std::vector<double>(examples), HardEnd::high};
  std::mt19937_64 engine(seed);
  for (double& value : scores.values) value = double(engine() >> 11) * 0x1p-53;
  return scores;
}

}  // namespace momentset::prune
