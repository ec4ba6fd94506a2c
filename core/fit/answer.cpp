// Covariance, standard errors, derived quantities and costs of a finished fit.
#include "core/decomposition.hpp"
#include "core/fit/fit_private.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::band_fit {
namespace {

class Answer {
 public:
  Answer(const Data& data,
         const Compiled& compiled,
         const State& state,
         const FitOptions& options,
         FitResult& result)
      : data_(data), compiled_(compiled), state_(state), options_(options), result_(result) {}

  void run() {
    fill_costs(data_.knows_sigma);
    find_bounds();
    if (options_.wants_covariance) {
      fill_covariance();
    }
    fill_values();
  }

 private:
  void fill_costs(bool knows_sigma) {
    const auto n = static_cast<double>(data_.points);
    const auto k = static_cast<double>(compiled_.free_count());
    result_.points = data_.points;
    result_.n_free = compiled_.free_count();
    result_.free = compiled_.free;
    result_.chi_square = state_.chi_square;
    result_.background_middle = data_.middle;
    result_.background_half_range = data_.half_range;
    result_.standard_errors = knows_sigma ? options_.standard_errors : StandardErrorKind::scaled;
    result_.noise_sigma = data_.sigma;
    if (n > k) {
      result_.reduced_chi_square = state_.chi_square / (n - k);
    }
    double cost = state_.chi_square;
    if (!knows_sigma) {  // the likelihood at the best sigma
      cost = n * std::log(state_.chi_square / n);
      result_.noise_sigma = std::sqrt(result_.reduced_chi_square);
    }
    result_.aic = cost + 2 * k;
    result_.bic = cost + k * std::log(n);
    scale_ = result_.standard_errors == StandardErrorKind::scaled ? result_.reduced_chi_square : 1;
  }

  void find_bounds() {
    const std::size_t count = compiled_.free.size();
    reason_.assign(count, NoErrorReason::none);
    for (std::size_t i = 0; i < count; ++i) {
      // A bound counts as reached within what the stop rule can tell apart from it.
      const double curvature = state_.normal.row(static_cast<Index>(i))[i];
      const double near = curvature > 0 ? 1e-6 / std::sqrt(curvature) : 0.0;
      const bool is_low = state_.theta[i] <= compiled_.lower[i] + near;
      const bool is_high = state_.theta[i] >= compiled_.upper[i] - near;
      if (is_low || is_high) {
        reason_[i] = NoErrorReason::at_bound;
      }
    }
  }

  // Inverse of the normal matrix of what is neither at a bound nor undetermined.
  void fill_covariance() {
    const std::size_t count = compiled_.free.size();
    result_.covariance.assign(count * count, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      if (reason_[i] == NoErrorReason::none && !(state_.normal.row(static_cast<Index>(i))[i] > 0)) {
        reason_[i] = NoErrorReason::not_identifiable;
      }
    }
    if (!std::isfinite(scale_)) {
      std::fill(reason_.begin(), reason_.end(), NoErrorReason::no_freedom);
      return;
    }
    list_determined();
    if (!factorize_scaled()) {
      mark_undetermined();
      list_determined();
      if (!factorize_scaled()) {
        std::fill(reason_.begin(), reason_.end(), NoErrorReason::not_identifiable);
        return;
      }
    }
    invert();
  }

  void list_determined() {
    used_.clear();
    for (std::size_t i = 0; i < reason_.size(); ++i) {
      if (reason_[i] == NoErrorReason::none) {
        used_.push_back(i);
      }
    }
  }

  [[nodiscard]] double normal(std::size_t i, std::size_t j) const {
    const std::size_t low = std::min(i, j);
    return state_.normal.row(static_cast<Index>(low))[std::max(i, j)];
  }

  [[nodiscard]] double scaled_normal(std::size_t a, std::size_t b) const {
    const std::size_t i = used_[a];
    const std::size_t j = used_[b];
    return normal(i, j) / std::sqrt(normal(i, i) * normal(j, j));
  }

  bool factorize_scaled() {
    const auto size = static_cast<Index>(used_.size());
    factors_.resize(size);
    for (std::size_t a = 0; a < used_.size(); ++a) {
      for (std::size_t b = a; b < used_.size(); ++b) {
        factors_.row(static_cast<Index>(a))[b] = scaled_normal(a, b);
      }
    }
    return kernels::factorize(factors_, singular_limit);
  }

