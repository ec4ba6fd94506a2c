// CalibrationDomain: which samples a calibration was made for; others are refused.
#pragma once

#include "models/composition.hpp"

#include <optional>
#include <string>
#include <vector>

namespace calcispec::models {

/// What of a spectrum decides whether it is of the same kind as others.
struct DomainSample {
  std::vector<std::string> phases;  // named, members of groups included
  std::vector<std::string> main;    // those of them above a tenth of the signal
  double nu1_cm1 = 0;               // Raman nu1 PO4 with the axis corrected; 0: none
  double nu1_u = 0;
  double from_cm1 = 0;         // of the first cell
  std::vector<double> signal;  // background-free, means over cells; NaN outside the measured range
  double noise = 0;            // of a cell
};

struct CalibrationDomain {
  std::vector<std::string> phases;  // named in any standard
  double nu1_cm1 = 0;               // 0: not known
  double nu1_sd = 0;
  double from_cm1 = 0;
  Index points = 0;              // cells of a pattern
  std::vector<double> patterns;  // two patterns of `points`, orthonormal; empty: not known
  double most_miss = 0;          // largest part of the signal that the patterns may leave
  Index standards = 0;
};

/// Width of a cell.
inline constexpr double domain_cell_cm1 = 4;

/// Nothing if the composition could not be determined.
std::optional<DomainSample> domain_sample(const CompositionInput& input,
                                          const Composition& composition);

/// Two patterns span mixtures of one mineral and one matrix; how much of a standard the patterns of
/// the others leave says what is usual.
/// Source     residuals of principal components as a limit: Jackson & Mudholkar, Technometrics 21
///            (1979) 341; here an upper limit of normal scatter (99.5 %) instead of theirs
CalibrationDomain learn_domain(const std::vector<DomainSample>& samples);

/// Why the sample is of another kind than the standards; empty: it is not.
std::string outside_domain(const CalibrationDomain& domain, const DomainSample& sample);

}  // namespace calcispec::models
