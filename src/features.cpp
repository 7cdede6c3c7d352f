#include "momentset/features.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "format.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

using Columns = std::vector<std::uint32_t>;

constexpr std::size_t most_monomials = std::size_t(1) << 20;
constexpr int unbounded_degree = 255;  // the highest order that a certificate measures

bool has_all(const Columns& set, std::span<const std::uint32_t> columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](std::uint32_t column) { return std::find(set.begin(), set.end(), column) != set.end(); });
}

/// Depth-first, from one monomial to those with one more column, not before its last.
class Walk {
 public:
  Walk(const MonomialSet& set, std::size_t dimension, int order,
       const std::function<bool(std::span<const std::uint32_t>, int)>& see)
      : set_(set), dimension_(dimension), order_(order), see_(see) {
    for (const Columns& each : set.interactions) candidates_.insert(candidates_.end(), each.begin(), each.end());
    std::sort(candidates_.begin(), candidates_.end());
    candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  }

  void run() {
    if (see_(columns_, 0)) go_on();
  }

 private:
  /// False once the visitor has seen enough.
  bool go_on() {
    const auto degree = int(columns_.size());
    if (degree >= order_) return true;
    const std::uint32_t first = columns_.empty() ? 0 : columns_.back();
    if (set_.interactions.empty() || degree < set_.low_order) {
      for (auto column = first; column < dimension_; ++column) {
        if (!take(column)) return false;
      }
      return true;
    }
    // No other columns come into question: of ten thousand most are in no set.
    for (auto next = std::lower_bound(candidates_.begin(), candidates_.end(), first); next != candidates_.end();
         ++next) {
      if (!take(*next)) return false;
    }
    return true;
  }

  bool take(std::uint32_t column) {
    columns_.push_back(column);
    const std::optional<int> own = set_.order_of(columns_);
    const bool more = !own || *own > order_ || (see_(columns_, *own) && go_on());
    columns_.pop_back();
    return more;
  }

  const MonomialSet& set_;
  std::size_t dimension_;
  int order_;
  const std::function<bool(std::span<const std::uint32_t>, int)>& see_;
  Columns columns_, candidates_;
};

[[noreturn]] void refuse(const std::string& value, const std::string& rule) { throw Error("features", value, rule); }

/// Refuses a list that is neither empty nor one number for each column.
void require_length(std::size_t length, std::size_t dimension, const char* what) {
  if (length == 0 || length == dimension) return;
  refuse(formatted("{} {}", length, what), formatted("one for each of the {} columns is needed, or none", dimension));
}

std::vector<std::string_view> parts_of(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(between);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <class Number>
Number number_of(std::string_view text, const std::string& word) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    refuse(word, formatted("'{}' is not a {}number", text, std::is_integral_v<Number> ? "whole " : ""));
  }
  return number;
}

void require_monomials(const MonomialSet& monomials, std::size_t dimension) {
  require_length(monomials.degrees.size(), dimension, "degrees");
  require_length(monomials.weights.size(), dimension, "weights");
  for (const int degree : monomials.degrees) {
    if (degree < 0) refuse(std::to_string(degree), "a degree must not be negative");
  }
  for (const double weight : monomials.weights) {
    if (!(weight >= 1 && std::isfinite(weight))) refuse(formatted("{:g}", weight), "a weight must be at least 1");
  }
  for (const Columns& set : monomials.interactions) {
    if (set.empty()) refuse("interactions", "a set of columns must not be empty");
    for (const std::uint32_t column : set) {
      if (std::count(set.begin(), set.end(), column) > 1) refuse(std::to_string(column), "a set has a column once");
      if (column >= dimension) refuse(std::to_string(column), formatted("there are {} columns only", dimension));
    }
  }
  if (monomials.low_order < 0) refuse(std::to_string(monomials.low_order), "the low order must not be negative");
}

void require_length_scale(double length) {
  if (!(length > 0 && std::isfinite(length))) refuse(formatted("length {:g}", length), "must be positive and finite");
}

/// Words of one kind, with the columns that they name.
class Parser {
 public:
  explicit Parser(std::span<const std::string> columns) : columns_(columns) {}

