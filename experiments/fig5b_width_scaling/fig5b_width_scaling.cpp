// The test losses of Figure 5(b): networks against their width, all of it or 16 sqrt(width) neurons. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "experiments/cylindrical_harmonic.hpp"
#include "experiments/options.hpp"
#include "experiments/training_runs.hpp"
#include "momentset/error.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

constexpr std::size_t examples = 20'000, tests = 20'000, batch = 128;
constexpr int epochs = 2000;

struct Asked {
  TrainingRuns runs;
  std::vector<std::size_t> widths;
};

void measure(std::size_t width, int trial, const TrainingRuns& runs, CsvFile& csv) {
  const HarmonicTask task(width, examples, tests, trial);
  Training training;
  training.optimiser = published_optimiser(network::Rule::adamw, 0.001);
  training.batches = Batches::shuffled;
  training.batch = batch;
  training.epochs = runs.epochs > 0 ? runs.epochs : epochs;
  training.seed = std::uint64_t(trial);
  std::vector<TwoLayerNetwork> kept;
  for (const std::string& variant : runs.variants) kept.push_back(task.kept(variant, root_size(width, 1), runs));
  const auto about = [&](std::size_t v) { return fmt::format("{},{},{}", width, kept[v].width(), training.epochs); };
  write_losses(runs, trial, csv, about,
               [&](std::size_t v, const Tell& tell) { task.learn(kept[v], training, training.epochs, tell); });
}

void experiment(const Asked& asked) {
  require_usable(asked.runs, width_variants());
  for (const std::size_t width : asked.widths) {
    if (width < 1) throw Error("--width", std::to_string(width), "must be at least 1");
  }
  CsvFile csv(asked.runs.output, "width,width_out,epochs,variant,trial,epoch,test_loss");
  for (const std::size_t width : asked.widths) {
    for (int t = 0; t < asked.runs.trials; ++t) measure(width, asked.runs.first_trial + t, asked.runs, csv);
  }
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  asked.runs.trials = 5;
  asked.runs.variants = {"wide", "joint"};
  asked.runs.order = 6;
  asked.runs.output = "fig5b_width_scaling.csv";
  for (std::size_t width = 256; width <= 16'384; width *= 2) asked.widths.push_back(width);
  CLI::App app("Trains the networks of Figure 5(b) and writes their test losses as CSV.");
  app.add_option("--width", asked.widths, "neurons")->delimiter(',')->capture_default_str();
  add_options(app, asked.runs);
  return run_program(app, count, words, [&] { experiment(asked); });
}
