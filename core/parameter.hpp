// ParameterInfo declares a parameter once (name, unit, range, default, help); ParameterSet holds
// checked values. Command line, method files, help and contract tests all walk these tables.
#pragma once

#include "core/export.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calcispec {

/// pairs: a list of numbers, or of two numbers with a colon between, "400,900" or
/// "400:500,1200:1300"; range and unit are those of the first, and `standard` is the least number
/// of them.
enum class ParameterType { real, integer, flag, choice, pairs };

struct NumberPair {
  double first = 0;
  double second = 0;  // NaN where only one number was given

  /// Between the two, in whichever order they stand, ends included; of one number that alone.
  [[nodiscard]] bool holds(double x) const {
    const double other = std::isnan(second) ? first : second;
    return x >= std::min(first, other) && x <= std::max(first, other);
  }
};

/// Rows live in constant tables beside the method they belong to.
struct ParameterInfo {
  std::string_view name;
  std::string_view aliases = {};  // blank-separated, e.g. "lam lambda_"
  ParameterType type = ParameterType::real;
  double minimum = 0;
  double maximum = 0;
  double standard = 0;  // default; NaN = automatic or absent
  std::string_view unit = {};
  std::string_view choices = {};  // blank-separated, for type choice; `standard` is the index
  std::string_view help = {};
};

/// One parameter as given by a user, with the place it was given for messages.
struct GivenParameter {
  std::string name;
  std::string text;
  std::string place;  // "method.toml:12:7" or empty
};

/// Values checked against a table, in table order. Flags are 0 or 1, choices their index.
class CALCISPEC_API ParameterSet {
 public:
  ParameterSet() = default;
  /// Throws Error{bad_method} that lists every fault at once: unknown names (with a suggestion),
  /// values that are not numbers (with a hint on decimal commas), values out of range.
  static ParameterSet checked(std::span<const ParameterInfo> table,
                              std::span<const GivenParameter> given,
                              std::string_view owner);
  static ParameterSet defaults(std::span<const ParameterInfo> table);

  [[nodiscard]] double real(std::string_view name) const;
  [[nodiscard]] Index integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::string_view choice(std::string_view name) const;
  /// Of type pairs: as given; empty where nothing was.
  [[nodiscard]] std::span<const NumberPair> pairs(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The same with another value, NaN for automatic; it is not checked against the table.
  [[nodiscard]] ParameterSet with(std::string_view name, double value) const;
  /// False for an automatic (NaN) value.
  [[nodiscard]] bool is_set(std::string_view name) const;
  /// "lambda=100000 diff_order=2": every parameter in table order, shortest round-trip numbers;
  /// empty lists are left out.
  [[nodiscard]] std::string canonical_text() const;
  [[nodiscard]] std::span<const ParameterInfo> table() const noexcept { return table_; }

 private:
  std::span<const ParameterInfo> table_;
  std::vector<double> values_;                  // of type pairs: how many
  std::vector<std::vector<NumberPair>> pairs_;  // one list per row of the table
};

/// A method of a family as help, command line and tests see it.
struct MethodInfo {
  std::string_view family;   // "baseline", "smooth", "despike", ...
  std::string_view name;     // "arpls"
  std::string_view summary;  // one line
  std::string_view source;   // literature
  std::span<const ParameterInfo> parameters;
};

/// Nearest candidate within an edit distance of 2, empty if none: for "did you mean".
CALCISPEC_API std::string_view nearest_name(std::string_view wanted,
                                            std::span<const std::string_view> candidates);
/// Shortest text that reads back to the same double.
CALCISPEC_API std::string number_text(double value);

}  // namespace calcispec
