#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::Doubles;
using testing::Names;
using testing::read;
using testing::read_error;

class Csv : public testing::FileTest {};

/// More than one of Arrow's blocks: 1,200,000 rows of "<value>,2\n" need some 4.8 MB.
std::string long_csv(const std::string& value) {
  std::string text = "a,b\n";
  for (int i = 0; i < 1'200'000; ++i) text += value + ",2\n";
  return text;
}

TEST_F(Csv, ReadsNumbers) {
  const auto features = read({put("a.csv", "a,b\n1,2.5\n-3,4e2\nx,7\n1,1\n")}, {.columns = {"b"}});
  EXPECT_EQ(features.points.coordinates, (Doubles{2.5, 400, 7, 1}));
  EXPECT_EQ(features.columns, Names{"b"});
  EXPECT_EQ(features.points.dimension, 1U);
  EXPECT_TRUE(features.points.weights.empty());
}

TEST_F(Csv, TakesQuotesCarriageReturnsMarksAndUtf8) {
  const auto features =
      read({put("a.csv", "\xEF\xBB\xBF\"h\xC3\xB6he\",name,b\r\n\"1.5\",\"x\r\ny\"\" \xE2\x82\xAC\", 2 \r\n3,z,4")});
  EXPECT_EQ(features.columns, (Names{"h\xC3\xB6he", "b"}));
  EXPECT_EQ(features.points.coordinates, (Doubles{1.5, 2, 3, 4}));
}

TEST_F(Csv, RoundsIntegersBeyondTheDoubles) {
  const auto features = read({put("a.csv", "a\n9007199254740993\n18446744073709551615\n")});
  EXPECT_EQ(features.points.coordinates, (Doubles{9007199254740992.0, 18446744073709551616.0}));
}

TEST_F(Csv, NamesLineAndTextOfAFirstBlockMisfit) {
  const auto file = put("a.csv", "a,b\n1,2\n3,\"multi\nline\"\n4,5\n6,oops\n7,8\n9,9\n");
  EXPECT_EQ(read_error({file}), "b: 'multi?line': must be a number (line 3 of " + file + ")");
  EXPECT_EQ(read({file}, {.exclude = {"b"}}).columns, Names{"a"});
  EXPECT_EQ(read({file}, {.columns = {"a"}}).columns, Names{"a"});
  EXPECT_EQ(read_error({file}, {.columns = {"b"}}), "b: 'multi?line': must be a number (line 3 of " + file + ")");
}

TEST_F(Csv, CountsLinesInsideQuotes) {
  const auto file = put("a.csv", "a,note\n1,\"x\ny\"\n\n2,\"p\r\nq\"\nbad,z\n4,u\n5,u\n");
  EXPECT_EQ(read_error({file}), "a: 'bad': must be a number (line 7 of " + file + ")");
}

TEST_F(Csv, LeavesTextAloneThatIsMostlyText) {
  const auto file = put("a.csv", "a,note\n1,x\n2,3\n4,\n");
  const auto features = read({file});
  EXPECT_EQ(features.columns, Names{"a"});
  EXPECT_EQ(features.notices, Names{"left out, not numeric: note (text)"});
  EXPECT_EQ(read_error({file}, {.columns = {"note"}}), "note: 'x': must be a number (line 2 of " + file + ")");
  EXPECT_EQ(read_error({file}, {.weights = "note"}), "note: 'x': must be a number (line 2 of " + file + ")");
}

TEST_F(Csv, NamesLineOfAMisfitInALaterBlock) {
  const auto file = put("a.csv", long_csv("1") + "5,oops\n7,8\n");
  EXPECT_EQ(read_error({file}), "b: 'oops': must be a number (line 1200002 of " + file + ")");
}

TEST_F(Csv, TakesFractionsAfterABlockOfIntegers) {
  const auto file = put("a.csv", long_csv("1") + "1.5,3\n");
  const auto table = Table::open({file});
  EXPECT_EQ(table.columns()[0].type, "int64");
  const auto features = table.read();
  ASSERT_EQ(features.points.view().size(), 1'200'001U);
  EXPECT_EQ(features.points.coordinates[2'400'000], 1.5);
  // Also where the output has a type for the column.
  testing::write_rows(table, features, {0, 1'200'000}, path("out.parquet"));
  const auto written = testing::load_parquet(path("out.parquet"));
  EXPECT_TRUE(written->GetColumnByName("a")->Equals(arrow::ChunkedArray(testing::doubles({1, 1.5}))));
  EXPECT_TRUE(written->GetColumnByName("b")->Equals(arrow::ChunkedArray(testing::integers({2, 3}))));
}

