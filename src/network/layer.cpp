#include "momentset/network/layer.hpp"

#include <algorithm>
#include <string>

#include "momentset/error.hpp"

namespace momentset::network {
namespace {

std::size_t coordinates_of(const std::vector<ArrayShape>& shapes) {
  std::size_t sum = 0;
  for (const ArrayShape& shape : shapes) {
    if (shape.per_object() == 0) throw Error("shapes", "0", "an array must have elements");
    sum += shape.per_object();
  }
  if (sum == 0) throw Error("shapes", "", "at least one array is needed");
  return sum;
}

/// Calls action(element of the array, coordinate of the points) for each element of one array.
/// @param first coordinate at which the array begins
template <class Action>
void for_each_element(const ArrayShape& shape, std::size_t width, std::size_t dimension, std::size_t first,
                      const Action& action) {
  for (std::size_t o = 0; o < shape.outer; ++o) {
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t r = 0; r < shape.inner; ++r) {
        action((o * width + i) * shape.inner + r, i * dimension + first + o * shape.inner + r);
      }
    }
  }
}

}  // namespace

Layer take_out(std::vector<ArrayShape> shapes, std::span<const std::span<const double>> arrays, std::size_t width,
               std::span<const double> weights) {
  if (width == 0) throw Error("width", "0", "must be at least 1");
  if (arrays.size() != shapes.size()) {
    throw Error("arrays", std::to_string(arrays.size()),
                "one for each of the " + std::to_string(shapes.size()) + " shapes is needed");
  }
  const std::size_t dimension = coordinates_of(shapes);
  Layer layer{std::move(shapes), {std::vector<double>(width * dimension), {weights.begin(), weights.end()}, dimension}};
  std::size_t first = 0;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const ArrayShape& shape = layer.shapes[k];
    if (arrays[k].size() != shape.per_object() * width) {
      throw Error(
          "arrays", std::to_string(arrays[k].size()) + " elements in array " + std::to_string(k),
          "must be " + std::to_string(shape.per_object()) + " for each of the " + std::to_string(width) + " objects");
    }
    for_each_element(shape, width, dimension, first, [&](std::size_t element, std::size_t coordinate) {
      layer.objects.coordinates[coordinate] = arrays[k][element];
    });
    first += shape.per_object();
  }
  require_valid(layer);
  return layer;
}

std::vector<std::vector<double>> put_back(const Layer& layer) {
  require_valid(layer);
  std::vector<std::vector<double>> arrays;
  std::size_t first = 0;
  for (const ArrayShape& shape : layer.shapes) {
    std::vector<double>& array = arrays.emplace_back(shape.per_object() * layer.width());
    for_each_element(
        shape, layer.width(), layer.objects.dimension, first,
        [&](std::size_t element, std::size_t coordinate) { array[element] = layer.objects.coordinates[coordinate]; });
    first += shape.per_object();
  }
  return arrays;
}

void fold_weights(Layer& layer) {
  require_valid(layer);
  const std::vector<bool> outgoing = outgoing_coordinates(layer);
  if (std::find(outgoing.begin(), outgoing.end(), true) == outgoing.end()) {
    throw Error("shapes", "", "weights can be folded into outgoing arrays only, and there is none");
  }
  PointSet& objects = layer.objects;
  for (std::size_t i = 0; i < objects.weights.size(); ++i) {
    for (std::size_t a = 0; a < objects.dimension; ++a) {
      if (outgoing[a]) objects.coordinates[i * objects.dimension + a] *= objects.weights[i];
    }
  }
  objects.weights.clear();
}

Layer take(const Layer& layer, std::span<const Index> numbers) {
  require_valid(layer);
  const PointSet& all = layer.objects;
  Layer taken{layer.shapes, {{}, {}, all.dimension}};
  for (const Index i : numbers) {
    if (i >= layer.width()) {
      throw Error("numbers", std::to_string(i), "must be below the width, " + std::to_string(layer.width()));
    }
    const double* object = all.view().point(i);
    taken.objects.coordinates.insert(taken.objects.coordinates.end(), object, object + all.dimension);
    if (!all.weights.empty()) taken.objects.weights.push_back(all.weights[i]);
  }
  return taken;
}

std::vector<bool> outgoing_coordinates(const Layer& layer) {
  std::vector<bool> outgoing;
  for (const ArrayShape& shape : layer.shapes) {
    outgoing.insert(outgoing.end(), shape.per_object(), shape.role == Role::outgoing);
  }
  return outgoing;
}

void require_valid(const Layer& layer) {
  if (layer.objects.dimension != coordinates_of(layer.shapes)) {
    throw Error("objects", std::to_string(layer.objects.dimension) + " coordinates",
                "must be as many as the shapes say, " + std::to_string(coordinates_of(layer.shapes)));
  }
  require_valid(layer.objects.view());
}

}  // namespace momentset::network
