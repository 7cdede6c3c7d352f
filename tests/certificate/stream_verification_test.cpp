#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "certificate/stream_problem.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using Json = nlohmann::ordered_json;

/// What a second pass over all rows, in two cells, adds to the certificate.
StreamCertificate after_second_pass(const StreamProblem& problem) {
  StreamCertificate stated = problem.stream;
  stated.columns = {"x", "y"};
  stated.options = {{"weights", "w"}};
  SecondPass pass(problem.kept.view(), stated, CutTree{{{0, 2, 0.0}, {0, 0, 0}, {1, 0, 0}}});
  pass.add(problem.all.view());
  pass.measure(stated);
  return stated;
}

/// Names of the checks that fail as the rows go by in batches of 700.
std::vector<std::string> failures(const StreamProblem& problem, const StreamCertificate& stated,
                                  std::span<const std::uint64_t> names = {}) {
  StreamVerification verification(stated, problem.kept.view(), problem.numbers);
  const std::size_t count = problem.all.view().size();
  for (std::size_t k = 0; k < count; k += 700) {
    const std::size_t end = std::min<std::size_t>(count, k + 700);
    verification.add(problem.part(k, end), names.empty() ? names : names.subspan(k, end - k));
  }
  std::vector<std::string> failed;
  for (const Check& check : verification.checks()) {
    if (!check.passed) failed.push_back(check.name);
  }
  return failed;
}

using Names = std::vector<std::string>;

TEST(StreamVerification, PassesWhatIsTrue) {
  const StreamProblem problem;
  EXPECT_EQ(failures(problem, problem.stream), Names());
  EXPECT_EQ(failures(problem, after_second_pass(problem)), Names());
}

TEST(StreamVerification, NamesWhatIsNot) {
  const StreamProblem problem;
  const StreamCertificate stated = after_second_pass(problem);
  const auto with = [&](const std::function<void(StreamProblem&)>& change) {
    StreamProblem changed = problem;
    change(changed);
    return failures(changed, stated);
  };
  const auto has = [](const Names& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  EXPECT_EQ(with([](auto& p) { p.kept.coordinates[8] = std::nextafter(p.kept.coordinates[8], 9); }),
            (Names{"output", "points"}));
  EXPECT_EQ(with([](auto& p) { std::swap(p.numbers[3], p.numbers[4]); }), (Names{"output", "points"}));
  EXPECT_EQ(with([](auto& p) { p.numbers[3] = 9000; }), (Names{"output", "points"}));
  EXPECT_TRUE(has(with([](auto& p) { p.numbers[3] = p.numbers[4]; }), "points"));
  const Names heavier = with([](auto& p) { p.kept.weights[7] *= 1 + 1e-8; });
  EXPECT_TRUE(has(heavier, "mass") && has(heavier, "moments overall") && has(heavier, "output"));
  EXPECT_TRUE(has(with([](auto& p) { p.kept.weights[7] *= -1; }), "weights not negative"));
  const Names moved = with([](auto& p) { p.all.coordinates[4321] += 1e-3; });
  EXPECT_TRUE(has(moved, "moments overall") && !has(moved, "mass") && !has(moved, "rows"));
  const Names more = with([](auto& p) {
    p.all.coordinates.insert(p.all.coordinates.end(), {0, 0});
    p.all.weights.push_back(1);
  });
  EXPECT_TRUE(has(more, "rows") && has(more, "mass") && has(more, "probes") && has(more, "diameters"));
  StreamCertificate other = stated;
  other.probes[0].coreset *= 1.5;
  EXPECT_EQ(failures(problem, other), Names{"probes"});
  other = stated;
  other.tree = {};
  EXPECT_EQ(failures(problem, other), Names{"diameters"});
}

TEST(StreamVerification, FindsRowsByTheirNames) {
  StreamProblem problem;
  std::vector<std::uint64_t> names;
  for (std::size_t i = 0; i < 9000; ++i) names.push_back((i * 7919) % 9000 / 2);  // each of them twice
  for (std::uint64_t& number : problem.numbers) number = names[number];
  problem.stream.output_hash = hash_of_output(problem.kept.view(), problem.numbers);
  EXPECT_EQ(failures(problem, problem.stream, names), Names());
  EXPECT_EQ(failures(problem, problem.stream), Names{"points"});
}

TEST(StreamVerification, RefusesWhatItCannotCompare) {
  const StreamProblem problem;
  const PointSet line{{1, 2}, {1, 1}, 1};
  const std::vector<std::uint64_t> numbers{0, 1};
  expect_error("output", "and 2 columns as stated", [&] { StreamVerification(problem.stream, line.view(), numbers); });
  expect_error("output", "has no rows", [&] { StreamVerification(problem.stream, PointSet{{}, {}, 2}.view(), {}); });
  StreamVerification verification(problem.stream, problem.kept.view(), problem.numbers);
  expect_error("points", "must have the columns of the output", [&] { verification.add(line.view()); });
  const std::vector<Check> checks = verification.checks();
  ASSERT_EQ(checks.size(), 1u) << "no row went by";
  EXPECT_FALSE(checks[0].passed);
}

TEST(StreamCertificateJson, RoundTripIsExact) {
  const StreamCertificate stated = after_second_pass(StreamProblem());
  const StreamCertificate back = StreamCertificate::from_json(stated.to_json());
  EXPECT_EQ(back.to_json(), stated.to_json());
  EXPECT_EQ(back.tree.nodes, stated.tree.nodes);
  EXPECT_TRUE(StreamCertificate::is_in(stated.to_json()));
  for (const char* text : {"", "{", "[]", "{}", "{\"format\": 1}", "{\"format\": \"momentset-certificate\"}"}) {
    EXPECT_FALSE(StreamCertificate::is_in(text)) << text;
  }
}

TEST(StreamCertificateJson, DamageIsNamed) {
  const Json document = Json::parse(after_second_pass(StreamProblem()).to_json());
  for (const auto& [key, value] : document.items()) {
    if (key == "cells") continue;  // without it there was no second pass
    Json without = document;
    without.erase(key);
    expect_error(key, "is missing", [&] { StreamCertificate::from_json(without.dump()); });
  }
  const std::vector<std::pair<std::string, std::function<void(Json&)>>> damages{
      {"format_version", [](Json& d) { d["format_version"] = 2; }},
      {"size", [](Json& d) { d["size"] = 9001; }},
      {"order", [](Json& d) { d["order"] = 256; }},
      {"features", [](Json& d) { d["dimension"] = 3; }},
      {"columns", [](Json& d) { d["columns"].erase(0); }},
      {"mass.input", [](Json& d) { d["mass"]["input"] = 0; }},
      {"residuals", [](Json& d) { d["residuals"].erase(2); }},
      {"worst_residual", [](Json& d) { d["worst_residual"] = 0; }},
      {"output_hash", [](Json& d) { d["output_hash"] = "00"; }},
      {"cells", [](Json& d) { d["cells"] = 3; }},
      {"tree", [](Json& d) { d["tree"]["cuts"].erase(0); }},
      {"tree", [](Json& d) { d["tree"]["rights"][0] = 1; }},
      {"tree", [](Json& d) { d["tree"]["axes"][0] = 2; }},
      {"tree",
       [](Json& d) {
         d["tree"] = Json{{"axes", Json::array()}, {"rights", Json::array()}, {"cuts", Json::array()}};
       }},
  };
  for (const auto& [field, damage] : damages) {
    Json damaged = document;
    damage(damaged);
    expect_error(field, "must", [&] { StreamCertificate::from_json(damaged.dump()); });
  }
}

}  // namespace
}  // namespace momentset::test
