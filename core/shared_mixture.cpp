#include "core/shared_mixture.hpp"

#include "core/error.hpp"
#include "core/kernels/spline_basis.hpp"
#include "core/kernels/sweep.hpp"
#include "core/shared_columns_private.hpp"
#include "core/shared_mixture_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

using Eigen::ArrayXd;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index penalty_order = 2;
constexpr double overlap = 2;  // by which neighbours make a height's variance larger

void check(std::span<const double> x,
           std::span<const SharedShape> shapes,
           const SharedSetting& setting) {
  require(x.size() >= 8, "a shared mixture needs at least 8 points");
  require(setting.noise.size() == x.size() && setting.envelope.size() == x.size(),
          "axis, noise and envelope of a shared mixture differ in length");
  require(setting.stiffness > 0, "a shared mixture needs the stiffness of its background");
  for (const auto& shape : shapes) {
    require(shape.fwhm > 0, "a band needs a width above 0");
  }
}

Index column_count(std::span<const SharedShape> shapes) {
  Index count = 0;
  for (const auto& shape : shapes) {
    count += shape.is_free ? 3 : 1;
  }
  return count;
}

void fill_columns(SharedMixture::Parts& parts) {
  const auto count = static_cast<Index>(parts.shapes.size());
  parts.bands.resize(count);
  parts.columns = MatrixXd::Zero(parts.bands.points(), column_count(parts.shapes));
  Index column = 0;
  for (Index b = 0; b < count; ++b) {
    const auto& shape = parts.shapes[static_cast<std::size_t>(b)];
    parts.bands.evaluate(b, {shape.center, shape.fwhm, shape.lorentz_share, shape.skew});
    parts.first.push_back(column);
    parts.columns.col(column++) = parts.bands.values().col(b);
    parts.support.emplace_back(0, parts.bands.points());
    if (!shape.is_free) {
      continue;
    }
    parts.bands.derive(b);
    for (const auto& slope : {parts.bands.by_center(b, 1), parts.bands.by_log_width(b, 1)}) {
      const Index start = slope.first * detail::block_points;
      const Index length = (slope.end - slope.first) * detail::block_points;
      parts.columns.col(column++).segment(start, length) =
          Eigen::Map<const VectorXd>(slope.data + start, length);
      parts.support.emplace_back(start, length);
    }
  }
}

detail::MisfitClass make_class(const SharedMixture::Parts& parts, std::size_t row) {
  detail::MisfitClass out;
  const double ratio = detail::misfit_ratio(row);
  out.weight.setZero(parts.bands.points());
  out.sigma.setZero(parts.bands.points());
  for (Index i = 0; i < parts.points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (parts.setting.noise[at] > 0) {
      out.sigma[i] = std::hypot(parts.setting.noise[at], ratio * parts.setting.envelope[at]);
      out.weight[i] = 1 / (out.sigma[i] * out.sigma[i]);
    }
  }
  const MatrixXd weighted = out.weight.matrix().asDiagonal() * parts.columns;
  const MatrixXd bent = out.weight.matrix().asDiagonal() * parts.basis;
  MatrixXd information = parts.basis.transpose() * bent;
  const MatrixXd plain = information;
  information +=
      parts.setting.stiffness * kernels::difference_penalty(parts.basis.cols(), penalty_order);
  information.diagonal() *= 1 + 1e-12;
  out.factor = Cholesky(std::move(information));
  require(out.factor.is_positive(),
          "the background of a shared mixture is not determined by the points given");
  out.half = out.factor.solve_lower(parts.basis.transpose() * weighted);
  out.schur = parts.columns.transpose() * weighted - out.half.transpose() * out.half;
  out.spline_freedom = out.factor.solve(plain).trace();
  return out;
}

bool is_remembered(const SharedMixture::Spectrum::Parts& spectrum) {
  return spectrum.last.equations.is_solved() && spectrum.last.equations_row == spectrum.last.row;
}

// What the next fit of the spectrum takes the heights of a pattern for.
void start_from(std::span<const std::pair<Index, double>> pattern,
                double amount,
                double noise_variance,
                const SharedMixture::Parts& shared,
                SharedMixture::Spectrum::Parts& spectrum) {
  const auto& schur = shared.classes[spectrum.last.row].schur;
  for (const auto& [shape, height] : pattern) {
    const Index column = shared.first[static_cast<std::size_t>(shape)];
    auto& known = spectrum.last.known[shared.known_at(shape)];
    known.height = amount * height;
    known.variance = overlap * noise_variance / std::max(schur(column, column), 1e-30);
    known.amount = amount;
    known.is_free = amount > 0 ? 1 : 0;
  }
}

}  // namespace