  void add(const std::string& word) {
    const std::size_t colon = word.find(':');
    const std::string_view kind = std::string_view(word).substr(0, colon);
    const std::string_view rest = colon == std::string::npos ? "" : std::string_view(word).substr(colon + 1);
    MonomialSet& monomials = features_.monomials;
    if (word == "total") {
      return;
    } else if (kind == "degrees") {
      fill(monomials.degrees, unbounded_degree, rest, word);
    } else if (kind == "weights") {
      fill(monomials.weights, 1.0, rest, word);
    } else if (kind == "interactions") {
      for (const std::string_view set : parts_of(rest, ',')) {
        Columns& columns = monomials.interactions.emplace_back();
        for (const std::string_view name : parts_of(set, '*')) columns.push_back(column(name, word));
      }
    } else if (kind == "low") {
      monomials.low_order = number_of<int>(rest, word);
    } else if (kind == "pca" || kind == "pls") {
      features_.directions = positive(rest, word);
      features_.supervised = kind == "pls";
    } else if (kind == "fourier") {
      features_.fourier = positive(rest, word);
    } else if (kind == "nystroem") {
      features_.nystroem = positive(rest, word);
    } else if (kind == "length") {
      features_.length = number_of<double>(rest, word);
    } else {
      refuse(word,
             "must be total, or degrees:, weights:, interactions:, low:, pca:, pls:, fourier:, nystroem: or length: "
             "with what belongs to it");
    }
  }

  Features features() const { return features_; }

 private:
  static std::size_t positive(std::string_view text, const std::string& word) {
    const auto number = number_of<std::size_t>(text, word);
    if (number == 0) refuse(word, "must be at least 1");
    return number;
  }

  std::uint32_t column(std::string_view name, const std::string& word) const {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    if (found == columns_.end()) refuse(word, formatted("'{}' is none of the columns", name));
    return std::uint32_t(found - columns_.begin());
  }

  /// "x=3,y=1" into one number for each column.
  template <class Number>
  void fill(std::vector<Number>& numbers, Number otherwise, std::string_view text, const std::string& word) const {
    numbers.resize(columns_.size(), otherwise);
    for (const std::string_view part : parts_of(text, ',')) {
      const std::size_t sign = part.rfind('=');
      if (sign == std::string_view::npos) refuse(word, formatted("'{}' must be COLUMN=NUMBER", part));
      numbers[column(part.substr(0, sign), word)] = number_of<Number>(part.substr(sign + 1), word);
    }
  }

  std::span<const std::string> columns_;
  Features features_;
};

}  // namespace

std::optional<int> MonomialSet::order_of(std::span<const std::uint32_t> columns) const {
  const auto total = int(columns.size());
  if (!degrees.empty()) {
    int exponent = 0;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      exponent = k > 0 && columns[k] == columns[k - 1] ? exponent + 1 : 1;
      if (exponent > degrees[columns[k]]) return {};
    }
  }
  if (!interactions.empty() && total > low_order &&
      std::none_of(interactions.begin(), interactions.end(),
                   [&](const Columns& set) { return has_all(set, columns); })) {
    return {};
  }
  if (weights.empty()) return total;
  constexpr double rounding = 1e-9;  // of sums such as 1.1 + 1.1 + 1.1
  double weighted = 0;
  for (const std::uint32_t column : columns) weighted += weights[column];
  return int(std::min(std::ceil(weighted - rounding), double(std::numeric_limits<int>::max())));
}

void MonomialSet::visit(std::size_t dimension, int order,
                        const std::function<bool(std::span<const std::uint32_t>, int)>& see) const {
  Walk(*this, dimension, order, see).run();
}

std::size_t MonomialSet::count(std::size_t dimension, int order) const {
  std::size_t count = 0;
  visit(dimension, order, [&](std::span<const std::uint32_t>, int) { return ++count <= most_monomials; });
  return count <= most_monomials ? count : std::numeric_limits<std::size_t>::max();
}

void require_valid(const Features& features, std::size_t dimension) {
  require_monomials(features.monomials, dimension);
  if (features.directions > dimension) {
    refuse(formatted("{} directions", features.directions), formatted("there are {} columns only", dimension));
  }
  if (features.directions > 0 && !features.monomials.is_whole()) {
    refuse(formatted("{} directions", features.directions), "exclude degrees, weights and interactions of columns");
  }
  if (features.supervised && features.directions == 0) refuse("supervised", "needs a number of directions");
  require_length_scale(features.length);
}

void require_valid(const FeatureMap& map, std::size_t dimension, std::size_t points) {
  const std::size_t variables = map.variables(dimension);
  require_monomials(map.monomials, variables);
  if (!map.directions.empty() && (map.centre.size() != dimension || map.directions.size() != variables * dimension)) {
    refuse("directions", formatted("must have a centre of {} numbers, and as many each", dimension));
  }
  for (const Index landmark : map.landmarks) {
    if (landmark >= points) refuse(formatted("landmark {}", landmark), formatted("there are {} points only", points));
  }
  require_length_scale(map.length);
}

Features parse_features(std::span<const std::string> words, std::span<const std::string> columns) {
  Parser parser(columns);
  for (const std::string& word : words) parser.add(word);
  const Features features = parser.features();
  require_valid(features, columns.size());
  return features;
}

}  // namespace momentset
