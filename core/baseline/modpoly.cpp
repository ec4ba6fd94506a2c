// Baseline by polynomials through what lies below the last one.
#include "core/baseline/packed_polynomials.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr std::array modpoly_parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    polynomial_iterations_parameter,
    use_original_parameter};

template <std::size_t terms>
class ModpolyRun {
 public:
  ModpolyRun(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        uses_original_(call.parameters.flag("use_original")),
        polynomials_(polynomials),
        spectrum_(polynomials.packs()),
        cut_(polynomials.packs()) {}

  MethodStatus run_one(std::span<const double> y, std::span<double> out) {
    kernels::pack_points(y, spectrum_);
    cut_ = spectrum_;
    auto moments = polynomials_.pass({}, [&](std::size_t p, kernels::Pack) { return cut_[p]; });
    auto status = MethodStatus::iteration_limit;
    const auto& source = uses_original_ ? spectrum_ : cut_;
    for (Index k = 0; k < limit_ && status != MethodStatus::converged; ++k) {
      const auto next = polynomials_.pass(moments, [&](std::size_t p, kernels::Pack z) {
        return cut_[p] = kernels::minimum(source[p], z);
      });
      // Of orthonormal polynomials: that of the moments is that of the baselines.
      if (relative_change(moments, next) < tolerance_) {
        status = MethodStatus::converged;
      }
      moments = next;
    }
    polynomials_.evaluate(moments, [&](std::size_t p, kernels::Pack z) { cut_[p] = z; });
    kernels::unpack_points(cut_, out);
    return status;
  }

 private:
  double tolerance_;
  Index limit_;
  bool uses_original_;
  const kernels::PackedPolynomials<terms>& polynomials_;
  kernels::Tile spectrum_;
  kernels::Tile cut_;
};

/// Model      least squares of a polynomial through min(y, the polynomial before), repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit, a register of points at a time
/// Source     Lieber & Mahadevan-Jansen, Appl. Spectrosc. 57 (2003) 1363; Gan et al., Chemom.
///            Intell. Lab. Syst. 82 (2006) 59 (cuts what is left, not the spectrum)
void run_modpoly(const MethodCall& call) {
  with_polynomials(call, [&](const auto& polynomials) {
    ModpolyRun one(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r), baseline);
      call.give(r, baseline);
    }
  });
}

}  // namespace

CoreMethod baseline_modpoly() {
  return {
      {"baseline",
       "modpoly", "polynomial through what lies below it",
       "Lieber & Mahadevan-Jansen, Appl. Spectrosc. 57 (2003) 1363", modpoly_parameters},
      3,
      run_modpoly
  };
}

}  // namespace calcispec
