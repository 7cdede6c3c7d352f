// The file format: round trip, and every kind of damage refused by an Error that names the field.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "momentset/error.hpp"
#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;
using Json = nlohmann::json;

Certificate example() {
  const PointSet points = random_points(60, 2, 9);
  CertifyOptions options;
  options.order = 2;
  options.tree = balanced_tree(points.view(), 4);
  options.seed = 0xfedcba9876543210;
  std::vector<Index> rows{1, 50, 7, 33};
  std::vector<double> weights{10, 7.5, 1e-300, 0.1};
  Certificate c = certify(points.view(), rows, weights, options);
  c.columns = {"length",
               "Gr\xc3\xb6\xc3\x9f"
               "e \"x\"\n"};
  c.options = {{"size", "4"}, {"keep", ""}};
  return c;
}

std::string refusal(const std::string& text) {
  try {
    Certificate::from_json(text);
  } catch (const Error& error) {
    return error.field();
  }
  return "accepted";
}

TEST(Json, RoundTripIsExact) {
  const Certificate c = example();
  const Certificate back = Certificate::from_json(c.to_json());
  EXPECT_EQ(back.to_json(), c.to_json());
  EXPECT_EQ(back.columns, c.columns);
  EXPECT_EQ(back.options, c.options);
  EXPECT_EQ(back.seed, c.seed);
  EXPECT_EQ(back.smallest_weight, 1e-300);
  EXPECT_EQ(back.worst_residual(), c.worst_residual());
  EXPECT_EQ(back.tolerance, c.tolerance);
  ASSERT_EQ(back.tree.splits.size(), 3U);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(back.tree.splits[k].axis, c.tree.splits[k].axis);
    EXPECT_EQ(back.tree.splits[k].point, c.tree.splits[k].point);
  }
  for (const Check& check : verify(back, c)) {
    const bool about_quality = check.name.starts_with("moments") || check.name == "mass";
    EXPECT_TRUE(check.passed || about_quality) << check.name << ": " << check.detail;
  }
}

TEST(Json, NamesThatAreNotUtf8AreStillWritten) {
  Certificate c = example();
  c.columns[0] =
      "Gr\xf6\xdf"
      "e";
  EXPECT_NO_THROW(Certificate::from_json(c.to_json()));
}

TEST(Json, UnknownFieldsAreLeftOut) {
  const Certificate c = example();
  Json document = Json::parse(c.to_json());
  document["later"] = {{"versions", "may add"}};
  document["tree"]["depth"] = 2;
  EXPECT_EQ(Certificate::from_json(document.dump()).to_json(), c.to_json());
}

TEST(Json, EveryFieldIsNeededAndHasItsType) {
  const Json document = Json::parse(example().to_json());
  for (const auto& [key, value] : document.items()) {
    Json without = document;
    without.erase(key);
    EXPECT_EQ(refusal(without.dump()), key) << "missing";
    for (const Json& other : {Json(nullptr), Json(true), Json("x"), Json(-1), Json(-0.5), Json::array({1, "x"}),
                              Json::object({{"x", 1}})}) {
      if (key == "library_version" && other.is_string()) continue;
      if (key == "columns" || key == "options") {
        if (other == Json::object({{"x", 1}}) || other.is_array()) continue;  // refused, but naming the member
      }
      Json changed = document;
      changed[key] = other;
      EXPECT_TRUE(refusal(changed.dump()).starts_with(key)) << key << " = " << other << ": " << refusal(changed.dump());
    }
  }
}

