#include "models/marker.hpp"

#include "core/band_mixture.hpp"
#include "core/noise.hpp"
#include "models/composition_private.hpp"
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"
#include "models/marker_private.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace calcispec::models {
namespace {

using detail::refuse;
using detail::set;

constexpr double marker_least_signal = 3.3;  // of a denominator: its LOD

struct Sum {
  double area = 0;
  double variance = 0;
  double fit_variance = 0;      // by the fit alone
  std::vector<double> changes;  // by phases that could not be named

  [[nodiscard]] bool is_seen() const {
    return area > marker_least_signal * std::sqrt(fit_variance);
  }
};

struct Selection {
  double from = 0;
  double to = 0;
  bool (*takes)(const FittedBand& band) = nullptr;
  // What the areas may be wrong by, as parts of them: each on its own, and all together.
  double misfit = 0;
  double common_misfit = 0;
};

bool is_carbonate(const FittedBand& band) {
  return band.assignment.find("CO3") != std::string::npos;
}
bool is_phosphate_band(const FittedBand& band) {
  return band.assignment.find("PO4") != std::string::npos ||
         (band.assignment.find("v1") == 0 && !is_carbonate(band)) ||
         (band.assignment.find("v3") == 0 && !is_carbonate(band));
}
bool is_amide(const FittedBand& band) {
  return band.assignment.find("amide I") == 0 && band.assignment.find("amide II") != 0;
}

Sum sum_of(const Composition& composition,
           const Selection& selection,
           std::span<const std::string> phases) {
  Sum sum;
  for (const auto& band : composition.bands) {
    const bool is_phase = std::find(phases.begin(), phases.end(), band.phase) != phases.end();
    if (is_phase && band.center_cm1 > selection.from && band.center_cm1 < selection.to &&
        selection.takes(band)) {
      sum.area += band.area;
      const double misfit = std::pow(selection.misfit * band.area, 2);
      sum.variance += band.area_u * band.area_u + misfit;
      sum.fit_variance += band.area_fit_u * band.area_fit_u + misfit;
      sum.changes.resize(band.area_changes.size());
      for (std::size_t k = 0; k < sum.changes.size(); ++k) {
        sum.changes[k] += band.area_changes[k];
      }
    }
  }
  const double common = std::pow(selection.common_misfit * sum.area, 2);
  sum.variance += common;
  sum.fit_variance += common;
  return sum;
}

// Ids of the apatite that was fitted: members of the group of that name, or the phase itself.
std::vector<std::string> apatites(const Composition& composition) {
  for (const auto& group : composition.groups) {
    if (group.name == "apatite" && group.status == PhaseStatus::quantified) {
      return group.members;
    }
  }
  std::vector<std::string> out;
  for (const auto& phase : composition.phases) {
    if (phase.status == PhaseStatus::quantified &&
        phase.phase.find("apatite") != std::string::npos) {
      out.push_back(phase.phase);
    }
  }
  return out;
}

std::vector<std::string> proteins(const Composition& composition) {
  for (const auto& group : composition.groups) {
    if (group.name == "protein" && group.status == PhaseStatus::quantified) {
      return group.members;
    }
  }
  std::vector<std::string> out;
  for (const auto& entry : composition.matrix) {
    const bool is_protein =
        entry.phase == "collagen_I" || entry.phase == "keratin" || entry.phase == "elastin";
    if (is_protein && entry.status == PhaseStatus::quantified) {
      out.push_back(entry.phase);
    }
  }
  return out;
}

void set_ratio(Marker& marker, const Sum& top, const Sum& bottom) {
  const double ratio = top.area / bottom.area;
  double variance = top.variance + ratio * ratio * bottom.variance;
  for (std::size_t k = 0; k < std::min(top.changes.size(), bottom.changes.size()); ++k) {
    variance += std::pow(top.changes[k] - ratio * bottom.changes[k], 2);
  }
  const double u = std::sqrt(variance) / bottom.area;
  set(marker, ratio, u);
  if (!top.is_seen()) {
    marker.status = MarkerStatus::below_lod;
    marker.value.status = EstimateStatus::below_lod;
    marker.value.reason = "the numerator is below its detection limit";
  }
}

class Evaluator {
 public:
  Evaluator(const CompositionInput& input,
            const Composition& composition,
            const MarkerOptions& options)
      : input_(input),
        composition_(composition),
        is_raman_(input.technique == Technique::raman),
        apatites_(apatites(composition)),
        context_{input, composition, apatites_, options.instrument_width_cm1} {}

