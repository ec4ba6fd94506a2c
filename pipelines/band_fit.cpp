#include "pipelines/band_fit.hpp"

#include "core/error.hpp"
#include "core/noise.hpp"
#include "core/parallel.hpp"
#include "io/file.hpp"
#include "pipelines/recording_fit.hpp"
#include "pipelines/spectrum_ids.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <mutex>
#include <utility>

namespace calcispec {
namespace {

// The noise is sought in the range, widened to so many points: from n points it is known to about
// 1.5 / sqrt(n), and a band that fills the range would pass for noise.
constexpr std::size_t fewest_noise_points = 256;

class BandFit {
 public:
  explicit BandFit(const FitRequest& request) : request_(request), model_(request.bands.model) {}

  FitRun run(const ProgressCallback& progress) {
    run_.bands = request_.bands;
    run_.loss = request_.fit.loss;
    run_.intervals = request_.intervals;
    for (const auto& input : request_.inputs) {
      read(input);
    }
    return fit_all(progress);
  }

  FitRun run(io::Recording recording) {
    if (request_.bands.is_joint()) {
      throw Error(ErrorCode::bad_method,
                  "the band set " + request_.bands.name +
                      " shares parameters among spectra, and batch works on parts of a map; use "
                      "calcispec fit, or leave the sharing out");
    }
    run_.bands = request_.bands;
    run_.loss = request_.fit.loss;
    run_.intervals = request_.intervals;
    Diagnostics diagnostics;
    condition(recording, diagnostics);
    add("", "", std::make_shared<const io::Recording>(std::move(recording)), diagnostics);
    return fit_all({});
  }

 private:
  FitRun fit_all(const ProgressCallback& progress) {
    if (request_.bands.is_joint()) {
      fit_together(progress);
    } else {
      fit_each(progress);
    }
    if (request_.search && has_one_model(run_) && !run_.spectra.empty() && run_.spectra[0].found) {
      run_.bands.model = run_.spectra[0].found->model;  // columns of a map
    }
    return std::move(run_);
  }

  void fit_each(const ProgressCallback& progress) {
    std::mutex mutex;
    Index done = 0;
    const auto total = static_cast<Index>(run_.spectra.size());
    parallel_for(total, request_.jobs, [&](Index item) {
      auto& entry = run_.spectra[static_cast<std::size_t>(item)];
      if (entry.recording) {
        fit(entry);
      }
      const std::lock_guard lock(mutex);
      ++done;
      if (progress) {
        progress(done, total);
      }
    });
  }

  void read(const std::string& input) {
    try {
      auto file = io::load(input, request_.read);
      for (auto& recording : file.recordings) {
        const auto first = run_.spectra.size();
        auto diagnostics = file.diagnostics;
        condition(recording, diagnostics);
        if (recording.map) {
          run_.maps.push_back({input, *recording.map, static_cast<Index>(first)});
        }
        add(input,
            file.sha256,
            std::make_shared<const io::Recording>(std::move(recording)),
            diagnostics);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unreadable_input) {
        throw;
      }
      SpectrumFit entry;
      entry.input = input;
      entry.id = ids_.unique(input);
      const bool says_place = !error.place().empty() && error.place() != input;
      entry.result.message = (says_place ? error.place() + ": " : std::string()) + error.what();
      run_.spectra.push_back(std::move(entry));
    }
  }

  void condition(io::Recording& recording, Diagnostics& diagnostics) const {
    if (recording.technique == Technique::ftir &&
        recording.ordinate == OrdinateKind::transmittance) {
      run_steps(parse_steps("convert.absorbance"), request_.jobs, recording, nullptr, diagnostics);
      recording.ordinate = OrdinateKind::absorbance;
      diagnostics.push_back({Severity::note,
                             "absorbance_from_transmittance",
                             "transmittance was turned into absorbance",
                             -1});
    }
    const bool is_other = request_.bands.technique != Technique::unknown &&
                          recording.technique != Technique::unknown &&
                          recording.technique != request_.bands.technique;
    if (is_other) {
      diagnostics.push_back({Severity::warning,
                             "technique_of_bands",
                             "the band set " + request_.bands.name + " is for " +
                                 std::string(name_of(request_.bands.technique)) +
                                 ", the spectrum is " + std::string(name_of(recording.technique)) +
                                 "; check --bands or --technique",
                             -1});
    }
    run_steps(request_.steps, request_.jobs, recording, nullptr, diagnostics);
  }

