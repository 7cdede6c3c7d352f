#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "momentset/error.hpp"
#include "momentset/points.hpp"

namespace momentset::python {

// Arguments are borrowed: contiguous doubles that Python owns, so nothing is copied on the way in.
using Matrix = nanobind::ndarray<const double, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using Vector = nanobind::ndarray<const double, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using RowNumbers = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

inline std::span<const double> span_of(const Matrix& matrix) { return {matrix.data(), matrix.size()}; }
inline std::span<const double> span_of(const Vector& vector) { return {vector.data(), vector.size()}; }
inline std::span<const double> span_of(const std::optional<Vector>& vector) {
  return vector ? span_of(*vector) : std::span<const double>();
}

/// View of points (q x m) and their weights (q, or none).
inline WeightedPoints points_of(const Matrix& coordinates, const std::optional<Vector>& weights) {
  if (weights && weights->size() == 0) throw Error("weights", "0", "must be one per point");
  return {.coordinates = span_of(coordinates), .weights = span_of(weights), .dimension = coordinates.shape(1)};
}

/// A matrix (q x p), the order of the polynomials (none: K), the degree, and whether the rows kept may get other
/// values.
using CompanionArrays = std::tuple<Matrix, std::optional<int>, int, bool>;

inline std::vector<Companions> companions_of(const std::vector<CompanionArrays>& arrays) {
  std::vector<Companions> companions;
  for (const auto& [values, order, degree, relabel] : arrays) {
    companions.push_back(
        {.values = span_of(values), .columns = values.shape(1), .order = order, .degree = degree, .relabel = relabel});
  }
  return companions;
}

/// Row numbers as the library takes them. Throws Error where one does not fit.
inline std::vector<Index> indices_of(const char* name, const RowNumbers& rows, std::size_t count) {
  std::vector<Index> indices(rows.size());
  for (std::size_t j = 0; j < rows.size(); ++j) {
    const std::int64_t row = rows.data()[j];
    if (row < 0 || std::uint64_t(row) >= count) {
      throw Error(name, std::to_string(row),
                  "must be at least 0 and below the number of rows, " + std::to_string(count));
    }
    indices[j] = Index(row);
  }
  return indices;
}

/// The number of each row's group and the groups' names.
using GroupArrays = std::tuple<RowNumbers, std::vector<std::string>>;

/// Groups that own their numbers; none where nothing was handed over.
struct OwnedGroups {
  std::vector<Index> of_points;
  std::vector<std::string> names;

  explicit OwnedGroups(const std::optional<GroupArrays>& groups) {
    if (!groups) return;
    of_points = indices_of("groups", std::get<0>(*groups), std::get<0>(*groups).size());
    names = std::get<1>(*groups);
  }
  PointGroups view() const { return {of_points, names}; }
};

/// A NumPy array that owns `values`, of the given shape (row-major).
template <class T>
nanobind::ndarray<nanobind::numpy, T> array_of(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* data = owned->data();
  nanobind::capsule owner(owned.get(), [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  owned.release();
  return nanobind::ndarray<nanobind::numpy, T>(data, shape, owner);
}

inline nanobind::ndarray<nanobind::numpy, double> array_of(const std::vector<double>& values) {
  return array_of<double>(values, {values.size()});
}

/// Row numbers as NumPy's own index type.
inline nanobind::ndarray<nanobind::numpy, std::int64_t> array_of(const std::vector<Index>& rows) {
  return array_of<std::int64_t>({rows.begin(), rows.end()}, {rows.size()});
}

}  // namespace momentset::python
