#include "pipelines/analysis.hpp"

#include "core/build_info.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "io/file.hpp"
#include "models/map_composition.hpp"
#include "models/weight_fractions.hpp"
#include "pipelines/analysis_references_private.hpp"
#include "pipelines/map_samples_private.hpp"
#include "pipelines/spectrum_analyser.hpp"
#include "pipelines/spectrum_ids.hpp"
#include "pipelines/used_methods_private.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>

namespace calcispec {
namespace {

constexpr Index learnt_spectra = 8;  // of a map

// One spectrum of a file that was read, waiting to be analysed.
struct Job {
  std::size_t entry = 0;  // in the result
  std::shared_ptr<const io::Recording> recording;
  Index row = 0;
};

struct LearntMap {
  const io::Recording* map;  // null: of whatever is analysed
  models::MapComposer composer;
};

class Analysis {
 public:
  explicit Analysis(const AnalysisRequest& request)
      : request_(request),
        library_(detail::make_library(request)),
        measured_(detail::make_measured_library(request)) {
    if (!measured_) {
      detail::check_calibration(request_, library_);
    }
  }

  AnalysisResult run(const ProgressCallback& progress) {
    for (const auto& input : request_.inputs) {
      read(input);
    }
    learn_maps();
    std::mutex mutex;
    Index done = 0;
    const auto total = static_cast<Index>(jobs_.size());
    parallel_for(total, request_.jobs, [&](Index item) {
      const auto& job = jobs_[static_cast<std::size_t>(item)];
      analyse(job, result_.spectra[job.entry]);
      const std::lock_guard lock(mutex);
      ++done;
      if (progress) {
        progress(done, total);
      }
    });
    result_.inputs = request_.inputs;
    result_.method = request_.method.value_or(first_method());
    return std::move(result_);
  }

  // The ids of the phases found in these spectra of `map`; null: of whatever is analysed.
  std::vector<std::string> learn(const std::shared_ptr<const io::Recording>& samples,
                                 const io::Recording* map) {
    if (measured_ || request_.is_each_alone) {
      return {};
    }
    const auto rows = samples->spectra.rows();
    std::vector<SpectrumAnalysis> entries(static_cast<std::size_t>(rows));
    parallel_for(rows, request_.jobs, [&](Index row) {
      auto& entry = entries[static_cast<std::size_t>(row)];
      entry.technique = samples->technique;
      entry.mode = samples->mode;
      entry.ordinate = samples->ordinate;
      prepare({0, samples, row}, entry);
    });
    std::vector<std::vector<double>> spectra;
    const SpectrumAnalysis* first = nullptr;
    for (auto& entry : entries) {
      // A step may cut spectra to different lengths.
      const bool is_like_first =
          first == nullptr || !entry.axis || entry.axis->size() == first->axis->size();
      if (entry.status == AnalysisStatus::ok && is_like_first) {
        first = first == nullptr ? &entry : first;
        spectra.push_back(std::move(entry.y));
      }
    }
    if (spectra.empty()) {
      return {};
    }
    std::vector<std::vector<double>> chosen;
    for (const Index i : models::diverse_samples(spectra, learnt_spectra)) {
      chosen.push_back(spectra[static_cast<std::size_t>(i)]);
    }
    const auto& method = method_for(*first).method;
    models::MapComposer composer(first->axis,
                                 chosen,
                                 first->technique,
                                 first->mode,
                                 library_,
                                 options_for(method),
                                 request_.jobs);
    auto phases = composer.phases();
    learnt_.push_back({map, std::move(composer)});
    return phases;
  }

  // Faults of the spectrum become its status.
  void analyse(const Job& job, SpectrumAnalysis& entry) const {
    prepare(job, entry);
    if (entry.status != AnalysisStatus::ok) {
      return;
    }
    try {
      const auto& method = method_for(entry).method;
      draw_baseline(method, *job.recording, entry);
      estimate(method, job.recording.get(), entry);
    } catch (const Error& error) {
      entry.status = AnalysisStatus::failed;
      entry.message = error.what();
    }
  }

  [[nodiscard]] const models::ReferenceLibrary& library() const { return library_; }
  [[nodiscard]] const std::optional<models::MeasuredLibrary>& measured() const { return measured_; }

