#include <gtest/gtest.h>

#include <numeric>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::Doubles;
using testing::integers;
using testing::Names;
using testing::read;
using testing::read_error;
using testing::save_parquet;
using testing::table;
using testing::texts;

class Columns : public testing::FileTest {};

TEST_F(Columns, LeavesIdentifiersOutByName) {
  const Names names = {"id",
                       "ID",
                       "row",
                       "Index",
                       "rowid",
                       "uuid",
                       "key",
                       "ride_id",
                       "RIDE_ID",
                       "rideId",
                       "",
                       "Unnamed: 0",
                       "__index_level_0__",
                       "paid",
                       "ids",
                       "rows",
                       "keyed",
                       "idx"};
  save_parquet(path("a.parquet"), *table(names, arrow::ArrayVector(names.size(), integers({5, 3}))));
  const auto features = read({path("a.parquet")});
  EXPECT_EQ(features.columns, (Names{"paid", "ids", "rows", "keyed", "idx"}));
  EXPECT_EQ(std::count(features.notices.begin(), features.notices.end(),
                       "ride_id left out: looks like a row identifier (use --columns to keep it)"),
            1);
  EXPECT_EQ(read({path("a.parquet")}, {.columns = {"ride_id"}}).columns, Names{"ride_id"});
}

TEST_F(Columns, KeepsFractionsWhateverTheirName) {
  save_parquet(path("a.parquet"), *table({"id"}, {testing::doubles({5, 3})}));
  EXPECT_EQ(read({path("a.parquet")}).columns, Names{"id"});
}

TEST_F(Columns, LeavesCountersOutFromAHundredRowsOn) {
  for (const std::int64_t rows : {99, 100, 100'000}) {
    std::vector<std::int64_t> counter(static_cast<std::size_t>(rows)), other(counter.size());
    std::iota(counter.begin(), counter.end(), 17);
    std::iota(other.begin(), other.end(), 17);
    ++other.back();
    other[50] = rows > 1000 ? 99 : other[50];
    save_parquet(path("a.parquet"), *table({"n", "m"}, {integers(counter), integers(other)}));
    const auto features = read({path("a.parquet")});
    EXPECT_EQ(features.columns, rows < 100 ? (Names{"n", "m"}) : Names{"m"}) << rows;
    EXPECT_EQ(features.notices.size(), rows < 100 ? 0U : 1U);
  }
}

TEST_F(Columns, LeavesTimesAndOthersOutWithTheReason) {
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_TRUE(time.AppendValues({1, 2}).ok());
  save_parquet(
      path("a.parquet"),
      *table({"when", "day", "took", "city", "ok", "v"},
             {time.Finish().ValueOrDie(), testing::array<arrow::Date32Builder>(std::vector<std::int32_t>{1, 2}),
              integers({1, 2})->View(arrow::duration(arrow::TimeUnit::SECOND)).ValueOrDie(), texts({"x", "y"}),
              testing::array<arrow::BooleanBuilder>(std::vector<bool>{true, false}), integers({4, 4})}));
  const auto features = read({path("a.parquet")});
  EXPECT_EQ(features.columns, Names{"v"});
  EXPECT_EQ(features.notices,
            (Names{"when left out: is of type timestamp[us]", "day left out: is of type date32[day]",
                   "took left out: is of type duration[s]", "left out, not numeric: city (text), ok (bool)"}));
}

TEST_F(Columns, ConvertsEveryNumericType) {
  arrow::Decimal128Builder decimal(arrow::decimal128(10, 2));
  ASSERT_TRUE(decimal.Append(arrow::Decimal128(12345)).ok());
  const arrow::ArrayVector columns = {testing::array<arrow::Int8Builder>(std::vector<std::int8_t>{-3}),
                                      testing::array<arrow::UInt16Builder>(std::vector<std::uint16_t>{65535}),
                                      testing::array<arrow::UInt64Builder>(std::vector<std::uint64_t>{1ULL << 63}),
                                      integers({(1LL << 53) + 1}),
                                      testing::array<arrow::FloatBuilder>(std::vector<float>{0.1f}),
                                      testing::array<arrow::HalfFloatBuilder>(std::vector<std::uint16_t>{0x3E00}),
                                      decimal.Finish().ValueOrDie()};
  testing::save_ipc(path("a.arrow"), *table({"a", "b", "c", "d", "e", "f", "g"}, columns));
  EXPECT_EQ(read({path("a.arrow")}).points.coordinates,
            (Doubles{-3, 65535, 9223372036854775808.0, 9007199254740992.0, 0.1f, 1.5, 123.45}));
}

TEST_F(Columns, KeepsTheOrderAskedFor) {
  const auto file = put("a.csv", "a,b,c\n1,2,3\n4,5,6\n");
  EXPECT_EQ(read({file}, {.columns = {"c", "a"}}).points.coordinates, (Doubles{3, 1, 6, 4}));
  EXPECT_EQ(read({file}, {.exclude = {"b"}}).points.coordinates, (Doubles{1, 3, 4, 6}));
}

TEST_F(Columns, SuggestsNamesForAMistypedOne) {
  const auto file = put("a.csv", "fare,tip,distance\n1,2,3\n");
  EXPECT_EQ(read_error({file}, {.columns = {"Fares"}}), "columns: Fares: there is no such column; did you mean fare?");
  EXPECT_EQ(read_error({file}, {.columns = {"xyz"}}),
            "columns: xyz: there is no such column; known: fare, tip, distance");
  EXPECT_EQ(read_error({file}, {.exclude = {"distence"}}),
            "exclude: distence: there is no such column; did you mean distance?");
  EXPECT_EQ(read_error({file}, {.weights = "tap"}), "weights: tap: there is no such column; did you mean tip?");
}

TEST_F(Columns, RefusesContradictions) {
  const auto file = put("a.csv", "a,b\n1,2\n");
  EXPECT_EQ(read_error({file}, {.columns = {"a", "a"}}), "columns: a: must be named once");
  EXPECT_EQ(read_error({file}, {.columns = {"a"}, .exclude = {"a"}}), "columns: a: must not be excluded as well");
  EXPECT_CONTAINS(read_error({file}, {.exclude = {"a", "b"}}), "must have a numeric column to compress");
}

TEST_F(Columns, SaysWhyNoneIsLeft) {
  EXPECT_EQ(read_error({put("a.csv", "id,city\n1,x\n2,y\n")}),
            path("a.csv") +
                ": must have a numeric column to compress; id left out: looks like a row identifier (use "
                "--columns to keep it); left out, not numeric: city (text)");
}

TEST_F(Columns, RefusesToCompressWhatIsNotNumeric) {
  save_parquet(path("a.parquet"), *table({"city", "v"}, {texts({"1", "2"}), integers({4, 4})}));
  EXPECT_EQ(
      read_error({path("a.parquet")}, {.columns = {"city"}}),
      "city: string: must be an integer, floating-point or decimal column; --groups compresses inside its levels, "
      "--categories keeps their counts");
  EXPECT_EQ(read_error({path("a.parquet")}, {.weights = "city"}),
            "city: string: must be an integer, floating-point or decimal column");
}

TEST_F(Columns, DescribesTheTable) {
  const auto opened = Table::open({put("a.csv", "a,b,c\n1,2.5,x\n")});
  ASSERT_EQ(opened.columns().size(), 3U);
  EXPECT_EQ(opened.columns()[0].type, "int64");
  EXPECT_TRUE(opened.columns()[1].numeric);
  EXPECT_FALSE(opened.columns()[2].numeric);
  EXPECT_EQ(opened.format(), Format::csv);
}

}  // namespace
}  // namespace momentset::io
