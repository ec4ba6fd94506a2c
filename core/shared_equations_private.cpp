#include "core/shared_equations_private.hpp"

#include "core/error.hpp"
#include "core/shared_columns_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::detail {
namespace {

using Term = kernels::SweepSolver::Term;

constexpr double largest_lag = 0.03;  // of the answer in what the data tell of it, by one prior
constexpr double amended_part = 0.5;  // of the variables: where more change, all is solved anew
constexpr double least_diagonal = 1e-30;

// No variable is left without any say.
double held(double diagonal) {
  return diagonal < least_diagonal ? 1 : diagonal * (1 + 1e-10);
}

}  // namespace

bool SharedEquations::solve(const SharedColumns& columns,
                            const ColumnProducts& products,
                            std::span<const BandTerms> bands,
                            Index groups,
                            double noise,
                            const std::vector<char>& is_free) {
  noise_ = noise;
  gain_ = 1 / (noise * noise);
  bands_.clear();
  amounts_.clear();
  const auto count = static_cast<Index>(bands.size());
  const auto bounded = static_cast<std::size_t>(count + groups);
  columns_.assign(bounded, no_column);
  const auto add_slope = [&](double prior, Index column) {
    if (!(prior > 0)) {
      return Index{-1};
    }
    columns_.push_back(column);
    return static_cast<Index>(columns_.size()) - 1;
  };
  for (Index b = 0; b < count; ++b) {
    const auto& terms = bands[static_cast<std::size_t>(b)];
    Band band{columns.band(b), b, -1, -1, terms};
    columns_[static_cast<std::size_t>(b)] = band.id;
    band.center = add_slope(terms.priors.center, columns.by_center(b));
    band.width = add_slope(terms.priors.width, columns.by_log_width(b));
    bands_.push_back(band);
  }
  for (Index g = 0; g < groups; ++g) {
    amounts_.push_back(count + g);
  }
  solver_.reset(static_cast<Index>(columns_.size()));
  assemble(products, solver_);
  std::vector<char> is_bounded(bounded, 1);
  is_bounded.resize(columns_.size(), 0);
  auto start = is_free;
  start.resize(columns_.size(), 1);
  is_solved_ = solver_.solve(is_bounded, start);
  return is_solved_;
}

void SharedEquations::assemble(const ColumnProducts& products, kernels::SweepSolver& out) const {
  const auto count = static_cast<Index>(columns_.size());
  std::vector<double> row(columns_.size());
  for (Index j = 0; j < count; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const Index from = columns_[at];
    if (from == no_column) {
      continue;
    }
    out.g(j) = gain_ * products.right(from);
    const auto below = std::span(row).subspan(at);
    products.products(from, std::span(columns_).subspan(at), below);
    for (Index i = j; i < count; ++i) {
      out.h(i, j) = gain_ * below[static_cast<std::size_t>(i - j)];
    }
  }
  for (const auto& band : bands_) {
    const auto& [amount, part, priors] = band.terms;
    if (amount >= 0) {
      const Index at = amounts_[static_cast<std::size_t>(amount)];
      out.h(band.height, band.height) += priors.ratio;
      out.h(std::max(at, band.height), std::min(at, band.height)) -= priors.ratio * part;
      out.h(at, at) += priors.ratio * part * part;
    }
    if (band.center >= 0) {
      out.h(band.center, band.center) += priors.center;
    }
    if (band.width >= 0) {
      out.h(band.width, band.width) += priors.width;
    }
  }
  for (Index i = 0; i < count; ++i) {
    out.h(i, i) = held(out.h(i, i));
  }
}

