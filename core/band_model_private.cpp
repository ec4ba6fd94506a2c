#include "core/band_model_private.hpp"

#include "core/kernels/spline_basis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::detail {
namespace {

using Eigen::ArrayXd;
using Eigen::Map;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double t_freedom = 4;    // of the Student-t prior on band ratios
constexpr double seen_sigmas = 3;  // bands below keep the table's shape

void move(double& value, double step, double step_limit, double limit) {
  value = std::clamp(value + std::clamp(step, -step_limit, step_limit), -limit, limit);
}

}  // namespace

BandModel::BandModel(std::span<const double> x,
                     std::span<const double> y,
                     std::span<const MixtureBand> bands,
                     Index groups,
                     const BandMixtureOptions& options)
    : options_(options),
      bands_(bands.begin(), bands.end()),
      middle_(0.5 * (x.front() + x.back())),
      columns_(x) {
  y_.setZero(columns_.points());
  for (std::size_t i = 0; i < y.size(); ++i) {
    y_[static_cast<Index>(i)] = std::isfinite(y[i]) ? y[i] : 0;
    highest_ = std::max(highest_, std::abs(y_[static_cast<Index>(i)]));
  }
  const std::size_t count = bands.size();
  for (auto* list : {&state.offset, &state.log_width, &state.share_change, &state.height}) {
    list->assign(count, 0.0);
  }
  state.amount.assign(static_cast<std::size_t>(groups), 0.0);
  expected_ = state.amount;
  columns_.resize(band_count());
  axis_columns_.resize(columns_.points(), 2);
  stiffness = options.background.stiffness;
  smooth_.setZero(columns_.points());
  ripple_ = smooth_;
  make_background();
}

void BandModel::make_background() {
  if (!options_.background.is_present) {
    return;
  }
  const ArrayXd& x = columns_.x();
  const Index intervals = interval_count(options_.background, x[x.size() - 1] - x[0]);
  const Index order = std::clamp<Index>(options_.background.penalty_order, 1, intervals + 2);
  basis_ = kernels::spline_basis({x.data(), static_cast<std::size_t>(x.size())}, intervals);
  penalty_ = {kernels::difference_penalty(intervals + 3, order), order};
  state.spline.setZero(basis_.cols());
  for (Index k = 0; k < basis_.cols(); ++k) {
    LocalColumn column{basis_.col(k).data(), 1, columns_.blocks(), 0};
    for (Index i = 0; i < basis_.rows(); ++i) {
      if (basis_(i, k) != 0) {
        column.first = std::min(column.first, i / block_points);
        column.end = i / block_points + 1;
      }
    }
    splines_.push_back(column);
  }
}

void BandModel::set_sigma(std::span<const double> sigma) {
  weight_.setZero(columns_.points());
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    weight_[static_cast<Index>(i)] = sigma[i] > 0 ? 1 / (sigma[i] * sigma[i]) : 0;
  }
  root_weight_ = weight_.sqrt();
}

void BandModel::keep(const std::vector<std::size_t>& bands) {
  const auto pick = [&](auto& list) {
    auto kept = list;
    kept.clear();
    for (const std::size_t b : bands) {
      kept.push_back(list[b]);
    }
    list = std::move(kept);
  };
  pick(bands_);
  for (auto* list : {&state.offset, &state.log_width, &state.share_change, &state.height}) {
    pick(*list);
  }
  pick(uncertainty_.variance);
  columns_.resize(band_count());
  is_free_.clear();
}

