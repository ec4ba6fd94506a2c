// Columns of the model, exact amounts and background, and the normal equations for one theta.
#include "core/fit/fit_private.hpp"
#include "core/kernels/gram.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::band_fit {

using kernels::lane_count;
using kernels::load_aligned;
using kernels::Pack;
using kernels::store_aligned;

namespace {

// Cubic B-splines of count - 3 equal parts of -1 to 1; beyond, the outer parts go on.
void spline_functions(double t, Index count, double* out) {
  const Index parts = count - 3;
  const double u = 0.5 * (t + 1) * static_cast<double>(parts);
  const double cell = std::clamp(std::floor(u), 0.0, static_cast<double>(parts - 1));
  const double v = u - cell;
  std::fill(out, out + count, 0.0);
  double* own = out + static_cast<Index>(cell);
  own[0] = (1 - v) * (1 - v) * (1 - v) / 6;
  own[1] = (4 + v * v * (3 * v - 6)) / 6;
  own[2] = (1 + v * (3 + v * (3 - 3 * v))) / 6;
  own[3] = v * v * v / 6;
}

}  // namespace

void background_functions(FitBackground kind, double t, Index count, double* out) {
  if (kind == FitBackground::spline) {
    return spline_functions(t, count, out);
  }
  for (Index k = 0; k < count; ++k) {
    if (k == 0) {
      out[k] = 1;
    } else if (kind == FitBackground::polynomial || k == 1) {
      out[k] = out[k - 1] * t;
    } else {
      const auto n = static_cast<double>(k);
      out[k] = ((2 * n - 1) * t * out[k - 1] - (n - 1) * out[k - 2]) / n;
    }
  }
}

void Evaluation::prepare(const Data& data, const Compiled& compiled) {
  data_ = &data;
  compiled_ = &compiled;
  y_column_ = static_cast<Index>(compiled.columns.size());
  count_ = kernels::padded_columns(y_column_ + 1);
  values_.resize(compiled.links.size());
  unused_.resize(static_cast<std::size_t>(data.padded));
  products_.resize(static_cast<std::size_t>(count_));
  factor_.resize(static_cast<std::size_t>(count_));
  const auto linear = static_cast<std::size_t>(compiled.linear);
  linear_normal_.resize(compiled.linear);
  for (auto* buffer : {&linear_right_, &low_, &high_, &step_}) {
    buffer->resize(linear);
  }
  held_.resize(linear);
  const Index count = compiled.background_columns;
  background_.assign(static_cast<std::size_t>(count * data.padded), 0.0);
  std::array<double, 64> functions{};
  for (Index i = 0; i < data.points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double t = (data.x[at] - data.middle) / data.half_range;
    background_functions(compiled.background, t, count, functions.data());
    for (Index k = 0; k < count; ++k) {
      background_[static_cast<std::size_t>(k * data.padded + i)] =
          functions[static_cast<std::size_t>(k)] * data.weight[at];
    }
  }
}

void Evaluation::fill_columns(State& state) {
  const Index stride = data_->padded;
  const auto total = static_cast<std::size_t>(count_ * stride);
  if (state.columns.size() != total) {
    state.columns.assign(total, 0.0);
  }
  const auto bands = static_cast<Index>(compiled_->bands.size());
  double* background = state.columns.data() + bands * stride;
  std::copy(background_.begin(), background_.end(), background);
  std::copy(data_->y.begin(), data_->y.end(), state.columns.data() + y_column_ * stride);
  std::fill(state.columns.begin() + (y_column_ + 1) * stride, state.columns.end(), 0.0);
  Index next = bands + compiled_->background_columns;
  for (Index b = 0; b < bands; ++b) {
    const CompiledBand& band = compiled_->bands[static_cast<std::size_t>(b)];
    std::array<double*, kernels::most_shape_parameters> columns{};
    columns[0] = state.columns.data() + b * stride;
    for (Index j = 1; j < band.count; ++j) {
      const bool is_free = compiled_->links[static_cast<std::size_t>(band.first + j)].free >= 0;
      columns[static_cast<std::size_t>(j)] =
          is_free ? state.columns.data() + next++ * stride : unused_.data();
    }
    const kernels::ProfileCall call{
        data_->x.data(), data_->weight.data(), stride, values_.data() + band.first, columns.data()};
    if (data_->broadener) {
      data_->broadener->evaluate(*band.row, call, band.count, unused_.data(), fine_);
    } else {
      band.row->evaluate(call);
    }
  }
}

