#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/points.hpp"

/// Widths of networks: what a layer sums over (neurons, attention heads, channels) as points, few of them in place of
/// many, and training by which few follow many (paper 000, sections 2 and 5, appendix B).
namespace momentset::network {

/// What an array does to its object's share of the layer's output.
enum class Role {
  incoming,  ///< makes the object what it is: incoming weights, bias, scale and shift of a norm, query, key and value
  outgoing,  ///< the output is linear in it: outgoing weights, the share of a head in the output projection
};

/// How an array of a layer of d objects is divided among them. In memory it is (outer, d, inner), row-major: object i
/// owns the elements [o, i, r].
///
/// | Array of d objects                                     | Shape             | outer | inner   | Role     |
/// |--------------------------------------------------------|-------------------|-------|---------|----------|
/// | incoming weights of neurons                            | (d, in)           | 1     | in      | incoming |
/// | biases; scales and shifts of a norm over channels      | (d)               | 1     | 1       | incoming |
/// | outgoing weights                                       | (out, d)          | out   | 1       | outgoing |
/// | kernels that make channels                             | (d, in, h, w)     | 1     | in h w  | incoming |
/// | kernels that read channels                             | (out, d, h, w)    | out   | h w     | outgoing |
/// | Wq, Wk, Wv of heads of p dimensions                    | (d p, in)         | 1     | p in    | incoming |
/// | Wo of these                                            | (out, d p)        | out   | p       | outgoing |
/// | Wq of one head, its p query-key dimensions the objects | (p, in)           | 1     | in      | incoming |
/// | Wk of this, since logits are linear in it              | (p, in)           | 1     | in      | outgoing |
/// | parameters of members of an ensemble                   | (d, ...)          | 1     | all     | incoming |
/// | those of their last layer                              | (d, ...)          | 1     | all     | outgoing |
struct ArrayShape {
  std::size_t outer = 1, inner = 1;
  Role role = Role::incoming;

  std::size_t per_object() const { return outer * inner; }
};

/// d objects as points of R^m, m the sum of per_object() over the arrays: the elements of the first array that an
/// object owns, then those of the second, and so on. The weight c_i of an object is the number of objects it stands
/// for: the layer's output is sum_i c_i g(w_i), whatever the arrays are (paper 000, Eq. 16). No weights: each is 1.
struct Layer {
  std::vector<ArrayShape> shapes;
  PointSet objects;

  std::size_t width() const { return objects.view().size(); }
};

/// The objects of a layer, taken out of its arrays, which are in the order of `shapes`. O(d m).
/// @param weights c_i >= 0, `width` of them, or none: each is 1
/// Throws Error where the width or a shape is 0, or an array has not outer * width * inner elements.
Layer take_out(std::vector<ArrayShape> shapes, std::span<const std::span<const double>> arrays, std::size_t width,
               std::span<const double> weights = {});

/// The arrays of the layer, the reverse of take_out(). Weights are not in them: fold them first, or keep them. O(d m).
std::vector<std::vector<double>> put_back(const Layer& layer);

/// Multiplies the outgoing elements of each object by its weight, which then is 1: the same function as a layer like
/// any other. Changes how it trains. O(d m). Throws Error where the layer has no outgoing array.
void fold_weights(Layer& layer);

/// The objects with these numbers, with their weights. O(d' m).
Layer take(const Layer& layer, std::span<const Index> numbers);

/// Whether the coordinates of the layer's objects are outgoing, one after the other. O(m).
std::vector<bool> outgoing_coordinates(const Layer& layer);

/// Throws Error unless objects and shapes fit each other, there is an object and all numbers are finite, with weights
/// >= 0. O(d m).
void require_valid(const Layer& layer);

}  // namespace momentset::network
