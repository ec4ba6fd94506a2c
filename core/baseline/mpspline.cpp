// Baseline by morphology of a spline: smoothed, opened, and a spline through what is left.
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo smooth_lambda_parameter{
    .name = "smooth_lambda",
    .aliases = "lam_smooth",
    .minimum = 1e-9,
    .maximum = 1e15,
    .standard = 0.01,
    .help = "stiffness of the spline that smooths the signal, for unit spacing of the knots"};
constexpr ParameterInfo elsewhere_parameter{
    .name = "asymmetry",
    .aliases = "p",
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help = "weight of points above the opened spline; on it 1 minus this"};
constexpr std::array mpspline_parameters{half_window_parameter,
                                         spline_lambda_parameter(1e4),
                                         smooth_lambda_parameter,
                                         elsewhere_parameter,
                                         knots_parameter,
                                         spline_degree_parameter,
                                         diff_order_parameter,
                                         lambda_unit_parameter,
                                         lambda_rule_parameter};

using Scratch = kernels::LaneScratch<kernels::SplineSystem>;

/// Model      a spline through the points that a closing over 3 leaves; its points that the opened
///            spline leaves too have weight 1 - asymmetry in a second, stiffer spline through it
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Gonzalez-Vidal et al., J. Raman Spectrosc. 48 (2017) 878; there knots are set at the
///            points that stay, here weights
class MpsplineRun {
 public:
  MpsplineRun(const MethodCall& call, Scratch& smooth, Scratch& stiff)
      : call_(call),
        smooth_(smooth),
        stiff_(stiff),
        points_(static_cast<std::size_t>(call.points())),
        weights_(points_),
        row_(points_) {}

  void run() {
    smooth_.resize(points_);
    stiff_.resize(points_);
    for (Index first = 0; first < call_.count(); first += kernels::lane_count) {
      run_group(first, std::min(kernels::lane_count, call_.count() - first));
    }
  }

 private:
  void run_group(Index first, Index count) {
    for (Index lane = 0; lane < kernels::lane_count; ++lane) {
      // A lane without a spectrum repeats the first one.
      const auto y = call_.row(first + (lane < count ? lane : 0));
      extremes_.dilate(y, 1, row_);
      extremes_.erode(row_, 1, weights_);
      for (std::size_t i = 0; i < points_; ++i) {
        weights_[i] = y[i] == weights_[i] ? 1 : 0;
      }
      put(smooth_.y, lane, y);
      put(smooth_.weights, lane, weights_);
    }
    kernels::solve_once(smooth_);
    for (Index lane = 0; lane < kernels::lane_count; ++lane) {
      for (std::size_t i = 0; i < points_; ++i) {
        row_[i] = kernels::lane_at(smooth_.z, static_cast<Index>(i), lane);
      }
      weigh();
      put(stiff_.y, lane, row_);
      put(stiff_.weights, lane, weights_);
    }
    kernels::solve_once(stiff_);
    for (Index lane = 0; lane < count; ++lane) {
      for (std::size_t i = 0; i < points_; ++i) {
        row_[i] = kernels::lane_at(stiff_.z, static_cast<Index>(i), lane);
      }
      call_.give(first + lane, row_);
      call_.status[static_cast<std::size_t>(first + lane)] = MethodStatus::converged;
    }
  }

  // Where the spline in row_ equals its opening, or lies below the mean of that one's erosion and
  // dilation.
  void weigh() {
    const auto half = half_window_of(call_.parameters, row_, extremes_);
    const std::size_t pad = 2 * half + 1;
    extend_by_lines(row_, pad, padded_);
    opened_.resize(padded_.size());
    low_.resize(padded_.size());
    high_.resize(padded_.size());
    extremes_.open(padded_, half, opened_);
    extremes_.erode(opened_, half, low_);
    extremes_.dilate(opened_, half, high_);
    const double elsewhere = call_.parameters.real("asymmetry");
    for (std::size_t i = 0; i < points_; ++i) {
      const double best = std::min(opened_[pad + i], 0.5 * (low_[pad + i] + high_[pad + i]));
      weights_[i] = row_[i] == best ? 1 - elsewhere : elsewhere;
    }
  }

  static void put(kernels::Tile& tile, Index lane, std::span<const double> from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      kernels::lane_at(tile, static_cast<Index>(i), lane) = from[i];
    }
  }

  const MethodCall& call_;
  Scratch& smooth_;
  Scratch& stiff_;
  std::size_t points_;
  MovingExtremes extremes_;
  std::vector<double> weights_;
  std::vector<double> row_;
  std::vector<double> padded_;
  std::vector<double> opened_;
  std::vector<double> low_;
  std::vector<double> high_;
};

void run_mpspline(const MethodCall& call) {
  thread_local Scratch smooth;
  thread_local Scratch stiff;
  const auto& set = call.parameters;
  const kernels::SplineSystem::Size size{
      set.integer("knots"), set.integer("spline_degree"), set.integer("diff_order")};
  smooth.system.make(call.axis.values(), size, set.real("smooth_lambda"), 0);
  stiff.system.make(call.axis.values(), size, set.real("lambda"), 0);
  MpsplineRun(call, smooth, stiff).run();
}

}  // namespace

CoreMethod baseline_mpspline() {
  return {
      {"baseline",
       "mpspline", "spline through what an opening of the smoothed signal leaves",
       "Gonzalez-Vidal et al., J. Raman Spectrosc. 48 (2017) 878", mpspline_parameters},
      6,
      run_mpspline
  };
}

}  // namespace calcispec
