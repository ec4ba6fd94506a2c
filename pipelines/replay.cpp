#include "pipelines/replay.hpp"

#include "core/error.hpp"
#include "pipelines/report/analysis_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace calcispec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_listed = 20;

Json parse(const std::string& text, const std::string& path) {
  try {
    return Json::parse(text);
  } catch (const Json::exception&) {
    throw Error(ErrorCode::bad_method, "the file is no JSON", path);
  }
}

class Comparison {
 public:
  explicit Comparison(ReplayVerdict& verdict) : verdict_(verdict) {}

  // Files written under other names hold the same numbers.
  void compare(const Json& now, const Json& before, const std::string& place) {
    if (now.is_object() && before.is_object()) {
      compare_objects(now, before, place);
    } else if (now.is_array() && before.is_array() && now.size() == before.size()) {
      for (std::size_t i = 0; i < now.size(); ++i) {
        compare(now[i], before[i], place + "/" + std::to_string(i));
      }
    } else if (now != before) {
      add(place, now, before);
    }
  }

 private:
  void compare_objects(const Json& now, const Json& before, const std::string& place) {
    const auto inside = place + "/";
    for (const auto& [key, value] : before.items()) {
      if (key == "provenance" || key == "input") {
        continue;
      }
      const auto found = now.find(key);
      if (found == now.end()) {
        add(inside + key, Json("nothing"), value);
      } else {
        compare(*found, value, inside + key);
      }
    }
    for (const auto& [key, value] : now.items()) {
      if (!before.contains(key)) {
        add(inside + key, value, Json("nothing"));
      }
    }
  }

  void add(const std::string& place, const Json& now, const Json& before) {
    constexpr std::size_t longest = 60;
    ++verdict_.count;
    if (verdict_.differences.size() < most_listed) {
      verdict_.differences.push_back(place + ": " + now.dump().substr(0, longest) + " was " +
                                     before.dump().substr(0, longest));
    }
  }

  ReplayVerdict& verdict_;
};

void find_changes(const Json& now, const Json& before, std::vector<std::string>& changed) {
  static const std::vector<std::pair<const char*, const char*>> parts{
      {"version",            "the program"             },
      {"cpu_level",          "the instruction set used"},
      {"method_sha256",      "the method"              },
      {"library_sha256",     "the reference library"   },
      {"calibration_sha256", "the calibration"         },
      {"input_sha256",       "the input"               }
  };
  for (const auto& [key, what] : parts) {
    const auto old_value = before.value(key, std::string());
    const auto new_value = now.value(key, std::string());
    const std::string text = std::string(what) + " (" + old_value.substr(0, 12) + " then, " +
                             new_value.substr(0, 12) + " now)";
    if (old_value != new_value &&
        std::find(changed.begin(), changed.end(), text) == changed.end()) {
      changed.push_back(text);
    }
  }
}

}  // namespace

RunRecord load_record(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method, "the result cannot be read", path);
  }
  RunRecord out;
  out.text.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  const auto json = parse(out.text, path);
  const bool is_result = json.is_object() && json.contains("spectra") && json["spectra"].is_array();
  const auto request = is_result && json.contains("request") ? json["request"] : Json();
  const bool has_record = request.is_object() && request.contains("inputs") &&
                          request["inputs"].is_array() && request.contains("options") &&
                          request["options"].is_array();
  if (!has_record) {
    throw Error(ErrorCode::bad_method,
                "no record of a run is in the file; --replay takes the JSON of calcispec analyze",
                path);
  }
  try {
    for (const auto& input : request["inputs"]) {
      out.inputs.push_back(input.get<std::string>());
    }
    for (const auto& option : request["options"]) {
      out.options.push_back(
          {option.at("name").get<std::string>(), option.at("value").get<std::string>()});
    }
  } catch (const Json::exception&) {
    throw Error(ErrorCode::bad_method, "the record of the run is damaged", path);
  }
  return out;
}

ReplayVerdict compare_runs(const RunRecord& record, const AnalysisResult& result) {
  ReplayVerdict out;
  const auto before = parse(record.text, "the record");
  const auto now = parse(analysis_json(result), "this run");
  Comparison comparison(out);
  comparison.compare(now["spectra"], before["spectra"], "spectra");
  if (before.contains("specimens")) {
    comparison.compare(now["specimens"], before["specimens"], "specimens");
  }
  const auto count = std::min(now["spectra"].size(), before["spectra"].size());
  for (std::size_t i = 0; i < count; ++i) {
    find_changes(now["spectra"][i].value("provenance", Json::object()),
                 before["spectra"][i].value("provenance", Json::object()),
                 out.changed);
  }
  out.is_identical = out.count == 0;
  return out;
}

}  // namespace calcispec
