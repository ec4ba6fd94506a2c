// parse_band_set: the text of a bands file, all faults with line and column.
#include "core/error.hpp"
#include "pipelines/band_set.hpp"
#include "pipelines/band_set_sections_private.hpp"
#include "pipelines/hash_private.hpp"

#include <cmath>
#include <utility>

namespace calcispec {
namespace {

constexpr std::string_view range_suffix = "_range";

// Every word that names the parameter: its name, then its aliases.
std::vector<std::string_view> blank_separated_words(const ParameterInfo& info) {
  std::vector<std::string_view> words{info.name};
  auto rest = info.aliases;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

std::vector<std::string_view> parameter_names(const BandShape& shape) {
  std::vector<std::string_view> names;
  for (const auto& info : shape.parameters) {
    names.push_back(info.name);
  }
  return names;
}

// Index of the parameter that a word of the user means, -1 for none.
Index find_parameter(const BandShape& shape, std::string_view word) {
  for (std::size_t j = 0; j < shape.parameters.size(); ++j) {
    const auto words = blank_separated_words(shape.parameters[j]);
    if (std::find(words.begin(), words.end(), word) != words.end()) {
      return static_cast<Index>(j);
    }
  }
  return -1;
}

class BandSetReader {
 public:
  BandSetReader(const toml::table& root, std::string_view path) : root_(root), faults_(path) {}

  BandSet read() {
    faults_.check_keys(root_,
                       {"schema",
                        "name",
                        "title",
                        "technique",
                        "range",
                        "background",
                        "broadening",
                        "noise",
                        "share_ratios",
                        "band"});
    read_head();
    read_range();
    read_sections();
    read_noise();
    read_bands();
    for (const auto& tie : ties_) {
      read_tie(tie);
    }
    check_circles();
    faults_.stop();
    return std::move(set_);
  }

 private:
  struct GivenTie {
    std::size_t band = 0;
    std::string_view word;
    const toml::node* node = nullptr;
  };

  BandParameter& parameter(std::size_t band, Index index) {
    return set_.model.bands[band].parameters[static_cast<std::size_t>(index)];
  }

  std::optional<std::string> text(const toml::table& table, std::string_view key) {
    const auto* node = table.get(key);
    if (node == nullptr) {
      return std::nullopt;
    }
    auto value = node->value_exact<std::string>();
    if (!value || value->empty()) {
      faults_.add(*node, std::string(key) + " must be a text in quotes");
      return std::nullopt;
    }
    return value;
  }

  std::optional<double> number(const toml::table& table, std::string_view key) {
    const auto* node = table.get(key);
    if (node == nullptr) {
      return std::nullopt;
    }
    const auto value = toml_number(*node);
    if (!value) {
      faults_.add(*node, std::string(key) + " must be a number, without quotes");
    }
    return value;
  }

  // A table of the top level; a fault if something else stands there.
  const toml::table* section(std::string_view key) {
    const auto* node = root_.get(key);
    if (node != nullptr && !node->is_table()) {
      faults_.add(*node, "write [" + std::string(key) + "] on a line of its own, keys below it");
    }
    return node == nullptr ? nullptr : node->as_table();
  }

  void read_head() {
    const auto* schema = root_.get("schema");
    if (schema != nullptr && schema->value_exact<int64_t>() != 1) {
      faults_.add(*schema, "schema must be 1");
    }
    set_.name = text(root_, "name").value_or("");
    set_.title = text(root_, "title").value_or("");
    if (const auto name = text(root_, "technique")) {
      const auto technique = technique_from_name(*name);
      if (!technique) {
        faults_.add(*root_.get("technique"), "technique must be raman, ftir or other");
      }
      set_.technique = technique.value_or(Technique::unknown);
    }
    if (const auto* node = root_.get("share_ratios")) {
      set_.shares_ratios = node->value_exact<bool>().value_or(false);
      if (!node->is_boolean()) {
        faults_.add(*node, "share_ratios must be true or false");
      }
    }
  }

  void read_range() {
    const auto* table = section("range");
    if (table == nullptr) {
      return;
    }
    faults_.check_keys(*table, {"from", "to"});
    set_.model.from = number(*table, "from").value_or(set_.model.from);
    set_.model.to = number(*table, "to").value_or(set_.model.to);
    if (!(set_.model.from < set_.model.to)) {
      faults_.add(*table, "from must be less than to, whatever the direction of the axis");
    }
  }

  void read_sections() {
    if (const auto* table = section("background")) {
      read_background(*table, faults_, set_.model);
    }
    if (const auto* table = section("broadening")) {
      read_broadening(*table, faults_, set_.model);
    }
  }

  void read_noise() {
    const auto* table = section("noise");
    if (table == nullptr) {
      return;
    }
    faults_.check_keys(*table, {"sigma"});
    const auto* node = table->get("sigma");
    if (node == nullptr || node->value_exact<std::string>() == "estimate") {
      return;
    }
    set_.sigma = toml_number(*node);
    if (!set_.sigma || !(*set_.sigma > 0) || std::isinf(*set_.sigma)) {
      faults_.add(*node,
                  "sigma must be a number above 0, the noise of one point in the unit of the "
                  "spectrum, or \"estimate\"");
    }
  }

  void read_bands() {
    const auto* node = root_.get("band");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && list == nullptr) {
      return faults_.add(*node, "write [[band]] with two brackets");
    }
    if (list == nullptr || list->empty()) {
      return faults_.add(root_, "there is no band; write a table [[band]] with id, shape, center");
    }
    for (const auto& entry : *list) {
      if (const auto* table = entry.as_table()) {
        read_band(*table);
      } else {
        faults_.add(entry, "a band is a table; write [[band]] and its keys below");
      }
    }
  }

  void read_band(const toml::table& table) {
    auto id = text(table, "id");
    if (!id) {
      if (table.get("id") == nullptr) {
        faults_.add(table, "the band has no id; write id = \"nu1_po4\" or another name");
      }
      id = "";
    } else if (find_band(*id) >= 0) {
      faults_.add(*table.get("id"), "there are two bands '" + *id + "'; ids must differ");
    }
    const auto* shape = read_shape(table);
    if (shape == nullptr) {
      return;
    }
    const auto at = set_.model.bands.size();
    set_.model.bands.push_back(Band::make(*id, *shape));
    read_parameters(at, table);
    read_names(at, table, "fixed", [&](Index index, const toml::node& node) {
      parameter(at, index).is_fixed = true;
      if (std::isnan(parameter(at, index).start)) {
        const std::string word = node.value_exact<std::string>().value_or("");
        faults_.add(node, word + " is fixed but has no value; write " + word + " = ...");
      }
    });
    read_names(at, table, "shared", [&](Index index, const toml::node& /*node*/) {
      set_.shared.push_back({static_cast<Index>(at), index});
    });
    list_ties(at, table);
    check_parameters(at, table);
  }

  const BandShape* read_shape(const toml::table& table) {
    const auto name = text(table, "shape");
    std::vector<std::string_view> names;
    for (const auto& shape : band_shapes()) {
      names.push_back(shape.name);
    }
    if (!name) {
      if (table.get("shape") == nullptr) {
        faults_.add(table, "the band has no shape; known are " + listed(names));
      }
      return nullptr;
    }
    // The share of the area makes another shape of the same curve.
    const auto* by_area = find_band_shape(*name + "_area");
    const auto* shape =
        by_area != nullptr && speaks_of_area(table, *by_area) ? by_area : find_band_shape(*name);
    if (shape == nullptr) {
      faults_.add(*table.get("shape"),
                  "there is no shape '" + *name + "'" + suggestion(*name, names));
    }
    return shape;
  }

  static bool speaks_of_area(const toml::table& table, const BandShape& by_area) {
    const auto index = by_area.parameter_index("share_area");
    if (index < 0) {
      return false;
    }
    const auto words = blank_separated_words(by_area.parameters[static_cast<std::size_t>(index)]);
    const auto* tie = table["tie"].as_table();
    const auto* fixed = table["fixed"].as_array();
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      bool found = table.contains(word) || table.contains(std::string(word) + "_range") ||
                   (tie != nullptr && tie->contains(word));
      for (std::size_t i = 0; fixed != nullptr && i < fixed->size(); ++i) {
        found = found || fixed->get(i)->value_exact<std::string>() == word;
      }
      return found;
    });
  }

