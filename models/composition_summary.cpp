// Shares, intervals, evidence and curves from the final joint model.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace calcispec::models::detail {
namespace {

// A misfit of a band's height that reaches over three of its widths is this many times as large a
// part of its area (about 1.2 height times width).
constexpr double misfit_widths = 2.5;
// Relative area per unit of Lorentz share is 0.38; shares differ by 0.15 between tables and
// samples.
constexpr double most_hidden = 0.05;  // a share of 5 % does not go unnoticed
constexpr double wing_part = 0.06;
// Index and depth at a band depend on the strong bands beside it: a sample index of 1.55 under
// diamond at 45 degrees changes depth by 4 % per 0.01, and the phosphate bands (k 0.2) change the
// index by 0.01 at 1650 and 0.03 at 1200 1/cm. References made from pure substances lack that.
constexpr double optics_part = 0.1;
constexpr double detection_factor = 3.3;  // LOD = 3.3 sigma

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double normal_quantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// Areas within the window, per phase and for all unexplained bands together (last), with their
// covariance.
struct Areas {
  std::vector<double> value;
  std::vector<double> covariance;
  double total = 0;
  struct Change {
    std::vector<double> value;
    double total = 0;
  };
  std::vector<Change> changes;  // by phases that could not be named
  double hidden_variance = 0;   // of the sum of the shares that could be there and are not named

  [[nodiscard]] double between(std::size_t i, std::size_t j) const {
    return covariance[i * value.size() + j];
  }
};

MixtureBand shape_of(const FittedMixtureBand& band) {
  MixtureBand shape;
  shape.center = band.center;
  shape.fwhm = band.fwhm;
  shape.lorentz_share = band.lorentz_share;
  shape.skew = band.skew;
  return shape;
}

// Which part of a band's area lies within the window.
std::vector<double> inside_parts(const Window& window, const JointModel& model) {
  std::vector<double> parts(model.bands.size(), 0.0);
  std::vector<double> profile;
  for (std::size_t b = 0; b < parts.size(); ++b) {
    const auto& band = model.fit.bands[b];
    profile.assign(window.x.size(), 0.0);
    add_pseudo_voigt(window.x, shape_of(band), 1, profile);
    double sum = 0;
    for (std::size_t i = 1; i < window.x.size(); ++i) {
      sum += 0.5 * (profile[i - 1] + profile[i]) * (window.x[i] - window.x[i - 1]);
    }
    parts[b] = std::min(1.0, sum / pseudo_voigt_area(band.fwhm, band.lorentz_share));
  }
  return parts;
}

// A band below five sigma is not looked at: the area that one as wide as the widest of the strong
// bands could hide, taken as anything up to that.
double hidden_area(const Window& window, const JointModel& model) {
  constexpr double seen_sigma = 5;
  double top = 0;
  for (const auto& band : model.fit.bands) {
    top = std::max(top, band.height);
  }
  double width = 0;
  for (const auto& band : model.fit.bands) {
    width = band.height > 0.3 * top ? std::max(width, band.fwhm) : width;
  }
  if (!(width > 0)) {
    return 0;
  }
  const double area = pseudo_voigt_area(width, 0.5);
  const double step =
      (window.x.back() - window.x.front()) / static_cast<double>(window.x.size() - 1);
  // The height of a band is known as from the points under it.
  const double height_u = window.noise * std::sqrt(step / area);
  return seen_sigma / std::sqrt(3.0) * height_u * area;
}

Areas phase_areas(const Window& window, const JointModel& model, BandTechnique technique) {
  const auto parts = inside_parts(window, model);
  const std::size_t count = model.phases.size() + 1;
  const std::size_t bands = model.bands.size();
  Areas areas;
  areas.value.assign(count, 0.0);
  areas.covariance.assign(count * count, 0.0);
  const auto owner = [&](std::size_t b) {
    const Index phase = model.origin[b].phase;
    return phase < 0 ? count - 1 : static_cast<std::size_t>(phase);
  };
  for (const auto& alternative : model.alternatives) {
    Areas::Change change{std::vector<double>(count, 0.0), alternative.added_area};
    for (std::size_t b = 0; b < alternative.area_change.size(); ++b) {
      change.value[owner(b)] += parts[b] * alternative.area_change[b];
      change.total += parts[b] * alternative.area_change[b];
    }
    areas.changes.push_back(std::move(change));
  }
  const double misfit = area_misfit(technique);
  for (std::size_t b = 0; b < bands; ++b) {
    const double area = parts[b] * model.fit.bands[b].area;
    areas.value[owner(b)] += area;
    areas.covariance[owner(b) * count + owner(b)] += std::pow(misfit * area, 2);
    for (std::size_t c = 0; c < bands; ++c) {
      areas.covariance[owner(b) * count + owner(c)] +=
          parts[b] * parts[c] * model.fit.area_covariance[b * bands + c];
    }
  }
  // The wings of weak bands are not seen: all bands of a phase may carry more or less area than
  // their profile says.
  for (std::size_t p = 0; p < count; ++p) {
    areas.covariance[p * count + p] += std::pow(common_area_misfit(technique) * areas.value[p], 2);
  }
  areas.covariance.back() += std::pow(hidden_area(window, model), 2);
  for (const double value : areas.value) {
    areas.total += value;
  }
  return areas;
}

// Share of the sum of the listed entries, first-order propagation.
Estimate share_of(const Areas& areas, std::span<const std::size_t> members) {
  const std::size_t count = areas.value.size();
  double sum = 0;
  for (const auto member : members) {
    sum += areas.value[member];
  }
  const double share = sum / areas.total;
  std::vector<double> slope(count, -share / areas.total);
  for (const auto member : members) {
    slope[member] += 1 / areas.total;
  }
  double variance = share * share * areas.hidden_variance;
  for (const auto& change : areas.changes) {
    double moved = -share * change.total;
    for (const auto member : members) {
      moved += change.value[member];
    }
    variance += std::pow(moved / areas.total, 2);
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      variance += slope[i] * slope[j] * areas.between(i, j);
    }
  }
  Estimate out;
  out.value = share;
  out.u = std::sqrt(std::max(0.0, variance));
  std::tie(out.lo95, out.hi95) = share_interval(out.value, out.u);
  out.status = EstimateStatus::ok;
  return out;
}

