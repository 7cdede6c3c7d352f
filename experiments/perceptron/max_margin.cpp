#include "experiments/perceptron/max_margin.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "momentset/error.hpp"

namespace momentset::experiments {
namespace {

double product(const double* left, const double* right, std::size_t count) {
  double sums[4] = {};  // four, so that the compiler need not keep the order of one
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    for (std::size_t j = 0; j < 4; ++j) sums[j] += left[k + j] * right[k + j];
  }
  for (; k < count; ++k) sums[0] += left[k] * right[k];
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}

/// The least-squares problem min |sum l_i a_i - e|, e the last unit vector, as columns a_i come in at the end and go
/// out anywhere: a_i = sum over k <= i of factor[i][k] q_k with orthonormal q_k. Their products would have half the
/// digits.
class LeastSquares {
 public:
  /// False if the column depends on those before.
  bool append(std::vector<double> column) {
    const double length = std::sqrt(product(column.data(), column.data(), column.size()));
    std::vector<double> row(basis_.size(), 0.0);
    for (int pass = 0; pass < 2; ++pass) {  // the second one makes up for the first one's rounding
      for (std::size_t k = 0; k < basis_.size(); ++k) {
        const double part = product(basis_[k].data(), column.data(), column.size());
        row[k] += part;
        for (std::size_t j = 0; j < column.size(); ++j) column[j] -= part * basis_[k][j];
      }
    }
    const double rest = std::sqrt(product(column.data(), column.data(), column.size()));
    if (!(rest > 1e-13 * length)) return false;
    for (double& value : column) value /= rest;
    row.push_back(rest);
    factor_.push_back(std::move(row));
    basis_.push_back(std::move(column));
    return true;
  }

  /// Rotations of neighbouring q bring the rows below back to a triangle.
  void remove(std::size_t k) {
    factor_.erase(factor_.begin() + std::ptrdiff_t(k));
    for (std::size_t j = k; j < factor_.size(); ++j) {
      const double radius = std::hypot(factor_[j][j], factor_[j][j + 1]);
      const double cosine = factor_[j][j] / radius, sine = factor_[j][j + 1] / radius;
      const auto rotate = [&](double& left, double& right) {
        const double before = left;
        left = cosine * before + sine * right;
        right = cosine * right - sine * before;
      };
      for (std::size_t i = j; i < factor_.size(); ++i) rotate(factor_[i][j], factor_[i][j + 1]);
      for (std::size_t i = 0; i < basis_[j].size(); ++i) rotate(basis_[j][i], basis_[j + 1][i]);
      factor_[j].pop_back();
    }
    basis_.pop_back();
  }

  std::vector<double> solution() const {
    std::vector<double> x;
    for (const std::vector<double>& q : basis_) x.push_back(q.back());
    for (std::size_t i = x.size(); i-- > 0;) {
      x[i] /= factor_[i][i];
      for (std::size_t k = 0; k < i; ++k) x[k] -= factor_[i][k] * x[i];
    }
    return x;
  }

 private:
  std::vector<std::vector<double>> factor_, basis_;
};

class Solver {
 public:
  Solver(const std::vector<double>& rows, std::size_t dimension)
      : rows_(rows), dimension_(dimension), count_(rows.size() / dimension) {
    found_.w.assign(dimension, 0);
  }

  MaxMargin run() {
    constexpr double tolerance = 1e-10;
    start_near();
    for (std::size_t steps = 0;; ++steps) {
      const auto [worst, output] = most_violated();
      if (output >= 1 - tolerance) break;
      if (steps > 20 * dimension_) throw Error("rows", "", "must be linearly separable");
      if (!append(worst)) throw Error("rows", "", "must be linearly separable");
      solve_support();
    }
    for (const std::size_t i : found_.support) {
      found_.violation = std::max(found_.violation, std::abs(1 - product(row(i), found_.w.data(), dimension_)));
    }
    found_.violation = std::max(found_.violation, 1 - most_violated().second);
    const double left = rest();
    for (double& multiplier : found_.multipliers) multiplier /= left;
    return std::move(found_);
  }

 private:
  const double* row(std::size_t i) const { return rows_.data() + i * dimension_; }