std::vector<std::size_t> BandModel::needed_bands(double sigmas) const {
  MatrixXd covariance = uncertainty_.covariance;
  VectorXd x = reduced_.solution.x;
  std::vector<char> is_in(bands_.size(), 0);
  for (const Index i : reduced_.solution.free) {
    if (i < band_count()) {
      is_in[static_cast<std::size_t>(i)] = 1;
    }
  }
  while (true) {
    Index least = -1;
    double least_sigmas = sigmas;
    for (Index b = 0; b < band_count(); ++b) {
      const double own = x[b] / std::sqrt(std::max(covariance(b, b), 1e-300));
      if (is_in[static_cast<std::size_t>(b)] != 0 && own < least_sigmas) {
        least_sigmas = own;
        least = b;
      }
    }
    if (least < 0) {
      break;
    }
    const VectorXd column = covariance.col(least) / covariance(least, least);
    x -= column * x[least];
    covariance -= column * covariance.row(least).eval();
    is_in[static_cast<std::size_t>(least)] = 0;
  }
  std::vector<std::size_t> left;
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    if (is_in[b] != 0) {
      left.push_back(b);
    }
  }
  return left;
}

void BandModel::add_ripple(double turn, const ArrayXd& envelope) {
  state.turn = turn;
  envelope_ = envelope;
  ripple_columns_.resize(columns_.points(), 5);
}

double BandModel::center_of(std::size_t band) const {
  const double table = bands_[band].center;
  return table + state.shift + state.stretch * (table - middle_) + state.offset[band];
}

double BandModel::width_of(std::size_t band) const {
  return bands_[band].fwhm * std::exp(state.log_width[band]);
}

double BandModel::share_of(std::size_t band) const {
  return std::clamp(bands_[band].lorentz_share + state.share_change[band], 0.0, 1.0);
}

double BandModel::height_u(std::size_t band) const {
  return std::sqrt(uncertainty_.variance[band]);
}

void BandModel::evaluate() {
  fitted_.setZero(columns_.points());
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    columns_.evaluate(b, {center_of(at), width_of(at), share_of(at)});
    if (state.height[at] != 0) {
      fitted_ += state.height[at] * columns_.values().col(b).array();
    }
  }
  if (basis_.cols() > 0) {
    smooth_ = (basis_ * state.spline).array();
  }
  if (state.turn > 0) {
    const ArrayXd angle = state.turn * (columns_.x() - middle_);
    const auto& a = state.ripple;
    ripple_columns_.col(0) = angle.sin();
    ripple_columns_.col(1) = angle.cos();
    ripple_columns_.col(2) = envelope_ * ripple_columns_.col(0).array();
    ripple_columns_.col(3) = envelope_ * ripple_columns_.col(1).array();
    ripple_ = (ripple_columns_.leftCols(4) * Map<const VectorXd>(a.data(), 4)).array();
    ripple_columns_.col(4) =
        (columns_.x() - middle_) * ((a[0] + a[2] * envelope_) * ripple_columns_.col(1).array() -
                                    (a[1] + a[3] * envelope_) * ripple_columns_.col(0).array());
  }
  residual_ = y_ - fitted_ - smooth_ - ripple_;
}

double BandModel::objective() const {
  double sum = (residual_.square() * weight_).sum();
  for (const auto& row : ratio_rows_) {
    const double height = state.height[static_cast<std::size_t>(row.terms[0].first)];
    const double amount = state.amount[static_cast<std::size_t>(row.terms[1].first - band_count())];
    const double gap = height + row.terms[1].second * amount;
    sum += row.precision * gap * gap;
  }
  for (const auto& shape : shapes_) {
    const auto [target, sd] = shape_prior(shape);
    sum += target * target / (sd * sd);
  }
  if (basis_.cols() > 0) {
    sum += stiffness * state.spline.dot(penalty_.matrix * state.spline);
  }
  return sum;
}