 private:
  void read(const std::string& input) {
    try {
      auto file = io::load(input, request_.read);
      Index first = 0;
      for (auto& recording : file.recordings) {
        const Index rows = recording.spectra.rows();
        add(input, file, std::make_shared<const io::Recording>(std::move(recording)), first);
        first += rows;
      }
    } catch (const Error& error) {
      SpectrumAnalysis entry;
      entry.input = input;
      entry.id = ids_.unique(input);
      entry.status = AnalysisStatus::failed;
      const bool says_place = !error.place().empty() && error.place() != input;
      entry.message = (says_place ? error.place() + ": " : std::string()) + error.what();
      result_.spectra.push_back(std::move(entry));
    }
  }

  void add(const std::string& input,
           const io::LoadedFile& file,
           const std::shared_ptr<const io::Recording>& recording,
           Index first) {
    if (recording->map) {
      result_.maps.push_back({input, *recording->map, static_cast<Index>(result_.spectra.size())});
    }
    for (Index row = 0; row < recording->spectra.rows(); ++row) {
      SpectrumAnalysis entry;
      entry.input = input;
      entry.index = first + row;
      entry.id = ids_.next(input, *recording, row);
      entry.format = file.format;
      entry.technique = recording->technique;
      entry.mode = recording->mode;
      entry.ordinate = recording->ordinate;
      entry.provenance.input_sha256 = file.sha256;
      for (const auto& diagnostic : file.diagnostics) {
        if (diagnostic.spectrum < 0 || diagnostic.spectrum == row) {
          entry.diagnostics.push_back(diagnostic);
        }
      }
      jobs_.push_back({result_.spectra.size(), recording, row});
      result_.spectra.push_back(std::move(entry));
    }
  }

  [[nodiscard]] Method first_method() const {
    for (const auto& entry : result_.spectra) {
      if (entry.axis) {
        return builtin_method(entry.technique, entry.mode);
      }
    }
    return builtin_method(Technique::raman, SamplingMode::none);
  }

  // A recording of the one spectrum.
  static io::Recording single(const Job& job) {
    io::Recording out;
    out.spectra = SpectraMatrix::make(job.recording->spectra.axis, 1);
    const auto row = job.recording->spectra.row(job.row);
    std::copy(row.begin(), row.end(), out.spectra.values.begin());
    out.ordinate = job.recording->ordinate;
    out.technique = job.recording->technique;
    out.mode = job.recording->mode;
    return out;
  }

  // Of each map some spectra, before any of them is estimated.
  void learn_maps() {
    const io::Recording* last = nullptr;
    for (const auto& job : jobs_) {
      const auto& recording = *job.recording;
      const auto runs = &recording != last && recording.map
                            ? detail::sample_runs(recording.spectra.rows())
                            : std::vector<Index>();
      last = &recording;
      if (!runs.empty()) {
        learn(detail::samples_of(recording, runs), &recording);
      }
    }
  }

  [[nodiscard]] const detail::UsedMethod& method_for(const SpectrumAnalysis& entry) const {
    return methods_.of(request_.method, entry.technique, entry.mode);
  }

  [[nodiscard]] models::CompositionOptions options_for(const Method& method) const {
    auto options = request_.composition;
    if (!options.range_cm1) {
      options.range_cm1 = method.range_cm1;
    }
    return options;
  }

  // Quality and conditioning; faults of the spectrum become its status.
  void prepare(const Job& job, SpectrumAnalysis& entry) const {
    try {
      condition(job, entry);
    } catch (const Error& error) {
      entry.status = AnalysisStatus::failed;
      entry.message = error.what();
    }
  }

  void condition(const Job& job, SpectrumAnalysis& entry) const {
    auto recording = single(job);
    const auto& used = method_for(entry);
    fill_provenance(used, entry);
    entry.axis = recording.spectra.axis;
    entry.y.assign(recording.spectra.values.begin(), recording.spectra.values.end());
    if (entry.ordinate == OrdinateKind::other) {
      entry.status = AnalysisStatus::refused;
      entry.message = "the ordinate is \"" + job.recording->y_unit +
                      "\", which is no absorbance, transmittance or Raman intensity; if it is one "
                      "by another name, say which with --ordinate, else choose another block of "
                      "the file (--block) or convert it in the program of the instrument";
      return;
    }
    const bool is_ir = entry.technique == Technique::ftir;
    if (is_ir && entry.ordinate == OrdinateKind::transmittance) {
      const auto steps = parse_steps("convert.absorbance");
      run_steps(steps, 1, recording, nullptr, entry.diagnostics);
      entry.y.assign(recording.spectra.values.begin(), recording.spectra.values.end());
      entry.ordinate = OrdinateKind::absorbance;
      entry.diagnostics.push_back({Severity::note,
                                   "absorbance_from_transmittance",
                                   "transmittance was turned into absorbance",
                                   -1});
    }
    entry.quality =
        models::check_quality({*entry.axis, entry.y, entry.ordinate, entry.technique, entry.mode});
    if (entry.quality.verdict == models::QualityVerdict::refused) {
      entry.status = AnalysisStatus::refused;
      entry.message = refusal_text(entry.quality);
      return;
    }
    recording.ordinate = entry.ordinate;
    run_steps(used.method.steps, 1, recording, nullptr, entry.diagnostics);
    entry.axis = recording.spectra.axis;
    entry.y.assign(recording.spectra.values.begin(), recording.spectra.values.end());
    entry.status = AnalysisStatus::ok;
  }

