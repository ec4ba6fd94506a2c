// The grid of a broadened band, the kernel of every point on it, and their products.
#include "core/error.hpp"
#include "core/fit/broadener_private.hpp"
#include "core/parameter.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::band_fit {
namespace {

using kernels::lane_count;
using kernels::load_aligned;
using kernels::Pack;

constexpr double steps_per_width = 40;      // of the kernel: five in the narrowest band
constexpr double narrowest_part = 1.0 / 8;  // of the kernel
constexpr double gauss_tail = 3;            // widths: e^-25 of the height
constexpr double sinc_tail = 40;            // widths beyond the points
constexpr double most_products = 4e7;       // points x taps: 320 MB

bool is_same(const Broadening& a, const Broadening& b) {
  return a.kind == b.kind && a.fwhm == b.fwhm && a.path_difference == b.path_difference &&
         a.apodisation == b.apodisation;
}

void check_broadener(const Broadening& broadening, double width, std::span<const double> x) {
  require(std::is_sorted(x.begin(), x.end()), "a broadened curve needs a rising axis");
  require(std::isfinite(width) && width > 0,
          "the broadening needs a width or a path difference above 0");
  const double spacing =
      (x.back() - x.front()) / static_cast<double>(std::max<std::size_t>(1, x.size() - 1));
  require(2 * width >= spacing,
          "the broadening (" + broadening_text(broadening) + ") is " + number_text(width) +
              " wide, less than half of the distance of the points, " + number_text(spacing) +
              ": leave it out");
}

}  // namespace

double least_width(const Broadening& broadening) {
  return narrowest_part * broadening_width(broadening);
}

Broadener::Broadener(const Broadening& broadening, std::span<const double> x)
    : broadening_(broadening), x_(x.begin(), x.end()) {
  const double width = broadening_width(broadening);
  check_broadener(broadening, width, x);
  step_ = width / steps_per_width;
  const bool is_gauss = broadening.kind == BroadeningKind::gauss;
  const double tail = (is_gauss ? gauss_tail : sinc_tail) * width;
  const double count = std::ceil((x.back() - x.front() + 2 * tail) / step_) + 1;
  const double taps = is_gauss ? 2 * gauss_tail * steps_per_width + 2 : count;
  const bool is_small = static_cast<double>(x.size()) * taps <= most_products && count < 1e6;
  require(is_small,
          "the broadening (" + broadening_text(broadening) +
              ") is too narrow for so long a range; narrow the range of the fit");
  const auto size = static_cast<std::size_t>(kernels::padded(static_cast<Index>(count)));
  grid_.resize(size);
  for (std::size_t k = 0; k < size; ++k) {
    grid_[k] = x.front() - tail + step_ * static_cast<double>(k);
  }
  ones_.assign(size, 1.0);
  taps_ = is_gauss ? kernels::padded(static_cast<Index>(taps) + kernels::padding)
                   : static_cast<Index>(size);
  taps_ = std::min(taps_, static_cast<Index>(size));
  fill_rows();
}

void Broadener::fill_rows() {
  const auto taps = static_cast<std::size_t>(taps_);
  rows_.assign(x_.size() * taps, 0.0);
  const bool is_gauss = broadening_.kind == BroadeningKind::gauss;
  const double reach = gauss_tail * broadening_.fwhm;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    Index first = 0;
    if (is_gauss) {
      const double from = std::max(0.0, (x_[i] - reach - grid_[0]) / step_);
      first = static_cast<Index>(from) / kernels::padding * kernels::padding;
      first = std::min(first, static_cast<Index>(grid_.size()) - taps_);
    }
    first_.push_back(first);
    for (std::size_t k = 0; k < taps; ++k) {
      const double distance = x_[i] - grid_[static_cast<std::size_t>(first) + k];
      if (!is_gauss || std::abs(distance) <= reach) {
        rows_[i * taps + k] = step_ * broadening_kernel(broadening_, distance);
      }
    }
  }
}

bool Broadener::is_for(const Broadening& broadening, std::span<const double> x) const {
  return is_same(broadening, broadening_) && std::equal(x.begin(), x.end(), x_.begin(), x_.end());
}

void Broadener::evaluate(const kernels::ShapeRow& row,
                         const kernels::ProfileCall& call,
                         Index parameters,
                         const double* unused,
                         AlignedDoubles& scratch) const {
  const std::size_t stride = grid_.size();
  scratch.resize(stride * static_cast<std::size_t>(parameters));
  std::array<double*, kernels::most_shape_parameters> fine{};
  for (std::size_t j = 0; j < static_cast<std::size_t>(parameters); ++j) {
    fine[j] = scratch.data() + j * stride;
  }
  row.evaluate(
      {grid_.data(), ones_.data(), static_cast<Index>(stride), call.parameters, fine.data()});
  for (std::size_t j = 0; j < static_cast<std::size_t>(parameters); ++j) {
    double* out = call.columns[j];
    if (out == unused) {
      continue;
    }
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const double* kernel = rows_.data() + i * static_cast<std::size_t>(taps_);
      const double* values = fine[j] + first_[i];
      Pack total{};
      for (Index k = 0; k < taps_; k += lane_count) {
        total += load_aligned(kernel + k) * load_aligned(values + k);
      }
      out[i] = call.weight[i] * kernels::sum(total);
    }
    std::fill(out + x_.size(), out + call.count, 0.0);
  }
}

std::shared_ptr<const Broadener> broadener_for(const Broadening& broadening,
                                               std::span<const double> x) {
  thread_local std::shared_ptr<const Broadener> last;
  if (!last || !last->is_for(broadening, x)) {
    last = std::make_shared<const Broadener>(broadening, x);
  }
  return last;
}

}  // namespace calcispec::band_fit
