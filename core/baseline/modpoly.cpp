// Baseline by polynomials through what lies below the last one.
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr std::array parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    polynomial_iterations_parameter,
    use_original_parameter};

/// Model      least squares of a polynomial through min(y, the polynomial before), repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit
/// Source     Lieber & Mahadevan-Jansen, Appl. Spectrosc. 57 (2003) 1363; Gan et al., Chemom.
///            Intell. Lab. Syst. 82 (2006) 59 (cuts what is left, not the spectrum)
void run(const MethodCall& call) {
  const PolynomialBasis basis(call.axis.values(), call.parameters.integer("polynomial_order"), {});
  const double tolerance = call.parameters.real("tolerance");
  const Index limit = call.parameters.integer("max_iterations");
  const bool uses_original = call.parameters.flag("use_original");
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> cut(points);
  std::vector<double> baseline(points);
  std::vector<double> before(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    std::copy(y.begin(), y.end(), cut.begin());
    basis.fit(cut, baseline);
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k < limit && status != MethodStatus::converged; ++k) {
      for (std::size_t i = 0; i < points; ++i) {
        cut[i] = std::min(uses_original ? y[i] : cut[i], baseline[i]);
      }
      std::swap(before, baseline);
      basis.fit(cut, baseline);
      if (relative_change(before, baseline) < tolerance) {
        status = MethodStatus::converged;
      }
    }
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = status;
  }
}

}  // namespace

CoreMethod baseline_modpoly() {
  return {
      {"baseline",
       "modpoly", "polynomial through what lies below it",
       "Lieber & Mahadevan-Jansen, Appl. Spectrosc. 57 (2003) 1363", parameters},
      3,
      run
  };
}

}  // namespace calcispec
