#include "momentset/sketch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <stop_token>

#include "momentset/certificate.hpp"
#include "momentset/compress.hpp"
#include "sketch/streams.hpp"
#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

constexpr int order = 3;

Sketch small_sketch(std::size_t dimension, std::size_t size, int highest = order) {
  return Sketch(
      {.dimension = dimension, .size = size, .order = highest, .memory = least_sketch_memory(dimension, size)});
}

/// That its rows are rows of the stream and carry the moments of all, and that the certificate says so.
void expect_kept(const PointSet& stream, const StreamCoreset& coreset, std::size_t size, int highest) {
  const WeightedPoints points = stream.view();
  std::vector<Index> kept;
  ASSERT_LE(coreset.rows.size(), size);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    ASSERT_LT(coreset.rows[j], points.size());
    kept.push_back(Index(coreset.rows[j]));
    ASSERT_EQ(0, std::memcmp(points.point(kept.back()), coreset.points.view().point(j), 8 * points.dimension));
    ASSERT_GT(coreset.points.weights[j], 0);
  }
  const double allowed = residual_tolerance(feature_count(points.dimension, highest));
  EXPECT_LE(moment_residual(points, all_rows(stream), kept, coreset.points.weights, highest, 1), allowed);
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.to_json();
  EXPECT_EQ(coreset.certificate.tolerance, allowed);
}

class HardStream : public testing::TestWithParam<PointCase> {};

TEST_P(HardStream, KeepsTheMomentsOfTheWhole) {
  const PointSet& stream = GetParam().points;
  constexpr std::size_t size = 150;
  Sketch sketch = small_sketch(2, size);
  sketch.update(stream.view());
  EXPECT_EQ(sketch.rows_seen(), stream.view().size());
  EXPECT_LE(sketch.points_held(), 16 * size);
  expect_kept(stream, sketch.coreset(), size, order);
  expect_kept(stream, sketch.coreset(40), 40, order);
  sketch.compact();
  EXPECT_LE(sketch.points_held(), size);
  expect_kept(stream, sketch.coreset(), size, order);
}

TEST_P(HardStream, DoesNotDependOnHowItIsCutNorOnThreads) {
  const PointSet& stream = GetParam().points;
  const auto bytes = [&](int threads, std::size_t longest) {
    SketchOptions options = small_sketch(2, 100).options();
    options.threads = threads;
    Sketch sketch(options);
    Random random(longest);
    for (std::size_t begin = 0, end = 0; begin < stream.view().size(); begin = end) {
      end = std::min(stream.view().size(), begin + random.below(longest + 1));
      sketch.update(part(stream, begin, end));
    }
    return sketch.to_bytes();
  };
  const std::vector<std::uint8_t> whole = bytes(1, 1'000'000);
  EXPECT_EQ(with_threads(2, [&] { return bytes(2, 700); }), whole);
  EXPECT_EQ(with_threads(8, [&] { return bytes(8, 33); }), whole);
}

