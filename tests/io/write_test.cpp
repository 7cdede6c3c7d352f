#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::content_of;
using testing::doubles;
using testing::Doubles;
using testing::error_of;
using testing::integers;
using testing::Names;
using testing::read;
using testing::save_ipc;
using testing::save_parquet;
using testing::table;
using testing::texts;
using testing::write_rows;

class Write : public testing::FileTest {
 protected:
  /// Reads `from` and writes table rows `rows` to `to`.
  void copy(const std::string& from, const std::vector<Index>& rows, const std::string& to,
            const ReadOptions& options = {}) const {
    const auto opened = Table::open({path(from)});
    write_rows(opened, opened.read(options), rows, path(to));
  }
};

std::shared_ptr<arrow::ChunkedArray> column(const arrow::Table& table, const std::string& name) {
  return table.GetColumnByName(name);
}

bool holds(const arrow::Table& table, const std::string& name, const std::shared_ptr<arrow::Array>& expected) {
  const auto found = column(table, name);
  return found != nullptr && found->Equals(arrow::ChunkedArray(expected));
}

/// One column of most types there are, 4 rows.
std::shared_ptr<arrow::Table> rich_table() {
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Rome"), arrow::default_memory_pool());
  EXPECT_TRUE(time.AppendValues({0, 1'000'000, 1'700'000'000'123'456, -1}).ok());
  arrow::ListBuilder list(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(list.Append().ok());
    EXPECT_TRUE(static_cast<arrow::Int64Builder*>(list.value_builder())
                    ->AppendValues(std::vector<std::int64_t>(static_cast<std::size_t>(i), i))
                    .ok());
  }
  const auto dictionary =
      arrow::DictionaryArray::FromArrays(testing::array<arrow::Int8Builder>(std::vector<std::int8_t>{1, 0, 1, 1}),
                                         texts({"p", "q"}))
          .ValueOrDie();
  arrow::StringBuilder text;
  EXPECT_TRUE(text.Append("a,\"b\"").ok() && text.AppendNull().ok() && text.Append("").ok() &&
              text.Append("x\ny").ok());
  return table(
      {"v", "f", "n", "time", "list", "level", "text", "flag"},
      {doubles({0.1, 1e300, 5e-324, -0.0}), testing::array<arrow::FloatBuilder>(std::vector<float>{0.1f, 1, 2, 3}),
       integers({1LL << 60, -1, 0, 5}), time.Finish().ValueOrDie(), list.Finish().ValueOrDie(), dictionary,
       text.Finish().ValueOrDie(), testing::array<arrow::BooleanBuilder>(std::vector<bool>{true, false, true, false})});
}

void expect_rich_rows(const arrow::Table& written, const arrow::Table& original) {
  ASSERT_EQ(written.num_columns(), original.num_columns() + 2);
  for (int i = 0; i < original.num_columns(); ++i) {
    const std::string& name = original.field(i)->name();
    EXPECT_EQ(written.field(i)->name(), name);
    EXPECT_TRUE(written.field(i)->type()->Equals(*original.field(i)->type())) << name;
    for (const std::int64_t row : {1, 2}) {
      EXPECT_TRUE(column(written, name)
                      ->GetScalar(row)
                      .ValueOrDie()
                      ->Equals(*column(original, name)->GetScalar(row + 1).ValueOrDie()))
          << name;
    }
    EXPECT_TRUE(
        column(written, name)->GetScalar(0).ValueOrDie()->Equals(*column(original, name)->GetScalar(0).ValueOrDie()))
        << name;
  }
  EXPECT_TRUE(holds(written, "weight", doubles({1.5, 2.5, 3.5})));
  EXPECT_TRUE(holds(written, "row", integers({0, 2, 3})));
}

TEST_F(Write, KeepsTypesBetweenParquetAndArrow) {
  save_parquet(path("a.parquet"), *rich_table(), 3);
  save_ipc(path("a.arrow"), *rich_table(), testing::IpcKind::file, 3);
  copy("a.parquet", {0, 2, 3}, "pp.parquet", {.columns = {"v"}});
  expect_rich_rows(*testing::load_parquet(path("pp.parquet")), *rich_table());
  copy("a.parquet", {0, 2, 3}, "pa.arrow", {.columns = {"v"}});
  expect_rich_rows(*testing::load_ipc(path("pa.arrow")), *rich_table());
  copy("a.arrow", {0, 2, 3}, "ap.parquet", {.columns = {"v"}});
  expect_rich_rows(*testing::load_parquet(path("ap.parquet")), *rich_table());
  copy("a.arrow", {0, 2, 3}, "aa.feather", {.columns = {"v"}});
  expect_rich_rows(*testing::load_ipc(path("aa.feather")), *rich_table());
}

TEST_F(Write, WritesTypedColumnsAsCsv) {
  const auto flat = rich_table()->RemoveColumn(4).ValueOrDie();
  save_parquet(path("a.parquet"), *flat);
  copy("a.parquet", {0, 1, 2, 3}, "out.csv", {.columns = {"v"}});
  EXPECT_EQ(content_of(path("out.csv")),
            "v,f,n,time,level,text,flag,weight,row\n"
            "0.1,0.1,1152921504606846976,1970-01-01 00:00:00.000000Z,q,\"a,\"\"b\"\"\",true,1.5,0\n"
            "1e+300,1,-1,1970-01-01 00:00:01.000000Z,p,,false,2.5,1\n"
            "5e-324,2,0,2023-11-14 22:13:20.123456Z,q,\"\",true,3.5,2\n"
            "-0,3,5,1969-12-31 23:59:59.999999Z,q,\"x\ny\",false,4.5,3\n");
}

TEST_F(Write, RefusesNestedColumnsInCsv) {
  save_parquet(path("a.parquet"), *rich_table());
  const auto opened = Table::open({path("a.parquet")});
  EXPECT_CONTAINS(error_of([&] { opened.require_writable(Format::csv); }), "has no CSV form: write Parquet or Arrow");
  EXPECT_EQ(error_of([&] { opened.require_writable(Format::parquet); }), "");
  EXPECT_CONTAINS(error_of([&] { copy("a.parquet", {0}, "out.csv", {.columns = {"v"}}); }), "list");
}

TEST_F(Write, RoundsNoNumberOnTheWayThroughCsv) {
  std::mt19937_64 random(3);
  Doubles values;
  while (values.size() < 5000) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) values.push_back(value);
  }
  save_parquet(path("a.parquet"), *table({"a"}, {doubles(values)}));
  std::vector<Index> rows(values.size());
  std::iota(rows.begin(), rows.end(), 0);
  copy("a.parquet", rows, "b.csv");
  copy("b.csv", rows, "c.parquet", {.columns = {"a"}});
  EXPECT_TRUE(holds(*testing::load_parquet(path("c.parquet")), "a", doubles(values)));
}

TEST_F(Write, KeepsMetadataOfSchemaAndFields) {
  const auto field = arrow::field("a", arrow::float64())->WithMetadata(arrow::key_value_metadata({"unit"}, {"km"}));
  const auto schema =
      arrow::schema({field}, arrow::key_value_metadata({"pandas", "note"}, {"{\"index_columns\": []}", "mine"}));
  save_parquet(path("a.parquet"), *arrow::Table::Make(schema, {doubles({1, 2, 3})}));
  for (const char* name : {"out.parquet", "out.arrow"}) {
    copy("a.parquet", {1}, name);
    const auto written =
        std::string(name) == "out.parquet" ? testing::load_parquet(path(name)) : testing::load_ipc(path(name));
    const auto metadata = written->schema()->metadata();
    EXPECT_EQ(metadata->Get("pandas").ValueOrDie(), "{\"index_columns\": []}");
    EXPECT_EQ(metadata->Get("note").ValueOrDie(), "mine");
    EXPECT_EQ(metadata->Get("momentset").ValueOrDie(),
              R"({"columns":["a"],"order":5,"row_column":"row","version":"0.1.0","weight_column":"weight"})");
    EXPECT_EQ(written->field(0)->metadata()->Get("unit").ValueOrDie(), "km");
  }
}

TEST_F(Write, PicksRowsOutOfManyGroupsAndFiles) {
  constexpr std::size_t rows = 100'000;
  for (const char* name : {"a.parquet", "b.parquet"}) {
    Doubles values(rows);
    std::iota(values.begin(), values.end(), name[0] == 'a' ? 0.5 : 100'000.5);
    Names labels(rows);
    for (std::size_t i = 0; i < rows; ++i) labels[i] = std::string(1, name[0]) + std::to_string(i);
    save_parquet(path(name), *table({"v", "label"}, {doubles(values), texts(labels)}), 1000);
    save_ipc(path(std::string(1, name[0]) + ".ipc"), *table({"v", "label"}, {doubles(values), texts(labels)}),
             testing::IpcKind::file, 1000);
  }
  for (const char* suffix : {".parquet", ".ipc"}) {
    const auto opened = Table::open({path(std::string("a") + suffix), path(std::string("b") + suffix)});
    const auto features = opened.read();
    write_rows(opened, features, {0, 999, 1000, 50'123, 99'999, 100'000, 150'007, 199'999}, path("out.parquet"), true);
    const auto written = testing::load_parquet(path("out.parquet"));
    EXPECT_TRUE(
        holds(*written, "v", doubles({0.5, 999.5, 1000.5, 50'123.5, 99'999.5, 100'000.5, 150'007.5, 199'999.5})));
    EXPECT_TRUE(holds(*written, "label", texts({"a0", "a999", "a1000", "a50123", "a99999", "b0", "b50007", "b99999"})));
    EXPECT_TRUE(holds(*written, "row", integers({0, 999, 1000, 50'123, 99'999, 100'000, 150'007, 199'999})));
    const std::string a = path(std::string("a") + suffix), b = path(std::string("b") + suffix);
    EXPECT_TRUE(holds(*written, "file", texts({a, a, a, a, a, b, b, b})));
  }
}

TEST_F(Write, JoinsDictionariesOfSeveralBatches) {
  const auto level = [](const Names& words) {
    return arrow::DictionaryArray::FromArrays(testing::array<arrow::Int32Builder>(std::vector<std::int32_t>{1, 0}),
                                              texts(words))
        .ValueOrDie();
  };
  save_ipc(path("a.arrow"), *table({"v", "l"}, {doubles({1, 2}), level({"p", "q"})}));
  save_ipc(path("b.arrow"), *table({"v", "l"}, {doubles({3, 4}), level({"r", "p"})}));
  for (const char* name : {"out.arrow", "out.csv"}) {
    const auto opened = Table::open({path("a.arrow"), path("b.arrow")});
    write_rows(opened, opened.read(), {0, 1, 3}, path(name));
  }
  EXPECT_EQ(content_of(path("out.csv")), "v,l,weight,row\n1,q,1.5,0\n2,p,2.5,1\n4,r,3.5,3\n");
  const auto written = testing::load_ipc(path("out.arrow"));
  ASSERT_EQ(written->num_rows(), 3);
  Names words;
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto scalar = column(*written, "l")->GetScalar(i).ValueOrDie();
    words.push_back(static_cast<const arrow::DictionaryScalar&>(*scalar).GetEncodedValue().ValueOrDie()->ToString());
  }
  EXPECT_EQ(words, (Names{"q", "p", "r"}));
}

TEST_F(Write, PicksRowsOutOfViewsInsideAndOutsideOfStructs) {
  arrow::StringViewBuilder builder;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(builder.Append("a text too long to be inlined: " + std::to_string(i)).ok());
  const auto views = builder.Finish().ValueOrDie();
  const auto structs = arrow::StructArray::Make({views}, Names{"part"}).ValueOrDie();
  Doubles values(50);
  std::iota(values.begin(), values.end(), 0.5);
  save_ipc(path("a.arrow"), *table({"v", "text", "s"}, {doubles(values), views, structs}), testing::IpcKind::file, 20);
  copy("a.arrow", {0, 2, 45}, "out.arrow");
  const auto written = testing::load_ipc(path("out.arrow"));
  ASSERT_EQ(written->num_rows(), 3);
  for (const auto& [row, original] : {std::pair{0, 0}, {1, 2}, {2, 45}}) {
    EXPECT_TRUE(
        column(*written, "text")->GetScalar(row).ValueOrDie()->Equals(*views->GetScalar(original).ValueOrDie()));
    EXPECT_TRUE(column(*written, "s")->GetScalar(row).ValueOrDie()->Equals(*structs->GetScalar(original).ValueOrDie()));
  }
  save_ipc(path("b.arrow"), *table({"v", "text"}, {doubles(values), views}));
  copy("b.arrow", {7}, "out.csv");
  EXPECT_EQ(content_of(path("out.csv")), "v,text,weight,row\n7.5,a text too long to be inlined: 7,1.5,7\n");
}

TEST_F(Write, WritesTheRowsThatSurvivedDropping) {
  put("a.csv", "a,s\n1,p\nnan,q\n3,r\n,t\n5,u\n");
  copy("a.csv", {2, 4}, "out.csv", {.drop_invalid = true});
  EXPECT_EQ(content_of(path("out.csv")), "a,s,weight,row\n3,r,1.5,2\n5,u,2.5,4\n");
}

TEST_F(Write, KeepsColumnsThatTheInputCallsWeightRowAndFile) {
  put("a.csv", "height,weight,row,file\n1.8,80,3,f\n1.7,60,4,g\n");
  const auto opened = Table::open({path("a.csv")});
  const auto features = opened.read();
  EXPECT_EQ(features.columns, (Names{"height", "weight"}));
  EXPECT_EQ(std::count(features.notices.begin(), features.notices.end(),
                       "the input has a column weight of its own: the output keeps it and adds coreset_weight"),
            1);
  write_rows(opened, features, {1}, path("out.csv"), true);
  EXPECT_EQ(content_of(path("out.csv")),
            "height,weight,row,file,coreset_weight,coreset_row,coreset_file\n1.7,60,4,g,1.5,1," + path("a.csv") + "\n");
}

TEST_F(Write, ReplacesTheWeightsItWasGiven) {
  put("a.csv", "a,weight,b\n1,2,3\n4,5,6\n");
  copy("a.csv", {1}, "out.csv", {.weights = "weight"});
  EXPECT_EQ(content_of(path("out.csv")), "a,b,weight,row\n4,6,1.5,1\n");
  put("b.csv", "a,w,b\n1,2,3\n4,5,6\n");
  copy("b.csv", {1}, "out.csv", {.weights = "w"});
  EXPECT_EQ(content_of(path("out.csv")), "a,w,b,weight,row\n4,5,6,1.5,1\n");
}

TEST_F(Write, RefusesWhenNoNameIsLeft) {
  put("a.csv", "a,weight,coreset_weight\n1,2,3\n");
  EXPECT_EQ(error_of([&] { read({path("a.csv")}); }),
            "coreset_weight: column must be renamed: the output adds one of that name");
}

TEST_F(Write, NoticesAnInputThatChanged) {
  for (const char* after : {"a,b\n1,2\n3,5\n", "a,b\n1,2\n", "a,c\n1,2\n3,4\n", "a,b\n1,2\n3,x\n"}) {
    const auto opened = Table::open({put("a.csv", "a,b\n1,2\n3,4\n")});
    const auto features = opened.read();
    put("a.csv", after);
    EXPECT_CONTAINS(error_of([&] { write_rows(opened, features, {1}, path("out.csv")); }), "a.csv: ") << after;
  }
  save_parquet(path("a.parquet"), *table({"a"}, {doubles({1, 0.0})}));
  const auto opened = Table::open({path("a.parquet")});
  const auto features = opened.read();
  save_parquet(path("a.parquet"), *table({"a"}, {doubles({1, -0.0})}));
  EXPECT_EQ(error_of([&] { write_rows(opened, features, {1}, path("out.parquet")); }),
            path("a.parquet") + ": changed while being read: row 1 of the table is another now");
}

TEST_F(Write, RefusesRowsThatWereNotRead) {
  const auto opened = Table::open({put("a.csv", "a\n1\nnan\n3\n")});
  const auto features = opened.read({.drop_invalid = true});
  const auto write = [&](std::vector<Index> rows, Doubles weights, std::vector<std::int64_t> names) {
    return error_of([&] { opened.write(path("out.csv"), Format::csv, rows, weights, names, features, {}); });
  };
  EXPECT_EQ(write({1}, {1}, {0}), "rows: 1: must be the row of a point that was read");
  EXPECT_EQ(write({3}, {1}, {0}), "rows: 3: must be the row of a point that was read");
  EXPECT_EQ(write({2, 0}, {1, 1}, {0, 1}), "rows: 0: must ascend");
  EXPECT_EQ(write({2, 2}, {1, 1}, {0, 1}), "rows: 2: must ascend");
  EXPECT_EQ(write({2}, {1, 1}, {0}), "weights: 2: must be one per row");
  EXPECT_EQ(write({2}, {1}, {}), "row_names: 0: must be one per row");
  EXPECT_EQ(write({}, {}, {}), "rows: must not be empty");
}

TEST_F(Write, NamesTheTargetThatCannotBeWritten) {
  put("a.csv", "a\n1\n2\n");
  EXPECT_EQ(error_of([&] { copy("a.csv", {0}, "none/out.csv"); }),
            path("none/out.csv") + ": cannot be written: No such file or directory");
  std::filesystem::create_directory(path("dir.csv"));
  EXPECT_CONTAINS(error_of([&] { copy("a.csv", {0}, "dir.csv"); }), path("dir.csv") + ": cannot be written: ");
}

TEST_F(Write, SurvivesAFullDisk) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  put("a.csv", "a\n1\n2\n");
  for (const char* name : {"full.csv", "full.parquet", "full.arrow", "full.npy"}) {
    std::filesystem::create_symlink("/dev/full", path(name));
    EXPECT_EQ(error_of([&] { copy("a.csv", {0}, name); }), path(name) + ": cannot be written: No space left on device");
  }
}

TEST_F(Write, SurvivesAFileSizeLimit) {
  Doubles values(100'000);
  std::iota(values.begin(), values.end(), 0.1);
  save_parquet(path("a.parquet"), *table({"a"}, {doubles(values)}));
  const auto opened = Table::open({path("a.parquet")});
  const auto features = opened.read();
  std::vector<Index> rows(values.size());
  std::iota(rows.begin(), rows.end(), 0);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  for (const char* name : {"out.csv", "out.parquet", "out.arrow", "out.npy"}) {
    const rlimit low{10'000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &low);
    const std::string error = error_of([&] { write_rows(opened, features, rows, path(name)); });
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(error, path(name) + ": cannot be written: File too large");
  }
}

TEST_F(Write, WritesCsvToStandardOutput) {
  put("a.csv", "a\n1\n2\n");
  const int saved = ::dup(STDOUT_FILENO);
  std::fflush(stdout);
  ASSERT_NE(::freopen(path("stdout").c_str(), "w", stdout), nullptr);
  const auto opened = Table::open({path("a.csv")});
  write_rows(opened, opened.read(), {1}, "-");
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  EXPECT_EQ(content_of(path("stdout")), "a,weight,row\n2,1.5,1\n");
}

TEST_F(Write, SurvivesAClosedPipe) {
  const auto opened = Table::open({put("a.csv", "a\n1\n2\n")});
  const auto features = opened.read();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const int saved = ::dup(STDOUT_FILENO);
  std::fflush(stdout);
  ::dup2(ends[1], STDOUT_FILENO);
  const std::string error = error_of([&] { write_rows(opened, features, {1}, "-"); });
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(ends[1]);
  EXPECT_EQ(error, "standard output: cannot be written: Broken pipe");
}

TEST_F(Write, WritesTheSameBytesForAnyNumberOfThreads) {
  Doubles values(200'000);
  std::iota(values.begin(), values.end(), 0.1);
  save_parquet(path("a.parquet"), *table({"a", "b"}, {doubles(values), doubles(values)}));
  std::vector<Index> rows;
  for (Index i = 0; i < values.size(); i += 3) rows.push_back(i);
  for (const char* suffix : {".csv", ".parquet", ".arrow"}) {
    for (const int threads : {1, 4}) {
      set_threads(threads);
      copy("a.parquet", rows, std::to_string(threads) + suffix);
    }
    EXPECT_EQ(content_of(path(std::string("1") + suffix)), content_of(path(std::string("4") + suffix))) << suffix;
  }
  set_threads(0);
}

}  // namespace
}  // namespace momentset::io
