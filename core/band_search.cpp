#include "core/band_search.hpp"

#include "core/error.hpp"
#include "core/fit_diagnostics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcispec {
namespace {

constexpr double closest = 0.5;  // of hidden bands, in the smaller of both widths
constexpr int look_ahead = 3;    // additions that only help together

// P(chi-square with `freedom` degrees > value), by the recursion over the degrees.
double chance_of(double value, Index freedom) {
  if (!(value > 0)) {
    return 1;
  }
  const double half = 0.5 * value;
  const bool is_even = freedom % 2 == 0;
  double sum = is_even ? std::exp(-half) : std::erfc(std::sqrt(half));
  double term = is_even ? sum : 2 * std::sqrt(half / std::numbers::pi) * std::exp(-half);
  for (Index k = is_even ? 2 : 1; k < freedom; k += 2) {
    sum += is_even ? term * half / (0.5 * static_cast<double>(k)) : term;
    term *= half / (0.5 * static_cast<double>(is_even ? k : k + 2));
  }
  return std::min(1.0, sum);
}

class Searcher {
 public:
  Searcher(std::span<const double> x,
           std::span<const double> y,
           std::span<const double> sigma,
           const BandSearchOptions& options)
      : x_(x),
        y_(y),
        sigma_(sigma),
        options_(options),
        shape_(options.shape == nullptr ? *find_band_shape("pseudo_voigt") : *options.shape) {}

  BandSearch run() {
    start();
    fit(out_.model, out_.result);
    if (out_.result.status == FitStatus::failed) {
      out_.stop = SearchStop::no_fit;
      return std::move(out_);
    }
    grow();
    prune();
    finish();
    return std::move(out_);
  }

 private:
  struct Trial {
    BandModel model;
    FitResult result;
    double gain = 0;
    double places = 1;
    Index hidden = 0;                                   // bands added so far
    SearchStop flaw = SearchStop::nothing_significant;  // why a gain does not count
  };

  [[nodiscard]] bool is_inside(double at) const { return at >= options_.from && at <= options_.to; }

  void start() {
    std::vector<double> inside_x;
    std::vector<double> inside_y;
    std::vector<double> inside_sigma;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (is_inside(x_[i])) {
        inside_x.push_back(x_[i]);
        inside_y.push_back(y_[i]);
        if (sigma_.size() > 1) {
          inside_sigma.push_back(sigma_[i]);
        }
      }
    }
    if (inside_x.size() > 1) {
      span_ = std::abs(inside_x.back() - inside_x.front());
      spacing_ = span_ / static_cast<double>(inside_x.size() - 1);
    }
    PeakOptions finding;
    finding.finder = options_.finder;
    finding.false_alarm = options_.false_alarm;
    out_.peaks = find_peaks(inside_x,
                            inside_y,
                            sigma_.size() > 1 ? std::span<const double>(inside_sigma) : sigma_,
                            finding);
    auto strongest = out_.peaks.peaks;
    std::stable_sort(strongest.begin(), strongest.end(), [](const auto& a, const auto& b) {
      return a.significance > b.significance;
    });
    strongest.resize(std::min(strongest.size(), static_cast<std::size_t>(options_.max_bands)));
    out_.model.background = FitBackground::legendre;
    out_.model.degree = 1;
    out_.model.from = options_.from;
    out_.model.to = options_.to;
    for (const auto& peak : strongest) {
      out_.model.bands.push_back(band_at(peak));
    }
    out_.found = static_cast<Index>(strongest.size());
  }

  [[nodiscard]] Band band_at(const FoundPeak& peak) const {
    auto band = Band::make("band", shape_);
    const double reach = std::max(1.5 * peak.fwhm, 3 * spacing_);
    auto& center = band.parameter("center");
    center.start = peak.position;
    center.lower = peak.position - reach;
    center.upper = peak.position + reach;
    if (shape_.parameter_index("fwhm") >= 0) {
      auto& width = band.parameter("fwhm");
      width.lower = spacing_;
      width.upper = std::max(0.7 * span_, 2 * spacing_);
      width.start = std::clamp(peak.fwhm, 1.5 * width.lower, width.upper);
    }
    return band;
  }

  void fit(const BandModel& model, FitResult& result) const {
    result = fit_bands(model, x_, y_, sigma_, options_.fit);
  }

  // chi-square per unit of independent noise, as the better of two models sees it.
  [[nodiscard]] double unit_of(const BandModel& model, const FitResult& result) const {
    const double r = std::clamp(correlation_of(model, result), 0.0, 0.9);
    return std::max(1.0, result.reduced_chi_square) * (1 + r) / (1 - r);
  }
  [[nodiscard]] double correlation_of(const BandModel& model, const FitResult& result) const {
    const auto checks = check_residual(model, result, x_, y_, sigma_);
    return checks.is_structured ? checks.autocorrelation : 0.0;
  }

