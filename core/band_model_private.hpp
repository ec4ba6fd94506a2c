// Bands, axis error, background and ripple as one state: its value, its objective, and the step of
// least squares from it.
#pragma once

#include "core/band_columns_private.hpp"
#include "core/band_mixture.hpp"
#include "core/mixture_private.hpp"

#include <array>
#include <span>
#include <vector>

namespace calcispec::detail {

/// All that a fit changes.
struct BandState {
  double shift = 0;
  double stretch = 0;
  double lorentz_share = 0;  // added to that of every band
  double skew = 0;           // of every band, by its lever
  std::vector<double> offset;
  std::vector<double> log_width;
  std::vector<double> share_change;
  std::vector<double> height;
  std::vector<double> amount;           // per group
  std::vector<double> group_log_width;  // of its bands together
  Eigen::VectorXd spline;
  std::array<double, 4> ripple{};  // sine, cosine, and both times the envelope
  double turn = 0;                 // angular frequency of the ripple; 0: none
};

enum class ShapeKind {
  center,
  width,
  group_width,  // has no column: widths of bands are held to it
  share,
  shift,
  stretch,
  common_share,
  skew,
  ripple,
  turn
};

/// An unknown of the linearised problem behind heights and amounts; solved for as a change.
struct ShapeColumn {
  ShapeKind kind = ShapeKind::center;
  Index index = -1;  // band, group, or term of the ripple
};

class BandModel {
 public:
  BandModel(std::span<const double> x,
            std::span<const double> y,
            std::span<const MixtureBand> bands,
            Index groups,
            const BandMixtureOptions& options);

  void set_sigma(std::span<const double> sigma);
  /// Keeps only these bands, in this order.
  void keep(const std::vector<std::size_t>& bands);
  void add_ripple(double turn, const Eigen::ArrayXd& envelope);

  /// Profiles, curves and residual of the present state.
  void evaluate();
  /// Data, priors and penalty at the evaluated state; ratio rows as of the last solve.
  [[nodiscard]] double objective() const;

  /// Least-squares answer about the evaluated state; stiffness <= 0: chosen, and kept.
  bool solve(bool with_shapes);
  /// Takes `part` of the way from `from` to the last answer, cut to where the linearisation holds;
  /// returns the largest relative change of a shape.
  double step_from(const BandState& from, double part);
  /// Standard deviations of the last answer.
  void update_uncertainty() { uncertainty_ = uncertainty_of(reduced_); }
  /// Which bands get shape freedom from now on: those seen at 3 standard deviations; of those that
  /// have it, those above 2, or a band between the two would get and lose it in turns.
  void update_seen();

  /// Bands left when those below `sigmas` standard deviations go one by one, the least first: of
  /// two that stand for the same signal one stays.
  [[nodiscard]] std::vector<std::size_t> needed_bands(double sigmas) const;

  [[nodiscard]] double center_of(std::size_t band) const;
  [[nodiscard]] double width_of(std::size_t band) const;
  [[nodiscard]] double share_of(std::size_t band) const;
  [[nodiscard]] double skew_of(std::size_t band) const;
  /// What a misfit of band shapes is in proportion to, see BandMixtureOptions::misfit_reach.
  [[nodiscard]] Eigen::ArrayXd misfit_envelope() const;
  [[nodiscard]] double height_u(std::size_t band) const;
  [[nodiscard]] double ratio_precision(std::size_t band) const;
  [[nodiscard]] double effective_parameters() const;

  BandState state;
  double stiffness = 0;
  bool frees_shares = true;

  [[nodiscard]] const std::vector<MixtureBand>& bands() const { return bands_; }
  [[nodiscard]] const std::vector<ShapeColumn>& shapes() const { return shapes_; }
  [[nodiscard]] const BandColumns& columns() const { return columns_; }
  [[nodiscard]] const Uncertainty& uncertainty() const { return uncertainty_; }
  [[nodiscard]] const Reduced& reduced() const { return reduced_; }
  [[nodiscard]] const Eigen::ArrayXd& weight() const { return weight_; }
  [[nodiscard]] const Eigen::ArrayXd& fitted() const { return fitted_; }
  [[nodiscard]] const Eigen::ArrayXd& smooth() const { return smooth_; }
  [[nodiscard]] const Eigen::ArrayXd& ripple() const { return ripple_; }
  [[nodiscard]] const Eigen::ArrayXd& residual() const { return residual_; }
  [[nodiscard]] Index first_shape() const { return band_count() + group_count(); }

 private:
  [[nodiscard]] Index band_count() const { return static_cast<Index>(bands_.size()); }
  [[nodiscard]] Index group_count() const { return static_cast<Index>(state.amount.size()); }
  void make_background();
  void list_shapes(bool with_shapes);
  void fill_common_columns();
  [[nodiscard]] std::vector<LocalColumn> local_columns() const;
  [[nodiscard]] NormalEquations make_normal();
  void add_ratio_rows(NormalEquations& normal);
  void add_shape_priors(NormalEquations& normal) const;
  void add_common_width(Index column,
                        std::size_t band,
                        double target,
                        NormalEquations& normal) const;
  [[nodiscard]] std::pair<double, double> shape_prior(const ShapeColumn& shape) const;
  [[nodiscard]] bool has_common_width(std::size_t band) const;
  /// Of the group of a band, by its lever.
  [[nodiscard]] double common_log_width(std::size_t band) const;
  [[nodiscard]] double width_sd(std::size_t band) const;
  void follow_common_widths();
  [[nodiscard]] LocalColumn whole(const Eigen::MatrixXd& from, Index column) const;

  BandMixtureOptions options_;
  std::vector<MixtureBand> bands_;
  double middle_ = 0;
  double highest_ = 0;
  BandColumns columns_;
  Eigen::ArrayXd y_;
  Eigen::ArrayXd weight_;  // 1 / sigma^2, 0 where left out
  Eigen::ArrayXd root_weight_;
  Eigen::MatrixXd basis_;  // of the background
  std::vector<LocalColumn> splines_;
  Penalty penalty_;
  Eigen::MatrixXd ripple_columns_;  // four terms and the change with the frequency
  Eigen::ArrayXd envelope_;
  Eigen::MatrixXd common_columns_;  // shift, stretch, Lorentz share, skew
  Eigen::ArrayXd fitted_;
  Eigen::ArrayXd smooth_;
  Eigen::ArrayXd ripple_;
  Eigen::ArrayXd residual_;
  std::vector<double> expected_;  // amount per group that the ratio rows are scaled by
  std::vector<PriorRow> ratio_rows_;
  std::vector<ShapeColumn> shapes_;
  std::vector<char> is_seen_;
  std::vector<char> is_free_;
  NormalEquations normal_;
  Reduced reduced_;
  Eigen::VectorXd spline_answer_;
  Uncertainty uncertainty_;
};

}  // namespace calcispec::detail