// Amounts and background for fixed profiles: a small problem with bounds.
bool Evaluation::solve_linear(State& state) {
  const Index linear = compiled_->linear;
  std::fill(linear_normal_.values.begin(), linear_normal_.values.end(), 0.0);
  std::fill(linear_right_.begin(), linear_right_.end(), 0.0);
  const auto bands = static_cast<Index>(compiled_->bands.size());
  const Index used = bands + compiled_->background_columns;
  const double* gram = state.gram.data();
  for (Index i = 0; i < used; ++i) {
    const Column& row = compiled_->columns[static_cast<std::size_t>(i)];
    if (row.free < 0) {
      continue;
    }
    double right = gram[y_column_ * count_ + i];
    for (Index j = 0; j < used; ++j) {
      const Column& other = compiled_->columns[static_cast<std::size_t>(j)];
      const double product = j <= i ? gram[i * count_ + j] : gram[j * count_ + i];
      if (other.free >= row.free) {
        linear_normal_.row(row.free)[other.free] += row.ratio * other.ratio * product;
      }
      if (j < bands) {  // the fixed part of an amount
        const CompiledBand& band = compiled_->bands[static_cast<std::size_t>(j)];
        right -= compiled_->links[static_cast<std::size_t>(band.first)].offset * product;
      }
    }
    linear_right_[static_cast<std::size_t>(row.free)] += row.ratio * right;
  }
  add_pull_to_linear();
  for (Index i = 0; i < linear; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double base = std::clamp(0.0, compiled_->lower[at], compiled_->upper[at]);
    state.theta[at] = base;
    low_[at] = compiled_->lower[at] - base;
    high_[at] = compiled_->upper[at] - base;
    const bool is_movable = linear_normal_.row(i)[i] > 0 && low_[at] < high_[at];
    held_[at] = is_movable ? char{0} : char{1};
  }
  for (Index i = 0; i < linear; ++i) {
    for (Index j = 0; j < linear; ++j) {
      const double product = j < i ? linear_normal_.row(j)[i] : linear_normal_.row(i)[j];
      linear_right_[static_cast<std::size_t>(i)] -=
          product * state.theta[static_cast<std::size_t>(j)];
    }
  }
  const auto solve = [&] {
    return solver_.solve(linear_normal_,
                         linear_right_.data(),
                         low_.data(),
                         high_.data(),
                         held_.data(),
                         step_.data());
  };
  bool is_solved = solve();
  for (double ridge = 1e-12; !is_solved && ridge < 1e-3; ridge *= 1e3) {
    for (Index i = 0; i < linear; ++i) {  // bands on top of each other share what they explain
      linear_normal_.row(i)[i] *= 1 + ridge;
    }
    is_solved = solve();
  }
  for (Index i = 0; is_solved && i < linear; ++i) {
    state.theta[static_cast<std::size_t>(i)] += step_[static_cast<std::size_t>(i)];
  }
  return is_solved;
}

void Evaluation::fill_residual(State& state) {
  const Index stride = data_->padded;
  const auto bands = static_cast<Index>(compiled_->bands.size());
  const Index used = bands + compiled_->background_columns;
  for (Index k = 0; k < used; ++k) {
    const Column& column = compiled_->columns[static_cast<std::size_t>(k)];
    factor_[static_cast<std::size_t>(k)] =
        k < bands
            ? compiled_->value(compiled_->bands[static_cast<std::size_t>(k)].first, state.theta)
            : state.theta[static_cast<std::size_t>(column.free)];
  }
  state.residual.resize(static_cast<std::size_t>(stride));
  Pack total{};
  for (Index i = 0; i < stride; i += lane_count) {
    Pack r = load_aligned(data_->y.data() + i);
    for (Index k = 0; k < used; ++k) {
      r -= factor_[static_cast<std::size_t>(k)] *
           load_aligned(state.columns.data() + k * stride + i);
    }
    store_aligned(state.residual.data() + i, r);
    total += r * r;
  }
  state.chi_square = kernels::sum(total);
}

void Evaluation::fill_normal(State& state) {
  const Index free = compiled_->free_count();
  state.normal.resize(free);
  state.gradient.assign(static_cast<std::size_t>(free), 0.0);
  std::fill(state.normal.values.begin(), state.normal.values.end(), 0.0);
  kernels::dot_columns(state.columns.data(),
                       y_column_,
                       data_->padded,
                       data_->padded,
                       state.residual.data(),
                       products_.data());
  for (Index k = 0; k < y_column_; ++k) {
    const Column& column = compiled_->columns[static_cast<std::size_t>(k)];
    double factor = column.ratio;
    if (column.band >= 0 && column.parameter > 0) {
      factor *= factor_[static_cast<std::size_t>(column.band)];
    }
    products_[static_cast<std::size_t>(k)] *= factor;
    if (column.free >= 0) {
      state.gradient[static_cast<std::size_t>(column.free)] +=
          products_[static_cast<std::size_t>(k)];
    }
    products_[static_cast<std::size_t>(k)] = factor;
  }
  for (Index i = 0; i < y_column_; ++i) {
    const Column& row = compiled_->columns[static_cast<std::size_t>(i)];
    if (row.free < 0) {
      continue;
    }
    const double* gram = state.gram.data() + i * count_;
    const double factor = products_[static_cast<std::size_t>(i)];
    for (Index j = 0; j <= i; ++j) {
      const Column& other = compiled_->columns[static_cast<std::size_t>(j)];
      if (other.free < 0) {
        continue;
      }
      const double product = factor * products_[static_cast<std::size_t>(j)] * gram[j];
      const Index low = std::min(row.free, other.free);
      const Index high = std::max(row.free, other.free);
      // A pair of different columns of one parameter counts twice on the diagonal.
      state.normal.row(low)[high] += low == high && i != j ? 2 * product : product;
    }
  }
}

