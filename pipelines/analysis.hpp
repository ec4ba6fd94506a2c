// SpectrumAnalysis: all that one spectrum gave; what reports, JSON and tables are written from.
#pragma once

#include "core/diagnostics.hpp"
#include "io/format.hpp"
#include "models/composition.hpp"
#include "models/marker.hpp"
#include "models/marker_calibration.hpp"
#include "models/quality.hpp"
#include "models/response_calibration.hpp"
#include "models/technique_pair.hpp"
#include "pipelines/method.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace calcispec {

enum class AnalysisStatus { ok, refused, failed };

struct Provenance {
  std::string program = "calcispec";
  std::string version;
  std::string cpu_level;
  std::string method_name;
  std::string method_sha256;
  std::string steps;  // canonical text of the conditioning steps
  std::string library_sha256;
  std::string calibration_sha256;  // of the files stated, joined by +; empty: none
  std::string input_sha256;
};

struct SpectrumAnalysis {
  std::string input;  // path as given
  Index index = 0;    // within the file
  std::string id;     // sample name, made unique
  AnalysisStatus status = AnalysisStatus::failed;
  std::string message;  // why refused or failed
  std::string format;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
  OrdinateKind ordinate = OrdinateKind::unknown;
  AxisPtr axis;                  // null when the input failed
  std::vector<double> y;         // as analysed (absorbance, spikes removed), native axis
  std::vector<double> baseline;  // plain or joint baseline for display, may be empty
  models::QualityReport quality;
  std::optional<models::Composition> composition;
  std::vector<models::Marker> markers;
  Diagnostics diagnostics;
  Provenance provenance;
};

struct MapInfo {
  std::string input;
  MapGrid grid;
  Index first = 0;  // index of its first spectrum in AnalysisResult::spectra
};

/// What the user stated and numbers depend on, so that the run can be repeated.
struct RecordedOption {
  std::string name;  // of the command line, without dashes
  std::string value;
};

struct AnalysisResult {
  std::vector<SpectrumAnalysis> spectra;  // input order, failed inputs included
  std::vector<MapInfo> maps;
  Method method;
  std::vector<models::CombinedComposition> specimens;  // see specimens.hpp
  std::vector<std::string> inputs;                     // as given; of the record, as are:
  std::vector<RecordedOption> options;
};

struct AnalysisRequest {
  std::vector<std::string> inputs;  // files, in order
  io::ReadOptions read;
  std::optional<Method> method;  // nothing: the built-in for each spectrum's technique and mode
  models::CompositionOptions composition;
  std::string library_folder;  // extra references, bands or measured spectra; empty: none
  std::vector<models::ResponseCalibration> calibrations;  // at most one per technique and mode
  std::vector<models::MarkerCalibration> marker_calibrations;
  std::string calibration_sha256;
  std::string material;           // what the samples are, as marker calibrations call it
  bool assumes_response = false;  // weight fractions by response factors from memory
  models::MarkerOptions markers;
  bool is_only_library = false;
  bool is_each_alone = false;  // spectra of a map are not told from what they have in common
  Index jobs = 0;
};

/// Called from the main thread's point of view in order of completion: done, total.
using ProgressCallback = std::function<void(Index, Index)>;

/// Reads, checks, conditions, fits. Faulty inputs become entries with status failed.
AnalysisResult analyze(const AnalysisRequest& request, const ProgressCallback& progress);

std::string_view name_of(AnalysisStatus status);

}  // namespace calcispec
