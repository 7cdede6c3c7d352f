#include "experiments/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "momentset/error.hpp"

namespace momentset::experiments {
namespace {

std::optional<int> order_named(const std::string& name) {
  if (name == "auto") return automatic_order;
  int order = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), order);
  if (failure != std::errc{} || end != name.data() + name.size() || order < 0) {
    throw Error("--order", name, "must be a whole number, not negative, or auto");
  }
  return order;
}

void require_usable(const Options& options) {
  if (options.trials < 1) throw Error("--trials", std::to_string(options.trials), "must be at least 1");
  for (const std::size_t m : options.dimensions) {
    if (m < 1) throw Error("--m", std::to_string(m), "must be at least 1");
  }
  for (const std::size_t d : options.rows) {
    if (d < 10) throw Error("--d", std::to_string(d), "must be at least 10");
  }
  compress_options(options, 1, automatic_order);  // an unknown method shall not show after the first problem only
}

}  // namespace

std::string name_of(std::optional<int> order) { return order ? std::to_string(*order) : "auto"; }

CompressOptions compress_options(const Options& options, std::size_t size, std::optional<int> order) {
  static const std::map<std::string, Method> methods{
      {"default", Method::automatic}, {"tree", Method::tree}, {"paper", Method::paper}};
  const auto method = methods.find(options.method);
  if (method == methods.end()) throw Error("--method", options.method, "must be default, tree or paper");
  CompressOptions compress;
  compress.method = method->second;
  compress.size = size;
  compress.order = order;
  compress.threads = options.threads;
  return compress;
}

CsvFile::CsvFile(const std::filesystem::path& path, const std::string& header) : path_(path) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  file_.open(path);
  write(header);
}

void CsvFile::write(const std::string& row) {
  file_ << row << '\n' << std::flush;
  if (!file_) throw Error("--output", path_.string(), "cannot be written");
}

int run_program(CLI::App& app, int count, char** words, const std::function<void()>& experiment) {
  try {
    app.parse(count, words);
    experiment();
    return 0;
  } catch (const CLI::ParseError& ended) {
    return ended.get_exit_code() == 0 ? app.exit(ended) : (app.exit(ended), 2);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", std::filesystem::path(words[0]).filename().string(), error.what());
    return 2;
  }
}

int run_program(int count, char** words, const std::string& description, Options options,
                const std::function<void(const Options&)>& experiment,
                const std::function<void(CLI::App&)>& add_options) {
  CLI::App app(description);
  std::vector<std::string> orders;
  for (const std::optional<int>& order : options.orders) orders.push_back(name_of(order));
  app.add_option("--m", options.dimensions, "columns")->delimiter(',')->capture_default_str();
  app.add_option("--order", orders, "orders of the moments, or auto")->delimiter(',')->capture_default_str();
  app.add_option("--d", options.rows, "points")->delimiter(',')->capture_default_str();
  app.add_option("--trials", options.trials, "problems for each m and d")->capture_default_str();
  app.add_option("--method", options.method, "method of compression")->capture_default_str();
  app.add_option("--threads", options.threads, "threads of the compression; 0: all cores")->capture_default_str();
  app.add_option("--output", options.output, "CSV to write")->capture_default_str();
  if (add_options) add_options(app);
  return run_program(app, count, words, [&] {
    options.orders.clear();
    for (const std::string& order : orders) options.orders.push_back(order_named(order));
    require_usable(options);
    experiment(options);
  });
}

}  // namespace momentset::experiments
