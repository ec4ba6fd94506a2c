// Background, broadening and shared parameters of a band set, from its file or the command line.
#include "core/error.hpp"
#include "pipelines/band_set.hpp"
#include "pipelines/band_set_sections_private.hpp"

#include <charconv>
#include <cmath>

namespace calcispec {
namespace {

constexpr int64_t most_degree = 30;  // what fit_bands takes
constexpr int64_t most_intervals = 27;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator)) {
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  out.push_back(text);
  return out;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto outcome = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number =
      outcome.ec == std::errc() && outcome.ptr == text.data() + text.size() && std::isfinite(value);
  return is_number ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> apodisation_names() {
  std::vector<std::string_view> names;
  for (int k = 0; k <= static_cast<int>(Apodisation::blackman_harris); ++k) {
    names.push_back(apodisation_name(static_cast<Apodisation>(k)));
  }
  return names;
}

struct BackgroundName {
  std::string_view name;
  FitBackground kind;
};
constexpr BackgroundName backgrounds[] = {
    {"legendre",   FitBackground::legendre  },
    {"polynomial", FitBackground::polynomial},
    {"spline",     FitBackground::spline    },
    {"none",       FitBackground::none      }
};

std::optional<FitBackground> background_from_name(std::string_view name) {
  for (const auto& row : backgrounds) {
    if (row.name == name) {
      return row.kind;
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> background_names() {
  std::vector<std::string_view> names;
  for (const auto& row : backgrounds) {
    names.push_back(row.name);
  }
  return names;
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

// A whole number of a section; `target` stays where it is absent or faulty.
void read_count(const toml::table& table,
                std::string_view key,
                std::pair<int64_t, int64_t> limits,
                TomlFaults& faults,
                Index& target) {
  const auto* node = table.get(key);
  if (node == nullptr) {
    return;
  }
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < limits.first || *value > limits.second) {
    return faults.add(*node,
                      std::string(key) + " must be a whole number from " +
                          std::to_string(limits.first) + " to " + std::to_string(limits.second));
  }
  target = static_cast<Index>(*value);
}

double positive_number(const toml::table& table, std::string_view key, TomlFaults& faults) {
  const auto* node = table.get(key);
  const auto value = node == nullptr ? std::nullopt : toml_number(*node);
  if (value && *value > 0 && std::isfinite(*value)) {
    return *value;
  }
  faults.add(node == nullptr ? static_cast<const toml::node&>(table) : *node,
             std::string(key) + " must be a number above 0");
  return 1;
}

// Parameters of every band that one word of --share means.
void share(std::string_view word, BandSet& set) {
  bool is_known = word == "position" || word == "width" || word == "shape";
  for (std::size_t b = 0; b < set.model.bands.size(); ++b) {
    const auto& infos = set.model.bands[b].shape->parameters;
    for (std::size_t j = 1; j < infos.size(); ++j) {
      const bool is_length = infos[j].unit == "axis";
      const bool is_meant = infos[j].name == word || (word == "position" && j == 1) ||
                            (word == "width" && j > 1 && is_length) ||
                            (word == "shape" && j > 1 && !is_length);
      is_known = is_known || is_meant;
      if (is_meant) {
        set.shared.push_back({static_cast<Index>(b), static_cast<Index>(j)});
      }
    }
  }
  if (!is_known) {
    refuse("--share " + std::string(word) +
           ": the words are position, width, shape, ratio, or a parameter of the bands other than "
           "their height or area");
  }
}

}  // namespace

std::string listed(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

std::optional<double> toml_number(const toml::node& node) {
  if (const auto whole = node.value_exact<int64_t>()) {
    return static_cast<double>(*whole);
  }
  const auto number = node.value_exact<double>();
  return number && !std::isnan(*number) ? number : std::nullopt;
}

std::string suggestion(std::string_view given, const std::vector<std::string_view>& names) {
  const auto near = nearest_name(given, names);
  return near.empty() ? "; known are " + listed(names)
                      : "; did you mean " + std::string(near) + "?";
}

void read_background(const toml::table& table, TomlFaults& faults, BandModel& model) {
  faults.check_keys(table, {"kind", "degree", "intervals"});
  if (const auto* node = table.get("kind")) {
    const auto name = node->value_exact<std::string>().value_or("");
    const auto kind = background_from_name(name);
    if (!kind) {
      faults.add(*node,
                 "there is no background '" + name + "'" + suggestion(name, background_names()));
    }
    model.background = kind.value_or(model.background);
  }
  read_count(table, "degree", {0, most_degree}, faults, model.degree);
  read_count(table, "intervals", {1, most_intervals}, faults, model.intervals);
  const bool is_spline = model.background == FitBackground::spline;
  const auto* idle = table.get(is_spline ? "degree" : "intervals");
  if (idle != nullptr) {
    faults.add(*idle,
               is_spline ? "a spline is cubic; write intervals = 4 or another number"
                         : "intervals are for kind = \"spline\"; write degree");
  }
}

void read_broadening(const toml::table& table, TomlFaults& faults, BandModel& model) {
  faults.check_keys(table, {"kind", "fwhm", "path_difference_cm", "apodisation"});
  const auto kind = table["kind"].value_exact<std::string>().value_or("");
  auto& broadening = model.broadening;
  if (kind == "gauss") {
    broadening.kind = BroadeningKind::gauss;
    broadening.fwhm = positive_number(table, "fwhm", faults);
  } else if (kind == "sinc") {
    broadening.kind = BroadeningKind::sinc;
    broadening.path_difference = positive_number(table, "path_difference_cm", faults);
  } else {
    return faults.add(table,
                      "write kind = \"gauss\" and its fwhm, or kind = \"sinc\" and "
                      "path_difference_cm, the largest optical path difference");
  }
  if (const auto* node = table.get("apodisation")) {
    const auto name = node->value_exact<std::string>().value_or("");
    const auto apodisation = apodisation_from_name(name);
    if (!apodisation || kind != "sinc") {
      faults.add(*node,
                 apodisation ? "an apodisation is for kind = \"sinc\""
                             : "there is no apodisation '" + name + "'" +
                                   suggestion(name, apodisation_names()));
    }
    broadening.apodisation = apodisation.value_or(broadening.apodisation);
  }
}

void set_background(std::string_view text, BandModel& model) {
  const auto words = split(text, ':');
  const auto kind = background_from_name(words[0]);
  if (!kind || words.size() > 2) {
    refuse("--background " + std::string(text) +
           ": write legendre:2, polynomial:1, spline:4 (the number of its intervals) or none");
  }
  model.background = *kind;
  if (words.size() < 2) {
    return;
  }
  const double number = number_of(words[1]).value_or(-1);
  const bool is_spline = *kind == FitBackground::spline;
  const double least = is_spline ? 1 : 0;
  const auto most = static_cast<double>(is_spline ? most_intervals : most_degree);
  const bool is_fine = number >= least && number <= most && number == std::floor(number) &&
                       *kind != FitBackground::none;
  if (!is_fine) {
    refuse("--background " + std::string(text) + ": the number must be whole, from " +
           number_text(least) + " to " + number_text(most));
  }
  (is_spline ? model.intervals : model.degree) = static_cast<Index>(number);
}

void set_broadening(std::string_view text, BandModel& model) {
  model.broadening = {};
  if (text == "none") {
    return;
  }
  const auto words = split(text, ':');
  const double number = words.size() > 1 ? number_of(words[1]).value_or(0) : 0;
  const bool is_gauss = words[0] == "gauss" && words.size() == 2;
  const bool is_sinc = words[0] == "sinc" && (words.size() == 2 || words.size() == 3);
  if (!(is_gauss || is_sinc) || !(number > 0)) {
    refuse("--broadening " + std::string(text) +
           ": write gauss:4 (full width in the unit of the axis), sinc:0.25 (largest path "
           "difference in cm), sinc:0.25:happ_genzel, or none");
  }
  model.broadening.kind = is_gauss ? BroadeningKind::gauss : BroadeningKind::sinc;
  (is_gauss ? model.broadening.fwhm : model.broadening.path_difference) = number;
  if (words.size() == 3) {
    const auto apodisation = apodisation_from_name(words[2]);
    if (!apodisation) {
      refuse("--broadening " + std::string(text) + ": there is no apodisation '" +
             std::string(words[2]) + "'" + suggestion(words[2], apodisation_names()));
    }
    model.broadening.apodisation = *apodisation;
  }
}

void set_shared(std::string_view text, BandSet& set) {
  set.shared.clear();
  set.shares_ratios = false;
  for (const auto word : split(text, ',')) {
    if (word == "ratio") {
      set.shares_ratios = true;
    } else {
      share(word, set);
    }
  }
}

}  // namespace calcispec
