#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <vector>

#include "claim.hpp"
#include "commands.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "output_rows.hpp"
#include "progress.hpp"
#include "verify_stream.hpp"
#include "verify_table.hpp"

namespace momentset::cli {
namespace {

struct VerifyArguments : ClaimArguments {
  std::vector<std::string> files;     // inputs, then the output
  std::vector<std::string> features;  // files of the columns that were kept beside the moments
  int threads = 0;
  bool quiet = false;
};

int run(const VerifyArguments& options) {
  if (options.files.size() < 2) throw Error("verify", "", "needs the input and the output, in this order");
  if (options.threads < 0) throw Error("--threads", std::to_string(options.threads), "must not be negative");
  io::set_threads(options.threads);
  const std::string& output_path = options.files.back();
  const std::vector<std::string> inputs(options.files.begin(), options.files.end() - 1);

  const io::Table output_table = io::Table::open({output_path});
  const Claim claim = claim_of(options, output_path, output_table);
  OutputRows output = read_output(output_table, claim);
  const io::Table input_table = io::Table::open(inputs);
  if (input_table.format() != output_table.format()) output.levels.clear();  // their texts may differ
  require_source(claim, input_table);
  ProgressBar progress(!options.quiet);
  const std::vector<Check> checks =
      claim.stream
          ? checks_in_batches(claim, input_table, output, options.threads, progress)
          : checks_in_memory(claim, input_table.read(claim.read_options()), output, options.features, options.threads);
  if (!options.quiet) {
    fmt::print("{} against {}, as stated by {}\n", output_path, fmt::join(inputs, " "), claim.source);
    for (const Check& check : checks) {
      fmt::print("  {:<6} {:<24} {}\n", check.passed ? "ok" : "FAILED", check.name, check.detail);
    }
  }
  // The hash of the output fails with whatever else does, and says least: it is named only if nothing else is.
  auto failed = checks.end();
  for (auto check = checks.begin(); check != checks.end(); ++check) {
    if (!check->passed && (failed == checks.end() || failed->name == "output")) failed = check;
  }
  if (failed == checks.end()) return success;
  fmt::print(stderr, "momentset: {}: check '{}' failed: {}\n", output_path, failed->name, failed->detail);
  return check_failed;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  const auto options = std::make_shared<VerifyArguments>();
  CLI::App* command =
      app.add_subcommand("verify", "recompute everything that a compressed table claims; exit status 3 if it fails");
  command->add_option("files", options->files, "the input table or tables, then the compressed one")
      ->required()
      ->type_name("IN... OUT");
  command->add_option("--certificate", options->certificate, "certificate [OUT.certificate.json, if there is one]")
      ->type_name("FILE");
  command->add_option("--columns", options->columns, "without a certificate: the coordinates")
      ->delimiter(',')
      ->type_name("A,B");
  command->add_option("--order", options->order, "without a certificate: the order")->type_name("K");
  command
      ->add_option("--weights", options->weights, "without a certificate, or of finish: the input's column of weights")
      ->type_name("COL");
  command
      ->add_option("--features", options->features,
                   "files of columns whose sums were kept, as after file: in compress, in the same order")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--threads", options->threads, "threads to use [all cores]");
  command->add_flag("--drop-invalid", options->drop_invalid, "without a certificate, or of finish: as in compress");
  command->add_flag("--quiet", options->quiet, "print errors only");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
