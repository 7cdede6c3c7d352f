#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "commands.hpp"
#include "config_file.hpp"
#include "momentset/error.hpp"
#include "momentset/version.hpp"
#include "target_file.hpp"

namespace {

using namespace momentset;

int report(const std::string& message) {
  fmt::print(stderr, "momentset: {}\n", message);
  return cli::usage_error;
}

void require_command(const CLI::App& app, const std::string& name) {
  std::string known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return;
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  throw Error(name, "", "is none of the commands " + known);
}

int run(int argc, char** argv) {
  CLI::App app("Replaces a large weighted set of points by a small weighted subset with the same moments.");
  app.name("momentset");
  app.set_version_flag("--version", "momentset " + std::string(version));
  app.require_subcommand(1);
  int status = cli::success;
  cli::add_compress(app, status);
  cli::add_verify(app, status);
  cli::add_info(app, status);
  cli::add_plan(app, status);
  cli::add_theory(app, status);
  cli::add_prune(app, status);
  cli::add_distill(app, status);
  cli::add_sketch(app, status);
  cli::add_merge(app, status);
  cli::add_finish(app, status);
  cli::add_completions(app, status);
  std::vector<std::string> arguments = cli::with_config_file({argv + 1, argv + argc});
  try {
    if (!arguments.empty() && !arguments[0].starts_with('-')) require_command(app, arguments[0]);
    std::reverse(arguments.begin(), arguments.end());  // the order in which CLI11 takes a vector
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return report(std::string(wrong.what()) + " (see 'momentset --help')");
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  cli::remove_targets_when_interrupted();
  // Writing beyond a limit or into a closed pipe shall be an error that is reported, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return report(error.what());
  } catch (const std::bad_alloc&) {
    return report("out of memory");
  } catch (const std::exception& error) {
    return report(error.what());
  }
}