  void read_parameters(std::size_t band, const toml::table& table) {
    const auto& shape = *set_.model.bands[band].shape;
    std::vector<std::string> own{"id", "shape", "tie", "fixed", "shared"};
    for (std::size_t j = 0; j < shape.parameters.size(); ++j) {
      for (const auto word : blank_separated_words(shape.parameters[j])) {
        own.emplace_back(word);
        own.push_back(std::string(word) + std::string(range_suffix));
        auto& target = parameter(band, static_cast<Index>(j));
        target.start = number(table, word).value_or(target.start);
        read_bounds(own.back(), table, target);
      }
    }
    faults_.check_keys(table, std::vector<std::string_view>(own.begin(), own.end()));
  }

  void read_bounds(const std::string& key, const toml::table& table, BandParameter& target) {
    const auto* node = table.get(key);
    if (node == nullptr) {
      return;
    }
    const auto* pair = node->as_array();
    const bool is_pair = pair != nullptr && pair->size() == 2;
    const auto low = is_pair ? toml_number(*pair->get(0)) : std::nullopt;
    const auto high = is_pair ? toml_number(*pair->get(1)) : std::nullopt;
    if (!low || !high || !(*low < *high)) {
      return faults_.add(*node,
                         key +
                             " must be two rising numbers, for example [955, 965]; to hold a "
                             "value write fixed = [...]");
    }
    target.lower = *low;
    target.upper = *high;
  }

