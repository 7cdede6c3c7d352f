#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::doubles;
using testing::Doubles;
using testing::integers;
using testing::IpcKind;
using testing::Names;
using testing::read;
using testing::read_error;
using testing::save_ipc;
using testing::save_parquet;
using testing::table;
using testing::texts;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class Read : public testing::FileTest {
 protected:
  /// 1,000 rows of a = i, b = -i / 2 in small row groups and batches.
  static std::shared_ptr<arrow::Table> thousand() {
    Doubles a(1000), b(1000);
    for (std::size_t i = 0; i < 1000; ++i) {
      a[i] = static_cast<double>(i);
      b[i] = -a[i] / 2;
    }
    return table({"a", "name", "b"}, {doubles(a), texts(Names(1000, "x")), doubles(b)});
  }
  static void expect_thousand(const Features& features) {
    ASSERT_EQ(features.points.coordinates.size(), 2000U);
    EXPECT_EQ(features.columns, (Names{"a", "b"}));
    for (std::size_t i = 0; i < 1000; ++i) {
      ASSERT_EQ(features.points.coordinates[2 * i], static_cast<double>(i));
      ASSERT_EQ(features.points.coordinates[2 * i + 1], -static_cast<double>(i) / 2);
    }
    EXPECT_EQ(features.position(7), 7U);
    EXPECT_EQ(features.row_name(7), 7);
    EXPECT_EQ(features.dropped, 0U);
  }
};

// Batch by batch the same rows come as all at once, from whatever row on.
TEST_F(Read, ReadsBatches) {
  auto rows = thousand();
  save_parquet(path("a.pq"), *rows, 70);
  save_parquet(path("b.pq"), *rows, 300);
  const Table both = Table::open({path("a.pq"), path("b.pq")});
  const Features whole = both.read();
  for (const std::int64_t first : {0, 1, 70, 999, 1000, 1234, 2000}) {
    auto next = static_cast<std::size_t>(first);
    both.read_batches({}, first, [&](const Features& batch, std::int64_t first_row) {
      EXPECT_EQ(batch.columns, whole.columns);
      for (std::size_t k = 0; k < batch.points.view().size(); ++k, ++next) {
        EXPECT_EQ(static_cast<std::size_t>(first_row) + batch.position(k), next);
        EXPECT_EQ(batch.points.view().point(k)[0], whole.points.view().point(next)[0]);
        EXPECT_EQ(batch.points.view().point(k)[1], whole.points.view().point(next)[1]);
      }
      return true;
    });
    EXPECT_EQ(next, 2000U);
  }
  int all = 0, taken = 0;
  both.read_batches({}, 0, [&](const Features&, std::int64_t) { return ++all > 0; });
  both.read_batches({}, 0, [&](const Features&, std::int64_t) { return ++taken < all - 1; });
  EXPECT_GT(all, 1);
  EXPECT_EQ(taken, all - 1);
}