  static std::string refusal_text(const models::QualityReport& quality) {
    for (const auto& check : quality.checks) {
      if (check.verdict == models::CheckVerdict::refuse) {
        return check.cause + " " + check.fix;
      }
    }
    return "refused for quality";
  }

  static void draw_baseline(const Method& method,
                            const io::Recording& recording,
                            SpectrumAnalysis& entry) {
    if (method.display.empty()) {
      return;
    }
    io::Recording copy;
    copy.spectra = SpectraMatrix::make(entry.axis, 1);
    std::copy(entry.y.begin(), entry.y.end(), copy.spectra.values.begin());
    copy.ordinate = entry.ordinate;
    copy.technique = recording.technique;
    copy.mode = recording.mode;
    SpectraMatrix baseline;
    Diagnostics ignored;  // for display only
    run_steps(method.display, 1, copy, &baseline, ignored);
    entry.baseline = std::move(baseline.values);
  }

  void estimate(const Method& method, const io::Recording* map, SpectrumAnalysis& entry) const {
    const models::CompositionInput input{*entry.axis, entry.y, entry.technique, entry.mode};
    if (measured_) {
      entry.composition = compose_measured(input, request_.composition);
      entry.status = AnalysisStatus::ok;
      return;
    }
    entry.composition = compose(input, options_for(method), map);
    tell_mode(entry);
    const models::CompositionInput known{*entry.axis, entry.y, entry.technique, entry.mode};
    entry.markers = models::evaluate_markers(known, *entry.composition, request_.markers);
    models::calibrate_markers(
        request_.marker_calibrations, known, *entry.composition, request_.material, entry.markers);
    weigh(entry);
    entry.status = AnalysisStatus::ok;
  }

  // What one map has in common says nothing of another.
  [[nodiscard]] models::Composition compose(const models::CompositionInput& input,
                                            const models::CompositionOptions& options,
                                            const io::Recording* map) const {
    for (const auto& [own_map, composer] : learnt_) {
      const bool is_own = own_map == nullptr || own_map == map;
      if (is_own && composer.is_for(input.axis, input.technique, input.mode)) {
        return composer.estimate(input.y);
      }
    }
    return models::estimate_composition(input, library_, options);
  }

  void weigh(SpectrumAnalysis& entry) const {
    auto& composition = *entry.composition;
    if (!request_.calibrations.empty()) {
      const auto& calibration = calibration_for(entry.technique, entry.mode);
      const auto fault = other_way(calibration, entry.technique, entry.mode);
      if (fault.empty()) {
        models::weigh(calibration, composition);
      } else {
        composition.calibration_id = calibration.id;
        composition.calibration_reason = fault;
      }
    } else if (request_.assumes_response) {
      models::weigh_by_assumed_response(entry.technique, composition);
    }
    if (!composition.calibration_reason.empty()) {
      entry.diagnostics.push_back(
          {Severity::warning,
           "no_weight_fractions",
           "no weight fractions, but shares of the signal: " + composition.calibration_reason,
           -1});
    }
  }

  // The one for this technique and mode; else the first, which is then refused by name.
  [[nodiscard]] const models::ResponseCalibration& calibration_for(Technique technique,
                                                                   SamplingMode mode) const {
    for (const auto& calibration : request_.calibrations) {
      if (other_way(calibration, technique, mode).empty()) {
        return calibration;
      }
    }
    return request_.calibrations.front();
  }

