// Marker calibrations applied: the value, or why it is refused; lines of the literature.
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"
#include "models/marker_calibration.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models {
namespace {

constexpr double marker_application_critical = 3.3;

void refuse_marker(Marker& marker, const std::string& reason) {
  marker.status = MarkerStatus::not_determinable;
  marker.value = Estimate{};
  marker.value.reason = reason;
}

std::string other_way(const MarkerCalibration& calibration,
                      const CompositionInput& input,
                      const std::string& material) {
  const bool is_same_mode =
      calibration.technique == Technique::raman || input.mode == calibration.mode;
  const auto words = [](Technique technique, SamplingMode mode) {
    return std::string(name_of(technique)) +
           (technique == Technique::ftir ? " " + std::string(name_of(mode)) : std::string());
  };
  if (input.technique != calibration.technique || !is_same_mode) {
    return "the calibration " + calibration.id + " is for " +
           words(calibration.technique, calibration.mode) + ", the spectrum is " +
           words(input.technique, input.mode);
  }
  if (!material.empty() && !calibration.material.empty() && material != calibration.material) {
    return "the calibration " + calibration.id + " is for " + calibration.material +
           ", the sample is " + material;
  }
  return {};
}

MarkerCalibration literature_row(const CsvTable& table, Index row) {
  MarkerCalibration out;
  out.id = table.text(row, "id");
  out.marker = table.text(row, "marker");
  out.unit = table.text(row, "unit");
  out.technique = technique_from_name(table.text(row, "technique")).value_or(Technique::unknown);
  out.mode = sampling_mode_from_name(table.text(row, "mode")).value_or(SamplingMode::none);
  out.material = table.text(row, "material");
  out.status = table.text(row, "status") == "seen" ? CalibrationStatus::literature_seen
                                                   : CalibrationStatus::placeholder;
  out.source = table.text(row, "source");
  out.form = calibration_form_from_name(table.text(row, "form")).value_or(CalibrationForm::line);
  out.parameters = {table.number(row, "p"), table.number(row, "q")};
  out.relative_error = table.number(row, "relative_error");
  out.lowest = table.number(row, "lowest");
  out.highest = table.number(row, "highest");
  return out;
}

}  // namespace

Marker apply_calibration(const MarkerCalibration& calibration,
                         const CompositionInput& input,
                         const Composition& composition,
                         std::span<const Marker> markers,
                         const std::string& material) {
  const auto predictor = predictor_of(calibration.marker);
  const auto raw = std::find_if(
      markers.begin(), markers.end(), [&](const auto& row) { return row.id == predictor; });
  Marker out;
  if (raw != markers.end()) {
    out = *raw;
    out.definition = "from " + raw->id + " (" + raw->definition + ") by calibration";
    out.range_lo = out.range_hi = 0;
  }
  out.raw = out.value;
  out.id = calibration.marker;
  out.unit = calibration.unit;
  out.calibration = calibration.id;
  if (calibration.status != CalibrationStatus::user) {
    out.calibration += " (" + std::string(name_of(calibration.status)) + ")";
  }
  const auto fault = other_way(calibration, input, material);
  if (!fault.empty()) {
    refuse_marker(out, fault);
    return out;
  }
  if (raw == markers.end() || !std::isfinite(raw->value.value)) {
    refuse_marker(out,
                  raw == markers.end()
                      ? "the marker " + predictor + " does not exist for this technique"
                      : raw->value.reason);
    return out;
  }
  const auto sample = domain_sample(input, composition);
  const auto outside = sample ? outside_domain(calibration.domain, *sample) : std::string();
  if (!outside.empty()) {
    refuse_marker(
        out, "another material than that of the calibration " + calibration.id + ": " + outside);
    return out;
  }
  out.value = predict(calibration, raw->value.value, raw->value.u);
  if (out.value.status != EstimateStatus::ok) {
    out.status = MarkerStatus::not_determinable;
    return out;
  }
  out.status = raw->status;
  if (calibration.status == CalibrationStatus::placeholder) {
    out.status = MarkerStatus::uncalibrated;
    out.value.reason = calibration.source + "; calcispec calibrate --marker " + calibration.marker +
                       " learns it from standards of your own";
  } else if (out.value.value < marker_application_critical * out.value.u) {
    out.value.reason +=
        std::string(out.value.reason.empty() ? "" : "; ") + "not above its own detection limit";
  }
  return out;
}

void calibrate_markers(std::span<const MarkerCalibration> calibrations,
                       const CompositionInput& input,
                       const Composition& composition,
                       const std::string& material,
                       std::vector<Marker>& markers) {
  std::vector<Marker> out;
  const auto is_done = [&](const std::string& id) {
    return std::any_of(out.begin(), out.end(), [&](const auto& row) { return row.id == id; });
  };
  for (const auto& calibration : calibrations) {
    out.push_back(apply_calibration(calibration, input, composition, markers, material));
  }
  for (const auto& calibration : literature_calibrations()) {
    const bool is_meant = calibration.technique == input.technique &&
                          (input.technique == Technique::raman || calibration.mode == input.mode);
    if (is_meant && !is_done(calibration.marker)) {
      out.push_back(apply_calibration(calibration, input, composition, markers, material));
    }
  }
  for (auto& row : out) {
    const auto same = std::find_if(
        markers.begin(), markers.end(), [&](const auto& known) { return known.id == row.id; });
    if (same == markers.end()) {
      markers.push_back(std::move(row));
      continue;
    }
    row.name = same->name;
    row.grade = same->grade;
    row.must_not_claim = same->must_not_claim;
    *same = std::move(row);
  }
}

const std::vector<MarkerCalibration>& literature_calibrations() {
  static const auto all = [] {
    const CsvTable table(embedded_file("calibrations.csv"), "calibrations.csv");
    std::vector<MarkerCalibration> rows;
    for (Index row = 0; row < table.rows(); ++row) {
      rows.push_back(literature_row(table, row));
    }
    return rows;
  }();
  return all;
}

}  // namespace calcispec::models