// 2,000 rows of two numbers are 32,000 bytes, whether the format states its rows or not.
TEST_F(Read, GivesUpWhereMemoryHasNoRoom) {
  save_parquet(path("a.pq"), *thousand(), 70);
  save_ipc(path("a.ipc"), *thousand(), IpcKind::stream, 70);
  for (const std::string name : {"a.pq", "a.ipc"}) {
    const Table both = Table::open({path(name), path(name)});
    EXPECT_FALSE(both.read_within(31'999, {}));
    const std::optional<Features> features = both.read_within(32'000, {});
    ASSERT_TRUE(features);
    EXPECT_EQ(features->points.coordinates, both.read().points.coordinates);
    EXPECT_FALSE(both.read_within(31'999, {.columns = {"a"}, .targets = {"b"}}));
    EXPECT_TRUE(both.read_within(32'000, {.columns = {"a"}, .targets = {"b"}}));
  }
}

// However many rows one row group has.
TEST_F(Read, HoldsFewRowsAtATime) {
  constexpr std::size_t rows = 300'000;
  save_parquet(path("a.pq"), *table({"a"}, {doubles(Doubles(rows, 1))}), rows);
  std::size_t most = 0, all = 0;
  Table::open({path("a.pq")}).read_batches({}, 0, [&](const Features& batch, std::int64_t) {
    most = std::max(most, batch.points.view().size());
    all += batch.points.view().size();
    return true;
  });
  EXPECT_EQ(all, rows);
  EXPECT_LE(most, 65'536U);
}

TEST_F(Read, LeavesRowsOutOfBatches) {
  save_parquet(path("a.pq"), *table({"a", "w"}, {doubles({1, nan, 3, 4, nan}), doubles({1, 1, 0, 2, 1})}), 2);
  Doubles values, weights;
  std::vector<std::int64_t> rows;
  std::size_t dropped = 0;
  Table::open({path("a.pq")})
      .read_batches({.weights = "w", .drop_invalid = true}, 1, [&](const Features& batch, std::int64_t first_row) {
        for (std::size_t k = 0; k < batch.points.view().size(); ++k) {
          values.push_back(batch.points.coordinates[k]);
          weights.push_back(batch.points.weights[k]);
          rows.push_back(first_row + static_cast<std::int64_t>(batch.position(k)));
        }
        dropped += batch.dropped;
        return true;
      });
  EXPECT_EQ(values, (Doubles{3, 4}));
  EXPECT_EQ(weights, (Doubles{0, 2}));
  EXPECT_EQ(rows, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(dropped, 2U);
}

TEST_F(Read, ReadsParquetAndBothKindsOfIpc) {
  save_parquet(path("a.pq"), *thousand(), 70);
  expect_thousand(read({path("a.pq")}));
  save_ipc(path("a.feather"), *thousand(), IpcKind::file, 70);
  expect_thousand(read({path("a.feather")}));
  save_ipc(path("a.ipc"), *thousand(), IpcKind::stream, 70);
  expect_thousand(read({path("a.ipc")}));
}

TEST_F(Read, GivesTheSameForAnyNumberOfThreads) {
  save_parquet(path("a.parquet"), *thousand(), 70);
  for (const int threads : {1, 2, 5, 0}) {
    set_threads(threads);
    expect_thousand(read({path("a.parquet")}));
  }
}

TEST_F(Read, CountsRowsOnOverSeveralFiles) {
  put("part-2.csv", "b,a\n30,3\n40,4\n");
  put("part-1.csv", "a,b\n1,10\n2,20\n");
  put("part-3.csv", "a,b\n5.5,50\n");
  const auto opened = Table::open({path("part-*.csv")});
  EXPECT_EQ(opened.files(), (Names{path("part-1.csv"), path("part-2.csv"), path("part-3.csv")}));
  EXPECT_EQ(opened.columns()[0].type, "double") << "integers and fractions make doubles";
  EXPECT_EQ(opened.read().points.coordinates, (Doubles{1, 10, 2, 20, 3, 30, 4, 40, 5.5, 50}));
  EXPECT_EQ(read({path("part-3.csv"), path("part-1.csv")}).points.coordinates, (Doubles{5.5, 50, 1, 10, 2, 20}));
}

TEST_F(Read, NamesRowAndFileOfBadValues) {
  put("a.csv", "a,b\n1,10\n2,20\n");
  put("b.csv", "a,b\n1,10\n2,nan\n");
  EXPECT_CONTAINS(read_error({path("a.csv"), path("b.csv")}), "b: empty or nan: must be a finite number");
  EXPECT_CONTAINS(read_error({path("a.csv"), path("b.csv")}), "(row 3, line 3 of " + path("b.csv") + ")");
  save_parquet(path("a.parquet"), *table({"a"}, {doubles({1, 2})}));
  save_parquet(path("b.parquet"), *table({"a"}, {doubles({1, -INFINITY})}));
  EXPECT_CONTAINS(read_error({path("?.parquet")}), "a: -inf: must be a finite number");
  EXPECT_CONTAINS(read_error({path("?.parquet")}), "(row 3, row 1 of " + path("b.parquet") + ")");
  put("c.csv", "a,b\n1,10\n2,x\n3,4\n4,5\n");
  EXPECT_EQ(read_error({path("a.csv"), path("c.csv")}), "b: 'x': must be a number (line 3 of " + path("c.csv") + ")");
}

TEST_F(Read, NamesTheFirstBadRow) {
  save_parquet(path("a.parquet"), *table({"a", "b"}, {doubles({1, 2, nan}), doubles({1, nan, 2})}));
  EXPECT_CONTAINS(read_error({path("a.parquet")}), "b: nan: ");
  EXPECT_CONTAINS(read_error({path("a.parquet")}), "(row 1)");
}

TEST_F(Read, DropsInvalidRowsAndKnowsWhereTheOthersWere) {
  Doubles a(1000), weights(1000, 2.0);
  std::iota(a.begin(), a.end(), 0.5);
  a[0] = a[999] = INFINITY;
  a[500] = nan;
  weights[501] = nan;
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues(weights).ok() && builder.AppendNull().ok());
  a.push_back(7);
  save_parquet(path("a.parquet"), *table({"a", "w"}, {doubles(a), builder.Finish().ValueOrDie()}), 100);
  const auto features = read({path("a.parquet")}, {.weights = "w", .drop_invalid = true});
  EXPECT_EQ(features.dropped, 5U);
  ASSERT_EQ(features.points.view().size(), 996U);
  EXPECT_EQ(features.points.weights.size(), 996U);
  EXPECT_EQ(features.position(0), 1U);
  EXPECT_EQ(features.position(498), 499U);
  EXPECT_EQ(features.position(499), 502U);
  EXPECT_EQ(features.position(995), 998U);
  for (std::size_t i = 0; i < 996; ++i) ASSERT_EQ(features.points.coordinates[i], a[features.position(i)]);
  EXPECT_CONTAINS(read_error({path("a.parquet")}, {.columns = {"a"}, .weights = "w"}), "a: inf: ");
}

TEST_F(Read, KnowsPositionsWhenOnlyALaterBatchDrops) {
  Doubles a(300, 1.0);
  a[299] = nan;
  save_parquet(path("a.parquet"), *table({"a"}, {doubles(a)}), 100);
  const auto features = read({path("a.parquet")}, {.drop_invalid = true});
  ASSERT_EQ(features.positions.size(), 299U);
  EXPECT_EQ(features.position(0), 0U);
  EXPECT_EQ(features.position(298), 298U);
}

TEST_F(Read, RefusesToDropEverything) {
  EXPECT_EQ(read_error({put("a.csv", "a\nnan\ninf\n")}, {.drop_invalid = true}),
            path("a.csv") + ": has no valid row: all 2 were dropped");
}

TEST_F(Read, ReadsWeights) {
  const auto file = put("a.csv", "a,w\n1,0\n2,0.5\n3,2\n");
  const auto features = read({file}, {.weights = "w"});
  EXPECT_EQ(features.columns, Names{"a"});
  EXPECT_EQ(features.weight_column, "w");
  EXPECT_EQ(features.points.weights, (Doubles{0, 0.5, 2}));
  EXPECT_EQ(read({file}).columns, (Names{"a", "w"})) << "an ordinary column unless it is named";
  const auto both = read({file}, {.columns = {"w", "a"}, .weights = "w"});
  EXPECT_EQ(both.points.coordinates, (Doubles{0, 1, 0.5, 2, 2, 3}));
  EXPECT_EQ(both.points.weights, (Doubles{0, 0.5, 2}));
}

TEST_F(Read, RefusesBadWeights) {
  EXPECT_EQ(read_error({put("a.csv", "a,w\n1,1\n2,-0.5\n")}, {.weights = "w"}),
            "w: -0.5: weight must be 0 or more (row 1, line 3 of " + path("a.csv") + ")");
  EXPECT_EQ(read_error({put("a.csv", "a,w\n1,0\n2,0\n")}, {.weights = "w"}),
            "w: 0: at least one weight must be positive");
  EXPECT_CONTAINS(read_error({put("a.csv", "a,w\n1,1\n2,\n")}, {.weights = "w"}),
                  "w: empty or nan: must be a finite number");
}

TEST_F(Read, RefusesFilesThatDoNotMatch) {
  put("a.csv", "a,b\n1,2\n");
  put("b.csv", "a,c\n1,2\n");
  put("c.csv", "a,b,c\n1,2,3\n");
  put("d.csv", "a\n1\n");
  EXPECT_EQ(read_error({path("a.csv"), path("b.csv")}),
            path("b.csv") + ": b: column is missing, " + path("a.csv") + " has it");
  EXPECT_EQ(read_error({path("a.csv"), path("c.csv")}),
            path("c.csv") + ": c: is a column that " + path("a.csv") + " does not have");
  EXPECT_EQ(read_error({path("a.csv"), path("d.csv")}),
            path("d.csv") + ": b: column is missing, " + path("a.csv") + " has it");
  save_parquet(path("a.parquet"), *table({"a"}, {doubles({1})}));
  save_parquet(path("b.parquet"), *table({"a"}, {integers({1})}));
  EXPECT_EQ(read_error({path("a.parquet"), path("b.parquet")}),
            path("b.parquet") + ": a: column must be double as in " + path("a.parquet") + ", is int64");
  EXPECT_EQ(read_error({path("a.csv"), path("a.parquet")}),
            path("a.parquet") + ": must be of the same format as " + path("a.csv"));
}

TEST_F(Read, TakesTextInOneFileAsDamageOrAsText) {
  put("a.csv", "a,b\n1,2\n2,3\n3,4\n");
  put("b.csv", "a,b\n1,x\n");
  put("c.csv", "a,b\n1,x\n2,y\n3,z\n");
  EXPECT_EQ(read_error({path("b.csv"), path("a.csv")}, {.columns = {"b"}}),
            "b: 'x': must be a number (line 2 of " + path("b.csv") + ")");
  EXPECT_EQ(read({path("a.csv"), path("c.csv")}).columns, Names{"a"});
}

TEST_F(Read, LooksForFilesAsTheUserWroteThem) {
  put("a[1].csv", "a\n1\n");
  put("a1.csv", "a\n2\n");
  EXPECT_EQ(read({path("a[1].csv")}).points.coordinates, Doubles{1}) << "a file of that very name wins over a glob";
  EXPECT_EQ(read_error({path("*.parquet")}), path("*.parquet") + ": no file matches");
  EXPECT_EQ(read_error({path("none.csv")}), path("none.csv") + ": cannot be read: No such file or directory");
  EXPECT_CONTAINS(read_error({}), "inputs: must name at least one file");
  EXPECT_EQ(read_error({"-", path("a1.csv")}), "-: must be the only input");
}

TEST_F(Read, SpoolsStandardInput) {
  const auto file = put("a.csv", "a,b\n1,2\n3,4\n");
  const int saved = ::dup(STDIN_FILENO);
  ASSERT_NE(::freopen(file.c_str(), "r", stdin), nullptr);
  const auto opened = Table::open({"-"});
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  EXPECT_EQ(opened.files(), Names{"-"});
  for (int pass = 0; pass < 2; ++pass) EXPECT_EQ(opened.read().points.coordinates, (Doubles{1, 2, 3, 4}));
  const auto features = opened.read();
  testing::write_rows(opened, features, {1}, path("out.csv"));
  EXPECT_EQ(testing::content_of(path("out.csv")), "a,b,weight,row\n3,4,1.5,1\n");
}

TEST_F(Read, SkipsFilesWithoutRows) {
  put("a.csv", "a,b\n");
  put("b.csv", "a,b\n1,2\n");
  EXPECT_EQ(read({path("a.csv"), path("b.csv")}).points.coordinates, (Doubles{1, 2}));
  save_parquet(path("a.parquet"), *table({"a"}, {doubles({})}));
  EXPECT_EQ(read_error({path("a.parquet")}), path("a.parquet") + ": has no rows");
  save_ipc(path("a.ipc"), *table({"a"}, {doubles({})}), IpcKind::stream);
  EXPECT_EQ(read_error({path("a.ipc")}), path("a.ipc") + ": has no rows");
}

TEST_F(Read, RefusesTwoColumnsOfOneNameInAnyFormat) {
  save_parquet(path("a.parquet"), *table({"a", "b", "a"}, {doubles({1}), doubles({1}), doubles({1})}));
  EXPECT_EQ(read_error({path("a.parquet")}), path("a.parquet") + ": a: is the name of two columns, must be of one");
}

TEST_F(Read, LetsTheCallersExceptionsThrough) {
  struct Interrupted : std::exception {};
  const auto opened = Table::open({put("a.csv", "a\n1\n")});
  EXPECT_THROW(opened.read({.progress = [](double) { throw Interrupted(); }}), Interrupted);
}

}  // namespace
}  // namespace momentset::io