Estimate nothing(double u) {
  Estimate out;
  out.value = 0;
  out.u = u;
  out.lo95 = 0;
  out.hi95 = share_interval(0, u).second;
  out.status = EstimateStatus::below_lod;
  return out;
}

int validated_on(const Phase& phase, BandTechnique technique) {
  return technique == BandTechnique::raman ? phase.validated_on_raman : phase.validated_on_ftir;
}

PhaseShare share_entry(const Phase& phase, BandTechnique technique) {
  PhaseShare entry;
  entry.phase = phase.id;
  entry.name = phase.name;
  entry.validated_on = validated_on(phase, technique);
  return entry;
}

void fill_bands(const JointModel& model, Composition& out) {
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& fitted = model.fit.bands[b];
    const auto& origin = model.origin[b];
    FittedBand band;
    band.phase =
        origin.phase < 0 ? "unexplained" : model.phases[static_cast<std::size_t>(origin.phase)]->id;
    band.assignment = origin.reference == nullptr ? "" : origin.reference->assignment;
    band.center_cm1 = fitted.center;
    band.center_u = fitted.center_u;
    band.height = fitted.height;
    band.height_u = fitted.height_u;
    band.fwhm_cm1 = fitted.fwhm;
    band.fwhm_u = fitted.fwhm_u;
    band.area = fitted.area;
    band.area_u = fitted.area_u;
    for (const auto& alternative : model.alternatives) {
      const auto& change = alternative.area_change;
      band.area_changes.push_back(b < change.size() ? change[b] : 0);
    }
    out.bands.push_back(std::move(band));
  }
}

