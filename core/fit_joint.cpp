#include "core/fit_joint.hpp"

#include "core/error.hpp"
#include "core/fit/joint_private.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

using band_fit::JointLayout;
using band_fit::JointPart;
using Eigen::MatrixXd;
using Eigen::VectorXd;

void check_fit_joint(const JointModel& joint,
                     std::span<const JointSpectrum> spectra,
                     FitLoss loss) {
  require(!spectra.empty(), "a joint fit needs at least one spectrum");
  require(loss == FitLoss::least_squares, "a joint fit is made by least squares");
  const auto knows = [](const JointSpectrum& own) { return !own.sigma.empty(); };
  const auto known = std::count_if(spectra.begin(), spectra.end(), knows);
  require(known == 0 || known == static_cast<std::ptrdiff_t>(spectra.size()),
          "a joint fit needs sigma for all spectra or for none");
  const auto bands = static_cast<Index>(joint.model.bands.size());
  for (const auto& own : joint.shared) {
    const bool is_known =
        own.band >= 0 && own.band < bands && own.parameter >= 0 &&
        own.parameter <
            static_cast<Index>(
                joint.model.bands[static_cast<std::size_t>(own.band)].parameters.size());
    require(is_known, "a shared parameter names a band or a parameter that the model has not");
    require(!joint.shares_ratios || own.parameter > 0,
            "amounts cannot be shared and have shared ratios at once");
  }
  for (const auto& band : joint.model.bands) {
    const bool is_bound = !band.parameters.empty() && (!std::isnan(band.parameters[0].upper) ||
                                                       !std::isnan(band.parameters[0].lower));
    require(!joint.shares_ratios || !is_bound,
            "amounts whose ratios are shared cannot have bounds of their own");
  }
}

class JointFit {
 public:
  JointFit(const JointModel& joint,
           std::span<const JointSpectrum> spectra,
           const FitOptions& options,
           Index jobs)
      : joint_(joint), spectra_(spectra), options_(options), jobs_(jobs) {}

  JointFitResult run() {
    parts_.resize(spectra_.size());
    alone_.resize(spectra_.size());
    parallel_for(static_cast<Index>(spectra_.size()), jobs_, [&](Index s) { fit_alone(s); });
    for (std::size_t s = 0; s < alone_.size(); ++s) {
      result_.iterations += alone_[s].iterations;
      if (alone_[s].status == FitStatus::failed) {
        result_.message = "spectrum " + std::to_string(s + 1) + ": " + alone_[s].message;
        result_.spectra = alone_;
        return std::move(result_);
      }
    }
    layout_ = band_fit::joint_layout(joint_, parts_[0].compiled, alone_);
    start();
    if (!fit_parts(shared_, nullptr)) {
      result_.message = "no finite value of the model at the common start";
      result_.spectra = alone_;
      return std::move(result_);
    }
    keep_trial();
    minimize();
    answer();
    return std::move(result_);
  }

 private:
  void fit_alone(Index s) {
    const auto at = static_cast<std::size_t>(s);
    const auto& own = spectra_[at];
    auto options = options_;
    options.gate = 0;
    options.wants_covariance = true;
    alone_[at] = fit_bands(joint_.model, own.x, own.y, own.sigma, options);
    if (alone_[at].status != FitStatus::failed) {
      parts_[at].prepare(joint_.model, own, alone_[at]);
    }
  }

  void start() {
    shared_ = VectorXd::Zero(layout_.count());
    lower_ = VectorXd::Constant(layout_.count(), -std::numeric_limits<double>::infinity());
    upper_ = -lower_;
    for (Index k = 0; k < layout_.count(); ++k) {
      const auto& own = layout_.shared[static_cast<std::size_t>(k)];
      if (own.is_ratio) {
        lower_[k] = 0;
        shared_[k] = band_fit::mean_ratio(layout_, own, alone_);
        continue;
      }
      for (const auto& part : parts_) {
        lower_[k] = std::max(lower_[k], part.compiled.lower[static_cast<std::size_t>(own.free)]);
        upper_[k] = std::min(upper_[k], part.compiled.upper[static_cast<std::size_t>(own.free)]);
      }
      require(lower_[k] <= upper_[k],
              "the ranges of the spectra leave no value for a parameter that they share; give it "
              "a range or a start");
      const double mean = band_fit::mean_value(own.owner, alone_);
      shared_[k] = std::clamp(mean, lower_[k], upper_[k]);
      for (auto& part : parts_) {
        part.compiled.lower[static_cast<std::size_t>(own.free)] = lower_[k];
        part.compiled.upper[static_cast<std::size_t>(own.free)] = upper_[k];
      }
    }
  }