  // Whether the larger model (answer `more`) earns its parameters.
  [[nodiscard]] double gain_of(const FitResult& less,
                               const FitResult& more,
                               double places,
                               double unit) const {
    const Index extra = more.n_free - less.n_free;
    if (extra <= 0 || !std::isfinite(more.chi_square)) {
      return 0;
    }
    const double gain = (less.chi_square - more.chi_square) / unit;
    const double size = std::max(8.0, static_cast<double>(more.points) / unit);
    const double cost = static_cast<double>(extra) * std::log(size);
    const bool is_chance = chance_of(gain, extra) * places > options_.false_alarm;
    return is_chance ? 0.0 : std::max(0.0, gain - cost);
  }

  [[nodiscard]] double places_for(double fwhm) const {
    return std::max(1.0, span_ / std::max(fwhm, spacing_));
  }

  static double height_of(const FittedBand& band) { return std::abs(band.height.value); }

  // The band that matters least, tried first: height over its error.
  void prune() {
    while (!out_.model.bands.empty()) {
      const auto& bands = out_.result.bands;
      std::size_t weakest = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t b = 0; b < bands.size(); ++b) {
        const double error = bands[b].height.standard_error;
        const double weight = std::isfinite(error) && error > 0 ? height_of(bands[b]) / error : 0.0;
        if (weight < least) {
          least = weight;
          weakest = b;
        }
      }
      if (least > 12) {
        return;  // beyond doubt
      }
      BandModel model = out_.model;
      model.bands.erase(model.bands.begin() + static_cast<Index>(weakest));
      FitResult result;
      fit(model, result);
      const double fwhm = bands[weakest].fwhm.value;
      if (gain_of(result, out_.result, places_for(fwhm), unit_of(out_.model, out_.result)) > 0) {
        return;
      }
      out_.model = std::move(model);
      out_.result = std::move(result);
      ++out_.removed;
    }
  }

  // Where the residual rises most, over several widths.
  [[nodiscard]] PeakList residual_peaks(const Trial& base) const {
    std::vector<double> at;
    std::vector<double> rest;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (is_inside(x_[i]) && std::isfinite(y_[i])) {
        at.push_back(x_[i]);
        rest.push_back(y_[i]);
      }
    }
    const bool is_falling = at.size() > 1 && at.front() > at.back();
    if (is_falling) {
      std::reverse(at.begin(), at.end());
      std::reverse(rest.begin(), rest.end());
    }
    const auto curve = fitted_curve(base.model, base.result, at);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      rest[i] -= curve[i];
    }
    PeakOptions finding;
    finding.finder = PeakFinder::wavelet;
    finding.false_alarm = 0.3;  // the likelihood ratio decides
    const double sigma = base.result.noise_sigma;
    return find_peaks(at, rest, std::span(&sigma, 1), finding);
  }

  [[nodiscard]] Trial with_band(const Trial& base) const {
    const auto peaks = residual_peaks(base).peaks;
    Trial trial;
    const auto best =
        std::max_element(peaks.begin(), peaks.end(), [](const auto& a, const auto& b) {
          return a.significance < b.significance;
        });
    if (best == peaks.end()) {
      return trial;
    }
    trial.model = with_starts(base.model, base.result);
    trial.model.bands.push_back(band_at(*best));
    fit(trial.model, trial.result);
    trial.places = base.places * places_for(best->fwhm);
    trial.hidden = base.hidden + 1;
    trial.gain = gain_of(base.result, trial.result, places_for(best->fwhm), 1);
    if (trial.gain > 0) {
      trial.flaw = flaw_of(trial);
      trial.gain = trial.flaw == SearchStop::nothing_significant ? trial.gain : 0;
    }
    return trial;
  }

  [[nodiscard]] Trial with_degree(const Trial& base) const {
    Trial trial;
    if (base.model.degree >= options_.max_degree) {
      return trial;
    }
    trial.model = with_starts(base.model, base.result);
    ++trial.model.degree;
    fit(trial.model, trial.result);
    trial.places = base.places;
    trial.hidden = base.hidden;
    trial.gain = gain_of(base.result, trial.result, 1, 1);
    return trial;
  }

  [[nodiscard]] BandModel with_starts(BandModel model, const FitResult& result) const {
    for (std::size_t b = 0; b < model.bands.size() && b < result.bands.size(); ++b) {
      for (std::size_t j = 0; j < model.bands[b].parameters.size(); ++j) {
        auto& parameter = model.bands[b].parameters[j];
        const double value = result.bands[b].parameters[j].value;
        const bool is_amount = j == 0;  // solved exactly
        if (!is_amount && std::isfinite(value)) {
          parameter.start = value;
        }
      }
    }
    return model;
  }

  // Whether the band added last repairs the shape of others rather than being one.
  [[nodiscard]] SearchStop flaw_of(const Trial& trial) const {
    const auto& added = trial.result.bands.back();
    double highest = 0;
    for (std::size_t b = 0; b + 1 < trial.result.bands.size(); ++b) {
      const auto& other = trial.result.bands[b];
      highest = std::max(highest, height_of(other));
      const double apart = std::abs(other.parameters[1].value - added.parameters[1].value);
      if (apart < closest * std::min(other.fwhm.value, added.fwhm.value)) {
        return SearchStop::too_close;
      }
    }
    return height_of(added) < options_.smallest_height * highest ? SearchStop::too_small
                                                                 : SearchStop::nothing_significant;
  }

  // One thing missing hides that another is: up to `look_ahead` additions are tried together, and
  // kept where they earn their parameters beside the misfit that is then left.
  void grow() {
    out_.stop = SearchStop::nothing_significant;
    Trial trial;
    trial.model = out_.model;
    trial.result = out_.result;
    int ahead = 0;
    while (ahead < look_ahead) {
      auto band = with_band(trial);
      auto degree = with_degree(trial);
      const bool wants_band = band.gain > 0 && band.gain >= degree.gain;
      if (!wants_band && !(degree.gain > 0)) {
        out_.stop = band.flaw;
        return;
      }
      if (wants_band && static_cast<Index>(trial.model.bands.size()) >= options_.max_bands) {
        out_.stop = SearchStop::most_bands;
        return;
      }
      trial = std::move(wants_band ? band : degree);
      ++ahead;
      const double unit = unit_of(trial.model, trial.result);
      if (gain_of(out_.result, trial.result, trial.places, unit) > 0) {
        out_.model = trial.model;
        out_.result = trial.result;
        out_.hidden += trial.hidden;
        trial.places = 1;
        trial.hidden = 0;
        ahead = 0;
      }
    }
  }

  // Rising positions, named by them; a last fit from there.
  void finish() {
    if (out_.model.bands.empty()) {
      out_.stop = SearchStop::nothing_found;
    }
    out_.model = with_starts(out_.model, out_.result);
    std::stable_sort(
        out_.model.bands.begin(), out_.model.bands.end(), [](const Band& a, const Band& b) {
          return a.parameters[1].start < b.parameters[1].start;
        });
    for (std::size_t b = 0; b < out_.model.bands.size(); ++b) {
      auto& band = out_.model.bands[b];
      band.id = "band_" + std::to_string(std::lround(band.parameters[1].start));
      const bool is_taken = std::any_of(out_.model.bands.begin(),
                                        out_.model.bands.begin() + static_cast<Index>(b),
                                        [&](const Band& other) { return other.id == band.id; });
      if (is_taken) {
        band.id.append(1, '_').append(std::to_string(b + 1));
      }
    }
    fit(out_.model, out_.result);
  }

  std::span<const double> x_;
  std::span<const double> y_;
  std::span<const double> sigma_;
  const BandSearchOptions& options_;
  const BandShape& shape_;
  double span_ = 0;
  double spacing_ = 0;
  BandSearch out_;
};

}  // namespace