  void run(Marker& marker) {
    if (!is_raman_ && input_.mode == SamplingMode::unknown) {
      return refuse(marker,
                    composition_.total.status == EstimateStatus::ok
                        ? "infrared markers depend on the sampling mode, which is not known; state "
                          "--mode transmission or atr"
                        : composition_.total.reason);
    }
    if (marker.id == "irsf") {
      splitting_factor(marker);
      return;
    }
    if (composition_.total.status != EstimateStatus::ok) {
      return refuse(marker, composition_.total.reason);
    }
    if (detail::evaluate_share_marker(context_, marker)) {
      return;
    }
    if (apatites_.empty() && marker.id != "collagen_1660_1690") {
      return refuse(marker, "no apatite was named, so there is no phosphate band to relate to");
    }
    if (detail::evaluate_site_marker(context_, marker) ||
        detail::evaluate_band_marker(context_, marker)) {
      return;
    }
    if (marker.id == "carbonate_wt") {
      refuse(marker, "no calibration for this technique and sampling mode");
      marker.status = MarkerStatus::uncalibrated;
    } else if (marker.id == "carbonate_phosphate_ratio") {
      carbonate(marker);
    } else if (marker.id == "nu1_width") {
      width(marker);
    } else if (marker.id == "mineral_matrix_ratio") {
      mineral(marker);
    } else if (marker.id == "crystallinity_1030_1020") {
      height_ratio(marker, 1030, 1020);
    } else if (marker.id == "acid_phosphate") {
      height_ratio(marker, 1127, 1096);
    }
  }

 private:
  [[nodiscard]] bool holds(double from, double to) const {
    return composition_.from_cm1 <= from && composition_.to_cm1 >= to;
  }

  // With what profile, wings and optics of ATR leave uncertain.
  [[nodiscard]] Selection in(double from, double to, bool (*takes)(const FittedBand&)) const {
    const auto technique = detail::technique_of(input_);
    return {from, to, takes, detail::area_misfit(technique), detail::common_area_misfit(technique)};
  }

  [[nodiscard]] Sum phosphate() const {
    return sum_of(composition_,
                  is_raman_ ? in(940, 980, is_phosphate_band) : in(900, 1200, is_phosphate_band),
                  apatites_);
  }

  void carbonate(Marker& marker) const {
    if (!(is_raman_ ? holds(940, 1100) : holds(900, 1550))) {
      return refuse(marker, "the range does not hold both bands");
    }
    const auto bottom = phosphate();
    if (!bottom.is_seen()) {
      return refuse(marker, "the phosphate band is below its detection limit");
    }
    const auto top = sum_of(composition_,
                            is_raman_ ? in(1060, 1080, is_carbonate) : in(1350, 1550, is_carbonate),
                            apatites_);
    set_ratio(marker, top, bottom);
  }

  void width(Marker& marker) const {
    const FittedBand* best = nullptr;
    for (const auto& band : composition_.bands) {
      const bool is_apatite =
          std::find(apatites_.begin(), apatites_.end(), band.phase) != apatites_.end();
      if (is_apatite && band.center_cm1 > 940 && band.center_cm1 < 980 &&
          (best == nullptr || band.height > best->height)) {
        best = &band;
      }
    }
    if (best == nullptr || best->height < marker_least_signal * best->height_u) {
      return refuse(marker, "nu1 PO4 is below its detection limit");
    }
    set(marker, best->fwhm_cm1, std::hypot(best->fwhm_u, detail::width_misfit * best->fwhm_cm1));
  }

  void mineral(Marker& marker) const {
    if (!holds(is_raman_ ? 940 : 900, 1720)) {
      return refuse(marker, "the range does not hold both bands");
    }
    const auto found = proteins(composition_);
    if (found.empty()) {
      return refuse(marker, "no protein was named, so there is no amide I to relate to");
    }
    const auto bottom = sum_of(
        composition_, is_raman_ ? in(1600, 1720, is_amide) : in(1590, 1720, is_amide), found);
    if (!bottom.is_seen()) {
      return refuse(marker, "amide I is below its detection limit");
    }
    set_ratio(marker, phosphate(), bottom);
  }