void Evaluation::measure_pulled() {
  unit_measures_.assign(pull_.part.size(), 0.0);
  for (std::size_t b = 0; b < pull_.part.size(); ++b) {
    if (pull_.part[b] != 0) {
      const CompiledBand& band = compiled_->bands[b];
      unit_measures_[b] = pull_.measure(*band.row, values_.data() + band.first);
    }
  }
}

void Evaluation::add_pull_to_linear() {
  if (pull_.part.empty() || !pull_.has_amount) {
    return;
  }
  const auto amounts = static_cast<std::size_t>(compiled_->amounts);
  double target = pull_.weight * pull_.target;
  pull_row_.assign(amounts, 0.0);
  for (std::size_t b = 0; b < pull_.part.size(); ++b) {
    const Link& amount = compiled_->links[static_cast<std::size_t>(compiled_->bands[b].first)];
    const double slope = pull_.weight * pull_.part[b] * unit_measures_[b];
    target -= slope * amount.offset;
    if (amount.free >= 0) {
      pull_row_[static_cast<std::size_t>(amount.free)] += slope * amount.ratio;
    }
  }
  for (std::size_t i = 0; i < amounts; ++i) {
    linear_right_[i] += pull_row_[i] * target;
    for (std::size_t j = i; j < amounts; ++j) {
      linear_normal_.row(static_cast<Index>(i))[j] += pull_row_[i] * pull_row_[j];
    }
  }
}

// A measure of a band that is pulled, and how it grows with the free parameters.
void Evaluation::add_pulled_band(std::size_t b, State& state) {
  const CompiledBand& band = compiled_->bands[b];
  const double amount = pull_.has_amount ? compiled_->value(band.first, state.theta) : 1;
  std::array<double, kernels::most_shape_parameters> p{};
  std::copy_n(values_.begin() + band.first, band.count, p.begin());
  state.pulled += pull_.part[b] * amount * unit_measures_[b];
  for (Index j = 0; j < band.count; ++j) {
    const Link& link = compiled_->links[static_cast<std::size_t>(band.first + j)];
    if (link.free < 0 || j == 1) {  // no measure depends on the place
      continue;
    }
    double slope = pull_.has_amount ? unit_measures_[b] : 0;
    if (j > 0) {
      const auto sides = sides_of(band, p, j);
      slope = amount *
              (pull_.measure(*band.row, sides.above.data()) -
               pull_.measure(*band.row, sides.below.data())) /
              sides.distance;
    }
    pull_row_[static_cast<std::size_t>(link.free)] +=
        pull_.weight * pull_.part[b] * link.ratio * slope;
  }
}

void Evaluation::add_pull(State& state) {
  if (pull_.part.empty()) {
    return;
  }
  state.pulled = 0;
  pull_row_.assign(state.theta.size(), 0.0);
  for (std::size_t b = 0; b < pull_.part.size(); ++b) {
    if (pull_.part[b] != 0) {
      add_pulled_band(b, state);
    }
  }
  const double residual = pull_.weight * (pull_.target - state.pulled);
  state.pull_square = residual * residual;
  state.chi_square += state.pull_square;
  for (std::size_t i = 0; i < pull_row_.size(); ++i) {
    state.gradient[i] += pull_row_[i] * residual;
    for (std::size_t j = i; j < pull_row_.size(); ++j) {
      state.normal.row(static_cast<Index>(i))[j] += pull_row_[i] * pull_row_[j];
    }
  }
}

bool Evaluation::evaluate(State& state) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    values_[i] = compiled_->value(static_cast<Index>(i), state.theta);
  }
  measure_pulled();
  fill_columns(state);
  state.gram.resize(static_cast<std::size_t>(count_ * count_));
  kernels::gram_lower(
      state.columns.data(), count_, data_->padded, data_->padded, state.gram.data());
  if (!solve_linear(state)) {
    return false;
  }
  fill_residual(state);
  if (!std::isfinite(state.chi_square)) {
    return false;
  }
  fill_normal(state);
  add_pull(state);
  return std::isfinite(state.chi_square);
}

}  // namespace calcispec::band_fit