TEST_F(Csv, CarriesAnyLaterSurpriseIntoTypedOutput) {
  std::string text = "x,empty,flag,day\n";
  for (int i = 0; i < 200'000; ++i) text += "1.25,,true,2024-02-29\n";
  const auto table = Table::open({put("a.csv", text + "2.5,7.5,\xFF,never\n")});
  const auto features = table.read();
  EXPECT_EQ(features.columns, Names{"x"});
  testing::write_rows(table, features, {0, 200'000}, path("out.arrow"));
  const auto written = testing::load_ipc(path("out.arrow"));
  EXPECT_EQ(written->schema()->GetFieldByName("empty")->type()->ToString(), "double");
  EXPECT_EQ(written->schema()->GetFieldByName("flag")->type()->ToString(), "binary");
  EXPECT_TRUE(written->GetColumnByName("day")->Equals(arrow::ChunkedArray(testing::texts({"2024-02-29", "never"}))));
}

TEST_F(Csv, TreatsEmptyCellsAsInvalid) {
  const auto file = put("a.csv", "a,b\n1,2\n\"3\",\n5,NA\n7,8\n");
  EXPECT_EQ(
      read_error({file}),
      "b: empty or nan: must be a finite number; --drop-invalid leaves such rows out (row 1, line 3 of " + file + ")");
  const auto features = read({file}, {.drop_invalid = true});
  EXPECT_EQ(features.dropped, 2U);
  EXPECT_EQ(features.points.coordinates, (Doubles{1, 2, 7, 8}));
  EXPECT_EQ(features.positions, (std::vector<Index>{0, 3}));
}

TEST_F(Csv, ReadsInfinityAndNanAsNumbersThatAreInvalid) {
  const auto file = put("a.csv", "a\n1\ninf\n-inf\nnan\n2\n");
  EXPECT_CONTAINS(read_error({file}), "a: inf: must be a finite number");
  EXPECT_CONTAINS(read_error({file}), "(row 1, line 3 of ");
  const auto features = read({file}, {.drop_invalid = true});
  EXPECT_EQ(features.dropped, 3U);
  EXPECT_EQ(features.points.coordinates, (Doubles{1, 2}));
}

TEST_F(Csv, RefusesEmptyFiles) {
  EXPECT_EQ(read_error({put("a.csv", "")}), path("a.csv") + ": is empty");
  EXPECT_EQ(read_error({put("b.csv", "\n\r\n\n")}), path("b.csv") + ": is empty");
  EXPECT_EQ(read_error({put("c.csv", "a,b\n")}), path("c.csv") + ": has no rows");
  EXPECT_EQ(read_error({put("d.csv", "a,b")}), path("d.csv") + ": has no rows");
  EXPECT_EQ(read_error({put("e.csv", "\xEF\xBB\xBF")}), path("e.csv") + ": is empty");
}

TEST_F(Csv, NamesRaggedLines) {
  EXPECT_EQ(read_error({put("a.csv", "a,b\n1,2\n\n3,4,5\n")}),
            path("a.csv") + ": line 4: must have 2 fields like the header, has 3");
  EXPECT_EQ(read_error({put("b.csv", long_csv("1") + "7\n")}),
            path("b.csv") + ": line 1200002: must have 2 fields like the header, has 1");
}

TEST_F(Csv, RefusesAQuoteThatStaysOpen) {
  const std::string rule = "opens a quote that is never closed";
  EXPECT_EQ(read_error({put("a.csv", "a,b\n1,x\n2,\"y\n3,z\n4,z\n")}), path("a.csv") + ": line 3: " + rule);
  EXPECT_EQ(read_error({put("b.csv", "\"a,b\n1,x\n")}), path("b.csv") + ": line 1: " + rule);
  EXPECT_EQ(read_error({put("c.csv", long_csv("1") + "7,\"8\n" + long_csv("1"))}, {.columns = {"a"}}),
            path("c.csv") + ": line 1200002: " + rule);
}

TEST_F(Csv, RefusesTwoColumnsOfOneName) {
  EXPECT_EQ(read_error({put("a.csv", "a,b,a\n1,2,3\n")}),
            path("a.csv") + ": a: is the name of two columns, must be of one");
}

TEST_F(Csv, PointsOutAHeaderOfNumbers) {
  const auto features = read({put("a.csv", "1.5,2\n3,4\n")});
  EXPECT_EQ(features.columns, (Names{"1.5", "2"}));
  ASSERT_EQ(features.notices.size(), 1U);
  EXPECT_CONTAINS(features.notices[0], "is taken as the column names although it holds nothing but numbers");
}

TEST_F(Csv, GuessesWhyThereIsNoNumericColumn) {
  EXPECT_CONTAINS(read_error({put("a.csv", "a;b\n1;2\n")}), "must have a numeric column to compress");
  EXPECT_CONTAINS(read_error({put("a.csv", "a;b\n1;2\n")}), "fields must be separated by commas");
}

TEST_F(Csv, LeavesColumnsOutThatStartEmpty) {
  const auto file = put("a.csv", "a,b\n1,\n2,\n");
  const auto features = read({file});
  EXPECT_EQ(features.columns, Names{"a"});
  ASSERT_EQ(features.notices.size(), 1U);
  EXPECT_CONTAINS(features.notices[0], "b left out: has no value in the first block");
  EXPECT_CONTAINS(read_error({file}, {.columns = {"b"}}), "b: empty or nan: must be a finite number");
}

TEST_F(Csv, CopiesCellsAsTheyStand) {
  const auto table = Table::open(
      {put("a.csv",
           "x,zip,\"the, note\",when\n1.50,00501,\"a\"\"b\",2024-2-3\n+2,1,,\n1e0,7,\"c,\nd\",NA\n3.10,00,e f,z\n")});
  const auto features = table.read({.columns = {"zip"}});
  testing::write_rows(table, features, {0, 1, 2}, path("out.csv"));
  EXPECT_EQ(testing::content_of(path("out.csv")),
            "x,zip,\"the, note\",when,weight,row\n"
            "1.50,00501,\"a\"\"b\",2024-2-3,1.5,0\n"
            "+2,1,,,2.5,1\n"
            "1e0,7,\"c,\nd\",NA,3.5,2\n");
}

TEST_F(Csv, ReportsProgress) {
  double last = 0;
  int calls = 0;
  read({put("a.csv", long_csv("1"))}, {.progress = [&](double fraction) {
         EXPECT_GE(fraction, last);
         last = fraction;
         ++calls;
       }});
  EXPECT_GE(calls, 2);
  EXPECT_DOUBLE_EQ(last, 1);
}

}  // namespace
}  // namespace momentset::io
