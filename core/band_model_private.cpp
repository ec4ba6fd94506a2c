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

constexpr double seen_sigmas = 3;
constexpr double lost_sigmas = 2;
constexpr double largest_skew = 0.6;

struct Limits {
  double low = 0;
  double high = 0;
};

Limits about_zero(double limit) {
  return {-limit, limit};
}

// Returns how far it went.
double move(double& value, double step, double step_limit, Limits limits) {
  const double before = value;
  value = std::clamp(value + std::clamp(step, -step_limit, step_limit), limits.low, limits.high);
  return std::abs(value - before);
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
  state.group_log_width = state.amount;
  columns_.resize(band_count());
  common_columns_.resize(columns_.points(), 4);
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
  pick(is_seen_);
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

bool BandModel::has_common_width(std::size_t band) const {
  const auto& row = bands_[band];
  return options_.group_log_fwhm_sd > 0 && row.group >= 0 && row.width_lever > 0 &&
         row.log_fwhm_sd > 0;
}

double BandModel::common_log_width(std::size_t band) const {
  return has_common_width(band)
             ? bands_[band].width_lever *
                   state.group_log_width[static_cast<std::size_t>(bands_[band].group)]
             : 0;
}

double BandModel::share_of(std::size_t band) const {
  return std::clamp(
      bands_[band].lorentz_share + state.share_change[band] + state.lorentz_share, 0.0, 1.0);
}

double BandModel::skew_of(std::size_t band) const {
  const auto& row = bands_[band];
  return std::clamp(row.skew + state.skew * row.skew_lever, -largest_skew, largest_skew);
}

ArrayXd BandModel::misfit_envelope() const {
  if (!(options_.misfit_reach > 0)) {
    return fitted_;
  }
  ArrayXd sum = ArrayXd::Zero(columns_.points());
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    if (state.height[b] > 0) {
      const double scale = 2 / (options_.misfit_reach * width_of(b));
      sum += (state.height[b] / (1 + ((columns_.x() - center_of(b)) * scale).square())).square();
    }
  }
  return sum.sqrt();
}

double BandModel::height_u(std::size_t band) const {
  return std::sqrt(uncertainty_.variance[band]);
}

void BandModel::evaluate() {
  fitted_.setZero(columns_.points());
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    columns_.evaluate(b, {center_of(at), width_of(at), share_of(at), skew_of(at)});
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

void BandModel::update_seen() {
  is_seen_.resize(bands_.size(), 0);
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    const double limit = (is_seen_[b] != 0 ? lost_sigmas : seen_sigmas) * height_u(b);
    is_seen_[b] = state.height[b] > limit ? 1 : 0;
  }
}

// Bands that are not seen keep the shape they have.
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
  if (options_.lorentz_share_sd > 0) {
    shapes_.push_back({ShapeKind::common_share, 2});
  }
  if (options_.skew_sd > 0) {
    shapes_.push_back({ShapeKind::skew, 3});
  }
  std::vector<char> is_listed(state.amount.size(), 0);
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    if (is_seen_[at] == 0 || state.height[at] <= 0) {
      continue;
    }
    if (bands_[at].center_sd > 0) {
      shapes_.push_back({ShapeKind::center, b});
    }
    if (bands_[at].log_fwhm_sd > 0) {
      shapes_.push_back({ShapeKind::width, b});
      if (has_common_width(at) && is_listed[static_cast<std::size_t>(bands_[at].group)] == 0) {
        is_listed[static_cast<std::size_t>(bands_[at].group)] = 1;
        shapes_.push_back({ShapeKind::group_width, bands_[at].group});
      }
    }
    if (bands_[at].lorentz_share_sd > 0 && frees_shares) {
      shapes_.push_back({ShapeKind::share, b});
    }
  }
}

bool BandModel::solve(bool with_shapes) {
  list_shapes(with_shapes);
  fill_common_columns();
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
    auto choice = choose_stiffness(normal_, penalty_, lower, is_free_);
    stiffness = choice.stiffness;
    reduced_ = std::move(choice.reduced);
  } else {
    reduced_ = solve_at(normal_, penalty_, lower, stiffness, is_free_);
  }
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
      case ShapeKind::center: {
        const double width = width_of(at);
        const double limit = 3 * bands_[at].center_sd;
        largest =
            std::max(largest, move(state.offset[at], step, 0.3 * width, about_zero(limit)) / width);
        break;
      }
      case ShapeKind::width:
        largest =
            std::max(largest, move(state.log_width[at], step, 0.3, about_zero(3 * width_sd(at))));
        break;
      case ShapeKind::group_width:
        move(state.group_log_width[at], step, 0.3, about_zero(3 * options_.group_log_fwhm_sd));
        break;
      case ShapeKind::share: {
        const double share = bands_[at].lorentz_share;
        const double limit = 3 * bands_[at].lorentz_share_sd;
        largest = std::max(largest,
                           0.3 * move(state.share_change[at],
                                      step,
                                      0.3,
                                      {std::max(-limit, -share), std::min(limit, 1 - share)}));
        break;
      }
      case ShapeKind::shift:
        move(state.shift, step, 1, about_zero(options_.shift_limit));
        break;
      case ShapeKind::stretch:
        move(state.stretch, step, options_.stretch_sd, about_zero(3 * options_.stretch_sd));
        break;
      case ShapeKind::common_share:
        largest = std::max(largest, 0.3 * move(state.lorentz_share, step, 0.2, about_zero(1)));
        break;
      case ShapeKind::skew:
        largest = std::max(largest, move(state.skew, step, 0.2, about_zero(largest_skew)));
        break;
      case ShapeKind::ripple:
        state.ripple[at] += step;
        break;
      case ShapeKind::turn:
        // A tenth of a period over the axis keeps the linearisation.
        move(state.turn,
             step,
             0.6 / (columns_.x()[columns_.points() - 1] - middle_),
             {0, std::numeric_limits<double>::max()});
        break;
    }
  }
  follow_common_widths();
  return largest;
}

// Bands that are not seen are as wide as those of their group that are seen let expect.
void BandModel::follow_common_widths() {
  std::vector<char> is_own(bands_.size(), 0);
  std::vector<char> is_known(state.amount.size(), 0);
  for (const auto& shape : shapes_) {
    if (shape.kind == ShapeKind::width) {
      is_own[static_cast<std::size_t>(shape.index)] = 1;
    } else if (shape.kind == ShapeKind::group_width) {
      is_known[static_cast<std::size_t>(shape.index)] = 1;
    }
  }
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    if (is_own[b] == 0 && has_common_width(b) &&
        is_known[static_cast<std::size_t>(bands_[b].group)] != 0) {
      state.log_width[b] = common_log_width(b);
    }
  }
}

// Own and common.
double BandModel::width_sd(std::size_t band) const {
  const auto& row = bands_[band];
  return has_common_width(band)
             ? std::hypot(row.log_fwhm_sd, row.width_lever * options_.group_log_fwhm_sd)
             : row.log_fwhm_sd;
}

double BandModel::effective_parameters() const {
  auto sum = static_cast<double>(reduced_.solution.free.size());
  if (basis_.cols() > 0) {
    sum += reduced_.background_factor.solve(normal_.bb).trace();
  }
  return sum;
}

}  // namespace calcispec::detail
