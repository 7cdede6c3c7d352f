#include "distill_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "config_file.hpp"
#include "momentset/distill/limits.hpp"
#include "momentset/error.hpp"

namespace momentset::cli {

void add_distill_options(CLI::App& command, DistillArguments& arguments) {
  add_table_options(command, arguments);
  command.add_option("-o,--output", arguments.output, "table to write; - writes CSV to standard output")
      ->required()
      ->type_name("OUT");
  command.add_option("--target", arguments.targets, "column that the model predicts; several for linear")
      ->required()
      ->delimiter(',')
      ->type_name("Y");
  command
      .add_option("--model", arguments.model,
                  "linear, logistic, binomial, poisson, gamma or negative-binomial; with --tolerance also kernel")
      ->type_name("M")
      ->capture_default_str();
  command.add_option("--link", arguments.link, "canonical; or probit, square-root or log where the model has it")
      ->type_name("G")
      ->capture_default_str();
  command.add_option("--dispersion", arguments.dispersion, "alpha of negative-binomial")
      ->type_name("A")
      ->capture_default_str();
  command
      .add_option("--ridge", arguments.ridge,
                  "L, of the penalty L |theta|^2 / 2; points of linear serve every one, which path asks for")
      ->type_name("L|path")
      ->capture_default_str();
  command.add_flag("--fit-intercept", arguments.fit_intercept, "the model has an intercept");
  CLI::Option* exact =
      command.add_flag("--exact", arguments.exact, "points that give the same coefficients: the default");
  command
      .add_option(
          "--tolerance", arguments.tolerance,
          "keep the fewest rows found whose coefficients differ by at most this share, for every ridge of a range")
      ->type_name("E")
      ->excludes(exact);
  command
      .add_option("--ridge-range", arguments.ridge_range,
                  "with --tolerance: smallest and largest L [1e-4 and 1 times the mean of a column's sum of squares]")
      ->delimiter(',')
      ->expected(2)
      ->type_name("A,B");
  command
      .add_option("--batches", arguments.batches,
                  "with --tolerance: serve unions with other data as well, by so many batches of rows")
      ->type_name("J")
      ->capture_default_str();
  command.add_option("--length", arguments.kernel.length, "of kernel, in standard deviations of a column")
      ->type_name("S")
      ->capture_default_str();
  command.add_option("--landmarks", arguments.kernel.landmarks, "of kernel: most landmarks of the reference")
      ->type_name("P")
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "of batches and landmarks")->type_name("S")->capture_default_str();
  command.add_flag("--real-rows", arguments.real_rows, "linear: rows of IN with new weights in place of points");
  command.add_flag("--one-point", arguments.one_point, "linear: one point, for this ridge alone");
  command.add_option("--scale", arguments.scale, "s of the point s theta [where its target keeps its digits]")
      ->type_name("S");
  command.add_option("--forget", arguments.forget, "linear: tables of rows of IN to take out again")
      ->delimiter(',')
      ->type_name("FILE,...");
  command.add_option("--certificate", arguments.certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  command.add_flag("--json", arguments.json, "print the certificate");
  command.add_flag("--quiet", arguments.quiet, "print errors only");
  command.add_flag("--force", arguments.force, "replace existing files");
  add_config_option(command);
}

void require_consistent(const DistillArguments& arguments) {
  if (!arguments.forget.empty()) {
    distill::require_exact(arguments.model, distill::Demand::combination);
    if (arguments.one_point) throw Error("--forget", "", "is not for one point");
  }
  if (arguments.scale && arguments.linear()) throw Error("--scale", "", "needs --one-point or another model");
  if (arguments.real_rows && !arguments.linear()) throw Error("--real-rows", "", "is for linear");
  if (arguments.real_rows && !arguments.forget.empty()) throw Error("--real-rows", "", "is not for --forget");
  if (arguments.tolerance && (arguments.one_point || !arguments.forget.empty())) {
    throw Error("--tolerance", "", "is not for --one-point or --forget");
  }
  if (!arguments.tolerance && (!arguments.ridge_range.empty() || arguments.batches > 0)) {
    throw Error(arguments.batches > 0 ? "--batches" : "--ridge-range", "", "needs --tolerance");
  }
  if (!arguments.linear() && arguments.targets.size() > 1) {
    throw Error("--target", fmt::format("{}", fmt::join(arguments.targets, ",")), "must be one column for this model");
  }
}

double parse_ridge(const DistillArguments& arguments) {
  if (arguments.tolerance) {
    if (arguments.ridge == "path" || arguments.ridge == "0") return 0;
    throw Error("--ridge", arguments.ridge, "must be path with --tolerance; --ridge-range states the strengths");
  }
  if (arguments.ridge == "path") {
    distill::require_exact(arguments.model, distill::Demand::regularisation_path);
    if (arguments.one_point) throw Error("--ridge", "path", "is not what one point can serve");
    return 0;
  }
  distill::require_exact(arguments.model, distill::Demand::one_model);
  std::size_t read = 0;
  double ridge = -1;
  try {
    ridge = std::stod(arguments.ridge, &read);
  } catch (const std::exception&) {
  }
  if (read != arguments.ridge.size() || !(ridge >= 0)) {
    throw Error("--ridge", arguments.ridge, "must be a number that is not negative, or path");
  }
  return ridge;
}

}  // namespace momentset::cli
