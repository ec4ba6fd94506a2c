#include "models/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

namespace calcispec::models {
namespace {

constexpr Index fewest_times = 4;
constexpr double month_days = 30;
constexpr double safety = 1.1;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double squares_about_mean(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) {
    sum += (v - mean) * (v - mean);
  }
  return sum;
}

struct SpecimenMean {
  double day = 0;
  double value = 0;
};

// Means of repeats, then of spots, and the spread at both levels (methods of moments).
class Nesting {
 public:
  explicit Nesting(const std::vector<DatedValue>& values) {
    std::map<std::pair<double, std::string>, std::map<std::string, std::vector<double>>> tree;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto& v = values[i];
      // A specimen or spot without a name is one of its own.
      const auto specimen = v.specimen.empty() ? "#" + std::to_string(i) : v.specimen;
      const auto spot = v.spot.empty() ? "#" + std::to_string(i) : v.spot;
      tree[{v.day, specimen}][spot].push_back(v.value);
    }
    for (const auto& [key, spots] : tree) {
      std::vector<double> spot_means;
      for (const auto& [spot, repeats] : spots) {
        spot_means.push_back(mean_of(repeats));
        repeat_squares_ += squares_about_mean(repeats);
        repeat_freedom_ += static_cast<double>(repeats.size() - 1);
        inverse_repeats_ += 1 / static_cast<double>(repeats.size());
        ++spots_;
      }
      spot_squares_ += squares_about_mean(spot_means);
      spot_freedom_ += static_cast<double>(spot_means.size() - 1);
      means.push_back({key.first, mean_of(spot_means)});
    }
  }

  [[nodiscard]] double repeat_variance() const {
    return repeat_freedom_ > 0 ? repeat_squares_ / repeat_freedom_ : not_a_number;
  }
  [[nodiscard]] double spot_variance() const {
    if (!(spot_freedom_ > 0)) {
      return not_a_number;
    }
    const double repeat = repeat_freedom_ > 0 ? repeat_variance() : 0;
    return std::max(0.0, spot_squares_ / spot_freedom_ - repeat * inverse_repeats_ / spots_);
  }

  std::vector<SpecimenMean> means;

 private:
  double repeat_squares_ = 0;
  double repeat_freedom_ = 0;
  double spot_squares_ = 0;
  double spot_freedom_ = 0;
  double inverse_repeats_ = 0;
  double spots_ = 0;
};

Index count_days(const std::vector<SpecimenMean>& means) {
  std::vector<double> days;
  days.reserve(means.size());
  for (const auto& m : means) {
    days.push_back(m.day);
  }
  std::sort(days.begin(), days.end());
  return std::unique(days.begin(), days.end()) - days.begin();
}

struct Line {
  double slope = 0;
  double slope_u = 0;
  double residual_sd = 0;
};

Line fit_line(const std::vector<SpecimenMean>& means) {
  const auto n = static_cast<double>(means.size());
  double day = 0;
  double value = 0;
  for (const auto& m : means) {
    day += m.day / n;
    value += m.value / n;
  }
  double xx = 0;
  double xy = 0;
  for (const auto& m : means) {
    xx += (m.day - day) * (m.day - day);
    xy += (m.day - day) * (m.value - value);
  }
  Line line;
  line.slope = xy / xx;
  double squares = 0;
  for (const auto& m : means) {
    const double miss = m.value - value - line.slope * (m.day - day);
    squares += miss * miss;
  }
  line.residual_sd = std::sqrt(squares / (n - 2));
  line.slope_u = line.residual_sd / std::sqrt(xx);
  return line;
}

// Median of all slopes between two specimens; its interval by ranks (normal approximation with the
// variance of Kendall's sum, days tied).
Estimate theil_sen(const std::vector<SpecimenMean>& means) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < means.size(); ++i) {
    for (std::size_t j = i + 1; j < means.size(); ++j) {
      if (means[i].day != means[j].day) {
        slopes.push_back((means[j].value - means[i].value) / (means[j].day - means[i].day));
      }
    }
  }
  std::sort(slopes.begin(), slopes.end());
  const auto n = static_cast<double>(means.size());
  double variance = n * (n - 1) * (2 * n + 5);
  std::map<double, double> ties;
  for (const auto& m : means) {
    ++ties[m.day];
  }
  for (const auto& [day, t] : ties) {
    variance -= t * (t - 1) * (2 * t + 5);
  }
  variance /= 18;
  const auto count = static_cast<double>(slopes.size());
  const double reach = normal_95 * std::sqrt(variance);
  const auto at = [&](double rank) {
    const auto index = std::clamp(rank, 0.0, count - 1);
    return slopes[static_cast<std::size_t>(index)];
  };
  Estimate out;
  out.value = slopes.size() % 2 == 1
                  ? slopes[slopes.size() / 2]
                  : 0.5 * (slopes[slopes.size() / 2 - 1] + slopes[slopes.size() / 2]);
  out.lo95 = at(std::floor((count - reach) / 2 - 1));
  out.hi95 = at(std::ceil((count + reach) / 2));
  out.u = (out.hi95 - out.lo95) / (2 * normal_95);
  out.status = EstimateStatus::ok;
  return out;
}