  // All other parameters for these shared ones; into the trials of the parts.
  bool fit_parts(const VectorXd& shared, const VectorXd* step) {
    std::vector<char> is_fine(parts_.size(), char{0});
    parallel_for(static_cast<Index>(parts_.size()), jobs_, [&](Index s) {
      auto& part = parts_[static_cast<std::size_t>(s)];
      is_fine[static_cast<std::size_t>(s)] = part.fit(layout_, shared, step, options_) ? 1 : 0;
    });
    trial_chi_square_ = 0;
    for (const auto& part : parts_) {
      result_.iterations += part.trial_iterations;
      trial_chi_square_ += part.trial.chi_square;
    }
    return std::find(is_fine.begin(), is_fine.end(), char{0}) == is_fine.end() &&
           std::isfinite(trial_chi_square_);
  }

  void keep_trial() {
    chi_square_ = trial_chi_square_;
    information_ = MatrixXd::Zero(layout_.count(), layout_.count());
    slope_ = VectorXd::Zero(layout_.count());
    for (auto& part : parts_) {
      part.keep_trial(layout_, shared_);
      information_ += part.information;
      slope_ += part.slope;
    }
  }

  bool find_step(double damping) {
    const Index count = layout_.count();
    damped_.resize(count);
    std::vector<double> low(static_cast<std::size_t>(count));
    auto high = low;
    auto step = low;
    std::vector<char> held(static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      for (Index j = i; j < count; ++j) {
        damped_.row(i)[j] = information_(i, j);
      }
      damped_.row(i)[i] *= 1 + damping;
      const double limit = step_limit(i);
      low[at] = std::max(lower_[i] - shared_[i], -limit);
      high[at] = std::min(upper_[i] - shared_[i], limit);
      held[at] = information_(i, i) > 0 && low[at] < high[at] ? char{0} : char{1};
    }
    const bool is_found =
        solver_.solve(damped_, slope_.data(), low.data(), high.data(), held.data(), step.data());
    step_ = Eigen::Map<const VectorXd>(step.data(), count);
    return is_found;
  }

  // Positions move by half a width at most, lengths by half of themselves.
  [[nodiscard]] double step_limit(Index k) const {
    const auto& own = layout_.shared[static_cast<std::size_t>(k)];
    if (own.is_ratio || own.owner.parameter == 0) {
      return std::numeric_limits<double>::infinity();
    }
    const auto& part = parts_[0];
    const auto& band = part.compiled.bands[static_cast<std::size_t>(own.owner.band)];
    double width = 0;
    for (Index j = 2; j < band.count; ++j) {
      const auto& info = band.row->info.parameters[static_cast<std::size_t>(j)];
      const bool is_width = info.unit == "axis" && info.minimum >= 0;
      width += is_width ? part.compiled.value(band.first + j, part.state.theta) : 0;
    }
    const auto& info = band.row->info.parameters[static_cast<std::size_t>(own.owner.parameter)];
    return info.unit == "axis" ? 0.5 * width : std::numeric_limits<double>::infinity();
  }

