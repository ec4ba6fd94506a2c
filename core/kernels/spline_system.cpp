#include "core/kernels/spline_system.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::kernels {
namespace {

// The degree + 1 B-splines that are not 0 between two equal knots, at a fraction of the way.
void evaluate_splines(double fraction, Index degree, double* out) {
  out[0] = 1;
  for (Index d = 1; d <= degree; ++d) {
    // Degree d from d - 1: each spline hands a part to itself and one to the next.
    double carried = 0;
    for (Index j = 0; j < d; ++j) {
      const double share = out[j] / static_cast<double>(d);
      out[j] = carried + (static_cast<double>(j + 1) - fraction) * share;
      carried = (fraction + static_cast<double>(d - 1 - j)) * share;
    }
    out[d] = carried;
  }
}

}  // namespace

SplineBasis make_spline_basis(std::span<const double> x, Index knots, Index degree) {
  SplineBasis basis;
  basis.degree = degree;
  basis.count = knots + degree - 1;
  const auto cells = static_cast<double>(knots - 1);
  const double length = x.back() - x.front();
  basis.first.resize(x.size());
  basis.values.resize(x.size() * static_cast<std::size_t>(degree + 1));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double u = (x[i] - x.front()) / length * cells;
    const auto cell = std::clamp<Index>(static_cast<Index>(std::floor(u)), 0, knots - 2);
    basis.first[i] = cell;
    evaluate_splines(u - static_cast<double>(cell),
                     degree,
                     basis.values.data() + i * static_cast<std::size_t>(degree + 1));
  }
  for (Index j = 0; j < basis.count; ++j) {
    const double knot = static_cast<double>(j) - 0.5 * static_cast<double>(degree - 1);
    basis.centres.push_back(x.front() + length * knot / cells);
  }
  return basis;
}

ScalarBand coefficient_penalty(Index count, Index order, double lambda) {
  ScalarBand band;
  band.make(count, order);
  std::vector<double> difference{1};
  for (Index k = 0; k < order; ++k) {  // binomial with alternating sign
    difference.push_back(0);
    for (std::size_t j = difference.size() - 1; j > 0; --j) {
      difference[j] -= difference[j - 1];
    }
  }
  for (Index row = 0; row + order < count; ++row) {
    for (Index a = 0; a <= order; ++a) {
      for (Index b = 0; b <= a; ++b) {
        band.entry(row + a, a - b) +=
            difference[static_cast<std::size_t>(a)] * difference[static_cast<std::size_t>(b)];
      }
    }
  }
  for (double& value : band.values) {  // whole numbers until here: one rounding per entry
    value *= lambda;
  }
  return band;
}

ScalarBand point_penalty(const SplineBasis& basis, double lambda) {
  const auto points = static_cast<Index>(basis.first.size());
  const Index width = basis.degree + 1;
  Index widest = 0;  // between the first splines of neighbouring points
  for (std::size_t i = 1; i < basis.first.size(); ++i) {
    widest = std::max(widest, basis.first[i] - basis.first[i - 1]);
  }
  ScalarBand band;
  band.make(basis.count, std::min(widest + basis.degree, basis.count - 1));
  std::vector<double> difference;
  for (Index i = 1; i < points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Index start = basis.first[at - 1];
    const Index step = basis.first[at] - start;
    difference.assign(static_cast<std::size_t>(step + width), 0.0);
    for (Index k = 0; k < width; ++k) {
      difference[static_cast<std::size_t>(k)] -=
          basis.values[static_cast<std::size_t>((i - 1) * width + k)];
      difference[static_cast<std::size_t>(step + k)] +=
          basis.values[static_cast<std::size_t>(i * width + k)];
    }
    for (Index a = 0; a < step + width; ++a) {
      for (Index b = 0; b <= a; ++b) {
        band.entry(start + a, a - b) += lambda * difference[static_cast<std::size_t>(a)] *
                                        difference[static_cast<std::size_t>(b)];
      }
    }
  }
  return band;
}

void SplineNormal::make(std::span<const double> x, Index knots, Index degree, Index penalty_half) {
  basis = make_spline_basis(x, knots, degree);
  const auto count = static_cast<std::size_t>(basis.count);
  half = std::min(std::max(degree, penalty_half), basis.count - 1);
  bands.resize(count * static_cast<std::size_t>(half + 1));
  right.assign(count, Pack{});
  before.assign(count, Pack{});
  inverse_pivot.resize(count);
}

void SplineNormal::start(const ScalarBand& first, const ScalarBand& second) {
  std::swap(before, right);
  for (Index i = 0; i < basis.count; ++i) {
    for (Index k = 0; k <= half; ++k) {
      const double fixed = (first.values.empty() ? 0 : first.at(i, k)) +
                           (second.values.empty() ? 0 : second.at(i, k));
      band(i, k) = broadcast(fixed);
    }
  }
  std::fill(right.begin(), right.end(), Pack{});
  block_ = 0;
  block_sums_ = {};
  right_block_ = {};
}

void SplineNormal::flush() {
  const Index width = basis.degree + 1;
  for (Index j = 0; j < width; ++j) {
    const auto row = static_cast<std::size_t>(j);
    right_at(block_ + j) += right_block_[row];
    right_block_[row] = Pack{};
    for (Index k = 0; k <= j; ++k) {
      Pack& sum = block_sums_[row][static_cast<std::size_t>(k)];
      band(block_ + j, j - k) += sum;
      sum = Pack{};
    }
  }
}