TEST(Json, DamageIsNamed) {
  const Json document = Json::parse(example().to_json());
  const std::vector<std::pair<std::string, std::function<void(Json&)>>> damages{
      {"format", [](Json& d) { d["format"] = "other"; }},
      {"format_version", [](Json& d) { d["format_version"] = 2; }},
      {"format_version", [](Json& d) { d["format_version"] = 1.0; }},
      {"kind", [](Json& d) { d["kind"] = "superset"; }},
      {"rows", [](Json& d) { d["rows"] = 0; }},
      {"rows", [](Json& d) { d["rows"] = 4294967295; }},
      {"rows", [](Json& d) { d["rows"] = 1e30; }},
      {"size", [](Json& d) { d["size"] = 61; }},
      {"dimension", [](Json& d) { d["dimension"] = 0; }},
      {"order", [](Json& d) { d["order"] = 256; }},
      {"features", [](Json& d) { d["features"] = 7; }},
      {"features", [](Json& d) { d["dimension"] = 3; }},
      {"moved_points", [](Json& d) { d["moved_points"] = 5; }},
      {"columns", [](Json& d) { d["columns"].erase(0); }},
      {"columns", [](Json& d) { d["columns"].push_back("third"); }},
      {"columns[1]", [](Json& d) { d["columns"][1] = 1; }},
      {"options.size", [](Json& d) { d["options"]["size"] = 4; }},
      {"tree.cells", [](Json& d) { d["tree"]["cells"] = 0; }},
      {"tree.cells", [](Json& d) { d["tree"]["cells"] = 61; }},
      {"tree.axes", [](Json& d) { d["tree"]["cells"] = 5; }},
      {"tree.axes", [](Json& d) { d["tree"]["axes"].erase(0); }},
      {"tree.points", [](Json& d) { d["tree"]["points"].push_back(1); }},
      {"tree.axes[1]", [](Json& d) { d["tree"]["axes"][1] = 2; }},
      {"tree.axes[1]", [](Json& d) { d["tree"]["axes"][1] = -1; }},
      {"tree.points[2]", [](Json& d) { d["tree"]["points"][2] = 60; }},
      {"tree.points[2]", [](Json& d) { d["tree"]["points"][2] = 0.5; }},
      {"mass.input", [](Json& d) { d["mass"]["input"] = 0; }},
      {"mass.expected", [](Json& d) { d["mass"].erase("expected"); }},
      {"mass.output", [](Json& d) { d["mass"]["output"] = nullptr; }},
      {"weights.largest", [](Json& d) { d["weights"]["largest"] = -1; }},
      {"residuals", [](Json& d) { d["residuals"].erase(2); }},
      {"residuals[1].order", [](Json& d) { d["residuals"][1]["order"] = 2; }},
      {"residuals[1].cells", [](Json& d) { d["residuals"][1]["cells"] = -1e-9; }},
      {"worst_residual", [](Json& d) { d["worst_residual"] = 0; }},
      {"diameters.median", [](Json& d) { d["diameters"]["median"] = 0; }},
      {"probes[0].functions", [](Json& d) { d["probes"][0]["functions"] = 0; }},
      {"probes[3].family", [](Json& d) { d["probes"][3]["family"] = 3; }},
      {"probe_rms.coreset", [](Json& d) { d["probe_rms"]["coreset"] = 0; }},
      {"probe_rms.random", [](Json& d) { d["probes"][0]["random"] = 1; }},
      {"input_hash", [](Json& d) { d["input_hash"] = "xxh3-128:00"; }},
      {"output_hash", [](Json& d) { d["output_hash"] = "xxh3-128:" + std::string(32, 'G'); }},
  };
  for (const auto& [field, damage] : damages) {
    Json damaged = document;
    damage(damaged);
    EXPECT_EQ(refusal(damaged.dump()), field) << damaged.diff(document, damaged).dump().substr(0, 200);
  }
}

TEST(Json, HostileTextIsRefused) {
  const std::string good = example().to_json();
  EXPECT_EQ(refusal(""), "certificate");
  EXPECT_EQ(refusal("[]"), "certificate");
  EXPECT_EQ(refusal("null"), "certificate");
  EXPECT_EQ(refusal("\xff\xfe"), "certificate");
  EXPECT_EQ(refusal(std::string(100'000, '[')), "certificate");
  EXPECT_EQ(refusal(std::string(100'000, '[') + std::string(100'000, ']')), "certificate");
  std::string deep = "{\"a\":";
  for (int k = 0; k < 50'000; ++k) deep += "{\"a\":";
  EXPECT_EQ(refusal(deep), "certificate");
  EXPECT_EQ(refusal("{\"format\": 1e999}"), "certificate");
  EXPECT_EQ(refusal(good + "x"), "certificate");
  for (std::size_t length = 0; length + 2 < good.size(); length += 7) {
    EXPECT_EQ(refusal(good.substr(0, length)), "certificate") << "cut at " << length;
  }
}

}  // namespace
}  // namespace momentset