SharedMixture::SharedMixture(std::span<const double> x,
                             std::span<const SharedShape> shapes,
                             const SharedSetting& setting) {
  check(x, shapes, setting);
  auto parts = std::make_unique<Parts>(x);
  parts->setting = setting;
  parts->shapes.assign(shapes.begin(), shapes.end());
  parts->points = static_cast<Index>(x.size());
  fill_columns(*parts);
  const double range = x.back() - x.front();
  BackgroundOptions background;
  background.knot_spacing = setting.knot_spacing;
  const Index intervals = detail::interval_count(background, range);
  parts->basis = MatrixXd::Zero(parts->bands.points(), intervals + 3);
  parts->basis.topRows(parts->points) = kernels::spline_basis(x, intervals);
  parts->used_points =
      std::count_if(setting.noise.begin(), setting.noise.end(), [](double n) { return n > 0; });
  for (std::size_t row = 0; row < parts->classes.size(); ++row) {
    parts->classes[row] = make_class(*parts, row);
  }
  parts_ = std::move(parts);
}

SharedMixture::SharedMixture(SharedMixture&&) noexcept = default;
SharedMixture& SharedMixture::operator=(SharedMixture&&) noexcept = default;
SharedMixture::~SharedMixture() = default;

SharedMixture::Spectrum::Spectrum(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SharedMixture::Spectrum::Spectrum(Spectrum&&) noexcept = default;
SharedMixture::Spectrum::~Spectrum() = default;

SharedMixture::Spectrum SharedMixture::load(std::span<const double> y, double noise_level) const {
  require(static_cast<Index>(y.size()) == parts_->points,
          "a spectrum and the shared mixture it is fitted with differ in length");
  require(noise_level > 0, "a spectrum needs a noise level above 0");
  auto out = std::make_unique<Spectrum::Parts>();
  out->y.setZero(parts_->bands.points());
  for (std::size_t i = 0; i < y.size(); ++i) {
    out->y[static_cast<Index>(i)] = parts_->setting.noise[i] > 0 ? y[i] : 0;
  }
  out->level = noise_level;
  out->last.known.resize(parts_->shapes.size());
  return Spectrum(std::move(out));
}

SharedMixture::Patterns SharedMixture::prepare(
    std::vector<std::vector<std::pair<Index, double>>> patterns) const {
  Patterns out;
  const std::size_t count = patterns.size();
  MatrixXd heights = MatrixXd::Zero(parts_->columns.cols(), static_cast<Index>(count));
  for (std::size_t p = 0; p < count; ++p) {
    for (const auto& [shape, height] : patterns[p]) {
      heights(parts_->first[static_cast<std::size_t>(shape)], static_cast<Index>(p)) += height;
    }
  }
  const auto list = [](const MatrixXd& values) {
    return std::vector<double>(values.data(), values.data() + values.size());
  };
  out.curves = list(parts_->columns * heights);
  for (const auto& own : parts_->classes) {
    const MatrixXd with = own.schur * heights;
    out.products.push_back(list(heights.transpose() * with));
    out.with.push_back(list(with));
    out.halves.push_back(list(own.half * heights));
  }
  out.rows = std::move(patterns);
  return out;
}

std::vector<SharedMixture::Amount> SharedMixture::screen(Spectrum& spectrum,
                                                         const Patterns& patterns) const {
  auto& own = *spectrum.parts_;
  const auto& projection = detail::Projector(*parts_, own, own.last.row).projection();
  const auto count = static_cast<Index>(patterns.rows.size());
  const double gain = 1 / std::pow(own.level * own.last.excess, 2);
  const Eigen::Map<const MatrixXd> curves(patterns.curves.data(), own.y.size(), count);
  const Eigen::Map<const MatrixXd> halves(
      patterns.halves[own.last.row].data(), projection.half.size(), count);
  const VectorXd right = gain * (curves.transpose() * projection.weighted.matrix() -
                                 halves.transpose() * projection.half);
  const double* products = patterns.products[own.last.row].data();
  kernels::SweepSolver solver;
  solver.reset(count);
  for (Index p = 0; p < count; ++p) {
    solver.g(p) = right[p];
    for (Index q = p; q < count; ++q) {
      solver.h(q, p) = gain * products[p * count + q];
    }
    double& diagonal = solver.h(p, p);
    diagonal = diagonal < 1e-30 ? 1 : diagonal * (1 + 1e-10);
  }
  std::vector<Amount> out(patterns.rows.size());
  std::vector<char> is_free(patterns.rows.size(), 1);
  if (solver.solve(std::vector<char>(patterns.rows.size(), 1), is_free)) {
    double chi_square =
        gain * (projection.weighted.matrix().dot(own.y.matrix()) - projection.half.squaredNorm());
    for (Index p = 0; p < count; ++p) {
      chi_square -= right[p] * solver.x(p);
    }
    const double excess =
        std::sqrt(std::max(1.0, chi_square / static_cast<double>(parts_->used_points)));
    for (Index p = 0; p < count; ++p) {
      const auto at = static_cast<std::size_t>(p);
      out[at] = {solver.x(p), excess * std::sqrt(solver.variance(p))};
      start_from(patterns.rows[at], solver.x(p), 1 / gain, *parts_, own);
    }
  }
  return out;
}

BandMixtureResult SharedMixture::fit(Spectrum& spectrum,
                                     std::span<const SharedBand> bands,
                                     Index groups,
                                     const SharedFitOptions& options) const {
  require(options.rounds >= 1, "a fit needs a round");
  return detail::fit_shared(*parts_, *spectrum.parts_, bands, groups, options);
}

void SharedMixture::accept_trial(Spectrum& spectrum) const {
  auto& own = *spectrum.parts_;
  require(own.trial.equations.is_solved(), "a trial is accepted that was not made");
  std::swap(own.last, own.trial);
  own.last.equations.close_gaps();
  own.trial = {};
}

double SharedMixture::condition_number(Spectrum& spectrum) const {
  auto& own = *spectrum.parts_;
  if (!own.last.equations.is_solved()) {
    return 1;
  }
  detail::ColumnProducts products(*parts_, own);
  products.load(own.last.equations_row);
  return own.last.equations.condition_number(products);
}

std::optional<double> SharedMixture::gain_with(Spectrum& spectrum,
                                               std::span<const SharedBand> pattern) const {
  auto& own = *spectrum.parts_;
  if (!is_remembered(own)) {
    return std::nullopt;
  }
  const auto& equations = own.last.equations;
  const auto& known = equations.columns();
  const detail::SharedColumns columns(*parts_, own, pattern);
  detail::ColumnProducts products(*parts_, own);
  products.load(own.last.row);
  std::vector<std::pair<Index, double>> fresh;
  for (std::size_t b = 0; b < pattern.size(); ++b) {
    const auto id = columns.band(static_cast<Index>(b));
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      fresh.emplace_back(id, pattern[b].band.relative_height);
    }
  }
  double right = 0;
  double square = 0;
  VectorXd with = VectorXd::Zero(static_cast<Index>(known.size()));
  std::vector<double> row(known.size());
  for (const auto& [id, part] : fresh) {
    right += part * products.right(id);
    for (const auto& [other, other_part] : fresh) {
      square += part * other_part * products.product(id, other);
    }
    products.products(id, known, row);
    with += part * Eigen::Map<const VectorXd>(row.data(), with.size());
  }
  return equations.gain_of(right, square, with);
}

