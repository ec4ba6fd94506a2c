// TomlFaults: collects every fault of a TOML file with line and column, then throws once.
#pragma once

#include "core/error.hpp"
#include "core/parameter.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace calcispec {

inline std::string toml_place(std::string_view path, const toml::source_region& region) {
  return std::string(path) + ":" + std::to_string(region.begin.line) + ":" +
         std::to_string(region.begin.column);
}

class TomlFaults {
 public:
  explicit TomlFaults(std::string_view path) : path_(path) {}

  [[nodiscard]] std::string place(const toml::node& node) const {
    return toml_place(path_, node.source());
  }

  void add(const toml::node& node, const std::string& message) { add(node.source(), message); }

  void add(const toml::source_region& region, const std::string& message) {
    const auto where = toml_place(path_, region);
    first_place_ = first_place_.empty() ? where : first_place_;
    text_ += text_.empty() ? message : "\n  " + where + ": " + message;
  }

  void check_keys(const toml::table& table, std::span<const std::string_view> known) {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) {
        continue;
      }
      const auto near = nearest_name(key.str(), known);
      add(key.source(),
          "there is no key '" + std::string(key.str()) + "'" +
              (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
    }
  }

  void check_keys(const toml::table& table, std::initializer_list<std::string_view> known) {
    check_keys(table, std::span<const std::string_view>(known.begin(), known.size()));
  }

  /// Throws Error{bad_method} if there was a fault.
  void stop() const {
    if (!text_.empty()) {
      throw Error(ErrorCode::bad_method, text_, first_place_);
    }
  }

 private:
  std::string_view path_;
  std::string text_;
  std::string first_place_;
};

/// Throws Error{bad_method} with line and column for text that is no TOML.
inline toml::table parse_toml(std::string_view text, std::string_view path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw Error(
        ErrorCode::bad_method, std::string(error.description()), toml_place(path, error.source()));
  }
}

}  // namespace calcispec
