#include "experiments/training_runs.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "momentset/error.hpp"

namespace momentset::experiments {

void add_options(CLI::App& app, TrainingRuns& runs) {
  app.add_option("--trials", runs.trials, "problems")->capture_default_str();
  app.add_option("--first-trial", runs.first_trial, "number of the first problem")->capture_default_str();
  app.add_option("--variants", runs.variants, "what to train")->delimiter(',')->capture_default_str();
  app.add_option("--order", runs.order, "order of the moments of whole objects")->capture_default_str();
  app.add_option("--epochs", runs.epochs, "in place of the paper's; 0: those")->capture_default_str();
  app.add_option("--threads", runs.threads, "threads; 0: all cores")->capture_default_str();
  app.add_option("--output", runs.output, "CSV to write")->capture_default_str();
}

void require_usable(const TrainingRuns& runs, const std::vector<std::string>& known) {
  if (runs.trials < 1) throw Error("--trials", std::to_string(runs.trials), "must be at least 1");
  if (runs.first_trial < 0) throw Error("--first-trial", std::to_string(runs.first_trial), "must not be negative");
  if (runs.epochs < 0) throw Error("--epochs", std::to_string(runs.epochs), "must not be negative");
  for (const std::string& variant : runs.variants) {
    if (std::ranges::find(known, variant) != known.end()) continue;
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    throw Error("--variants", variant, "must be of " + names);
  }
  if (runs.order < 0) throw Error("--order", std::to_string(runs.order), "must not be negative");
}

std::size_t root_size(std::size_t d, double factor) {
  return std::min(d, std::size_t(std::ceil(factor * std::ceil(16 * std::sqrt(double(d))))));
}

void add_positive(CLI::App& app, const std::string& name, std::size_t& value, const std::string& what) {
  app.add_option(name, value, what)->check(CLI::PositiveNumber)->capture_default_str();
}

void add_settings(CLI::App& app, std::vector<std::size_t>& numbers, std::size_t count) {
  for (std::size_t number = 1; number <= count; ++number) numbers.push_back(number);
  app.add_option("--settings", numbers, "numbers of the settings, in the order of the published table")
      ->delimiter(',')
      ->capture_default_str();
}

void require_settings(const std::vector<std::size_t>& numbers, std::size_t count) {
  for (const std::size_t number : numbers) {
    if (number >= 1 && number <= count) continue;
    throw Error("--settings", std::to_string(number), "must be 1 to " + std::to_string(count));
  }
}

network::OptimiserOptions published_optimiser(network::Rule rule, double learning_rate) {
  return {.rule = rule, .learning_rate = learning_rate, .weight_decay = rule == network::Rule::adamw ? 0.01 : 0};
}

network::Layer random_objects(const network::Layer& layer, std::size_t size, int trial) {
  std::vector<Index> numbers(layer.width()), chosen;
  std::iota(numbers.begin(), numbers.end(), Index(0));
  std::mt19937_64 random{std::uint64_t(trial)};
  std::ranges::sample(numbers, std::back_inserter(chosen), std::ptrdiff_t(size), random);
  network::Layer some = network::take(layer, chosen);
  some.objects.weights.assign(size, double(layer.width()) / double(size));
  return some;
}

void write_losses(const TrainingRuns& runs, int trial, CsvFile& csv,
                  const std::function<std::string(std::size_t)>& about,
                  const std::function<void(std::size_t, const Tell&)>& learn) {
  std::vector<std::vector<std::string>> rows(runs.variants.size());
  tbb::task_arena arena(runs.threads > 0 ? runs.threads : tbb::task_arena::automatic);
  const auto learn_one = [&](std::size_t v) {
    const std::string begin = about(v);
    learn(v, [&](int epoch, double loss) {
      rows[v].push_back(fmt::format("{},{},{},{},{:.6g}", begin, runs.variants[v], trial, epoch, loss));
    });
  };
  arena.execute([&] { tbb::parallel_for(std::size_t(0), rows.size(), learn_one); });
  for (const std::vector<std::string>& of_variant : rows) {
    for (const std::string& row : of_variant) csv.write(row);
    fmt::print("{}\n", of_variant.back());
  }
  std::fflush(stdout);
}

}  // namespace momentset::experiments