std::optional<double> SharedMixture::gain_with(Spectrum& spectrum,
                                               const Patterns& patterns,
                                               std::size_t pattern) const {
  auto& own = *spectrum.parts_;
  if (!is_remembered(own)) {
    return std::nullopt;
  }
  const std::size_t at = own.last.row;
  const auto& equations = own.last.equations;
  const auto& known = equations.columns();
  detail::ColumnProducts products(*parts_, own);
  products.load(at);
  const auto& projection = own.projections[at];
  const auto column_of = [&](const std::vector<double>& all, Index rows) {
    const auto column = static_cast<Index>(pattern) * rows;
    return Eigen::Map<const VectorXd>(all.data() + column, rows);
  };
  const auto curve = column_of(patterns.curves, own.y.size());
  const auto half = column_of(patterns.halves[at], projection.half.size());
  const auto shared = column_of(patterns.with[at], parts_->columns.cols());
  VectorXd with(static_cast<Index>(known.size()));
  for (Index i = 0; i < with.size(); ++i) {
    const auto id = known[static_cast<std::size_t>(i)];
    const bool is_none = id == detail::no_column;
    with[i] = is_none ? 0 : id >= 0 ? shared[id] : products.product(id, curve, half);
  }
  const double right = curve.dot(projection.weighted.matrix()) - half.dot(projection.half);
  const auto count = patterns.rows.size();
  return equations.gain_of(right, patterns.products[at][pattern * count + pattern], with);
}

}  // namespace calcispec
