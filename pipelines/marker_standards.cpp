// Standards analysed as any spectrum: marker lines, response factors of the band tables.
#include "core/error.hpp"
#include "models/weight_fractions.hpp"
#include "pipelines/analysis.hpp"
#include "pipelines/calibration_private.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

// One standard of the table with the answer for its first spectrum.
struct Analysed {
  Index row = 0;
  std::string file;
  SpectrumAnalysis answer;
};

std::string path_of(const std::string& standards, const std::string& file) {
  const fs::path path(file);
  return (path.is_absolute() ? path : fs::path(standards).parent_path() / path).string();
}

// Those that could not be used are named in `left_aside`.
std::vector<Analysed> analyse_standards(const models::CsvTable& table,
                                        const std::string& standards,
                                        AnalysisRequest request,
                                        std::vector<std::string>& left_aside) {
  for (Index row = 0; row < table.rows(); ++row) {
    const auto path = path_of(standards, table.text(row, "file"));
    if (std::find(request.inputs.begin(), request.inputs.end(), path) != request.inputs.end()) {
      throw Error(ErrorCode::bad_method, "the file stands in the table twice", table.place(row));
    }
    request.inputs.push_back(path);
  }
  auto result = analyze(request, {});
  std::vector<Analysed> out;
  for (auto& entry : result.spectra) {
    const auto at = std::find(request.inputs.begin(), request.inputs.end(), entry.input);
    const auto row = static_cast<Index>(at - request.inputs.begin());
    const auto& file = table.text(row, "file");
    if (entry.index > 0) {
      continue;
    }
    if (entry.status != AnalysisStatus::ok) {
      left_aside.push_back(file + ": " + entry.message);
      continue;
    }
    out.push_back({row, file, std::move(entry)});
  }
  return out;
}

void check_same_way(const std::vector<Analysed>& standards, const models::CsvTable& table) {
  for (const auto& standard : standards) {
    const auto& first = standards.front().answer;
    if (standard.answer.technique != first.technique || standard.answer.mode != first.mode) {
      throw Error(ErrorCode::bad_method,
                  standard.file + " was measured in another way than the first standard",
                  table.place(standard.row));
    }
  }
  const auto& first = standards.front().answer;
  if (first.technique == Technique::ftir && first.mode == SamplingMode::unknown) {
    throw Error(
        ErrorCode::invalid_argument,
        "the sampling mode of the standards is not known; state --mode transmission or atr");
  }
}

[[noreturn]] void throw_none(const std::vector<std::string>& left_aside, const std::string& table) {
  throw Error(ErrorCode::bad_method,
              "no standard could be used" +
                  (left_aside.empty() ? std::string() : ": " + left_aside.front()),
              table);
}

const models::Marker* find_marker(const SpectrumAnalysis& entry, const std::string& id) {
  const auto found = std::find_if(entry.markers.begin(),
                                  entry.markers.end(),
                                  [&](const auto& marker) { return marker.id == id; });
  return found == entry.markers.end() ? nullptr : &*found;
}

models::MarkerStandard marker_standard(const Analysed& standard,
                                       const models::Marker& marker,
                                       const models::CsvTable& table) {
  models::MarkerStandard out;
  out.file = standard.file;
  out.marker = marker.value.value;
  out.marker_u = std::isfinite(marker.value.u) ? marker.value.u : 0;
  out.value = table.number(standard.row, "value");
  if (table.has("value_sd")) {
    out.value_sd = table.number(standard.row, "value_sd");
    if (!(out.value_sd >= 0)) {
      throw Error(ErrorCode::bad_method, "value_sd is below 0", table.place(standard.row));
    }
  }
  if (table.has("group")) {
    out.group = table.text(standard.row, "group");
  }
  const auto& entry = standard.answer;
  out.sample = models::domain_sample({*entry.axis, entry.y, entry.technique, entry.mode},
                                     *entry.composition);
  return out;
}

