#include "core/parameter.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto start = text.find_first_not_of(' ');
    if (start == std::string_view::npos) {
      break;
    }
    const auto end = std::min(text.find(' ', start), text.size());
    words.push_back(text.substr(start, end - start));
    text.remove_prefix(end);
  }
  return words;
}

bool is_called(const ParameterInfo& info, std::string_view name) {
  if (info.name == name) {
    return true;
  }
  const auto aliases = split_words(info.aliases);
  return std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

// NaN marks text that cannot be read; `fault` then says why.
double read_number(std::string_view text, std::string& fault) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) {
    return value;
  }
  fault = "'" + std::string(text) + "' is not a number";
  if (text.find(',') != std::string_view::npos) {
    fault += "; write a decimal point, not a comma";
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double read_flag(std::string_view text, std::string& fault) {
  if (text == "true" || text == "1") {
    return 1;
  }
  if (text == "false" || text == "0") {
    return 0;
  }
  fault = "'" + std::string(text) + "' is not true or false";
  return 0;
}

double read_choice(const ParameterInfo& info, std::string_view text, std::string& fault) {
  const auto choices = split_words(info.choices);
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) {
    return static_cast<double>(found - choices.begin());
  }
  fault = "'" + std::string(text) + "' is not one of: " + std::string(info.choices);
  return 0;
}

double in_range(const ParameterInfo& info, std::string_view text, std::string& fault) {
  const double value = read_number(text, fault);
  if (fault.empty() && (value < info.minimum || value > info.maximum)) {
    fault = std::string(text) + " is outside " + number_text(info.minimum) + " to " +
            number_text(info.maximum) + (info.unit.empty() ? "" : " " + std::string(info.unit));
  }
  return value;
}

double read_value(const ParameterInfo& info, std::string_view text, std::string& fault) {
  if (info.type == ParameterType::flag) {
    return read_flag(text, fault);
  }
  if (info.type == ParameterType::choice) {
    return read_choice(info, text, fault);
  }
  // The words a number may be replaced with stand where the choices do.
  if (text == "auto" && (std::isnan(info.standard) || info.choices == "auto")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double value = read_number(text, fault);
  if (fault.empty() && info.type == ParameterType::integer && value != std::floor(value)) {
    fault = std::string(text) + " is not a whole number";
  }
  return fault.empty() ? in_range(info, text, fault) : value;
}

std::vector<NumberPair> read_pairs(const ParameterInfo& info,
                                   std::string_view text,
                                   std::string& fault) {
  std::vector<NumberPair> out;
  for (std::size_t at = 0; at <= text.size() && fault.empty();) {
    const auto end = std::min(text.find(',', at), text.size());
    const auto entry = text.substr(at, end - at);
    const auto colon = std::min(entry.find(':'), entry.size());
    NumberPair pair{in_range(info, entry.substr(0, colon), fault),
                    std::numeric_limits<double>::quiet_NaN()};
    if (fault.empty() && colon < entry.size()) {
      pair.second = read_number(entry.substr(colon + 1), fault);
    }
    out.push_back(pair);
    at = end + 1;
  }
  if (!fault.empty()) {
    fault += "; write for example 400,900 or 400:500,1200:1300";
  }
  return out;
}

std::string pairs_text(std::span<const NumberPair> pairs) {
  std::string text;
  for (const auto& pair : pairs) {
    text += text.empty() ? "" : ",";
    text += number_text(pair.first);
    if (!std::isnan(pair.second)) {
      text += ":";
      text += number_text(pair.second);
    }
  }
  return text;
}

std::string unknown_name(std::span<const ParameterInfo> table, std::string_view name) {
  std::vector<std::string_view> names;
  std::string all;
  for (const auto& info : table) {
    names.push_back(info.name);
    all += (all.empty() ? "" : ", ") + std::string(info.name);
  }
  const auto near = nearest_name(name, names);
  std::string text = "unknown parameter '" + std::string(name) + "'";
  if (!near.empty()) {
    return text + "; did you mean '" + std::string(near) + "'?";
  }
  return text + (all.empty() ? "; it takes none" : "; it takes: " + all);
}

}  // namespace

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