  void add(const std::string& input,
           const std::string& sha256,
           const std::shared_ptr<const io::Recording>& recording,
           const Diagnostics& diagnostics) {
    std::shared_ptr<const FoundBands> of_map;
    if (request_.search && recording->map) {
      of_map = find(recording->spectra.axis->values(), mean_spectrum(recording->spectra), true);
    }
    for (Index row = 0; row < recording->spectra.rows(); ++row) {
      SpectrumFit entry;
      entry.input = input;
      entry.index = row;
      entry.id = ids_.next(input, *recording, row);
      entry.recording = recording;
      entry.found = of_map;
      entry.row = row;
      entry.input_sha256 = sha256;
      for (const auto& diagnostic : diagnostics) {
        if (diagnostic.spectrum < 0 || diagnostic.spectrum == row) {
          entry.diagnostics.push_back(diagnostic);
        }
      }
      run_.spectra.push_back(std::move(entry));
    }
  }

  // What one spectrum brings to its fit; an empty model: it cannot be fitted, the entry says why.
  struct Prepared {
    const BandModel* model = nullptr;
    double sigma = 0;
    FitOptions options;
    [[nodiscard]] std::span<const double> spread() const {
      return {&sigma, static_cast<std::size_t>(sigma > 0 ? 1 : 0)};
    }
  };

  [[nodiscard]] Prepared prepare(SpectrumFit& entry) const {
    const auto x = entry.recording->spectra.axis->values();
    const auto y = entry.recording->spectra.row(entry.row);
    if (x.back() < model_.from || x.front() > model_.to) {
      entry.result.message = "the spectrum runs from " + number_text(x.front()) + " to " +
                             number_text(x.back()) + " " + entry.recording->spectra.axis->unit() +
                             "; nothing of it lies in the range of the bands, " +
                             number_text(model_.from) + " to " + number_text(model_.to);
      return {};
    }
    if (request_.search && !entry.found) {
      entry.found = find(x, y, false);
    }
    Prepared out;
    out.sigma = noise_of(x, y, entry.noise);
    const auto obstacle = obstacle_of(y, out.sigma);
    if (!obstacle.empty()) {
      entry.result.message = obstacle;
      return {};
    }
    if (request_.fit.loss == FitLoss::poisson) {
      entry.noise = NoiseSource::counts;
    }
    out.options = request_.fit;
    out.options.gate = request_.gate.value_or(entry.recording->map ? map_gate : 0.0);
    if (entry.recording->map) {
      out.options.further_starts = FurtherStarts::doubtful;
    }
    out.model = &model_of(run_, entry);
    return out;
  }

  void fit(SpectrumFit& entry) const {
    const auto own = prepare(entry);
    if (own.model == nullptr) {
      return;
    }
    const auto x = entry.recording->spectra.axis->values();
    const auto y = entry.recording->spectra.row(entry.row);
    entry.result = fit_bands(*own.model, x, y, own.spread(), own.options);
    if (entry.result.status == FitStatus::not_fitted) {
      entry.result.message += "; --gate 0 fits all the same";
      return;
    }
    const bool is_misfit =
        entry.noise == NoiseSource::estimated && entry.result.reduced_chi_square > misfit_limit;
    if (request_.scales_misfit && is_misfit) {
      scale_errors(entry.result.reduced_chi_square, entry.result);
    }
    fill_intervals(*own.model, x, y, own.spread(), own.options, request_.intervals, entry.result);
    finish(own, entry);
  }

  void finish(const Prepared& own, SpectrumFit& entry) const {
    const auto x = entry.recording->spectra.axis->values();
    const auto y = entry.recording->spectra.row(entry.row);
    entry.extras = band_extras(*own.model, entry.result);
    entry.residual = check_residual(*own.model, entry.result, x, y, own.spread());
    if (!request_.keeps_covariance) {
      entry.result.covariance = {};
    }
  }

