#include "core/peak_finding.hpp"

#include "core/error.hpp"
#include "core/noise.hpp"
#include "core/peak_kernels_private.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace calcispec {
namespace {

using peaks::Kernel;

constexpr std::size_t fewest_points = 12;
constexpr double narrowest_fwhm = 1.1;  // points; what is narrower is one point that is off
constexpr double spacing_jump = 3;      // of neighbouring distances: the spectrum is cut there

// Points of one stretch without gaps.
struct Stretch {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> variance;  // empty: the same everywhere
};

// A maximum followed from scale to scale.
struct Ridge {
  Index at = 0;          // where it was last seen
  std::size_t seen = 0;  // at which scale
  double last = 0;       // significance there
  Index best_at = 0;
  std::size_t best_scale = 0;
  double best = 0;
  double before = 0;  // one scale finer than the best
  bool is_open = true;
  double growth = 0;  // from the scale before to the last one
  bool is_merged = false;
  bool is_absorbed = false;    // never stood apart from the ridge it met
  std::uint64_t is_clear = 0;  // bit per scale: was significant there
};

struct Maximum {
  Index at = 0;
  double height = 0;
  bool is_significant = false;
  Index first = 0;  // where the answer is positive and no higher than here
  Index last = 0;
  std::size_t taken_by = npos;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

class Search {
 public:
  Search(const Stretch& data, const std::vector<Kernel>& kernels, double threshold, double sigma)
      : data_(data), kernels_(kernels), threshold_(threshold), sigma_(sigma) {}

  void run(std::vector<FoundPeak>& out) {
    const auto n = data_.y.size();
    const auto flat = peaks::without_trend(data_.y);
    for (std::size_t s = 0; s < kernels_.size(); ++s) {
      answers_.emplace_back(n);
      noise_.push_back(noise_at(kernels_[s]));
      peaks::apply(kernels_[s], flat, answers_.back());
      follow(s, maxima_at(s));
    }
    for (const auto& ridge : ridges_) {
      if (is_peak(ridge)) {
        out.push_back(describe(ridge));
      }
    }
  }

 private:
  [[nodiscard]] static std::size_t place(Index at) { return static_cast<std::size_t>(at); }

  // Of the answers; one number where all points are alike.
  [[nodiscard]] std::vector<double> noise_at(const Kernel& kernel) const {
    if (data_.variance.empty()) {
      return {sigma_};
    }
    Kernel squares = kernel;
    for (double& weight : squares.weights) {
      weight *= weight;
    }
    std::vector<double> out(data_.y.size());
    peaks::apply(squares, data_.variance, out);
    for (double& value : out) {
      value = std::sqrt(value);
    }
    return out;
  }

  [[nodiscard]] double noise(std::size_t scale, Index at) const {
    const auto& values = noise_[scale];
    return values.size() == 1 ? values[0] : values[place(at)];
  }
  [[nodiscard]] double significance(std::size_t scale, Index at) const {
    const double spread = noise(scale, at);
    return spread > 0 ? answers_[scale][place(at)] / spread : 0.0;
  }

  // Whether the answer falls far enough on one side before it rises above the top.
  [[nodiscard]] bool falls(std::size_t scale, Index top, Index direction) const {
    const Index half = kernels_[scale].half();
    const Index end = direction > 0 ? static_cast<Index>(data_.y.size()) - half : half - 1;
    const double height = significance(scale, top);
    double valley = height;
    for (Index i = top + direction; i != end; i += direction) {
      const double value = significance(scale, i);
      valley = std::min(valley, value);
      if (height - valley >= std::numbers::sqrt2 * threshold_) {
        return true;
      }
      if (value > height) {
        return false;
      }
    }
    return false;
  }