  // Empty where the calibration is for this technique and sampling mode.
  static std::string other_way(const models::ResponseCalibration& calibration,
                               Technique technique,
                               SamplingMode mode) {
    const bool is_same_mode = technique == Technique::raman || mode == calibration.mode;
    if (technique == calibration.technique && is_same_mode) {
      return {};
    }
    return "the calibration " + calibration.id + " is for " +
           std::string(name_of(calibration.technique)) + " " +
           std::string(name_of(calibration.mode)) + ", the spectrum is " +
           std::string(name_of(technique)) + " " + std::string(name_of(mode));
  }

  [[nodiscard]] models::Composition compose_measured(
      const models::CompositionInput& input, const models::CompositionOptions& options) const {
    const auto fit = models::fit_measured(input, *measured_, options);
    if (request_.calibrations.empty()) {
      return models::shares_of(fit);
    }
    const auto& calibration = calibration_for(input.technique, input.mode);
    const auto fault = other_way(calibration, input.technique, input.mode);
    if (fault.empty()) {
      return models::weight_fractions(fit, calibration);
    }
    auto refused = fit;
    refused.reason = fault;
    return models::weight_fractions(refused, calibration);
  }

  // What was done about a sampling mode that nothing states.
  static void tell_mode(SpectrumAnalysis& entry) {
    switch (entry.composition->mode_basis) {
      case models::ModeBasis::stated:
        return;
      case models::ModeBasis::found_by_fit:
        entry.mode = entry.composition->mode;
        entry.diagnostics.push_back(
            {Severity::warning,
             "mode_from_fit",
             "the sampling mode is taken as " + std::string(name_of(entry.mode)) +
                 ", because the references of the other mode explain nothing; --mode overrides it",
             -1});
        return;
      case models::ModeBasis::either:
        entry.diagnostics.push_back(
            {Severity::warning,
             "either_mode",
             "the sampling mode is not known; the composition holds for transmission and for ATR, "
             "and its intervals cover both. State --mode for narrower ones and for markers",
             -1});
        return;
    }
  }

  void fill_provenance(const detail::UsedMethod& used, SpectrumAnalysis& entry) const {
    entry.provenance.version = std::string(version());
    entry.provenance.cpu_level = std::string(cpu_level());
    entry.provenance.method_name = used.method.name;
    entry.provenance.method_sha256 = used.sha256;
    entry.provenance.steps = used.steps;
    entry.provenance.calibration_sha256 = request_.calibration_sha256;
    entry.provenance.library_sha256 = measured_ ? measured_->sha256 : library_.sha256;
  }

  const AnalysisRequest& request_;
  models::ReferenceLibrary library_;
  std::optional<models::MeasuredLibrary> measured_;
  std::vector<LearntMap> learnt_;
  mutable detail::UsedMethods methods_;
  SpectrumIds ids_;
  AnalysisResult result_;
  std::vector<Job> jobs_;
};

}  // namespace

AnalysisResult analyze(const AnalysisRequest& request, const ProgressCallback& progress) {
  return Analysis(request).run(progress);
}

struct SpectrumAnalyser::Parts {
  explicit Parts(AnalysisRequest given) : request(std::move(given)), analysis(request) {}

  AnalysisRequest request;
  Analysis analysis;
};

SpectrumAnalyser::SpectrumAnalyser(AnalysisRequest request)
    : parts_(std::make_unique<Parts>(std::move(request))) {}
SpectrumAnalyser::~SpectrumAnalyser() = default;

SpectrumAnalysis SpectrumAnalyser::analyse(const std::shared_ptr<const io::Recording>& recording,
                                           Index row) const {
  SpectrumAnalysis entry;
  entry.index = row;
  entry.technique = recording->technique;
  entry.mode = recording->mode;
  entry.ordinate = recording->ordinate;
  parts_->analysis.analyse({0, recording, row}, entry);
  return entry;
}

std::vector<std::string> SpectrumAnalyser::learn(
    const std::shared_ptr<const io::Recording>& samples) {
  return parts_->analysis.learn(samples, nullptr);
}

std::string SpectrumAnalyser::library_sha256() const {
  const auto& measured = parts_->analysis.measured();
  return measured ? measured->sha256 : parts_->analysis.library().sha256;
}

std::string_view name_of(AnalysisStatus status) {
  switch (status) {
    case AnalysisStatus::ok:
      return "ok";
    case AnalysisStatus::refused:
      return "refused";
    case AnalysisStatus::failed:
      return "failed";
  }
  return "failed";
}

}  // namespace calcispec
