#include "models/weight_fractions.hpp"

#include "core/band_mixture.hpp"
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace calcispec::models {
namespace {

// One thing that carries a share: a group, or a phase of no group.
struct Entry {
  std::vector<std::string> ids;
  Estimate* share = nullptr;
  double* lod = nullptr;
  PhaseStatus status = PhaseStatus::not_determinable;
};

std::vector<Entry> entries_of(Composition& composition) {
  std::vector<Entry> out;
  std::set<std::string> grouped;
  for (auto& group : composition.groups) {
    grouped.insert(group.members.begin(), group.members.end());
    out.push_back({group.members, &group.share, nullptr, group.status});
  }
  for (auto* list : {&composition.phases, &composition.matrix}) {
    for (auto& row : *list) {
      if (grouped.count(row.phase) == 0) {
        out.push_back({{row.phase}, &row.share, &row.lod, row.status});
      }
    }
  }
  return out;
}

bool fractions_hold(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// 0 where nothing is known of it.
double correlation_between(const ShareCorrelation& correlation, const Entry& a, const Entry& b) {
  const auto& phases = correlation.phases;
  const auto row_of = [&](const Entry& entry) {
    return std::find_if(phases.begin(),
                        phases.end(),
                        [&](const auto& id) { return fractions_hold(entry.ids, id); }) -
           phases.begin();
  };
  const auto count = static_cast<std::ptrdiff_t>(phases.size());
  const auto row = row_of(a);
  const auto column = row_of(b);
  return row < count && column < count
             ? correlation.values[static_cast<std::size_t>(row * count + column)]
             : 0.0;
}

// Glass, resins and gases are no part of the specimen.
bool is_foreign(const std::string& id) {
  static const std::set<std::string> foreign = [] {
    const CsvTable table(embedded_file("phases.csv"), "phases.csv");
    std::set<std::string> out;
    for (Index row = 0; row < table.rows(); ++row) {
      const auto& role = table.text(row, "role");
      if (role == "substrate" || role == "gas") {
        out.insert(table.text(row, "id"));
      }
    }
    return out;
  }();
  return foreign.count(id) == 1;
}

void leave_out(const std::string& reason, Entry& entry) {
  *entry.share = Estimate{};
  entry.share->reason = reason;
  if (entry.lod != nullptr) {
    *entry.lod = std::nan("");
  }
}

struct Factor {
  double response = 0;
  double log_sd = 0;
};

const std::map<std::string, Factor>& assumed_factors() {
  static const auto all = [] {
    const CsvTable table(embedded_file("response.csv"), "response.csv");
    std::map<std::string, Factor> out;
    for (Index row = 0; row < table.rows(); ++row) {
      out[table.text(row, "phase")] = {table.number(row, "response"), table.number(row, "log_sd")};
    }
    return out;
  }();
  return all;
}

// Of the phase, or of any of its kind: apatites answer alike.
const Factor* factor_of(const std::vector<std::string>& ids) {
  const auto& all = assumed_factors();
  for (const auto& id : ids) {
    const bool is_apatite = id.find("apatite") != std::string::npos;
    const auto found = all.find(is_apatite ? "hydroxyapatite" : id);
    if (found != all.end()) {
      return &found->second;
    }
  }
  return nullptr;
}

double height_of(const Composition& composition, const std::vector<std::string>& ids) {
  double best = 0;
  for (const auto& band : composition.bands) {
    best = fractions_hold(ids, band.phase) ? std::max(best, band.height) : best;
  }
  return best;
}

// Highest point over area of the fitted bands of all `ids` together.
struct ShapeFactor {
  double height_per_area = 0;
  double u = 0;  // a part of it
};

ShapeFactor shape_factor_of(const Composition& composition, const std::vector<std::string>& ids) {
  constexpr double lorentz_share = 0.5;  // matters for bands beside one another only
  std::vector<const FittedBand*> bands;
  double area = 0;
  for (const auto& band : composition.bands) {
    if (fractions_hold(ids, band.phase) && band.height > 0) {
      bands.push_back(&band);
      area += band.area;
    }
  }
  ShapeFactor out;
  double highest = 0;
  for (const auto* at : bands) {
    double height = 0;
    for (const auto* band : bands) {
      height += band->height *
                pseudo_voigt(at->center_cm1, band->center_cm1, band->fwhm_cm1, lorentz_share);
    }
    if (height > highest) {
      highest = height;
      out.u = at->fwhm_u / at->fwhm_cm1;
    }
  }
  out.height_per_area = area > 0 ? highest / area : 0;
  return out;
}

double logit(double part) {
  return std::log(part) - std::log1p(-part);
}
double expit(double value) {
  return 1 / (1 + std::exp(-value));
}

// A named phase on its way from a share to a weight.
struct Weighed {
  Entry entry;
  double share = 0;
  double per_share = 0;  // weight of a unit of share
  double log_sd = 0;
};

// Weight fraction of `item` if its share were another one and the rest shrank or grew alike.
double weight_at(double share, const Weighed& item, double rest_weight) {
  const double own = share * item.per_share;
  const double rest = item.share < 1 ? rest_weight * (1 - share) / (1 - item.share) : 0;
  return own + rest > 0 ? own / (own + rest) : 0;
}

Estimate weighed(const std::vector<Weighed>& items, std::size_t index) {
  const auto& item = items[index];
  double rest = 0;
  for (const auto& other : items) {
    rest += &other == &item ? 0 : other.share * other.per_share;
  }
  double variance = item.log_sd * item.log_sd;
  for (const auto& other : items) {
    if (&other != &item) {
      variance += std::pow(other.share * other.per_share / rest * other.log_sd, 2);
    }
  }
  Estimate out;
  out.status = EstimateStatus::ok;
  if (!(rest > 0)) {
    out.value = 1;
    out.u = 0;
    out.lo95 = item.entry.share->lo95;
    out.hi95 = 1;
    return out;
  }
  out.value = weight_at(item.share, item, rest);
  const double middle = logit(out.value);
  const auto end = [&](double share, double sign) {
    const double by_share = weight_at(std::clamp(share, 0.0, 1.0), item, rest);
    if (by_share <= 0 || by_share >= 1) {
      return by_share;
    }
    return expit(middle +
                 sign * std::hypot(logit(by_share) - middle, normal_95 * std::sqrt(variance)));
  };
  out.lo95 = end(item.entry.share->lo95, -1);
  out.hi95 = end(item.entry.share->hi95, 1);
  const double slope = out.value * (1 - out.value);
  const double share_slope = slope / std::max(item.share * (1 - item.share), 1e-12);
  out.u = std::hypot(share_slope * item.entry.share->u, slope * std::sqrt(variance));
  return out;
}

}  // namespace

namespace {

// `fractions`: empty where nothing is known of the sample.
MeasuredFit amounts_where(const Composition& shares,
                          std::span<const std::string> phases,
                          std::span<const double> fractions) {
  MeasuredFit out;
  auto copy = shares;
  out.reason = shares.total.status == EstimateStatus::ok ? std::string() : shares.total.reason;
  out.ids.assign(phases.begin(), phases.end());
  out.amounts.assign(phases.size(), 0.0);
  out.areas.assign(phases.size(), 1.0);
  out.height_per_area.assign(phases.size(), 0.0);
  out.height_per_area_u.assign(phases.size(), 0.0);
  std::vector<double> u(phases.size(), 0.0);
  std::vector<const Entry*> entry_of(phases.size(), nullptr);
  const auto entries = entries_of(copy);
  for (const auto& entry : entries) {
    std::string first;
    for (std::size_t i = 0; i < phases.size(); ++i) {
      if (!fractions_hold(entry.ids, phases[i])) {
        continue;
      }
      const bool is_weighed_in = i < fractions.size() && fractions[i] > 0;
      const bool is_fitted = entry.status == PhaseStatus::ambiguous && entry.share->value > 0;
      const bool counts = entry.status == PhaseStatus::quantified || (is_weighed_in && is_fitted);
      if (!first.empty() && counts) {
        out.reason = phases[i] + " cannot be told from " + first + " in this spectrum";
      }
      first = phases[i];
      if (counts) {
        out.amounts[i] = entry.share->value;
        u[i] = entry.share->u;
        entry_of[i] = &entry;
        const auto shape = shape_factor_of(shares, entry.ids);
        out.height_per_area[i] = shape.height_per_area;
        out.height_per_area_u[i] = shape.u;
      }
    }
  }
  for (std::size_t i = 0; i < phases.size(); ++i) {
    for (std::size_t j = 0; j < phases.size(); ++j) {
      const bool is_named = entry_of[i] != nullptr && entry_of[j] != nullptr;
      const double together =
          i == j || !is_named
              ? static_cast<double>(i == j)
              : correlation_between(shares.share_correlation, *entry_of[i], *entry_of[j]);
      out.covariance.push_back(u[i] * u[j] * together);
    }
  }
  return out;
}

}  // namespace

MeasuredFit amounts_of(const Composition& shares, std::span<const std::string> phases) {
  return amounts_where(shares, phases, {});
}

MeasuredFit amounts_of_known(const Composition& shares,
                             std::span<const std::string> phases,
                             std::span<const double> fractions) {
  auto out = amounts_where(shares, phases, fractions);
  for (std::size_t i = 0; out.reason.empty() && i < phases.size(); ++i) {
    if (fractions[i] > 0 && !(out.amounts[i] > 0)) {
      out.reason = phases[i] + " was weighed in and is not found in the spectrum";
    }
  }
  return out;
}

void weigh(const ResponseCalibration& calibration, Composition& composition) {
  composition.calibration_id = calibration.id;
  composition.calibration_status = CalibrationStatus::user;
  const auto refuse = [&](const std::string& reason) { composition.calibration_reason = reason; };
  if (composition.total.status != EstimateStatus::ok) {
    return refuse(composition.total.reason);
  }
  auto entries = entries_of(composition);
  for (const auto& entry : entries) {
    const bool is_known = std::any_of(entry.ids.begin(), entry.ids.end(), [&](const auto& id) {
      return fractions_hold(calibration.phases, id) || is_foreign(id);
    });
    if (entry.status == PhaseStatus::quantified && !is_known) {
      return refuse("the calibration " + calibration.id + " has no response of " +
                    entry.ids.front());
    }
  }
  const auto fit = amounts_of(composition, calibration.phases);
  const auto weights = weight_fractions(fit, calibration);
  if (weights.total.status != EstimateStatus::ok) {
    return refuse(weights.total.reason);
  }
  for (auto& entry : entries) {
    const auto found =
        std::find_if(weights.phases.begin(), weights.phases.end(), [&](const auto& row) {
          return fractions_hold(entry.ids, row.phase);
        });
    if (found == weights.phases.end() || entry.status == PhaseStatus::ambiguous) {
      leave_out("no part of the weight: not named, or no part of the specimen", entry);
      continue;
    }
    *entry.share = found->share;
    if (entry.lod != nullptr) {
      *entry.lod = found->lod;
    }
  }
  composition.basis = CompositionBasis::weight_fraction;
}

void weigh_by_assumed_response(Technique technique, Composition& composition) {
  composition.calibration_id = "assumed_response";
  composition.calibration_status = CalibrationStatus::placeholder;
  const auto refuse = [&](const std::string& reason) { composition.calibration_reason = reason; };
  if (technique != Technique::raman) {
    return refuse("response factors are assumed for Raman only");
  }
  if (composition.total.status != EstimateStatus::ok) {
    return refuse(composition.total.reason);
  }
  auto entries = entries_of(composition);
  std::vector<Weighed> items;
  std::vector<Entry> others;
  for (const auto& entry : entries) {
    if (entry.status != PhaseStatus::quantified || is_foreign(entry.ids.front())) {
      others.push_back(entry);
      continue;
    }
    const auto* factor = factor_of(entry.ids);
    const double height = height_of(composition, entry.ids);
    if (factor == nullptr || !(height > 0)) {
      return refuse("no response factor is assumed for " + entry.ids.front());
    }
    const double share = entry.share->value;
    items.push_back({entry, share, height / factor->response / share, factor->log_sd});
  }
  if (items.empty()) {
    return refuse("nothing was named that could be weighed");
  }
  std::vector<Estimate> weights;
  for (std::size_t i = 0; i < items.size(); ++i) {
    weights.push_back(weighed(items, i));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].entry.lod != nullptr) {
      *items[i].entry.lod *= weights[i].u / std::max(items[i].entry.share->u, 1e-12);
    }
    *items[i].entry.share = weights[i];
  }
  for (auto& entry : others) {
    leave_out("no part of the weight: not named, or no part of the specimen", entry);
  }
  composition.basis = CompositionBasis::weight_fraction;
}

}  // namespace calcispec::models