  // Parameters that take part in a direction the data say nothing about.
  void mark_undetermined() {
    const auto size = static_cast<Index>(used_.size());
    Eigen::MatrixXd scaled(size, size);
    for (std::size_t a = 0; a < used_.size(); ++a) {
      for (std::size_t b = 0; b < used_.size(); ++b) {
        scaled(static_cast<Index>(a), static_cast<Index>(b)) = scaled_normal(a, b);
      }
    }
    const auto eigen = symmetric_eigen(scaled);
    for (Index k = 0; k < size; ++k) {
      if (eigen.values[k] > 10 * singular_limit) {
        continue;
      }
      for (Index a = 0; a < size; ++a) {
        if (std::abs(eigen.vectors(a, k)) > 1e-3) {
          reason_[used_[static_cast<std::size_t>(a)]] = NoErrorReason::not_identifiable;
        }
      }
    }
  }

  void invert() {
    const std::size_t count = compiled_.free.size();
    std::vector<double> column(used_.size());
    double largest = 0;
    for (std::size_t a = 0; a < used_.size(); ++a) {
      std::fill(column.begin(), column.end(), 0.0);
      column[a] = 1;
      kernels::solve_factorized(factors_, column.data());
      const std::size_t i = used_[a];
      for (std::size_t b = 0; b <= a; ++b) {
        const std::size_t j = used_[b];
        const double value = scale_ * column[b] / std::sqrt(normal(i, i) * normal(j, j));
        result_.covariance[i * count + j] = value;
        result_.covariance[j * count + i] = value;
      }
      const double sd = std::sqrt(result_.covariance[i * count + i] / std::max(scale_, 1e-300));
      largest = std::max(largest, std::abs(state_.gradient[i]) * sd);
    }
    result_.gradient_norm = largest;
  }

  [[nodiscard]] FittedValue free_value(std::size_t i) const {
    FittedValue out;
    out.value = state_.theta[i];
    out.is_at_bound = reason_[i] == NoErrorReason::at_bound;
    out.reason = reason_[i];
    if (out.reason == NoErrorReason::none && !options_.wants_covariance) {
      out.reason = NoErrorReason::not_requested;
    } else if (out.reason == NoErrorReason::none) {
      out.standard_error = std::sqrt(result_.covariance[i * compiled_.free.size() + i]);
    } else if (out.reason == NoErrorReason::not_identifiable) {
      out.standard_error = infinity;
    }
    return out;
  }

  void fill_values() {
    result_.bands.resize(compiled_.bands.size());
    for (std::size_t b = 0; b < compiled_.bands.size(); ++b) {
      const CompiledBand& band = compiled_.bands[b];
      result_.bands[b].parameters.resize(static_cast<std::size_t>(band.count));
      for (Index j = 0; j < band.count; ++j) {
        result_.bands[b].parameters[static_cast<std::size_t>(j)] = link_value(band.first + j);
      }
      fill_measures(band, result_.bands[b]);
    }
    for (Index k = 0; k < compiled_.background_columns; ++k) {
      result_.background.push_back(free_value(static_cast<std::size_t>(compiled_.amounts + k)));
    }
  }

  [[nodiscard]] FittedValue link_value(Index index) const {
    const Link& link = compiled_.links[static_cast<std::size_t>(index)];
    FittedValue out;
    out.reason = NoErrorReason::fixed;
    if (link.free >= 0 && link.ratio != 0) {
      out = free_value(static_cast<std::size_t>(link.free));
      out.standard_error *= std::abs(link.ratio);
    }
    out.value = compiled_.value(index, state_.theta);
    return out;
  }

  // Height, width and area, and their slopes by the parameters of the band.
  void fill_measures(const CompiledBand& band, FittedBand& out) const {
    std::array<double, kernels::most_shape_parameters> p{};
    for (Index j = 0; j < band.count; ++j) {
      p[static_cast<std::size_t>(j)] = out.parameters[static_cast<std::size_t>(j)].value;
    }
    const BandMeasures at = band.row->measure(p.data());
    std::array<BandMeasures, kernels::most_shape_parameters> slopes{};
    slopes[0] = {at.height, 0, at.area};
    for (Index j = 2; j < band.count && options_.wants_covariance; ++j) {
      if (compiled_.links[static_cast<std::size_t>(band.first + j)].free >= 0) {
        slopes[static_cast<std::size_t>(j)] = measure_slope(band, p, j);
      }
    }
    for (auto [measure, amount, target] : {
             Part{&BandMeasures::height, p[0], &out.height},
             Part{&BandMeasures::fwhm,   1,    &out.fwhm  },
             Part{&BandMeasures::area,   p[0], &out.area  }
    }) {
      target->value = amount * at.*measure;
      propagate(band, slopes, measure, amount, *target);
    }
  }

  struct Part {
    double BandMeasures::*measure;
    double amount;
    FittedValue* target;
  };

