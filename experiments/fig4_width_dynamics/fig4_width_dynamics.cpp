// The test losses of Figure 4: a wide network and few of its neurons, trained side by side. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "experiments/cylindrical_harmonic.hpp"
#include "experiments/options.hpp"
#include "experiments/training_runs.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;
using network::Rule;

struct Setting {
  const char* optimizer;
  Rule rule;
  double learning_rate;
};

// In the order of reference/fig4_width_dynamics.csv.
constexpr Setting settings[] = {
    {"AdamW", Rule::adamw, 1e-4},     {"AdamW", Rule::adamw, 5e-5},     {"Adam", Rule::adam, 1e-4},
    {"Adam", Rule::adam, 3e-5},       {"Adam", Rule::adam, 5e-5},       {"Adamax", Rule::adamax, 5e-5},
    {"RMSprop", Rule::rmsprop, 1e-4}, {"RMSprop", Rule::rmsprop, 3e-5}, {"Rprop", Rule::rprop, 5e-4},
    {"Rprop", Rule::rprop, 1e-2},     {"SGD", Rule::sgd, 1e-4},         {"SGD", Rule::sgd, 5e-4},
    {"SGD", Rule::sgd, 1e-3}};

constexpr int epochs = 3000, points_of_curve = 60;
constexpr std::size_t batch = 512;

struct Asked {
  TrainingRuns runs;
  std::vector<std::size_t> settings;  // numbers of the above, from 1
  std::size_t width = 10'000, size = 1'000, examples = 100'000, tests = 100'000;
};

void measure(const Setting& setting, int trial, const Asked& asked, CsvFile& csv) {
  const TrainingRuns& runs = asked.runs;
  const HarmonicTask task(asked.width, asked.examples, asked.tests, trial);
  Training training;
  training.optimiser = published_optimiser(setting.rule, setting.learning_rate);
  training.batches = Batches::shuffled;
  training.batch = batch;
  training.epochs = runs.epochs > 0 ? runs.epochs : epochs;
  training.seed = std::uint64_t(trial);
  std::vector<TwoLayerNetwork> kept;
  for (const std::string& variant : runs.variants) kept.push_back(task.kept(variant, asked.size, runs));
  const auto about = [&](std::size_t v) {
    return fmt::format("{},{},{},{},{}", setting.optimizer, setting.learning_rate, asked.width, kept[v].width(),
                       training.epochs);
  };
  const int interval = std::max(1, training.epochs / points_of_curve);
  write_losses(runs, trial, csv, about,
               [&](std::size_t v, const Tell& tell) { task.learn(kept[v], training, interval, tell); });
}

void experiment(const Asked& asked) {
  require_usable(asked.runs, width_variants());
  require_settings(asked.settings, std::size(settings));
  CsvFile csv(asked.runs.output, "optimizer,lr,width,width_out,epochs,variant,trial,epoch,test_loss");
  for (const std::size_t number : asked.settings) {
    for (int t = 0; t < asked.runs.trials; ++t) measure(settings[number - 1], asked.runs.first_trial + t, asked, csv);
  }
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  asked.runs.variants = width_variants();
  asked.runs.order = 5;
  asked.runs.output = "fig4_width_dynamics.csv";
  CLI::App app("Trains the networks of Figure 4 and writes their test losses as CSV.");
  add_settings(app, asked.settings, std::size(settings));
  add_positive(app, "--width", asked.width, "neurons of the wide network");
  add_positive(app, "--size", asked.size, "neurons to keep");
  add_positive(app, "--examples", asked.examples, "examples to learn from");
  add_positive(app, "--tests", asked.tests, "examples of the test loss");
  add_options(app, asked.runs);
  return run_program(app, count, words, [&] { experiment(asked); });
}
