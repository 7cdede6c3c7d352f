#include <gtest/gtest.h>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::content_of;
using testing::Doubles;
using testing::Names;
using testing::read;
using testing::read_error;
using testing::write_rows;

/// Outputs that are read as inputs again.
class Coresets : public testing::FileTest {
 protected:
  void SetUp() override {
    FileTest::SetUp();
    put("in.csv", "id,a,s,b\n10,1.5,x,5\n20,2.5,y,6\n30,3.5,z,7\n40,4.5,w,8\n");
  }

  std::string coreset(const std::string& name, const ReadOptions& options = {}) const {
    const auto opened = Table::open({path("in.csv")});
    write_rows(opened, opened.read(options), {1, 3}, path(name));
    return path(name);
  }

  void put_certificate(const std::string& name, const std::string& columns = R"(["a","b"])", int size = 2) const {
    put(name + ".certificate.json", R"({"tree":{"columns":[1],"size":[[2]]},"columns":)" + columns +
                                        R"(,"order":3,"library_version":"0.9","size":)" + std::to_string(size) +
                                        R"(,"probes":[{"size":9}]})");
  }

  void expect_recognised(const std::string& file) const {
    const auto opened = Table::open({file});
    ASSERT_TRUE(opened.coreset().has_value()) << file;
    const auto features = opened.read();
    EXPECT_EQ(features.points.dimension, 2U);
    EXPECT_EQ(features.columns, opened.coreset()->columns);
    EXPECT_EQ(features.points.coordinates, (Doubles{2.5, 6, 4.5, 8}));
    EXPECT_EQ(features.points.weights, (Doubles{1.5, 2.5}));
    EXPECT_EQ(features.row_names, (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(features.row_name(1), 3);
    EXPECT_EQ(features.position(1), 1U);
    ASSERT_FALSE(features.notices.empty());
    EXPECT_CONTAINS(features.notices[0], "the input is a coreset");
  }
};

TEST_F(Coresets, AreRecognisedByTheirSchema) {
  for (const char* name : {"out.parquet", "out.arrow"}) {
    expect_recognised(coreset(name));
    const auto opened = Table::open({path(name)});
    EXPECT_EQ(opened.coreset()->order, 5);
    EXPECT_EQ(opened.coreset()->columns, (Names{"a", "b"}));
    EXPECT_EQ(opened.coreset()->version, "0.1.0");
  }
}

TEST_F(Coresets, AreRecognisedByTheCertificateBesideThem) {
  for (const char* name : {"out.csv", "out.npy"}) {
    coreset(name);
    EXPECT_FALSE(Table::open({path(name)}).coreset().has_value()) << "no certificate yet";
    put_certificate(name);
    expect_recognised(path(name));
    EXPECT_EQ(Table::open({path(name)}).coreset()->order, 3);
  }
  EXPECT_EQ(Table::open({path("out.npy")}).coreset()->columns, (Names{"x0", "x1"}));
  EXPECT_EQ(Table::open({path("out.npy")}).coreset()->weight_column, "x2");
}

TEST_F(Coresets, IgnoreCertificatesThatDoNotFit) {
  for (const char* name : {"out.csv", "out.npy"}) {
    coreset(name);
    put_certificate(name, R"(["a","b"])", 3);
    EXPECT_FALSE(Table::open({path(name)}).coreset().has_value()) << "another size";
    put_certificate(name, R"(["a","b","c"])");
    EXPECT_FALSE(Table::open({path(name)}).coreset().has_value()) << "another dimension";
    for (const char* text : {"", "{", "[]", "{\"columns\":3}", "{\"columns\":[\"a\"],\"order\":1,\"size\":\"2\"}"}) {
      put(std::string(name) + ".certificate.json", text);
      EXPECT_FALSE(Table::open({path(name)}).coreset().has_value()) << text;
      EXPECT_EQ(read_error({path(name)}), "");
    }
  }
  put_certificate("in.csv", R"(["a","b"])", 4);
  EXPECT_FALSE(Table::open({path("in.csv")}).coreset().has_value()) << "no columns weight and row";
}

TEST_F(Coresets, KeepTheRowsOfTheFirstInput) {
  for (const char* suffix : {".parquet", ".arrow", ".csv"}) {
    const std::string first = "first" + std::string(suffix), second = "second" + std::string(suffix);
    coreset(first);
    put_certificate(first);
    const auto opened = Table::open({path(first)});
    write_rows(opened, opened.read(), {1}, path(second));
    const auto again = Table::open({path(second)});
    Names names;
    for (const auto& column : again.columns()) names.push_back(column.name);
    EXPECT_EQ(names, (Names{"id", "a", "s", "b", "weight", "row"}));
    EXPECT_EQ(again.read({.columns = {"row", "weight"}}).points.coordinates, (Doubles{3, 1.5}));
  }
}

TEST_F(Coresets, UseTheColumnsTheyWereMadeOf) {
  coreset("out.parquet", {.columns = {"b"}});
  EXPECT_EQ(read({path("out.parquet")}).columns, Names{"b"});
  EXPECT_EQ(read({path("out.parquet")}, {.columns = {"a"}}).columns, Names{"a"});
  coreset("both.parquet");
  EXPECT_EQ(read({path("both.parquet")}, {.exclude = {"a"}}).columns, Names{"b"});
}

TEST_F(Coresets, LetOtherWeightsBeChosen) {
  const auto features = read({coreset("out.parquet")}, {.weights = "b"});
  EXPECT_EQ(features.points.weights, (Doubles{6, 8}));
  EXPECT_EQ(features.columns, Names{"a"});
}

TEST_F(Coresets, MayBeReadAsPointsAlone) {
  const auto features = read({coreset("out.parquet")}, {.columns = {"a", "weight"}, .weighted = false});
  EXPECT_EQ(features.points.coordinates, (Doubles{2.5, 1.5, 4.5, 2.5}));
  EXPECT_TRUE(features.points.weights.empty());
  EXPECT_TRUE(features.row_names.empty());
  put("both.csv", "a,weight,coreset_weight\n1,2,3\n");
  EXPECT_EQ(read_error({path("both.csv")}, {.weighted = false}), "") << "nothing is going to be written";
}

TEST_F(Coresets, KeepTheInputsOwnWeightApart) {
  put("in.csv", "a,weight,row\n1.5,80,7\n2.5,60,8\n3.5,70,9\n4.5,90,6\n");
  for (const char* name : {"out.parquet", "out.csv"}) {
    coreset(name);
    put_certificate(name, R"(["a","weight"])");
    const auto opened = Table::open({path(name)});
    ASSERT_TRUE(opened.coreset().has_value());
    EXPECT_EQ(opened.coreset()->weight_column, "coreset_weight");
    EXPECT_EQ(opened.coreset()->row_column, "coreset_row");
    const auto features = opened.read();
    EXPECT_EQ(features.columns, (Names{"a", "weight"}));
    EXPECT_EQ(features.points.weights, (Doubles{1.5, 2.5}));
    EXPECT_EQ(features.row_names, (std::vector<std::int64_t>{1, 3}));
    write_rows(opened, features, {0}, path("again.csv"));
    EXPECT_EQ(content_of(path("again.csv")), "a,weight,row,coreset_weight,coreset_row\n2.5,60,8,1.5,1\n");
  }
}

TEST_F(Coresets, JoinAsOneInput) {
  coreset("one.parquet");
  coreset("two.parquet");
  const auto features = read({path("one.parquet"), path("two.parquet")});
  EXPECT_EQ(features.points.weights, (Doubles{1.5, 2.5, 1.5, 2.5}));
  EXPECT_EQ(features.row_names, (std::vector<std::int64_t>{1, 3, 1, 3}));
}

TEST_F(Coresets, AreOrdinaryTablesWhereOnlySomeAre) {
  coreset("one.csv");
  coreset("two.csv");
  put_certificate("one.csv");
  const auto opened = Table::open({path("one.csv"), path("two.csv")});
  EXPECT_FALSE(opened.coreset().has_value());
  const auto features = opened.read();
  ASSERT_FALSE(features.notices.empty());
  EXPECT_EQ(features.notices[0], "the files are read as ordinary tables: only 1 of 2 are coresets");
}

TEST_F(Coresets, KeepTheFilesOfTheirRows) {
  put("more.csv", "id,a,s,b\n50,5.5,x,9\n60,6.5,y,10\n");
  const auto opened = Table::open({path("in.csv"), path("more.csv")});
  write_rows(opened, opened.read(), {0, 5}, path("out.parquet"), true);
  const auto again = Table::open({path("out.parquet")});
  write_rows(again, again.read(), {1}, path("out.csv"), true);
  EXPECT_EQ(content_of(path("out.csv")), "id,a,s,b,file,weight,row\n60,6.5,y,10," + path("more.csv") + ",1.5,5\n");
}

TEST_F(Coresets, AreOrdinaryTablesWithMetadataOfAnotherTable) {
  const auto plain = testing::table({"a"}, {testing::doubles({1, 2})});
  const std::string good = CoresetMetadata{{"a"}, 2, "weight", "row", "1"}.to_json();
  for (const std::string& text : {std::string("nonsense"), good}) {
    testing::save_parquet(path("a.parquet"),
                          *plain->ReplaceSchemaMetadata(arrow::key_value_metadata({"momentset"}, {text})));
    const auto opened = Table::open({path("a.parquet")});
    EXPECT_FALSE(opened.coreset().has_value());
    const auto features = opened.read();
    ASSERT_EQ(features.notices.size(), 1U);
    EXPECT_CONTAINS(features.notices[0], "is read as an ordinary table");
  }
}

}  // namespace
}  // namespace momentset::io
