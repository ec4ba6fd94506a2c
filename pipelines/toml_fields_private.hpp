// TomlFields: the values of a TOML table by key; what is missing or wrong is added to the faults.
#pragma once

#include "pipelines/toml_faults_private.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

class TomlFields {
 public:
  TomlFields(const toml::table& table, TomlFaults& faults) : table_(table), faults_(faults) {}

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  std::string text(std::string_view key) {
    const auto value = table_[key].value<std::string>();
    if (!value) {
      faults_.add(table_, std::string(key) + " is missing or no text");
    }
    return value.value_or("");
  }

  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback) const {
    return table_[key].value<std::string>().value_or(std::string(fallback));
  }

  double number(std::string_view key) {
    const auto value = table_[key].value<double>();
    if (!value || !std::isfinite(*value)) {
      faults_.add(table_, std::string(key) + " is missing or no number");
    }
    return value.value_or(0);
  }

  double number_or(std::string_view key, double fallback) {
    return has(key) ? number(key) : fallback;
  }

  std::vector<std::string> words(std::string_view key) {
    std::vector<std::string> out;
    const auto* rows = table_[key].as_array();
    if (rows == nullptr) {
      faults_.add(table_, std::string(key) + " is missing or no list");
      return out;
    }
    for (const auto& row : *rows) {
      out.push_back(row.value<std::string>().value_or(""));
    }
    return out;
  }

  std::vector<double> numbers(std::string_view key, std::size_t count) {
    std::vector<double> out;
    if (const auto* rows = table_[key].as_array()) {
      for (const auto& row : *rows) {
        out.push_back(row.value<double>().value_or(std::numeric_limits<double>::quiet_NaN()));
      }
    }
    const bool is_good =
        out.size() == count &&
        std::all_of(out.begin(), out.end(), [](double value) { return std::isfinite(value); });
    if (!is_good) {
      faults_.add(table_, std::string(key) + " must hold " + std::to_string(count) + " numbers");
      out.assign(count, 0.0);
    }
    return out;
  }

 private:
  const toml::table& table_;
  TomlFaults& faults_;
};

template <typename Values>
toml::array toml_array(const Values& values) {
  toml::array out;
  for (const auto& value : values) {
    out.push_back(value);
  }
  return out;
}

}  // namespace calcispec
