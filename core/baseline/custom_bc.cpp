// Baseline by any method on a spectrum thinned out by means, so that it is stiffer there.
#include "core/baseline/axis_regions.hpp"
#include "core/baseline/inner_methods.hpp"
#include "core/kernels/penalty_system.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr std::array custom_bc_parameters{
    inner_method_parameter,
    ParameterInfo{
                  .name = "sampling",
                  .type = ParameterType::pairs,
                  .minimum = 1,
                  .maximum = 100000,
                  .standard = 0,
                  .unit = "points",
                  .help =
            "points that one mean stands for, one number or one per region, the last for all that "
            "follow; automatic: 1"                                                    },
    axis_regions_parameter(
        "regions",
        "regions from:to that are thinned out, such as 400:700,1800:2600; automatic: the whole "
        "spectrum"),
    ParameterInfo{.name = "smooth_lambda",
                  .aliases = "lam",
                  .minimum = 0,
                  .maximum = 1e15,
                  .standard = 0,
                  .help = "stiffness of a smoothing of the joined baseline; 0: none"},
    ParameterInfo{.name = "smooth_diff_order",
                  .aliases = "diff_order",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = 3,
                  .standard = 2,
                  .help = "order of the differences that this smoothing keeps small"},
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

// Points [start, end), in groups of about `sampling`.
struct ThinnedRegion {
  std::size_t start = 0;
  std::size_t end = 0;
  std::size_t sampling = 1;
};

// Rising; what two of them share belongs to the first.
std::vector<ThinnedRegion> thinned_regions(const Axis& axis, const ParameterSet& set) {
  const auto x = axis.values();
  const auto given = set.pairs("sampling");
  const auto sampling = [&](std::size_t k) {
    return given.empty() ? std::size_t{1}
                         : static_cast<std::size_t>(given[std::min(k, given.size() - 1)].first);
  };
  std::vector<ThinnedRegion> out;
  for (const auto& pair : set.pairs("regions")) {
    const double from = std::min(pair.first, pair.second);
    const double to = std::max(pair.first, pair.second);
    out.push_back({static_cast<std::size_t>(axis.lower_bound(from)),
                   static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), to) - x.begin()),
                   sampling(out.size())});
  }
  if (out.empty()) {
    out.push_back({0, x.size(), sampling(0)});
  }
  std::stable_sort(
      out.begin(), out.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k].start = std::max(out[k].start, k > 0 ? out[k - 1].end : 0);
    out[k].end = std::max(out[k].start, out[k].end);
  }
  return out;
}

// Groups of nearly the same size. The ends of the spectrum stay beside the groups that hold them.
void add_thinned(const ThinnedRegion& region, std::size_t points, Sections& sections) {
  const std::size_t size = region.end - region.start;
  const std::size_t groups = std::max<std::size_t>(size > 0 ? 1 : 0, size / region.sampling);
  const auto edge = [&](std::size_t k) {
    const double width = static_cast<double>(size) / static_cast<double>(groups);
    return k == groups ? region.end
                       : region.start +
                             static_cast<std::size_t>(std::floor(static_cast<double>(k) * width));
  };
  for (std::size_t k = 0; k < groups; ++k) {
    if (edge(k) == 0 && edge(k + 1) > 1) {
      sections.add(0, 1);
    }
    sections.add(edge(k), edge(k + 1));
    if (edge(k + 1) == points && edge(k) + 1 < points) {
      sections.add(points - 1, points);
    }
  }
}

// Single points outside the regions, groups inside.
Sections sections_of(const Axis& axis, const ParameterSet& set) {
  const auto points = static_cast<std::size_t>(axis.size());
  Sections sections;
  std::size_t next = 0;
  const auto add_single = [&](std::size_t end) {
    for (; next < end; ++next) {
      sections.add(next, next + 1);
    }
  };
  for (const auto& region : thinned_regions(axis, set)) {
    add_single(region.start);
    add_thinned(region, points, sections);
    next = std::max(next, region.end);
  }
  add_single(points);
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

template <std::size_t order>
void smooth_joined(double lambda, std::span<double> z) {
  kernels::PenaltySystem<order> system;
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

void smooth_joined(double lambda, Index order, std::span<double> z) {
  switch (order) {
    case 1:
      return smooth_joined<1>(lambda, z);
    case 2:
      return smooth_joined<2>(lambda, z);
    default:
      return smooth_joined<3>(lambda, z);
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
      smooth_joined(lambda, call.parameters.integer("smooth_diff_order"), baseline);
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
