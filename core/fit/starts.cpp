// Start values from the spectrum: bands are placed one by one where they explain most.
#include "core/fit/fit_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::band_fit {
namespace {

using kernels::lane_count;
using kernels::load_aligned;
using kernels::Pack;
using kernels::sum;
using Vector = AlignedDoubles;  // padded, 0 past the points

// Over `padded` values, 0 past the points.
double dot_of_padded(const double* a, const double* b, Index padded) {
  Pack total{};
  for (Index i = 0; i < padded; i += lane_count) {
    total += load_aligned(a + i) * load_aligned(b + i);
  }
  return sum(total);
}

// Groups of points become one, as long as the narrowest width that is tried still holds four.
Data thinned(const Data& data, Index group) {
  Data out;
  out.points = data.points / group;
  out.padded = kernels::padded(out.points);
  const auto size = static_cast<std::size_t>(out.padded);
  out.x.resize(size);
  out.weight.resize(size);
  out.y.resize(size);
  for (Index g = 0; g < out.points; ++g) {
    double x = 0;
    double square = 0;
    double y = 0;
    for (Index k = 0; k < group; ++k) {
      const auto i = static_cast<std::size_t>(g * group + k);
      x += data.x[i] / static_cast<double>(group);
      square += data.weight[i] * data.weight[i];
      y += data.weight[i] * data.y[i];
    }
    const auto at = static_cast<std::size_t>(g);
    out.x[at] = x;
    out.weight[at] = std::sqrt(square);
    out.y[at] = square > 0 ? y / out.weight[at] : 0;
  }
  std::fill(
      out.x.begin() + out.points, out.x.end(), out.x[static_cast<std::size_t>(out.points - 1)]);
  out.middle = data.middle;
  out.half_range = data.half_range;
  out.spacing = data.spacing;
  return out;
}

class StartFinder {
 public:
  StartFinder(const Data& data,
              const Compiled& compiled,
              const StartRule& rule,
              std::vector<double>& theta)
      : data_(data), compiled_(compiled), rule_(rule), theta_(theta) {}

  double background_chi_square() {
    start_basis();
    return dot(residual_, residual_);
  }

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
    residual_.assign(data_.y.begin(), data_.y.end());
    std::array<double, 64> functions{};
    for (Index k = 0; k < compiled_.background_columns; ++k) {
      Vector column(residual_.size());
      for (std::size_t i = 0; i < column.size(); ++i) {
        const double t = (data_.x[i] - data_.middle) / data_.half_range;
        background_functions(
            compiled_.background, t, compiled_.background_columns, functions.data());
        column[i] = functions[static_cast<std::size_t>(k)] * data_.weight[i];
      }
      add_to_basis(std::move(column));
    }
  }

  [[nodiscard]] double dot(const Vector& a, const Vector& b) const {
    return dot_of_padded(a.data(), b.data(), data_.padded);
  }

