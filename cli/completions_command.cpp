#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"

namespace momentset::cli {
namespace {

struct Command {
  std::string name, description;
  std::vector<std::string> flags;  // "--size", "-o", ...
};

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    Command command{sub->get_name(), sub->get_description(), {}};
    for (const CLI::Option* option : sub->get_options()) {
      for (const std::string& name : option->get_lnames()) command.flags.push_back("--" + name);
      for (const std::string& name : option->get_snames()) command.flags.push_back("-" + name);
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string names(const std::vector<Command>& commands) {
  std::string text;
  for (const Command& command : commands) text += (text.empty() ? "" : " ") + command.name;
  return text;
}

std::string bash(const std::vector<Command>& commands) {
  std::string text =
      "_momentset() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]}\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  text += fmt::format("    COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n    return\n  fi\n", names(commands));
  text += "  case \"${COMP_WORDS[1]}:$word\" in\n";
  for (const Command& command : commands) {
    text += fmt::format("    {}:-*) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")) ;;\n", command.name,
                        fmt::join(command.flags, " "));
  }
  text += "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}\n";
  return text + "complete -o filenames -F _momentset momentset\n";
}

std::string zsh(const std::vector<Command>& commands) {
  std::string text = "#compdef momentset\n_momentset() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const Command& command : commands) text += fmt::format("      '{}:{}'\n", command.name, command.description);
  text += "    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n";
  for (const Command& command : commands) {
    text += fmt::format("    {}) if [[ $words[CURRENT] == -* ]]; then compadd -- {}; else _files; fi ;;\n",
                        command.name, fmt::join(command.flags, " "));
  }
  return text + "  esac\n}\ncompdef _momentset momentset\n";
}

std::string fish(const std::vector<Command>& commands) {
  std::string text;
  for (const Command& command : commands) {
    text += fmt::format("complete -c momentset -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                        command.description);
    for (const std::string& flag : command.flags) {
      const bool is_long = flag.starts_with("--");
      text += fmt::format("complete -c momentset -n '__fish_seen_subcommand_from {}' -{} {}\n", command.name,
                          is_long ? 'l' : 's', flag.substr(is_long ? 2 : 1));
    }
  }
  return text;
}

}  // namespace

void add_completions(CLI::App& app, int& status) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completions", "print completions for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  command->callback([shell, &app, &status] {
    const std::vector<Command> commands = commands_of(app);
    fmt::print("{}", *shell == "bash" ? bash(commands) : *shell == "zsh" ? zsh(commands) : fish(commands));
    status = success;
  });
}

}  // namespace momentset::cli
