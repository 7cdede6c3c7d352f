#include "compress_options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "config_file.hpp"
#include "momentset/error.hpp"

namespace momentset::cli {

void add_compress_options(CLI::App& command, CompressArguments& arguments) {
  add_table_options(command, arguments);
  command.add_option("-o,--output", arguments.output, "table to write; - writes CSV to standard output")
      ->type_name("OUT");
  CLI::Option* size = command.add_option("--size", arguments.size, "rows to keep")->type_name("N");
  CLI::Option* keep =
      command.add_option("--keep", arguments.keep, "fraction of the rows to keep")->type_name("F")->excludes(size);
  command
      .add_option("--tolerance", arguments.tolerance,
                  "keep as few rows as make the error of test functions at most E of their spread")
      ->type_name("E")
      ->excludes(size)
      ->excludes(keep);
  command
      .add_option("--order", arguments.order, "keep all moments up to this order; auto tries some and takes the best")
      ->type_name("K")
      ->capture_default_str();
  command.add_option("--effort", arguments.effort, "operations that auto may lead to: low, normal or high")
      ->check(CLI::IsMember({"low", "normal", "high"}))
      ->capture_default_str();
  command
      .add_option("--smoothness", arguments.smoothness,
                  "functions to be exact for: analytic (long waves), smooth or kinked (short waves, ridges)")
      ->check(CLI::IsMember({"analytic", "smooth", "kinked"}))
      ->capture_default_str();
  command
      .add_option(
          "--method", arguments.method,
          "how rows are found: tree (cells, kept exactly), auto (tree, then finishing steps within the effort; in many "
          "columns the best of several ways), kernel (for many columns: kernel means, exact means and covariances) or "
          "paper (k-means and nearest neighbours, in rounds)")
      ->check(CLI::IsMember({"auto", "tree", "kernel", "paper"}))
      ->type_name("M")
      ->capture_default_str();
  command
      .add_option("--max-weight", arguments.max_weight,
                  "no new weight above X times their mean, X > 1 [no bound]: nearly equal weights, fewer cells")
      ->type_name("X");
  command
      .add_option("--min-ess", arguments.min_ess,
                  "smallest effective sample size of the new weights, as a share of the size; takes the method kernel")
      ->type_name("F");
  command
      .add_option("--target", arguments.targets,
                  "columns to be predicted from the coordinates: their sums, times the moments, are kept as well")
      ->delimiter(',')
      ->type_name("Y,Z");
  command
      .add_option(
          "--loss", arguments.loss,
          "squared: all that is linear in the targets is kept; logistic: they are classes, each with moments of "
          "its own; general: they are coordinates like others; auto: logistic for text and booleans, squared "
          "for numbers")
      ->check(CLI::IsMember({"auto", "squared", "logistic", "general"}))
      ->capture_default_str();
  command.add_option("--target-degree", arguments.target_degree, "keep the powers of the targets up to this one")
      ->type_name("D")
      ->capture_default_str();
  command
      .add_option("--groups", arguments.groups,
                  "compress inside the groups that these columns tell apart: each keeps its mass and its own moments")
      ->delimiter(',')
      ->type_name("A,B");
  command
      .add_option("--group-sizes", arguments.group_sizes,
                  "how groups share the size: by mass, by error (to make that of all smallest) or equal")
      ->check(CLI::IsMember({"mass", "error", "equal"}))
      ->capture_default_str();
  command
      .add_option("--categories", arguments.categories, "columns of few different values: the count of each is kept")
      ->delimiter(',')
      ->type_name("A,B");
  command.add_flag("--category-pairs", arguments.category_pairs,
                   "keep the count of each combination of two of the categories as well");
  command
      .add_option("--scale", arguments.scale,
                  "what columns are divided by before cells are formed: standard (deviation), robust (interquartile "
                  "range) or none (one number for all)")
      ->check(CLI::IsMember({"standard", "robust", "none"}))
      ->capture_default_str();
  command
      .add_option("--column-weights", arguments.column_weights,
                  "factors of the scaled columns [1]: cells are cut finer along those that weigh more")
      ->delimiter(',')
      ->type_name("A=2,B=0.5");
  command.add_option("--weight-sum", arguments.weight_sum, "what the new weights sum to: mass, n (rows) or 1")
      ->check(CLI::IsMember({"mass", "n", "1"}))
      ->capture_default_str();
  command.add_option("--keep-rows", arguments.keep_rows, "file of row numbers, one a line, that must survive")
      ->type_name("FILE");
  command.add_option("--seed", arguments.seed, "seed of the certificate's test functions and random subsets")
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--threads", arguments.threads, "threads to use [all cores]; the result is the same for any");
  command.add_option("--certificate", arguments.certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  command
      .add_option("--missing", arguments.missing,
                  "coordinates without a value: error, drop (as --drop-invalid) or indicator (filled with the column's "
                  "mean, and told by a coordinate of 0 and 1)")
      ->check(CLI::IsMember({"error", "drop", "indicator"}))
      ->capture_default_str();
  command.add_flag("--dry-run", arguments.dry_run, "print the plan and stop");
  command.add_flag("--json", arguments.json, "print the summary as JSON");
  command.add_flag("--quiet", arguments.quiet, "print errors only");
  command.add_flag("--force", arguments.force, "replace existing files");
  add_config_option(command);
}

std::optional<int> stated_order(const std::string& text) {
  if (text == "auto") return std::nullopt;
  int order = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), order);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error("--order", text, "must be auto or a whole number");
  }
  return order;
}

}  // namespace momentset::cli
