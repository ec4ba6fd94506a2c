// estimate_composition(): of a known sampling mode, or of an infrared spectrum whose mode is not
// known: what holds for both, or what only one of them explains.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace calcispec::models::detail {
namespace {

// Share that both modes must name for an answer to stand, if one of them is sure of as much.
constexpr double least_disputed = 0.05;
constexpr double clear_misfit = 0.5;  // of the other mode's, for a mode to be taken from the fit

// A phase or group with a share, whatever the composition calls it.
struct Named {
  std::vector<std::string> ids;
  std::string group;  // empty: a single phase
  Estimate share;
  bool is_matched = false;
};

std::vector<Named> named_in(const Composition& composition) {
  std::vector<Named> out;
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.status != PhaseStatus::below_lod && std::isfinite(entry.share.value)) {
        out.push_back({{entry.phase}, "", entry.share, false});
      }
    }
  }
  for (const auto& group : composition.groups) {
    out.push_back({group.members, group.name, group.share, false});
  }
  return out;
}

bool share_an_id(const Named& a, const Named& b) {
  return std::any_of(a.ids.begin(), a.ids.end(), [&](const auto& id) {
    return std::find(b.ids.begin(), b.ids.end(), id) != b.ids.end();
  });
}

Named* partner_of(const Named& item, std::vector<Named>& others) {
  Named* best = nullptr;
  for (auto& other : others) {
    if (!other.is_matched && share_an_id(item, other) &&
        (best == nullptr || other.share.value > best->share.value)) {
      best = &other;
    }
  }
  return best;
}

// Covers what either mode says; which of the two values holds is not known, and the mode that fits
// badly does not know its own uncertainty.
Estimate covering(Estimate share, const Estimate& other) {
  const double u = std::min(share.u, other.u);
  share.lo95 = share_interval(std::min(share.value, other.value), u).first;
  share.hi95 = share_interval(std::max(share.value, other.value), u).second;
  share.u = std::hypot(u, 0.5 * (share.value - other.value));
  return share;
}

double residual_rms(const CompositionInput& input, const Composition& composition) {
  const auto& curves = composition.curves;
  if (curves.fit.empty()) {
    return std::numeric_limits<double>::infinity();
  }
  double sum = 0;
  for (std::size_t i = 0; i < curves.fit.size(); ++i) {
    const double miss = input.y[static_cast<std::size_t>(curves.first_point) + i] - curves.fit[i];
    sum += miss * miss;
  }
  return std::sqrt(sum / static_cast<double>(curves.fit.size()));
}

// Puts what two modes say into the composition of one of them.
class Agreement {
 public:
  Agreement(Composition out, const Composition& other)
      : out_(std::move(out)), other_(other), own_(named_in(out_)), others_(named_in(other)) {}

  // Nothing if the modes name different things.
  std::optional<Composition> run() {
    for (auto& item : own_) {
      auto* partner = partner_of(item, others_);
      if (partner != nullptr) {
        item.is_matched = true;
        partner->is_matched = true;
        unite(item, *partner);
      } else if (item.share.lo95 >= least_disputed) {
        return std::nullopt;
      } else {
        give_up(item);
      }
    }
    const bool is_disputed = std::any_of(others_.begin(), others_.end(), [](const Named& item) {
      return !item.is_matched && item.share.lo95 >= least_disputed;
    });
    if (is_disputed) {
      return std::nullopt;
    }
    out_.unexplained_flag = out_.unexplained_flag || other_.unexplained_flag;
    return std::move(out_);
  }

 private:
  PhaseShare* entry_of(const std::string& id) {
    for (auto* list : {&out_.phases, &out_.matrix}) {
      for (auto& entry : *list) {
        if (entry.phase == id) {
          return &entry;
        }
      }
    }
    return nullptr;
  }

  // A phase that only the other mode lists.
  PhaseShare& add_from_other(const std::string& id) {
    for (const auto& entry : other_.phases) {
      if (entry.phase == id) {
        return out_.phases.emplace_back(entry);
      }
    }
    const auto found = std::find_if(other_.matrix.begin(),
                                    other_.matrix.end(),
                                    [&](const PhaseShare& entry) { return entry.phase == id; });
    return out_.matrix.emplace_back(*found);
  }

