#include "models/calibration_domain.hpp"

#include "core/decomposition.hpp"
#include "models/series.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::models {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index pattern_count = 2;
constexpr double calibration_domain_main_share = 0.1;
constexpr double least_miss = 0.05;    // parts of the signal that no standard need hold to
constexpr double usual_factor = 1.4;   // few standards do not show the worst case
constexpr double upper_normal = 2.58;  // 99.5 %
constexpr double least_nu1_sd = 0.3;   // 1/cm; what axes leave after correction

bool domain_holds(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void add_phases(const Composition& composition, DomainSample& sample) {
  for (const auto& group : composition.groups) {
    if (group.status != PhaseStatus::quantified) {
      continue;
    }
    sample.phases.insert(sample.phases.end(), group.members.begin(), group.members.end());
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.status == PhaseStatus::quantified) {
        sample.phases.push_back(entry.phase);
        if (entry.share.lo95 > calibration_domain_main_share) {
          sample.main.push_back(entry.phase);
        }
      }
    }
  }
}

void add_position(const Composition& composition, DomainSample& sample) {
  const FittedBand* best = nullptr;
  for (const auto& band : composition.bands) {
    const bool is_nu1 = band.phase.find("apatite") != std::string::npos && band.center_cm1 > 940 &&
                        band.center_cm1 < 980;
    if (is_nu1 && band.height > 5 * band.height_u &&
        (best == nullptr || band.height > best->height)) {
      best = &band;
    }
  }
  if (best != nullptr) {
    sample.nu1_cm1 = best->center_cm1 - composition.axis.shift_cm1;
    sample.nu1_u = std::hypot(best->center_u, composition.axis.u);
  }
}

// Means over cells; where points are farther apart than a cell, the straight line between them.
void add_signal(const CompositionInput& input,
                const Composition& composition,
                DomainSample& sample) {
  const auto& curves = composition.curves;
  const auto x = input.axis.values().subspan(static_cast<std::size_t>(curves.first_point),
                                             curves.background.size());
  std::vector<double> sums;
  std::vector<double> counts;
  sample.from_cm1 = domain_cell_cm1 * std::ceil(x.front() / domain_cell_cm1);
  const auto cells = static_cast<std::size_t>((x.back() - sample.from_cm1) / domain_cell_cm1) + 1;
  sums.assign(cells, 0.0);
  counts.assign(cells, 0.0);
  const auto signal = [&](std::size_t i) {
    return input.y[static_cast<std::size_t>(curves.first_point) + i] - curves.background[i];
  };
  const double shift = composition.axis.shift_cm1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto cell = std::lround((x[i] - shift - sample.from_cm1) / domain_cell_cm1);
    if (cell >= 0 && cell < static_cast<long>(cells)) {
      sums[static_cast<std::size_t>(cell)] += signal(i);
      counts[static_cast<std::size_t>(cell)] += 1;
    }
  }
  sample.signal.assign(cells, std::numeric_limits<double>::quiet_NaN());
  std::size_t right = 1;
  for (std::size_t c = 0; c < cells; ++c) {
    const double at = sample.from_cm1 + domain_cell_cm1 * static_cast<double>(c) + shift;
    if (counts[c] > 0) {
      sample.signal[c] = sums[c] / counts[c];
      continue;
    }
    while (right + 1 < x.size() && x[right] < at) {
      ++right;
    }
    if (at >= x[right - 1] && at <= x[right]) {
      const double part = (at - x[right - 1]) / (x[right] - x[right - 1]);
      sample.signal[c] = (1 - part) * signal(right - 1) + part * signal(right);
    }
  }
  const double per_cell =
      std::max(1.0, domain_cell_cm1 * static_cast<double>(x.size() - 1) / (x.back() - x.front()));
  sample.noise = composition.noise_sigma / std::sqrt(per_cell);
}

// The sample on the cells of a domain; NaN where it was not measured.
VectorXd on_cells(const DomainSample& sample, double from_cm1, Index points) {
  VectorXd out = VectorXd::Constant(points, std::numeric_limits<double>::quiet_NaN());
  const auto first = std::lround((from_cm1 - sample.from_cm1) / domain_cell_cm1);
  for (Index i = 0; i < points; ++i) {
    const auto at = first + i;
    if (at >= 0 && at < static_cast<long>(sample.signal.size())) {
      out[i] = sample.signal[static_cast<std::size_t>(at)];
    }
  }
  return out;
}

