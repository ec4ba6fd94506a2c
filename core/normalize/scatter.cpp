#include "core/normalize/scatter.hpp"

#include "core/decomposition.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/set_method_table.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {

ScatterModel::ScatterModel(std::span<const double> axis,
                           std::span<const double> reference,
                           const Eigen::MatrixXd& interferents,
                           Index polynomial_order) {
  const auto points = static_cast<Index>(axis.size());
  const Index terms = 1 + polynomial_order + 1;
  columns_.resize(points, terms + interferents.cols());
  for (Index i = 0; i < points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double t = -1 + 2 * (axis[at] - axis.front()) / (axis.back() - axis.front());
    columns_(i, 0) = reference[at];
    for (Index k = 0; k <= polynomial_order; ++k) {
      columns_(i, 1 + k) = std::pow(t, static_cast<double>(k));
    }
  }
  columns_.rightCols(interferents.cols()) = interferents;
  // Columns of one length: the rank must not depend on the unit of the ordinate.
  const Eigen::RowVectorXd norms = columns_.colwise().norm();
  if (norms.minCoeff() > 0 && points >= columns_.cols()) {
    const Eigen::MatrixXd scaled = columns_ * norms.cwiseInverse().asDiagonal();
    const auto parts = pivoted_parts(scaled);
    if (parts.rank(1e-9) == columns_.cols()) {
      const Eigen::MatrixXd part = solve_triangle(parts.triangle, parts.basis.transpose());
      inverse_.resize(part.rows(), part.cols());
      for (Index k = 0; k < part.rows(); ++k) {
        const Index column = parts.order[static_cast<std::size_t>(k)];
        inverse_.row(column) = part.row(k) / norms[column];
      }
      return;
    }
  }
  throw Error(ErrorCode::bad_method,
              "scatter correction cannot tell the reference from the polynomial and the "
              "interferents; take a lower polynomial_order, fewer interferents or another "
              "reference");
}

bool ScatterModel::correct(std::span<double> y) const {
  Eigen::Map<Eigen::VectorXd> row(y.data(), static_cast<Index>(y.size()));
  Eigen::VectorXd coefficients = inverse_ * row;
  const double scale = coefficients[0];
  if (!(scale * columns_.col(0).norm() > 1e-9 * row.norm())) {
    return false;
  }
  coefficients[0] = 0;
  row -= columns_ * coefficients;
  row /= scale;
  return true;
}

namespace {

constexpr ParameterInfo reference_parameter{.name = "reference",
                                            .type = ParameterType::choice,
                                            .choices = "mean median first",
                                            .help =
                                                "what all are brought to: the mean or the "
                                                "median of the set, or its first spectrum"};
constexpr std::array msc_parameters{reference_parameter};
constexpr std::array emsc_parameters{
    reference_parameter,
    ParameterInfo{.name = "polynomial_order",
                  .aliases = "order poly_order",
                  .type = ParameterType::integer,
                  .minimum = 0,
                  .maximum = 10,
                  .standard = 2,
                  .help = "order of the polynomial taken off"                                  },
    ParameterInfo{.name = "interferents",
                  .type = ParameterType::integer,
                  .minimum = 0,
                  .maximum = 100,
                  .standard = 0,
                  .unit = "spectra",
                  .help =
                      "so many spectra at the start of the set (behind the first where that is "
                      "the reference) are of substances to be taken off; they stay as they are"}
};

// The first `count` spectra of the set have a part of their own: they must be there.
void need_first(const SetCall& call, std::size_t count) {
  const bool are_there = count <= call.rows.size() &&
                         (count == 0 || call.rows[count - 1] == static_cast<Index>(count) - 1);
  if (!are_there) {
    throw Error(ErrorCode::bad_method,
                "scatter correction needs the first " + std::to_string(count) +
                    " spectra of the set as reference and interferents, and one of them is missing "
                    "or holds values that are not numbers");
  }
}

std::vector<double> reference_of(const SetCall& call, std::span<const Index> rows) {
  const auto how = call.parameters.choice("reference");
  const auto points = static_cast<std::size_t>(call.spectra.points());
  std::vector<double> out(points, 0.0);
  if (how == "first") {
    need_first(call, 1);
    const auto first = call.spectra.row(rows.front());
    out.assign(first.begin(), first.end());
  } else if (how == "mean") {
    for (const Index r : rows) {
      const auto row = call.spectra.row(r);
      for (std::size_t i = 0; i < points; ++i) {
        out[i] += row[i] / static_cast<double>(rows.size());
      }
    }
  } else {
    std::vector<double> values(rows.size());
    for (std::size_t i = 0; i < points; ++i) {
      for (std::size_t k = 0; k < rows.size(); ++k) {
        values[k] = call.spectra.row(rows[k])[i];
      }
      const auto middle = values.begin() + static_cast<Index>(values.size() / 2);
      std::nth_element(values.begin(), middle, values.end());
      out[i] = values.size() % 2 == 1 ? *middle
                                      : 0.5 * (*middle + *std::max_element(values.begin(), middle));
    }
  }
  return out;
}

void correct_rows(const SetCall& call, const ScatterModel& model, std::span<const Index> rows) {
  parallel_for(static_cast<Index>(rows.size()), call.jobs, [&](Index k) {
    const Index r = rows[static_cast<std::size_t>(k)];
    const auto row = call.spectra.row(r);
    if (!model.correct(row)) {
      std::fill(row.begin(), row.end(), std::nan(""));
    }
  });
}

/// Status     failed: spectra without a positive part of the reference
/// Cost       points * terms per spectrum
void run_msc(const SetCall& call) {
  const auto reference = reference_of(call, call.rows);
  const ScatterModel model(
      call.spectra.axis->values(), reference, Eigen::MatrixXd(call.spectra.points(), 0), 0);
  correct_rows(call, model, call.rows);
}

void run_emsc(const SetCall& call) {
  const auto count = static_cast<std::size_t>(call.parameters.integer("interferents"));
  const std::size_t skipped = call.parameters.choice("reference") == "first" ? 1 : 0;
  need_first(call, skipped + count);
  Eigen::MatrixXd interferents(call.spectra.points(), static_cast<Index>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const auto row = call.spectra.row(call.rows[skipped + k]);
    interferents.col(static_cast<Index>(k)) =
        Eigen::Map<const Eigen::VectorXd>(row.data(), call.spectra.points());
  }
  const auto samples = call.rows.subspan(count > 0 ? skipped + count : 0);
  const auto reference = skipped > 0 ? reference_of(call, call.rows) : reference_of(call, samples);
  const ScatterModel model(call.spectra.axis->values(),
                           reference,
                           interferents,
                           call.parameters.integer("polynomial_order"));
  correct_rows(call, model, samples);
}

}  // namespace

SetMethod normalize_msc() {
  return {
      {"normalize",
       "msc", "offset and scale of a reference (multiplicative scatter correction)",
       "Geladi et al., Appl. Spectrosc. 39 (1985) 491", msc_parameters},
      3,
      run_msc
  };
}

SetMethod normalize_emsc() {
  return {
      {"normalize",
       "emsc", "scale of a reference; polynomial and interferents off (extended correction)",
       "Martens et al., J. Pharm. Biomed. Anal. 9 (1991) 625", emsc_parameters},
      4,
      run_emsc
  };
}

}  // namespace calcispec
