// The test losses of Figure 7: many attention heads and few of them, trained side by side. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <random>
#include <string>
#include <vector>

#include "experiments/attention.hpp"
#include "experiments/options.hpp"
#include "experiments/training_runs.hpp"
#include "momentset/network/compress_width.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

struct Setting {
  const char* run;  // as the published table names it
  std::size_t width;
  double learning_rate;
  int steps;
};

// In the order of reference/fig7_attention.csv.
constexpr Setting settings[] = {{"icl_piecewise_losses.csv", 4000, 1e-4, 5},
                                {"icl_piecewise_losses_d8000_dstop800_lr0.0001_ep50_spe5.csv", 8000, 1e-4, 5},
                                {"icl_piecewise_losses_d8000_dstop800_lr0.0002_ep50_spe2.csv", 8000, 2e-4, 2},
                                {"icl_piecewise_losses_d8000_dstop800_lr0.001_ep50.csv", 8000, 1e-3, 5}};

constexpr int epochs = 50;

/// The whole; heads with the moments of (Wq, Wk, Wv, Wo) up to the order, and up to one more; any heads.
const std::vector<std::string>& variants() {
  static const std::vector<std::string> names{"full", "joint", "higher", "random"};
  return names;
}

struct Asked {
  TrainingRuns runs;
  std::vector<std::size_t> settings;  // numbers of the above, from 1
  std::size_t width = 0, size = 800, tests = 4096;
};

AttentionNetwork kept(const std::string& variant, const AttentionNetwork& full, const Asked& asked, int trial) {
  if (variant == "full") return full;
  const network::Layer heads = heads_of(full);
  const TrainingRuns& runs = asked.runs;
  if (variant != "random") {
    const int order = runs.order + (variant == "higher" ? 1 : 0);
    return network_of_heads(
        network::compress_width(heads, {.size = asked.size, .order = order, .threads = runs.threads}).layer);
  }
  return network_of_heads(random_objects(heads, asked.size, trial));
}

void measure(const Setting& setting, int trial, const Asked& asked, CsvFile& csv) {
  const TrainingRuns& runs = asked.runs;
  const std::size_t width = asked.width > 0 ? asked.width : setting.width;
  std::seed_seq seed{std::uint64_t(width), std::uint64_t(trial)};
  std::mt19937_64 random(seed);
  const AttentionNetwork full = initial_heads(random, width);
  const std::vector<Sequence> tests = piecewise_linear_sequences(random, asked.tests);
  std::vector<AttentionNetwork> networks;
  for (const std::string& variant : runs.variants) networks.push_back(kept(variant, full, asked, trial));
  const AttentionTraining training{.optimiser = published_optimiser(network::Rule::adam, setting.learning_rate),
                                   .epochs = runs.epochs > 0 ? runs.epochs : epochs,
                                   .steps = setting.steps,
                                   .seed = std::uint64_t(trial)};
  const auto about = [&](std::size_t v) {
    return fmt::format("{},{},{},{},{}", setting.run, width, networks[v].width(), setting.learning_rate,
                       training.epochs);
  };
  write_losses(runs, trial, csv, about, [&](std::size_t v, const Tell& tell) {
    tell(0, mean_squared_error(networks[v], tests));
    train(networks[v], training,
          [&](int epoch, const AttentionNetwork& network) { tell(epoch, mean_squared_error(network, tests)); });
  });
}

void experiment(const Asked& asked) {
  require_usable(asked.runs, variants());
  require_settings(asked.settings, std::size(settings));
  CsvFile csv(asked.runs.output, "run,heads,heads_out,lr,epochs,variant,trial,epoch,test_loss");
  for (const std::size_t number : asked.settings) {
    for (int t = 0; t < asked.runs.trials; ++t) measure(settings[number - 1], asked.runs.first_trial + t, asked, csv);
  }
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  asked.runs.variants = variants();
  asked.runs.order = 3;
  asked.runs.trials = 5;
  asked.runs.output = "fig7_attention.csv";
  CLI::App app("Trains the attention heads of Figure 7 and writes their test losses as CSV.");
  add_settings(app, asked.settings, std::size(settings));
  app.add_option("--width", asked.width, "heads to begin with; 0: as published")->capture_default_str();
  add_positive(app, "--size", asked.size, "heads to keep");
  add_positive(app, "--tests", asked.tests, "sequences of the test loss");
  add_options(app, asked.runs);
  return run_program(app, count, words, [&] { experiment(asked); });
}
