// Shares, intervals, evidence and curves from the final joint model.
#include "models/shared_shapes_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace calcispec::models::detail {
namespace {

constexpr double detection_factor = 3.3;  // LOD = 3.3 sigma

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
    band.area = fitted.area;
    band.area_fit_u = fitted.area_u;
    double fwhm_variance = fitted.fwhm_u * fitted.fwhm_u;
    double area_variance = fitted.area_u * fitted.area_u;
    for (const auto& other : model.alternatives) {
      // The bands of a trial begin with those of the model, its free bands apart.
      if (origin.phase < 0) {
        band.area_changes.push_back(0);
        continue;
      }
      const auto& moved = other.trial.fit.bands[b];
      const double wider = moved.area_u * moved.area_u - fitted.area_u * fitted.area_u;
      band.area_changes.push_back(std::sqrt(other.alone) * (moved.area - fitted.area));
      area_variance += other.alone * std::max(0.0, wider);
      fwhm_variance += other.alone * std::pow(moved.fwhm - fitted.fwhm, 2);
    }
    band.fwhm_u = std::sqrt(fwhm_variance);
    band.area_u = std::sqrt(fit_variance_factor * area_variance);
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

void fill_correlation(const JointModel& model, const Shares& shares, Composition& out) {
  for (std::size_t a = 0; a < model.phases.size(); ++a) {
    out.share_correlation.phases.push_back(model.phases[a]->id);
    for (std::size_t b = 0; b < model.phases.size(); ++b) {
      // The same numbers on both sides of the diagonal, whatever rounds.
      const double value = shares.correlation(std::min(a, b), std::max(a, b));
      out.share_correlation.values.push_back(value);
    }
  }
}

PhaseStatus status_of(Finding finding) {
  switch (finding) {
    case Finding::named:
      return PhaseStatus::quantified;
    case Finding::weak:
    case Finding::redundant:
    case Finding::absent:
      return PhaseStatus::below_lod;
    default:
      return PhaseStatus::ambiguous;
  }
}

std::string reason_of(Finding finding) {
  switch (finding) {
    case Finding::weak:
    case Finding::absent:
      return "not above the critical level";
    case Finding::redundant:
      return "the phases named explain its bands as well";
    case Finding::misplaced:
      return "its bands stand in other places than those found";
    default:
      return "a band that should be there is missing";
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
  Summary(const Concluded& what, Shares shares, Composition& out)
      : model_(what.model),
        library_(what.library),
        setting_(what.setting),
        verdicts_(what.verdicts),
        shares_(std::move(shares)),
        out_(out) {}

  void add_phase(std::size_t index) {
    const auto& phase = *model_.phases[index];
    const auto& verdict = verdicts_[index];
    auto entry = share_entry(phase, setting_.technique);
    entry.share = shares_.of(index);
    entry.lod = detection_factor * entry.share.u;
    entry.status = status_of(verdict.finding);
    entry.evidence = verdict.evidence;
    if (entry.status == PhaseStatus::ambiguous) {
      entry.share.reason = "one band only: no second band of this phase can be checked here";
    } else if (entry.status == PhaseStatus::below_lod) {
      entry.share.reason = reason_of(verdict.finding);
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

  const JointModel& model_;
  const ReferenceLibrary& library_;
  const Setting& setting_;
  std::span<const Verdict> verdicts_;
  Shares shares_;
  Composition& out_;
};

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

void summarise(const Concluded& what, std::span<const RuledOut> ruled_out, Composition& out) {
  const auto& [window, model, library, setting, verdicts] = what;
  out.condition_number =
      setting.shared == nullptr ? model.fit.condition_number : setting.shared->condition_number();
  fill_bands(model, out);
  if (setting.draws_curves) {
    fill_curves(window, model, out);
  }
  fill_axis(model, out);
  Shares shares(window, model, ruled_out);
  const std::size_t unexplained = model.phases.size();
  if (shares.total_area() > 0) {
    out.unexplained = shares.of(unexplained);
    std::vector<std::size_t> order(model.phases.size());
    for (std::size_t p = 0; p < order.size(); ++p) {
      order[p] = p;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return shares.area(a) > shares.area(b);
    });
    fill_correlation(model, shares, out);
    Summary summary(what, std::move(shares), out);
    for (const auto index : order) {
      summary.add_phase(index);
    }
  }
  add_ruled_out(ruled_out, setting.technique, out);
}

void refuse_all(const std::string& reason, Composition& out) {
  out.total.reason = reason;
  for (auto* list : {&out.phases, &out.matrix}) {
    for (auto& entry : *list) {
      entry.status = PhaseStatus::not_determinable;
      entry.share = Estimate{};
      entry.share.reason = reason;
    }
  }
  out.groups.clear();
  out.unexplained = Estimate{};
  out.unexplained.reason = reason;
}

bool is_too_weak(const Window& window, const JointModel& model) {
  constexpr double least_absorbance = 0.02;
  const auto top = std::max_element(model.fit.fitted.begin(), model.fit.fitted.end());
  return !model.is_raman && std::min(robust_height(window), *top) < least_absorbance;
}

void judge_whole(const Concluded& what, Composition& out) {
  if (is_too_weak(what.window, what.model)) {
    refuse_all(
        "no identifiable band: nothing rises above the 0.02 absorbance within which an "
        "infrared background can bend by itself",
        out);
  } else if (what.model.phases.empty()) {
    out.total.reason = out.unexplained_flag
                           ? "no identifiable band: the bands found belong to no reference"
                           : "no identifiable band";
  } else if (std::abs(out.axis.shift_cm1) > axis_limit_cm1) {
    refuse_axis(out);
  } else {
    out.total = {1, 0, 1, 1, EstimateStatus::ok, ""};
  }
}

void refuse_axis(Composition& out) {
  refuse_all("the axis is off by about " +
                 std::to_string(static_cast<int>(std::lround(out.axis.shift_cm1))) +
                 " 1/cm, more than the 3 1/cm within which phases are named; calibrate the axis",
             out);
}

}  // namespace calcispec::models::detail
