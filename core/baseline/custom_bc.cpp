// Baseline by any method on a spectrum thinned out by means, so that it is stiffer there.
#include "core/baseline/inner_methods.hpp"
#include "core/kernels/penalty_system.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr double not_set = std::numeric_limits<double>::quiet_NaN();

constexpr std::array custom_bc_parameters{
    inner_method_parameter,
    ParameterInfo{.name = "sampling",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = 100000,
                  .standard = 1,
                  .help = "points that one mean stands for"                                     },
    ParameterInfo{.name = "from",
                  .minimum = -1e12,
                  .maximum = 1e12,
                  .standard = not_set,
                  .unit = "axis",
                  .help = "start of the region that is thinned out (automatic: the first point)"},
    ParameterInfo{.name = "to",
                  .minimum = -1e12,
                  .maximum = 1e12,
                  .standard = not_set,
                  .unit = "axis",
                  .help = "end of the region that is thinned out (automatic: the last point)"   },
    ParameterInfo{.name = "smooth_lambda",
                  .aliases = "lam",
                  .minimum = 0,
                  .maximum = 1e15,
                  .standard = 0,
                  .help = "stiffness of a smoothing of the joined baseline; 0: none"            },
};

// Groups of points, rising; each stands for its mean.
struct Sections {
  std::vector<std::size_t> starts;
  std::vector<std::size_t> ends;

  void add(std::size_t start, std::size_t end) {
    starts.push_back(start);
    ends.push_back(end);
  }
  [[nodiscard]] std::size_t size() const { return starts.size(); }
  [[nodiscard]] double mean(std::span<const double> of, std::size_t k) const {
    double sum = 0;
    for (std::size_t i = starts[k]; i < ends[k]; ++i) {
      sum += of[i];
    }
    return sum / static_cast<double>(ends[k] - starts[k]);
  }
};

// Single points outside the region, groups of nearly the same size inside. The ends of the spectrum
// stay beside the groups that hold them.
Sections sections_of(const Axis& axis, const ParameterSet& set) {
  const auto n = static_cast<std::size_t>(axis.size());
  const auto start = set.is_set("from")
                         ? static_cast<std::size_t>(axis.lower_bound(set.real("from")))
                         : std::size_t{0};
  const auto x = axis.values();
  const auto end = set.is_set("to")
                       ? static_cast<std::size_t>(
                             std::upper_bound(x.begin(), x.end(), set.real("to")) - x.begin())
                       : n;
  Sections sections;
  for (std::size_t i = 0; i < std::min(start, n); ++i) {
    sections.add(i, i + 1);
  }
  if (end > start) {
    const auto step = static_cast<std::size_t>(set.integer("sampling"));
    const std::size_t groups = std::max<std::size_t>(1, (end - start) / step);
    const double width = static_cast<double>(end - start) / static_cast<double>(groups);
    const auto edge = [&](std::size_t k) {
      return k == groups
                 ? end
                 : start + static_cast<std::size_t>(std::floor(static_cast<double>(k) * width));
    };
    for (std::size_t k = 0; k < groups; ++k) {
      if (edge(k) == 0 && edge(k + 1) > 1) {
        sections.add(0, 1);
      }
      sections.add(edge(k), edge(k + 1));
      if (edge(k + 1) == n && edge(k) + 1 < n) {
        sections.add(n - 1, n);
      }
    }
  }
  for (std::size_t i = std::max(start, end); i < n; ++i) {
    sections.add(i, i + 1);
  }
  return sections;
}

// Lines between the points of a thinned axis; beyond them the value of the nearest.
void interpolate(std::span<const double> from_x,
                 std::span<const double> from_y,
                 std::span<const double> x,
                 std::span<double> out) {
  std::size_t k = 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    while (k + 1 < from_x.size() && from_x[k] < x[i]) {
      ++k;
    }
    const double slope = (from_y[k] - from_y[k - 1]) / (from_x[k] - from_x[k - 1]);
    const double at = std::clamp(x[i], from_x.front(), from_x.back());
    out[i] = from_y[k - 1] + slope * (at - from_x[k - 1]);
  }
}

void smooth(double lambda, std::span<double> z) {
  kernels::PenaltySystem<2> system;
  system.make(static_cast<Index>(z.size()), lambda, 0);
  system.start();
  for (std::size_t i = 0; i < z.size(); ++i) {
    system.add(static_cast<Index>(i), kernels::broadcast(1), kernels::broadcast(z[i]));
  }
  system.solve();
  for (std::size_t i = z.size(); i-- > 0;) {
    z[i] = system.value(static_cast<Index>(i))[0];
  }
}

/// Model      the inner method on means of groups of points and on single points, lines between
///            what it gives; where points are fewer the baseline is stiffer
/// Status     that of the inner method
/// Cost       that of the inner method
/// Source     Liland et al., Chemom. Intell. Lab. Syst. 109 (2011) 51 (LOESS at the joints)
void run_custom_bc(const MethodCall& call) {
  const auto& method = inner_method(call.parameters);
  const auto sections = sections_of(call.axis, call.parameters);
  const auto count = static_cast<std::size_t>(call.count());
  std::vector<double> x;
  for (std::size_t k = 0; k < sections.size(); ++k) {
    x.push_back(sections.mean(call.axis.values(), k));
  }
  const auto axis = Axis::make(x, call.axis.kind(), call.axis.unit());
  InnerRun inner(count, sections.size());
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t k = 0; k < sections.size(); ++k) {
      inner.y[r][k] = sections.mean(call.row(static_cast<Index>(r)), k);
    }
  }
  inner.run(method, *axis, ParameterSet::defaults(method.info.parameters));
  std::vector<double> baseline(static_cast<std::size_t>(call.points()));
  const double lambda = call.parameters.real("smooth_lambda");
  for (std::size_t r = 0; r < count; ++r) {
    interpolate(x, inner.baselines[r], call.axis.values(), baseline);
    if (lambda > 0) {
      smooth(lambda, baseline);
    }
    call.give(static_cast<Index>(r), baseline);
    call.status[r] = inner.status[r];
  }
}

}  // namespace

CoreMethod baseline_custom_bc() {
  return {
      {"baseline",
       "custom_bc", "any method on a thinned spectrum, stiffer where it is thin",
       "Liland et al., Chemom. Intell. Lab. Syst. 109 (2011) 51", custom_bc_parameters},
      6,
      run_custom_bc
  };
}

}  // namespace calcispec