void fill_curves(const Window& window, const JointModel& model, Composition& out) {
  out.curves.first_point = window.first;
  out.curves.background = model.fit.background;
  out.curves.fit = model.fit.background;
  for (std::size_t i = 0; i < window.x.size(); ++i) {
    out.curves.fit[i] += model.fit.fitted[i];
  }
  const auto count = static_cast<Index>(model.phases.size());
  for (Index p = -1; p < count; ++p) {
    std::vector<double> curve(window.x.size(), 0.0);
    bool is_used = false;
    for (std::size_t b = 0; b < model.bands.size(); ++b) {
      const auto& band = model.fit.bands[b];
      if (model.origin[b].phase != p || band.height <= 0) {
        continue;
      }
      is_used = true;
      add_pseudo_voigt(window.x, shape_of(band), band.height, curve);
    }
    if (is_used) {
      out.curves.phases.emplace_back(
          p < 0 ? "unexplained" : model.phases[static_cast<std::size_t>(p)]->id, std::move(curve));
    }
  }
}

void fill_axis(const JointModel& model, Composition& out) {
  Index clear = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& band = model.fit.bands[b];
    clear += model.origin[b].phase >= 0 && band.height > 5 * band.height_u ? 1 : 0;
  }
  out.axis.shift_cm1 = model.fit.shift;
  out.axis.u = model.fit.shift_u;
  out.axis.stretch = model.fit.stretch;
  out.axis.checked = clear >= 3;
}

PhaseStatus status_of(Finding finding) {
  switch (finding) {
    case Finding::named:
      return PhaseStatus::quantified;
    case Finding::weak:
    case Finding::redundant:
      return PhaseStatus::below_lod;
    default:
      return PhaseStatus::ambiguous;
  }
}

// Members that the fit cannot tell from the one it used: same family, strongest band where one was
// found.
std::vector<std::string> family_members(const Phase& used,
                                        const JointModel& model,
                                        const ReferenceLibrary& library,
                                        const Setting& setting) {
  const auto strongest = [&](const Phase& phase) {
    double best = 0;
    double position = std::numeric_limits<double>::quiet_NaN();
    for (const auto& row : phase.bands(setting.technique)) {
      if (row.relative_intensity > best && row.position_cm1 < 2000) {
        best = row.relative_intensity;
        position = row.position_cm1;
      }
    }
    return position;
  };
  double found = strongest(used);
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].reference != nullptr && model.origin[b].phase >= 0 &&
        model.phases[static_cast<std::size_t>(model.origin[b].phase)] == &used &&
        model.bands[b].center == found) {
      found = model.fit.bands[b].center - model.fit.shift;
      break;
    }
  }
  const double reach = setting.technique == BandTechnique::raman ? 4 : 25;  // author spread, order
  std::vector<std::string> members{used.id};
  for (const auto& phase : library.phases) {
    if (&phase != &used && phase.family == used.family &&
        std::abs(strongest(phase) - found) <= reach) {
      members.push_back(phase.id);
    }
  }
  return members;
}

class Summary {
 public:
  Summary(const Window& window,
          const JointModel& model,
          const ReferenceLibrary& library,
          const Setting& setting,
          Areas areas,
          Composition& out)
      : window_(window),
        model_(model),
        library_(library),
        setting_(setting),
        areas_(std::move(areas)),
        out_(out) {}

  void add_phase(std::size_t index) {
    const auto& phase = *model_.phases[index];
    auto verdict = judge(window_, model_, static_cast<Index>(index));
    auto entry = share_entry(phase, setting_.technique);
    entry.share = share_of(areas_, std::span(&index, 1));
    entry.lod = detection_factor * entry.share.u;
    entry.status = status_of(verdict.finding);
    entry.evidence = std::move(verdict.evidence);
    if (entry.status == PhaseStatus::ambiguous) {
      entry.share.reason = "one band only: no second band of this phase can be checked here";
    }
    const bool is_mineral = phase.role == PhaseRole::mineral;
    auto& list = is_mineral ? out_.phases : out_.matrix;
    const auto members =
        is_mineral ? family_members(phase, model_, library_, setting_) : model_.alike[index];
    if (members.size() < 2) {
      list.push_back(std::move(entry));
      return;
    }
    add_group(phase.family, members, entry, list);
  }