  /// The support as coordinate ascent in the dual sees it after some sweeps (Hsieh et al. 2008), which saves most of
  /// the steps: one row's multiplier at a time, every tenth sweep over all rows.
  void start_near() {
    constexpr int sweeps = 200;
    std::vector<double> multipliers(count_, 0.0), squares(count_);
    std::vector<std::size_t> rows(count_);
    for (std::size_t i = 0; i < count_; ++i) squares[i] = product(row(i), row(i), dimension_);
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      rows.resize(count_);
      std::iota(rows.begin(), rows.end(), std::size_t{0});
      if (sweep % 10 != 0) std::erase_if(rows, [&](std::size_t i) { return multipliers[i] == 0; });
      for (const std::size_t i : rows) {
        const double output = product(row(i), found_.w.data(), dimension_);
        const double step = std::max(-multipliers[i], (1 - output) / squares[i]);
        multipliers[i] += step;
        for (std::size_t j = 0; j < dimension_; ++j) found_.w[j] += step * row(i)[j];
      }
    }
    const double sum = 1 + std::accumulate(multipliers.begin(), multipliers.end(), 0.0);
    std::sort(rows.begin(), rows.end(),
              [&](std::size_t left, std::size_t right) { return multipliers[left] > multipliers[right]; });
    for (const std::size_t i : rows) {
      if (multipliers[i] == 0 || found_.support.size() == dimension_ || !append(i)) break;
      found_.multipliers.back() = multipliers[i] / sum;
    }
    solve_support();
  }

  /// The best w of the support, from which rows that do not belong there leave.
  void solve_support() {
    while (!move_to_solution()) {
    }
    update_w();
  }

  std::pair<std::size_t, double> most_violated() const {
    std::pair<std::size_t, double> least{0, HUGE_VAL};
    for (std::size_t i = 0; i < count_; ++i) {
      const double output = product(row(i), found_.w.data(), dimension_);
      if (output < least.second) least = {i, output};
    }
    return least;
  }

  /// False if the row depends on the support.
  bool append(std::size_t i) {
    std::vector<double> column(row(i), row(i) + dimension_);
    column.push_back(1);
    if (!squares_.append(std::move(column))) return false;
    found_.support.push_back(i);
    found_.multipliers.push_back(0);
    return true;
  }

  /// Moves towards the multipliers that solve the equations of the support, as far as none is below 0; those that reach
  /// 0 leave. Whether it went all the way.
  bool move_to_solution() {
    const std::vector<double> aim = squares_.solution();
    std::vector<double>& now = found_.multipliers;
    const auto reached = [&](std::size_t k) { return now[k] > 0 ? now[k] / (now[k] - aim[k]) : 0; };
    double share = 1;
    for (std::size_t k = 0; k < aim.size(); ++k) {
      if (aim[k] <= 0) share = std::min(share, reached(k));
    }
    for (std::size_t k = aim.size(); k-- > 0;) {
      const bool leaves = aim[k] <= 0 && reached(k) <= share;
      now[k] += share * (aim[k] - now[k]);
      if (!leaves) continue;
      now.erase(now.begin() + std::ptrdiff_t(k));
      found_.support.erase(found_.support.begin() + std::ptrdiff_t(k));
      squares_.remove(k);
    }
    return share == 1;
  }

  void update_w() {
    const double left = rest();
    std::fill(found_.w.begin(), found_.w.end(), 0.0);
    for (std::size_t k = 0; k < found_.support.size(); ++k) {
      const double* g = row(found_.support[k]);
      const double scale = found_.multipliers[k] / left;
      for (std::size_t j = 0; j < dimension_; ++j) found_.w[j] += scale * g[j];
    }
  }

  /// 1 - sum l_i, what is left of the second square: positive where the rows are separable.
  double rest() const { return 1 - std::accumulate(found_.multipliers.begin(), found_.multipliers.end(), 0.0); }

  const std::vector<double>& rows_;
  std::size_t dimension_, count_;
  MaxMargin found_;
  LeastSquares squares_;
};

}  // namespace

MaxMargin max_margin(const std::vector<double>& rows, std::size_t dimension) { return Solver(rows, dimension).run(); }

}  // namespace momentset::experiments