// Part of the signal's norm that the patterns and a parabola leave, the noise's share taken off.
double miss_of(const MatrixXd& patterns, const VectorXd& cells, double noise) {
  std::vector<Index> used;
  for (Index i = 0; i < cells.size(); ++i) {
    if (std::isfinite(cells[i])) {
      used.push_back(i);
    }
  }
  const auto count = static_cast<Index>(used.size());
  const Index columns = patterns.cols() + 3;
  if (count < 4 * columns) {
    return 1;
  }
  MatrixXd design(count, columns);
  VectorXd y(count);
  for (Index r = 0; r < count; ++r) {
    const Index i = used[static_cast<std::size_t>(r)];
    const double t = 2.0 * static_cast<double>(i) / static_cast<double>(cells.size() - 1) - 1;
    design.row(r).head(patterns.cols()) = patterns.row(i);
    design(r, columns - 3) = 1;
    design(r, columns - 2) = t;
    design(r, columns - 1) = t * t;
    y[r] = cells[i];
  }
  const VectorXd rest = y - design * solve_least_squares(design, y);
  const double noise_square = noise * noise * static_cast<double>(count - columns);
  const double signal = y.squaredNorm() - noise * noise * static_cast<double>(count);
  return signal > 0 ? std::sqrt(std::max(0.0, rest.squaredNorm() - noise_square) / signal) : 1;
}

// Leading patterns of spectra of equal norm, by the eigenvectors of their products.
MatrixXd patterns_of(const MatrixXd& spectra) {
  const MatrixXd products = spectra.transpose() * spectra;
  const auto eigen = symmetric_eigen(products);
  const Index count = std::min<Index>(pattern_count, spectra.cols());
  MatrixXd patterns = spectra * eigen.vectors.rightCols(count);
  for (Index k = 0; k < count; ++k) {
    const double size = patterns.col(k).norm();
    patterns.col(k) *= size > 0 ? 1 / size : 0;
  }
  return patterns;
}

MatrixXd without(const MatrixXd& spectra, Index column) {
  MatrixXd out(spectra.rows(), spectra.cols() - 1);
  out.leftCols(column) = spectra.leftCols(column);
  out.rightCols(out.cols() - column) = spectra.rightCols(out.cols() - column);
  return out;
}

// Upper limit of a further value from the same normal distribution.
double upper_limit(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) {
    mean += value / count;
  }
  double square = 0;
  for (const double value : values) {
    square += (value - mean) * (value - mean);
  }
  const double sd = std::sqrt(square / (count - 1));
  return mean + upper_normal * student_factor(count - 1) * sd * std::sqrt(1 + 1 / count);
}

void learn_patterns(const std::vector<DomainSample>& samples, CalibrationDomain& domain) {
  double from = samples.front().from_cm1;
  double to = 1e9;
  for (const auto& sample : samples) {
    from = std::max(from, sample.from_cm1);
    to = std::min(
        to, sample.from_cm1 + domain_cell_cm1 * static_cast<double>(sample.signal.size() - 1));
  }
  const auto points = static_cast<Index>((to - from) / domain_cell_cm1) + 1;
  if (to <= from || points < 40) {
    return;
  }
  const auto count = static_cast<Index>(samples.size());
  MatrixXd spectra(points, count);
  for (Index s = 0; s < count; ++s) {
    VectorXd cells = on_cells(samples[static_cast<std::size_t>(s)], from, points);
    cells = cells.unaryExpr([](double y) { return std::isfinite(y) ? y : 0.0; });
    spectra.col(s) = cells / std::max(cells.norm(), 1e-300);
  }
  std::vector<double> misses;
  for (Index s = 0; s < count; ++s) {
    const auto& sample = samples[static_cast<std::size_t>(s)];
    misses.push_back(
        miss_of(patterns_of(without(spectra, s)), on_cells(sample, from, points), sample.noise));
  }
  const MatrixXd patterns = patterns_of(spectra);
  domain.from_cm1 = from;
  domain.points = points;
  domain.patterns.assign(patterns.data(), patterns.data() + patterns.size());
  const double largest = *std::max_element(misses.begin(), misses.end());
  domain.most_miss = std::max({least_miss, upper_limit(misses), usual_factor * largest});
}

