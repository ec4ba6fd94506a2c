#include "pipelines/calibration_file.hpp"

#include "pipelines/hash_private.hpp"
#include "pipelines/marker_calibration_file_private.hpp"
#include "pipelines/toml_fields_private.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>

namespace calcispec {
namespace {

using models::ResponseCalibration;

constexpr double mean_tolerance = 1e-6;

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
                        "height_per_area",
                        "covariance",
                        "lowest",
                        "highest",
                        "error",
                        "noise",
                        "freedom",
                        "correction"});
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
    if (root_.contains("height_per_area")) {
      out.height_per_area = fields_.numbers("height_per_area", count);
      check_heights(out.height_per_area);
    }
    out.covariance = fields_.numbers("covariance", count * count);
    out.lowest = fields_.numbers("lowest", count);
    out.highest = fields_.numbers("highest", count);
    out.error = fields_.number("error");
    out.noise = fields_.number("noise");
    out.freedom = fields_.number("freedom");
    if (!(out.error > 0)) {
      faults_.add(root_, "error must be above 0");
    }
    if (root_.contains("correction")) {
      out.correction = read_correction(count);
    }
    faults_.stop();
    return out;
  }

 private:
  void check_heights(const std::vector<double>& heights) {
    if (!std::all_of(heights.begin(), heights.end(), [](double value) { return value >= 0; })) {
      faults_.add(root_, "height_per_area must not be below 0");
    }
  }

  models::WeightCorrection read_correction(std::size_t count) {
    models::WeightCorrection out;
    const auto* table = root_["correction"].as_table();
    if (table == nullptr) {
      faults_.add(root_, "correction must be a table; learn the calibration anew");
      return out;
    }
    faults_.check_keys(*table,
                       {"cross_talk",
                        "cross_talk_covariance",
                        "cross_talk_shown",
                        "response_variance",
                        "constant_variance",
                        "phase_factor",
                        "noise",
                        "mean",
                        "variance"});
    TomlFields fields(*table, faults_);
    out.cross_talk = fields.numbers("cross_talk", count * count);
    out.cross_talk_covariance = fields.numbers("cross_talk_covariance", count * count);
    out.cross_talk_shown = fields.number("cross_talk_shown");
    out.response_variance = fields.number("response_variance");
    out.constant_variance = fields.number("constant_variance");
    out.phase_factor = fields.numbers("phase_factor", count);
    out.noise = fields.number("noise");
    out.mean = fields.numbers("mean", count);
    out.variance = fields.numbers("variance", count);
    check_correction(*table, out);
    return out;
  }

  void check_correction(const toml::table& table, const models::WeightCorrection& correction) {
    const auto all_above = [](const std::vector<double>& values) {
      return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
    };
    if (!(correction.response_variance >= 0) || !(correction.cross_talk_shown >= 0) ||
        !(correction.noise >= 0)) {
      faults_.add(table, "response_variance, cross_talk_shown and noise must not be below 0");
    }
    if (!(correction.constant_variance > 0) || !all_above(correction.phase_factor) ||
        !all_above(correction.variance)) {
      faults_.add(table, "constant_variance, phase_factor and variance must be above 0");
    }
    const double sum = std::accumulate(correction.mean.begin(), correction.mean.end(), 0.0);
    if (!(std::abs(sum - 1) < mean_tolerance)) {
      faults_.add(table, "the fractions of mean must add up to 1");
    }
  }

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

std::string correction_text(const models::WeightCorrection& correction) {
  const toml::table table{
      {"correction",
       toml::table{{"cross_talk", toml_array(correction.cross_talk)},
                   {"cross_talk_covariance", toml_array(correction.cross_talk_covariance)},
                   {"cross_talk_shown", correction.cross_talk_shown},
                   {"response_variance", correction.response_variance},
                   {"constant_variance", correction.constant_variance},
                   {"phase_factor", toml_array(correction.phase_factor)},
                   {"noise", correction.noise},
                   {"mean", toml_array(correction.mean)},
                   {"variance", toml_array(correction.variance)}}}
  };
  std::ostringstream out;
  out << "\n# Used because it predicts standards left out better than the responses alone.\n"
         "# cross_talk: the part of a reference (row) read as another (column), row after row\n"
         "# cross_talk_covariance: of each of its columns\n"
         "# cross_talk_shown: of it in a standard left out; the other variances hold that\n"
         "# response_variance: of a fraction, through the closure to 1, times phase_factor\n"
         "# constant_variance: of a fraction, whatever its size\n"
         "# noise: of a fraction in the noisiest standard; noisier spectra get wider intervals\n"
         "# mean, variance: where samples of the standards' kind lie\n"
      << table << "\n";
  return out.str();
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
  const bool is_by_height = !calibration.height_per_area.empty();
  if (is_by_height) {
    root.insert("height_per_area", toml_array(calibration.height_per_area));
  }
  std::ostringstream out;
  out << "# Response factors learnt by calcispec calibrate; weight fraction = amount / "
         "exp(log_response), normalised.\n"
      << (is_by_height
              ? "# amount: area, or where height_per_area is above 0 the highest point over "
                "it.\n"
              : "")
      << root << "\n";
  return out.str() + (calibration.correction ? correction_text(*calibration.correction) : "");
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