  void propagate(const CompiledBand& band,
                 const std::array<BandMeasures, kernels::most_shape_parameters>& slopes,
                 double BandMeasures::*measure,
                 double amount,
                 FittedValue& out) const {
    if (!options_.wants_covariance) {
      return;
    }
    const std::size_t count = compiled_.free.size();
    double variance = 0;
    NoErrorReason reason = NoErrorReason::fixed;
    for (Index i = 0; i < band.count; ++i) {
      const Link& a = compiled_.links[static_cast<std::size_t>(band.first + i)];
      const bool depends = depends_on(i, slopes, measure, a);
      if (a.free < 0 || !depends) {
        continue;
      }
      reason = worse(reason, reason_[static_cast<std::size_t>(a.free)]);
      out.is_at_bound =
          out.is_at_bound || reason_[static_cast<std::size_t>(a.free)] == NoErrorReason::at_bound;
      for (Index j = 0; j < band.count; ++j) {
        const Link& b = compiled_.links[static_cast<std::size_t>(band.first + j)];
        if (b.free >= 0) {
          const double da =
              slopes[static_cast<std::size_t>(i)].*measure * a.ratio * (i == 0 ? 1 : amount);
          const double db =
              slopes[static_cast<std::size_t>(j)].*measure * b.ratio * (j == 0 ? 1 : amount);
          variance += da * db *
                      result_.covariance[static_cast<std::size_t>(a.free) * count +
                                         static_cast<std::size_t>(b.free)];
        }
      }
    }
    out.reason = reason;
    if (reason == NoErrorReason::none) {
      out.standard_error = std::sqrt(variance);
      if (!(variance > 0)) {
        out.reason = NoErrorReason::not_identifiable;
        out.standard_error = infinity;
      }
    } else if (reason == NoErrorReason::not_identifiable) {
      out.standard_error = infinity;
    }
  }

  [[nodiscard]] static bool depends_on(
      Index parameter,
      const std::array<BandMeasures, kernels::most_shape_parameters>& slopes,
      double BandMeasures::*measure,
      const Link& link) {
    if (parameter == 1 || link.ratio == 0) {
      return false;
    }
    if (parameter == 0) {
      return measure != &BandMeasures::fwhm;
    }
    return slopes[static_cast<std::size_t>(parameter)].*measure != 0;
  }

  // A number if anything that moves has one; what cannot be told apart spoils it.
  [[nodiscard]] static NoErrorReason worse(NoErrorReason so_far, NoErrorReason other) {
    const auto rank = [](NoErrorReason reason) {
      switch (reason) {
        case NoErrorReason::no_freedom:
          return 4;
        case NoErrorReason::not_identifiable:
          return 3;
        case NoErrorReason::none:
          return 2;
        case NoErrorReason::at_bound:
          return 1;
        default:
          return 0;
      }
    };
    return rank(other) > rank(so_far) ? other : so_far;
  }

  static constexpr double singular_limit = 1e-12;
  const Data& data_;
  const Compiled& compiled_;
  const State& state_;
  const FitOptions& options_;
  FitResult& result_;
  double scale_ = 1;
  std::vector<NoErrorReason> reason_;
  std::vector<std::size_t> used_;
  kernels::SmallMatrix factors_;
};

}  // namespace

Sides sides_of(const CompiledBand& band,
               const std::array<double, kernels::most_shape_parameters>& parameters,
               Index j) {
  const auto at = static_cast<std::size_t>(j);
  const auto& info = band.row->info.parameters[at];
  const double middle = parameters[at];
  double scale = std::abs(middle);
  if (!(info.minimum > 0) || info.unit != "axis") {
    const bool is_length = info.unit == "axis";
    scale = std::max(scale, is_length ? band.row->measure(parameters.data()).fwhm : 1e-2);
  }
  Sides out{parameters, parameters};
  out.above[at] = std::min(info.maximum, middle + 1e-5 * scale);
  out.below[at] = std::max(info.minimum, middle - 1e-5 * scale);
  out.distance = out.above[at] - out.below[at];
  return out;
}

BandMeasures measure_slope(const CompiledBand& band,
                           const std::array<double, kernels::most_shape_parameters>& parameters,
                           Index j) {
  const auto sides = sides_of(band, parameters, j);
  const BandMeasures above = band.row->measure(sides.above.data());
  const BandMeasures below = band.row->measure(sides.below.data());
  const double inverse = 1 / sides.distance;
  return {(above.height - below.height) * inverse,
          (above.fwhm - below.fwhm) * inverse,
          (above.area - below.area) * inverse};
}

void fill_answer(const Data& data,
                 const Compiled& compiled,
                 const State& state,
                 const FitOptions& options,
                 FitResult& result) {
  Answer(data, compiled, state, options, result).run();
}

}  // namespace calcispec::band_fit
