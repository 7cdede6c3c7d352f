#include "table_options.hpp"

#include <CLI/CLI.hpp>

namespace momentset::cli {

io::ReadOptions TableArguments::read_options() const {
  io::ReadOptions read;
  read.columns = columns;
  read.exclude = exclude;
  read.weights = weights;
  read.drop_invalid = drop_invalid;
  return read;
}

void add_table_options(CLI::App& command, TableArguments& arguments) {
  command
      .add_option("input", arguments.inputs,
                  "tables: .csv, .parquet, .arrow, .feather, .npy, globs, or - for CSV on standard input")
      ->required()
      ->type_name("IN");
  command.add_option("--columns", arguments.columns, "columns that are the coordinates [every numeric one]")
      ->delimiter(',')
      ->type_name("A,B");
  command.add_option("--exclude", arguments.exclude, "columns that are not coordinates")
      ->delimiter(',')
      ->type_name("A,B");
  command.add_option("--weights", arguments.weights, "column of the rows' weights [every row weighs 1]")
      ->type_name("COL");
  command.add_flag("--drop-invalid", arguments.drop_invalid, "leave out rows with NaN, infinity or no value");
}

}  // namespace momentset::cli