void learn_position(const std::vector<DomainSample>& samples, CalibrationDomain& domain) {
  std::vector<double> positions;
  double sum = 0;
  for (const auto& sample : samples) {
    if (sample.nu1_cm1 > 0) {
      positions.push_back(sample.nu1_cm1);
      sum += sample.nu1_cm1;
    }
  }
  if (positions.size() < 3) {
    return;
  }
  const auto count = static_cast<double>(positions.size());
  domain.nu1_cm1 = sum / count;
  double square = 0;
  for (const double position : positions) {
    square += std::pow(position - domain.nu1_cm1, 2);
  }
  domain.nu1_sd = std::max(least_nu1_sd, std::sqrt(square / (count - 1)));
}

bool has_any(const std::vector<std::string>& ids, const char* word) {
  return std::any_of(
      ids.begin(), ids.end(), [&](const auto& id) { return id.find(word) != std::string::npos; });
}

// The kind of mineral or matrix differs where none of the sample's words is among the standards'.
std::string other_member(const CalibrationDomain& domain,
                         const DomainSample& sample,
                         const std::vector<const char*>& words) {
  std::string found;
  for (const auto& id : sample.phases) {
    const bool is_of_kind = std::any_of(words.begin(), words.end(), [&](const char* word) {
      return id.find(word) != std::string::npos;
    });
    if (!is_of_kind) {
      continue;
    }
    if (domain_holds(domain.phases, id)) {
      return {};
    }
    found += (found.empty() ? "" : " or ") + id;
  }
  const bool knows_kind = std::any_of(
      words.begin(), words.end(), [&](const char* word) { return has_any(domain.phases, word); });
  return knows_kind ? found : std::string();
}

}  // namespace

std::optional<DomainSample> domain_sample(const CompositionInput& input,
                                          const Composition& composition) {
  if (composition.total.status != EstimateStatus::ok || composition.curves.background.size() < 2) {
    return std::nullopt;
  }
  DomainSample sample;
  add_phases(composition, sample);
  if (input.technique == Technique::raman) {
    add_position(composition, sample);
  }
  add_signal(input, composition, sample);
  return sample;
}

CalibrationDomain learn_domain(const std::vector<DomainSample>& samples) {
  CalibrationDomain domain;
  domain.standards = static_cast<Index>(samples.size());
  for (const auto& sample : samples) {
    for (const auto& id : sample.phases) {
      if (!domain_holds(domain.phases, id)) {
        domain.phases.push_back(id);
      }
    }
  }
  if (samples.size() >= 4) {
    learn_position(samples, domain);
    learn_patterns(samples, domain);
  }
  return domain;
}

std::string outside_domain(const CalibrationDomain& domain, const DomainSample& sample) {
  if (domain.standards == 0) {
    return {};
  }
  for (const auto& words : {
           std::vector<const char*>{"apatite" },
           std::vector<const char*>{ "collagen", "keratin", "elastin"}
  }) {
    const auto other = other_member(domain, sample, words);
    if (!other.empty()) {
      return "the sample holds " + other + ", which no standard held";
    }
  }
  for (const auto& id : sample.main) {
    if (!domain_holds(domain.phases, id)) {
      return "more than a tenth of the signal is " + id + ", which no standard held";
    }
  }
  if (domain.nu1_cm1 > 0 && sample.nu1_cm1 > 0) {
    const auto count = static_cast<double>(domain.standards);
    const double reach = upper_normal * student_factor(count - 1) *
                         std::hypot(domain.nu1_sd * std::sqrt(1 + 1 / count), sample.nu1_u);
    if (std::abs(sample.nu1_cm1 - domain.nu1_cm1) > reach) {
      const auto tenths = std::lround(10 * sample.nu1_cm1);
      return "nu1 PO4 stands at " + std::to_string(tenths / 10) + "." +
             std::to_string(tenths % 10) + " 1/cm, too far from that of the standards";
    }
  }
  if (!domain.patterns.empty()) {
    const Eigen::Map<const MatrixXd> patterns(
        domain.patterns.data(),
        domain.points,
        static_cast<Index>(domain.patterns.size()) / domain.points);
    const double miss =
        miss_of(patterns, on_cells(sample, domain.from_cm1, domain.points), sample.noise);
    if (miss > domain.most_miss) {
      return "its spectrum is no mixture of the standards' spectra (" +
             std::to_string(std::lround(100 * miss)) + " % is left, at most " +
             std::to_string(std::lround(100 * domain.most_miss)) + " % are usual)";
    }
  }
  return {};
}

}  // namespace calcispec::models