std::vector<std::string> phases_of(const models::CsvTable& table,
                                   const models::ReferenceLibrary& library) {
  std::vector<std::string> out;
  for (const auto& phase : library.phases) {
    if (table.has(phase.id) || table.has(phase.id + "_percent")) {
      out.push_back(phase.id);
    }
  }
  if (out.size() < 2) {
    throw Error(ErrorCode::bad_method,
                "the table needs a column per phase, named as calcispec library list names them, "
                "for two phases or more");
  }
  return out;
}

}  // namespace

MarkerCalibrationRun calibrate_marker(const MarkerCalibrationRequest& request) {
  const auto table = load_standards(request.standards);
  const auto target =
      request.marker == "carbonate_phosphate_ratio" ? std::string("carbonate_wt") : request.marker;
  const auto predictor = models::predictor_of(target);
  MarkerCalibrationRun out;
  AnalysisRequest analysis;
  analysis.read = request.read;
  analysis.composition = request.composition;
  analysis.jobs = request.jobs;
  const auto standards =
      analyse_standards(table, request.standards, std::move(analysis), out.left_aside);
  if (standards.empty()) {
    throw_none(out.left_aside, request.standards);
  }
  check_same_way(standards, table);
  std::vector<models::MarkerStandard> rows;
  std::string unit = request.unit;
  for (const auto& standard : standards) {
    const auto* marker = find_marker(standard.answer, predictor);
    const auto* reported = find_marker(standard.answer, target);
    if (marker == nullptr || reported == nullptr) {
      std::string fault = "there is no marker '" + target + "' for this technique; there are";
      for (const auto& row : standard.answer.markers) {
        fault += (&row == standard.answer.markers.data() ? " " : ", ") + row.id;
      }
      throw Error(ErrorCode::invalid_argument, fault);
    }
    unit = unit.empty() ? reported->unit : unit;
    if (!std::isfinite(marker->value.value)) {
      out.left_aside.push_back(standard.file + ": " + predictor + ": " + marker->value.reason);
      continue;
    }
    rows.push_back(marker_standard(standard, *marker, table));
  }
  if (rows.empty()) {
    throw_none(out.left_aside, request.standards);
  }
  out.learnt = models::learn_marker(rows, request.form);
  auto& calibration = out.learnt.calibration;
  calibration.id = request.id;
  calibration.marker = target;
  calibration.unit = unit;
  calibration.material = request.material;
  calibration.technique = standards.front().answer.technique;
  calibration.mode = standards.front().answer.mode;
  return out;
}

CalibrationRun calibrate_band_tables(const CalibrationRequest& request) {
  const auto table = load_standards(request.standards);
  const auto library = models::builtin_library();
  const auto phases = phases_of(table, library);
  CalibrationRun out;
  AnalysisRequest analysis;
  analysis.read = request.read;
  analysis.composition = request.composition;
  const auto analysed =
      analyse_standards(table, request.standards, std::move(analysis), out.left_aside);
  if (analysed.empty()) {
    throw_none(out.left_aside, request.standards);
  }
  check_same_way(analysed, table);
  std::vector<models::Standard> standards;
  for (const auto& row : analysed) {
    models::Standard standard;
    standard.file = row.file;
    standard.fractions = fractions_of(table, row.row, phases);
    standard.fit = models::amounts_of_known(*row.answer.composition, phases, standard.fractions);
    const bool is_found = std::any_of(standard.fit.amounts.begin(),
                                      standard.fit.amounts.end(),
                                      [](double amount) { return amount > 0; });
    if (!standard.fit.reason.empty() || !is_found) {
      out.left_aside.push_back(
          row.file + ": " +
          (is_found ? standard.fit.reason : std::string("none of the phases was named")));
      continue;
    }
    standards.push_back(std::move(standard));
  }
  if (standards.empty()) {
    throw_none(out.left_aside, request.standards);
  }
  out.learnt = models::learn_response(standards);
  auto& calibration = out.learnt.calibration;
  calibration.id = request.id;
  calibration.technique = analysed.front().answer.technique;
  calibration.mode = analysed.front().answer.mode;
  calibration.library_sha256 = library.sha256;
  return out;
}

}  // namespace calcispec
