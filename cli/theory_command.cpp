#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "momentset/error.hpp"
#include "momentset/theory/information_gain.hpp"
#include "momentset/theory/perceptron.hpp"
#include "momentset/theory/pruning.hpp"

namespace momentset::cli {
namespace {

using namespace theory;

struct TheoryArguments {
  std::string question;
  std::string alpha, fraction, theta, keep, window;  // lists, parsed here
  bool csv = false, json = false;
};

/// Rows of numbers and words under named columns. A row is shown with enough digits to be read, and written with all.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<nlohmann::json>> rows;
  bool solved = true;  // whether every row's equations are

  void add(std::vector<nlohmann::json> row, bool row_is_solved = true) {
    rows.push_back(std::move(row));
    solved = solved && row_is_solved;
  }
};

double number(const char* option, std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    throw Error(option, std::string(text), "must be a number, numbers with commas, or FROM:TO:COUNT");
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// FROM:TO:COUNT: equal ratios, or equal steps where one end is 0.
std::vector<double> range(const char* option, std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 3) return {number(option, text)};
  const double from = number(option, parts[0]), to = number(option, parts[1]), count = number(option, parts[2]);
  if (!(count >= 2 && count <= 1e6) || count != std::floor(count)) {
    throw Error(option, std::string(text), "its COUNT must be a whole number from 2 to 1e6");
  }
  std::vector<double> values;
  for (int i = 0; i < int(count); ++i) {
    const double share = i / (count - 1);
    values.push_back(from > 0 && to > 0 ? from * std::pow(to / from, share) : from + (to - from) * share);
  }
  values.back() = to;
  return values;
}

std::vector<double> list(const char* option, const std::string& text) {
  if (text.empty()) throw Error(option, "", "must be given");
  std::vector<double> values;
  for (const std::string_view part : split(text, ',')) {
    const std::vector<double> more = range(option, part);
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

/// p(z) of --keep or --window, at one fraction.
MarginDistribution margins_of(const TheoryArguments& options, double fraction) {
  if (!options.window.empty()) {
    const std::vector<std::string_view> ends = split(options.window, ',');
    if (ends.size() != 2) throw Error("--window", options.window, "must be two numbers, LOWER,UPPER");
    return MarginDistribution::window(number("--window", ends[0]), number("--window", ends[1]));
  }
  if (options.keep == "easy") return MarginDistribution::keep_easy(fraction);
  return options.keep == "random" ? MarginDistribution::random() : MarginDistribution::keep_hard(fraction);
}

/// The fractions to go through; a window has its own.
std::vector<double> fractions(const TheoryArguments& options) {
  if (options.window.empty()) return list("--fraction", options.fraction);
  if (!options.fraction.empty()) throw Error("--fraction", options.fraction, "cannot be given with --window");
  return {margins_of(options, 1).fraction()};
}

std::vector<double> ascending_alphas(const TheoryArguments& options) {
  std::vector<double> alphas = list("--alpha", options.alpha);
  std::sort(alphas.begin(), alphas.end());
  return alphas;
}

Table curve(const TheoryArguments& options) {
  Table table{{"alpha", "fraction", "theta_deg", "R", "rho", "kappa", "error"}, {}};
  const std::vector<double> alphas = ascending_alphas(options);
  for (const double fraction : fractions(options)) {
    for (const double theta : list("--theta", options.theta)) {
      const std::vector<Perceptron> found = perceptron_curve(alphas, margins_of(options, fraction), theta);
      for (std::size_t i = 0; i < alphas.size(); ++i) {
        const Perceptron& at = found[i];
        table.add({alphas[i], fraction, theta, at.R, at.rho, at.kappa, at.error}, at.solved());
      }
    }
  }
  return table;
}

const char* name_of(Policy policy) {
  switch (policy) {
    case Policy::keep_easy:
      return "keep-easy";
    case Policy::window:
      return "window";
    case Policy::keep_hard:
      return "keep-hard";
    default:
      return "random";
  }
}

Table windows(const TheoryArguments& options) {
  Table table{{"alpha", "fraction", "theta_deg", "lower", "upper", "error", "easy", "hard", "random", "policy"}, {}};
  for (const double fraction : list("--fraction", options.fraction)) {
    for (const double theta : list("--theta", options.theta)) {
      for (const double alpha : ascending_alphas(options)) {
        const PolicyChoice of = adaptive_policy(alpha, fraction, theta);
        table.add({alpha, fraction, theta, of.best.lower, of.best.upper, of.best.predicted.error,
                   of.easiest.predicted.error, of.hardest.predicted.error, of.random_error, name_of(of.policy)},
                  of.best.predicted.solved() && of.easiest.predicted.solved() && of.hardest.predicted.solved());
      }
    }
  }
  return table;
}

Table frontier(const TheoryArguments& options) {
  Table table{{"alpha", "theta_deg", "fraction", "error", "random"}, {}};
  for (const double theta : list("--theta", options.theta)) {
    for (const double alpha : ascending_alphas(options)) {
      const FrontierPoint best = pareto_frontier(alpha, theta);
      const Perceptron random = perceptron(alpha, MarginDistribution::random());
      table.add({alpha, theta, best.fraction, best.predicted.error, random.error},
                best.predicted.solved() && random.solved());
    }
  }
  return table;
}

Table smallest_fractions(const TheoryArguments& options) {
  Table table{{"theta_deg", "f_min"}, {}};
  for (const double theta : list("--theta", options.theta)) table.add({theta, f_min(theta)});
  return table;
}

Table information(const TheoryArguments& options) {
  Table table{{"alpha", "fraction", "R", "q", "gain", "next_example"}, {}};
  for (const double fraction : fractions(options)) {
    const MarginDistribution margins = margins_of(options, fraction);
    for (const double alpha : ascending_alphas(options)) {
      const InformationGain found = information_gain(alpha, margins);
      table.add({alpha, fraction, found.R, found.q, found.gain, next_example_gain(alpha, margins)}, found.solved());
    }
  }
  return table;
}

/// JSON knows no infinity.
nlohmann::json finite(const nlohmann::json& value) {
  return value.is_number_float() && !std::isfinite(value.get<double>()) ? nlohmann::json("inf") : value;
}

std::string cell(const nlohmann::json& value, bool all_digits) {
  if (value.is_string()) return value.get<std::string>();
  return all_digits ? fmt::format("{}", value.get<double>()) : fmt::format("{:.6g}", value.get<double>());
}

std::string json(const Table& table) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object;
    for (std::size_t i = 0; i < row.size(); ++i) object[table.columns[i]] = finite(row[i]);
    rows.push_back(std::move(object));
  }
  return rows.dump(2) + "\n";
}

std::string csv(const Table& table) {
  std::string text = fmt::format("{}\n", fmt::join(table.columns, ","));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + cell(row[i], true);
    text += "\n";
  }
  return text;
}

