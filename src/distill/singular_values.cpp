#include "distill/singular_values.hpp"

#include <algorithm>
#include <limits>

#include "blas.hpp"

namespace momentset::distill {

SingularValues::SingularValues(std::vector<double> matrix, std::size_t rows, std::size_t columns)
    : rows(rows), columns(columns), count(std::min(rows, columns)), values(count) {
  const SingleThreadedBlas single;
  left_.resize(rows * count);
  right_.resize(count * columns);
  const int m = int(rows), n = int(columns), k = int(count);
  int info = 0, length = -1;
  double wanted = 0;
  dgesvd_("S", "S", &m, &n, matrix.data(), &m, values.data(), left_.data(), &m, right_.data(), &k, &wanted, &length,
          &info);
  length = int(wanted);
  std::vector<double> work(length);
  dgesvd_("S", "S", &m, &n, matrix.data(), &m, values.data(), left_.data(), &m, right_.data(), &k, work.data(), &length,
          &info);
}

std::size_t SingularValues::rank(double units) const {
  if (values.empty() || !(values[0] > 0)) return 0;
  const double least = units * std::numeric_limits<double>::epsilon() * double(std::max(rows, columns)) * values[0];
  return std::size_t(std::count_if(values.begin(), values.end(), [&](double value) { return value > least; }));
}

}  // namespace momentset::distill