void scale(double factor, Estimate& estimate) {
  estimate.value *= factor;
  estimate.u *= factor;
  estimate.lo95 *= factor;
  estimate.hi95 *= factor;
}

}  // namespace

double student_factor(double freedom) {
  // Expansion of Cornish and Fisher in 1 / freedom; within 1 % from 3 degrees of freedom on.
  if (freedom < 3) {
    return freedom < 2 ? 12.706 / normal_95 : 4.303 / normal_95;
  }
  const double n = freedom;
  const double z2 = normal_95 * normal_95;
  return 1 + (z2 + 1) / (4 * n) + (5 * z2 * z2 + 16 * z2 + 3) / (96 * n * n) +
         (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / (384 * n * n * n) +
         (79 * std::pow(z2, 4) + 776 * std::pow(z2, 3) + 1482 * z2 * z2 - 1920 * z2 - 945) /
             (92160 * std::pow(n, 4));
}

Trend find_trend(std::vector<DatedValue> values) {
  std::erase_if(values, [](const DatedValue& v) { return !std::isfinite(v.value); });
  Trend out;
  out.values = static_cast<Index>(values.size());
  const Nesting nesting(values);
  const auto& means = nesting.means;
  out.specimens = static_cast<Index>(means.size());
  out.times = count_days(means);
  out.spread = {
      std::sqrt(nesting.repeat_variance()), std::sqrt(nesting.spot_variance()), not_a_number};
  out.detectable = not_a_number;
  out.change = not_a_number;
  if (out.times < fewest_times || out.specimens < fewest_times) {
    out.reason = "no change can be shown: " + std::to_string(out.times) + " different days and " +
                 std::to_string(out.specimens) + " specimens with a value, 4 of each are needed";
    out.slope.reason = out.reason;
    out.robust_slope.reason = out.reason;
    return out;
  }
  const auto line = fit_line(means);
  const double reach =
      normal_95 * student_factor(static_cast<double>(out.specimens - 2)) * line.slope_u;
  out.slope = Estimate{
      line.slope, line.slope_u, line.slope - reach, line.slope + reach, EstimateStatus::ok, ""};
  out.robust_slope = theil_sen(means);
  scale(month_days, out.slope);
  scale(month_days, out.robust_slope);
  out.spread.specimen = line.residual_sd;
  out.detectable = normal_95 * std::sqrt(2.0) * line.residual_sd;
  const auto [first, last] = std::minmax_element(
      means.begin(), means.end(), [](const auto& a, const auto& b) { return a.day < b.day; });
  out.change = line.slope * (last->day - first->day);
  // Asked of an interval somewhat wider than the one reported, so that the rate of false statements
  // stays below the 5 % that is promised, not at it.
  const bool leaves_out_0 = std::abs(out.slope.value) > safety * month_days * reach;
  if (leaves_out_0 && std::abs(out.change) > out.detectable) {
    out.status = TrendStatus::change_shown;
    out.reason = "a change is shown";
  } else {
    out.status = TrendStatus::no_change_shown;
    out.reason = leaves_out_0
                     ? "no change can be shown: the change is below what is detectable"
                     : "no change can be shown: the interval of the slope holds 0, or nearly so";
  }
  return out;
}

Estimate group_mean(const std::vector<double>& values) {
  Estimate out;
  if (values.size() < 3) {
    out.reason = "fewer than 3 lesions with a value";
    return out;
  }
  const auto n = static_cast<double>(values.size());
  out.value = mean_of(values);
  out.u = std::sqrt(squares_about_mean(values) / (n - 1) / n);
  const double reach = normal_95 * student_factor(n - 1) * out.u;
  out.lo95 = out.value - reach;
  out.hi95 = out.value + reach;
  out.status = EstimateStatus::ok;
  return out;
}

std::string_view name_of(TrendStatus status) {
  switch (status) {
    case TrendStatus::change_shown:
      return "change_shown";
    case TrendStatus::no_change_shown:
      return "no_change_shown";
    case TrendStatus::not_determinable:
      return "not_determinable";
  }
  return "not_determinable";
}

}  // namespace calcispec::models
