// ResponseCalibration: how strongly each reference answers per unit of weight, learnt from
// standards.
#pragma once

#include "models/measured_mixture.hpp"

namespace calcispec::models {

/// Bound to the library, technique and sampling mode it was learnt with.
struct ResponseCalibration {
  std::string id;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::none;
  std::string library_sha256;
  std::vector<std::string> phases;
  std::vector<double> log_response;  // mean 0: only ratios count
  std::vector<double> covariance;    // phases x phases, of log_response
  std::vector<double> lowest;        // weight fractions of the standards, per phase
  std::vector<double> highest;
  double error = 0;    // root mean square of the weight fractions, each standard left out in turn
  double noise = 0;    // part of it that the standards' own fits explain
  double freedom = 0;  // of `error`
  Index standards = 0;
};

struct Standard {
  std::string file;
  MeasuredFit fit;
  std::vector<double> fractions;  // by weight, in the order of fit.ids, sum 1
};

/// One standard left out, predicted from the others.
struct LeftOut {
  std::string file;
  std::string phase;
  double truth = 0;
  double predicted = 0;
};

struct LearntResponse {
  ResponseCalibration calibration;
  std::vector<LeftOut> left_out;
};

/// Weight fractions w_i = (amount_i / response_i) / sum; the responses minimise the squares of what
/// the fractions miss. A weak prior (factor e) holds what the standards do not tell.
/// Throws Error{invalid_argument}: fewer than 3 standards, or a phase that is in none of them.
LearntResponse learn_response(std::span<const Standard> standards);

/// Weight fractions of all phases of the calibration, or the reason why there are none. The
/// interval comes from `error` (Student's t) and, where the spectrum is noisier than the standards,
/// its noise.
Composition weight_fractions(const MeasuredFit& fit, const ResponseCalibration& calibration);

}  // namespace calcispec::models
