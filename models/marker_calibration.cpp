#include "models/marker_calibration.hpp"

#include "core/error.hpp"
#include "models/series.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace calcispec::models {
namespace {

using Eigen::Matrix2d;
using Eigen::Vector2d;

constexpr double least_marker_part = 0.25;  // few standards cannot bear out less
constexpr double reach_beyond = 0.1;        // of the standards' range
constexpr double worth_a_curve = 0.9;       // of the line's left-out error

struct Point {
  double value = 0;
  double by_marker = 0;  // d value / d marker
  Vector2d by_parameters;
};

Point point_at(CalibrationForm form, const Vector2d& at, double marker) {
  const double p = at[0];
  const double q = at[1];
  const double below = 1 + q * marker;
  switch (form) {
    case CalibrationForm::falling:
      return {
          p / below, -p * q / (below * below), Vector2d(1 / below, -p * marker / (below * below))};
    case CalibrationForm::rising:
      return {p * q * marker / below,
              p * q / (below * below),
              Vector2d(q * marker / below, p * marker / (below * below))};
    case CalibrationForm::line:
      break;
  }
  return {p + q * marker, q, Vector2d(1, marker)};
}

using Rows = std::vector<const MarkerStandard*>;

// What the variance of a residual is made of.
struct Spread {
  double marker_part = 1;
  double scatter_square = 0;

  [[nodiscard]] double variance(const MarkerStandard& row, double by_marker) const {
    return row.value_sd * row.value_sd + marker_part * std::pow(by_marker * row.marker_u, 2) +
           scatter_square;
  }
};

struct Curve {
  CalibrationForm form = CalibrationForm::line;
  Vector2d at = Vector2d::Zero();
  Matrix2d covariance = Matrix2d::Zero();
  Spread spread;
};

// Straight line through (x, y) with equal weights.
Vector2d line_through(const std::vector<double>& x, const std::vector<double>& y) {
  const auto count = static_cast<double>(x.size());
  const double x_mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
  const double y_mean = std::accumulate(y.begin(), y.end(), 0.0) / count;
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - x_mean) * (y[i] - y_mean);
    xx += (x[i] - x_mean) * (x[i] - x_mean);
  }
  const double slope = xy / xx;
  return {y_mean - slope * x_mean, slope};
}

// Both curves are lines in the inverse of the value; nothing where they cannot hold.
std::optional<Vector2d> calibration_start_of(CalibrationForm form, const Rows& rows) {
  std::vector<double> x;
  std::vector<double> y;
  for (const auto* row : rows) {
    const bool is_curve = form != CalibrationForm::line;
    if (is_curve && (!(row->value > 0) || !(row->marker > 0))) {
      continue;
    }
    x.push_back(form == CalibrationForm::rising ? 1 / row->marker : row->marker);
    y.push_back(is_curve ? 1 / row->value : row->value);
  }
  if (x.size() < 3) {
    return std::nullopt;
  }
  const Vector2d line = line_through(x, y);
  if (form == CalibrationForm::line) {
    return line;
  }
  if (!(line[0] > 0) || !(line[1] > 0)) {
    return std::nullopt;
  }
  return form == CalibrationForm::falling ? Vector2d(1 / line[0], line[1] / line[0])
                                          : Vector2d(1 / line[0], line[0] / line[1]);
}

double chi_square(const Curve& curve, const Rows& rows, const Spread& spread) {
  double sum = 0;
  for (const auto* row : rows) {
    const auto point = point_at(curve.form, curve.at, row->marker);
    sum += std::pow(row->value - point.value, 2) / spread.variance(*row, point.by_marker);
  }
  return sum;
}

// The spread that makes chi-square what its freedom is.
Spread find_spread(const Curve& curve, const Rows& rows) {
  const auto freedom = static_cast<double>(rows.size()) - 2;
  double largest = 0;
  double size = 0;
  bool has_sd = false;
  for (const auto* row : rows) {
    const auto point = point_at(curve.form, curve.at, row->marker);
    largest = std::max(largest, std::pow(row->value - point.value, 2));
    size = std::max(size, row->value * row->value);
    has_sd = has_sd || row->value_sd > 0;
  }
  const double least = 1e-18 * size + 1e-200;  // of a variance, so that none is 0
  const auto solve = [&](double target, double low, double high, auto&& spread_at) {
    constexpr int halvings = 40;
    for (int i = 0; i < halvings; ++i) {
      const double middle = 0.5 * (low + high);
      (chi_square(curve, rows, spread_at(middle)) > target ? low : high) = middle;
    }
    return spread_at(high);
  };
  if (chi_square(curve, rows, {1, least}) > freedom) {
    const double most = largest * static_cast<double>(rows.size());
    return solve(freedom, least, most, [](double square) { return Spread{1, square}; });
  }
  // Where the values have errors of their own, those of the markers are to blame only beyond
  // chance.
  const double target = has_sd ? freedom - std::sqrt(2 * freedom) : freedom;
  return solve(target, least_marker_part, 1, [&](double part) { return Spread{part, least}; });
}