  // Parameter of a word in `fixed` or `tie`; a fault for an unknown one.
  Index named_parameter(std::size_t band, std::string_view word, const toml::node& node) {
    const auto& shape = *set_.model.bands[band].shape;
    const auto index = find_parameter(shape, word);
    if (index < 0) {
      faults_.add(node,
                  "the shape " + std::string(shape.name) + " has no parameter '" +
                      std::string(word) + "'" + suggestion(word, parameter_names(shape)));
    }
    return index;
  }

  // Names of parameters in a list.
  template <typename Take>
  void read_names(std::size_t band,
                  const toml::table& table,
                  const std::string& key,
                  const Take& take) {
    const auto* node = table.get(key);
    if (node == nullptr) {
      return;
    }
    const auto* list = node->as_array();
    if (list == nullptr) {
      return faults_.add(*node,
                         key + " must be a list of names, for example [\"center\", \"fwhm\"]");
    }
    for (const auto& entry : *list) {
      const auto word = entry.value_exact<std::string>();
      if (!word) {
        faults_.add(entry, key + " must be a list of names in quotes");
        continue;
      }
      const auto index = named_parameter(band, *word, entry);
      if (index >= 0) {
        take(index, entry);
      }
    }
  }

  void list_ties(std::size_t band, const toml::table& table) {
    const auto* node = table.get("tie");
    if (node == nullptr) {
      return;
    }
    const auto* ties = node->as_table();
    if (ties == nullptr) {
      return faults_.add(*node, "tie must be a table, for example tie = {fwhm = \"other_id\"}");
    }
    for (const auto& [key, value] : *ties) {
      ties_.push_back({band, key.str(), &value});
    }
  }

  // Values against the table of the shape and against their own range.
  void check_parameters(std::size_t band, const toml::table& table) {
    const auto& infos = set_.model.bands[band].shape->parameters;
    for (std::size_t j = 0; j < infos.size(); ++j) {
      const auto& given = parameter(band, static_cast<Index>(j));
      const auto& info = infos[j];
      const bool is_width = info.name.substr(0, 4) == "fwhm";
      for (const double value : {given.start, given.lower, given.upper}) {
        // An infinite end of a range means "no end".
        if (std::isfinite(value) && (value < info.minimum || value > info.maximum)) {
          faults_.add(table,
                      std::string(info.name) + " " + number_text(value) + " lies outside " +
                          number_text(info.minimum) + " to " + number_text(info.maximum) +
                          ", the limits of the shape");
          break;
        }
      }
      if (std::isinf(given.start)) {
        faults_.add(table, std::string(info.name) + " must be finite");
      }
      if (is_width && given.start <= 0) {
        faults_.add(table, std::string(info.name) + " must be above 0");
      }
      // Amounts start from 0 unless their range says otherwise.
      const double lower = j == 0 && std::isnan(given.lower) && !given.is_fixed ? 0 : given.lower;
      if (given.start < lower || given.start > given.upper) {
        const bool is_default = j == 0 && std::isnan(given.lower);
        faults_.add(table,
                    std::string(info.name) + " = " + number_text(given.start) +
                        (is_default ? " is negative; a band that may point down needs height_range"
                                    : " lies outside its own range"));
      }
    }
  }