BandSearch search_bands(std::span<const double> x,
                        std::span<const double> y,
                        std::span<const double> sigma,
                        const BandSearchOptions& options) {
  require(options.max_bands > 0, "search_bands: max_bands is at least 1");
  require(options.false_alarm > 0 && options.false_alarm < 1,
          "search_bands: false_alarm lies between 0 and 1");
  return Searcher(x, y, sigma, options).run();
}

std::string_view search_stop_name(SearchStop stop) {
  switch (stop) {
    case SearchStop::nothing_significant:
      return "nothing_significant";
    case SearchStop::too_small:
      return "too_small";
    case SearchStop::too_close:
      return "too_close";
    case SearchStop::most_bands:
      return "most_bands";
    case SearchStop::nothing_found:
      return "nothing_found";
    case SearchStop::no_fit:
      return "no_fit";
  }
  return "no_fit";
}

std::string_view search_stop_text(SearchStop stop) {
  switch (stop) {
    case SearchStop::nothing_significant:
      return "no further band lowers chi-square more than chance and the misfit left would";
    case SearchStop::too_small:
      return "what the residual still shows is below 1 % of the highest band, as flaws of a shape "
             "are";
    case SearchStop::too_close:
      return "what the residual still shows lies inside a band, as flaws of a shape do; try a "
             "split --shape";
    case SearchStop::most_bands:
      return "the largest number of bands is reached and the residual still shows more; see "
             "--max-bands";
    case SearchStop::nothing_found:
      return "no band stands above the noise";
    case SearchStop::no_fit:
      return "the spectrum could not be fitted";
  }
  return "";
}

}  // namespace calcispec