  // Spectra whose range holds nothing above noise say nothing of what is shared.
  [[nodiscard]] bool takes_part(const Prepared& own, SpectrumFit& entry) const {
    if (!(own.options.gate > 0)) {
      return true;
    }
    auto options = own.options;
    options.extra_starts = 0;
    options.wants_covariance = false;
    const auto x = entry.recording->spectra.axis->values();
    const auto y = entry.recording->spectra.row(entry.row);
    auto result = fit_bands(*own.model, x, y, own.spread(), options);
    if (result.status != FitStatus::not_fitted) {
      return true;
    }
    entry.result = std::move(result);
    entry.result.message += "; --gate 0 fits all the same";
    return false;
  }

  void fit_together(const ProgressCallback& progress) {
    std::vector<Prepared> prepared(run_.spectra.size());
    parallel_for(static_cast<Index>(run_.spectra.size()), request_.jobs, [&](Index item) {
      auto& entry = run_.spectra[static_cast<std::size_t>(item)];
      auto& own = prepared[static_cast<std::size_t>(item)];
      own = entry.recording ? prepare(entry) : Prepared{};
      if (own.model != nullptr && !takes_part(own, entry)) {
        own.model = nullptr;
      }
    });
    std::vector<std::size_t> members;
    bool knows_noise = true;
    for (std::size_t i = 0; i < prepared.size(); ++i) {
      if (prepared[i].model != nullptr) {
        members.push_back(i);
        knows_noise = knows_noise && prepared[i].sigma > 0;
      }
    }
    if (members.empty()) {
      return;
    }
    std::vector<JointSpectrum> spectra;
    for (const std::size_t i : members) {
      auto& entry = run_.spectra[i];
      if (!knows_noise) {  // one scale for all
        prepared[i].sigma = 0;
        entry.noise = NoiseSource::from_residual;
      }
      spectra.push_back({entry.recording->spectra.axis->values(),
                         entry.recording->spectra.row(entry.row),
                         prepared[i].spread()});
    }
    const JointModel joint{model_, request_.bands.shared, request_.bands.shares_ratios};
    const auto& options = prepared[members[0]].options;
    auto result = fit_jointly(joint, spectra, options, request_.jobs);
    scale_misfit(run_.spectra[members[0]].noise, result);
    fill_joint_intervals(joint, spectra, options, request_.intervals, request_.jobs, result);
    put_joint(members, prepared, result);
    if (progress) {
      progress(static_cast<Index>(members.size()), static_cast<Index>(members.size()));
    }
  }

  void scale_misfit(NoiseSource noise, JointFitResult& result) const {
    if (!request_.scales_misfit || noise != NoiseSource::estimated ||
        !(result.reduced_chi_square > misfit_limit)) {
      return;
    }
    for (auto& own : result.spectra) {
      scale_errors(result.reduced_chi_square, own);
    }
    for (double& value : result.covariance) {
      value *= result.reduced_chi_square;
    }
  }

  void put_joint(const std::vector<std::size_t>& members,
                 const std::vector<Prepared>& prepared,
                 JointFitResult& result) {
    for (std::size_t k = 0; k < members.size(); ++k) {
      auto& entry = run_.spectra[members[k]];
      entry.result = std::move(result.spectra[k]);
      if (result.status == FitStatus::failed) {
        entry.result.status = FitStatus::failed;
        entry.result.message = "the joint fit failed: " + result.message;
        continue;
      }
      finish(prepared[members[k]], entry);
    }
    run_.joint = JointSummary{result.status,
                              result.message,
                              static_cast<Index>(members.size()),
                              result.chi_square,
                              result.reduced_chi_square,
                              result.aic,
                              result.bic,
                              result.points,
                              result.n_free,
                              std::move(result.shared),
                              std::move(result.covariance),
                              std::move(result.ratios)};
  }

  // Why the loss cannot be used here; empty if it can.
  [[nodiscard]] std::string obstacle_of(std::span<const double> y, double sigma) const {
    const auto loss = request_.fit.loss;
    if (loss == FitLoss::poisson &&
        std::any_of(y.begin(), y.end(), [](double value) { return value < 0; })) {
      return "the likelihood of counts needs values that are not below 0; take another --loss";
    }
    const bool is_robust = loss == FitLoss::huber || loss == FitLoss::cauchy;
    return is_robust && !(sigma > 0)
               ? "a robust loss needs the noise, which cannot be estimated here; state it in the "
                 "bands file ([noise] sigma)"
               : std::string();
  }

