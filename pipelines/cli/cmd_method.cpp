// calcispec method: the built-in methods and the steps they are made of.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/method.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::cli {

const CommandHelp& method_help() {
  static constexpr std::array options{
      Option{"format", 0, OptionValue::choice, "text|markdown", "how list prints (default: text)"}
  };
  static constexpr CommandHelp help{"method",
                                    "List, show and check methods and steps",
                                    "list|show NAME|check FILE",
                                    "  calcispec method list\n"
                                    "  calcispec method show raman > my_method.toml\n"
                                    "  calcispec method check my_method.toml\n",
                                    options};
  return help;
}

namespace {

std::string step_text(const StepInfo& step) {
  std::string out = "  " + step.name + "  " + std::string(step.info.summary) + "\n";
  for (const auto& parameter : step.info.parameters) {
    out += "      " + std::string(parameter.name) + "  " + std::string(parameter.help);
    if (parameter.type == ParameterType::choice) {
      out += " (" + std::string(parameter.choices) + ")";
    } else if (parameter.type != ParameterType::pairs && std::isfinite(parameter.standard)) {
      out += " (default " + number_text(parameter.standard) + ")";
    }
    out += "\n";
  }
  return out;
}

std::string range_text(const ParameterInfo& parameter) {
  if (parameter.type == ParameterType::choice) {
    return std::string(parameter.choices);
  }
  if (parameter.type == ParameterType::flag) {
    return "true, false";
  }
  const auto range = number_text(parameter.minimum) + " to " + number_text(parameter.maximum);
  return parameter.type == ParameterType::pairs ? "list, " + range : range;
}

std::string default_text(const ParameterInfo& parameter) {
  if (parameter.type == ParameterType::pairs || !std::isfinite(parameter.standard)) {
    return "-";
  }
  if (parameter.type == ParameterType::flag) {
    return parameter.standard != 0 ? "true" : "false";
  }
  if (parameter.type != ParameterType::choice) {
    return number_text(parameter.standard);
  }
  auto choices = parameter.choices;
  for (auto skip = static_cast<int>(parameter.standard); skip > 0; --skip) {
    choices.remove_prefix(std::min(choices.find(' ') + 1, choices.size()));
  }
  return std::string(choices.substr(0, choices.find(' ')));
}

// Every baseline has it: the reference tells it once, above the tables.
bool is_told_once(const StepInfo& step, const ParameterInfo& row) {
  return step.info.family == "baseline" && row.name == "mask";
}

// The table of every step for docs/method_reference.md.
std::string steps_markdown() {
  std::string out;
  for (const auto& step : step_table()) {
    out += "#### " + step.name + "\n\n" + std::string(step.info.summary) + ".";
    if (step.info.source != "-" && !step.info.source.empty()) {
      out += " Source: " + std::string(step.info.source) + ".";
    }
    out += "\n\n";
    const bool has_table = std::any_of(
        step.info.parameters.begin(), step.info.parameters.end(), [&](const ParameterInfo& row) {
          return !is_told_once(step, row);
        });
    if (!has_table) {
      continue;
    }
    out += "| parameter | also | meaning | unit | range | default |\n|---|---|---|---|---|---|\n";
    for (const auto& row : step.info.parameters) {
      if (is_told_once(step, row)) {
        continue;
      }
      out += "| " + std::string(row.name) + " | " + std::string(row.aliases) + " | " +
             std::string(row.help) + " | " + std::string(row.unit) + " | " + range_text(row) +
             " | " + default_text(row) + " |\n";
    }
    out += "\n";
  }
  return out;
}

int list_methods() {
  std::string out = "methods:\n";
  for (const auto& name : builtin_method_names()) {
    out += "  " + name + "  " + load_method(name).title + "\n";
  }
  out += "\nsteps:\n";
  for (const auto& step : step_table()) {
    out += step_text(step);
  }
  print(out);
  return exit_ok;
}

}  // namespace

int run_method(std::span<const std::string> arguments) {
  const auto options = parse_options(method_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto& words = options->words();
  if (words.size() == 1 && words[0] == "list" && options->text("format") == "markdown") {
    print(steps_markdown());
    return exit_ok;
  }
  if (words.size() == 1 && words[0] == "list") {
    return list_methods();
  }
  if (words.size() == 2 && words[0] == "show") {
    print(builtin_method_text(words[1]));
    return exit_ok;
  }
  if (words.size() == 2 && words[0] == "check") {
    const auto method = load_method(words[1]);
    print(canonical_text(method) + "sha256: " + sha256_of(method) + "\n");
    return exit_ok;
  }
  throw Error(ErrorCode::invalid_argument, "expected list, show NAME or check FILE");
}

}  // namespace calcispec::cli
