#include "pipelines/calibration_file.hpp"

#include "pipelines/toml_faults_private.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace calcispec {
namespace {

using models::ResponseCalibration;

toml::array array_of(const std::vector<double>& values) {
  toml::array out;
  for (const double value : values) {
    out.push_back(value);
  }
  return out;
}

class CalibrationReader {
 public:
  CalibrationReader(const toml::table& root, const std::string& path)
      : root_(root), faults_(path) {}

  ResponseCalibration read() {
    faults_.check_keys(root_,
                       {"schema",
                        "kind",
                        "id",
                        "technique",
                        "mode",
                        "library_sha256",
                        "standards",
                        "phases",
                        "log_response",
                        "covariance",
                        "lowest",
                        "highest",
                        "error",
                        "noise",
                        "freedom"});
    if (root_["schema"].value<int64_t>() != 1 ||
        root_["kind"].value<std::string>() != std::string("response")) {
      faults_.add(root_, "schema = 1 and kind = \"response\" are needed: is it a calibration?");
      faults_.stop();
    }
    ResponseCalibration out;
    out.id = text("id");
    out.technique = technique_from_name(text("technique")).value_or(Technique::unknown);
    if (out.technique == Technique::ftir) {
      out.mode = sampling_mode_from_name(text("mode")).value_or(SamplingMode::unknown);
    }
    out.library_sha256 = text("library_sha256");
    out.standards = static_cast<Index>(number("standards"));
    read_phases(out);
    const auto count = out.phases.size();
    out.log_response = numbers("log_response", count);
    out.covariance = numbers("covariance", count * count);
    out.lowest = numbers("lowest", count);
    out.highest = numbers("highest", count);
    out.error = number("error");
    out.noise = number("noise");
    out.freedom = number("freedom");
    if (!(out.error > 0)) {
      faults_.add(root_, "error must be above 0");
    }
    faults_.stop();
    return out;
  }

 private:
  std::string text(std::string_view key) {
    const auto value = root_[key].value<std::string>();
    if (!value) {
      faults_.add(root_, std::string(key) + " is missing or no text");
    }
    return value.value_or("");
  }

  double number(std::string_view key) {
    const auto value = root_[key].value<double>();
    if (!value || !std::isfinite(*value)) {
      faults_.add(root_, std::string(key) + " is missing or no number");
    }
    return value.value_or(0);
  }

  void read_phases(ResponseCalibration& out) {
    const auto* rows = root_["phases"].as_array();
    if (rows == nullptr || rows->empty()) {
      faults_.add(root_, "phases is missing");
      return;
    }
    for (const auto& row : *rows) {
      out.phases.push_back(row.value<std::string>().value_or(""));
    }
  }

  std::vector<double> numbers(std::string_view key, std::size_t count) {
    std::vector<double> out;
    if (const auto* rows = root_[key].as_array()) {
      for (const auto& row : *rows) {
        out.push_back(row.value<double>().value_or(std::numeric_limits<double>::quiet_NaN()));
      }
    }
    const bool is_good =
        out.size() == count &&
        std::all_of(out.begin(), out.end(), [](double value) { return std::isfinite(value); });
    if (!is_good) {
      faults_.add(root_, std::string(key) + " must hold " + std::to_string(count) + " numbers");
      out.assign(count, 0.0);
    }
    return out;
  }

  const toml::table& root_;
  TomlFaults faults_;
};

}  // namespace

std::string calibration_text(const ResponseCalibration& calibration) {
  toml::array phases;
  for (const auto& phase : calibration.phases) {
    phases.push_back(phase);
  }
  toml::table root{
      {"schema",         1                                          },
      {"kind",           "response"                                 },
      {"id",             calibration.id                             },
      {"technique",      std::string(name_of(calibration.technique))},
      {"library_sha256", calibration.library_sha256                 },
      {"standards",      calibration.standards                      },
      {"phases",         std::move(phases)                          },
      {"log_response",   array_of(calibration.log_response)         },
      {"covariance",     array_of(calibration.covariance)           },
      {"lowest",         array_of(calibration.lowest)               },
      {"highest",        array_of(calibration.highest)              },
      {"error",          calibration.error                          },
      {"noise",          calibration.noise                          },
      {"freedom",        calibration.freedom                        }
  };
  if (calibration.technique == Technique::ftir) {
    root.insert("mode", std::string(name_of(calibration.mode)));
  }
  std::ostringstream out;
  out << "# Response factors learnt by calcispec calibrate; weight fraction = amount / "
         "exp(log_response), normalised.\n"
      << root << "\n";
  return out.str();
}

ResponseCalibration load_calibration(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method, "the calibration cannot be read", path);
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto root = parse_toml(text, path);
  return CalibrationReader(root, path).read();
}

}  // namespace calcispec