void refine(const Rows& rows, Curve& curve) {
  constexpr int rounds = 30;
  for (int round = 0; round < rounds; ++round) {
    Matrix2d normal = Matrix2d::Zero();
    Vector2d gradient = Vector2d::Zero();
    for (const auto* row : rows) {
      const auto point = point_at(curve.form, curve.at, row->marker);
      const double weight = 1 / curve.spread.variance(*row, point.by_marker);
      normal += weight * point.by_parameters * point.by_parameters.transpose();
      gradient += weight * (row->value - point.value) * point.by_parameters;
    }
    curve.covariance = normal.inverse();
    Vector2d step = curve.covariance * gradient;
    if (curve.form != CalibrationForm::line) {
      // Both parameters stay above 0.
      for (Index k = 0; k < 2; ++k) {
        step[k] = std::clamp(step[k], -0.5 * curve.at[k], curve.at[k]);
      }
    }
    curve.at += step;
    if (step.norm() <= 1e-12 * curve.at.norm()) {
      break;
    }
  }
}

std::optional<Curve> fit_curve(CalibrationForm form, const Rows& rows) {
  const auto start = calibration_start_of(form, rows);
  if (!start) {
    return std::nullopt;
  }
  Curve curve;
  curve.form = form;
  curve.at = *start;
  constexpr int rounds = 6;
  for (int round = 0; round < rounds; ++round) {
    curve.spread = find_spread(curve, rows);
    refine(rows, curve);
  }
  if (!curve.at.allFinite() || !curve.covariance.allFinite()) {
    return std::nullopt;
  }
  return curve;
}

// Root mean square of the standards predicted by curves that did not know them; infinite where a
// curve cannot be had.
double left_out_error(CalibrationForm form, const Rows& rows, std::vector<LeftOutValue>* out) {
  double square = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    auto others = rows;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
    const auto curve = fit_curve(form, others);
    if (!curve) {
      return std::numeric_limits<double>::infinity();
    }
    const double predicted = point_at(form, curve->at, rows[k]->marker).value;
    square += std::pow(predicted - rows[k]->value, 2);
    if (out != nullptr) {
      out->push_back({rows[k]->file, rows[k]->marker, rows[k]->value, predicted});
    }
  }
  return std::sqrt(square / static_cast<double>(rows.size()));
}

double group_error(CalibrationForm form, const Rows& rows) {
  std::map<std::string, Rows> groups;
  for (const auto* row : rows) {
    groups[row->group].push_back(row);
  }
  if (groups.size() < 3) {
    return 0;
  }
  double square = 0;
  for (const auto& [name, members] : groups) {
    Rows others;
    for (const auto* row : rows) {
      if (row->group != name) {
        others.push_back(row);
      }
    }
    const auto curve = others.size() < 3 ? std::nullopt : fit_curve(form, others);
    if (!curve) {
      return 0;
    }
    for (const auto* row : members) {
      square += std::pow(point_at(form, curve->at, row->marker).value - row->value, 2);
    }
  }
  return std::sqrt(square / static_cast<double>(rows.size()));
}

void check_marker_calibration(std::span<const MarkerStandard> standards) {
  require(standards.size() >= 4,
          "a marker line needs at least 4 standards whose marker could be determined; " +
              std::to_string(standards.size()) + " are left");
  const auto [low, high] =
      std::minmax_element(standards.begin(), standards.end(), [](const auto& a, const auto& b) {
        return a.marker < b.marker;
      });
  require(high->marker > low->marker,
          "all standards show the same marker, so there is no line through them");
}

// Scatter of samples, squared, that the known errors of the values can hide: half a standard
// deviation of their mean square.
double hidden_scatter(const Rows& rows, double freedom) {
  double square = 0;
  for (const auto* row : rows) {
    square += row->value_sd * row->value_sd / static_cast<double>(rows.size());
  }
  return 0.5 * square * std::sqrt(2 / freedom);
}

