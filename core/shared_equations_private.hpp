// The normal equations of one fit with a shared mixture, solved, and amended from fit to fit.
#pragma once

#include "core/band_mixture.hpp"
#include "core/kernels/sweep.hpp"

#include <span>
#include <utility>
#include <vector>

namespace calcispec::detail {

class ColumnProducts;
class SharedColumns;

/// Precisions of what is known of a band before the data.
struct BandPriors {
  double ratio = 0;   // of its height against amount times relative height
  double center = 0;  // of the slopes; 0: not fitted
  double width = 0;
};

/// What a band asks of the equations.
struct BandTerms {
  Index amount = -1;  // of which group; -1: none
  double part = 0;    // relative height
  BandPriors priors;
};

/// Heights, amounts and slopes of the bands, at least 0 but the slopes. Priors that hardly change
/// the answer are not followed.
class SharedEquations {
 public:
  /// All anew. `is_free`: a start, of the heights, then of the amounts. False where they are
  /// singular.
  bool solve(const SharedColumns& columns,
             const ColumnProducts& products,
             std::span<const BandTerms> bands,
             Index groups,
             double noise,
             const std::vector<char>& is_free);
  /// Of the same bands with other priors.
  bool amend(const SharedColumns& columns,
             const ColumnProducts& products,
             std::span<const BandTerms> bands);
  /// Those of `last`, for other bands of the same spectrum, weights and noise, with the slopes as
  /// they are; amend() follows. False where they are best solved anew: most bands differ, or
  /// nothing was solved.
  bool adopt(const SharedEquations& last,
             const SharedColumns& columns,
             const ColumnProducts& products,
             std::span<const BandTerms> bands,
             Index groups,
             const std::vector<char>& is_free);

  /// By how much chi-square would fall with a column more, of an amount of at least 0, while all
  /// that is free follows it. Its products with the spectrum, with itself, and with columns().
  [[nodiscard]] double gain_of(double right, double own, const Eigen::VectorXd& with) const;
  /// That the variables go with, see ColumnId.
  [[nodiscard]] const std::vector<Index>& columns() const { return columns_; }

  /// Gives up the places of what was taken out.
  void close_gaps();

  [[nodiscard]] bool is_solved() const { return is_solved_; }
  /// That they were solved with.
  [[nodiscard]] double noise() const { return noise_; }
  [[nodiscard]] const kernels::SweepSolver& solver() const { return solver_; }
  [[nodiscard]] Index height(Index band) const { return at(band).height; }
  /// -1: not fitted.
  [[nodiscard]] Index center(Index band) const { return is_solved_ ? at(band).center : -1; }
  [[nodiscard]] Index width(Index band) const { return is_solved_ ? at(band).width : -1; }
  [[nodiscard]] Index amount(Index group) const {
    return amounts_[static_cast<std::size_t>(group)];
  }
  /// As they stand in the equations.
  [[nodiscard]] const BandPriors& priors(Index band) const { return at(band).terms.priors; }
  [[nodiscard]] double condition_number(const ColumnProducts& products) const;

 private:
  struct Band {
    Index id = 0;  // of its column, see ColumnId
    Index height = -1;
    Index center = -1;
    Index width = -1;
    BandTerms terms;
  };

  [[nodiscard]] const Band& at(Index band) const { return bands_[static_cast<std::size_t>(band)]; }
  void assemble(const ColumnProducts& products, kernels::SweepSolver& out) const;
  [[nodiscard]] Eigen::MatrixXd last_products(const ColumnProducts& products, Index added) const;
  [[nodiscard]] Eigen::VectorXd last_right(const ColumnProducts& products, Index added) const;
  bool drop_lost(const SharedEquations& last, const std::vector<char>& is_kept);
  bool append_new(const ColumnProducts& products,
                  const std::vector<std::size_t>& fresh,
                  const std::vector<char>& is_free);
  [[nodiscard]] std::vector<char> free_ones() const;
  [[nodiscard]] Index new_slopes(std::span<const BandTerms> bands) const;
  bool drop_lost_slopes(std::span<const BandTerms> bands);
  bool append_new_slopes(const SharedColumns& columns,
                         const ColumnProducts& products,
                         std::span<const BandTerms> bands);
  void follow(double wanted, double& present, kernels::SweepSolver::Term term);
  void take_out(Index& variable);

  bool is_solved_ = false;
  double noise_ = 0;
  double gain_ = 0;  // one over its square
  std::vector<Band> bands_;
  std::vector<Index> amounts_;
  std::vector<Index> columns_;  // that the solver's variables go with, see ColumnId
  kernels::SweepSolver solver_;
  std::vector<kernels::SweepSolver::Term> terms_;
};

}  // namespace calcispec::detail
