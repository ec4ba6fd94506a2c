// Baseline by polynomials through what lies below the last one plus the noise.
#include "core/baseline/packed_polynomials.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo imodpoly_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 100,
    .standard = 1,
    .help = "standard deviations of the residuals that are let stand above the polynomial"};
constexpr std::array imodpoly_parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the deviation at which to stop"),
    polynomial_iterations_parameter,
    use_original_parameter,
    initial_mask_parameter(true),
    imodpoly_deviations_parameter};

template <std::size_t terms>
class ImodpolyRun {
 public:
  ImodpolyRun(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : given_(call.parameters),
        points_(static_cast<double>(call.points())),
        more_(given_.real("num_std")),
        whole_(polynomials),
        masked_(polynomials),
        is_point_(polynomials.packs()),
        counts_(polynomials.packs()),
        spectrum_(polynomials.packs()),
        cut_(polynomials.packs()) {
    kernels::pack_points(std::vector<double>(static_cast<std::size_t>(call.points()), 1.0),
                         is_point_);
  }

  MethodStatus run_one(std::span<const double> y, std::span<double> out) {
    kernels::pack_points(y, spectrum_);
    cut_ = spectrum_;
    auto moments = whole_.pass({}, [&](std::size_t p, kernels::Pack) { return spectrum_[p]; });
    double deviation = deviation_from(whole_, moments);
    counts_ = is_point_;
    const bool has_mask = given_.flag("mask_initial_peaks");
    if (has_mask) {
      mask_peaks(moments, deviation);
    }
    const auto& basis = has_mask ? masked_ : whole_;
    const auto& source = given_.flag("use_original") ? spectrum_ : cut_;
    const auto cut = [&](std::size_t p, kernels::Pack z) {
      cut_[p] = kernels::minimum(source[p], z + more_ * deviation) * is_point_[p];
      return cut_[p] * counts_[p];
    };
    // The first round cuts to the fit of all points, the later ones to that of the masked ones.
    bool is_first = has_mask;
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k < given_.integer("max_iterations"); ++k) {
      if (is_first) {
        whole_.evaluate(moments, cut);
        moments =
            basis.pass({}, [&](std::size_t p, kernels::Pack) { return cut_[p] * counts_[p]; });
        is_first = false;
      } else {
        moments = basis.pass(moments, cut);
      }
      const double next = deviation_from(basis, moments);
      const double change =
          std::abs(next - deviation) / std::max(next, std::numeric_limits<double>::epsilon());
      if (change < given_.real("tolerance")) {
        status = MethodStatus::converged;
        break;
      }
      deviation = next;
    }
    (is_first ? whole_ : basis).evaluate(moments, [&](std::size_t p, kernels::Pack z) {
      cut_[p] = z;
    });
    kernels::unpack_points(cut_, out);
    return status;
  }

 private:
  using Polynomials = kernels::PackedPolynomials<terms>;
  using Moments = typename Polynomials::Moments;

  // Standard deviation of what is left over all points, those left out of the fit too. Its mean is
  // not large against it, so that one pass loses little.
  double deviation_from(const Polynomials& basis, const Moments& moments) const {
    kernels::Pack sum{};
    kernels::Pack square{};
    basis.evaluate(moments, [&](std::size_t p, kernels::Pack z) {
      const kernels::Pack r = (cut_[p] - z) * is_point_[p];
      sum += r;
      square += r * r;
    });
    const double mean = kernels::sum(sum) / points_;
    return std::sqrt(std::max(0.0, kernels::sum(square) / points_ - mean * mean));
  }

  void mask_peaks(const Moments& moments, double deviation) {
    whole_.evaluate(moments, [&](std::size_t p, kernels::Pack z) {
      counts_[p] = z + deviation < spectrum_[p] ? kernels::Pack{} : is_point_[p];
    });
    masked_ = whole_;
    masked_.orthonormalize(counts_);
  }

  const ParameterSet& given_;
  double points_;
  double more_;
  const Polynomials& whole_;
  Polynomials masked_;
  kernels::Tile is_point_;
  kernels::Tile counts_;
  kernels::Tile spectrum_;
  kernels::Tile cut_;
};

/// Model      least squares of a polynomial through min(y, polynomial + k * deviation), repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit, a register of points at a time, and O(points x order^2)
/// per
///            spectrum for its mask
/// Source     Zhao et al., Appl. Spectrosc. 61 (2007) 1225
void run_imodpoly(const MethodCall& call) {
  with_polynomials(call, [&](const auto& polynomials) {
    ImodpolyRun one(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r), baseline);
      call.give(r, baseline);
    }
  });
}

}  // namespace

CoreMethod baseline_imodpoly() {
  return {
      {"baseline",
       "imodpoly", "polynomial through what lies below it plus the noise",
       "Zhao et al., Appl. Spectrosc. 61 (2007) 1225", imodpoly_parameters},
      3,
      run_imodpoly
  };
}

}  // namespace calcispec