  void add_to_basis(Vector column) {
    const double before = dot(column, column);
    for (const Vector& direction : basis_) {
      const double part = dot(direction, column);
      for (std::size_t i = 0; i < column.size(); ++i) {
        column[i] -= part * direction[i];
      }
    }
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

  // The first of the columns that are filled.
  const double* evaluate(const CompiledBand& band, const std::vector<double>& theta) {
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
    return columns[0];
  }

  [[nodiscard]] Vector profile(const CompiledBand& band, const std::vector<double>& theta) {
    const double* column = evaluate(band, theta);
    return {column, column + data_.padded};
  }

  void add_band(const CompiledBand& band) {
    for (Index j = 1; j < band.count; ++j) {
      if (!std::isfinite(compiled_.value(band.first + j, theta_))) {
        return;
      }
    }
    add_to_basis(profile(band, theta_));
  }

  // What chi-square loses by the best amount of the band beside everything in the basis.
  [[nodiscard]] double gain(const CompiledBand& band) {
    const double* column = evaluate(band, theta_);
    const double before = dot_of_padded(column, column, data_.padded);
    const double explained = dot_of_padded(column, residual_.data(), data_.padded);
    const Link& amount = link(band, 0);
    const bool is_positive =
        amount.free >= 0 && compiled_.lower[static_cast<std::size_t>(amount.free)] >= 0;
    if (is_positive && explained <= 0) {
      return 0;
    }
    double left = before;  // after projection; the basis is orthonormal
    for (const Vector& direction : basis_) {
      const double part = dot_of_padded(column, direction.data(), data_.padded);
      left -= part * part;
    }
    return left > 1e-6 * before ? explained * explained / left : 0;
  }

  void set_widths(const CompiledBand& band, std::span<const char> open, double width) {
    for (Index j = 2; j < band.count; ++j) {
      if (open[static_cast<std::size_t>(j)] != 0) {
        const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
        set(band, j, width * (info.standard != 0 ? info.standard : 1));
      }
    }
  }

  struct Steps {
    Index first = 0;
    Index last = 0;
  };

  struct Widths {
    double narrowest = 0;
    double widest = 0;
  };

  // Widths to try: four points to a part of the range, cut to what the bounds of the only open
  // width allow.
  [[nodiscard]] Widths widths_of(const CompiledBand& band, std::span<const char> open) const {
    const double widest = rule_.widest * 2 * data_.half_range;
    Widths out{std::min(4 * data_.spacing, widest), widest};
    Index width = -1;
    for (Index j = 2; j < band.count; ++j) {
      const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
      if (open[static_cast<std::size_t>(j)] != 0 && is_width(info, j)) {
        if (width >= 0) {
          return out;
        }
        width = j;
      }
    }
    if (width < 0) {
      return out;
    }
    const Link& l = link(band, width);
    const auto& info = band.row->info.parameters[static_cast<std::size_t>(width)];
    const double unit = info.standard != 0 ? info.standard : 1;
    const double one =
        (l.ratio * compiled_.lower[static_cast<std::size_t>(l.free)] + l.offset) / unit;
    const double other =
        (l.ratio * compiled_.upper[static_cast<std::size_t>(l.free)] + l.offset) / unit;
    out.narrowest = std::clamp(std::min(one, other), out.narrowest, widest);
    out.widest = std::max(out.narrowest, std::min(widest, std::max(one, other)));
    return out;
  }

  // Steps from the first point whose center may be taken, and one beyond at either end: it becomes
  // the bound itself.
  [[nodiscard]] Steps steps_in_range(const CompiledBand& band, double step) const {
    const Link& center = link(band, 1);
    const auto at = static_cast<std::size_t>(center.free);
    const double one = center.ratio * compiled_.lower[at] + center.offset;
    const double other = center.ratio * compiled_.upper[at] + center.offset;
    const auto all = static_cast<Index>(2 * data_.half_range / step);
    const auto step_at = [&](double x) {
      const double steps = (x - data_.x.front()) / step;
      return static_cast<Index>(std::clamp(steps, 0.0, static_cast<double>(all)));
    };
    return {step_at(std::min(one, other)), std::min(all, step_at(std::max(one, other)) + 1)};
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
    const auto [narrowest, widest] = widths_of(band, open);
    double width = narrowest;
    while (width <= widest) {
      set_widths(band, open, width);
      const double step = open[1] != 0 ? std::max(data_.spacing, 0.2 * width) : 2 * span;
      const auto [first, last] = open[1] != 0 ? steps_in_range(band, step) : Steps{};
      for (Index k = first; k <= last; ++k) {
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

// How many points may become one: a quarter of the narrowest band that can be tried.
Index group_size(const Data& data, const Compiled& compiled) {
  double narrowest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < compiled.free.size(); ++i) {
    const auto& owner = compiled.free[i];
    if (owner.band < 0 || owner.parameter < 2) {
      continue;
    }
    const auto& row = *compiled.bands[static_cast<std::size_t>(owner.band)].row;
    const auto& info = row.info.parameters[static_cast<std::size_t>(owner.parameter)];
    if (info.unit == "axis") {
      narrowest = std::min(narrowest, compiled.lower[i]);
    }
  }
  const double group = std::isfinite(narrowest) ? narrowest / (4 * data.spacing) : 1;
  const auto most = static_cast<double>(std::max<Index>(1, data.points / 64));
  return static_cast<Index>(std::clamp(group, 1.0, most));
}

}  // namespace

void find_starts(const Data& data,
                 const Compiled& compiled,
                 const StartRule& rule,
                 std::vector<double>& theta) {
  const Index group = group_size(data, compiled);
  if (group > 1) {
    StartFinder(thinned(data, group), compiled, rule, theta).run();
  } else {
    StartFinder(data, compiled, rule, theta).run();
  }
}

double background_chi_square(const Data& data, const Compiled& compiled) {
  std::vector<double> none;
  return StartFinder(data, compiled, {}, none).background_chi_square();
}

}  // namespace calcispec::band_fit
