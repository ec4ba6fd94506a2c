#include "pipelines/calibration.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "models/csv_table.hpp"
#include "pipelines/calibration_private.hpp"
#include "pipelines/measured_library.hpp"
#include "pipelines/step.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

constexpr double sum_tolerance = 0.02;

double fraction_in(const models::CsvTable& table, Index row, const std::string& phase) {
  const auto percent = phase + "_percent";
  if (table.has(percent)) {
    return table.number(row, percent) / 100;
  }
  return table.has(phase) ? table.number(row, phase) : 0;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

}  // namespace

std::vector<double> fractions_of(const models::CsvTable& table,
                                 Index row,
                                 const std::vector<std::string>& phases) {
  std::vector<double> out;
  for (const auto& phase : phases) {
    out.push_back(fraction_in(table, row, phase));
    if (!(out.back() >= 0)) {
      throw Error(
          ErrorCode::bad_method, "the fraction of " + phase + " is below 0", table.place(row));
    }
  }
  const bool has_any = std::any_of(phases.begin(), phases.end(), [&](const std::string& phase) {
    return table.has(phase) || table.has(phase + "_percent");
  });
  if (!has_any) {
    throw Error(ErrorCode::bad_method,
                "no column is named after a reference (" + listed(phases) +
                    "); name the columns after them, or add the references with --strip",
                table.place(row));
  }
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  if (std::abs(sum - 1) > sum_tolerance) {
    throw Error(ErrorCode::bad_method,
                "the fractions of the references add up to " + std::to_string(sum) +
                    ", not to 1; give weight fractions, or percent in columns that end in _percent",
                table.place(row));
  }
  for (double& value : out) {
    value /= sum;
  }
  return out;
}

models::CsvTable load_standards(const std::string& path) {
  return load_table(path, "the table of standards");
}

models::CsvTable load_table(const std::string& path, const std::string& what) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method, what + " cannot be read", path);
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return {text, path};
}

io::Recording load_single(const std::string& path, const io::ReadOptions& read) {
  auto file = io::load(path, read);
  auto recording = std::move(file.recordings.front());
  if (recording.technique == Technique::ftir && recording.ordinate == OrdinateKind::transmittance) {
    Diagnostics ignored;
    run_steps(parse_steps("convert.absorbance"), 1, recording, nullptr, ignored);
    recording.ordinate = OrdinateKind::absorbance;
  }
  return recording;
}

CalibrationRun calibrate_response(const CalibrationRequest& request) {
  if (request.library.empty()) {
    return calibrate_band_tables(request);
  }
  const auto library = load_measured_library(request.library, request.read.reader_program);
  const auto table = load_standards(request.standards);
  const auto folder = fs::path(request.standards).parent_path();
  CalibrationRun out;
  std::vector<models::Standard> standards;
  Technique technique = request.read.technique.value_or(Technique::unknown);
  SamplingMode mode = SamplingMode::none;
  for (Index row = 0; row < table.rows(); ++row) {
    const auto& name = table.text(row, "file");
    try {
      const auto recording = load_single((folder / name).string(), request.read);
      const models::CompositionInput input{
          *recording.spectra.axis, recording.spectra.row(0), recording.technique, recording.mode};
      models::Standard standard;
      standard.file = name;
      standard.fit = models::fit_measured(input, library, request.composition);
      if (!standard.fit.reason.empty()) {
        out.left_aside.push_back(name + ": " + standard.fit.reason);
        continue;
      }
      const bool is_first = standards.empty();
      if (!is_first && (recording.technique != technique || recording.mode != mode)) {
        throw Error(ErrorCode::bad_method,
                    name + " was measured in another way than the first standard",
                    table.place(row));
      }
      technique = recording.technique;
      mode = recording.mode;
      standard.fractions = fractions_of(table, row, standard.fit.ids);
      standards.push_back(std::move(standard));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unreadable_input) {
        throw;
      }
      out.left_aside.push_back(name + ": " + error.what());
    }
  }
  if (standards.empty()) {
    throw Error(ErrorCode::bad_method,
                "no standard could be used" +
                    (out.left_aside.empty() ? std::string() : ": " + out.left_aside.front()),
                request.standards);
  }
  out.learnt = models::learn_measured_response(standards);
  auto& calibration = out.learnt.calibration;
  calibration.id = request.id;
  calibration.technique = technique;
  calibration.mode = mode;
  calibration.library_sha256 = library.sha256;
  return out;
}

}  // namespace calcispec
