// calcispec completion: what a shell needs to complete commands, options and their words.
#include "core/error.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace calcispec::cli {

const CommandHelp& completion_help() {
  static constexpr std::array options{
      common::output,
      common::force,
  };
  static constexpr CommandHelp help{
      "completion",
      "Print the completion of commands and options for a shell",
      "[options] bash|zsh|fish",
      "  source <(calcispec completion bash)\n"
      "  calcispec completion bash -o ~/.local/share/bash-completion/completions/calcispec\n"
      "  calcispec completion fish -o ~/.config/fish/completions/calcispec.fish\n",
      options,
      "The script for zsh is that of bash, through bashcompinit.\n"};
  return help;
}

namespace {

// "a|b|c" as words.
std::string words_of(std::string_view choices) {
  std::string out(choices);
  std::replace(out.begin(), out.end(), '|', ' ');
  return out;
}

std::string option_words(const Command& command) {
  std::string out = "--help";
  for (const auto& option : command.help().options) {
    out += " --" + std::string(option.name);
  }
  return out;
}

// Of every option that has words to choose from.
std::string choice_cases() {
  std::string out;
  for (const auto& command : commands()) {
    for (const auto& option : command.help().options) {
      if (option.value == OptionValue::choice) {
        out += "    " + std::string(command.name) + ":--" + std::string(option.name) + ") words='" +
               words_of(option.argument) + "' ;;\n";
      }
    }
  }
  return out;
}

std::string bash_script() {
  std::string names;
  std::string options;
  for (const auto& command : commands()) {
    names += (names.empty() ? "" : " ") + std::string(command.name);
    options +=
        "      " + std::string(command.name) + ") words='" + option_words(command) + "' ;;\n";
  }
  return "# bash completion of calcispec, made by `calcispec completion bash`\n"
         "_calcispec() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W '" +
         names +
         " --help --version' -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]}:$previous in\n" +
         choice_cases() +
         "  esac\n"
         "  if [[ -z $words && $current == -* ]]; then\n"
         "    case ${COMP_WORDS[1]} in\n" +
         options +
         "    esac\n"
         "  fi\n"
         "  if [[ -n $words ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  else\n"
         "    local IFS=$'\\n'\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _calcispec calcispec\n";
}

// Text within single quotes of fish.
std::string quoted_for_fish(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return out + "'";
}

std::string fish_script() {
  std::string out = "# fish completion of calcispec, made by `calcispec completion fish`\n";
  for (const auto& command : commands()) {
    const auto& help = command.help();
    const std::string name(command.name);
    out += "complete -c calcispec -n __fish_use_subcommand -f -a " + name + " -d " +
           quoted_for_fish(help.purpose) + "\n";
    for (const auto& option : help.options) {
      out += "complete -c calcispec -n '__fish_seen_subcommand_from " + name + "' -l " +
             std::string(option.name);
      out += option.letter != 0 ? std::string(" -s ") + option.letter : "";
      if (option.value == OptionValue::choice) {
        out += " -x -a " + quoted_for_fish(words_of(option.argument));
      } else if (option.value != OptionValue::none) {
        out += " -r";
      }
      out += " -d " + quoted_for_fish(option.help) + "\n";
    }
  }
  return out;
}

}  // namespace

int run_completion(std::span<const std::string> arguments) {
  const auto options = parse_options(completion_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto& words = options->words();
  const auto shell = words.size() == 1 ? words.front() : std::string();
  if (shell != "bash" && shell != "zsh" && shell != "fish") {
    throw Error(ErrorCode::invalid_argument, "name one shell: bash, zsh or fish");
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  write_output(target,
               shell == "fish"  ? fish_script()
               : shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" + bash_script()
                                : bash_script());
  return exit_ok;
}

}  // namespace calcispec::cli