// Only bands that are seen get shape freedom; the others keep what they have.
void BandModel::list_shapes(bool with_shapes) {
  shapes_.clear();
  if (state.turn > 0) {
    for (Index term = 0; term < 4; ++term) {
      shapes_.push_back({ShapeKind::ripple, term});
    }
  }
  if (!with_shapes || bands_.empty()) {
    return;
  }
  if (state.turn > 0) {
    shapes_.push_back({ShapeKind::turn, 4});
  }
  if (options_.shift_sd > 0) {
    shapes_.push_back({ShapeKind::shift, 0});
  }
  if (options_.stretch_sd > 0) {
    shapes_.push_back({ShapeKind::stretch, 1});
  }
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    if (state.height[at] <= seen_sigmas * height_u(at)) {
      continue;
    }
    if (bands_[at].center_sd > 0) {
      shapes_.push_back({ShapeKind::center, b});
    }
    if (bands_[at].log_fwhm_sd > 0) {
      shapes_.push_back({ShapeKind::width, b});
    }
    if (bands_[at].lorentz_share_sd > 0) {
      shapes_.push_back({ShapeKind::share, b});
    }
  }
}

void BandModel::fill_axis_columns() {
  axis_columns_.setZero();
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    if (state.height[at] <= 0) {
      continue;
    }
    columns_.derive(b);
    const auto column = columns_.by_center(b, state.height[at]);
    const Index first = column.first * block_points;
    const Index count = (column.end - column.first) * block_points;
    const Map<const ArrayXd> slope(column.data + first, count);
    axis_columns_.col(0).segment(first, count).array() += column.factor * slope;
    axis_columns_.col(1).segment(first, count).array() +=
        column.factor * (bands_[at].center - middle_) * slope;
  }
}

LocalColumn BandModel::whole(const MatrixXd& from, Index column) const {
  return {from.col(column).data(), 1, 0, columns_.blocks()};
}

std::vector<LocalColumn> BandModel::local_columns() const {
  std::vector<LocalColumn> list;
  for (Index b = 0; b < band_count(); ++b) {
    list.push_back(columns_.value(b));
  }
  for (const auto& shape : shapes_) {
    const double height = shape.kind == ShapeKind::center || shape.kind == ShapeKind::width ||
                                  shape.kind == ShapeKind::share
                              ? state.height[static_cast<std::size_t>(shape.index)]
                              : 0;
    switch (shape.kind) {
      case ShapeKind::center:
        list.push_back(columns_.by_center(shape.index, height));
        break;
      case ShapeKind::width:
        list.push_back(columns_.by_log_width(shape.index, height));
        break;
      case ShapeKind::share:
        list.push_back(columns_.by_share(shape.index, height));
        break;
      case ShapeKind::shift:
      case ShapeKind::stretch:
        list.push_back(whole(axis_columns_, shape.index));
        break;
      case ShapeKind::ripple:
      case ShapeKind::turn:
        list.push_back(whole(ripple_columns_, shape.index));
        break;
    }
  }
  list.insert(list.end(), splines_.begin(), splines_.end());
  return list;
}

