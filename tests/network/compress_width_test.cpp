#include "momentset/network/compress_width.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "network/two_layer.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::network;

/// The first `size` objects of a random layer, each standing for as many as it takes: a random subnetwork.
Layer random_subnetwork(const Layer& layer, std::size_t size) {
  std::vector<Index> numbers(size);
  for (std::size_t j = 0; j < size; ++j) numbers[j] = Index(j);
  Layer subnetwork = take(layer, numbers);
  subnetwork.objects.weights.assign(size, double(layer.width()) / double(size));
  return subnetwork;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

TEST(CompressWidth, KeepsWholeObjectsAndTheirMomentsForTheDynamics) {
  const Layer wide = random_layer(11, 3000);
  const CompressedLayer small = compress_width(wide, {.size = 300, .order = 4});
  EXPECT_TRUE(small.coreset.certificate.holds());
  EXPECT_EQ(small.coreset.certificate.order, 4);
  ASSERT_EQ(small.layer.width(), 300u);
  EXPECT_EQ(small.distinct, 3000u);
  EXPECT_EQ(small.layer.objects.coordinates, take(wide, small.numbers).objects.coordinates);
  EXPECT_NEAR(sum(small.layer.objects.weights), 3000, 1e-9);
  const double random = difference(wide, random_subnetwork(wide, 300), tangent);
  EXPECT_LT(difference(wide, small.layer, tangent), random / 8);
}

TEST(CompressWidth, IsCloserWhereOnlyTheFunctionIsKept) {
  const Layer wide = random_layer(12, 3000);
  const double dynamics = difference(wide, compress_width(wide, {.size = 300, .order = 3}).layer, tangent);
  const CompressedLayer small =
      compress_width(wide, {.size = 300, .keep = Keep::function, .symmetry = Symmetry::odd, .order = 5});
  EXPECT_EQ(small.layer.width(), 300u);
  EXPECT_LT(difference(wide, small.layer, tangent), dynamics / 3);
}

TEST(CompressWidth, FindsTheObjectsThatMakeTheFunction) {
  // Each of 20 neurons in several disguises: what is left is 20 neurons with the same function.
  Random random(13);
  for (const Symmetry symmetry : {Symmetry::none, Symmetry::odd, Symmetry::homogeneous}) {
    const Activation s = symmetry == Symmetry::homogeneous ? relu : tangent;
    Layer wide = repeated(random_layer(14, 20), std::vector<std::size_t>(20, 9));
    for (std::size_t i = 0; i < wide.width(); ++i) {
      double* object = wide.objects.coordinates.data() + i * object_size;
      double factor = 1;
      if (symmetry == Symmetry::odd && random.chance(0.5)) factor = -1;
      if (symmetry == Symmetry::homogeneous) factor = random.chance(0.5) ? 1 : 8;  // exact in binary
      for (std::size_t a = 0; a < 3; ++a) object[a] *= factor;
      for (std::size_t a = 3; a < object_size; ++a) object[a] = random.normal();  // outgoing weights differ
    }
    const CompressedLayer small = compress_width(wide, {.size = 60, .keep = Keep::function, .symmetry = symmetry});
    EXPECT_EQ(small.distinct, 20u);
    EXPECT_EQ(small.layer.width(), 20u);
    EXPECT_LT(difference(wide, small.layer, s), 1e-13 * double(wide.width()));
    EXPECT_NEAR(sum(small.layer.objects.weights), double(wide.width()), 1e-9);
  }
}

TEST(CompressWidth, KeepsOutputsOnData) {
  // Contributions v_i s(w_i x + b_i) of each object to both outputs at 20 inputs.
  const Layer wide = random_layer(15, 400);
  Random random(16);
  const std::size_t inputs = 20;
  const std::vector<double> x = uniform_values(random, 2 * inputs, -1, 1);
  std::vector<double> contributions;
  for (std::size_t i = 0; i < wide.width(); ++i) {
    const std::vector<Index> one = {Index(i)};
    for (std::size_t t = 0; t < inputs; ++t) {
      const std::vector<double> y = output(take(wide, one), std::span(x).subspan(2 * t, 2), relu);
      contributions.insert(contributions.end(), y.begin(), y.end());
    }
  }
  const CompressedLayer small =
      compress_width(wide, {.size = 2 * inputs + 1, .keep = Keep::outputs, .contributions = contributions});
  EXPECT_LE(small.layer.width(), 2 * inputs + 1);
  for (std::size_t t = 0; t < inputs; ++t) {
    const std::span<const double> at = std::span(x).subspan(2 * t, 2);
    const std::vector<double> expected = output(wide, at, relu), found = output(small.layer, at, relu);
    for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(found[k], expected[k], 1e-11);
  }
}

TEST(CompressWidth, TakesWeightsOfALayerThatWasCompressedBefore) {
  const Layer wide = random_layer(17, 2000);
  const CompressedLayer first = compress_width(wide, {.size = 700, .order = 3});
  const CompressedLayer second = compress_width(first.layer, {.size = 300, .order = 3});
  EXPECT_NEAR(sum(second.layer.objects.weights), 2000, 1e-9);
  EXPECT_LT(difference(wide, second.layer, tangent), difference(wide, random_subnetwork(wide, 300), tangent) / 5);
}

TEST(CompressWidth, RejectsWhatCannotBeMet) {
  const Layer layer = random_layer(18, 50);
  expect_error("size", "at most the width, 50", [&] { compress_width(layer, {.size = 51}); });
  expect_error("size", "at least 1", [&] { compress_width(layer, {}); });
  expect_error("size", "order 3 in 5 columns", [&] { compress_width(layer, {.size = 10, .order = 3}); });
  expect_error("symmetry", "function only", [&] { compress_width(layer, {.size = 9, .symmetry = Symmetry::odd}); });
  const std::vector<double> contributions(75, 1.0);
  expect_error("contributions", "for each of the 50 objects",
               [&] { compress_width(layer, {.size = 9, .keep = Keep::outputs, .contributions = contributions}); });
  expect_error("contributions", "outputs only",
               [&] { compress_width(layer, {.size = 9, .contributions = contributions}); });
  expect_error("order", "not for keeping outputs", [&] {
    compress_width(layer,
                   {.size = 9, .keep = Keep::outputs, .order = 1, .contributions = std::span(contributions).first(50)});
  });
  Layer incoming = layer;
  incoming.shapes = {{1, object_size, Role::incoming}};
  expect_error("shapes", "outgoing", [&] { compress_width(incoming, {.size = 9, .keep = Keep::function}); });
}

}  // namespace
}  // namespace momentset::test
