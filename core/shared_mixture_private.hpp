// What SharedMixture holds, and the fit of one spectrum with it.
#pragma once

#include "core/band_columns_private.hpp"
#include "core/decomposition.hpp"
#include "core/mixture_private.hpp"
#include "core/shared_equations_private.hpp"
#include "core/shared_mixture.hpp"

#include <array>
#include <memory>
#include <vector>

namespace calcispec {
namespace detail {

/// How much larger the misfit of shapes is than the noise, and all products with such weights.
struct MisfitClass {
  Eigen::ArrayXd weight;  // for noise of unit size
  Eigen::ArrayXd sigma;   // likewise, 0 where left out
  Eigen::MatrixXd schur;  // columns x columns, background eliminated
  Eigen::MatrixXd half;   // coefficients x columns, behind the factor
  Cholesky factor;
  double spline_freedom = 0;
};

inline constexpr std::size_t misfit_classes = 9;

/// A spectrum's products with the columns of one class; NaN: not needed so far.
struct Projection {
  Eigen::ArrayXd weighted;  // y
  Eigen::VectorXd half;     // with the background, behind the factor; empty: not made so far
  Eigen::VectorXd columns;  // background eliminated
};

/// A band of one spectrum that has none of the shared shapes, or a slope of it, and its products.
struct OwnColumn {
  MixtureBand band;
  int slope = 0;                     // 1: by its place, 2: by the logarithm of its width
  Eigen::VectorXd values;            // empty: not made so far
  std::size_t row = misfit_classes;  // class of the products; none so far
  Eigen::VectorXd weighted;
  Eigen::VectorXd half;  // with the background, behind its factor
  double right = 0;      // with the spectrum, background eliminated
  // With the shared columns and with the spectrum's own, likewise; NaN: not made so far.
  std::vector<double> with_shared;
  std::vector<double> with_own;
};

}  // namespace detail

struct SharedMixture::Parts {
  explicit Parts(std::span<const double> x) : bands(x) {}

  SharedSetting setting;
  std::vector<SharedShape> shapes;
  std::vector<Index> first;  // column of each shape; its two slopes follow if it is free
  detail::BandColumns bands;
  Eigen::MatrixXd columns;                       // padded points x columns
  std::vector<std::pair<Index, Index>> support;  // of each: first point, number of points
  Eigen::MatrixXd basis;                         // padded points x coefficients
  Index points = 0;                              // without padding
  Index used_points = 0;
  std::array<detail::MisfitClass, detail::misfit_classes> classes;

  /// Where a spectrum keeps what it knows of a shape.
  [[nodiscard]] std::size_t known_at(Index shape) const {
    const Index base = shapes[static_cast<std::size_t>(shape)].form_of;
    return static_cast<std::size_t>(base >= 0 ? base : shape);
  }
};

struct SharedMixture::Spectrum::Parts {
  /// What the last fit with a shape gave: where the next one starts.
  struct Known {
    double height = 0;
    double variance = 0;  // 0: not fitted so far
    double amount = 0;
    char is_free = 1;
  };

  /// What a fit leaves behind.
  struct Remembered {
    double excess = 1;                  // of the noise over its level, as found
    std::size_t row = 0;                // class of its misfit: none before the first fit
    std::vector<Known> known;           // per shape; of one that is a form of another: there
    detail::SharedEquations equations;  // solved
    std::size_t equations_row = 0;
  };

  Eigen::ArrayXd y;  // padded
  double level = 0;
  Remembered last;
  Remembered trial;
  std::array<detail::Projection, detail::misfit_classes> projections;
  std::vector<std::unique_ptr<detail::OwnColumn>> own;
};

namespace detail {

/// Of misfit at an envelope of 1 to noise: 0, then in steps of two.
double misfit_ratio(std::size_t row);
/// The class whose ratio of misfit to noise is nearest.
std::size_t class_of(double ratio);

/// Makes what is missing of a spectrum's products with the columns of a class.
class Projector {
 public:
  Projector(const SharedMixture::Parts& shared,
            SharedMixture::Spectrum::Parts& spectrum,
            std::size_t row);

  [[nodiscard]] double column(Index index);
  [[nodiscard]] const Projection& projection() const { return projection_; }

 private:
  const SharedMixture::Parts& shared_;
  const MisfitClass& class_;
  Projection& projection_;
};

BandMixtureResult fit_shared(const SharedMixture::Parts& shared,
                             SharedMixture::Spectrum::Parts& spectrum,
                             std::span<const SharedBand> bands,
                             Index groups,
                             const SharedFitOptions& options);

}  // namespace detail
}  // namespace calcispec
