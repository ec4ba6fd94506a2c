// ResponseCalibration: how strongly each reference answers per unit of weight, learnt from
// standards.
#pragma once

#include "models/measured_mixture.hpp"

#include <optional>

namespace calcispec::models {

/// What standards tell beyond responses: how much of one reference is read as another, how wrong a
/// fraction is, and where samples of their kind lie.
struct WeightCorrection {
  std::vector<double> cross_talk;  // row-major phases x phases: the row's part read as the column's
  std::vector<double> cross_talk_covariance;  // phases x phases, of each column of `cross_talk`
  double cross_talk_shown = 0;       // variance that is left of it in a standard left out, mean
  double response_variance = 0;      // of the logarithm of a response, from sample to sample
  double constant_variance = 0;      // of a fraction, whatever its size
  std::vector<double> phase_factor;  // of response_variance, per phase
  double noise = 0;          // of a fraction in the noisiest standard, root mean square over phases
  std::vector<double> mean;  // fractions of the standards
  std::vector<double> variance;  // of samples about `mean`
};

/// Bound to the library, technique and sampling mode it was learnt with.
struct ResponseCalibration {
  std::string id;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::none;
  std::string library_sha256;
  std::vector<std::string> phases;
  std::vector<double> log_response;  // mean 0: only ratios count
  /// Per phase the highest point over the area, geometric mean of the standards, where its amount
  /// is measured by height; 0: by area. Empty: all are by area.
  std::vector<double> height_per_area;
  std::vector<double> covariance;  // phases x phases, of log_response
  std::vector<double> lowest;      // weight fractions of the standards, per phase
  std::vector<double> highest;
  double error = 0;    // root mean square of the weight fractions, each standard left out in turn
  double noise = 0;    // part of it that the standards' own fits explain
  double freedom = 0;  // of `error`
  Index standards = 0;
  std::optional<WeightCorrection> correction;  // where it predicts standards better than without
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
  double uncorrected_error = 0;  // `error` without the correction
};

/// Weight fractions w_i = (amount_i / response_i) / sum; the responses minimise the squares of what
/// the fractions miss. A weak prior (factor e) holds what the standards do not tell.
///
/// Amount     the area, or the height of the highest point for a phase whose shape differs from
///            standard to standard, where standards left out are then predicted better by a tenth:
///            a disordered apatite has a wide nu1, and instruments and preparations differ in
///            which of the two goes with its weight
/// Throws Error{invalid_argument}: fewer than 3 standards, or a phase that is in none of them.
LearntResponse learn_response(std::span<const Standard> standards);

/// The same for fits of measured references, with a WeightCorrection where it pays.
///
/// Used       with 6 standards or more, if those left out in turn are then predicted better, and
///            if their error without is no less than 3/4 of what cross-talk of the size expected
///            would make: a smaller one leaves nothing to correct
/// Prior      an element of the cross-talk has the sd 0.05, a choice of ours, not of the literature
/// Cost       2 * standards fits of the responses more than learn_response
LearntResponse learn_measured_response(std::span<const Standard> standards);

/// Weight fractions of all phases of the calibration, or the reason why there are none. The
/// interval comes from `error` (Student's t) and, where the spectrum is noisier than the standards,
/// its noise. With a correction, cross-talk is taken off, the fractions are drawn to the mean of
/// the standards as far as their own error makes a sample of that kind more likely (the less, the
/// farther they lie), and the error is that of the corrected model at these fractions.
Composition weight_fractions(const MeasuredFit& fit, const ResponseCalibration& calibration);

}  // namespace calcispec::models
