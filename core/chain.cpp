#include "core/chain.hpp"

#include "core/baseline/stiffness.hpp"
#include "core/error.hpp"
#include "core/kernels/pack.hpp"
#include "core/method_table.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <array>
#include <bit>
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
  static const std::array table{
#define METHOD(family, name) family##_##name(),
#include "core/baseline/methods.def"
#include "core/derivative/methods.def"
#include "core/despike/methods.def"
#include "core/normalize/methods.def"
#include "core/smooth/methods.def"
#undef METHOD
  };
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
bool is_finite(std::span<const double> row) {
  std::uint64_t bits = 0;
  for (const double y : row) {
    bits |= std::bit_cast<std::uint64_t>(y * 0.0) << 1U;
  }
  return bits == 0;
}

// Rows of one block through the steps, each in place. A row that is not finite, or that a step
// could not do, is NaN from there on.
class BlockRun {
 public:
  BlockRun(SpectraMatrix& spectra, SpectraMatrix* baseline, Index first, Index count)
      : spectra_(spectra), baseline_(baseline), first_(first), count_(count) {
    for (Index r = 0; r < count; ++r) {
      is_usable_.push_back(is_finite(spectra.row(first + r)) ? 1 : 0);
      if (is_usable_.back() == 0) {
        fill_with_nan(spectra, r);
      }
    }
  }

  void run(const CoreMethod& method,
           const ParameterSet& parameters,
           std::span<MethodStatus> status) {
    const bool is_short = spectra_.points() < method.least_points;
    const bool is_baseline = baseline_ != nullptr && method.info.family == "baseline";
    rows_.clear();
    baselines_.clear();
    for (Index r = 0; r < count_; ++r) {
      auto& usable = is_usable_[static_cast<std::size_t>(r)];
      status[static_cast<std::size_t>(r)] =
          is_short ? MethodStatus::too_short : MethodStatus::not_finite;
      if (is_short && usable != 0) {
        usable = 0;
        fill_with_nan(spectra_, r);
      }
      if (usable != 0) {
        rows_.push_back(spectra_.row(first_ + r).data());
        if (is_baseline) {
          baselines_.push_back(baseline_->row(first_ + r).data());
        }
      }
    }
    own_status_.assign(rows_.size(), MethodStatus::converged);
    if (!rows_.empty()) {
      run_with_stiffness(method, {*spectra_.axis, parameters, rows_, baselines_, own_status_});
    }
    judge(is_baseline, status);
  }

 private:
  void judge(bool is_baseline, std::span<MethodStatus> status) {
    std::size_t k = 0;
    for (Index r = 0; r < count_; ++r) {
      auto& usable = is_usable_[static_cast<std::size_t>(r)];
      if (usable != 0) {
        auto& own = status[static_cast<std::size_t>(r)];
        own = own_status_[k++];
        if (!is_finite(spectra_.row(first_ + r))) {
          own = MethodStatus::failed;
          usable = 0;
          fill_with_nan(spectra_, r);
        }
      }
      if (usable == 0 && is_baseline) {
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
  std::vector<MethodStatus> own_status_;
};

// Such a method gets every row of the matrix in one call.
bool looks_at_all_spectra(const CoreMethod& method) {
  return method.info.family == "baseline" && method.info.name == "collab_pls";
}

// Rows of one work item: enough that lanes are refilled, few enough that every thread has work and
// the rows stay in the cache between steps.
Index block_size(Index rows, Index jobs) {
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
  for (std::size_t s = 0; s < steps.size();) {
    const bool is_joint = looks_at_all_spectra(*methods[s]);
    std::size_t end = s + 1;
    while (!is_joint && end < steps.size() && !looks_at_all_spectra(*methods[end])) {
      ++end;
    }
    const Index size = is_joint ? std::max<Index>(rows, 1) : block_size(rows, jobs);
    parallel_for((rows + size - 1) / size, jobs, [&](Index block) {
      const Index first = block * size;
      const Index count = std::min(size, rows - first);
      BlockRun run(result.spectra, has_baseline ? &*result.baseline : nullptr, first, count);
      for (std::size_t k = s; k < end; ++k) {
        const auto status =
            std::span(result.status[k])
                .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        run.run(*methods[k], steps[k].parameters, status);
      }
    });
    s = end;
  }
  return result;
}

}  // namespace calcispec
