#include <gtest/gtest.h>

#include <limits>

#include "io/helpers.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

using testing::Doubles;
using testing::Names;
using testing::npy;
using testing::read;
using testing::read_error;

class Npy : public testing::FileTest {
 protected:
  std::string error_for(const std::string& dictionary, std::size_t count) {
    return read_error({put("bad.npy", npy(dictionary, Doubles(count, 1.0)))});
  }
};

TEST_F(Npy, ReadsDoublesInCOrder) {
  const auto features = read(
      {put("a.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", Doubles{1, 2, 3, 4, 5, 6}))});
  EXPECT_EQ(features.columns, (Names{"x0", "x1"}));
  EXPECT_EQ(features.points.dimension, 2U);
  EXPECT_EQ(features.points.coordinates, (Doubles{1, 2, 3, 4, 5, 6}));
}

TEST_F(Npy, ReadsFloatsInFortranOrder) {
  const auto file = put("a.npy", npy("{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}",
                                     std::vector<float>{0.1f, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read({file}).points.coordinates, (Doubles{0.1f, 3, 5, 2, 4, 6}));
  EXPECT_EQ(read({file}, {.columns = {"x2", "x0"}}).points.coordinates, (Doubles{5, 0.1f, 6, 2}));
}

TEST_F(Npy, TakesOneDimensionAsOneColumn) {
  const auto features = read(
      {put("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3L,), }", std::vector<float>{1, 2, 3}))});
  EXPECT_EQ(features.columns, Names{"x0"});
  EXPECT_EQ(features.points.coordinates, (Doubles{1, 2, 3}));
}

TEST_F(Npy, ReadsVersionsTwoAndThree) {
  for (const char version : {'\x02', '\x03'}) {
    const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n";
    std::string file = std::string("\x93NUMPY") + version + std::string(1, '\0');
    file.push_back(static_cast<char>(header.size()));
    file += std::string(3, '\0') + header;
    const double value = 2.5;
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
    EXPECT_EQ(read({put("a.npy", file)}).points.coordinates, Doubles{2.5});
  }
}

TEST_F(Npy, ReadsMoreThanOneBatchInBothOrders) {
  constexpr std::size_t rows = 200'000;
  Doubles c_order, fortran_order(2 * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t a = 0; a < 2; ++a) {
      c_order.push_back(static_cast<double>(2 * i + a));
      fortran_order[a * rows + i] = static_cast<double>(2 * i + a);
    }
  }
  const std::string shape = "'shape': (200000, 2)}";
  EXPECT_EQ(read({put("c.npy", npy("{'descr': '<f8', 'fortran_order': False, " + shape, c_order))}).points.coordinates,
            c_order);
  EXPECT_EQ(
      read({put("f.npy", npy("{'descr': '<f8', 'fortran_order': True, " + shape, fortran_order))}).points.coordinates,
      c_order);
}

TEST_F(Npy, ReadsIntegersAndBooleans) {
  const auto numbers = [&](const std::string& descr, const auto& values) {
    return read({put("a.npy", npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (2, 2)}", values))},
                {.columns = {"x0", "x1"}})
        .points.coordinates;
  };
  EXPECT_EQ(numbers("<i8", std::vector<std::int64_t>{1, -2, 3, std::int64_t{1} << 40}), (Doubles{1, -2, 3, 0x1p40}));
  EXPECT_EQ(numbers("<i4", std::vector<std::int32_t>{1, -2, 3, 4}), (Doubles{1, -2, 3, 4}));
  EXPECT_EQ(numbers("|u1", std::vector<std::uint8_t>{1, 2, 3, 255}), (Doubles{1, 2, 3, 255}));
  EXPECT_EQ(numbers("|b1", std::vector<std::uint8_t>{1, 0, 0, 1}), (Doubles{1, 0, 0, 1}));
}

TEST_F(Npy, NamesRowAndColumnOfNan) {
  const auto file = put("a.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}",
                                     Doubles{1, 2, 3, std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_CONTAINS(read_error({file}), "x1: nan: must be a finite number");
  EXPECT_CONTAINS(read_error({file}), "(row 1)");
}

TEST_F(Npy, RefusesWhatItCannotHold) {
  EXPECT_CONTAINS(error_for("{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}", 1),
                  "bad.npy: >f8: must hold little-endian");
  EXPECT_CONTAINS(error_for("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", 2), "<c16: must hold");
  EXPECT_CONTAINS(error_for("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", 1), "holds records");
  EXPECT_CONTAINS(error_for("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", 1),
                  "0 dimensions: must have 1 or 2");
  EXPECT_CONTAINS(error_for("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1)}", 1), "3 dimensions");
  EXPECT_CONTAINS(error_for("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2)}", 0), "has no rows");
  EXPECT_CONTAINS(error_for("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 0)}", 0), "has no columns");
}

TEST_F(Npy, RefusesHostileHeaders) {
  for (const char* shape : {"(3,)", "(1,)", "(2, 2)", "(9223372036854775807, 9223372036854775807)",
                            "(4611686018427387904, 4)", "(2305843009213693952, 8)", "(1, 9223372036854775807)",
                            "(99999999999999999999, 1)", "(-2, 1)", "(2", "(2,,)", "2", "(2,) x"}) {
    const std::string error =
        error_for(std::string("{'descr': '<f8', 'fortran_order': False, 'shape': ") + shape + "}", 2);
    EXPECT_CONTAINS(error, "bad.npy: ") << shape;
  }
  for (const char* dictionary :
       {"", "{", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2,)}", "{'descr: '<f8'}",
        "{'evil': 1, 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}"}) {
    EXPECT_CONTAINS(error_for(dictionary, 2), "malformed header") << dictionary;
  }
}

TEST_F(Npy, RefusesTruncationAnywhere) {
  const std::string whole = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}", Doubles{1, 2, 3, 4});
  ASSERT_EQ(read_error({put("whole.npy", whole)}), "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_CONTAINS(read_error({put("cut.npy", whole.substr(0, length))}), "cut.npy: ") << length;
  }
  EXPECT_CONTAINS(read_error({put("long.npy", whole + "x")}), "shape does not match its length");
}

TEST_F(Npy, WritesCoordinatesWeightAndRow) {
  const auto table = Table::open({put("a.csv", "id,a,b,name\n7,1.5,2,x\n8,3.25,-4,y\n9,5,6,z\n")});
  const auto features = table.read({.columns = {"b", "a"}});
  testing::write_rows(table, features, {0, 2}, path("out.npy"));
  const std::string file = testing::content_of(path("out.npy"));
  ASSERT_EQ(file.size(), 128U + 8 * 8) << "header of 128 bytes, then 2 x 4 doubles";
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\0", 8));
  EXPECT_CONTAINS(file, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }");
  Doubles values(8);
  std::memcpy(values.data(), file.data() + 128, 64);
  EXPECT_EQ(values, (Doubles{2, 1.5, 1.5, 0, 6, 5, 2.5, 2}));
  EXPECT_EQ(read({path("out.npy")}).points.coordinates, values);
}

}  // namespace
}  // namespace momentset::io