// The products of columns are local, the residual is not: the answer about a state that fits is
// exact, and products only decide how fast it is reached.
NormalEquations BandModel::make_normal() {
  const auto columns = local_columns();
  const MatrixXd gram = local_gram(columns, root_weight_);
  const auto splines = static_cast<Index>(splines_.size());
  const Index data = gram.rows() - splines;  // bands and shapes
  const Index groups = group_count();
  const Index count = data + groups;
  VectorXd gradient(gram.rows());
  const ArrayXd weighted = weight_ * residual_;
  gradient.head(band_count()).noalias() = columns_.values().transpose() * weighted.matrix();
  for (Index i = band_count(); i < gram.rows(); ++i) {
    const auto& column = columns[static_cast<std::size_t>(i)];
    const Index first = column.first * block_points;
    const Index length = (column.end - column.first) * block_points;
    gradient[i] =
        column.factor *
        (Map<const ArrayXd>(column.data + first, length) * weighted.segment(first, length)).sum();
  }
  // Heights and background are solved for themselves, not for their change.
  VectorXd present = VectorXd::Zero(gram.rows());
  present.head(band_count()) = Map<const VectorXd>(state.height.data(), band_count());
  present.tail(splines) = state.spline;
  const VectorXd lifted = gram * present;
  NormalEquations normal;
  normal.yy = (weighted * residual_).sum() + 2 * gradient.dot(present) + present.dot(lifted);
  gradient += lifted;
  // Amounts stand between bands and shapes and have no column of their own.
  const Index bands = band_count();
  const Index shapes = data - bands;
  normal.cc = MatrixXd::Zero(count, count);
  normal.cc.topLeftCorner(bands, bands) = gram.topLeftCorner(bands, bands);
  normal.cc.block(bands + groups, 0, shapes, bands) = gram.block(bands, 0, shapes, bands);
  normal.cc.block(0, bands + groups, bands, shapes) = gram.block(0, bands, bands, shapes);
  normal.cc.bottomRightCorner(shapes, shapes) = gram.block(bands, bands, shapes, shapes);
  normal.bc = MatrixXd::Zero(splines, count);
  normal.bc.leftCols(bands) = gram.block(data, 0, splines, bands);
  normal.bc.rightCols(shapes) = gram.block(data, bands, splines, shapes);
  normal.bb = gram.bottomRightCorner(splines, splines);
  normal.c = VectorXd::Zero(count);
  normal.c.head(bands) = gradient.head(bands);
  normal.c.tail(shapes) = gradient.segment(bands, shapes);
  normal.b = gradient.tail(splines);
  normal.used_points = (weight_ > 0).count();
  return normal;
}

// sd of a grouped band's height about its expected value.
double BandModel::ratio_scale(std::size_t band) const {
  const auto& row = bands_[band];
  const double expected = expected_[static_cast<std::size_t>(row.group)] * row.relative_height;
  const double own = uncertainty_.variance.empty() ? 0 : height_u(band);
  return std::max({row.log_height_sd * expected, 0.3 * own, 1e-9 * row.relative_height});
}

double BandModel::ratio_precision(std::size_t band) const {
  const auto& row = bands_[band];
  const double expected = expected_[static_cast<std::size_t>(row.group)] * row.relative_height;
  if (expected <= 0) {
    // Nothing known of the amount yet: the ratio is all but free.
    const double scale = std::max(highest_ * row.relative_height, 1e-300);
    return 1 / (scale * scale);
  }
  const double scale = ratio_scale(band);
  const double z = (state.height[band] - expected) / scale;
  return (t_freedom + 1) / (t_freedom + z * z) / (scale * scale);
}

void BandModel::add_ratio_rows(NormalEquations& normal) {
  ratio_rows_.clear();
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    if (bands_[b].group >= 0) {
      ratio_rows_.push_back({
          {{static_cast<Index>(b), 1.0},
           {band_count() + bands_[b].group, -bands_[b].relative_height}},
          0,
          ratio_precision(b)
      });
    }
  }
  add_prior(ratio_rows_, normal);
}

// The unknown is the change, so the prior pulls it towards minus the present value.
std::pair<double, double> BandModel::shape_prior(const ShapeColumn& shape) const {
  const auto b = static_cast<std::size_t>(std::max<Index>(shape.index, 0));
  switch (shape.kind) {
    case ShapeKind::center:
      return {-state.offset[b], bands_[b].center_sd};
    case ShapeKind::width:
      return {-state.log_width[b], bands_[b].log_fwhm_sd};
    case ShapeKind::share:
      return {-state.share_change[b], bands_[b].lorentz_share_sd};
    case ShapeKind::shift:
      return {-state.shift, options_.shift_sd};
    case ShapeKind::stretch:
      return {-state.stretch, options_.stretch_sd};
    case ShapeKind::ripple:
    case ShapeKind::turn:
      break;
  }
  return {0, std::numeric_limits<double>::infinity()};
}