std::string text(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    widths.push_back(table.columns[i].size());
    for (const auto& row : table.rows) widths[i] = std::max(widths[i], cell(row[i], false).size());
  }
  std::string text;
  const auto line = [&](const auto& shown) {
    for (std::size_t i = 0; i < widths.size(); ++i) text += fmt::format("{:>{}}", shown(i), widths[i] + 2);
    text += "\n";
  };
  line([&](std::size_t i) { return table.columns[i]; });
  for (const auto& row : table.rows) line([&](std::size_t i) { return cell(row[i], false); });
  return text;
}

/// TheoryArguments that a question has no use for would be ignored in silence.
void require_used(const TheoryArguments& options) {
  const auto refuse = [&](const char* option, const std::string& value, bool used) {
    if (!used && !value.empty()) throw Error(option, value, "has no meaning for theory " + options.question);
  };
  const bool curve = options.question == "curve", information = options.question == "information";
  refuse("--alpha", options.alpha, options.question != "fmin");
  refuse("--fraction", options.fraction, curve || information || options.question == "window");
  refuse("--keep", options.keep, curve || information);
  refuse("--window", options.window, curve || information);
  if (information && options.theta != "0") refuse("--theta", options.theta, false);
  if (!options.window.empty()) refuse("--keep", options.keep, options.keep.empty());
}

Table answer(const TheoryArguments& options) {
  if (options.question == "curve") return curve(options);
  if (options.question == "window") return windows(options);
  if (options.question == "frontier") return frontier(options);
  if (options.question == "fmin") return smallest_fractions(options);
  return information(options);
}

/// The option that the library's argument was given as.
std::string option_of(const std::string& argument) {
  if (argument.starts_with("--")) return argument;
  return argument == "theta_deg" ? "--theta" : "--" + argument;
}

int run(const TheoryArguments& options) try {
  require_used(options);
  const Table table = answer(options);
  fmt::print("{}", options.json ? json(table) : options.csv ? csv(table) : text(table));
  if (table.solved) return success;
  fmt::print(stderr, "momentset: theory: the equations of some rows could not be solved to 1e-9\n");
  return check_failed;
} catch (const Error& error) {
  throw Error(option_of(error.field()), error.value(), error.rule());
}

}  // namespace

void add_theory(CLI::App& app, int& status) {
  const auto options = std::make_shared<TheoryArguments>();
  options->theta = "0";
  CLI::App* command = app.add_subcommand("theory", "what the theory of pruned perceptrons predicts");
  command
      ->add_option("question", options->question,
                   "curve: errors; window: the best margins to keep; frontier: the best fraction; fmin: the smallest "
                   "useful fraction; information: gain per example")
      ->required()
      ->check(CLI::IsMember({"curve", "window", "frontier", "fmin", "information"}))
      ->type_name("QUESTION");
  command->add_option("--alpha", options->alpha, "kept examples per parameter: 1,2,5 or FROM:TO:COUNT")
      ->type_name("LIST");
  command->add_option("--fraction", options->fraction, "fractions of the examples that are kept")->type_name("LIST");
  command->add_option("--theta", options->theta, "angles between probe and teacher, degrees")
      ->type_name("LIST")
      ->capture_default_str();
  command->add_option("--keep", options->keep, "examples to keep: hard, easy or random [hard]")
      ->check(CLI::IsMember({"hard", "easy", "random"}))
      ->type_name("WHICH");
  command->add_option("--window", options->window, "keep margins between two numbers instead")
      ->type_name("LOWER,UPPER");
  CLI::Option* csv = command->add_flag("--csv", options->csv, "print CSV");
  command->add_flag("--json", options->json, "print JSON")->excludes(csv);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
