#include "pipelines/cli/options.hpp"

#include "core/error.hpp"
#include "core/parameter.hpp"
#include "pipelines/cli/outputs.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace calcispec::cli {
namespace po = boost::program_options;
namespace {

constexpr Option help_option{"help", 'h', OptionValue::none, {}, "this text"};

[[noreturn]] void fail(const std::string& text, const std::string& place = {}) {
  throw Error(ErrorCode::invalid_argument, text, place);
}

std::vector<std::string_view> split_choices(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find('|'), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

const Option* find_option(std::span<const Option> table, std::string_view name) {
  if (name == help_option.name) {
    return &help_option;
  }
  const auto found = std::find_if(
      table.begin(), table.end(), [&](const Option& option) { return option.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::optional<double> number_from(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

void check_number(const Option& option, const std::string& text) {
  const std::string place = "--" + std::string(option.name);
  const auto value = number_from(text);
  const bool is_whole = option.value == OptionValue::whole_number;
  const std::string wanted = is_whole ? "a whole number" : "a number";
  if (!value) {
    std::string sentence = "'" + text + "' is not " + wanted;
    if (text.find(',') != std::string::npos) {
      sentence += "; write a decimal point, not a comma";
    }
    fail(sentence, place);
  }
  if (is_whole && *value != std::floor(*value)) {
    fail("'" + text + "' is not a whole number", place);
  }
  if (*value < option.minimum || *value > option.maximum) {
    const bool is_open = std::isinf(option.maximum);
    fail(text + " is out of range; expected " + wanted +
             (is_open
                  ? " of at least " + number_text(option.minimum)
                  : " from " + number_text(option.minimum) + " to " + number_text(option.maximum)),
         place);
  }
}

void check_value(const Option& option, const std::string& text) {
  const std::string place = "--" + std::string(option.name);
  if (option.value == OptionValue::whole_number || option.value == OptionValue::number) {
    check_number(option, text);
    return;
  }
  if (option.value == OptionValue::choice) {
    const auto choices = split_choices(option.argument);
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      const auto near = nearest_name(text, choices);
      fail("'" + text + "' is not one of " + joined(choices) +
               (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"),
           place);
    }
    return;
  }
  if (text.empty()) {
    fail("the value is empty; expected " + std::string(option.argument), place);
  }
}

po::options_description describe(std::span<const Option> table) {
  po::options_description description;
  const auto add = [&](const Option& option) {
    std::string names(option.name);
    if (option.letter != 0) {
      names += std::string(",") + option.letter;
    }
    if (option.value == OptionValue::none) {
      description.add_options()(names.c_str(), "");
    } else {
      description.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
    }
  };
  for (const auto& option : table) {
    add(option);
  }
  add(help_option);
  return description;
}

std::string unknown_option(const CommandHelp& help, std::string given) {
  given = given.substr(0, given.find('='));
  std::vector<std::string_view> names;
  for (const auto& option : help.options) {
    names.push_back(option.name);
  }
  const auto bare = given.substr(std::min(given.find_first_not_of('-'), given.size()));
  const auto near = bare.size() < 2 ? std::string_view() : nearest_name(bare, names);
  return "unknown option '" + given + "'" +
         (near.empty() ? "" : "; did you mean '--" + std::string(near) + "'?") +
         " (see calcispec " + std::string(help.name) + " --help)";
}

// The library's own sentences speak of canonical styles and arguments; these speak to users.
std::string syntax_sentence(const CommandHelp& help, const po::invalid_command_line_syntax& error) {
  std::string name = error.get_option_name();
  name = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  const auto* option = find_option(help.options, name);
  if (option == nullptr) {
    for (const auto& row : help.options) {
      if (name.size() == 1 && row.letter == name[0]) {
        option = &row;
      }
    }
  }
  if (option != nullptr && option->value == OptionValue::none) {
    return "--" + std::string(option->name) + " takes no value";
  }
  if (option != nullptr) {
    return "--" + std::string(option->name) + " needs a value: " + std::string(option->argument);
  }
  return "'" + error.get_option_name() + "' cannot be read (see calcispec " +
         std::string(help.name) + " --help)";
}

po::parsed_options run_parser(const CommandHelp& help,
                              const po::options_description& description,
                              const std::vector<std::string>& arguments) {
  try {
    namespace style = po::command_line_style;
    return po::command_line_parser(arguments)
        .options(description)
        .style(style::default_style & ~style::allow_guessing)
        .run();
  } catch (const po::unknown_option& error) {
    fail(unknown_option(help, error.get_option_name()));
  } catch (const po::invalid_command_line_syntax& error) {
    fail(syntax_sentence(help, error));
  } catch (const po::error& error) {
    fail(std::string(error.what()) + " (see calcispec " + std::string(help.name) + " --help)");
  }
}

std::string variable_name(std::string_view option) {
  std::string name = "CALCISPEC_";
  for (const char letter : option) {
    name += letter == '-' ? '_' : static_cast<char>(letter >= 'a' ? letter - 'a' + 'A' : letter);
  }
  return name;
}

// Text broken at blanks, later lines indented.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (used > 0 && indent + used + 1 + word.size() > width) {
      lines += "\n" + std::string(indent, ' ');
      used = 0;
    }
    lines += (used > 0 ? " " : "") + std::string(word);
    used += word.size() + (used > 0 ? 1 : 0);
  }
  return lines;
}

}  // namespace

/// Fills Options; apart from it so that the public class has no setters.
class OptionsBuilder {
 public:
  explicit OptionsBuilder(std::span<const Option> table) { result_.table_ = table; }

  void add(const std::string& name, std::vector<std::string> values) {
    const auto* option = find_option(result_.table_, name);
    if (option == nullptr) {
      for (auto& word : values) {
        result_.words_.push_back(std::move(word));
      }
      return;
    }
    auto& all = result_.values_[name];
    if (option->value == OptionValue::none) {
      return;
    }
    for (auto& value : values) {
      check_value(*option, value);
      all.push_back(std::move(value));
    }
    if (all.size() > 1 && option->value != OptionValue::list) {
      fail("given twice, as '" + all[0] + "' and '" + all[1] + "'; give it once",
           "--" + std::string(option->name));
    }
  }

  void add_variables() {
    for (const auto& option : result_.table_) {
      // Read before any thread starts; nothing in the program sets the environment.
      const char* text =
          option.has_variable && !result_.values_.contains(option.name)
              ? std::getenv(variable_name(option.name).c_str())  // NOLINT(concurrency-mt-unsafe)
              : nullptr;
      if (text != nullptr && *text != '\0') {
        add(std::string(option.name), {text});
      }
    }
  }

  [[nodiscard]] Options take() { return std::move(result_); }

 private:
  Options result_;
};

const std::vector<std::string>* Options::find(std::string_view name) const {
  if (find_option(table_, name) == nullptr) {
    throw Error(ErrorCode::internal, "no option is called '" + std::string(name) + "'");
  }
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

bool Options::knows(std::string_view name) const {
  return find_option(table_, name) != nullptr;
}

bool Options::has(std::string_view name) const {
  return find(name) != nullptr;
}

std::string Options::text(std::string_view name, std::string_view fallback) const {
  const auto* values = find(name);
  return values == nullptr ? std::string(fallback) : values->front();
}

std::vector<std::string> Options::list(std::string_view name) const {
  const auto* values = find(name);
  return values == nullptr ? std::vector<std::string>() : *values;
}

double Options::number(std::string_view name, double fallback) const {
  const auto* values = find(name);
  return values == nullptr ? fallback : number_from(values->front()).value_or(fallback);
}

Index Options::whole_number(std::string_view name, Index fallback) const {
  return static_cast<Index>(std::llround(number(name, static_cast<double>(fallback))));
}

std::optional<Options> parse_options(const CommandHelp& help,
                                     std::span<const std::string> arguments) {
  const auto description = describe(help.options);
  const std::vector<std::string> list(arguments.begin(), arguments.end());
  const auto parsed = run_parser(help, description, list);
  OptionsBuilder builder(help.options);
  for (const auto& option : parsed.options) {
    if (option.string_key == help_option.name) {
      print(help_text(help));
      return std::nullopt;
    }
  }
  for (const auto& option : parsed.options) {
    builder.add(option.string_key, option.value);
  }
  builder.add_variables();
  return builder.take();
}

std::string help_text(const CommandHelp& help) {
  constexpr std::size_t width = 88;
  constexpr std::size_t column = 30;
  std::string text =
      "calcispec " + std::string(help.name) + ": " + std::string(help.purpose) + "\n\n";
  text += "usage: calcispec " + std::string(help.name) + " " + std::string(help.usage) + "\n\n";
  text += "examples:\n" + std::string(help.examples) + "\noptions:\n";
  const auto add = [&](const Option& option) {
    std::string left = option.letter == 0 ? "      " : std::string("  -") + option.letter + ", ";
    left += "--" + std::string(option.name);
    // Long lists of words stand in the help column, where they wrap.
    const bool is_long = left.size() + option.argument.size() + 3 > column;
    std::string right(option.help);
    if (is_long) {
      std::string words(option.argument);
      for (std::size_t at = words.find('|'); at != std::string::npos;
           at = words.find('|', at + 3)) {
        words.replace(at, 1, " | ");
      }
      right = words + ": " + right;
    } else if (!option.argument.empty()) {
      left += " " + std::string(option.argument);
    }
    left.resize(std::max(left.size() + 2, column), ' ');
    text += left + wrapped(right, column, width) + "\n";
  };
  for (const auto& option : help.options) {
    add(option);
  }
  add(help_option);
  if (!help.notes.empty()) {
    text += "\n" + std::string(help.notes);
  }
  return text;
}

io::ReadOptions read_options(const Options& options) {
  const auto text = [&](std::string_view name) {
    return options.knows(name) ? options.text(name) : std::string();
  };
  io::ReadOptions read;
  read.technique = technique_from_name(text("technique"));
  read.mode = sampling_mode_from_name(text("mode"));
  read.ordinate = ordinate_from_name(text("ordinate"));
  if (options.knows("laser") && options.has("laser")) {
    read.laser_nm = options.number("laser", 0);
  }
  if (options.knows("block") && options.has("block")) {
    read.block = options.text("block");
  }
  if (options.knows("axis") && options.has("axis")) {
    read.axis = options.text("axis");
  }
  const bool is_trusted = options.knows("trust-input") && options.has("trust-input");
  read.reader_program = is_trusted ? "" : "/proc/self/exe";
  return read;
}

std::pair<double, double> parse_range(std::string_view text, std::string_view option) {
  const auto cut = text.find_first_of("-:,", 1);
  if (cut != std::string_view::npos) {
    const auto from = number_from(text.substr(0, cut));
    const auto to = number_from(text.substr(cut + 1));
    if (from && to && *from < *to) {
      return {*from, *to};
    }
  }
  fail(
      "'" + std::string(text) +
          "' is not a range; write FROM-TO in 1/cm, the smaller number first, for example 400-1800",
      std::string(option));
}

}  // namespace calcispec::cli