 private:
  // The members carry no number of their own; the first keeps the evidence.
  void add_group(const std::string& name,
                 const std::vector<std::string>& members,
                 const PhaseShare& entry,
                 std::vector<PhaseShare>& list) {
    out_.groups.push_back({name, members, entry.share, entry.status});
    for (const auto& id : members) {
      auto member = share_entry(*library_.find(id), setting_.technique);
      member.status = PhaseStatus::ambiguous;
      member.share.status = EstimateStatus::not_identifiable;
      member.share.reason = "cannot be told from the other members of the group " + name;
      member.lod = entry.lod;
      if (id == entry.phase) {
        member.evidence = entry.evidence;
      }
      list.push_back(std::move(member));
    }
  }

  const Window& window_;
  const JointModel& model_;
  const ReferenceLibrary& library_;
  const Setting& setting_;
  Areas areas_;
  Composition& out_;
};

std::string reason_of(Finding finding) {
  switch (finding) {
    case Finding::weak:
      return "not above the critical level";
    case Finding::redundant:
      return "the phases named explain its bands as well";
    case Finding::misplaced:
      return "its bands stand in other places than those found";
    default:
      return "a band that should be there is missing";
  }
}

void add_ruled_out(std::span<const RuledOut> ruled_out, BandTechnique technique, Composition& out) {
  for (const auto& row : ruled_out) {
    auto& list = row.phase->role == PhaseRole::mineral ? out.phases : out.matrix;
    const bool is_listed = std::any_of(list.begin(), list.end(), [&](const PhaseShare& entry) {
      return entry.phase == row.phase->id;
    });
    if (is_listed) {
      continue;
    }
    auto entry = share_entry(*row.phase, technique);
    entry.share = nothing(row.share_u);
    entry.lod = detection_factor * row.share_u;
    entry.status = PhaseStatus::below_lod;
    entry.share.reason = reason_of(row.finding);
    list.push_back(std::move(entry));
  }
}

}  // namespace

double area_misfit(BandTechnique technique) {
  return misfit_widths * shape_misfit(technique);
}

double common_area_misfit(BandTechnique technique) {
  return technique == BandTechnique::ftir_atr ? std::hypot(wing_part, optics_part) : wing_part;
}

std::pair<double, double> share_interval(double value, double u) {
  if (!(u > 0)) {
    return {value, value};
  }
  constexpr double content = 0.95;
  const double below = normal_cdf(-value / u);
  const double above = normal_cdf((1 - value) / u);
  const double left_out = (1 - content) * (above - below);
  const double half = u * normal_quantile(0.5 + 0.5 * content * (above - below));
  if (value - half >= 0 && value + half <= 1) {
    return {value - half, value + half};
  }
  // One end is the limit; the other lies where what is left out ends.
  if (value <= 0.5) {
    return {0.0, std::clamp(value + u * normal_quantile(above - left_out), 0.0, 1.0)};
  }
  return {std::clamp(value + u * normal_quantile(below + left_out), 0.0, 1.0), 1.0};
}

void summarise(const Window& window,
               const JointModel& model,
               const ReferenceLibrary& library,
               const Setting& setting,
               std::span<const RuledOut> ruled_out,
               Composition& out) {
  out.condition_number = model.fit.condition_number;
  fill_bands(model, out);
  fill_curves(window, model, out);
  fill_axis(model, out);
  auto areas = phase_areas(window, model, setting.technique);
  const std::size_t unexplained = model.phases.size();
  for (const auto& row : ruled_out) {
    const bool is_below = row.finding == Finding::weak || row.finding == Finding::redundant;
    areas.hidden_variance += is_below ? std::pow(std::min(row.share_u, most_hidden), 2) : 0;
  }
  if (areas.total > 0) {
    out.unexplained = share_of(areas, std::span(&unexplained, 1));
    std::vector<std::size_t> order(model.phases.size());
    for (std::size_t p = 0; p < order.size(); ++p) {
      order[p] = p;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return areas.value[a] > areas.value[b];
    });
    Summary summary(window, model, library, setting, std::move(areas), out);
    for (const auto index : order) {
      summary.add_phase(index);
    }
  }
  add_ruled_out(ruled_out, setting.technique, out);
}

}  // namespace calcispec::models::detail
