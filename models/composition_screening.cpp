// Which phases may be there: observed signal at the tabulated bands, then fixed patterns.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace calcispec::models::detail {
namespace {

constexpr double least_share = 0.005;  // of the signal's area, to become a candidate
constexpr std::size_t most_candidates = 9;
constexpr double screening_misfit = 0.01;  // of the height: how well fixed patterns can fit
constexpr double intensity_spread = 3;     // factor within which tabulated intensities hold
constexpr double present_part = 0.3;       // of a phase's intensity may be missing by orientation
constexpr double main_share = 0.15;        // of the patterns: fitted from the start

bool is_in_screening_range(const ReferenceBand& band, const Window& window) {
  return band.position_cm1 > window.x.front() && band.position_cm1 < window.x.back();
}

// A phase can be looked for where its strongest tabulated band, or a third of it, was measured:
// weaker rows are often those of its impurities.
bool can_be_seen(std::span<const ReferenceBand> bands, const Window& window) {
  double top = 0;
  double seen = 0;
  for (const auto& band : bands) {
    top = std::max(top, std::min(band.relative_intensity, 100.0));
    if (is_in_screening_range(band, window)) {
      seen = std::max(seen, band.relative_intensity);
    }
  }
  return seen > 0 && seen >= 0.3 * top;
}

// Non-negative sums of fixed patterns and a background.
class Patterns {
 public:
  Patterns(const Window& window, BandTechnique technique) : window_(window), technique_(technique) {
    sigma_.assign(window.x.size(), std::max(window.noise, screening_misfit * window.height));
  }

  // Chi-square of the best sum at this shift and instrument width.
  double solve(std::span<const Phase* const> phases, double shift, double width) {
    fill(phases, shift, width);
    MixtureProblem problem;
    problem.x = window_.x;
    problem.y = window_.y;
    problem.sigma = sigma_;
    problem.columns = &columns_;
    problem.lower.assign(phases.size(), 0.0);
    problem.background.stiffness = stiffness_;
    solution_ = solve_mixture(problem);
    if (solution_.status != MixtureStatus::converged &&
        solution_.status != MixtureStatus::iteration_limit) {
      return std::numeric_limits<double>::infinity();
    }
    stiffness_ = solution_.stiffness;
    return solution_.chi_square;
  }

  [[nodiscard]] const MixtureSolution& solution() const { return solution_; }

  // Fixed patterns miss a part of the signal above the last background, wherever that is: else the
  // highest bands alone would decide.
  void allow_misfit(double part) {
    for (std::size_t i = 0; i < sigma_.size(); ++i) {
      const double signal = std::max(0.0, window_.y[i] - solution_.background[i]);
      sigma_[i] =
          std::hypot(std::max(window_.noise, screening_misfit * window_.height), part * signal);
    }
  }

 private:
  // Patterns of unit area within the window.
  void fill(std::span<const Phase* const> phases, double shift, double width) {
    columns_.points = static_cast<Index>(window_.x.size());
    columns_.values.assign(phases.size() * window_.x.size(), 0.0);
    const Setting setting{technique_, width, shift};
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const auto column = columns_.column(static_cast<Index>(p));
      for (const auto& band : phases[p]->bands(technique_)) {
        if (is_in_screening_range(band, window_)) {
          add_profile(band, setting, column);
        }
      }
      const double sum = std::accumulate(column.begin(), column.end(), 0.0);
      for (double& value : column) {
        value /= std::max(sum, 1e-300);
      }
    }
  }

  void add_profile(const ReferenceBand& band, const Setting& setting, std::span<double> out) const {
    MixtureBand shape;
    shape.center = band.position_cm1 + setting.shift_cm1;
    shape.fwhm = observed_width(band, setting);
    shape.lorentz_share = band.lorentz_share;
    add_pseudo_voigt(window_.x, shape, band.relative_intensity, out);
  }

  const Window& window_;
  BandTechnique technique_;
  std::vector<double> sigma_;
  double stiffness_ = 0;
  Columns columns_;
  MixtureSolution solution_;
};