bool SharedEquations::amend(const SharedColumns& columns,
                            const ColumnProducts& products,
                            std::span<const BandTerms> bands) {
  const auto all_anew = [&] {
    const auto groups = static_cast<Index>(amounts_.size());
    return solve(columns, products, bands, groups, noise_, free_ones());
  };
  const double most = amended_part * static_cast<double>(solver_.free_count());
  if (static_cast<double>(new_slopes(bands)) > most) {
    return all_anew();
  }
  if (!drop_lost_slopes(bands) || !append_new_slopes(columns, products, bands)) {
    return is_solved_ = false;
  }
  terms_.clear();
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    auto& band = bands_[b];
    const auto& wanted = bands[b].priors;
    auto& present = band.terms.priors;
    if (band.terms.amount >= 0) {
      const Index amount = amounts_[static_cast<std::size_t>(band.terms.amount)];
      follow(wanted.ratio, present.ratio, {band.height, 1, amount, -band.terms.part, 0});
    }
    if (band.center >= 0) {
      follow(wanted.center, present.center, {band.center, 1, -1, 0, 0});
    }
    if (band.width >= 0) {
      follow(wanted.width, present.width, {band.width, 1, -1, 0, 0});
    }
  }
  if (static_cast<double>(terms_.size()) > most) {
    return all_anew();
  }
  return is_solved_ = solver_.add(terms_) && solver_.settle();
}

// Of the heights, then of the amounts.
std::vector<char> SharedEquations::free_ones() const {
  std::vector<char> out;
  for (const auto& band : bands_) {
    out.push_back(solver_.is_free(band.height) ? 1 : 0);
  }
  for (const Index amount : amounts_) {
    out.push_back(solver_.is_free(amount) ? 1 : 0);
  }
  return out;
}

Index SharedEquations::new_slopes(std::span<const BandTerms> bands) const {
  Index count = 0;
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    count += bands_[b].center < 0 && bands[b].priors.center > 0 ? 1 : 0;
    count += bands_[b].width < 0 && bands[b].priors.width > 0 ? 1 : 0;
  }
  return count;
}

// A changed precision is taken over where it moves the answer, or its spread, noticeably beside
// what the data alone tell of it: they do not see how a band is held that they tell nothing of.
void SharedEquations::follow(double wanted, double& present, Term term) {
  term.weight = wanted - present;
  double variance = term.first_part * term.first_part * solver_.variance(term.first);
  double value = term.first_part * solver_.x(term.first);
  if (term.second >= 0) {
    variance +=
        term.second_part * (term.second_part * solver_.variance(term.second) +
                            2 * term.first_part * solver_.covariance(term.first, term.second));
    value += term.second_part * solver_.x(term.second);
  }
  variance = std::max(variance, 0.0);
  const double after = variance / std::max(1 + term.weight * variance, 1e-9);
  const double told = std::max(0.0, 1 / solver_.variance(term.first) - present);
  const double lag =
      std::abs(term.weight) * after * std::max(variance * told, std::abs(value) * std::sqrt(told));
  if (lag > largest_lag) {
    present = wanted;
    terms_.push_back(term);
  }
}

void SharedEquations::take_out(Index& variable) {
  columns_[static_cast<std::size_t>(variable)] = no_column;
  variable = -1;
}

bool SharedEquations::drop_lost_slopes(std::span<const BandTerms> bands) {
  std::vector<Index> lost;
  const auto look = [&](double wanted, Index& slope, double& present) {
    if (slope >= 0 && !(wanted > 0)) {
      lost.push_back(slope);
      take_out(slope);
      present = 0;
    }
  };
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    look(bands[b].priors.center, bands_[b].center, bands_[b].terms.priors.center);
    look(bands[b].priors.width, bands_[b].width, bands_[b].terms.priors.width);
  }
  return lost.empty() || solver_.drop(lost);
}

