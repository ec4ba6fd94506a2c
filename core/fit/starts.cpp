// Start values from the spectrum: bands are placed one by one where they explain most.
#include "core/fit/fit_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::band_fit {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    total += a[i] * b[i];
  }
  return total;
}

class StartFinder {
 public:
  StartFinder(const Data& data,
              const Compiled& compiled,
              const StartRule& rule,
              std::vector<double>& theta)
      : data_(data), compiled_(compiled), rule_(rule), theta_(theta) {}

  void run() {
    fill_standards();
    if (std::none_of(theta_.begin() + compiled_.linear, theta_.end(), [](double v) {
          return std::isnan(v);
        })) {
      return;
    }
    start_basis();
    for (const CompiledBand& band : compiled_.bands) {
      if (rule_.explained != nullptr) {
        add_to_basis(profile(band, *rule_.explained));
      }
    }
    for (std::size_t b = 0; b < compiled_.bands.size(); ++b) {
      if (!is_missing(b)) {
        add_band(compiled_.bands[b]);
      }
    }
    // Bands of known position first, then the free ones in order of what they explain.
    for (const bool places_free : {false, true}) {
      for (std::size_t b = 0; b < compiled_.bands.size(); ++b) {
        if (is_missing(b) && (places_free || !misses_center(b))) {
          place(compiled_.bands[b]);
          add_band(compiled_.bands[b]);
        }
      }
    }
    for (std::size_t i = 0; i < theta_.size(); ++i) {
      if (std::isnan(theta_[i])) {
        theta_[i] = std::clamp(0.0, compiled_.lower[i], compiled_.upper[i]);
      }
    }
  }

 private:
  [[nodiscard]] const Link& link(const CompiledBand& band, Index j) const {
    return compiled_.links[static_cast<std::size_t>(band.first + j)];
  }
  [[nodiscard]] static bool is_width(const ParameterInfo& info, Index j) {
    return j >= 2 && info.unit == "axis";
  }
  [[nodiscard]] bool is_open(const CompiledBand& band, Index j) const {
    const Index free = link(band, j).free;
    return free >= 0 && std::isnan(theta_[static_cast<std::size_t>(free)]);
  }
  [[nodiscard]] bool misses_center(std::size_t b) const { return is_open(compiled_.bands[b], 1); }
  [[nodiscard]] bool is_missing(std::size_t b) const {
    const CompiledBand& band = compiled_.bands[b];
    bool missing = false;
    for (Index j = 1; j < band.count; ++j) {
      missing = missing || is_open(band, j);
    }
    return missing;
  }

  // What has no unit of the axis starts at the table's value, within its bounds.
  void fill_standards() {
    for (const CompiledBand& band : compiled_.bands) {
      for (Index j = 2; j < band.count; ++j) {
        const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
        if (!is_width(info, j) && is_open(band, j)) {
          set(band, j, info.standard);
        }
      }
    }
  }

  void set(const CompiledBand& band, Index j, double value) {
    const Link& l = link(band, j);
    const auto at = static_cast<std::size_t>(l.free);
    const double wanted = l.ratio == 0 ? 0 : (value - l.offset) / l.ratio;
    theta_[at] = std::clamp(wanted, compiled_.lower[at], compiled_.upper[at]);
  }

  void start_basis() {
    const auto n = static_cast<std::size_t>(data_.points);
    residual_.assign(data_.y.begin(), data_.y.begin() + data_.points);
    std::array<double, 64> functions{};
    for (Index k = 0; k < compiled_.background_columns; ++k) {
      Vector column(n);
      for (std::size_t i = 0; i < n; ++i) {
        const double t = (data_.x[i] - data_.middle) / data_.half_range;
        background_functions(
            compiled_.background, t, compiled_.background_columns, functions.data());
        column[i] = functions[static_cast<std::size_t>(k)] * data_.weight[i];
      }
      add_to_basis(std::move(column));
    }
  }

