// Baseline by the upper edge of four polynomials, of two degrees, free and held at the ends.
#include "core/baseline/packed_polynomials.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <vector>

namespace calcispec {
namespace {

constexpr ParameterInfo lower_order_parameter{
    .name = "polynomial_order",
    .aliases = "poly_order",
    .minimum = 0,
    .maximum = 29,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help = "lower of the two degrees (automatic: by the ratio of baseline to signal)"};
constexpr ParameterInfo method_parameter{.name = "method",
                                         .type = ParameterType::choice,
                                         .standard = 0,
                                         .choices = "modpoly imodpoly",
                                         .help = "how each polynomial is fitted"};
constexpr ParameterInfo adaptive_minmax_fraction_parameter{
    .name = "constrained_fraction",
    .minimum = 0,
    .maximum = 0.5,
    .standard = 0.01,
    .help = "points at either end that hold the polynomial, as a part of all"};
constexpr ParameterInfo adaptive_minmax_weight_parameter{
    .name = "constrained_weight",
    .minimum = 1,
    .maximum = 1e12,
    .standard = 1e5,
    .help = "weight of the points that hold the polynomial"};
constexpr ParameterInfo estimate_parameter{
    .name = "estimation_poly_order",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 30,
    .standard = 2,
    .help = "degree of the fit that finds the ratio of baseline to signal"};
constexpr std::array adaptive_minmax_parameters{lower_order_parameter,
                                                method_parameter,
                                                adaptive_minmax_fraction_parameter,
                                                adaptive_minmax_weight_parameter,
                                                estimate_parameter};

constexpr double fit_tolerance = 1e-3;
constexpr int most_fits = 250;

using kernels::Pack;
using kernels::Tile;

// What the fits of all degrees work on, a register of points at a time.
struct MinmaxTiles {
  Tile is_point;  // 1, beyond the last point 0
  Tile held;      // weights that hold the ends
  Tile spectrum;
  Tile cut;
  Tile weights;  // without what stands above the first fit
  Tile fit;
};

// The polynomials of one degree, orthonormal under the weights of a fit.
template <std::size_t terms>
class WeightedFit {
 public:
  using Polynomials = kernels::PackedPolynomials<terms>;
  using Moments = typename Polynomials::Moments;

  WeightedFit(Polynomials polynomials, const Tile& weights, const MinmaxTiles& tiles)
      : polynomials_(std::move(polynomials)), weights_(weights) {
    polynomials_.orthonormalize(weights);
    products_ = polynomials_.products(tiles.is_point);
  }

  // Polynomial through min(y, polynomial before), repeated as in baseline.modpoly.
  MethodStatus below(MinmaxTiles& tiles) const {
    tiles.cut = tiles.spectrum;
    auto moments = through_cut(polynomials_, weights_, tiles);
    auto status = MethodStatus::iteration_limit;
    for (int k = 0; k < most_fits && status != MethodStatus::converged; ++k) {
      const auto next = polynomials_.pass(moments, [&](std::size_t p, Pack z) {
        tiles.cut[p] = kernels::minimum(tiles.cut[p], z);
        return tiles.cut[p] * weights_[p];
      });
      if (change(moments, next) < fit_tolerance) {
        status = MethodStatus::converged;
      }
      moments = next;
    }
    evaluate(polynomials_, moments, tiles);
    return status;
  }

