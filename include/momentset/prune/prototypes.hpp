#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "momentset/points.hpp"
#include "momentset/prune/scores.hpp"

namespace momentset::prune {

/// Embeddings of q examples, row-major q x `dimension`. Only their directions count. None may be all zero.
struct Embeddings {
  std::span<const float> values;
  std::size_t dimension = 0;

  std::size_t rows() const { return dimension == 0 ? 0 : values.size() / dimension; }
  const float* row(std::size_t i) const { return values.data() + i * dimension; }
};

struct PrototypeOptions {
  /// k, from 1 to q. Within a factor of ten of the number of classes the exact one matters little (paper 003, Table 1).
  std::size_t clusters = 1;
  int iterations = 25;  ///< at least 1; fewer if nothing moves any more
  /// Centres are found on at most so many examples for each cluster, drawn at random; 1 or more.
  std::size_t examples_per_cluster = 256;
  std::uint64_t seed = 0;     ///< of these examples, and of the first centres among them
  std::stop_token stop = {};  ///< asked to stop: throws Cancelled
};

/// Self-supervised prototypes: the cosine distance 1 - <x, c> / |x| to the nearest centre c, |c| = 1, of spherical
/// k-means in the space of a model's embeddings. Hard: high (paper 003; appendices F and G).
/// @param ensemble embeddings of one or more models; the score is the mean over them (appendix G finds that one does)
///
/// Spherical k-means (I. S. Dhillon, D. S. Modha 2001): every example belongs to the centre of the largest <x, c>,
/// every centre is the direction of its examples' sum. A centre without examples moves to the example that is farthest
/// from its own. The defaults are those of faiss. In single precision, by matrix products. Runs in the caller's TBB
/// arena; the result does not depend on its threads. O(iterations k^2 m examples_per_cluster + q k m) for each model.
/// Throws Error, naming the argument, on numbers that are not finite, zero rows, and options outside their range.
Scores prototypes(std::span<const Embeddings> ensemble, const PrototypeOptions& options);

/// Supervised prototypes: the same distance, to the direction of the mean unit vector of the example's own class; from
/// 0 to 2. Hard: high. O(q m) for each model. @param classes q numbers
Scores class_prototypes(std::span<const Embeddings> ensemble, const PointGroups& classes);

}  // namespace momentset::prune
