#include <gtest/gtest.h>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::error_of;

TEST(FormatOf, GoesBySuffixWhateverItsCase) {
  EXPECT_EQ(format_of("a.csv"), Format::csv);
  EXPECT_EQ(format_of("dir.npy/a.CSV"), Format::csv);
  EXPECT_EQ(format_of("a.parquet"), Format::parquet);
  EXPECT_EQ(format_of("a.b.pq"), Format::parquet);
  EXPECT_EQ(format_of("a.arrow"), Format::arrow);
  EXPECT_EQ(format_of("a.feather"), Format::arrow);
  EXPECT_EQ(format_of("a.ipc"), Format::arrow);
  EXPECT_EQ(format_of("a.npy"), Format::npy);
  EXPECT_EQ(format_of("-"), Format::csv);
}

TEST(FormatOf, NamesTheKnownSuffixes) {
  for (const char* path : {"rides", "rides.xlsx", "rides.csv.gz", "dir.csv/rides", "csv"}) {
    const std::string error = error_of([&] { format_of(path); });
    EXPECT_CONTAINS(error, std::string(path) + ": must end in one of .csv, .parquet");
  }
}

TEST(CoresetMetadata, SurvivesJson) {
  CoresetMetadata metadata;
  metadata.columns = {"a", "quote \" and \xC3\xA9"};
  metadata.order = 7;
  metadata.weight_column = "coreset_weight";
  metadata.row_column = "coreset_row";
  metadata.version = "1.2.3";
  const CoresetMetadata back = CoresetMetadata::from_json(metadata.to_json());
  EXPECT_EQ(back.columns, metadata.columns);
  EXPECT_EQ(back.order, 7);
  EXPECT_EQ(back.weight_column, "coreset_weight");
  EXPECT_EQ(back.row_column, "coreset_row");
  EXPECT_EQ(back.version, "1.2.3");
}

TEST(CoresetMetadata, RefusesAnythingElse) {
  const std::string good = CoresetMetadata{{"a"}, 2, "weight", "row", "1"}.to_json();
  EXPECT_EQ(error_of([&] { CoresetMetadata::from_json(good); }), "");
  for (const char* text : {"", "null", "[1]", "{", "{}", "{\"columns\":[\"a\"]}",
                           R"({"columns":[1],"order":2,"weight_column":"w","row_column":"r","version":"1"})",
                           R"({"columns":["a"],"order":"2","weight_column":"w","row_column":"r","version":"1"})",
                           R"({"columns":["a"],"order":-2,"weight_column":"w","row_column":"r","version":"1"})"}) {
    EXPECT_CONTAINS(error_of([&] { CoresetMetadata::from_json(text); }), "metadata: ");
  }
  EXPECT_NE(error_of([&] { CoresetMetadata::from_json(std::string(100'000, '[')); }), "");
}

TEST(SetThreads, RefusesNegativeNumbers) {
  EXPECT_EQ(error_of([] { set_threads(-1); }), "threads: -1: must be 0 (all cores) or more");
  set_threads(1);
  set_threads(0);
}

}  // namespace
}  // namespace momentset::io
