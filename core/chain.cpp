#include "core/chain.hpp"

#include "core/baseline/masked_points.hpp"
#include "core/baseline/stiffness.hpp"
#include "core/error.hpp"
#include "core/kernels/pack.hpp"
#include "core/method_table.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace calcispec {

#define METHOD(family, name) CoreMethod family##_##name();
#include "core/baseline/methods.def"
#include "core/derivative/methods.def"
#include "core/despike/methods.def"
#include "core/normalize/methods.def"
#include "core/smooth/methods.def"
#undef METHOD

std::span<const CoreMethod> method_table() {
  static const auto table = [] {
    std::array rows{
#define METHOD(family, name) family##_##name(),
#include "core/baseline/methods.def"
#include "core/derivative/methods.def"
#include "core/despike/methods.def"
#include "core/normalize/methods.def"
#include "core/smooth/methods.def"
#undef METHOD
    };
    give_masks(rows);
    return rows;
  }();
  return table;
}

const CoreMethod* find_core_row(std::string_view family, std::string_view name) {
  const auto table = method_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const CoreMethod& row) {
    return row.info.family == family && row.info.name == name;
  });
  return found == table.end() ? nullptr : &*found;
}

namespace {

// Without a branch per point, so that it runs at the speed of memory: 0 times a number is a zero
// unless the number is infinite or not a number.
bool has_finite_bits(std::span<const double> row) {
  std::uint64_t bits = 0;
  for (const double y : row) {
    bits |= std::bit_cast<std::uint64_t>(y * 0.0) << 1U;
  }
  return bits == 0;
}

bool has_infinity(std::span<const double> row) {
  return std::any_of(row.begin(), row.end(), [](double y) { return std::isinf(y); });
}

// Rows of one block through the steps, each in place. A row that is not finite, or that a step
// could not do, is NaN from there on; baselines alone go on over points that are NaN.
class BlockRun {
 public:
  BlockRun(SpectraMatrix& spectra, SpectraMatrix* baseline, Index first, Index count)
      : spectra_(spectra),
        baseline_(baseline),
        first_(first),
        count_(count),
        is_usable_(static_cast<std::size_t>(count), 1) {}

  void run(const CoreMethod& method,
           const ParameterSet& parameters,
           std::span<MethodStatus> status) {
    const bool is_baseline = method.info.family == "baseline";
    rows_.clear();
    baselines_.clear();
    masks_.clear();
    for (Index r = 0; r < count_; ++r) {
      const bool is_short = spectra_.points() < method.least_points;
      status[static_cast<std::size_t>(r)] =
          is_short ? MethodStatus::too_short : MethodStatus::not_finite;
      auto& usable = is_usable_[static_cast<std::size_t>(r)];
      if (usable == 0) {
        continue;
      }
      if (is_short || !take(r, method, is_baseline ? &parameters : nullptr)) {
        usable = 0;
        fill_with_nan(spectra_, r);
      } else if (is_baseline && baseline_ != nullptr) {
        baselines_.push_back(baseline_->row(first_ + r).data());
      }
    }
    own_status_.assign(rows_.size(), MethodStatus::converged);
    if (!rows_.empty()) {
      run_with_stiffness(method, {*spectra_.axis, parameters, rows_, baselines_, own_status_});
    }
    judge(is_baseline && baseline_ != nullptr, status);
  }

 private:
  // False for a row that the method cannot do. `baseline`: parameters of a baseline, which hides
  // points.
  bool take(Index r, const CoreMethod& method, const ParameterSet* baseline) {
    const auto row = spectra_.row(first_ + r);
    const bool has_regions = baseline != nullptr && !baseline->pairs("mask").empty();
    const bool is_whole = has_finite_bits(row);
    if (!is_whole && (baseline == nullptr || has_infinity(row))) {
      return false;
    }
    std::optional<MaskedPoints> mask;
    if (!is_whole || has_regions) {
      mask.emplace(*spectra_.axis, baseline->pairs("mask"));
      if (!mask->hide(row, method.least_points)) {
        return false;
      }
    }
    rows_.push_back(row.data());
    masks_.push_back(std::move(mask));
    return true;
  }