  [[nodiscard]] std::vector<Maximum> maxima_at(std::size_t scale) const {
    std::vector<Maximum> out;
    const auto& z = answers_[scale];
    const Index half = kernels_[scale].half();
    const Index last = static_cast<Index>(z.size()) - half - 1;
    for (Index i = half + 1; i < last; ++i) {
      const auto at = place(i);
      if (z[at] > z[at - 1] && z[at] >= z[at + 1] && z[at] > 0) {
        const double height = significance(scale, i);
        const bool is_high = height >= threshold_;
        if (is_high || !ridges_.empty()) {
          const bool is_significant = is_high && falls(scale, i, -1) && falls(scale, i, 1);
          out.push_back({i, height, is_significant, edge(z, i, -1), edge(z, i, 1), Maximum::npos});
        }
      }
    }
    return out;
  }

  [[nodiscard]] static Index edge(const std::vector<double>& z, Index top, Index direction) {
    Index i = top;
    const double height = z[place(top)];
    while (i + direction >= 0 && i + direction < static_cast<Index>(z.size()) &&
           z[place(i + direction)] > 0 && z[place(i + direction)] <= height) {
      i += direction;
    }
    return i;
  }

  // Open ridges go on to the maximum they lie under; maxima without a ridge begin one.
  void follow(std::size_t scale, std::vector<Maximum> maxima) {
    const double reach = std::max(1.5, 0.5 * kernels_[scale].fwhm);
    for (std::size_t r = 0; r < ridges_.size(); ++r) {
      if (!ridges_[r].is_open) {
        continue;
      }
      auto* next = next_of(ridges_[r].at, reach, maxima);
      if (next == nullptr) {
        ridges_[r].is_open = false;
      } else {
        claim(r, *next);
      }
    }
    const double apart = 0.7 * kernels_[scale].fwhm;
    const auto known = static_cast<Index>(ridges_.size());
    for (const auto& maximum : maxima) {
      if (maximum.taken_by != Maximum::npos) {
        if (ridges_[maximum.taken_by].is_open) {
          extend(ridges_[maximum.taken_by], scale, maximum);
        }
        continue;
      }
      const auto is_near = [&](const Ridge& ridge) {
        const bool is_close = static_cast<double>(std::abs(ridge.at - maximum.at)) < apart;
        return is_close && (!is_spike(ridge) || maximum.height < left_of(ridge, scale));
      };
      if (maximum.is_significant &&
          std::none_of(ridges_.begin(), ridges_.begin() + known, is_near)) {
        Ridge ridge;
        ridge.at = maximum.at;
        extend(ridge, scale, maximum);
        ridges_.push_back(ridge);
      }
    }
  }

  // The significant maximum whose slope holds the place, else the nearest one.
  static Maximum* next_of(Index at, double reach, std::vector<Maximum>& maxima) {
    Maximum* nearest = nullptr;
    for (auto& maximum : maxima) {
      const auto distance = static_cast<double>(std::abs(maximum.at - at));
      const bool holds = maximum.is_significant && at >= maximum.first && at <= maximum.last;
      if (!holds && distance > reach) {
        continue;
      }
      if (nearest == nullptr || (maximum.is_significant && !nearest->is_significant) ||
          (maximum.is_significant == nearest->is_significant &&
           distance < static_cast<double>(std::abs(nearest->at - at)))) {
        nearest = &maximum;
      }
    }
    return nearest;
  }

  // Of two ridges that meet the far weaker ends, or both; one that never stood apart is absorbed.
  void claim(std::size_t r, Maximum& maximum) {
    if (maximum.taken_by == Maximum::npos) {
      maximum.taken_by = r;
      return;
    }
    const std::size_t other = maximum.taken_by;
    const bool is_mine_stronger = ridges_[r].last > ridges_[other].last;
    auto& strong = ridges_[is_mine_stronger ? r : other];
    auto& weak = ridges_[is_mine_stronger ? other : r];
    weak.is_open = false;
    weak.is_merged = true;
    weak.is_absorbed = (weak.is_clear & strong.is_clear) == 0;
    if (!weak.is_absorbed && weak.last >= 0.5 * strong.last) {
      strong.is_open = false;
      strong.is_merged = true;
    }
    maximum.taken_by = is_mine_stronger ? r : other;
  }

