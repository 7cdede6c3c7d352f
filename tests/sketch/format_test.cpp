// Bytes of sketches: what was written is read back, and nothing else is taken for a sketch.

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "momentset/sketch.hpp"
#include "sketch/bytes.hpp"
#include "sketch/router.hpp"
#include "sketch/streams.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using sketch::ByteReader;
using sketch::ByteWriter;
using sketch::Router;
using Bytes = std::vector<std::uint8_t>;

Sketch made(std::size_t rows) {
  Sketch sketch({.dimension = 2, .columns = {"x", "y"}, .size = 20, .order = 2, .memory = least_sketch_memory(2, 20)});
  if (rows > 0) sketch.update(uniform_points(rows, 2, 1).view());
  return sketch;
}

TEST(SketchBytes, GoOnAsIfNothingHadHappened) {
  const PointSet more = uniform_points(3000, 2, 2);
  for (const std::size_t rows : {0, 1, 100, 319, 320, 321, 5000}) {
    Sketch sketch = made(rows);
    const Bytes bytes = sketch.to_bytes();
    Sketch read = Sketch::from_bytes(bytes);
    EXPECT_EQ(read.to_bytes(), bytes);
    EXPECT_EQ(read.options(), sketch.options());
    EXPECT_EQ(read.rows_seen(), rows);
    sketch.update(more.view());
    read.update(more.view());
    EXPECT_EQ(read.to_bytes(), sketch.to_bytes());
  }
}

// Written by the first version of the format. Never to be written anew: a later version reads it as this one does.
TEST(SketchBytes, OfVersion1AreRead) {
  std::ifstream file(std::string(MOMENTSET_TESTS_FOLDER) + "/sketch/version1.sketch", std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Sketch sketch = Sketch::from_bytes(bytes);
  // 500 rows (k mod 7, k mod 11) that weigh 1 + k mod 3: six sums worked out in integers.
  EXPECT_EQ(sketch.rows_seen(), 500u);
  EXPECT_EQ(sketch.options().columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(sketch.options().order, 2);
  EXPECT_EQ(sketch.options().size, 12u);
  EXPECT_EQ(sketch.options().seed, 7u);
  const StreamCoreset coreset = sketch.coreset();
  EXPECT_LE(coreset.rows.size(), 12u);
  double expected[6] = {}, found[6] = {};
  const auto add = [](double(&sums)[6], double weight, double x, double y) {
    const double terms[] = {1, x, y, x * x, x * y, y * y};
    for (int k = 0; k < 6; ++k) sums[k] += weight * terms[k];
  };
  for (int k = 0; k < 500; ++k) add(expected, 1 + k % 3, k % 7, k % 11);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    const double* x = coreset.points.view().point(j);
    EXPECT_EQ(x[0], double(coreset.rows[j] % 7));
    EXPECT_EQ(x[1], double(coreset.rows[j] % 11));
    add(found, coreset.points.weights[j], x[0], x[1]);
  }
  for (int k = 0; k < 6; ++k) EXPECT_NEAR(found[k], expected[k], 1e-12 * expected[k]);
  EXPECT_TRUE(coreset.certificate.holds());
}

TEST(SketchBytes, TakeLittleMoreThanTheNumbers) {
  Sketch sketch({.dimension = 3, .size = 2000, .order = 3});
  sketch.update(uniform_points(300'000, 3, 3).view());
  sketch.compact();
  const double numbers = double(sketch.points_held()) * 8 * (3 + 1);
  EXPECT_LT(double(sketch.to_bytes().size()), 1.2 * numbers);
}

void expect_refused(const Bytes& bytes) {
  try {
    Sketch::from_bytes(bytes);
    ADD_FAILURE() << "taken for a sketch";
  } catch (const Error& error) {
    EXPECT_FALSE(error.field().empty());
  }
}

TEST(SketchBytes, AreRefusedWhereTheyAreDamaged) {
  const Bytes bytes = made(700).to_bytes();
  expect_error("sketch", "not those of a sketch", [] { Sketch::from_bytes(Bytes{}); });
  expect_error("sketch", "not those of a sketch", [] { Sketch::from_bytes(Bytes(1000, 'x')); });
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 50)
    expect_refused(Bytes(bytes.begin(), bytes.begin() + std::ptrdiff_t(size)));
  Bytes longer = bytes;
  longer.push_back(0);
  expect_refused(longer);
  Random random(4);
  for (int trial = 0; trial < 2000; ++trial) {
    Bytes damaged = bytes;
    damaged[random.below(bytes.size())] ^= std::uint8_t(1 << random.below(8));
    expect_refused(damaged);
  }
}

/// With the checksum that such bytes would have.
Bytes sealed(const Bytes& bytes) {
  ByteWriter out;
  out.bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size() - 8});
  return std::move(out).sealed();
}