  void add_to_basis(Vector column) {
    const double before = dot(column, column);
    project_out(column);
    const double norm = std::sqrt(dot(column, column));
    if (!(norm > 1e-7 * std::sqrt(before))) {
      return;
    }
    for (double& v : column) {
      v /= norm;
    }
    const double part = dot(column, residual_);
    for (std::size_t i = 0; i < column.size(); ++i) {
      residual_[i] -= part * column[i];
    }
    basis_.push_back(std::move(column));
  }

  void project_out(Vector& column) const {
    for (const Vector& direction : basis_) {
      const double part = dot(direction, column);
      for (std::size_t i = 0; i < column.size(); ++i) {
        column[i] -= part * direction[i];
      }
    }
  }

  [[nodiscard]] Vector profile(const CompiledBand& band, const std::vector<double>& theta) {
    const auto stride = static_cast<std::size_t>(data_.padded);
    scratch_.resize(stride * static_cast<std::size_t>(band.count));
    std::array<double*, kernels::most_shape_parameters> columns{};
    std::array<double, kernels::most_shape_parameters> values{};
    for (Index j = 0; j < band.count; ++j) {
      columns[static_cast<std::size_t>(j)] = scratch_.data() + static_cast<std::size_t>(j) * stride;
      values[static_cast<std::size_t>(j)] = compiled_.value(band.first + j, theta);
    }
    band.row->evaluate(
        {data_.x.data(), data_.weight.data(), data_.padded, values.data(), columns.data()});
    return {columns[0], columns[0] + data_.points};
  }

  void add_band(const CompiledBand& band) {
    for (Index j = 1; j < band.count; ++j) {
      if (!std::isfinite(compiled_.value(band.first + j, theta_))) {
        return;
      }
    }
    add_to_basis(profile(band, theta_));
  }

  [[nodiscard]] double gain(const CompiledBand& band) {
    Vector column = profile(band, theta_);
    const double before = dot(column, column);
    const double explained = dot(column, residual_);
    project_out(column);
    const double left = dot(column, column);
    const Link& amount = link(band, 0);
    const bool is_positive =
        amount.free >= 0 && compiled_.lower[static_cast<std::size_t>(amount.free)] >= 0;
    if (!(left > 1e-6 * before) || (is_positive && explained <= 0)) {
      return 0;
    }
    return explained * explained / left;
  }

  void set_widths(const CompiledBand& band, std::span<const char> open, double width) {
    for (Index j = 2; j < band.count; ++j) {
      if (open[static_cast<std::size_t>(j)] != 0) {
        const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
        set(band, j, width * (info.standard != 0 ? info.standard : 1));
      }
    }
  }

  void place(const CompiledBand& band) {
    std::array<char, kernels::most_shape_parameters> open{};
    bool has_open_width = false;
    for (Index j = 1; j < band.count; ++j) {
      open[static_cast<std::size_t>(j)] = is_open(band, j) ? char{1} : char{0};
      has_open_width = has_open_width || (j >= 2 && open[static_cast<std::size_t>(j)] != 0);
    }
    const double span = 2 * data_.half_range;
    double best = -1;
    std::vector<double> answer = theta_;
    const double widest = rule_.widest * span;
    double width = std::min(4 * data_.spacing, widest);
    while (width <= widest) {
      set_widths(band, open, width);
      const double step = open[1] != 0 ? std::max(data_.spacing, 0.2 * width) : 2 * span;
      const auto steps = static_cast<Index>(span / step);
      for (Index k = 0; k <= steps; ++k) {
        if (open[1] != 0) {
          set(band, 1, data_.x.front() + static_cast<double>(k) * step);
        }
        const double score = gain(band);
        if (score > best) {
          best = score;
          answer = theta_;
        }
      }
      if (!has_open_width) {
        break;
      }
      width *= 1.5;
    }
    theta_ = answer;
  }

  const Data& data_;
  const Compiled& compiled_;
  const StartRule& rule_;
  std::vector<double>& theta_;
  Vector residual_;
  std::vector<Vector> basis_;
  AlignedDoubles scratch_;
};

}  // namespace

void find_starts(const Data& data,
                 const Compiled& compiled,
                 const StartRule& rule,
                 std::vector<double>& theta) {
  StartFinder(data, compiled, rule, theta).run();
}

}  // namespace calcispec::band_fit