  // A height at a place, with its slope and what noise of 1 makes it uncertain by, squared.
  struct Reading {
    double value = 0;
    double slope = 0;
    double variance = 0;
  };

  // By a parabola through the points within 4 1/cm, at least five: where the points stand and how
  // close they are does not matter, nor does one noisy point decide.
  [[nodiscard]] Reading read_at(double position) const {
    constexpr double reach_cm1 = 4;
    constexpr Index fewest = 5;
    const auto x = input_.axis.values();
    const Index points = input_.axis.size();
    Index first = input_.axis.lower_bound(position - reach_cm1);
    Index end = std::max(first, input_.axis.lower_bound(position + reach_cm1));
    while (end - first < std::min(fewest, points)) {
      const bool is_left_nearer =
          first > 0 && (end == points || position - x[static_cast<std::size_t>(first) - 1] <
                                             x[static_cast<std::size_t>(end)] - position);
      first -= is_left_nearer ? 1 : 0;
      end += is_left_nearer ? 0 : 1;
    }
    Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
    Eigen::Vector3d right = Eigen::Vector3d::Zero();
    for (Index i = first; i < end; ++i) {
      const double u = (x[static_cast<std::size_t>(i)] - position) / reach_cm1;
      const Eigen::Vector3d powers(1, u, u * u);
      normal += powers * powers.transpose();
      right += powers * input_.y[static_cast<std::size_t>(i)];
    }
    const Eigen::Matrix3d inverse = normal.inverse();
    const Eigen::Vector3d answer = inverse * right;
    return {answer[0], answer[1] / reach_cm1, inverse(0, 0)};
  }

  [[nodiscard]] bool is_coarse_at(double position) const {
    constexpr double widest_cm1 = 5;
    const Index at =
        std::clamp<Index>(input_.axis.lower_bound(position), 1, input_.axis.size() - 1);
    const auto x = input_.axis.values();
    return x[static_cast<std::size_t>(at)] - x[static_cast<std::size_t>(at) - 1] > widest_cm1;
  }

  void splitting_factor(Marker& marker) const {
    constexpr double from = 495;
    constexpr double to = 750;
    if (input_.axis.front() > from || input_.axis.back() < to) {
      return refuse(marker, "the range does not reach from 495 to 750 1/cm");
    }
    if (apatites_.empty()) {
      return refuse(marker, "no apatite was named");
    }
    if (is_coarse_at(590)) {
      return refuse(marker, "points more than 5 1/cm apart do not hold the heights");
    }
    const auto low = read_at(from);
    const auto high = read_at(to);
    // The band positions differ between sampling modes (Beasley 2014).
    const bool is_atr = input_.mode == SamplingMode::atr;
    const double positions[] = {
        is_atr ? 560.0 : 565.0, is_atr ? 600.0 : 605.0, is_atr ? 585.0 : 590.0};
    Reading above[3];
    double part[3];  // of the line's far end
    for (std::size_t k = 0; k < 3; ++k) {
      above[k] = read_at(positions[k]);
      part[k] = (positions[k] - from) / (to - from);
      above[k].value -= (1 - part[k]) * low.value + part[k] * high.value;
      above[k].slope -= (1 - part[k]) * low.slope + part[k] * high.slope;
    }
    const auto& [first, second, valley] = above;
    const double noise = independent_noise(input_.y);
    if (valley.value < 10 * noise || first.value < valley.value ||
        second.value < 0.5 * valley.value) {
      return refuse(marker, "the two nu4 bands and the valley between them do not stand out");
    }
    const double ratio = (first.value + second.value) / valley.value;
    const double by_low = 2 - part[0] - part[1] - ratio * (1 - part[2]);
    const double by_high = part[0] + part[1] - ratio * part[2];
    const double variance = first.variance + second.variance + ratio * ratio * valley.variance +
                            by_low * by_low * low.variance + by_high * by_high * high.variance;
    const double by_axis = first.slope + second.slope - ratio * valley.slope;
    set(marker, ratio, std::hypot(noise * std::sqrt(variance), by_axis * axis_u()) / valley.value);
  }