// The signal above the background, asked for the height of a band at a place.
class Signal {
 public:
  Signal(const Window& window, std::span<const double> background) : window_(window) {
    values_.resize(window.y.size());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = window.y[i] - background[i];
      area_ += std::max(0.0, values_[i]);
    }
    step_ = (window.x.back() - window.x.front()) / static_cast<double>(window.x.size() - 1);
    area_ *= step_;
  }

  [[nodiscard]] double area() const { return area_; }

  // Highest band of about this width within reach: what rises above the flanks one width away, or a
  // part of the whole signal for bands that hide on a slope.
  [[nodiscard]] double height_at(double position, double width, double reach) const {
    double best = 0;
    const int steps = static_cast<int>(2 * reach / step_ + 1e-9);
    for (int k = 0; k <= steps; ++k) {
      const double at = position - reach + k * step_;
      const double here = smooth(at, width);
      const double flanks = 0.5 * (smooth(at - width, width) + smooth(at + width, width));
      best = std::max({best, 1.3 * (here - flanks), present_part * here});
    }
    return best;
  }

  [[nodiscard]] double noise_at(double position, double width) const {
    const double points = std::max(1.0, 0.4 * width / step_);
    return window_.sigma[index(position)] / std::sqrt(points);
  }

 private:
  [[nodiscard]] std::size_t index(double x) const {
    const double at = (x - window_.x.front()) / step_;
    return static_cast<std::size_t>(
        std::clamp(std::round(at), 0.0, static_cast<double>(values_.size() - 1)));
  }

  // Mean over the inner part of a band.
  [[nodiscard]] double smooth(double x, double width) const {
    const auto first = index(x - 0.2 * width);
    const auto last = index(x + 0.2 * width);
    double sum = 0;
    for (std::size_t i = first; i <= last; ++i) {
      sum += values_[i];
    }
    return sum / static_cast<double>(last - first + 1);
  }

  const Window& window_;
  std::vector<double> values_;
  double area_ = 0;
  double step_ = 1;
};

// The largest share the phase can have, from the heights seen where its bands should be. Bands too
// weak to be seen say nothing.
double largest_share(const Phase& phase,
                     const Window& window,
                     const Signal& signal,
                     const Setting& setting,
                     double reach) {
  struct Ratio {
    double amount;
    double weight;
  };
  std::vector<Ratio> ratios;
  double pattern = 0;
  double strongest = 0;
  double of_strongest = 0;
  for (const auto& band : phase.bands(setting.technique)) {
    if (!is_in_screening_range(band, window)) {
      continue;
    }
    const double width = observed_width(band, setting);
    const double position = band.position_cm1 + setting.shift_cm1;
    const double height = signal.height_at(position, width, reach + 0.1 * width);
    const double amount = (height + 2 * signal.noise_at(position, width)) / band.relative_intensity;
    ratios.push_back({amount, band.relative_intensity});
    pattern += band.relative_intensity * pseudo_voigt_area(width, band.lorentz_share);
    if (band.relative_intensity > strongest) {
      strongest = band.relative_intensity;
      of_strongest = amount;
    }
  }
  std::sort(ratios.begin(), ratios.end(), [](const Ratio& a, const Ratio& b) {
    return a.amount < b.amount;
  });
  double whole = 0;
  for (const auto& ratio : ratios) {
    whole += ratio.weight;
  }
  double passed = 0;
  double bound = of_strongest;
  for (const auto& ratio : ratios) {
    passed += ratio.weight;
    if (passed >= present_part * whole) {
      bound = std::min(bound, ratio.amount);
      break;
    }
  }
  return intensity_spread * bound * pattern / std::max(signal.area(), 1e-300);
}

std::vector<const Phase*> possible(std::span<const Phase* const> phases,
                                   const Window& window,
                                   const Signal& signal,
                                   const Setting& setting,
                                   double reach) {
  std::vector<const Phase*> out;
  for (const auto* phase : phases) {
    if (largest_share(*phase, window, signal, setting, reach) > 4 * least_share) {
      out.push_back(phase);
    }
  }
  return out;
}

// The member of each kind with the largest amount stands for it.
void rank(std::span<const Phase* const> phases,
          std::span<const double> amounts,
          BandTechnique technique,
          Screening& out) {
  struct Entry {
    const Phase* phase;
    double family_amount;
    double amount;
  };
  std::vector<Entry> entries;
  double total = 0;
  for (std::size_t p = 0; p < phases.size(); ++p) {
    const double amount = std::max(0.0, amounts[p]);
    total += amount;
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return is_same_kind(*entry.phase, *phases[p], technique);
    });
    if (same == entries.end()) {
      entries.push_back({phases[p], amount, amount});
      continue;
    }
    same->family_amount += amount;
    if (amount > same->amount) {
      same->phase = phases[p];
      same->amount = amount;
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.family_amount > b.family_amount;
  });
  for (const auto& entry : entries) {
    if (entry.family_amount > least_share * total && out.phases.size() < most_candidates) {
      out.phases.push_back(entry.phase);
      out.shares.push_back(entry.family_amount / total);
    }
  }
}

void find_axis(std::span<const Phase* const> phases,
               double least_width,
               Patterns& patterns,
               Setting& setting) {
  const bool is_raman = setting.technique == BandTechnique::raman;
  double best = std::numeric_limits<double>::infinity();
  const double first_width = setting.instrument_width_cm1;
  Setting found = setting;
  const auto attempt = [&](double shift, double width) {
    // The prior of the axis error, sd 1 cm-1, as an addition to chi-square.
    const double objective = patterns.solve(phases, shift, width) + shift * shift;
    if (objective < best) {
      best = objective;
      found.shift_cm1 = shift;
      found.instrument_width_cm1 = width;
    }
  };
  for (const double shift : {0.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0, -4.5, 4.5}) {
    attempt(shift, first_width);
  }
  if (is_raman) {
    const double shift = found.shift_cm1;
    for (const double width : {0.0, 2.5, 8.0, 12.0}) {
      attempt(shift, std::max(width, least_width));
    }
  }
  setting = found;
}

}  // namespace