INSTANTIATE_TEST_SUITE_P(All, HardStream, testing::ValuesIn(hard_streams(20'000)),
                         [](const testing::TestParamInfo<PointCase>& info) { return info.param.name; });

/// The rows of updates and merges in the order of their numbers, with the weights that they have by now.
struct Reference {
  PointSet rows;

  void append(const PointSet& more) {
    rows.coordinates.insert(rows.coordinates.end(), more.coordinates.begin(), more.coordinates.end());
    rows.weights.insert(rows.weights.end(), more.weights.begin(), more.weights.end());
  }
};

PointSet random_batch(Random& random, std::size_t m) {
  const std::size_t count = random.below(300);
  const double centre = random.normal() * std::pow(10.0, random.uniform(-2, 3)),
               scale = std::pow(10.0, random.uniform(-3, 2));
  PointSet batch{{}, {}, m};
  for (std::size_t k = 0; k < count * m; ++k) batch.coordinates.push_back(centre + scale * random.normal());
  for (std::size_t k = 0; k < count; ++k) batch.weights.push_back(random.chance(0.1) ? 0 : random.uniform());
  return batch;
}

/// A random history: a sketch, and all of its rows.
Sketch random_history(Random& random, const SketchOptions& options, int depth, Reference& reference) {
  Sketch sketch(options);
  for (std::size_t step = random.below(8); step-- > 0;) {
    switch (random.below(depth > 0 ? 6 : 4)) {
      case 0:
        sketch.compact();
        break;
      case 1:
        sketch = Sketch::from_bytes(sketch.to_bytes());
        break;
      case 2: {
        const double factor = random.uniform(0.1, 1);
        sketch.decay(factor);
        for (double& weight : reference.rows.weights) weight *= factor;
        break;
      }
      case 3: {
        const PointSet batch = random_batch(random, options.dimension);
        sketch.update(batch.view());
        reference.append(batch);
        break;
      }
      default: {
        Reference theirs{{{}, {}, options.dimension}};
        SketchOptions other = options;
        other.size += random.below(2) * 7;
        other.memory = 2 * least_sketch_memory(other.dimension, other.size);
        sketch.merge(random_history(random, other, depth - 1, theirs));
        reference.append(theirs.rows);
      }
    }
  }
  return sketch;
}

// As a thousand workers would: docs/scale.md, bench_sketch --only tree.
TEST(Sketch, KeepsMomentsThroughATreeOfAThousandMerges) {
  constexpr std::size_t workers = 1000, rows = 60, size = 20;
  Random random(5);
  PointSet stream{{}, {}, 2};
  std::vector<std::vector<std::uint8_t>> level;
  for (std::size_t w = 0; w < workers; ++w) {
    const std::size_t begin = stream.coordinates.size() / 2;
    for (std::size_t k = 0; k < rows; ++k) {
      stream.coordinates.insert(stream.coordinates.end(), {random.normal() + 0.01 * double(w), random.normal()});
    }
    Sketch sketch = small_sketch(2, size);
    sketch.update(part(stream, begin, begin + rows));
    sketch.compact();
    level.push_back(sketch.to_bytes());
  }
  for (; level.size() > 1;) {
    std::vector<std::vector<std::uint8_t>> next;
    for (std::size_t k = 0; k < level.size(); k += 2) {
      Sketch merged = Sketch::from_bytes(level[k]);
      if (k + 1 < level.size()) merged.merge(Sketch::from_bytes(level[k + 1]));
      merged.compact();
      next.push_back(merged.to_bytes());
      EXPECT_LE(merged.points_held(), size);
      EXPECT_LT(next.back().size(), 2000u) << "what is sent does not grow with the rows";
    }
    level = std::move(next);
  }
  const Sketch whole = Sketch::from_bytes(level.front());
  EXPECT_EQ(whole.rows_seen(), workers * rows);
  expect_kept(stream, whole.coreset(), size, order);
}

TEST(Sketch, KeepsMomentsWhateverTheHistory) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::size_t m = random.between(1, 3);
    const int highest = int(random.below(4));
    const std::size_t size = feature_count(m, highest) * random.between(1, 3);
    Reference reference{{{}, {}, m}};
    const SketchOptions options{
        .dimension = m, .size = size, .order = highest, .seed = seed, .memory = least_sketch_memory(m, size)};
    const Sketch sketch = random_history(random, options, 3, reference);
    EXPECT_EQ(sketch.rows_seen(), reference.rows.view().size());
    double mass = 0;
    for (const double weight : reference.rows.weights) mass += weight;
    EXPECT_NEAR(sketch.mass(), mass, 1e-13 * mass);
    if (mass > 0) expect_kept(reference.rows, sketch.coreset(), size, highest);
  }
}