bool SharedEquations::append_new_slopes(const SharedColumns& columns,
                                        const ColumnProducts& products,
                                        std::span<const BandTerms> bands) {
  std::vector<double> priors;
  const auto look = [&](double wanted, Index column, Index& slope, double& present) {
    if (slope < 0 && wanted > 0) {
      slope = static_cast<Index>(columns_.size());
      columns_.push_back(column);
      priors.push_back(wanted);
      present = wanted;
    }
  };
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    const auto index = static_cast<Index>(b);
    auto& [id, height, center, width, terms] = bands_[b];
    look(bands[b].priors.center, columns.by_center(index), center, terms.priors.center);
    look(bands[b].priors.width, columns.by_log_width(index), width, terms.priors.width);
  }
  if (priors.empty()) {
    return true;
  }
  const auto added = static_cast<Index>(priors.size());
  Eigen::MatrixXd h = last_products(products, added);
  const Index before = h.rows() - added;
  for (Index c = 0; c < added; ++c) {
    h(before + c, c) = held(h(before + c, c) + priors[static_cast<std::size_t>(c)]);
  }
  const std::vector<char> is_bounded(priors.size(), 0);
  return solver_.append(h, last_right(products, added), is_bounded, is_bounded);
}

// Products of the last variables with all.
Eigen::MatrixXd SharedEquations::last_products(const ColumnProducts& products, Index added) const {
  const auto count = static_cast<Index>(columns_.size());
  Eigen::MatrixXd h = Eigen::MatrixXd::Zero(count, added);
  for (Index c = 0; c < added; ++c) {
    const Index own = columns_[static_cast<std::size_t>(count - added + c)];
    if (own != no_column) {
      products.products(own, columns_, std::span(h.col(c).data(), columns_.size()));
      h.col(c) *= gain_;
    }
  }
  return h;
}

Eigen::VectorXd SharedEquations::last_right(const ColumnProducts& products, Index added) const {
  const auto count = static_cast<Index>(columns_.size());
  Eigen::VectorXd g = Eigen::VectorXd::Zero(added);
  for (Index c = 0; c < added; ++c) {
    const Index own = columns_[static_cast<std::size_t>(count - added + c)];
    g[c] = own == no_column ? 0 : gain_ * products.right(own);
  }
  return g;
}

bool SharedEquations::adopt(const SharedEquations& last,
                            const SharedColumns& columns,
                            const ColumnProducts& products,
                            std::span<const BandTerms> bands,
                            Index groups,
                            const std::vector<char>& is_free) {
  if (!last.is_solved_) {
    return false;
  }
  const auto& known = last.bands_;
  noise_ = last.noise_;
  gain_ = last.gain_;
  bands_.clear();
  amounts_.assign(static_cast<std::size_t>(groups), -1);
  std::vector<char> is_kept(known.size(), 0);
  std::vector<std::size_t> fresh;
  is_solved_ = false;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    const Index id = columns.band(static_cast<Index>(b));
    const auto& terms = bands[b];
    const auto same =
        std::find_if(known.begin(), known.end(), [&](const Band& row) { return row.id == id; });
    if (same == known.end()) {
      fresh.push_back(b);
      bands_.push_back({id, -1, -1, -1, terms});
      continue;
    }
    is_kept[static_cast<std::size_t>(same - known.begin())] = 1;
    bands_.push_back(*same);
    bands_.back().terms.amount = terms.amount;
    const Index before = same->terms.amount;
    if (same->terms.part != terms.part || (before >= 0) != (terms.amount >= 0)) {
      return false;
    }
    if (before >= 0) {
      amounts_[static_cast<std::size_t>(terms.amount)] = last.amount(before);
    }
  }
  const auto lost = known.size() - (bands.size() - fresh.size());
  if (static_cast<double>(lost + fresh.size()) > amended_part * static_cast<double>(bands.size())) {
    return false;
  }
  columns_ = last.columns_;
  solver_.start_from(last.solver_, 3 * static_cast<Index>(fresh.size()) + groups);
  is_solved_ = drop_lost(last, is_kept) && append_new(products, fresh, is_free);
  return is_solved_;
}

