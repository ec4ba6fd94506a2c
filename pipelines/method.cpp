#include "pipelines/method.hpp"

#include "core/error.hpp"
#include "pipelines/hash_private.hpp"
#include "pipelines/toml_faults_private.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace calcispec::embedded {
std::pair<std::string_view, std::string_view> calcispec_pipelines(std::size_t index);
}  // namespace calcispec::embedded

namespace calcispec {
namespace {

class Reader {
 public:
  Reader(const toml::table& root, std::string_view path) : root_(root), faults_(path) {}

  Method read() {
    faults_.check_keys(
        root_, {"schema", "name", "title", "technique", "mode", "composition", "step", "display"});
    const auto schema = root_["schema"].value<int64_t>();
    if (schema != 1) {
      faults_.add(root_, "schema = 1 is missing at the top");
    }
    Method method;
    method.name = text("name").value_or("");
    method.title = text("title").value_or("");
    read_technique(method);
    read_range(method);
    read_steps("step", method.steps);
    read_steps("display", method.display);
    faults_.stop();
    return method;
  }

 private:
  std::optional<std::string> text(std::string_view key) {
    const auto* node = root_.get(key);
    if (node == nullptr) {
      return std::nullopt;
    }
    auto value = node->value<std::string>();
    if (!value) {
      faults_.add(*node, std::string(key) + " must be a text in quotes");
    }
    return value;
  }

  void read_technique(Method& method) {
    if (const auto name = text("technique")) {
      const auto technique = technique_from_name(*name);
      if (!technique) {
        faults_.add(*root_.get("technique"), "technique must be raman, ftir or other");
      }
      method.technique = technique.value_or(Technique::unknown);
    }
    if (const auto name = text("mode")) {
      const auto mode = sampling_mode_from_name(*name);
      if (!mode) {
        faults_.add(*root_.get("mode"), "mode must be transmission, atr or reflection");
      }
      method.mode = mode.value_or(SamplingMode::unknown);
    }
  }

  void read_range(Method& method) {
    const auto* table = root_["composition"].as_table();
    if (table == nullptr) {
      return;
    }
    faults_.check_keys(*table, {"range"});
    const auto* range = (*table)["range"].as_array();
    const auto at = [&](std::size_t i) {
      return range == nullptr || i >= range->size() ? std::nullopt : range->get(i)->value<double>();
    };
    if (range == nullptr || range->size() != 2 || !at(0) || !at(1) || *at(0) >= *at(1)) {
      faults_.add(*table, "range must be two rising numbers in 1/cm, for example [400, 1800]");
      return;
    }
    method.range_cm1 = {*at(0), *at(1)};
  }

  void read_steps(std::string_view key, std::vector<Step>& steps) {
    const auto* node = root_.get(key);
    if (node == nullptr) {
      return;
    }
    const auto* list = node->as_array();
    if (list == nullptr) {
      return faults_.add(*node, "write [[" + std::string(key) + "]] with two brackets");
    }
    for (const auto& entry : *list) {
      const auto* table = entry.as_table();
      const auto name = table == nullptr ? std::nullopt : (*table)["name"].value<std::string>();
      if (!name) {
        faults_.add(entry, "the step has no name; write name = \"baseline.arpls\" or another step");
        continue;
      }
      try {
        steps.push_back(make_step(*name, parameters_of(*table), faults_.place(entry)));
      } catch (const Error& error) {
        faults_.add(entry, error.what());
      }
    }
  }

  // As on a command line; a list within a list is a pair, [[400, 12.5], [900, 10]].
  static std::string text_of(const toml::node& node, const char* between) {
    if (const auto number = node.value_exact<double>()) {
      return number_text(*number);
    }
    if (const auto whole = node.value_exact<int64_t>()) {
      return std::to_string(*whole);
    }
    if (const auto flag = node.value_exact<bool>()) {
      return *flag ? "true" : "false";
    }
    if (const auto* list = node.as_array()) {
      std::string text;
      for (const auto& entry : *list) {
        text += (text.empty() ? "" : between) + text_of(entry, ":");
      }
      return text;
    }
    return node.value<std::string>().value_or("?");
  }

  [[nodiscard]] std::vector<GivenParameter> parameters_of(const toml::table& table) const {
    std::vector<GivenParameter> given;
    for (const auto& [key, node] : table) {
      if (key.str() == "name") {
        continue;
      }
      given.push_back({std::string(key.str()), text_of(node, ","), faults_.place(node)});
    }
    return given;
  }

  const toml::table& root_;
  TomlFaults faults_;
};

bool is_method_file(std::string_view name) {
  return name.size() > 5 && name.substr(name.size() - 5) == ".toml" &&
         name.substr(0, 6) != "bands_";
}

std::string_view method_embedded_text(std::string_view file) {
  for (std::size_t i = 0;; ++i) {
    const auto [name, bytes] = embedded::calcispec_pipelines(i);
    if (name.empty() || name == file) {
      return bytes;
    }
  }
}

}  // namespace

std::vector<std::string> builtin_method_names() {
  std::vector<std::string> out;
  for (std::size_t i = 0;; ++i) {
    const auto name = embedded::calcispec_pipelines(i).first;
    if (name.empty()) {
      return out;
    }
    if (is_method_file(name)) {
      out.emplace_back(name.substr(0, name.size() - 5));
    }
  }
}

std::string_view builtin_method_text(std::string_view name) {
  const auto text = method_embedded_text(std::string(name) + ".toml");
  if (!text.empty() && is_method_file(std::string(name) + ".toml")) {
    return text;
  }
  const auto names = builtin_method_names();
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = nearest_name(name, views);
  std::string all;
  for (const auto& known : names) {
    all += (all.empty() ? "" : ", ") + known;
  }
  throw Error(ErrorCode::bad_method,
              "there is no built-in method '" + std::string(name) + "'" +
                  (near.empty() ? "; the methods are "
                                : "; did you mean " + std::string(near) + "? The methods are ") +
                  all + "; a file needs the ending .toml");
}

Method builtin_method(Technique technique, SamplingMode mode) {
  const auto* name = technique != Technique::ftir ? "raman"
                     : mode == SamplingMode::atr  ? "ftir_atr"
                                                  : "ftir_transmission";
  return parse_method(builtin_method_text(name), name);
}

Method load_method(const std::string& name_or_path) {
  const bool is_path = name_or_path.find('/') != std::string::npos || is_method_file(name_or_path);
  if (!is_path) {
    return parse_method(builtin_method_text(name_or_path), name_or_path);
  }
  std::ifstream stream(name_or_path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method,
                "the method file cannot be read; check the name and the folder",
                name_or_path);
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return parse_method(text, name_or_path);
}

Method parse_method(std::string_view text, std::string_view path) {
  const auto root = parse_toml(text, path);
  return Reader(root, path).read();
}

std::string canonical_text(const Method& method) {
  std::string out = "schema=1 technique=" + std::string(name_of(method.technique)) +
                    " mode=" + std::string(name_of(method.mode));
  if (method.range_cm1) {
    out += " range=" + number_text(method.range_cm1->first) + "-" +
           number_text(method.range_cm1->second);
  }
  return out + "\nsteps: " + canonical_text(std::span(method.steps)) +
         "\ndisplay: " + canonical_text(std::span(method.display)) + "\n";
}

std::string sha256_of(const Method& method) {
  return sha256_text(canonical_text(method));
}

}  // namespace calcispec
