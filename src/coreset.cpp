
#include "format.hpp"
#include "momentset/compress.hpp"

namespace momentset {

std::string Coreset::summary() const {
  return formatted("{} of {} rows, order {}, {} cell{}, worst moment residual {:.1e}, effective sample size {:.0f}",
                   rows.size(), certificate.rows, plan.order, plan.cells, plan.cells == 1 ? "" : "s",
                   certificate.worst_residual(), certificate.effective_sample_size);
}

std::string Coreset::choice() const {
  if (trials.empty()) return "";
  std::string text = formatted("{}{}..{}; expected error by order",
                               alternatives.empty() ? formatted("order {} of ", plan.order) : "orders ",
                               trials.front().order, trials.back().order);
  for (const OrderTrial& trial : trials) {
    text += formatted("{} {}: {:.1e}{}", &trial == &trials.front() ? ":" : ",", trial.order, trial.typical_error,
                      trial.measured ? "" : " (continued)");
  }
  if (alternatives.empty()) return text;
  text += "; then compared by the errors of test functions other than those of this certificate:";
  for (const Alternative& each : alternatives) {
    const bool best = &each == &alternatives.front();
    text += formatted("{} {} {:.1e}{}", best ? "" : ",", each.name, each.typical_error, best ? " (taken)" : "");
  }
  return text;
}

std::string Coreset::finish() const {
  std::string text;
  if (by_kernel) return "rows and weights by kernel exchange";
  if (!alternatives.empty() && plan.order == 0) return alternatives.front().name;
  if (rounds_from > 0) text = formatted("rounds of neighbours from {} points", rounds_from);
  if (corrected_order > 0) {
    text += formatted("{}weights corrected to order {} over all points", text.empty() ? "" : ", ", corrected_order);
  }
  return text;
}

}  // namespace momentset
