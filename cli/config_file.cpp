#include "config_file.hpp"

#include <algorithm>
#include <fstream>

#include "momentset/error.hpp"

namespace momentset::cli {
namespace {

constexpr const char* option = "--config";

/// Takes --config and its file out of the arguments; empty if it is not there.
std::string take_path(std::vector<std::string>& arguments) {
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const std::string prefix = std::string(option) + "=";
    if (arguments[k].starts_with(prefix)) {
      const std::string path = arguments[k].substr(prefix.size());
      arguments.erase(arguments.begin() + std::ptrdiff_t(k));
      return path;
    }
    if (arguments[k] == option && k + 1 < arguments.size()) {
      const std::string path = arguments[k + 1];
      arguments.erase(arguments.begin() + std::ptrdiff_t(k), arguments.begin() + std::ptrdiff_t(k + 2));
      return path;
    }
  }
  return {};
}

bool typed(const std::vector<std::string>& arguments, const std::string& name) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return argument == name || argument.starts_with(name + "=") || (name == "--output" && argument.starts_with("-o"));
  });
}

/// --size and --keep are two ways to say one thing: the one that is typed overrules both.
bool overruled(const std::vector<std::string>& arguments, const std::string& name) {
  const bool is_size = name == "--size" || name == "--keep";
  return typed(arguments, name) || (is_size && (typed(arguments, "--size") || typed(arguments, "--keep")));
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

}  // namespace

void add_config_option(CLI::App& command) {
  command.add_option(option, "file of these options, as TOML lines: size = 1000")->type_name("FILE");
}

std::vector<std::string> with_config_file(std::vector<std::string> arguments) {
  const std::string path = take_path(arguments);
  if (path.empty()) return arguments;
  std::ifstream file(path);
  if (!file) throw Error(option, path, "cannot be read");
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    throw Error(option, path, error.what());
  }
  std::vector<std::string> added;
  for (const CLI::ConfigItem& item : items) {
    const std::string name = "--" + item.name;
    if (item.name == "++" || item.name == "--") continue;  // how CLI11 marks the begin and end of a section
    const bool mine = item.parents.empty() || item.parents == std::vector<std::string>{arguments.front()};
    if (mine && !overruled(arguments, name)) added.push_back(name + "=" + joined(item.inputs));
  }
  arguments.insert(arguments.end(), added.begin(), added.end());
  return arguments;
}

}  // namespace momentset::cli
