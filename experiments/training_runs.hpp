#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/options.hpp"
#include "momentset/network/layer.hpp"
#include "momentset/network/optimiser.hpp"

namespace momentset::experiments {

/// What all experiments on training can be asked for.
struct TrainingRuns {
  int trials = 1, first_trial = 0;    ///< problems, and the number of the first: further ones can be run by themselves
  std::vector<std::string> variants;  ///< what is trained: the whole, or what is left of it, and how that was chosen
  int order = 0;                      ///< of the moments of whole objects
  int epochs = 0;                     ///< in place of those of the paper; 0: those
  int threads = 0;                    ///< 0: all cores
  std::filesystem::path output;       ///< CSV
};

/// Adds the options to a program; `variants` are those that it knows.
void add_options(CLI::App& app, TrainingRuns& runs);

/// Throws Error where a number is out of range, or a variant is none of `known`.
void require_usable(const TrainingRuns& runs, const std::vector<std::string>& known);

/// What Figure 5 keeps of d: ceil(16 sqrt(d)), or `factor` of it, but no more than d.
std::size_t root_size(std::size_t d, double factor);

/// Adds an option that takes a number above 0.
void add_positive(CLI::App& app, const std::string& name, std::size_t& value, const std::string& what);

/// Adds --settings: numbers of the published ones, of which there are `count`; all unless some are asked for.
void add_settings(CLI::App& app, std::vector<std::size_t>& numbers, std::size_t count);

/// Throws Error unless each is the number of a setting, 1 to `count`.
void require_settings(const std::vector<std::size_t>& numbers, std::size_t count);

/// Of all published trainings: AdamW has the weight decay 0.01, the others none.
network::OptimiserOptions published_optimiser(network::Rule rule, double learning_rate);

/// Any `size` objects of the layer, the same for a trial, each with the weight d / size.
network::Layer random_objects(const network::Layer& layer, std::size_t size, int trial);

/// For test losses of a training as they come.
using Tell = std::function<void(int epoch, double test_loss)>;

/// Calls learn(v, tell) for all variants v, on all threads that were asked for, and writes what they tell in the order
/// of the variants: rows "about(v),variant,trial,epoch,test loss". The last one of each is printed as well.
void write_losses(const TrainingRuns& runs, int trial, CsvFile& csv,
                  const std::function<std::string(std::size_t variant)>& about,
                  const std::function<void(std::size_t variant, const Tell& tell)>& learn);

}  // namespace momentset::experiments
