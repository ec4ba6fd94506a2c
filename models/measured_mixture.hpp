// fit_measured: how much of each measured reference spectrum is in a spectrum.
#pragma once

#include "models/composition.hpp"

#include <limits>
#include <string>
#include <vector>

namespace calcispec::models {

/// A spectrum of a pure substance, as the user measured it.
struct MeasuredReference {
  std::string id;
  std::string file;  // relative to the library
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
  AxisPtr axis;
  std::vector<double> y;
  std::string formula;
  double density_g_cm3 = std::numeric_limits<double>::quiet_NaN();
  std::string source;
  std::string licence;
  std::string sha256;  // of the file
};

struct MeasuredLibrary {
  std::vector<MeasuredReference> references;
  std::string sha256;  // of ids, techniques, modes and files
};

struct MeasuredFit {
  std::string reason;              // why there is no answer; empty: there is one
  std::vector<std::string> ids;    // references of the spectrum's technique and mode
  std::vector<double> amounts;     // of each reference as measured, >= 0
  std::vector<double> covariance;  // ids x ids; rows of amounts at 0 are 0
  std::vector<double> areas;       // of each reference above its own background
  /// Of each reference the highest point over the area, 0 where it was not found, and what that is
  /// uncertain by as a part of it; empty: references keep their shape, so that a height tells what
  /// an area tells.
  std::vector<double> height_per_area;
  std::vector<double> height_per_area_u;
  double from_cm1 = 0;
  double to_cm1 = 0;
  AxisCorrection axis;
  double condition_number = 0;
  double noise_sigma = 0;
  std::vector<UnexplainedBand> unexplained;  // above 5 sigma of noise and misfit together
  CompositionCurves curves;
};

/// Fits the slopes of a spectrum with the slopes of references: a background, which changes slowly,
/// has hardly any.
///
/// Model      dy/dx = sum of amount * d reference(x - shift)/dx + noise + misfit, amounts >= 0
/// Slopes     Savitzky-Golay, second order, over about 12 1/cm
/// Weights    Huber's, with 1.5 robust standard deviations of what is left: relative heights within
///            one substance change with grain and orientation, and few bands must not decide
/// Shift      of the axis, prior sd 1 1/cm, at most 3
/// Needs      references and spectrum that share at least 32 points; never throws for poor data
/// Source     Huber, Ann. Math. Statist. 35 (1964) 73; slopes: O'Haver & Begley, Anal. Chem. 53
///            (1981) 1876
MeasuredFit fit_measured(const CompositionInput& input,
                         const MeasuredLibrary& library,
                         const CompositionOptions& options);

/// Shares of the signal, or the reason why there are none. `input` as fitted.
Composition shares_of(const MeasuredFit& fit);

}  // namespace calcispec::models