void SplineNormal::add_any(Index point, Pack weight, Pack value) {
  switch (basis.degree) {
    case 1:
      return add_of<1>(point, weight, value);
    case 2:
      return add_of<2>(point, weight, value);
    case 4:
      return add_of<4>(point, weight, value);
    default:
      return add_of<5>(point, weight, value);
  }
}

Pack SplineNormal::value_any(Index point) const {
  switch (basis.degree) {
    case 1:
      return value_of<1>(point);
    case 2:
      return value_of<2>(point);
    case 4:
      return value_of<4>(point);
    default:
      return value_of<5>(point);
  }
}

void SplineSystem::make(std::span<const double> x,
                        const Size& size,
                        double lambda,
                        double first_lambda) {
  first_ = first_lambda > 0
               ? point_penalty(make_spline_basis(x, size.knots, size.degree), first_lambda)
               : ScalarBand{};
  normal_.make(x, size.knots, size.degree, std::max(size.diff_order, first_.half));
  penalty_ = coefficient_penalty(normal_.basis.count, size.diff_order, lambda);
}

// LDL' in place, then the substitution back.
void SplineSystem::solve() {
  auto& n = normal_;
  n.flush();
  const Index count = n.basis.count;
  for (Index i = 0; i < count; ++i) {
    const Index reach = std::min(n.half, i);
    Pack diagonal = n.band(i, 0);
    Pack value = n.right_at(i);
    for (Index k = reach; k > 0; --k) {
      Pack sum = n.band(i, k);
      for (Index m = k + 1; m <= reach; ++m) {
        sum -= n.band(i, m) * n.band(i - k, m - k);
      }
      n.band(i, k) = sum;
    }
    for (Index k = reach; k > 0; --k) {
      const Pack product = n.band(i, k);
      const Pack own = product * n.inverse_pivot[static_cast<std::size_t>(i - k)];
      diagonal -= product * own;
      value -= own * n.right_at(i - k);
      n.band(i, k) = own;
    }
    n.inverse_pivot[static_cast<std::size_t>(i)] = 1.0 / diagonal;
    n.right_at(i) = value;
  }
  change_ = {};
  for (Index i = count; i-- > 0;) {
    const auto at = static_cast<std::size_t>(i);
    Pack value = n.right[at] * n.inverse_pivot[at];
    for (Index k = std::min(n.half, count - 1 - i); k > 0; --k) {
      value -= n.band(i + k, k) * n.right_at(i + k);
    }
    n.right[at] = value;
    const Pack difference = value - n.before[at];
    change_.difference += difference * difference;
    change_.size += n.before[at] * n.before[at];
  }
}

void ScaledSplineSystem::make(std::span<const double> x,
                              const SplineSystem::Size& size,
                              double lambda,
                              double first_lambda) {
  normal_.make(x, size.knots, size.degree, size.diff_order);
  const Index count = normal_.basis.count;
  first_ = coefficient_penalty(count, 1, first_lambda);
  penalty_ = coefficient_penalty(count, size.diff_order, lambda);
  scales_.resize(x.size());
  rows_.resize(static_cast<std::size_t>(count * (2 * normal_.half + 1)));
  left_.clear();
  fraction_.clear();
  for (const double centre : normal_.basis.centres) {
    const double at = std::clamp(centre, x.front(), x.back());
    const auto next = std::upper_bound(x.begin() + 1, x.end() - 1, at);
    const auto left = next - x.begin() - 1;
    left_.push_back(left);
    fraction_.push_back((at - *(next - 1)) / (*next - *(next - 1)));
  }
}

// Row of the full matrix, and what the rows before take off it; then over its diagonal.
void ScaledSplineSystem::eliminate(Index row) {
  auto& n = normal_;
  const Index half = n.half;
  const Index count = n.basis.count;
  const auto at = static_cast<std::size_t>(row);
  const auto left = static_cast<std::size_t>(left_[at]);
  const Pack scale = scales_[left] + fraction_[at] * (scales_[left + 1] - scales_[left]);
  const auto entry = [&](Index i, Index m) -> Pack& {
    return rows_[static_cast<std::size_t>(i * (2 * half + 1) + half + m)];
  };
  const Index back = std::min(half, row);
  const Index ahead = std::min(half, count - 1 - row);
  for (Index k = 0; k <= back; ++k) {
    entry(row, -k) = n.band(row, k) + scale * penalty_.at(row, k);
  }
  for (Index k = 1; k <= ahead; ++k) {
    entry(row, k) = n.band(row + k, k) + scale * penalty_.at(row + k, k);
  }
  Pack value = n.right_at(row);
  for (Index k = back; k > 0; --k) {
    const Pack factor = entry(row, -k);
    for (Index m = 1; m <= std::min(half, count - 1 - row + k); ++m) {
      entry(row, m - k) -= factor * entry(row - k, m);
    }
    value -= factor * n.right_at(row - k);
  }
  const Pack inverse = 1.0 / entry(row, 0);
  for (Index k = 1; k <= ahead; ++k) {
    entry(row, k) *= inverse;
  }
  n.right_at(row) = value * inverse;
}

void ScaledSplineSystem::solve() {
  auto& n = normal_;
  n.flush();
  const Index count = n.basis.count;
  for (Index i = 0; i < count; ++i) {
    eliminate(i);
  }
  for (Index i = count; i-- > 0;) {
    for (Index k = std::min(n.half, count - 1 - i); k > 0; --k) {
      n.right_at(i) -=
          rows_[static_cast<std::size_t>(i * (2 * n.half + 1) + n.half + k)] * n.right_at(i + k);
    }
  }
}

}  // namespace calcispec::kernels
