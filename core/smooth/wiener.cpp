// Wiener filter of one spectrum, its signal's power found by monotone regression.
#include "core/fft.hpp"
#include "core/method_table.hpp"
#include "core/order_statistic.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 1> wiener_parameters{
    {
     {.name = "noise",
         .aliases = "sigma",
         .minimum = 0,
         .maximum = 1e300,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "ordinate",
         .help = "standard deviation of a point's noise; automatic from the upper half of the "
                 "frequencies"},
     }
};

/// Power that never rises with the frequency, nearest to `power` in least squares: neighbours that
/// rise are pooled.
/// Source     Ayer et al., Ann. Math. Stat. 26 (1955) 641
class FallingPower {
 public:
  void fit(std::span<const double> power) {
    pools_.clear();
    for (const double value : power) {
      pools_.push_back({value, 1});
      while (pools_.size() > 1 && pools_.back().mean() >= pools_[pools_.size() - 2].mean()) {
        const Pool last = pools_.back();
        pools_.pop_back();
        pools_.back().sum += last.sum;
        pools_.back().count += last.count;
      }
    }
  }

  /// use(first, end, mean) for every stretch of one power.
  template <typename Use>
  void for_pools(const Use& use) const {
    std::size_t first = 0;
    for (const auto& pool : pools_) {
      use(first, first + pool.count, pool.mean());
      first += pool.count;
    }
  }

 private:
  struct Pool {
    double sum = 0;
    std::size_t count = 0;
    [[nodiscard]] double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<Pool> pools_;
};

class WienerFilter {
 public:
  explicit WienerFilter(const ParameterSet& set) : sigma_(set.real("noise")) {}

  void run(std::span<double> row) {
    cosine_forward(row);
    const auto rest = row.subspan(1);  // the mean has no part in the noise
    power_.resize(rest.size());
    std::transform(rest.begin(), rest.end(), power_.begin(), [](double c) { return c * c; });
    const double noise = noise_power(row.size());
    falling_.fit(power_);
    falling_.for_pools([&](std::size_t first, std::size_t end, double power) {
      const double gain = power > noise ? 1 - noise / power : 0;
      for (std::size_t k = first; k < end; ++k) {
        rest[k] *= gain;
      }
    });
    cosine_inverse(row);
  }

 private:
  // Of a coefficient, one degree of freedom each.
  double noise_power(std::size_t points) {
    if (sigma_ >= 0) {
      return 2 * static_cast<double>(points) * sigma_ * sigma_;
    }
    upper_.assign(power_.begin() + static_cast<Index>(power_.size() / 2), power_.end());
    return upper_median(upper_) / 0.4549;  // median of chi-square with one degree of freedom
  }

  double sigma_;
  std::vector<double> power_;
  std::vector<double> upper_;
  FallingPower falling_;
};

/// Model      cosine coefficient k times 1 - N / P(k), N the noise's power, P that of the spectrum
/// as
///            a function that never rises; the mean stays
/// Edges      reflected, the last sample once more
/// Cost       two transforms of the length of the row
/// Source     Wiener, Extrapolation, Interpolation and Smoothing of Stationary Time Series (1949)
void run_wiener(const MethodCall& call) {
  WienerFilter filter(call.parameters);
  for (Index r = 0; r < call.count(); ++r) {
    filter.run(call.row(r));
  }
}

}  // namespace

CoreMethod smooth_wiener() {
  return {
      {"smooth",
       "wiener", "Wiener filter: signal and noise told apart in the spectrum's own power",
       "Wiener, Smoothing of Stationary Time Series, MIT Press 1949", wiener_parameters},
      6,
      run_wiener
  };
}

}  // namespace calcispec