  [[nodiscard]] Index find_band(std::string_view id) const {
    const auto& bands = set_.model.bands;
    for (std::size_t b = 0; b < bands.size(); ++b) {
      if (bands[b].id == id) {
        return static_cast<Index>(b);
      }
    }
    return -1;
  }

  void read_tie(const GivenTie& given) {
    const auto index = named_parameter(given.band, given.word, *given.node);
    if (index < 0) {
      return;
    }
    BandTie tie;
    std::string other;
    std::string parameter_word(given.word);
    if (const auto id = given.node->value_exact<std::string>()) {
      other = *id;
    } else if (const auto* table = given.node->as_table()) {
      faults_.check_keys(*table, {"band", "parameter", "ratio", "offset"});
      other = text(*table, "band").value_or("");
      parameter_word = text(*table, "parameter").value_or(parameter_word);
      tie.ratio = number(*table, "ratio").value_or(1);
      tie.offset = number(*table, "offset").value_or(0);
    }
    tie.band = find_band(other);
    if (tie.band < 0) {
      std::vector<std::string_view> ids;
      for (const auto& band : set_.model.bands) {
        ids.push_back(band.id);
      }
      return faults_.add(*given.node,
                         "a tie names another band, for example \"nu1_po4\" or {band = "
                         "\"nu1_po4\", ratio = 0.5}; there is no band '" +
                             other + "'" + suggestion(other, ids));
    }
    tie.parameter =
        named_parameter(static_cast<std::size_t>(tie.band), parameter_word, *given.node);
    if (tie.parameter < 0) {
      return;
    }
    check_tie(given, index, tie);
    parameter(given.band, index).tie = tie;
  }

  void check_tie(const GivenTie& given, Index index, const BandTie& tie) {
    const auto& own = parameter(given.band, index);
    const std::string word(given.word);
    if (own.is_fixed) {
      faults_.add(*given.node, word + " is fixed and tied; choose one");
    } else if (!std::isnan(own.start)) {
      faults_.add(*given.node, word + " is tied, so its value would not be used; leave one out");
    }
    if ((tie.parameter == 0) != (index == 0)) {
      faults_.add(*given.node, "heights and areas can follow heights and areas only");
    }
    if (!std::isfinite(tie.ratio) || !std::isfinite(tie.offset)) {
      faults_.add(*given.node, "ratio and offset must be finite");
    }
  }

  void check_circles() {
    for (const auto& given : ties_) {
      auto band = given.band;
      auto index = find_parameter(*set_.model.bands[band].shape, given.word);
      for (std::size_t steps = 0; index >= 0; ++steps) {
        const auto tie = parameter(band, index).tie;
        if (tie.band < 0) {
          break;
        }
        if (steps > ties_.size()) {
          faults_.add(*given.node, "the ties of " + std::string(given.word) + " run in a circle");
          break;
        }
        band = static_cast<std::size_t>(tie.band);
        index = tie.parameter;
      }
    }
  }

  const toml::table& root_;
  TomlFaults faults_;
  BandSet set_;
  std::vector<GivenTie> ties_;
};

}  // namespace

BandSet parse_band_set(std::string_view text, std::string_view path) {
  const auto root = parse_toml(text, path);
  auto set = BandSetReader(root, path).read();
  if (set.name.empty()) {
    const auto file = path.substr(path.find_last_of('/') + 1);
    set.name = file.substr(0, file.rfind(".toml"));
  }
  set.sha256 = sha256_text(text);
  return set;
}

}  // namespace calcispec
