#include "core/chain.hpp"

#include "core/error.hpp"
#include "core/kernels/pack.hpp"
#include "core/method_table.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {

#define METHOD(family, name) CoreMethod family##_##name();
#include "core/baseline/methods.def"
#include "core/despike/methods.def"
#include "core/normalize/methods.def"
#include "core/smooth/methods.def"
#undef METHOD

std::span<const CoreMethod> method_table() {
  static const std::array table{
#define METHOD(family, name) family##_##name(),
#include "core/baseline/methods.def"
#include "core/despike/methods.def"
#include "core/normalize/methods.def"
#include "core/smooth/methods.def"
#undef METHOD
  };
  return table;
}

namespace {

const CoreMethod* find_row(std::string_view family, std::string_view name) {
  const auto table = method_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const CoreMethod& row) {
    return row.info.family == family && row.info.name == name;
  });
  return found == table.end() ? nullptr : &*found;
}

bool is_finite(std::span<const double> row) {
  return std::all_of(row.begin(), row.end(), [](double y) { return std::isfinite(y); });
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Rows of one block through one method. Rows that are not finite are kept out and come back NaN.
class BlockRun {
 public:
  BlockRun(const Axis& axis, std::span<double> rows, std::span<double> baseline)
      : axis_(axis), rows_(rows), baseline_(baseline) {}

  void run(const CoreMethod& method,
           const ParameterSet& parameters,
           std::span<MethodStatus> status) {
    const Index points = axis_.size();
    good_.clear();
    for (std::size_t r = 0; r < status.size(); ++r) {
      status[r] = MethodStatus::not_finite;
      if (points < method.least_points) {
        status[r] = MethodStatus::too_short;
      } else if (is_finite(row(rows_, r))) {
        good_.push_back(r);
      }
    }
    gather();
    std::vector<MethodStatus> own(good_.size(), MethodStatus::converged);
    if (!good_.empty()) {
      method.run({axis_, parameters, block_, block_baseline_, own});
    }
    scatter(own, status, method.info.family == "baseline");
  }

 private:
  [[nodiscard]] std::span<double> row(std::span<double> rows, std::size_t r) const {
    const auto points = static_cast<std::size_t>(axis_.size());
    return rows.subspan(r * points, points);
  }

  void gather() {
    const auto points = static_cast<std::size_t>(axis_.size());
    block_.resize(good_.size() * points);
    block_baseline_.assign(block_.size(), 0.0);
    for (std::size_t k = 0; k < good_.size(); ++k) {
      const auto from = row(rows_, good_[k]);
      std::copy(from.begin(), from.end(), row(block_, k).begin());
    }
  }

  void scatter(std::span<const MethodStatus> own,
               std::span<MethodStatus> status,
               bool is_baseline) {
    for (std::size_t k = 0; k < good_.size(); ++k) {
      status[good_[k]] = own[k];
    }
    std::size_t k = 0;
    for (std::size_t r = 0; r < status.size(); ++r) {
      const bool is_good = k < good_.size() && good_[k] == r;
      const bool is_done = is_good && is_finite(row(block_, k));
      if (is_good && !is_done) {
        status[r] = MethodStatus::failed;
      }
      write(row(rows_, r), is_done ? row(block_, k) : std::span<double>());
      if (is_baseline && !baseline_.empty()) {
        write(row(baseline_, r), is_done ? row(block_baseline_, k) : std::span<double>());
      }
      k += is_good ? 1 : 0;
    }
  }

  static void write(std::span<double> to, std::span<const double> from) {
    if (from.empty()) {
      std::fill(to.begin(), to.end(), not_a_number);
    } else {
      std::copy(from.begin(), from.end(), to.begin());
    }
  }

  const Axis& axis_;
  std::span<double> rows_;
  std::span<double> baseline_;
  std::vector<std::size_t> good_;
  std::vector<double> block_;
  std::vector<double> block_baseline_;
};

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
  const auto* row = find_row(family, name);
  return row == nullptr ? nullptr : &row->info;
}

ChainResult run_chain(const SpectraMatrix& spectra, std::span<const ChainStep> steps, Index jobs) {
  require(spectra.axis != nullptr, "a chain needs spectra with an axis");
  std::vector<const CoreMethod*> methods;
  bool has_baseline = false;
  for (const auto& step : steps) {
    methods.push_back(find_row(step.family, step.method));
    if (methods.back() == nullptr) {
      throw Error(ErrorCode::bad_method, "there is no step " + step.family + "." + step.method);
    }
    has_baseline = has_baseline || step.family == "baseline";
  }
  ChainResult result;
  result.spectra = spectra;
  if (has_baseline) {
    result.baseline = SpectraMatrix::make(spectra.axis, spectra.rows());
  }
  const Index rows = spectra.rows();
  result.status.assign(
      steps.size(),
      std::vector<MethodStatus>(static_cast<std::size_t>(rows), MethodStatus::converged));
  const Index lanes = kernels::lane_count;
  parallel_for((rows + lanes - 1) / lanes, jobs, [&](Index block) {
    const Index first = block * lanes;
    const Index count = std::min(lanes, rows - first);
    const auto part = [&](SpectraMatrix& matrix) {
      return std::span(matrix.values)
          .subspan(static_cast<std::size_t>(first * matrix.points()),
                   static_cast<std::size_t>(count * matrix.points()));
    };
    BlockRun run(*spectra.axis,
                 part(result.spectra),
                 has_baseline ? part(*result.baseline) : std::span<double>());
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