bool is_same_kind(const Phase& a, const Phase& b, BandTechnique technique) {
  return a.family == b.family &&
         (&a == &b || a.role == PhaseRole::mineral || technique != BandTechnique::raman);
}

bool stands_out(const Phase& phase, BandTechnique technique) {
  constexpr double widest_cm1 = 90;
  const auto bands = phase.bands(technique);
  return technique != BandTechnique::raman ||
         std::any_of(bands.begin(), bands.end(), [](const ReferenceBand& band) {
           return band.fwhm_cm1 < widest_cm1;
         });
}

Index measured_bands(const Phase& phase, const Window& window, BandTechnique technique) {
  const auto bands = phase.bands(technique);
  return std::count_if(bands.begin(), bands.end(), [&](const ReferenceBand& band) {
    return is_in_screening_range(band, window);
  });
}

double explained_part(const Phase& phase,
                      const Window& window,
                      const Setting& setting,
                      std::span<const ResidualPeak> peaks) {
  double whole = 0;
  double matched = 0;
  for (const auto& row : phase.bands(setting.technique)) {
    if (!is_in_screening_range(row, window)) {
      continue;
    }
    const double reach = 3 + 0.15 * row.fwhm_cm1;
    const bool is_matched = std::any_of(peaks.begin(), peaks.end(), [&](const auto& peak) {
      return std::abs(row.position_cm1 + setting.shift_cm1 - peak.position_cm1) <= reach;
    });
    whole += row.relative_intensity;
    matched += is_matched ? row.relative_intensity : 0;
  }
  return whole > 0 ? matched / whole : 0;
}

Screening screen_phases(const Window& window,
                        const ReferenceLibrary& library,
                        BandTechnique technique,
                        double relative_misfit) {
  const bool is_raman = technique == BandTechnique::raman;
  std::vector<const Phase*> visible;
  for (const auto& phase : library.phases) {
    const auto bands = phase.bands(technique);
    // What has one band only can never be named; it may come in later, if that band is left over.
    const auto count = measured_bands(phase, window, technique);
    const bool is_single = count < 2 && phase.role == PhaseRole::mineral;
    if (!is_single && phase.role != PhaseRole::site && can_be_seen(bands, window) &&
        stands_out(phase, technique)) {
      visible.push_back(&phase);
    }
  }
  Screening out;
  if (visible.empty()) {
    return out;
  }
  Setting setting{technique, is_raman ? 5.0 : 0.0, 0};
  Patterns patterns(window, technique);
  patterns.solve(visible, 0, setting.instrument_width_cm1);
  if (patterns.solution().background.empty()) {
    return out;
  }
  const Signal signal(window, patterns.solution().background);
  // First anything within the axis error, then, with the axis known, only what stands in place.
  auto phases = possible(visible, window, signal, setting, is_raman ? 5 : 6);
  if (phases.empty()) {
    return out;
  }
  patterns.allow_misfit(relative_misfit);
  find_axis(phases, least_instrument_width(window), patterns, setting);
  phases = possible(phases, window, signal, setting, is_raman ? 2 : 5);
  if (!phases.empty()) {
    patterns.solve(phases, setting.shift_cm1, setting.instrument_width_cm1);
    rank(phases, patterns.solution().amounts, technique, out);
  }
  out.shift_cm1 = setting.shift_cm1;
  out.instrument_width_cm1 = setting.instrument_width_cm1;
  return out;
}

bool hides_in_others(const Phase& phase,
                     std::span<const Phase* const> larger,
                     BandTechnique technique) {
  return technique != BandTechnique::raman ||
         (phase.role != PhaseRole::mineral &&
          std::none_of(larger.begin(), larger.end(), [&](const Phase* other) {
            return other->family == phase.family;
          }));
}

std::vector<const Phase*> fitted_from_start(const Screening& screening) {
  std::vector<const Phase*> out;
  for (std::size_t p = 0; p < screening.phases.size(); ++p) {
    if (p == 0 || screening.shares[p] >= main_share) {
      out.push_back(screening.phases[p]);
    }
  }
  return out;
}

std::vector<const Phase*> traces_that_hide(const Screening& screening, BandTechnique technique) {
  std::vector<const Phase*> out;
  for (std::size_t p = 1; p < screening.phases.size(); ++p) {
    const auto larger = std::span(screening.phases).first(p);
    if (screening.shares[p] < main_share && screening.shares[p] >= trace_share &&
        hides_in_others(*screening.phases[p], larger, technique)) {
      out.push_back(screening.phases[p]);
    }
  }
  return out;
}

}  // namespace calcispec::models::detail