  // A ridge ends where its answer has clearly passed a maximum over the scales, or where something
  // wider takes over: the growth from scale to scale of one band only falls.
  void extend(Ridge& ridge, std::size_t scale, const Maximum& maximum) const {
    const double growth = ridge.last > 0 ? maximum.height / ridge.last : 0.0;
    const bool is_sure = ridge.last > 5 * threshold_;  // growth known to a few percent
    if (is_sure && ridge.growth > 0 && ridge.growth < 1.3 && growth > 1.2 * ridge.growth) {
      ridge.is_open = false;
      ridge.is_merged = true;
      return;
    }
    ridge.growth = growth;
    if (maximum.height > ridge.best) {
      ridge.before = ridge.last;
      ridge.best = maximum.height;
      ridge.best_at = maximum.at;
      ridge.best_scale = scale;
    }
    ridge.is_open = maximum.height > 0.75 * ridge.best;
    ridge.at = ridge.is_open ? maximum.at : ridge.best_at;
    ridge.seen = scale;
    ridge.last = maximum.height;
    ridge.is_clear |= static_cast<std::uint64_t>(maximum.is_significant ? 1 : 0) << scale;
  }

  [[nodiscard]] bool is_spike(const Ridge& ridge) const {
    return kernels_[ridge.best_scale].fwhm < narrowest_fwhm;
  }

  // What a spike still answers at a coarser scale, and noise on it.
  [[nodiscard]] double left_of(const Ridge& spike, std::size_t scale) const {
    const double part = kernels_[scale].weights[0] / kernels_[spike.best_scale].weights[0];
    return spike.best * part + threshold_;
  }

  // Growing to the end: much wider than the widest filter that fits, so background.
  [[nodiscard]] bool is_peak(const Ridge& ridge) const {
    const bool is_last = ridge.best_scale + 1 == kernels_.size();
    const double growth = ridge.best / std::max(ridge.before, 1e-3);
    const bool is_background = !ridge.is_merged && ridge.seen == ridge.best_scale &&
                               ridge.before > 0 && growth > (is_last ? 1.2 : 1.5);
    return !ridge.is_absorbed && !is_spike(ridge) && !is_background;
  }

  // Width in points: vertex of a parabola through the answers over the logarithm of the scale.
  [[nodiscard]] double width_of(const Ridge& ridge) const {
    const std::size_t s = ridge.best_scale;
    const double here = kernels_[s].fwhm;
    if (s == 0 || s + 1 >= kernels_.size() || ridge.seen == s) {
      return here;
    }
    const double finer = significance(s - 1, ridge.best_at);
    const double coarser = significance(s + 1, ridge.best_at);
    const double bend = 2 * ridge.best - finer - coarser;
    if (!(bend > 0)) {
      return here;
    }
    const double part = std::clamp(0.5 * (coarser - finer) / bend, -1.0, 1.0);
    const auto& other = kernels_[part > 0 ? s + 1 : s - 1];
    return here * std::pow(other.fwhm / here, std::abs(part));
  }

  // Value between points, by index.
  [[nodiscard]] double position_at(double index) const {
    const double last = static_cast<double>(data_.x.size() - 1);
    const double clipped = std::clamp(index, 0.0, last);
    const auto low = std::min(static_cast<std::size_t>(clipped), data_.x.size() - 2);
    const double part = clipped - static_cast<double>(low);
    return data_.x[low] + part * (data_.x[low + 1] - data_.x[low]);
  }

