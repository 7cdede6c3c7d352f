#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace momentset::experiments {

/// A table of experiments/reference: figures that others published.
class Published {
 public:
  /// @param experiment file name without its suffix, e.g. "fig2_error". Throws Error if it cannot be read.
  explicit Published(const std::string& experiment);

  /// The number in `column` of the first row whose columns m, d and, where the table has it, k are these; none if there
  /// is no such row.
  std::optional<double> find(const std::string& column, std::size_t m, std::size_t d, std::optional<int> k = {}) const;

 private:
  std::vector<std::map<std::string, double>> rows_;
};

}  // namespace momentset::experiments