  // What places on the axis may be wrong by: the shift found, which is not taken off, and its
  // uncertainty; unchecked, its prior.
  [[nodiscard]] double axis_u() const {
    const auto& axis = composition_.axis;
    return axis.checked ? std::hypot(axis.shift_cm1, axis.u) : 1;
  }

  // Linear between the neighbours: the nearest point may be half a step away on a steep flank.
  [[nodiscard]] double between(double position) const {
    const Index at =
        std::clamp<Index>(input_.axis.lower_bound(position), 1, input_.axis.size() - 1);
    const auto x = input_.axis.values();
    const auto right = static_cast<std::size_t>(at);
    const double part = (position - x[right - 1]) / (x[right] - x[right - 1]);
    return (1 - part) * input_.y[right - 1] + part * input_.y[right];
  }

  // Heights inside the nu3 PO4 band above a line from 900 to 1200 1/cm. They stand on flanks, so
  // what the axis may be wrong by enters beside the noise.
  void height_ratio(Marker& marker, double top, double bottom) const {
    if (input_.mode != SamplingMode::transmission) {
      return refuse(marker, "defined on transmission spectra: ATR moves and reshapes nu3 PO4");
    }
    if (input_.axis.front() > 900 || input_.axis.back() < 1200) {
      return refuse(marker, "the range does not reach from 900 to 1200 1/cm");
    }
    if (is_coarse_at(bottom)) {
      return refuse(marker, "points more than 5 1/cm apart do not hold the two heights");
    }
    const double low = read_at(900).value;
    const double high = read_at(1200).value;
    const auto above = [&](double position) {
      return between(position) - (low + (high - low) * (position - 900) / 300);
    };
    const double noise = 2 * independent_noise(input_.y);  // two line ends and two points a height
    if (above(top) < 5 * noise || above(bottom) < 5 * noise) {
      return refuse(marker, "the two heights do not stand out of the noise");
    }
    const double ratio = above(top) / above(bottom);
    const double slope =
        (above(top + 1) / above(bottom + 1) - above(top - 1) / above(bottom - 1)) / 2;
    const double noise_u = std::hypot(noise, ratio * noise) / above(bottom);
    set(marker, ratio, std::hypot(noise_u, slope * axis_u()));
  }

  const CompositionInput& input_;
  const Composition& composition_;
  bool is_raman_;
  std::vector<std::string> apatites_;
  detail::MarkerContext context_;
};

}  // namespace

namespace detail {

void refuse(Marker& marker, const std::string& reason) {
  marker.status = MarkerStatus::not_determinable;
  marker.value.status = EstimateStatus::not_determinable;
  marker.value.reason = reason;
}

void set(Marker& marker, double value, double u) {
  marker.status = MarkerStatus::ok;
  marker.value.status = EstimateStatus::ok;
  marker.value.value = value;
  marker.value.u = u;
  marker.value.lo95 = std::max(0.0, value - normal_95 * u);
  marker.value.hi95 = value + normal_95 * u;
}

}  // namespace detail

std::vector<Marker> evaluate_markers(const CompositionInput& input,
                                     const Composition& composition,
                                     const MarkerOptions& options) {
  static const CsvTable table(embedded_file("markers.csv"), "markers.csv");
  const bool is_raman = input.technique == Technique::raman;
  Evaluator evaluator(input, composition, options);
  std::vector<Marker> out;
  for (Index row = 0; row < table.rows(); ++row) {
    Marker marker;
    marker.definition = table.text(row, is_raman ? "definition_raman" : "definition_ftir");
    if (marker.definition.empty()) {
      continue;
    }
    marker.id = table.text(row, "id");
    marker.name = table.text(row, "name");
    marker.unit = table.text(row, "unit");
    marker.calibration = "none";
    marker.grade = table.text(row, "grade");
    marker.must_not_claim = table.text(row, "must_not_claim");
    marker.range_lo = table.number(row, "range_lo");
    marker.range_hi = table.number(row, "range_hi");
    marker.range_source = table.text(row, "range_source");
    evaluator.run(marker);
    out.push_back(std::move(marker));
  }
  return out;
}

}  // namespace calcispec::models