  // Polynomial through min(y, polynomial before + deviation), without what stands above the first,
  // repeated as in baseline.imodpoly.
  MethodStatus below_noise(MinmaxTiles& tiles, double points) const {
    tiles.cut = tiles.spectrum;
    evaluate(polynomials_, through_cut(polynomials_, weights_, tiles), tiles);
    double deviation = deviation_of(tiles, points);
    for (std::size_t p = 0; p < tiles.cut.size(); ++p) {
      tiles.weights[p] = tiles.fit[p] + deviation < tiles.spectrum[p] ? Pack{} : weights_[p];
    }
    Polynomials masked = polynomials_;
    masked.orthonormalize(tiles.weights);
    for (int k = 0; k < most_fits; ++k) {
      for (std::size_t p = 0; p < tiles.cut.size(); ++p) {
        tiles.cut[p] = kernels::minimum(tiles.cut[p], tiles.fit[p] + deviation) * tiles.is_point[p];
      }
      evaluate(masked, through_cut(masked, tiles.weights, tiles), tiles);
      const double next = deviation_of(tiles, points);
      const double moved =
          std::abs(next - deviation) / std::max(next, std::numeric_limits<double>::epsilon());
      if (moved < fit_tolerance) {
        return MethodStatus::converged;
      }
      deviation = next;
    }
    return MethodStatus::iteration_limit;
  }

 private:
  static Moments through_cut(const Polynomials& polynomials,
                             const Tile& weights,
                             const MinmaxTiles& tiles) {
    return polynomials.pass({}, [&](std::size_t p, Pack) { return tiles.cut[p] * weights[p]; });
  }

  static void evaluate(const Polynomials& polynomials, const Moments& moments, MinmaxTiles& tiles) {
    polynomials.evaluate(moments, [&](std::size_t p, Pack z) { tiles.fit[p] = z; });
  }

  static double deviation_of(const MinmaxTiles& tiles, double points) {
    Pack sum{};
    for (std::size_t p = 0; p < tiles.cut.size(); ++p) {
      sum += tiles.cut[p] - tiles.fit[p];
    }
    const double mean = kernels::sum(sum) / points;
    Pack square{};
    for (std::size_t p = 0; p < tiles.cut.size(); ++p) {
      const Pack r = (tiles.cut[p] - tiles.fit[p] - mean) * tiles.is_point[p];
      square += r * r;
    }
    return std::sqrt(kernels::sum(square) / points);
  }

  // Of the polynomials over all points, whatever their weight.
  double change(const Moments& before, const Moments& now) const {
    Moments step{};
    for (std::size_t k = 0; k < terms; ++k) {
      step[k] = now[k] - before[k];
    }
    return std::sqrt(square_of(step)) /
           std::max(std::sqrt(square_of(before)), std::numeric_limits<double>::epsilon());
  }

  double square_of(const Moments& moments) const {
    double square = 0;
    for (std::size_t i = 0; i < terms; ++i) {
      double row = 0;
      for (std::size_t j = 0; j < terms; ++j) {
        row += products_[i][j] * moments[j];
      }
      square += moments[i] * row;
    }
    return std::max(0.0, square);
  }

  Polynomials polynomials_;
  const Tile& weights_;
  typename Polynomials::Products products_{};
};

struct Degrees {
  Index lower;
  Index upper;
};

// Table 2 of the source.
Degrees degrees_for(double ratio) {
  struct Row {
    double below;
    Degrees degrees;
  };
  constexpr std::array<Row, 6> rows{
      {{0.2, {1, 2}}, {0.75, {2, 3}}, {8.5, {3, 4}}, {55, {4, 5}}, {240, {5, 6}}, {517, {6, 7}}}
  };
  for (const auto& row : rows) {
    if (ratio < row.below) {
      return row.degrees;
    }
  }
  return {6, 8};
}

/// Model      the largest of four polynomials at each point
/// Status     converged | iteration_limit (of any of the four)
/// Cost       O(points x degree) per fit, a register of points at a time; O(points x degree^2) for
///            each degree of a call, and per spectrum with imodpoly
/// Source     Cao et al., J. Raman Spectrosc. 38 (2007) 1199
class AdaptiveMinmax {
 public:
  explicit AdaptiveMinmax(const MethodCall& call)
      : call_(call), is_improved_(call.parameters.choice("method") == "imodpoly") {
    const auto points = static_cast<std::size_t>(call.points());
    const auto ends = static_cast<std::size_t>(
        std::ceil(static_cast<double>(points) * call.parameters.real("constrained_fraction")));
    std::vector<double> weights(points, 1.0);
    const std::size_t packs = kernels::PackedPolynomials<4>::packs_of(points);
    for (Tile* tile : {&tiles_.is_point,
                       &tiles_.held,
                       &tiles_.spectrum,
                       &tiles_.cut,
                       &tiles_.weights,
                       &tiles_.fit}) {
      tile->resize(packs);
    }
    kernels::pack_points(weights, tiles_.is_point);
    for (std::size_t i = 0; i < std::min(ends, points); ++i) {
      weights[i] = call.parameters.real("constrained_weight");
      weights[points - 1 - i] = weights[i];
    }
    kernels::pack_points(weights, tiles_.held);
    baseline_.resize(points);
    fit_.resize(points);
  }

