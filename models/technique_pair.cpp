#include "models/technique_pair.hpp"

#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace calcispec::models {
namespace {

constexpr double chance = 2.326;  // normal, 1 % one-sided
constexpr double least_u = 1e-4;

// What carries a share in one spectrum.
struct Item {
  std::string name;
  std::vector<std::string> members;
  Estimate share;
  PhaseStatus status = PhaseStatus::not_determinable;
};

std::vector<Item> items_of(const Composition& composition) {
  std::vector<Item> out;
  std::vector<std::string> grouped;
  for (const auto& group : composition.groups) {
    grouped.insert(grouped.end(), group.members.begin(), group.members.end());
    out.push_back({group.name, group.members, group.share, group.status});
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (std::find(grouped.begin(), grouped.end(), entry.phase) == grouped.end()) {
        out.push_back({entry.phase, {entry.phase}, entry.share, entry.status});
      }
    }
  }
  return out;
}

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& id) {
    return std::find(b.begin(), b.end(), id) != b.end();
  });
}

// Phases named in any spectrum; those that share a member are one.
struct Subject {
  std::string name;
  std::vector<std::string> members;
};

std::vector<Subject> subjects_of(const std::vector<std::vector<Item>>& spectra) {
  std::vector<Subject> out;
  for (const auto& items : spectra) {
    for (const auto& item : items) {
      if (item.status != PhaseStatus::quantified) {
        continue;
      }
      const auto known = std::find_if(out.begin(), out.end(), [&](const auto& subject) {
        return overlap(subject.members, item.members);
      });
      if (known == out.end()) {
        out.push_back({item.name, item.members});
        continue;
      }
      // The narrower one says more.
      if (item.members.size() < known->members.size()) {
        *known = {item.name, item.members};
      }
    }
  }
  return out;
}

Estimate share_in(const std::vector<Item>& items, const Subject& subject) {
  for (const auto& item : items) {
    const bool has_number =
        item.status == PhaseStatus::quantified || item.status == PhaseStatus::below_lod;
    if (overlap(item.members, subject.members) && has_number && std::isfinite(item.share.value)) {
      return item.share;
    }
  }
  Estimate out;
  out.reason = "not named";
  return out;
}

double contradiction_of(const std::vector<Estimate>& values) {
  double most = 0;
  for (const auto& a : values) {
    for (const auto& b : values) {
      if (std::isfinite(a.value) && std::isfinite(b.value)) {
        const double u = std::max(least_u, std::hypot(a.u, b.u));
        most = std::max(most, std::abs(a.value - b.value) / u);
      }
    }
  }
  return most;
}

// Weighted mean of one phase.
void start(CombinedPhase& phase) {
  double weights = 0;
  double sum = 0;
  for (const auto& value : phase.by_spectrum) {
    if (std::isfinite(value.value)) {
      const double weight = 1 / std::pow(std::max(least_u, value.u), 2);
      weights += weight;
      sum += weight * value.value;
    }
  }
  phase.combined.value = sum / weights;
  phase.combined.u = 1 / std::sqrt(weights);
  phase.combined.status = EstimateStatus::ok;
}

// The sum becomes 1: phases that are known worst give most; none goes below 0.
void close(std::vector<CombinedPhase>& phases) {
  std::vector<CombinedPhase*> open;
  open.reserve(phases.size());
  for (auto& phase : phases) {
    open.push_back(&phase);
  }
  while (!open.empty()) {
    double sum = 0;
    double variance = 0;
    for (const auto& phase : phases) {
      sum += phase.combined.value;
    }
    for (const auto* phase : open) {
      variance += phase->combined.u * phase->combined.u;
    }
    for (auto* phase : open) {
      const double square = phase->combined.u * phase->combined.u;
      phase->combined.value += (1 - sum) * square / variance;
    }
    const auto negative = std::find_if(
        open.begin(), open.end(), [](const auto* phase) { return phase->combined.value < 0; });
    if (negative == open.end()) {
      // The sum tells nothing new of the errors: it was 1 in every spectrum.
      return;
    }
    (*negative)->combined.value = 0;
    open.erase(negative);
  }
}

// Wilson & Hilferty, PNAS 17 (1931) 684: the cube root of chi-square over freedom is normal.
bool is_beyond_chance(double chi_square, double freedom) {
  const double part = 2 / (9 * freedom);
  return (std::cbrt(chi_square / freedom) - (1 - part)) / std::sqrt(part) > chance;
}

void combine(CombinedComposition& out) {
  for (auto& phase : out.phases) {
    start(phase);
  }
  close(out.phases);
  double observations = 0;
  for (const auto& phase : out.phases) {
    for (const auto& value : phase.by_spectrum) {
      if (std::isfinite(value.value)) {
        observations += 1;
        out.chi_square +=
            std::pow((value.value - phase.combined.value) / std::max(least_u, value.u), 2);
      }
    }
  }
  // Each spectrum's own fractions add up to 1, so one of them says nothing new; errors of two
  // fractions that make up the whole are one error, counted twice.
  const double unlike = observations - static_cast<double>(out.phases.size());
  out.freedom = unlike - static_cast<double>(out.spectra.size()) + 1;
  if (out.freedom >= 1) {
    out.chi_square *= out.freedom / unlike;
    out.disagrees = is_beyond_chance(out.chi_square, out.freedom);
  }
  const double widening =
      out.disagrees ? std::max(1.0, std::sqrt(out.chi_square / out.freedom)) : 1;
  for (auto& phase : out.phases) {
    phase.combined.u *= widening;
    std::tie(phase.combined.lo95, phase.combined.hi95) =
        detail::share_interval(phase.combined.value, phase.combined.u);
  }
}

}  // namespace

CombinedComposition combine_spectra(std::string specimen,
                                    std::span<const SpecimenSpectrum> spectra) {
  CombinedComposition out;
  out.specimen = std::move(specimen);
  std::vector<std::vector<Item>> items;
  for (const auto& spectrum : spectra) {
    out.spectra.push_back(spectrum.id);
    items.push_back(items_of(*spectrum.composition));
    if (spectrum.composition->basis != CompositionBasis::weight_fraction && out.reason.empty()) {
      out.reason = spectrum.id +
                   " has no weight fractions, and shares of the signal of two techniques are "
                   "different quantities; calibrate both techniques for one composition";
    }
  }
  for (const auto& subject : subjects_of(items)) {
    CombinedPhase phase;
    phase.phase = subject.name;
    for (const auto& row : items) {
      phase.by_spectrum.push_back(share_in(row, subject));
    }
    phase.combined.reason = out.reason;
    phase.contradiction = out.reason.empty() ? contradiction_of(phase.by_spectrum) : 0;
    out.phases.push_back(std::move(phase));
  }
  if (out.phases.empty() && out.reason.empty()) {
    out.reason = "nothing was named in any of the spectra";
  }
  if (out.reason.empty()) {
    combine(out);
  }
  return out;
}

}  // namespace calcispec::models
