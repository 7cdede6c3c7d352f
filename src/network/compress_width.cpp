#include "momentset/network/compress_width.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "momentset/error.hpp"

namespace momentset::network {
namespace {

void require_usable(const Layer& layer, const WidthOptions& options) {
  require_valid(layer);
  if (options.size < 1 || options.size > layer.width()) {
    throw Error("size", std::to_string(options.size),
                "must be at least 1 and at most the width, " + std::to_string(layer.width()));
  }
  const bool outputs = options.keep == Keep::outputs;
  const std::size_t count = options.contributions.size();
  if (outputs ? count == 0 || count % layer.width() != 0 : count != 0) {
    throw Error("contributions", std::to_string(count) + " numbers",
                outputs ? "as many for each of the " + std::to_string(layer.width()) + " objects are needed"
                        : "are for keeping outputs only");
  }
  if (outputs && options.order) throw Error("order", std::to_string(*options.order), "is not for keeping outputs");
  if (options.symmetry != Symmetry::none && options.keep != Keep::function) {
    throw Error("symmetry", "", "is for keeping the function only");
  }
}

CompressOptions request_of(const WidthOptions& options) {
  return {.size = options.size,
          .order = options.order,
          .seed = options.seed,
          .threads = options.threads,
          .stop = options.stop,
          .progress = options.progress};
}

/// The incoming coordinates of all objects, or the outgoing ones.
std::vector<double> coordinates_of(const Layer& layer, Role role) {
  const std::vector<bool> outgoing = outgoing_coordinates(layer);
  std::vector<double> coordinates;
  for (std::size_t k = 0; k < layer.objects.coordinates.size(); ++k) {
    if (outgoing[k % outgoing.size()] == (role == Role::outgoing)) coordinates.push_back(layer.objects.coordinates[k]);
  }
  return coordinates;
}

/// What objects of positive weight with equal incoming coordinates have in common is one object, the first of them,
/// with their sum of weights and mean of outgoing coordinates: c v = sum_i c_i v_i. Returns which are left.
std::vector<Index> add_up_equal(Layer& layer) {
  const std::vector<double> incoming = coordinates_of(layer, Role::incoming);
  const std::size_t width = layer.width(), m = incoming.size() / width, dimension = layer.objects.dimension;
  std::vector<Index> by_coordinates(width);
  std::iota(by_coordinates.begin(), by_coordinates.end(), Index(0));
  std::erase_if(by_coordinates, [&](Index i) { return layer.objects.view().weight(i) <= 0; });
  const auto row = [&](Index i) { return std::span(incoming).subspan(i * m, m); };
  std::stable_sort(by_coordinates.begin(), by_coordinates.end(), [&](Index i, Index j) {
    return std::lexicographical_compare(row(i).begin(), row(i).end(), row(j).begin(), row(j).end());
  });

  const std::vector<bool> outgoing = outgoing_coordinates(layer);
  layer.objects.weights.resize(width, 1.0);
  std::vector<Index> left;
  for (const Index i : by_coordinates) {
    if (left.empty() || !std::ranges::equal(row(left.back()), row(i))) {
      left.push_back(i);
      continue;
    }
    double& mass = layer.objects.weights[left.back()];
    const double share = layer.objects.weights[i] / (mass + layer.objects.weights[i]);
    double* mean = layer.objects.coordinates.data() + std::size_t(left.back()) * dimension;
    const double* other = layer.objects.view().point(i);
    for (std::size_t a = 0; a < dimension; ++a) {
      if (outgoing[a]) mean[a] += share * (other[a] - mean[a]);
    }
    mass += layer.objects.weights[i];
  }
  std::sort(left.begin(), left.end());
  return left;
}

/// The objects that a coreset of `candidates` kept, `numbers` being those of the candidates.
CompressedLayer kept_by(Coreset coreset, const Layer& candidates, const std::vector<Index>& numbers,
                        std::size_t distinct) {
  CompressedLayer result{take(candidates, coreset.rows), {}, distinct, std::move(coreset)};
  result.layer.objects.weights = result.coreset.weights;
  for (const Index row : result.coreset.rows) result.numbers.push_back(numbers[row]);
  return result;
}

CompressedLayer keep_function(Layer layer, const WidthOptions& options) {
  fix_gauge(layer, options.symmetry);
  const std::vector<Index> numbers = add_up_equal(layer);
  layer = take(layer, numbers);
  const std::vector<double> incoming = coordinates_of(layer, Role::incoming);
  const std::vector<double> outgoing = coordinates_of(layer, Role::outgoing);
  if (incoming.empty() || outgoing.empty()) {
    throw Error("shapes", "", "keeping the function needs an incoming and an outgoing array");
  }
  CompressOptions request = request_of(options);
  request.size = std::min(options.size, layer.width());
  request.companions = {{.values = outgoing, .columns = outgoing.size() / layer.width()}};
  const WeightedPoints points{incoming, layer.objects.weights, incoming.size() / layer.width()};
  return kept_by(compress(points, request), layer, numbers, layer.width());
}

CompressedLayer keep_sums(const Layer& layer, const WidthOptions& options) {
  CompressOptions request = request_of(options);
  WeightedPoints points = layer.objects.view();
  if (options.keep == Keep::outputs) {
    points.coordinates = options.contributions;
    points.dimension = options.contributions.size() / layer.width();
    request.order = options.size == 1 ? 0 : 1;  // one object can carry the total weight only
    request.method = Method::tree;
  }
  Coreset coreset = compress(points, request);
  const std::size_t distinct = coreset.distinct;
  std::vector<Index> numbers(layer.width());
  std::iota(numbers.begin(), numbers.end(), Index(0));
  return kept_by(std::move(coreset), layer, numbers, distinct);
}

}  // namespace

CompressedLayer compress_width(Layer layer, const WidthOptions& options) {
  require_usable(layer, options);
  return options.keep == Keep::function ? keep_function(std::move(layer), options) : keep_sums(layer, options);
}

}  // namespace momentset::network
