// Baseline by polynomials through what lies below the last one.
#include "core/baseline/packed_polynomials.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr std::array modpoly_parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    polynomial_iterations_parameter,
    use_original_parameter,
    initial_mask_parameter(false)};

template <std::size_t terms>
class ModpolyRun {
 public:
  ModpolyRun(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        uses_original_(call.parameters.flag("use_original")),
        polynomials_(polynomials),
        masked_(polynomials),
        spectrum_(polynomials.packs()),
        cut_(polynomials.packs()),
        counts_(polynomials.packs()),
        is_point_(polynomials.packs()),
        baseline_(polynomials.packs()) {
    kernels::pack_points(std::vector<double>(static_cast<std::size_t>(call.points()), 1.0),
                         is_point_);
  }

  /// Without what stands above the first polynomial by the standard deviation of what is left.
  MethodStatus run_masked(std::span<const double> y, std::span<double> out) {
    kernels::pack_points(y, spectrum_);
    cut_ = spectrum_;
    auto moments = polynomials_.pass({}, [&](std::size_t p, kernels::Pack) { return cut_[p]; });
    polynomials_.evaluate(moments, [&](std::size_t p, kernels::Pack z) { baseline_[p] = z; });
    mask_peaks(static_cast<double>(y.size()));
    const auto& source = uses_original_ ? spectrum_ : cut_;
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k < limit_; ++k) {
      moments = masked_.pass({}, [&](std::size_t p, kernels::Pack) {
        cut_[p] = kernels::minimum(source[p], baseline_[p]) * is_point_[p];
        return cut_[p] * counts_[p];
      });
      kernels::Pack change{};
      kernels::Pack size{};
      masked_.evaluate(moments, [&](std::size_t p, kernels::Pack z) {
        const kernels::Pack step = (z - baseline_[p]) * is_point_[p];
        change += step * step;
        size += baseline_[p] * baseline_[p] * is_point_[p];
        baseline_[p] = z;
      });
      const double least = std::numeric_limits<double>::epsilon();
      if (std::sqrt(kernels::sum(change)) <
          tolerance_ * std::max(std::sqrt(kernels::sum(size)), least)) {
        status = MethodStatus::converged;
        break;
      }
    }
    kernels::unpack_points(baseline_, out);
    return status;
  }

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
  void mask_peaks(double points) {
    kernels::Pack sum{};
    kernels::Pack square{};
    for (std::size_t p = 0; p < counts_.size(); ++p) {
      const kernels::Pack r = (spectrum_[p] - baseline_[p]) * is_point_[p];
      sum += r;
      square += r * r;
    }
    const double mean = kernels::sum(sum) / points;
    const double deviation = std::sqrt(std::max(0.0, kernels::sum(square) / points - mean * mean));
    for (std::size_t p = 0; p < counts_.size(); ++p) {
      counts_[p] = baseline_[p] + deviation < spectrum_[p] ? kernels::Pack{} : is_point_[p];
    }
    masked_ = polynomials_;
    masked_.orthonormalize(counts_);
  }

  double tolerance_;
  Index limit_;
  bool uses_original_;
  const kernels::PackedPolynomials<terms>& polynomials_;
  kernels::PackedPolynomials<terms> masked_;
  kernels::Tile spectrum_;
  kernels::Tile cut_;
  kernels::Tile counts_;  // 1 for points that take part, else 0
  kernels::Tile is_point_;
  kernels::Tile baseline_;
};

/// Model      least squares of a polynomial through min(y, the polynomial before), repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit, a register of points at a time
/// Source     Lieber & Mahadevan-Jansen, Appl. Spectrosc. 57 (2003) 1363; Gan et al., Chemom.
///            Intell. Lab. Syst. 82 (2006) 59 (cuts what is left, not the spectrum)
void run_modpoly(const MethodCall& call) {
  const bool is_masked = call.parameters.flag("mask_initial_peaks");
  with_polynomials(call, [&](const auto& polynomials) {
    ModpolyRun one(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      call.status[static_cast<std::size_t>(r)] =
          is_masked ? one.run_masked(call.row(r), baseline) : one.run_one(call.row(r), baseline);
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
