// The naming rule and the search for bands that no reference explains.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

constexpr double critical_level = 2.33;  // 1 % false alarms, one-sided
// One band alone is looked for at dozens of places, each with a shift: 2.33 sigma would come by
// chance.
constexpr double alone_level = 4;
constexpr double expected_enough = 3;    // a second band must be there from this expectation on
constexpr double found_part = 0.4;       // of the second bands expected, by weight
constexpr double flank_reach = 1.5;      // full widths
constexpr double flank_part = 0.2;       // of the strong band's height
constexpr double unexplained_sigma = 5;  // of the residual's own noise and misfit

// Amount of a phase from all its bands together: a band far above its expected height counts too,
// so that a phase cannot take one strong band and leave the others out.
double amount_from_area(const JointModel& model, Index phase) {
  double area = 0;
  double pattern = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase == phase) {
      area += model.fit.bands[b].height * model.fit.bands[b].fwhm;
      pattern += model.bands[b].relative_height * model.fit.bands[b].fwhm;
    }
  }
  return std::max(model.fit.amounts[static_cast<std::size_t>(phase)],
                  pattern > 0 ? area / pattern : 0.0);
}

BandEvidence evidence_of(const JointModel& model, std::size_t b, double amount) {
  const auto& fitted = model.fit.bands[b];
  const auto& row = model.bands[b];
  BandEvidence evidence;
  evidence.band = model.origin[b].reference->assignment;
  evidence.position_cm1 = fitted.center;
  if (fitted.own_height_u > 0 && std::isfinite(fitted.own_height_u)) {
    evidence.snr = fitted.own_height / fitted.own_height_u;
    evidence.expected_snr = amount * row.relative_height / fitted.own_height_u;
  }
  return evidence;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<Index>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Residual correlated with a zero-mean Gaussian: blind to slopes and offsets of the background.
std::vector<double> filtered(std::span<const double> residual,
                             Index half,
                             double width_points,
                             double& gain) {
  std::vector<double> kernel(static_cast<std::size_t>(2 * half + 1));
  double mean = 0;
  for (Index k = -half; k <= half; ++k) {
    const double u = static_cast<double>(k) / width_points;
    kernel[static_cast<std::size_t>(k + half)] = std::exp(-2.7726 * u * u);  // 4 ln 2
    mean += kernel[static_cast<std::size_t>(k + half)];
  }
  mean /= static_cast<double>(kernel.size());
  gain = 0;
  for (double& value : kernel) {
    gain += value * (value - mean);
    value -= mean;
  }
  const auto points = static_cast<Index>(residual.size());
  std::vector<double> out(residual.size(), 0.0);
  for (Index i = half; i + half < points; ++i) {
    double sum = 0;
    for (Index k = -half; k <= half; ++k) {
      sum += kernel[static_cast<std::size_t>(k + half)] * residual[static_cast<std::size_t>(i + k)];
    }
    out[static_cast<std::size_t>(i)] = sum / gain;  // least-squares height of the band
  }
  return out;
}

struct Search {
  const Window& window;
  std::vector<double> residual;
  std::span<const double> sigma;
  std::vector<ResidualPeak> found;
};

// The misfit of the bands is correlated over a band's width, so a height from many points is no
// better known than one point's misfit.
void search_width(double width_cm1, double misfit_floor, const JointModel& model, Search& search) {
  const auto& x = search.window.x;
  const double step = (x.back() - x.front()) / static_cast<double>(x.size() - 1);
  const double width_points = width_cm1 / step;
  const Index half = static_cast<Index>(std::ceil(1.5 * width_points));
  const auto points = static_cast<Index>(x.size());
  if (width_points < 2 || 2 * half + 1 >= points) {
    return;
  }
  double gain = 0;
  const auto height = filtered(search.residual, half, width_points, gain);
  std::vector<double> size(height.begin() + half, height.end() - half);
  for (double& value : size) {
    value = std::abs(value);
  }
  const double own = 1.4826 * median_of(std::move(size));
  for (Index i = half + 1; i + half + 1 < points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (height[at] <= height[at - 1] || height[at] < height[at + 1]) {
      continue;
    }
    const double noise = search.window.sigma[at];
    const double whole = search.sigma[at];
    const double misfit = std::sqrt(std::max(0.0, whole * whole - noise * noise));
    const double u = std::hypot(std::max(noise / std::sqrt(gain), own),
                                misfit + misfit_floor * model.fit.fitted[at]);
    if (height[at] > unexplained_sigma * u) {
      search.found.push_back({x[at], width_cm1, height[at], height[at] / u});
    }
  }
}

// What stands on the flank of a much stronger fitted band is that band's shape, not another band.
bool is_flank(const ResidualPeak& peak, const JointModel& model) {
  return std::any_of(model.fit.bands.begin(), model.fit.bands.end(), [&](const auto& band) {
    return std::abs(band.center - peak.position_cm1) < flank_reach * band.fwhm &&
           peak.height < flank_part * band.height;
  });
}

}  // namespace

