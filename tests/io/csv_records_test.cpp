#include "io/csv_records.hpp"

#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <random>

#include "io/helpers.hpp"

namespace momentset::io {
namespace {

CsvRecords records_of(const std::string& text) {
  return {std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text)), "test.csv"};
}

using Cells = std::vector<std::vector<std::string>>;

Cells cells_of(const std::string& text) {
  Cells cells;
  CsvRecords records = records_of(text);
  while (records.next()) {
    cells.emplace_back();
    for (const auto& field : records.fields()) cells.back().push_back(field.text);
  }
  return cells;
}

TEST(CsvRecords, KnowsQuotesLineEndsAndByteOrderMarks) {
  EXPECT_EQ(cells_of("\xEF\xBB\xBF"
                     "a,b\r\n1,\"x,\"\"y\"\"\"\n\n\r\n2,\n\"p\nq\",3"),
            (Cells{{"a", "b"}, {"1", "x,\"y\""}, {"2", ""}, {"p\nq", "3"}}));
  EXPECT_EQ(cells_of("a\rb\r"), (Cells{{"a"}, {"b"}}));
  EXPECT_EQ(cells_of("x\"y,\"a\"b\n"), (Cells{{"x\"y", "ab"}}));
  EXPECT_EQ(cells_of(""), Cells{});
  EXPECT_EQ(cells_of("\n\n"), Cells{});
}

TEST(CsvRecords, KnowsPhysicalLines) {
  CsvRecords records = records_of("a,b\n\n1,\"x\r\ny\nz\"\n2,\"\n\",7\n");
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 1);
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 3);
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 6);
  ASSERT_EQ(records.count(), 3U);
  EXPECT_EQ(records.fields()[1].line, 6);
  EXPECT_EQ(records.fields()[2].line, 7);
  EXPECT_FALSE(records.next());
  EXPECT_EQ(records.open_quote_line(), 0);
}

TEST(CsvRecords, ReportsAQuoteThatStaysOpen) {
  CsvRecords records = records_of("a\n1\n\"2\n3\n");
  while (records.next()) {
  }
  EXPECT_EQ(records.open_quote_line(), 3);
}

TEST(CsvRecords, CutsLongFieldsAndGoesOn) {
  CsvRecords records = records_of(std::string(CsvRecords::max_text + 10, 'x') + ",b\nc,d\n");
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.fields()[0].text.size(), CsvRecords::max_text);
  EXPECT_EQ(records.fields()[1].text, "b");
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.fields()[0].text, "c");
}

/// Line numbers are worth nothing unless both readers see the same records: random files of the characters that matter.
TEST(CsvRecords, AgreesWithArrowOnRandomFiles) {
  std::mt19937 random(7);
  const std::string alphabet = "ab,,\"\"\n\n\r ";
  int compared = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    std::string text = "h,k\n";
    for (int i = 0; i < 12; ++i) text += alphabet[random() % alphabet.size()];
    const Cells mine = cells_of(text);
    auto convert = arrow::csv::ConvertOptions::Defaults();
    convert.column_types = {{"h", arrow::binary()}, {"k", arrow::binary()}};
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.newlines_in_values = true;
    const auto reader = arrow::csv::TableReader::Make(
        arrow::io::default_io_context(), std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text)),
        arrow::csv::ReadOptions::Defaults(), parse, convert);
    const auto theirs = (*reader)->Read();
    const bool is_ragged = std::any_of(mine.begin(), mine.end(), [](const auto& record) { return record.size() != 2; });
    EXPECT_EQ(theirs.ok(), !is_ragged) << ::testing::PrintToString(text) << theirs.status().ToString();
    if (!theirs.ok() || is_ragged) continue;
    ++compared;
    ASSERT_EQ((*theirs)->num_rows() + 1, static_cast<std::int64_t>(mine.size())) << ::testing::PrintToString(text);
    for (int column = 0; column < 2; ++column) {
      for (std::int64_t row = 0; row < (*theirs)->num_rows(); ++row) {
        const auto scalar = (*theirs)->column(column)->GetScalar(row).ValueOrDie();
        EXPECT_EQ(
            scalar->ToString(),
            arrow::BinaryScalar(mine[static_cast<std::size_t>(row) + 1][static_cast<std::size_t>(column)]).ToString())
            << ::testing::PrintToString(text);
      }
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace momentset::io