void BandModel::add_shape_priors(NormalEquations& normal) const {
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Index column = first_shape() + static_cast<Index>(s);
    const auto [target, sd] = shape_prior(shapes_[s]);
    const double precision = 1 / (sd * sd);
    normal.cc(column, column) += precision;
    normal.c[column] += precision * target;
    normal.yy += precision * target * target;
  }
}

bool BandModel::solve(bool with_shapes) {
  list_shapes(with_shapes);
  fill_axis_columns();
  normal_ = make_normal();
  add_ratio_rows(normal_);
  add_shape_priors(normal_);
  add_ridge(normal_);
  const auto bounded = static_cast<std::size_t>(first_shape());
  std::vector<double> lower(bounded, 0.0);
  lower.resize(bounded + shapes_.size(), -std::numeric_limits<double>::infinity());
  // Bounds that held last time are likely to hold again.
  is_free_.resize(bounded, 1);
  is_free_.resize(bounded + shapes_.size(), 1);
  std::fill(is_free_.begin() + first_shape(), is_free_.end(), char{1});
  if (basis_.cols() > 0 && stiffness <= 0) {
    stiffness = choose_stiffness(normal_, penalty_, lower, is_free_);
  }
  reduced_ = solve_at(normal_, penalty_, lower, stiffness, is_free_);
  if (!reduced_.is_usable) {
    return false;
  }
  if (basis_.cols() > 0) {
    spline_answer_ = reduced_.background_factor.solve(normal_.b - normal_.bc * reduced_.solution.x);
  }
  return true;
}

double BandModel::step_from(const BandState& from, double part) {
  const VectorXd& x = reduced_.solution.x;
  state = from;
  for (Index b = 0; b < band_count(); ++b) {
    double& height = state.height[static_cast<std::size_t>(b)];
    height += part * (x[b] - height);
  }
  for (Index g = 0; g < group_count(); ++g) {
    const auto at = static_cast<std::size_t>(g);
    const double now = x[band_count() + g];
    state.amount[at] += part * (now - state.amount[at]);
    // Half the way: expected heights and the spread about them follow the amount, and a full step
    // lets them swing.
    expected_[at] = expected_[at] > 0 && now > 0 ? 0.5 * (expected_[at] + now) : now;
  }
  if (basis_.cols() > 0) {
    state.spline += part * (spline_answer_ - state.spline);
  }
  double largest = 0;
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const double step = part * x[first_shape() + static_cast<Index>(s)];
    const auto at = static_cast<std::size_t>(std::max<Index>(shapes_[s].index, 0));
    switch (shapes_[s].kind) {
      case ShapeKind::center:
        largest = std::max(largest, std::abs(step) / width_of(at));
        move(state.offset[at], step, 0.3 * width_of(at), 3 * bands_[at].center_sd);
        break;
      case ShapeKind::width:
        largest = std::max(largest, std::abs(step));
        move(state.log_width[at], step, 0.3, 3 * bands_[at].log_fwhm_sd);
        break;
      case ShapeKind::share:
        largest = std::max(largest, 0.3 * std::abs(step));
        move(state.share_change[at], step, 0.3, 3 * bands_[at].lorentz_share_sd);
        break;
      case ShapeKind::shift:
        move(state.shift, step, 1, options_.shift_limit);
        break;
      case ShapeKind::stretch:
        move(state.stretch, step, options_.stretch_sd, 3 * options_.stretch_sd);
        break;
      case ShapeKind::ripple:
        state.ripple[at] += step;
        break;
      case ShapeKind::turn:
        // A tenth of a period over the axis keeps the linearisation.
        move(state.turn, step, 0.6 / (columns_.x()[columns_.points() - 1] - middle_), 1e9);
        break;
    }
  }
  return largest;
}

double BandModel::effective_parameters() const {
  auto sum = static_cast<double>(reduced_.solution.free.size());
  if (basis_.cols() > 0) {
    sum += reduced_.background_factor.solve(normal_.bb).trace();
  }
  return sum;
}

}  // namespace calcispec::detail