TEST(Sketch, MergesMany) {
  const PointSet stream = uniform_points(40'000, 2, 5);
  constexpr std::size_t parts = 16, size = 100;
  Sketch merged = small_sketch(2, size);
  for (std::size_t p = 0; p < parts; ++p) {
    Sketch sketch = small_sketch(2, size);
    sketch.update(part(stream, p * 2500, (p + 1) * 2500));
    sketch.compact();
    merged.merge(sketch);
  }
  expect_kept(stream, merged.coreset(), size, order);
}

TEST(Sketch, MergesWithItself) {
  const PointSet stream = uniform_points(3000, 2, 6);
  Sketch sketch = small_sketch(2, 50);
  sketch.update(stream.view());
  sketch.merge(sketch);
  EXPECT_EQ(sketch.rows_seen(), 6000u);
  EXPECT_NEAR(sketch.mass(), 6000, 1e-9);
  EXPECT_TRUE(sketch.certificate().holds());
}

TEST(Sketch, HandsOutAllRowsWhereTheyAreFew) {
  const PointSet stream{{1, 2, 3}, {5, 0, 7}, 1};
  Sketch sketch = small_sketch(1, 10);
  sketch.update(stream.view());
  const StreamCoreset coreset = sketch.coreset();
  EXPECT_EQ(coreset.rows, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(coreset.points.coordinates, (std::vector<double>{1, 3}));
  EXPECT_EQ(coreset.points.weights, (std::vector<double>{5, 7}));
  EXPECT_EQ(coreset.certificate.rows, 3u);
  EXPECT_EQ(coreset.certificate.mass_input, 12);
}

TEST(Sketch, KeepsEveryDistinctRowWhereTheseAreFew) {
  Random random(7);
  PointSet stream{{}, {}, 1};
  for (std::size_t i = 0; i < 20'000; ++i) stream.coordinates.push_back(double(random.below(20)));
  Sketch sketch = small_sketch(1, 40);
  sketch.update(stream.view());
  sketch.compact();
  const StreamCoreset coreset = sketch.coreset();
  std::vector<double> counts(20, 0), kept(20, 0);
  for (const double x : stream.coordinates) counts[std::size_t(x)] += 1;
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    kept[std::size_t(coreset.points.coordinates[j])] += coreset.points.weights[j];
  }
  for (std::size_t v = 0; v < 20; ++v) EXPECT_NEAR(kept[v], counts[v], 1e-9 * counts[v]) << v;
}

TEST(Sketch, ForgetsExponentially) {
  Sketch sketch = small_sketch(1, 20);
  Random random(8);
  double mean = 0, mass = 0;
  for (int batch = 0; batch < 400; ++batch) {
    const PointSet rows{uniform_values(random, 100, batch, batch + 1), {}, 1};
    sketch.decay(0.9);
    sketch.update(rows.view());
    double sum = 0;
    for (const double x : rows.coordinates) sum += x;
    mean = (0.9 * mass * mean + sum) / (0.9 * mass + 100);
    mass = 0.9 * mass + 100;
  }
  EXPECT_NEAR(sketch.mass(), 1000, 1e-9);  // 100 / (1 - 0.9)
  const StreamCoreset coreset = sketch.coreset();
  double sum = 0;
  for (std::size_t j = 0; j < coreset.rows.size(); ++j)
    sum += coreset.points.weights[j] * coreset.points.coordinates[j];
  EXPECT_NEAR(sum / 1000, mean, 1e-10);
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.to_json();
}

TEST(Sketch, ForgetsEverything) {
  Sketch sketch = small_sketch(1, 20);
  const std::vector<std::uint8_t> empty = sketch.to_bytes();
  sketch.update(uniform_points(5000, 1, 9).view());
  sketch.reset();
  EXPECT_EQ(sketch.to_bytes(), empty);
  sketch.update(PointSet{{1}, {}, 1}.view());
  for (int k = 0; k < 200; ++k) sketch.decay(1e-3);
  EXPECT_EQ(sketch.points_held(), 0u);
  expect_error("sketch", "no row", [&] { sketch.coreset(); });
}

TEST(Sketch, TakesTheCallersNumbers) {
  Sketch sketch = small_sketch(1, 10);
  const std::vector<std::uint64_t> numbers{std::uint64_t(1) << 63, 5, 0};
  sketch.update(PointSet{{1, 2, 3}, {}, 1}.view(), numbers);
  EXPECT_EQ(sketch.coreset().rows, (std::vector<std::uint64_t>{0, 5, std::uint64_t(1) << 63}));
  EXPECT_EQ(Sketch::from_bytes(sketch.to_bytes()).coreset().rows, sketch.coreset().rows);
  expect_error("rows", "with all updates or with none", [&] { sketch.update(PointSet{{1}, {}, 1}.view()); });
  Sketch other = small_sketch(1, 10);
  other.update(PointSet{{1}, {}, 1}.view());
  expect_error("rows", "numbered as in the sketch", [&] { sketch.merge(other); });
}

TEST(Sketch, RefusesWhatItCannotTake) {
  const auto sketch = [](SketchOptions options) { return [options] { Sketch{options}; }; };
  expect_error("columns", "at least one", sketch({.dimension = 0, .size = 10}));
  expect_error("columns", "one for each of the 2", sketch({.dimension = 2, .columns = {"a"}, .size = 100}));
  expect_error("size", "needs a size of at least 56", sketch({.dimension = 3, .size = 55, .order = 5}));
  expect_error("size", "at least 1", sketch({.dimension = 3, .size = 0}));
  expect_error("order", "negative", sketch({.dimension = 3, .size = 100, .order = -1}));
  expect_error("memory", "must be at least", sketch({.dimension = 3, .size = 100, .memory = 1000}));
  expect_error("threads", "negative", sketch({.dimension = 3, .size = 100, .threads = -1}));

  Sketch own = small_sketch(2, 20, 2);
  const std::vector<std::uint8_t> before = own.to_bytes();
  expect_error("points", "2 columns", [&] { own.update(uniform_points(3, 1, 1).view()); });
  expect_error("points", "row 0, coordinate 1", [&] { own.update(PointSet{{1, INFINITY}, {}, 2}.view()); });
  expect_error("weights", "not negative", [&] { own.update(PointSet{{1, 2}, {-1}, 2}.view()); });
  expect_error("rows", "one for each", [&] {
    own.update(PointSet{{1, 2}, {}, 2}.view(), std::vector<std::uint64_t>{1, 2});
  });
  expect_error("factor", "at most 1", [&] { own.decay(1.5); });
  expect_error("size", "between 6", [&] { own.coreset(5); });
  expect_error("size", "20", [&] { own.coreset(21); });
  expect_error("sketch", "no row", [&] { own.coreset(); });
  EXPECT_EQ(own.to_bytes(), before);
  own.update(PointSet{{1, 2}, {1e308}, 2}.view());
  expect_error("weights", "must be finite", [&] { own.update(PointSet{{1, 2}, {1e308}, 2}.view()); });
}

TEST(Sketch, RefusesToMergeAnotherConfiguration) {
  Sketch own({.dimension = 2, .columns = {"x", "y"}, .size = 50, .order = 3});
  expect_error("columns", "3: must be as in the sketch that it is merged into, 2",
               [&] { own.merge(small_sketch(3, 50)); });
  expect_error("order", "2: must be as", [&] { own.merge(small_sketch(2, 50, 2)); });
  expect_error("columns", "x, z: must be as", [&] {
    own.merge(Sketch({.dimension = 2, .columns = {"x", "z"}, .size = 50, .order = 3}));
  });
  EXPECT_NO_THROW(own.merge(small_sketch(2, 99)));
}

TEST(Sketch, IsSoundWhenStopped) {
  const PointSet stream = uniform_points(20'000, 2, 10);
  std::stop_source source;
  source.request_stop();
  Sketch sketch = small_sketch(2, 60);
  EXPECT_THROW(sketch.update(stream.view(), {}, source.get_token()), Cancelled);
  const std::size_t taken = std::size_t(sketch.rows_seen());
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, 20'000u);
  sketch.update(part(stream, taken, 20'000));
  expect_kept(stream, sketch.coreset(), 60, order);
}

// Cells of one sketch are no worse than those of compress(), which sees all rows at once.
TEST(Sketch, IsAboutAsGoodAsSeeingEverything) {
  const auto error = [](const WeightedPoints& all, const WeightedPoints& kept) {
    double worst = 0;
    for (int f = 0; f < 8; ++f) {
      const auto mean = [&](const WeightedPoints& points) {
        double sum = 0, mass = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
          sum += points.weight(i) * std::cos((1 + 0.2 * f) * points.point(i)[0] + (2 - 0.3 * f) * points.point(i)[1]);
          mass += points.weight(i);
        }
        return sum / mass;
      };
      worst = std::max(worst, std::abs(mean(all) - mean(kept)));
    }
    return worst;
  };
  double ratio = 1;
  constexpr int trials = 6;
  for (int t = 0; t < trials; ++t) {
    const PointSet stream = uniform_points(50'000, 2, std::uint64_t(t));
    Sketch sketch({.dimension = 2, .size = 400, .order = order});
    sketch.update(stream.view());
    const Coreset once = compress(stream.view(), {.size = 400, .order = order, .method = Method::tree});
    PointSet kept{{}, once.weights, 2};
    for (const Index row : once.rows)
      kept.coordinates.insert(kept.coordinates.end(), stream.view().point(row), stream.view().point(row) + 2);
    const StreamCoreset coreset = sketch.coreset();
    ratio *= error(stream.view(), coreset.points.view()) / error(stream.view(), kept.view());
  }
  EXPECT_LT(std::pow(ratio, 1.0 / trials), 4);
}

}  // namespace
}  // namespace momentset::test