  void minimize() {
    double damping = 1e-3;
    double growth = 2;
    const auto is_small = [&](double change) {
      return damping <= 0.1 && change <= options_.tolerance * chi_square_;
    };
    result_.status = FitStatus::iteration_limit;
    for (Index k = 0; k < options_.max_iterations; ++k) {
      const bool has_step = layout_.count() == 0 || find_step(damping);
      const double predicted =
          layout_.count() == 0 || !has_step ? 0.0 : step_.dot(2 * slope_ - information_ * step_);
      if (has_step && is_small(predicted)) {
        result_.status = FitStatus::converged;
        return;
      }
      const VectorXd target = shared_ + step_;
      const bool is_better =
          has_step && fit_parts(target, &step_) && trial_chi_square_ < chi_square_;
      if (is_better) {
        const double decrease = chi_square_ - trial_chi_square_;
        const double ratio = std::min(1.0, decrease / predicted);
        damping = std::max(1e-12, damping * std::max(0.1, 1 - std::pow(2 * ratio - 1, 3)));
        growth = 2;
        shared_ = target;
        keep_trial();
        if (is_small(std::max(decrease, predicted))) {
          result_.status = FitStatus::converged;
          return;
        }
      } else if (damping > 1e8) {
        result_.status = FitStatus::stalled;
        return;
      } else {
        damping = std::max(damping, 1e-4) * growth;
        growth *= 2;
      }
    }
  }

  void fill_costs() {
    const Index own = parts_[0].compiled.free_count() - layout_.count();
    result_.n_free = layout_.count() + own * static_cast<Index>(parts_.size());
    for (const auto& part : parts_) {
      result_.points += part.data.points;
    }
    const auto n = static_cast<double>(result_.points);
    const auto k = static_cast<double>(result_.n_free);
    result_.chi_square = chi_square_;
    if (n > k) {
      result_.reduced_chi_square = chi_square_ / (n - k);
    }
    const bool knows_sigma = parts_[0].data.knows_sigma;
    const double cost = knows_sigma ? chi_square_ : n * std::log(chi_square_ / n);
    result_.aic = cost + 2 * k;
    result_.bic = cost + k * std::log(n);
  }

  void answer() {
    fill_costs();
    bool is_at_bound = false;
    for (std::size_t s = 0; s < parts_.size(); ++s) {
      auto own = parts_[s].answer(layout_, shared_, {information_, slope_}, options_);
      if (own.standard_errors == StandardErrorKind::scaled) {
        band_fit::scale_errors(std::sqrt(result_.reduced_chi_square / own.reduced_chi_square), own);
      }
      own.starts = alone_[s].starts;
      own.iterations = alone_[s].iterations;
      for (const auto& band : own.bands) {
        for (const auto& value : band.parameters) {
          is_at_bound = is_at_bound || value.is_at_bound;
        }
      }
      result_.spectra.push_back(std::move(own));
    }
    if (result_.status == FitStatus::converged && is_at_bound) {
      result_.status = FitStatus::at_bounds;
    }
    result_.message = band_fit::message_of(result_.status);
    for (auto& own : result_.spectra) {
      own.status = result_.status;
      own.message = result_.message + " of all spectra together";
    }
    fill_shared();
  }

  void fill_shared() {
    const auto& first = result_.spectra[0];
    const auto total = first.free.size();
    std::vector<std::size_t> places;
    for (const auto& own : layout_.shared) {
      if (!own.is_ratio) {
        result_.shared.push_back(own.owner);
        places.push_back(static_cast<std::size_t>(own.free));
      }
    }
    for (const std::size_t i : places) {
      for (const std::size_t j : places) {
        const bool has_one = first.covariance.size() == total * total;
        result_.covariance.push_back(has_one ? first.covariance[i * total + j] : 0.0);
      }
    }
    if (joint_.shares_ratios) {
      band_fit::fill_ratios(layout_, shared_, parts_[0].compiled, result_);
    }
  }

  const JointModel& joint_;
  std::span<const JointSpectrum> spectra_;
  const FitOptions& options_;
  Index jobs_;
  JointFitResult result_;
  JointLayout layout_;
  std::vector<JointPart> parts_;
  std::vector<FitResult> alone_;
  VectorXd shared_;
  VectorXd lower_;
  VectorXd upper_;
  VectorXd step_;
  VectorXd slope_;
  MatrixXd information_;
  double chi_square_ = 0;
  double trial_chi_square_ = 0;
  kernels::SmallMatrix damped_;
  kernels::BoundedStep solver_;
};

}  // namespace

JointFitResult fit_jointly(const JointModel& model,
                           std::span<const JointSpectrum> spectra,
                           const FitOptions& options,
                           Index jobs) {
  check_fit_joint(model, spectra, options.loss);
  return JointFit(model, spectra, options, jobs).run();
}

}  // namespace calcispec
