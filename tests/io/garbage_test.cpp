#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numeric>
#include <random>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::content_of;
using testing::Doubles;
using testing::read_error;

const std::vector<std::string> suffixes = {".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".npy"};

class Garbage : public testing::FileTest {
 protected:
  /// A small file of every kind: numbers, text with nulls, a list and a dictionary.
  void SetUp() override {
    FileTest::SetUp();
    Doubles values(300);
    std::iota(values.begin(), values.end(), 0.5);
    arrow::StringBuilder text;
    arrow::ListBuilder list(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
    std::vector<std::int32_t> levels;
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE((i % 3 == 0 ? text.AppendNull() : text.Append("text " + std::to_string(i))).ok());
      ASSERT_TRUE(list.Append().ok());
      ASSERT_TRUE(static_cast<arrow::Int64Builder*>(list.value_builder())->Append(i).ok());
      levels.push_back(i % 2);
    }
    const auto level =
        arrow::DictionaryArray::FromArrays(testing::array<arrow::Int32Builder>(levels), testing::texts({"p", "q"}))
            .ValueOrDie();
    const auto table =
        testing::table({"a", "text", "list", "level"},
                       {testing::doubles(values), text.Finish().ValueOrDie(), list.Finish().ValueOrDie(), level});
    testing::save_parquet(path("whole.parquet"), *table, 100);
    testing::save_ipc(path("whole.arrow"), *table, testing::IpcKind::file, 100);
    testing::save_ipc(path("whole.ipc"), *table, testing::IpcKind::stream, 100);
  }

  /// Reads, and writes some rows if that went well: whatever happens, it must be an Error or a result.
  std::string use(const std::string& file) const {
    return testing::error_of([&] {
      const auto opened = Table::open({file});
      const auto features = opened.read({.columns = {"a"}, .drop_invalid = true});
      std::vector<Index> rows;
      for (std::size_t i = 0; i < features.points.view().size(); i += 7)
        rows.push_back(static_cast<Index>(features.position(i)));
      testing::write_rows(opened, features, rows, path("out.parquet"));
    });
  }
};

TEST_F(Garbage, RandomBytesAreNamedAndRefused) {
  std::mt19937 random(11);
  for (const std::string& suffix : suffixes) {
    for (const std::size_t size : {0UL, 1UL, 7UL, 100UL, 10'000UL, 200'000UL}) {
      std::string bytes(size, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      const std::string file = put("random" + suffix, bytes);
      const std::string error = read_error({file});
      EXPECT_CONTAINS(error, file + ": ") << size;
      EXPECT_EQ(error.find('\n'), std::string::npos) << error;
      EXPECT_LT(error.size(), 600U) << error;
    }
  }
}

TEST_F(Garbage, FilesUnderAnotherSuffixAreRefused) {
  for (const char* whole : {"whole.parquet", "whole.arrow", "whole.ipc"}) {
    for (const std::string& suffix : suffixes) {
      const bool is_ipc = suffix == ".arrow" || suffix == ".feather" || suffix == ".ipc";
      const bool is_parquet = suffix == ".parquet" || suffix == ".pq";
      if (is_parquet ? whole == std::string("whole.parquet") : is_ipc && whole != std::string("whole.parquet"))
        continue;
      const std::string file = put("disguised" + suffix, content_of(path(whole)));
      EXPECT_CONTAINS(read_error({file}), file) << whole << " as " << suffix;
    }
  }
}

TEST_F(Garbage, TruncatedFilesAreRefused) {
  for (const char* name : {"whole.parquet", "whole.arrow"}) {
    const std::string whole = content_of(path(name));
    ASSERT_EQ(use(path(name)), "");
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 400) {
      const std::string file = put(std::string("cut-") + name, whole.substr(0, length));
      EXPECT_CONTAINS(use(file), file + ": ") << length;
    }
  }
  // A stream that ends between two messages looks complete; every other cut must be seen.
  const std::string whole = content_of(path("whole.ipc"));
  ASSERT_EQ(use(path("whole.ipc")), "");
  std::size_t refused = 0, tried = 0;
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 400) {
    ++tried;
    refused += use(put("cut.ipc", whole.substr(0, length))).empty() ? 0 : 1;
  }
  EXPECT_GE(refused + 3, tried);
}

TEST_F(Garbage, DamagedBytesNeverCrash) {
  std::mt19937 random(5);
  for (const char* name : {"whole.parquet", "whole.arrow", "whole.ipc"}) {
    const std::string whole = content_of(path(name));
    std::size_t refused = 0;
    for (int trial = 0; trial < 300; ++trial) {
      std::string damaged = whole;
      const std::size_t flips = 1 + random() % 4;
      for (std::size_t i = 0; i < flips; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
      refused += use(put(std::string("damaged-") + name, damaged)).empty() ? 0 : 1;
    }
    EXPECT_GT(refused, 0U) << name;
  }
}

TEST_F(Garbage, ThingsThatAreNoFilesAreRefusedAtOnce) {
  std::filesystem::create_directory(path("dir.csv"));
  EXPECT_EQ(read_error({path("dir.csv")}), path("dir.csv") + ": must be a file, is a directory");
  ASSERT_EQ(::mkfifo(path("pipe.csv").c_str(), 0600), 0);
  EXPECT_EQ(read_error({path("pipe.csv")}), path("pipe.csv") + ": must be a regular file; pipe CSV into - instead");
  EXPECT_CONTAINS(read_error({put("suffixless", "a\n1\n")}), "suffixless: must end in one of");
}

TEST_F(Garbage, UnreadableFilesAreRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  for (const std::string& suffix : suffixes) {
    const std::string file = put("secret" + suffix, "a\n1\n");
    ::chmod(file.c_str(), 0);
    EXPECT_EQ(read_error({file}), file + ": cannot be read: Permission denied");
  }
}

TEST_F(Garbage, FeatherVersionOneIsNamed) {
  EXPECT_CONTAINS(read_error({put("old.feather", "FEA1" + std::string(100, 'x'))}), "is Feather version 1");
}

}  // namespace
}  // namespace momentset::io