  void judge(bool gives_baseline, std::span<MethodStatus> status) {
    std::size_t k = 0;
    for (Index r = 0; r < count_; ++r) {
      auto& usable = is_usable_[static_cast<std::size_t>(r)];
      if (usable != 0) {
        auto& own = status[static_cast<std::size_t>(r)];
        own = own_status_[k];
        const auto row = spectra_.row(first_ + r);
        if (!has_finite_bits(row)) {
          own = MethodStatus::failed;
          usable = 0;
          fill_with_nan(spectra_, r);
        } else if (masks_[k]) {
          masks_[k]->show(row);
        }
        ++k;
      }
      if (usable == 0 && gives_baseline) {
        fill_with_nan(*baseline_, r);
      }
    }
  }

  void fill_with_nan(SpectraMatrix& matrix, Index r) const {
    const auto row = matrix.row(first_ + r);
    std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
  }

  SpectraMatrix& spectra_;
  SpectraMatrix* baseline_;
  Index first_;
  Index count_;
  std::vector<char> is_usable_;
  std::vector<double*> rows_;
  std::vector<double*> baselines_;
  std::vector<std::optional<MaskedPoints>> masks_;  // of the rows above
  std::vector<MethodStatus> own_status_;
};

// Rows of one work item: enough that lanes are refilled, few enough that every thread has work and
// the rows stay in the cache between steps.
Index chain_block_size(Index rows, Index jobs) {
  const Index threads = jobs > 0 ? jobs : usable_cores();
  const Index lanes = kernels::lane_count;
  const Index share = (rows / (4 * threads) + lanes - 1) / lanes * lanes;
  return std::clamp<Index>(share, lanes, 64);
}

}  // namespace

std::span<const MethodInfo> core_methods() {
  static const std::vector<MethodInfo> methods = [] {
    std::vector<MethodInfo> out;
    for (const auto& row : method_table()) {
      out.push_back(row.info);
    }
    return out;
  }();
  return methods;
}

const MethodInfo* find_core_method(std::string_view family, std::string_view name) {
  const auto* row = find_core_row(family, name);
  return row == nullptr ? nullptr : &row->info;
}

ChainResult run_chain(SpectraMatrix spectra,
                      std::span<const ChainStep> steps,
                      Index jobs,
                      bool keeps_baseline) {
  require(spectra.axis != nullptr, "a chain needs spectra with an axis");
  std::vector<const CoreMethod*> methods;
  bool has_baseline = false;
  for (const auto& step : steps) {
    methods.push_back(find_core_row(step.family, step.method));
    if (methods.back() == nullptr) {
      throw Error(ErrorCode::bad_method, "there is no step " + step.family + "." + step.method);
    }
    has_baseline = has_baseline || (keeps_baseline && step.family == "baseline");
  }
  ChainResult result;
  result.spectra = std::move(spectra);
  const Index rows = result.spectra.rows();
  if (has_baseline) {
    result.baseline = SpectraMatrix::make(result.spectra.axis, rows);
  }
  result.status.assign(
      steps.size(),
      std::vector<MethodStatus>(static_cast<std::size_t>(rows), MethodStatus::converged));
  const Index size = chain_block_size(rows, jobs);
  parallel_for((rows + size - 1) / size, jobs, [&](Index block) {
    const Index first = block * size;
    const Index count = std::min(size, rows - first);
    BlockRun run(result.spectra, has_baseline ? &*result.baseline : nullptr, first, count);
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const auto status =
          std::span(result.status[s])
              .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      run.run(*methods[s], steps[s].parameters, status);
    }
  });
  return result;
}

}  // namespace calcispec
