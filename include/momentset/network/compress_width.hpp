#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "momentset/compress.hpp"
#include "momentset/network/gauge.hpp"
#include "momentset/network/layer.hpp"

namespace momentset::network {

/// What fewer objects are to have in common with all of them.
enum class Keep {
  /// How the layer trains, and so its function as well: the moments of whole objects, (w, v), are kept (paper 000,
  /// Theorem 5). Train with the weights c_j, see optimiser.hpp.
  dynamics,
  /// The layer's function now, sum_i c_i v_i g(w_i): the moments of w, alone and times each v, are kept in cells of w.
  /// Half as many coordinates to make cells of, and objects equal up to the symmetry become one.
  function,
  /// The layer's outputs on data: the sums of the objects' contributions to them are kept, in any number of dimensions.
  outputs,
};

struct WidthOptions {
  std::size_t size = 0;  ///< objects to keep, 1 to the width
  Keep keep = Keep::dynamics;
  Symmetry symmetry = Symmetry::none;  ///< of the activation; for Keep::function
  /// Highest total degree of the moments. Unset: chosen as by compress(). Not for Keep::outputs.
  std::optional<int> order = {};
  /// d x p, row-major, for Keep::outputs: what object i adds to p outputs, or to p linear combinations of outputs. Best
  /// the leading principal components, at most size - 1 of them: of more the sums cannot be kept.
  std::span<const double> contributions = {};
  std::uint64_t seed = 0;                                                      ///< as of compress()
  int threads = 0;                                                             ///< as of compress()
  std::stop_token stop = {};                                                   ///< as of compress()
  std::function<void(std::string_view stage, double fraction)> progress = {};  ///< as of compress()
};

struct CompressedLayer {
  Layer layer;                 ///< the objects kept, with their weights c_j > 0: see fold_weights()
  std::vector<Index> numbers;  ///< which they are; of objects that became one the first
  std::size_t distinct = 0;    ///< objects that were left after equal ones of positive weight had become one
  Coreset coreset;             ///< how it went, with the certificate; its rows count the distinct ones
};

/// Replaces the objects of a layer by `size` of them, unchanged but for Keep::function (where gauges are fixed and
/// equal objects added up), with new weights. Fewer only where fewer are distinct. The sum of the weights stays.
///
/// Throws Error where the layer is invalid, the size is not in 1 to the width, Keep::outputs comes without
/// contributions or others with, and as compress() does. Throws Cancelled. As many operations as compress() with m
/// coordinates of points, or those incoming and as many companions as are outgoing.
CompressedLayer compress_width(Layer layer, const WidthOptions& options);

}  // namespace momentset::network