  [[nodiscard]] FoundPeak describe(const Ridge& ridge) const {
    const auto& kernel = kernels_[ridge.best_scale];
    const auto& z = answers_[ridge.best_scale];
    const Index half = kernel.half();
    const Index first = half + kernel.step;
    const Index last = static_cast<Index>(z.size()) - 1 - first;
    const Index step = first <= last ? kernel.step : 1;
    Index top = ridge.best_at;
    double shift = 0;
    double bend = 0;
    for (int k = 0; k < 3; ++k) {  // to where the answers at both sides are alike
      top = std::clamp(top + static_cast<Index>(std::lround(shift)),
                       std::max<Index>(step, std::min(first, ridge.best_at)),
                       std::max(last, ridge.best_at));
      top = std::min(top, static_cast<Index>(z.size()) - 1 - step);
      const double left = z[place(top - step)];
      const double right = z[place(top + step)];
      bend = 2 * z[place(top)] - left - right;
      shift = bend > 0 ? 0.5 * static_cast<double>(step) * (right - left) / bend : 0.0;
      shift = std::clamp(shift, -static_cast<double>(step), static_cast<double>(step));
    }
    const double here = z[place(ridge.best_at)];
    const double spread = noise(ridge.best_scale, ridge.best_at);
    const auto reach = static_cast<double>(step);
    const double index = static_cast<double>(top) + shift;
    const double points = width_of(ridge);
    const double scale = std::abs(position_at(index + 0.5) - position_at(index - 0.5));
    FoundPeak peak;
    peak.position = position_at(index);
    const double error = bend > 0 ? 0.5 * reach * kernel.slope_norm * spread / bend : points;
    peak.position_error = scale * std::min(error, points);
    const double gain = kernel.gain(points);
    peak.height = here / gain;
    peak.height_error = spread / gain;
    peak.fwhm = scale * points;
    peak.significance = ridge.best;
    fill_prominence(ridge, points, peak);
    return peak;
  }

  // Means of 2 h + 1 points; h about a third of the width keeps shoulders and calms the noise.
  [[nodiscard]] std::vector<double> smoothed(Index h) const {
    const auto n = static_cast<Index>(data_.y.size());
    std::vector<double> sums(data_.y.size() + 1, 0.0);
    for (std::size_t i = 0; i < data_.y.size(); ++i) {
      sums[i + 1] = sums[i] + data_.y[i];
    }
    std::vector<double> out(data_.y.size());
    for (Index i = 0; i < n; ++i) {
      const Index low = std::max<Index>(0, i - h);
      const Index high = std::min(n, i + h + 1);
      out[place(i)] = (sums[place(high)] - sums[place(low)]) / static_cast<double>(high - low);
    }
    return out;
  }

  void fill_prominence(const Ridge& ridge, double points, FoundPeak& peak) const {
    const auto values = smoothed(static_cast<Index>(points / 6));
    const auto reach = std::max<Index>(1, static_cast<Index>(0.5 * points));
    const Index first = std::max<Index>(0, ridge.best_at - reach);
    const auto last = std::min(static_cast<Index>(values.size()), ridge.best_at + reach + 1);
    const Index top =
        std::max_element(values.begin() + first, values.begin() + last) - values.begin();
    const bool is_inside = top > first && top + 1 < last;
    if (!is_inside) {
      peak.kind = PeakKind::shoulder;
      return;
    }
    const double height = values[place(top)];
    double valleys[2] = {height, height};
    for (Index i = top; i >= 0 && values[place(i)] <= height; --i) {
      valleys[0] = std::min(valleys[0], values[place(i)]);
    }
    for (auto i = place(top); i < values.size() && values[i] <= height; ++i) {
      valleys[1] = std::min(valleys[1], values[i]);
    }
    peak.prominence = height - std::max(valleys[0], valleys[1]);
  }

