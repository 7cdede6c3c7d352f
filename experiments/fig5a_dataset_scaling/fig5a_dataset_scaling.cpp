// The test losses of Figure 5(a): students of a noisy teacher against the number of examples, all or 16 sqrt(d) of
// them. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "experiments/options.hpp"
#include "experiments/teacher_student.hpp"
#include "experiments/training_runs.hpp"
#include "momentset/error.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

constexpr std::size_t tests = 20'000, batch = 512;
constexpr int epochs = 2048;

struct Asked {
  TrainingRuns runs;
  std::vector<std::size_t> examples;
  double size_factor = 1;
};

void measure(std::size_t d, int trial, const Asked& asked, CsvFile& csv) {
  const TrainingRuns& runs = asked.runs;
  const TeacherStudent task(d, tests, trial);
  std::vector<std::vector<Example>> kept;
  for (const std::string& variant : runs.variants) {
    kept.push_back(task.kept(variant, root_size(d, asked.size_factor), runs));
  }
  Training training;
  training.optimiser = published_optimiser(network::Rule::adamw, 0.001);
  training.batches = Batches::proportional;
  training.batch = batch;
  training.draws = d;
  training.epochs = runs.epochs > 0 ? runs.epochs : epochs;
  training.seed = std::uint64_t(trial);
  const auto about = [&](std::size_t v) { return fmt::format("{},{},{}", d, kept[v].size(), training.epochs); };
  write_losses(runs, trial, csv, about,
               [&](std::size_t v, const Tell& tell) { task.learn(kept[v], training, training.epochs, tell); });
}

void experiment(const Asked& asked) {
  require_usable(asked.runs, data_variants());
  for (const std::size_t d : asked.examples) {
    if (d < 1) throw Error("--d", std::to_string(d), "must be at least 1");
  }
  CsvFile csv(asked.runs.output, "d,d_out,epochs,variant,trial,epoch,test_loss");
  for (const std::size_t d : asked.examples) {
    for (int t = 0; t < asked.runs.trials; ++t) measure(d, asked.runs.first_trial + t, asked, csv);
  }
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  asked.runs.trials = 10;
  asked.runs.variants = {"full", "paper", "joint", "target"};
  asked.runs.order = 6;
  asked.runs.output = "fig5a_dataset_scaling.csv";
  for (std::size_t d = 256; d <= 524'288; d *= 2) asked.examples.push_back(d);
  CLI::App app("Trains the students of Figure 5(a) and writes their test losses as CSV.");
  app.add_option("--d", asked.examples, "examples")->delimiter(',')->capture_default_str();
  app.add_option("--size-factor", asked.size_factor, "multiple of ceil(16 sqrt(d)) to keep")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_options(app, asked.runs);
  return run_program(app, count, words, [&] { experiment(asked); });
}