  // Bands and their starts; without noise in the points a thousandth of the range stands for it.
  [[nodiscard]] std::shared_ptr<const FoundBands> find(std::span<const double> x,
                                                       std::span<const double> y,
                                                       bool is_of_mean) const {
    auto options = *request_.search;
    options.from = model_.from;
    options.to = model_.to;
    options.fit = request_.fit;
    options.fit.standard_errors = StandardErrorKind::absolute;
    NoiseSource source{};
    double sigma = noise_of(x, y, source);
    if (!(sigma > 0)) {
      double low = std::numeric_limits<double>::infinity();
      double high = -low;
      for (const double value : y) {
        low = std::isfinite(value) ? std::min(low, value) : low;
        high = std::isfinite(value) ? std::max(high, value) : high;
      }
      sigma = 1e-3 * (high - low);
    }
    const std::span<const double> spread(&sigma, sigma > 0 && std::isfinite(sigma) ? 1 : 0);
    return std::make_shared<const FoundBands>(
        found_bands(search_bands(x, y, spread, options), options.finder, is_of_mean));
  }

  static void scale_errors(double reduced_chi_square, FitResult& result) {
    if (result.standard_errors == StandardErrorKind::scaled) {
      return;
    }
    result.standard_errors = StandardErrorKind::scaled;
    const double factor = std::sqrt(reduced_chi_square);
    for (double& value : result.covariance) {
      value *= reduced_chi_square;
    }
    const auto scale = [factor](FittedValue& value) { value.standard_error *= factor; };
    for (auto& band : result.bands) {
      std::for_each(band.parameters.begin(), band.parameters.end(), scale);
      scale(band.height);
      scale(band.fwhm);
      scale(band.area);
    }
    std::for_each(result.background.begin(), result.background.end(), scale);
  }

  double noise_of(std::span<const double> x, std::span<const double> y, NoiseSource& source) const {
    if (request_.bands.sigma) {
      source = NoiseSource::given;
      return *request_.bands.sigma;
    }
    const auto inside = [&](double at) { return at >= model_.from && at <= model_.to; };
    auto first = static_cast<std::size_t>(std::find_if(x.begin(), x.end(), inside) - x.begin());
    auto last = first;
    while (last < x.size() && inside(x[last])) {
      ++last;
    }
    const std::size_t wanted = std::min(fewest_noise_points, x.size());
    const std::size_t missing = wanted - std::min(wanted, last - first);
    first -= std::min(first, (missing + 1) / 2);
    last = std::min(x.size(), std::max(last, first + wanted));
    first = std::min(first, last - std::min(last, wanted));
    std::vector<double> values;
    std::copy_if(y.begin() + static_cast<std::ptrdiff_t>(first),
                 y.begin() + static_cast<std::ptrdiff_t>(last),
                 std::back_inserter(values),
                 [](double value) { return std::isfinite(value); });
    const double sigma = independent_noise(values);
    source = sigma > 0 ? NoiseSource::estimated : NoiseSource::from_residual;
    return sigma;
  }

  const FitRequest& request_;
  const BandModel& model_;
  SpectrumIds ids_;
  FitRun run_;
};

}  // namespace

FitRun fit_spectra(const FitRequest& request, const ProgressCallback& progress) {
  return BandFit(request).run(progress);
}

FitRun fit_recording(const FitRequest& request, io::Recording recording) {
  return BandFit(request).run(std::move(recording));
}

const BandModel& model_of(const FitRun& run, const SpectrumFit& entry) {
  return entry.found ? entry.found->model : run.bands.model;
}

bool has_one_model(const FitRun& run) {
  return std::all_of(run.spectra.begin(), run.spectra.end(), [&](const SpectrumFit& entry) {
    return entry.found == run.spectra[0].found;
  });
}

std::string_view name_of(NoiseSource source) {
  switch (source) {
    case NoiseSource::counts:
      return "counts";
    case NoiseSource::given:
      return "given";
    case NoiseSource::estimated:
      return "estimated";
    case NoiseSource::from_residual:
      return "from_residual";
  }
  return "estimated";
}

}  // namespace calcispec
