#include "pipelines/calibration_file.hpp"

#include "pipelines/hash_private.hpp"
#include "pipelines/marker_calibration_file_private.hpp"
#include "pipelines/toml_fields_private.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace calcispec {
namespace {

using models::ResponseCalibration;

class CalibrationReader {
 public:
  CalibrationReader(const toml::table& root, const std::string& path)
      : root_(root), faults_(path), fields_(root, faults_) {}

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
    out.id = fields_.text("id");
    out.technique = technique_from_name(fields_.text("technique")).value_or(Technique::unknown);
    if (out.technique == Technique::ftir) {
      out.mode = sampling_mode_from_name(fields_.text("mode")).value_or(SamplingMode::unknown);
    }
    out.library_sha256 = fields_.text("library_sha256");
    out.standards = static_cast<Index>(fields_.number("standards"));
    out.phases = fields_.words("phases");
    const auto count = out.phases.size();
    out.log_response = fields_.numbers("log_response", count);
    out.covariance = fields_.numbers("covariance", count * count);
    out.lowest = fields_.numbers("lowest", count);
    out.highest = fields_.numbers("highest", count);
    out.error = fields_.number("error");
    out.noise = fields_.number("noise");
    out.freedom = fields_.number("freedom");
    if (!(out.error > 0)) {
      faults_.add(root_, "error must be above 0");
    }
    faults_.stop();
    return out;
  }

 private:
  const toml::table& root_;
  TomlFaults faults_;
  TomlFields fields_;
};

// The last one must not answer for what an earlier one answers for.
template <typename Calibrations, typename Same>
void refuse_rival(const Calibrations& all, const std::string& path, Same&& same) {
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (same(all[i], all.back())) {
      throw Error(ErrorCode::invalid_argument,
                  "the calibrations " + all[i].id + " and " + path +
                      " answer for the same spectra; state one");
    }
  }
}

}  // namespace

std::string calibration_text(const ResponseCalibration& calibration) {
  toml::table root{
      {"schema",         1                                          },
      {"kind",           "response"                                 },
      {"id",             calibration.id                             },
      {"technique",      std::string(name_of(calibration.technique))},
      {"library_sha256", calibration.library_sha256                 },
      {"standards",      calibration.standards                      },
      {"phases",         toml_array(calibration.phases)             },
      {"log_response",   toml_array(calibration.log_response)       },
      {"covariance",     toml_array(calibration.covariance)         },
      {"lowest",         toml_array(calibration.lowest)             },
      {"highest",        toml_array(calibration.highest)            },
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

CalibrationSet load_calibrations(std::span<const std::string> paths) {
  CalibrationSet out;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
      throw Error(ErrorCode::bad_method, "the calibration cannot be read", path);
    }
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    const auto root = parse_toml(text, path);
    out.sha256 += (out.sha256.empty() ? "" : "+") + sha256_text(text);
    if (root["kind"].value<std::string>() == std::string("marker")) {
      out.markers.push_back(read_marker_calibration(root, path));
      refuse_rival(out.markers, path, [](const auto& a, const auto& b) {
        return a.marker == b.marker && a.technique == b.technique && a.mode == b.mode;
      });
    } else {
      out.responses.push_back(CalibrationReader(root, path).read());
      refuse_rival(out.responses, path, [](const auto& a, const auto& b) {
        return a.technique == b.technique && a.mode == b.mode;
      });
    }
  }
  return out;
}

}  // namespace calcispec