  void unite(const Named& item, const Named& partner) {
    auto ids = item.ids;
    for (const auto& id : partner.ids) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
        ids.push_back(id);
      }
    }
    const auto share = covering(item.share, partner.share);
    if (ids.size() == 1) {
      entry_of(ids.front())->share = share;
      return;
    }
    auto& group = group_of(item, partner);
    group.members = ids;
    group.share = share;
    for (const auto& id : ids) {
      auto* known = entry_of(id);
      auto& entry = known != nullptr ? *known : add_from_other(id);
      entry.status = PhaseStatus::ambiguous;
      entry.share = Estimate{};
      entry.share.status = EstimateStatus::not_identifiable;
      entry.share.reason = "cannot be told from the other members of the group " + group.name;
    }
  }

  PhaseGroup& group_of(const Named& item, const Named& partner) {
    const auto found =
        std::find_if(out_.groups.begin(), out_.groups.end(), [&](const PhaseGroup& group) {
          return group.name == item.group && group.members == item.ids;
        });
    if (found != out_.groups.end()) {
      return *found;
    }
    PhaseGroup group;
    group.name = partner.group;
    return out_.groups.emplace_back(std::move(group));
  }

  // A small share that one mode alone names counts as unexplained.
  void give_up(const Named& item) {
    const std::string reason = "named by the references of one sampling mode alone";
    for (const auto& id : item.ids) {
      auto* entry = entry_of(id);
      entry->status = PhaseStatus::not_determinable;
      entry->share = Estimate{};
      entry->share.reason = reason;
    }
    std::erase_if(out_.groups, [&](const PhaseGroup& group) {
      return !item.group.empty() && group.members == item.ids;
    });
    auto& rest = out_.unexplained;
    rest.value += item.share.value;
    rest.u = std::hypot(rest.u, item.share.u);
    rest.hi95 = std::min(1.0, rest.hi95 + item.share.hi95);
  }

  Composition out_;
  const Composition& other_;
  std::vector<Named> own_;
  std::vector<Named> others_;
};

void refuse_modes(std::string_view reason, Composition& out) {
  out.total = Estimate{};
  out.total.reason =
      std::string(reason) + "; the sampling mode is not known, state --mode transmission or atr";
  for (auto* list : {&out.phases, &out.matrix}) {
    for (auto& entry : *list) {
      entry.status = PhaseStatus::not_determinable;
      entry.share = Estimate{};
      entry.share.reason = out.total.reason;
    }
  }
  out.groups.clear();
  out.unexplained = Estimate{};
  out.unexplained.reason = out.total.reason;
}

Composition from_one(Composition known, SamplingMode mode, bool is_clear) {
  if (is_clear) {
    known.mode_basis = ModeBasis::found_by_fit;
    known.mode = mode;
  } else {
    refuse_modes(
        "the references of one sampling mode explain the spectrum hardly better than those of "
        "the other, which name nothing",
        known);
  }
  return known;
}

}  // namespace

Composition compose_for_either_mode(const CompositionInput& input,
                                    const ReferenceLibrary& library,
                                    const CompositionOptions& options) {
  const CompositionInput as_transmission{
      input.axis, input.y, input.technique, SamplingMode::transmission};
  const CompositionInput as_atr{input.axis, input.y, input.technique, SamplingMode::atr};
  auto transmission = estimate_composition(as_transmission, library, options);
  auto atr = estimate_composition(as_atr, library, options);
  const double transmission_rms = residual_rms(input, transmission);
  const double atr_rms = residual_rms(input, atr);
  const bool knows_transmission = transmission.total.status == EstimateStatus::ok;
  const bool knows_atr = atr.total.status == EstimateStatus::ok;
  auto& better = atr_rms < transmission_rms ? atr : transmission;
  const auto& other = atr_rms < transmission_rms ? transmission : atr;
  if (!knows_transmission && !knows_atr) {
    return std::move(better);
  }
  if (!knows_transmission) {
    return from_one(std::move(atr), SamplingMode::atr, atr_rms < clear_misfit * transmission_rms);
  }
  if (!knows_atr) {
    return from_one(std::move(transmission),
                    SamplingMode::transmission,
                    transmission_rms < clear_misfit * atr_rms);
  }
  if (auto common = Agreement(better, other).run()) {
    common->mode_basis = ModeBasis::either;
    return std::move(*common);
  }
  refuse_modes("as a transmission spectrum it holds other phases than as an ATR spectrum", better);
  return std::move(better);
}

}  // namespace calcispec::models::detail

namespace calcispec::models {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

namespace {

Composition refusal(const std::string& reason) {
  Composition out;
  out.total.status = EstimateStatus::not_determinable;
  out.total.reason = reason;
  out.unexplained.reason = reason;
  return out;
}

}  // namespace

Composition estimate_composition(const CompositionInput& input,
                                 const ReferenceLibrary& library,
                                 const CompositionOptions& options) {
  const auto reason = obstacle(input);
  if (!reason.empty()) {
    return refusal(reason);
  }
  if (input.technique == Technique::ftir && input.mode != SamplingMode::atr &&
      input.mode != SamplingMode::transmission) {
    return compose_for_either_mode(input, library, options);
  }
  const auto range = options.range_cm1.value_or(default_range(input.technique));
  auto window = cut_window(input, range.first, range.second);
  if (window.x.empty()) {
    return refusal("fewer than 16 points lie in the range of the composition");
  }
  Composition out;
  out.from_cm1 = window.x.front();
  out.to_cm1 = window.x.back();
  out.noise_sigma = window.noise;
  if (!(window.height > 0)) {
    auto flat = refusal("the spectrum is constant");
    flat.from_cm1 = out.from_cm1;
    flat.to_cm1 = out.to_cm1;
    return flat;
  }
  const Setting setting{.technique = technique_of(input), .draws_curves = options.draws_curves};
  estimate_window(std::move(window), library, setting, nullptr, out);
  return out;
}

}  // namespace calcispec::models