// Whoever computes the checksum can write anything. What comes of it is a sketch that works, or an Error; never a crash
// nor memory beyond what the bytes would fill.
TEST(SketchBytes, DoNoHarmWhereTheyAreForged) {
  const Bytes bytes = made(700).to_bytes();
  Random random(5);
  int refused = 0;
  constexpr int trials = 20'000;
  for (int trial = 0; trial < trials; ++trial) {
    Bytes forged = bytes;
    for (std::size_t changes = random.between(1, 3); changes-- > 0;) {
      const std::size_t place = random.chance(0.5) ? random.below(200) : random.below(forged.size());
      switch (random.below(3)) {
        case 0:
          forged[place] = std::uint8_t(random.bits());
          break;
        case 1:
          forged[place] = random.chance(0.5) ? 0 : 255;
          break;
        default:
          forged.erase(forged.begin() + std::ptrdiff_t(place));
      }
    }
    try {
      const Sketch sketch = Sketch::from_bytes(sealed(forged));
      EXPECT_EQ(Sketch::from_bytes(sketch.to_bytes()).to_bytes(), sketch.to_bytes());
      if (sketch.points_held() > 0 && trial % 50 == 0) sketch.coreset();
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, trials / 4);
}

TEST(SketchBytes, OfAnotherVersionAreRefused) {
  Bytes bytes = made(5).to_bytes();
  bytes[16] = 2;
  expect_error("sketch", "format version 2: must be 1", [&] { Sketch::from_bytes(sealed(bytes)); });
}

TEST(ByteReader, ReadsWhatWasWritten) {
  ByteWriter out;
  const std::vector<std::uint64_t> numbers{0, 1, 127, 128, 16383, 16384, std::uint64_t(1) << 63, ~std::uint64_t(0)};
  for (const std::uint64_t number : numbers) out.varint(number);
  out.u32(0x01020304);
  out.f64(-0.0);
  const Bytes bytes = std::move(out).sealed();
  const std::size_t end = bytes.size() - 8;
  EXPECT_EQ(Bytes(bytes.begin() + std::ptrdiff_t(end) - 12, bytes.begin() + std::ptrdiff_t(end) - 8),
            (Bytes{4, 3, 2, 1}));
  ByteReader in(bytes);
  for (const std::uint64_t number : numbers) EXPECT_EQ(in.varint(), number);
  EXPECT_EQ(in.u32(), 0x01020304u);
  EXPECT_TRUE(std::signbit(in.f64()));
  EXPECT_TRUE(in.done());
  expect_error("sketch", "end too early", [&] { in.u32(); });
}

TEST(Router, MakesCellsOfEqualMass) {
  Random random(6);
  sketch::Atoms atoms{2, {}, weights_over_decades(random, 20'000, -2, 0)};
  for (std::size_t k = 0; k < atoms.size(); ++k) {
    atoms.coordinates.insert(atoms.coordinates.end(), {random.normal(), random.chance(0.01) ? 1e6 : random.uniform()});
  }
  const Router router(atoms, 50);
  ASSERT_EQ(router.cells(), 50u);
  std::vector<double> masses(50, 0);
  double all = 0;
  for (std::size_t k = 0; k < atoms.size(); ++k) {
    masses[router.find(&atoms.coordinates[2 * k])] += atoms.masses[k];
    all += atoms.masses[k];
  }
  for (const double mass : masses) EXPECT_NEAR(mass, all / 50, 0.05 * all / 50);
  EXPECT_EQ(Router(router.tree().nodes, 2).tree().nodes, router.tree().nodes);
}

TEST(Router, LeavesEqualAtomsTogether) {
  const sketch::Atoms equal{1, std::vector<double>(100, 3.0), std::vector<double>(100, 1.0)};
  EXPECT_EQ(Router(equal, 10).cells(), 1u);
  const sketch::Atoms two{1, {1, 1, 1, 2}, {1, 1, 1, 1}};
  const Router router(two, 4);
  EXPECT_EQ(router.cells(), 2u);
  const double one = 1, other = 2;
  EXPECT_NE(router.find(&one), router.find(&other));
}

TEST(Router, RefusesWhatIsNoTree) {
  const std::vector<Router::Node> tree = {{0, 2, 0.5}, {0, 0, 0}, {1, 4, 0.5}, {1, 0, 0}, {2, 0, 0}};
  EXPECT_EQ(Router(tree, 2).cells(), 3u);
  expect_error("sketch", "binary tree", [] { Router(std::vector<Router::Node>{}, 2); });
  for (std::size_t k = 0; k < tree.size(); ++k) {
    for (const std::uint32_t right : {0u, 1u, 2u, 3u, 4u, 5u, 6u}) {
      for (const std::uint32_t axis : {0u, 1u, 2u, 3u}) {
        std::vector<Router::Node> other = tree;
        other[k].right = right;
        other[k].axis = axis;
        if ((right == tree[k].right) && (axis == tree[k].axis || (right != 0 && axis < 2))) continue;
        expect_error("sketch", "binary tree", [&] { Router(other, 2); });
      }
    }
  }
}

}  // namespace
}  // namespace momentset::test