Verdict judge(const JointModel& model, Index phase) {
  Verdict verdict;
  std::size_t main_band = model.bands.size();
  double top = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase == phase && model.bands[b].relative_height > top) {
      top = model.bands[b].relative_height;
      main_band = b;
    }
  }
  if (main_band == model.bands.size()) {
    return verdict;
  }
  const double amount = amount_from_area(model, phase);
  double expected = 0;  // weight of the second bands that should be there, and of those that are
  double found = 0;
  double strongest = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase != phase) {
      continue;
    }
    auto evidence = evidence_of(model, b, amount);
    strongest = std::max(strongest, evidence.snr);
    // Intensities vary by their spread; carbonate may be absent. One doublet whose parts trade
    // their heights must not outweigh all other bands.
    const double sure = evidence.expected_snr * std::exp(-model.bands[b].log_height_sd);
    if (b != main_band && sure >= expected_enough && model.bands[b].log_height_sd < 0.9) {
      const double weight = std::min(sure, 10.0);
      expected += weight;
      found += evidence.snr >= critical_level ? weight : 0;
    }
    verdict.evidence.push_back(std::move(evidence));
  }
  const auto main = evidence_of(model, main_band, amount);
  if (strongest < critical_level || amount <= 0) {
    // Clearly absent ones go together; of those near the level one at a time, for two phases that
    // look alike take each other's amount.
    verdict.finding = Finding::weak;
    verdict.lack = strongest < 1 ? 1e6 : 1e5 - strongest;
  } else if (main.expected_snr >= expected_enough && main.snr < critical_level) {
    verdict.finding = Finding::main_band_missing;
    verdict.lack = 1e3 + main.expected_snr;
  } else if (expected <= 0 && strongest < alone_level) {
    verdict.finding = Finding::weak;
    verdict.lack = 1e5 - strongest;
  } else if (expected <= 0) {
    verdict.finding = Finding::ambiguous;
  } else if (found >= found_part * expected) {
    verdict.finding = Finding::named;
  } else {
    verdict.finding = Finding::second_band_missing;
    verdict.lack = 1 + (expected - found) / expected;
  }
  return verdict;
}

std::vector<ResidualPeak> find_residual_peaks(const Window& window, const JointModel& model) {
  Search search{window, {}, model.fit.sigma, {}};
  search.residual.resize(window.x.size());
  for (std::size_t i = 0; i < window.x.size(); ++i) {
    search.residual[i] = window.y[i] - model.fit.fitted[i] - model.fit.background[i];
  }
  for (const double width : {6.0, 12.0, 24.0}) {
    search_width(width, 0.02, model, search);
  }
  std::stable_sort(
      search.found.begin(), search.found.end(), [](const ResidualPeak& a, const ResidualPeak& b) {
        return a.height_sigma > b.height_sigma;
      });
  std::vector<ResidualPeak> apart;
  for (const auto& peak : search.found) {
    const bool is_near = std::any_of(apart.begin(), apart.end(), [&](const ResidualPeak& other) {
      return std::abs(other.position_cm1 - peak.position_cm1) <
             std::max(other.width_cm1, peak.width_cm1);
    });
    if (!is_near && apart.size() < 12 && !is_flank(peak, model)) {
      apart.push_back(peak);
    }
  }
  return apart;
}

}  // namespace calcispec::models::detail
