// One spectrum of a joint fit: its own parameters for given shared ones, and what it says of those.
// Private to core.
#pragma once

#include "core/fit/fit_private.hpp"
#include "core/fit_joint.hpp"

#include <Eigen/Core>

#include <vector>

namespace calcispec::band_fit {

/// An unknown of all spectra: a free parameter, or the ratio of its amount to that of the
/// reference.
struct SharedUnknown {
  Index free = -1;
  FreeParameter owner;
  bool is_ratio = false;
};

struct JointLayout {
  std::vector<SharedUnknown> shared;
  std::vector<Index> own;  // free parameters that each spectrum has for itself
  Index reference = -1;    // free amount whose ratios to the others are shared

  [[nodiscard]] Index count() const { return static_cast<Index>(shared.size()); }
};

/// `alone`: fits of the spectra one by one; the band of the largest area becomes the reference.
JointLayout joint_layout(const JointModel& joint,
                         const Compiled& compiled,
                         const std::vector<FitResult>& alone);
/// Median of the values, weighted by 1 / standard error squared.
double mean_value(const FreeParameter& owner, const std::vector<FitResult>& alone);
double mean_ratio(const JointLayout& layout,
                  const SharedUnknown& own,
                  const std::vector<FitResult>& alone);
void fill_ratios(const JointLayout& layout,
                 const Eigen::VectorXd& shared,
                 const Compiled& compiled,
                 JointFitResult& result);

/// Second and first derivative of -chi-square / 2 by the shared unknowns.
struct SharedSlopes {
  const Eigen::MatrixXd& information;
  const Eigen::VectorXd& slope;
};

class JointPart {
 public:
  void prepare(const BandModel& model, const JointSpectrum& spectrum, const FitResult& alone);
  /// The least chi-square for these shared values, into `trial`. `step`: how far they are from
  /// those of `state`, null at the beginning.
  bool fit(const JointLayout& layout,
           const Eigen::VectorXd& shared,
           const Eigen::VectorXd* step,
           const FitOptions& options);
  /// `trial` becomes `state`; fills `information` and `slope`, own parameters eliminated.
  void keep_trial(const JointLayout& layout, const Eigen::VectorXd& shared);
  /// The result with what the other spectra say of the shared unknowns.
  FitResult answer(const JointLayout& layout,
                   const Eigen::VectorXd& shared,
                   const SharedSlopes& total,
                   const FitOptions& options);

  Data data;
  Compiled compiled;
  State state;  // chi_square of the inner fit; normal matrix and gradient of all free parameters
  State trial;
  Index trial_iterations = 0;
  Eigen::MatrixXd information;
  Eigen::VectorXd slope;

 private:
  void bind(const JointLayout& layout, const Eigen::VectorXd& shared);
  [[nodiscard]] Eigen::MatrixXd directions(const JointLayout& layout,
                                           const Eigen::VectorXd& shared) const;
  void eliminate_own(const JointLayout& layout,
                     const Eigen::MatrixXd& normal,
                     const Eigen::VectorXd& gradient);

  Compiled inner_;   // shared values held, amounts tied by their ratios
  Compiled pinned_;  // amounts and background held: normal equations of everything
  Minimizer minimizer_;
  Evaluation evaluation_;
  Eigen::MatrixXd response_;  // of the own parameters to the shared ones
};

}  // namespace calcispec::band_fit