std::string_view nearest_name(std::string_view wanted,
                              std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = 3;
  for (const auto candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) {
      row[j] = j;
    }
    for (std::size_t i = 1; i <= wanted.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t change = diagonal + (wanted[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

ParameterSet ParameterSet::defaults(std::span<const ParameterInfo> table) {
  ParameterSet set;
  set.table_ = table;
  for (const auto& info : table) {
    set.values_.push_back(info.type == ParameterType::pairs ? 0 : info.standard);
  }
  set.pairs_.resize(table.size());
  return set;
}

ParameterSet ParameterSet::checked(std::span<const ParameterInfo> table,
                                   std::span<const GivenParameter> given,
                                   std::string_view owner) {
  ParameterSet set = defaults(table);
  std::string faults;
  std::string first_place;
  for (const auto& parameter : given) {
    std::string fault;
    const auto info = std::find_if(table.begin(), table.end(), [&](const ParameterInfo& row) {
      return is_called(row, parameter.name);
    });
    if (info == table.end()) {
      fault = unknown_name(table, parameter.name);
    } else {
      const auto index = static_cast<std::size_t>(info - table.begin());
      if (info->type == ParameterType::pairs) {
        set.pairs_[index] = read_pairs(*info, parameter.text, fault);
        set.values_[index] = static_cast<double>(set.pairs_[index].size());
      } else {
        set.values_[index] = read_value(*info, parameter.text, fault);
      }
      if (!fault.empty()) {
        fault.insert(0, std::string(info->name) + ": ");
      }
    }
    if (!fault.empty()) {
      first_place = first_place.empty() ? parameter.place : first_place;
      faults += (faults.empty() ? "" : "; ") + fault;
    }
  }
  if (!faults.empty()) {
    throw Error(ErrorCode::bad_method, std::string(owner) + ": " + faults, first_place);
  }
  return set;
}

double ParameterSet::real(std::string_view name) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].name == name) {
      return values_[i];
    }
  }
  throw Error(ErrorCode::internal, "no parameter is called '" + std::string(name) + "'");
}

Index ParameterSet::integer(std::string_view name) const {
  return static_cast<Index>(std::llround(real(name)));
}

bool ParameterSet::flag(std::string_view name) const {
  return real(name) != 0;
}

std::string_view ParameterSet::choice(std::string_view name) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].name == name) {
      return split_words(table_[i].choices).at(static_cast<std::size_t>(values_[i]));
    }
  }
  throw Error(ErrorCode::internal, "no parameter is called '" + std::string(name) + "'");
}

std::span<const NumberPair> ParameterSet::pairs(std::string_view name) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].name == name) {
      return pairs_.at(i);
    }
  }
  throw Error(ErrorCode::internal, "no parameter is called '" + std::string(name) + "'");
}

bool ParameterSet::has(std::string_view name) const noexcept {
  return std::any_of(
      table_.begin(), table_.end(), [&](const ParameterInfo& row) { return row.name == name; });
}

ParameterSet ParameterSet::with(std::string_view name, double value) const {
  ParameterSet changed = *this;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].name == name) {
      changed.values_[i] = value;
      return changed;
    }
  }
  throw Error(ErrorCode::internal, "no parameter is called '" + std::string(name) + "'");
}

bool ParameterSet::is_set(std::string_view name) const {
  return !std::isnan(real(name));
}

std::string ParameterSet::canonical_text() const {
  std::string text;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const auto& info = table_[i];
    if (info.type == ParameterType::pairs && pairs_[i].empty()) {
      continue;
    }
    text += text.empty() ? "" : " ";
    text += info.name;
    text += "=";
    if (info.type == ParameterType::pairs) {
      text += pairs_text(pairs_[i]);
    } else if (info.type == ParameterType::choice) {
      text += choice(info.name);
    } else if (info.type == ParameterType::flag) {
      text += values_[i] != 0 ? "true" : "false";
    } else {
      text += std::isnan(values_[i]) ? "auto" : number_text(values_[i]);
    }
  }
  return text;
}

}  // namespace calcispec
