#include "column_roles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "momentset/error.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

const io::Column* find(const io::Table& table, const std::string& name) {
  const auto& columns = table.columns();
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const io::Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool is_whole(const std::string& number) { return number.find_first_not_of("-0123456789") == std::string::npos; }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A level for each combination of two columns' that occurs.
io::Levels pair_of(const io::Levels& a, const io::Levels& b) {
  std::vector<io::Levels> both{a, b};
  for (io::Levels& each : both) {
    for (std::string& name : each.names) name = each.column + "=" + name;
  }
  OwnedGroups joint(both);
  return {a.column + " and " + b.column, std::move(joint.names), std::move(joint.of_points)};
}

}  // namespace

ColumnRoles::ColumnRoles(const io::Table& table, const std::vector<std::string>& targets,
                         const std::vector<std::string>& groups, const std::vector<std::string>& categories,
                         const std::string& loss)
    : groups(groups), categories(categories) {
  if (loss == "general") {
    joint = targets;
    this->loss = targets.empty() ? "" : loss;
    return;
  }
  for (const std::string& name : targets) {
    const io::Column* column = find(table, name);  // if there is none, reading says so
    const bool categorical = column != nullptr && column->categorical;
    if (categorical && loss == "squared") {
      throw Error("--target", name, "is of type " + column->type + ", the loss squared needs numbers");
    }
    const bool is_class = column != nullptr && (categorical || (loss == "logistic" && column->numeric));
    (is_class ? classes : this->targets).push_back(name);
  }
  for (const std::string& name : classes) {
    if (!contains(this->groups, name)) this->groups.push_back(name);
  }
  if (targets.empty()) return;
  this->loss = classes.empty() ? "squared" : this->targets.empty() ? "logistic" : "squared and logistic";
}

void ColumnRoles::require_classes(const io::Table& table, const io::Features& features) const {
  for (const io::Levels& levels : features.levels) {
    const auto& names = levels.names;
    const bool is_class = contains(classes, levels.column) && !find(table, levels.column)->categorical;
    if (!is_class || names.size() <= 2 || std::all_of(names.begin(), names.end(), is_whole)) continue;
    throw Error("--target", levels.column,
                fmt::format("has {} values, must be text, a boolean, whole numbers or of two values for the loss "
                            "logistic",
                            names.size()));
  }
}

OwnedGroups::OwnedGroups(std::span<const io::Levels> levels) {
  if (levels.empty()) return;
  of_points = levels.front().of_points;
  names = levels.front().names;
  for (std::size_t k = 1; k < levels.size(); ++k) {
    const std::vector<std::string> before = std::exchange(names, {});
    std::unordered_map<std::uint64_t, Index> numbers;
    for (std::size_t i = 0; i < of_points.size(); ++i) {
      const Index level = levels[k].of_points[i];
      const auto [found, is_new] = numbers.emplace(std::uint64_t{of_points[i]} << 32 | level, Index(names.size()));
      if (is_new) names.push_back(before[of_points[i]] + ", " + levels[k].names[level]);
      of_points[i] = found->second;
    }
  }
}

std::string filled_text(const std::vector<io::Filled>& filled) {
  std::string text;
  for (const io::Filled& each : filled) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "\n", each.column, each.value);
  }
  return text;
}

std::vector<io::Filled> parse_filled(const std::string& text) {
  std::vector<io::Filled> filled;
  for (const std::string& line : split_lines(text)) {
    const std::size_t sign = std::min(line.rfind('='), line.size());
    io::Filled each{line.substr(0, sign)};
    const char *begin = line.data() + std::min(sign + 1, line.size()), *end = line.data() + line.size();
    const auto [rest, failure] = std::from_chars(begin, end, each.value);
    if (failure != std::errc() || rest != end) throw Error("options.filled", line, "must be a column, = and a number");
    filled.push_back(each);
  }
  return filled;
}

std::vector<double> column_weights(const std::vector<std::string>& words, const std::vector<std::string>& columns) {
  const std::string option = "--column-weights";
  std::vector<double> weights(words.empty() ? 0 : columns.size(), 1);
  std::vector<bool> named(weights.size(), false);
  for (const std::string& word : words) {
    const std::size_t sign = std::min(word.rfind('='), word.size());
    const auto found = std::find(columns.begin(), columns.end(), word.substr(0, sign));
    if (sign == word.size()) throw Error(option, word, "must be a column, = and a number");
    if (found == columns.end()) {
      throw Error(option, word.substr(0, sign),
                  fmt::format("is none of the coordinates: {}", fmt::join(columns, ", ")));
    }
    const auto k = std::size_t(found - columns.begin());
    if (named[k]) throw Error(option, *found, "must be named once");
    named[k] = true;
    const char *begin = word.data() + sign + 1, *end = word.data() + word.size();
    const auto [rest, failure] = std::from_chars(begin, end, weights[k]);
    if (failure != std::errc() || rest != end) throw Error(option, word, "must be a column, = and a number");
  }
  return weights;
}

OwnedCategories::OwnedCategories(std::span<const io::Levels> levels, bool pairs, std::size_t most) {
  std::vector<io::Levels> counted;
  for (std::size_t a = 0; a < levels.size(); ++a) {
    if (!pairs) {
      io::Levels named = levels[a];
      for (std::string& name : named.names) name = named.column + "=" + name;
      counted.push_back(std::move(named));
    }
    for (std::size_t b = a + 1; pairs && b < levels.size(); ++b) counted.push_back(pair_of(levels[a], levels[b]));
  }
  std::size_t columns = 0;
  for (const io::Levels& each : counted) columns += each.names.size() - 1;
  if (columns > most) {
    std::vector<std::string> sizes;
    for (const io::Levels& each : counted) sizes.push_back(fmt::format("{} of {}", each.names.size(), each.column));
    throw Error("--categories", fmt::format("{} levels", fmt::join(sizes, ", ")),
                fmt::format("need a size of at least {}", columns + 1));
  }
  if (columns == 0) return;
  values.assign(columns * counted.front().of_points.size(), 0);
  std::size_t first = 0;
  for (const io::Levels& each : counted) {
    const std::size_t last = each.names.size() - 1;
    names.insert(names.end(), each.names.begin(), each.names.end() - 1);
    for (std::size_t i = 0; i < each.of_points.size(); ++i) {
      if (each.of_points[i] < last) values[i * columns + first + each.of_points[i]] = 1;
    }
    first += last;
  }
}

OwnedTargets::OwnedTargets(const std::vector<std::string>& all, std::vector<double> numbers) {
  const std::size_t p = all.size();
  std::vector<std::size_t> telling;
  for (std::size_t j = 0; j < p; ++j) {
    bool varies = false;
    for (std::size_t k = j; k < numbers.size() && !varies; k += p) varies = numbers[k] != numbers[j];
    if (varies) telling.push_back(j);
    (varies ? names : constant).push_back(all[j]);
  }
  if (constant.empty()) {
    values = std::move(numbers);
    return;
  }
  for (std::size_t row = 0; row < numbers.size(); row += p) {
    for (const std::size_t j : telling) values.push_back(numbers[row + j]);
  }
}

}  // namespace momentset::cli