  const Stretch& data_;
  const std::vector<Kernel>& kernels_;
  double threshold_;
  double sigma_;
  std::vector<std::vector<double>> answers_;
  std::vector<std::vector<double>> noise_;
  std::vector<Ridge> ridges_;
};

std::vector<Stretch> stretches_of(std::span<const double> x,
                                  std::span<const double> y,
                                  std::span<const double> sigma) {
  const bool is_uneven_noise = sigma.size() > 1;
  std::vector<Stretch> out(1);
  std::size_t before = x.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool is_good = std::isfinite(y[i]) && std::isfinite(x[i]) &&
                         (!is_uneven_noise || (std::isfinite(sigma[i]) && sigma[i] > 0));
    if (!is_good) {
      continue;
    }
    auto* stretch = &out.back();
    const std::size_t size = stretch->x.size();
    const bool is_cut =
        before < x.size() &&
        (i - before > 2 ||
         (size > 1 && std::abs(x[i] - stretch->x[size - 1]) >
                          spacing_jump * std::abs(stretch->x[size - 1] - stretch->x[size - 2])));
    if (is_cut) {
      stretch = &out.emplace_back();
    }
    stretch->x.push_back(x[i]);
    stretch->y.push_back(y[i]);
    if (is_uneven_noise) {
      stretch->variance.push_back(sigma[i] * sigma[i]);
    }
    before = i;
  }
  return out;
}

// A quarter of a short stretch; of a long one what its trend (degree up to 4) cannot imitate.
double widest_for(double points) {
  return points < 200 ? 0.25 * points : std::max(50.0, 0.125 * points);
}

double noise_of(const std::vector<Stretch>& stretches, std::span<const double> sigma) {
  if (sigma.size() == 1) {
    return sigma[0];
  }
  std::vector<double> values;
  double sum = 0;
  for (const auto& stretch : stretches) {
    values.insert(values.end(), stretch.y.begin(), stretch.y.end());
    for (const double variance : stretch.variance) {
      sum += variance;
    }
  }
  return sigma.empty()
             ? independent_noise(values)
             : std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, values.size())));
}

}  // namespace

PeakList find_peaks(std::span<const double> x,
                    std::span<const double> y,
                    std::span<const double> sigma,
                    const PeakOptions& options) {
  require(x.size() == y.size(), "find_peaks: x and y differ in length");
  require(sigma.size() <= 1 || sigma.size() == y.size(),
          "find_peaks: sigma needs no value, one, or one per point");
  require(options.false_alarm > 0 && options.false_alarm < 1,
          "find_peaks: false_alarm lies between 0 and 1");
  PeakList out;
  const auto stretches = stretches_of(x, y, sigma);
  out.noise_sigma = noise_of(stretches, sigma);
  std::size_t points = 0;
  std::size_t longest = 0;
  for (const auto& stretch : stretches) {
    points += stretch.y.size();
    longest = std::max(longest, stretch.y.size());
  }
  if (!(out.noise_sigma > 0) || !std::isfinite(out.noise_sigma) || longest < fewest_points) {
    return out;
  }
  const double largest = std::isfinite(options.largest_fwhm_points)
                             ? options.largest_fwhm_points
                             : widest_for(static_cast<double>(longest));
  const auto kernels = peaks::make_kernels(options.finder, largest, static_cast<Index>(longest));
  // The median of n second differences is known to about 1.5 / sqrt(n).
  const double spread = sigma.empty() ? 1.5 / std::sqrt(static_cast<double>(points)) : 0.0;
  out.threshold =
      peaks::threshold_for(kernels, static_cast<Index>(points), options.false_alarm, spread);
  for (const auto& stretch : stretches) {
    if (stretch.y.size() >= fewest_points) {
      Search(stretch, kernels, out.threshold, out.noise_sigma).run(out.peaks);
    }
  }
  std::sort(out.peaks.begin(), out.peaks.end(), [](const auto& a, const auto& b) {
    return a.position < b.position;
  });
  return out;
}

std::string_view peak_finder_name(PeakFinder finder) {
  return finder == PeakFinder::wavelet ? "wavelet" : "derivative";
}

std::string_view peak_kind_name(PeakKind kind) {
  return kind == PeakKind::shoulder ? "shoulder" : "peak";
}

}  // namespace calcispec