// Bands and amounts that the fit has no more, and what such bands said of amounts that stay.
bool SharedEquations::drop_lost(const SharedEquations& last, const std::vector<char>& is_kept) {
  std::vector<Index> lost;
  terms_.clear();
  const auto is_there = [&](Index amount) {
    return std::find(amounts_.begin(), amounts_.end(), amount) != amounts_.end();
  };
  for (std::size_t b = 0; b < last.bands_.size(); ++b) {
    const auto& band = last.bands_[b];
    if (is_kept[b] != 0) {
      continue;
    }
    for (Index variable : {band.height, band.center, band.width}) {
      if (variable >= 0) {
        lost.push_back(variable);
        take_out(variable);
      }
    }
    const auto& [amount, part, priors] = band.terms;
    if (amount >= 0 && is_there(last.amount(amount))) {
      terms_.push_back({last.amount(amount), part, -1, 0, -priors.ratio});
    }
  }
  for (const Index amount : last.amounts_) {
    if (!is_there(amount)) {
      lost.push_back(amount);
    }
  }
  return solver_.drop(lost) && solver_.add(terms_);
}

bool SharedEquations::append_new(const ColumnProducts& products,
                                 const std::vector<std::size_t>& fresh,
                                 const std::vector<char>& is_free) {
  const auto before = static_cast<Index>(columns_.size());
  const auto next = [&](Index column) {
    columns_.push_back(column);
    return static_cast<Index>(columns_.size()) - 1;
  };
  std::vector<char> start;
  for (const std::size_t b : fresh) {
    bands_[b].height = next(bands_[b].id);
    bands_[b].terms.priors.center = 0;
    bands_[b].terms.priors.width = 0;
    start.push_back(is_free[b]);
  }
  for (std::size_t g = 0; g < amounts_.size(); ++g) {
    if (amounts_[g] < 0) {
      amounts_[g] = next(no_column);
      start.push_back(is_free[bands_.size() + g]);
    }
  }
  const Index added = static_cast<Index>(columns_.size()) - before;
  if (added == 0) {
    return true;
  }
  Eigen::MatrixXd h = last_products(products, added);
  terms_.clear();
  for (const std::size_t b : fresh) {
    const auto& band = bands_[b];
    const auto& [group, part, priors] = band.terms;
    if (group < 0) {
      continue;
    }
    const Index amount = amounts_[static_cast<std::size_t>(group)];
    const Index own = band.height - before;
    h(band.height, own) += priors.ratio;
    h(amount, own) -= priors.ratio * part;
    if (amount >= before) {
      h(amount, amount - before) += priors.ratio * part * part;
    } else {
      terms_.push_back({amount, part, -1, 0, priors.ratio});
    }
  }
  for (Index c = 0; c < added; ++c) {
    h(before + c, c) = held(h(before + c, c));
  }
  const std::vector<char> is_bounded(start.size(), 1);
  return solver_.add(terms_) && solver_.append(h, last_right(products, added), is_bounded, start);
}

void SharedEquations::close_gaps() {
  const auto place = solver_.close_gaps();
  const auto move = [&](Index& variable) {
    variable = variable >= 0 ? place[static_cast<std::size_t>(variable)] : -1;
  };
  for (auto& band : bands_) {
    move(band.height);
    move(band.center);
    move(band.width);
  }
  for (Index& amount : amounts_) {
    move(amount);
  }
  std::vector<Index> kept(static_cast<std::size_t>(solver_.count()), no_column);
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] >= 0) {
      kept[static_cast<std::size_t>(place[i])] = columns_[i];
    }
  }
  columns_ = std::move(kept);
}

double SharedEquations::gain_of(double right, double own, const Eigen::VectorXd& with) const {
  for (Index i = 0; i < solver_.count(); ++i) {
    right -= with[i] * solver_.x(i);
  }
  const double left = gain_ * own - solver_.variance_along(gain_ * with);
  return left > 0 && right > 0 ? std::pow(gain_ * right, 2) / left : 0;
}

double SharedEquations::condition_number(const ColumnProducts& products) const {
  kernels::SweepSolver equations;
  equations.reset(solver_.count());
  assemble(products, equations);
  return solver_.condition_number(equations);
}

}  // namespace calcispec::detail
