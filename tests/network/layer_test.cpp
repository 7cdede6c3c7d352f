#include "momentset/network/layer.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "network/two_layer.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::network;

std::vector<double> counting(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

TEST(Layer, GivesEachObjectWhatItOwns) {
  // Two channels: kernels (2, 3) that make them, biases (2), kernels (2 out, 2, 2) that read them.
  const std::vector<double> incoming = counting(6), bias = {100, 101}, outgoing = counting(8);
  const std::vector<std::span<const double>> arrays = {incoming, bias, outgoing};
  const Layer layer = take_out({{1, 3, Role::incoming}, {1, 1, Role::incoming}, {2, 2, Role::outgoing}}, arrays, 2);
  EXPECT_EQ(layer.width(), 2u);
  const std::vector<double> expected = {0, 1, 2, 100, 0, 1, 4, 5, 3, 4, 5, 101, 2, 3, 6, 7};
  EXPECT_EQ(layer.objects.coordinates, expected);
  const std::vector<std::vector<double>> back = put_back(layer);
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0], incoming);
  EXPECT_EQ(back[1], bias);
  EXPECT_EQ(back[2], outgoing);
}

TEST(Layer, TakesObjectsWithAllTheyOwn) {
  const std::vector<double> values = counting(6), weights = {1, 2, 3};
  const std::vector<std::span<const double>> arrays = {values};
  const Layer layer = take_out({{2, 1, Role::outgoing}}, arrays, 3, weights);
  const std::vector<Index> numbers = {2, 0};
  const Layer taken = take(layer, numbers);
  EXPECT_EQ(put_back(taken)[0], (std::vector<double>{2, 0, 5, 3}));
  EXPECT_EQ(taken.objects.weights, (std::vector<double>{3, 1}));
}

TEST(Layer, FoldedWeightsLeaveTheFunction) {
  Layer layer = random_layer(1, 30);
  Random random(2);
  layer.objects.weights = uniform_values(random, 30, 0, 5);
  Layer folded = layer;
  fold_weights(folded);
  EXPECT_TRUE(folded.objects.weights.empty());
  EXPECT_LT(difference(layer, folded, tangent), 1e-14);
}

TEST(Layer, RejectsWhatDoesNotFit) {
  const std::vector<double> six = counting(6);
  const std::vector<std::span<const double>> arrays = {six};
  expect_error("width", "0", [&] { take_out({{1, 1, Role::incoming}}, arrays, 0); });
  expect_error("arrays", "6 elements in array 0", [&] { take_out({{1, 2, Role::incoming}}, arrays, 4); });
  expect_error("arrays", "one for each of the 2 shapes", [&] { take_out({{}, {}}, arrays, 3); });
  expect_error("shapes", "must have elements", [&] { take_out({{0, 1, Role::incoming}}, arrays, 3); });
  const std::vector<double> weights = {1, -1, 1};
  expect_error("weights", "row 1", [&] { take_out({{1, 2, Role::incoming}}, arrays, 3, weights); });
  Layer layer = take_out({{1, 2, Role::incoming}}, arrays, 3);
  expect_error("shapes", "outgoing", [&] { fold_weights(layer); });
  const std::vector<Index> beyond = {3};
  expect_error("numbers", "below the width, 3", [&] { take(layer, beyond); });
  layer.shapes.front().inner = 3;
  expect_error("objects", "2 coordinates", [&] { put_back(layer); });
}

}  // namespace
}  // namespace momentset::test