  void run() {
    for (Index r = 0; r < call_.count(); ++r) {
      const auto y = call_.row(r);
      kernels::pack_points(y, tiles_.spectrum);
      status_ = MethodStatus::converged;
      const auto degrees = degrees_of(y);
      std::fill(baseline_.begin(), baseline_.end(), -std::numeric_limits<double>::infinity());
      for (const Index degree : {degrees.lower, degrees.upper}) {
        raise(degree, false);
        raise(degree, true);
      }
      call_.give(r, baseline_);
      call_.status[static_cast<std::size_t>(r)] = status_;
    }
  }

 private:
  // The fit of a degree into tiles_.fit; its polynomials are made once for all spectra.
  using Fit = std::function<MethodStatus(bool is_held)>;

  const Fit& fit_of(Index degree) {
    auto& known = fits_[degree];
    if (!known) {
      with_polynomials(call_.axis.values(), degree, [&](const auto& polynomials) {
        known = [this,
                 free = WeightedFit(polynomials, tiles_.is_point, tiles_),
                 held = WeightedFit(polynomials, tiles_.held, tiles_)](bool is_held) {
          const auto& one = is_held ? held : free;
          return is_improved_ ? one.below_noise(tiles_, static_cast<double>(call_.points()))
                              : one.below(tiles_);
        };
      });
    }
    return known;
  }

  void fit(Index degree, bool is_held) {
    const auto status = fit_of(degree)(is_held);
    status_ = status == MethodStatus::converged ? status_ : status;
    kernels::unpack_points(tiles_.fit, fit_);
  }

  void raise(Index degree, bool is_held) {
    fit(degree, is_held);
    for (std::size_t i = 0; i < fit_.size(); ++i) {
      baseline_[i] = std::max(baseline_[i], fit_[i]);
    }
  }

  Degrees degrees_of(std::span<const double> y) {
    if (call_.parameters.is_set("polynomial_order")) {
      const auto lower = call_.parameters.integer("polynomial_order");
      return {lower, lower + 1};
    }
    const auto range_of = [&] {
      const auto [low, high] = std::minmax_element(fit_.begin(), fit_.end());
      return *high - *low;
    };
    fit(call_.parameters.integer("estimation_poly_order"), false);
    const double background = range_of();
    for (std::size_t i = 0; i < fit_.size(); ++i) {
      fit_[i] = y[i] - fit_[i];
    }
    return degrees_for(background / std::max(range_of(), 1e-300));
  }

  const MethodCall& call_;
  bool is_improved_;
  MinmaxTiles tiles_;
  std::map<Index, Fit> fits_;
  std::vector<double> fit_;
  std::vector<double> baseline_;
  MethodStatus status_ = MethodStatus::converged;
};

void run_adaptive_minmax(const MethodCall& call) {
  AdaptiveMinmax(call).run();
}

}  // namespace

CoreMethod baseline_adaptive_minmax() {
  return {
      {"baseline",
       "adaptive_minmax", "upper edge of polynomials of two degrees, free and held at the ends",
       "Cao et al., J. Raman Spectrosc. 38 (2007) 1199", adaptive_minmax_parameters},
      6,
      run_adaptive_minmax
  };
}

}  // namespace calcispec
