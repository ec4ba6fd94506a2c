// Options: one table per command feeds the parser, the help text and the tests.
#pragma once

#include "io/format.hpp"

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calcispec::cli {

enum class OptionValue { none, text, list, whole_number, number, choice };

/// One option. `argument` is how help calls the value; for a choice it holds the allowed words,
/// "raman|ftir|other". A list may be given several times. With `has_variable` the environment
/// variable CALCISPEC_<NAME> stands in when the option is absent.
struct Option {
  std::string_view name;
  char letter = 0;
  OptionValue value = OptionValue::none;
  std::string_view argument = {};
  std::string_view help = {};
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool has_variable = false;
};

/// Rows without a letter, for the tables of commands.
constexpr Option flag_option(std::string_view name, std::string_view help) {
  return {name, 0, OptionValue::none, {}, help};
}
constexpr Option text_option(std::string_view name,
                             std::string_view argument,
                             std::string_view help) {
  return {name, 0, OptionValue::text, argument, help};
}
/// May be given several times.
constexpr Option list_option(std::string_view name,
                             std::string_view argument,
                             std::string_view help) {
  return {name, 0, OptionValue::list, argument, help};
}
constexpr Option choice_option(std::string_view name,
                               std::string_view words,
                               std::string_view help) {
  return {name, 0, OptionValue::choice, words, help};
}
constexpr Option number_option(std::string_view name,
                               std::string_view argument,
                               std::string_view help,
                               std::pair<double, double> limits) {
  return {name, 0, OptionValue::number, argument, help, limits.first, limits.second};
}
constexpr Option whole_number_option(std::string_view name,
                                     std::string_view argument,
                                     std::string_view help,
                                     std::pair<double, double> limits) {
  return {name, 0, OptionValue::whole_number, argument, help, limits.first, limits.second};
}
/// The same row, with CALCISPEC_<NAME> standing in when the option is absent.
constexpr Option with_variable(Option option) {
  option.has_variable = true;
  return option;
}

/// What `calcispec NAME --help` shows; -h/--help is added to every table.
struct CommandHelp {
  std::string_view name;
  std::string_view purpose;         // one line, no full stop
  std::string_view usage;           // after the name: "[options] INPUT..."
  std::string_view examples;        // whole lines, each ending in a line feed
  std::span<const Option> options;  // common ones first
  std::string_view notes = {};      // after the options, whole lines
};

/// The options of one call, all checked against the table.
class Options {
 public:
  /// The table has this option. The functions below throw Error{internal} where it has not.
  [[nodiscard]] bool knows(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name, double fallback) const;
  [[nodiscard]] Index whole_number(std::string_view name, Index fallback) const;
  /// Words that are no options, in order.
  [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }

 private:
  friend class OptionsBuilder;
  [[nodiscard]] const std::vector<std::string>* find(std::string_view name) const;

  std::span<const Option> table_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> words_;
};

/// Parses the arguments after the command's name. With -h or --help prints the help on standard
/// output and returns nothing: the command then returns exit_ok. Throws Error{invalid_argument}
/// whose text names the option, the value and what was expected.
std::optional<Options> parse_options(const CommandHelp& help,
                                     std::span<const std::string> arguments);

std::string help_text(const CommandHelp& help);

/// Options that several commands share, for their tables.
namespace common {
inline constexpr Option output{
    "output",
    'o',
    OptionValue::text,
    "FILE|DIR|-",
    "where the result goes; several inputs need a folder, - is standard output"};
inline constexpr Option force{
    "force", 0, OptionValue::none, {}, "replace outputs that exist already"};
inline constexpr Option jobs{
    "jobs",
    'j',
    OptionValue::whole_number,
    "N",
    "threads to use (default: all usable cores); the result is the same for every N",
    1,
    4096,
    true};
inline constexpr Option recursive{
    "recursive", 0, OptionValue::none, {}, "look into the subfolders of a folder too"};
inline constexpr Option include{
    "include",
    0,
    OptionValue::list,
    "GLOB",
    "of a folder take only the files of this name, for example '*.txt'; may be repeated"};
inline constexpr Option technique{"technique",
                                  0,
                                  OptionValue::choice,
                                  "raman|ftir|other",
                                  "how the spectra were measured; overrides what the file says"};
inline constexpr Option mode{"mode",
                             0,
                             OptionValue::choice,
                             "transmission|atr|reflection",
                             "FT-IR sampling mode; overrides what the file says (Raman has none)"};
inline constexpr Option ordinate{"ordinate",
                                 0,
                                 OptionValue::choice,
                                 "absorbance|transmittance|reflectance|intensity|counts",
                                 "what the y values are; overrides what the file says"};
inline constexpr Option laser{"laser",
                              0,
                              OptionValue::number,
                              "NM",
                              "laser wavelength in nm, for Raman spectra stored against wavelength",
                              100,
                              2000};
inline constexpr Option block{"block",
                              0,
                              OptionValue::text,
                              "NAME",
                              "which block of a file that holds several; name or number in info"};
inline constexpr Option axis{
    "axis",
    0,
    OptionValue::text,
    "PATH",
    "of HDF5: the dataset that holds the axis, where the file does not say so itself"};
inline constexpr Option trust_input{
    "trust-input",
    0,
    OptionValue::none,
    {},
    "read HDF5 files in this process, without the limits of time and memory of a separate one"};
inline constexpr Option quiet{
    "quiet", 'q', OptionValue::none, {}, "no progress and no notes on standard error"};
inline constexpr Option verbose{"verbose",
                                0,
                                OptionValue::whole_number,
                                "N",
                                "0: errors, 1: warnings too (default), 2: notes too",
                                0,
                                2};
inline constexpr Option color{"color",
                              0,
                              OptionValue::choice,
                              "auto|always|never",
                              "colour on a terminal (default: auto)",
                              -std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::infinity(),
                              true};
inline constexpr Option dry_run{
    "dry-run",
    0,
    OptionValue::none,
    {},
    "list what would be read, how, and what would be written; write nothing"};
}  // namespace common

/// --technique, --mode, --ordinate, --laser, --block, --axis where the table has them.
io::ReadOptions read_options(const Options& options);

/// "400-1800", "400:1800" or "400,1800". Throws Error{invalid_argument} naming the option.
std::pair<double, double> parse_range(std::string_view text, std::string_view option);

}  // namespace calcispec::cli
