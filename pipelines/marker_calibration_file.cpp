// Marker calibrations as TOML: the line, its covariance, and the domain of its standards.
#include "pipelines/calibration_file.hpp"
#include "pipelines/marker_calibration_file_private.hpp"
#include "pipelines/toml_fields_private.hpp"

#include <sstream>

namespace calcispec {
namespace {

using models::CalibrationDomain;
using models::MarkerCalibration;

void read_domain(const toml::table& root, TomlFaults& faults, CalibrationDomain& out) {
  const auto* table = root["domain"].as_table();
  if (table == nullptr) {
    faults.add(root, "the table [domain] is missing");
    return;
  }
  faults.check_keys(
      *table,
      {"phases", "nu1", "nu1_sd", "standards", "from", "cell", "points", "patterns", "most_miss"});
  TomlFields fields(*table, faults);
  out.phases = fields.words("phases");
  out.standards = static_cast<Index>(fields.number("standards"));
  out.nu1_cm1 = fields.number_or("nu1", 0);
  out.nu1_sd = fields.number_or("nu1_sd", 0);
  if (!fields.has("patterns")) {
    return;
  }
  if (fields.number("cell") != models::domain_cell_cm1) {
    faults.add(*table, "cell must be 4");
  }
  out.from_cm1 = fields.number("from");
  const double points = fields.number("points");
  constexpr double most_points = 10000;
  if (!(points >= 2 && points <= most_points)) {
    faults.add(*table, "points must be between 2 and 10000");
    return;
  }
  out.points = static_cast<Index>(points);
  out.most_miss = fields.number("most_miss");
  out.patterns = fields.numbers("patterns", static_cast<std::size_t>(2 * out.points));
}

std::array<double, 2> two_of(const std::vector<double>& values) {
  return {values[0], values[1]};
}

}  // namespace

MarkerCalibration read_marker_calibration(const toml::table& root, const std::string& path) {
  TomlFaults faults(path);
  faults.check_keys(root,
                    {"schema",
                     "kind",
                     "id",
                     "marker",
                     "unit",
                     "technique",
                     "mode",
                     "material",
                     "form",
                     "parameters",
                     "covariance",
                     "scatter",
                     "marker_part",
                     "freedom",
                     "left_out_error",
                     "group_error",
                     "range",
                     "standards",
                     "domain"});
  if (root["schema"].value<int64_t>() != 1) {
    faults.add(root, "schema = 1 is needed: is it a calibration?");
    faults.stop();
  }
  TomlFields fields(root, faults);
  MarkerCalibration out;
  out.id = fields.text("id");
  out.marker = fields.text("marker");
  out.unit = fields.text("unit");
  const auto technique = technique_from_name(fields.text("technique"));
  if (!technique) {
    faults.add(root, "technique must be raman or ftir");
  }
  out.technique = technique.value_or(Technique::unknown);
  if (out.technique == Technique::ftir) {
    out.mode = sampling_mode_from_name(fields.text("mode")).value_or(SamplingMode::unknown);
  }
  out.material = fields.text_or("material", "");
  out.status = models::CalibrationStatus::user;
  const auto form = models::calibration_form_from_name(fields.text("form"));
  if (!form) {
    faults.add(root, "form must be line, falling or rising");
  }
  out.form = form.value_or(models::CalibrationForm::line);
  out.parameters = two_of(fields.numbers("parameters", 2));
  const auto covariance = fields.numbers("covariance", 3);
  out.covariance = {covariance[0], covariance[1], covariance[2]};
  out.scatter = fields.number("scatter");
  out.marker_part = fields.number_or("marker_part", 1);
  out.freedom = fields.number("freedom");
  out.left_out_error = fields.number_or("left_out_error", 0);
  out.group_error = fields.number_or("group_error", 0);
  const auto range = two_of(fields.numbers("range", 2));
  out.lowest = range[0];
  out.highest = range[1];
  out.standards = static_cast<Index>(fields.number("standards"));
  read_domain(root, faults, out.domain);
  if (!(out.highest > out.lowest) || !(out.freedom > 0) || !(out.scatter >= 0)) {
    faults.add(root, "range must rise, freedom be above 0 and scatter not below 0");
  }
  faults.stop();
  return out;
}

std::string calibration_text(const MarkerCalibration& calibration) {
  const auto& domain = calibration.domain;
  toml::table limits{
      {"phases",    toml_array(domain.phases)},
      {"standards", domain.standards         },
      {"nu1",       domain.nu1_cm1           },
      {"nu1_sd",    domain.nu1_sd            }
  };
  if (!domain.patterns.empty()) {
    limits.insert("from", domain.from_cm1);
    limits.insert("cell", models::domain_cell_cm1);
    limits.insert("points", domain.points);
    limits.insert("most_miss", domain.most_miss);
    limits.insert("patterns", toml_array(domain.patterns));
  }
  toml::table root{
      {"schema",         1                                                   },
      {"kind",           "marker"                                            },
      {"id",             calibration.id                                      },
      {"marker",         calibration.marker                                  },
      {"unit",           calibration.unit                                    },
      {"technique",      std::string(name_of(calibration.technique))         },
      {"material",       calibration.material                                },
      {"form",           std::string(name_of(calibration.form))              },
      {"parameters",     toml_array(calibration.parameters)                  },
      {"covariance",     toml_array(calibration.covariance)                  },
      {"scatter",        calibration.scatter                                 },
      {"marker_part",    calibration.marker_part                             },
      {"freedom",        calibration.freedom                                 },
      {"left_out_error", calibration.left_out_error                          },
      {"group_error",    calibration.group_error                             },
      {"range",          toml::array{calibration.lowest, calibration.highest}},
      {"standards",      calibration.standards                               },
      {"domain",         std::move(limits)                                   }
  };
  if (calibration.technique == Technique::ftir) {
    root.insert("mode", std::string(name_of(calibration.mode)));
  }
  std::ostringstream out;
  out << "# A marker against known values, learnt by calcispec calibrate --marker. line: value = p "
         "+ "
         "q marker;\n# falling: p / (1 + q marker); rising: p q marker / (1 + q marker). "
         "Covariance: pp, pq, qq.\n"
      << root << "\n";
  return out.str();
}

}  // namespace calcispec