CalibrationForm best_form(const Rows& rows) {
  const double line = left_out_error(CalibrationForm::line, rows, nullptr);
  auto best = CalibrationForm::line;
  double least = worth_a_curve * line;
  for (const auto form : {CalibrationForm::falling, CalibrationForm::rising}) {
    const double error = left_out_error(form, rows, nullptr);
    if (error < least) {
      best = form;
      least = error;
    }
  }
  return best;
}

}  // namespace

std::string predictor_of(const std::string& marker) {
  return marker == "carbonate_wt" ? "carbonate_phosphate_ratio" : marker;
}

LearntMarker learn_marker(std::span<const MarkerStandard> standards,
                          std::optional<CalibrationForm> form) {
  check_marker_calibration(standards);
  Rows rows;
  std::vector<DomainSample> samples;
  LearntMarker out;
  auto& calibration = out.calibration;
  calibration.lowest = std::numeric_limits<double>::infinity();
  calibration.highest = -calibration.lowest;
  for (const auto& standard : standards) {
    rows.push_back(&standard);
    calibration.lowest = std::min(calibration.lowest, standard.marker);
    calibration.highest = std::max(calibration.highest, standard.marker);
    if (standard.sample) {
      samples.push_back(*standard.sample);
    }
  }
  calibration.form = form ? *form : best_form(rows);
  const auto curve = fit_curve(calibration.form, rows);
  require(curve.has_value(),
          "the form " + std::string(name_of(calibration.form)) +
              " does not hold for these standards: it needs values and markers above 0 that rise "
              "or fall together; use --form line");
  calibration.parameters = {curve->at[0], curve->at[1]};
  calibration.covariance = {
      curve->covariance(0, 0), curve->covariance(0, 1), curve->covariance(1, 1)};
  calibration.marker_part = curve->spread.marker_part;
  calibration.freedom = static_cast<double>(rows.size()) - 2;
  calibration.scatter =
      std::sqrt(std::max(curve->spread.scatter_square, hidden_scatter(rows, calibration.freedom)));
  calibration.standards = static_cast<Index>(rows.size());
  calibration.left_out_error = left_out_error(calibration.form, rows, &out.left_out);
  calibration.group_error = group_error(calibration.form, rows);
  calibration.domain = learn_domain(samples);
  return out;
}

Estimate predict(const MarkerCalibration& calibration, double marker, double marker_u) {
  Estimate out;
  const double range = calibration.highest - calibration.lowest;
  const double beyond = std::max(calibration.lowest - marker, marker - calibration.highest);
  if (beyond > reach_beyond * range) {
    out.status = EstimateStatus::outside_range;
    out.reason = "the marker is " + std::to_string(marker) + ", the calibration " + calibration.id +
                 " holds from " + std::to_string(calibration.lowest) + " to " +
                 std::to_string(calibration.highest);
    return out;
  }
  const Vector2d at(calibration.parameters[0], calibration.parameters[1]);
  const auto point = point_at(calibration.form, at, marker);
  Matrix2d covariance;
  covariance << calibration.covariance[0], calibration.covariance[1], calibration.covariance[1],
      calibration.covariance[2];
  const double variance = point.by_parameters.dot(covariance * point.by_parameters) +
                          calibration.marker_part * std::pow(point.by_marker * marker_u, 2) +
                          calibration.scatter * calibration.scatter +
                          std::pow(calibration.relative_error * point.value, 2);
  out.value = point.value;
  out.u = std::sqrt(variance);
  const double half = normal_95 * student_factor(calibration.freedom) * out.u;
  out.lo95 = std::max(0.0, out.value - half);
  out.hi95 = out.value + half;
  out.status = EstimateStatus::ok;
  if (beyond > 0) {
    out.reason = "extrapolated: beyond the standards by " +
                 std::to_string(std::lround(100 * beyond / range)) + " % of their range";
  }
  return out;
}

std::string_view name_of(CalibrationForm form) {
  switch (form) {
    case CalibrationForm::falling:
      return "falling";
    case CalibrationForm::rising:
      return "rising";
    case CalibrationForm::line:
      break;
  }
  return "line";
}

std::optional<CalibrationForm> calibration_form_from_name(std::string_view name) {
  for (const auto form :
       {CalibrationForm::line, CalibrationForm::falling, CalibrationForm::rising}) {
    if (name_of(form) == name) {
      return form;
    }
  }
  return std::nullopt;
}

}  // namespace calcispec::models
