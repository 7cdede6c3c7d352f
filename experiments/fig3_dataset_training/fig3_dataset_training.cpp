// The test losses of Figure 3: students of a noisy teacher, trained on all examples or on few of them. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "experiments/options.hpp"
#include "experiments/teacher_student.hpp"
#include "experiments/training_runs.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;
using network::Rule;

struct Setting {
  const char* optimizer;
  Rule rule;
  std::size_t examples, batch;  // 0: all at once
  double learning_rate;
  int epochs;
};

// In the order of reference/fig3_dataset_training.csv.
constexpr Setting settings[] = {
    {"AdamW", Rule::adamw, 10'000, 256, 0.001, 400}, {"AdamW", Rule::adamw, 10'000, 0, 0.001, 400},
    {"AdamW", Rule::adamw, 10'000, 0, 0.01, 400},    {"Adam", Rule::adam, 10'000, 256, 0.001, 400},
    {"SGD", Rule::sgd, 100'000, 256, 0.01, 400},     {"SGD", Rule::sgd, 10'000, 256, 0.001, 400},
    {"SGD", Rule::sgd, 10'000, 256, 0.01, 400},      {"SGD", Rule::sgd, 10'000, 0, 0.01, 1000},
    {"SGD", Rule::sgd, 10'000, 0, 0.05, 400}};

constexpr std::size_t kept_examples = 1'000, tests = 100'000;
constexpr int interval = 10;  // epochs between two points of a curve

struct Asked {
  TrainingRuns runs;
  std::vector<std::size_t> settings;  // numbers of the above, from 1
};

Training training_of(const Setting& setting, const TrainingRuns& runs, int trial) {
  Training training;
  training.optimiser = published_optimiser(setting.rule, setting.learning_rate);
  training.batches = setting.batch == 0 ? Batches::all : Batches::proportional;
  training.batch = setting.batch;
  training.draws = setting.examples;
  training.epochs = runs.epochs > 0 ? runs.epochs : setting.epochs;
  training.seed = std::uint64_t(trial);
  return training;
}

void measure(const Setting& setting, int trial, const TrainingRuns& runs, CsvFile& csv) {
  const TeacherStudent task(setting.examples, tests, trial);
  std::vector<std::vector<Example>> kept;
  for (const std::string& variant : runs.variants) kept.push_back(task.kept(variant, kept_examples, runs));
  const Training training = training_of(setting, runs, trial);
  const auto about = [&](std::size_t v) {
    return fmt::format("{},{},{},{},{},{}", setting.optimizer, setting.examples, kept[v].size(),
                       setting.batch == 0 ? "full" : std::to_string(setting.batch), setting.learning_rate,
                       training.epochs);
  };
  write_losses(runs, trial, csv, about,
               [&](std::size_t v, const Tell& tell) { task.learn(kept[v], training, interval, tell); });
}

void experiment(const Asked& asked) {
  require_usable(asked.runs, data_variants());
  require_settings(asked.settings, std::size(settings));
  CsvFile csv(asked.runs.output, "optimizer,d,d_out,batch,lr,epochs,variant,trial,epoch,test_loss");
  for (const std::size_t number : asked.settings) {
    for (int t = 0; t < asked.runs.trials; ++t) {
      measure(settings[number - 1], asked.runs.first_trial + t, asked.runs, csv);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  asked.runs.trials = 10;
  asked.runs.variants = data_variants();
  asked.runs.order = 5;
  asked.runs.output = "fig3_dataset_training.csv";
  CLI::App app("Trains the students of Figure 3 and writes their test losses as CSV.");
  add_settings(app, asked.settings, std::size(settings));
  add_options(app, asked.runs);
  return run_program(app, count, words, [&] { experiment(asked); });
}
