#include "core/set_methods.hpp"

#include "core/baseline/masked_points.hpp"
#include "core/error.hpp"
#include "core/set_method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace calcispec {

#define SET_METHOD(family, name) SetMethod family##_##name();
#include "core/set_methods.def"
#undef SET_METHOD

namespace {

std::span<const SetMethod> set_method_table() {
  static const auto table = [] {
    std::array rows{
#define SET_METHOD(family, name) family##_##name(),
#include "core/set_methods.def"
#undef SET_METHOD
    };
    give_masks(rows);
    return rows;
  }();
  return table;
}

const SetMethod* find_row(std::string_view family, std::string_view name) {
  const auto table = set_method_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const SetMethod& row) {
    return row.info.family == family && row.info.name == name;
  });
  return found == table.end() ? nullptr : &*found;
}

bool has_finite_values(std::span<const double> row) {
  return std::all_of(row.begin(), row.end(), [](double y) { return std::isfinite(y); });
}

// The rows that the method can do; of baselines with their hidden points, which it does not see.
class UsableRows {
 public:
  UsableRows(const SetMethod& method, const ParameterSet& parameters, SpectraMatrix& spectra)
      : least_points_(method.least_points), spectra_(spectra) {
    if (method.info.family == "baseline") {
      regions_ = parameters.pairs("mask");
      may_have_gaps_ = true;
    }
    for (Index r = 0; r < spectra.rows(); ++r) {
      if (take(r)) {
        rows_.push_back(r);
      }
    }
  }

  [[nodiscard]] const std::vector<Index>& rows() const { return rows_; }

  void show_hidden() const {
    for (const auto& [r, points] : hidden_) {
      points.show(spectra_.row(r));
    }
  }

 private:
  bool take(Index r) {
    const auto row = spectra_.row(r);
    if (has_finite_values(row) && regions_.empty()) {
      return true;
    }
    const bool is_infinite =
        std::any_of(row.begin(), row.end(), [](double y) { return std::isinf(y); });
    if (!may_have_gaps_ || is_infinite) {
      return false;
    }
    MaskedPoints points(*spectra_.axis, regions_);
    if (!points.hide(row, least_points_)) {
      return false;
    }
    hidden_.emplace_back(r, std::move(points));
    return true;
  }

  Index least_points_;
  SpectraMatrix& spectra_;
  std::span<const NumberPair> regions_;
  bool may_have_gaps_ = false;
  std::vector<Index> rows_;
  std::vector<std::pair<Index, MaskedPoints>> hidden_;
};

void fill_with_nan(std::span<double> row) {
  std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
}

// Rows that cannot be done are NaN from there on.
std::vector<MethodStatus> leave_usable(std::span<const Index> usable, SpectraMatrix& spectra) {
  std::vector<MethodStatus> status(static_cast<std::size_t>(spectra.rows()),
                                   MethodStatus::not_finite);
  for (const Index r : usable) {
    status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
  for (Index r = 0; r < spectra.rows(); ++r) {
    if (status[static_cast<std::size_t>(r)] != MethodStatus::converged) {
      fill_with_nan(spectra.row(r));
    }
  }
  return status;
}

void mark_failed(std::span<const Index> used,
                 SpectraMatrix& spectra,
                 std::vector<MethodStatus>& status) {
  for (const Index r : used) {
    if (!has_finite_values(spectra.row(r))) {
      fill_with_nan(spectra.row(r));
      status[static_cast<std::size_t>(r)] = MethodStatus::failed;
    }
  }
}

}  // namespace

std::span<const MethodInfo> set_methods() {
  static const std::vector<MethodInfo> methods = [] {
    std::vector<MethodInfo> out;
    for (const auto& row : set_method_table()) {
      out.push_back(row.info);
    }
    return out;
  }();
  return methods;
}

const MethodInfo* find_set_method(std::string_view family, std::string_view name) {
  const auto* row = find_row(family, name);
  return row == nullptr ? nullptr : &row->info;
}

std::optional<SetReach> reach_of_set_method(std::string_view family, std::string_view name) {
  const auto* row = find_row(family, name);
  return row == nullptr ? std::nullopt : row->reach;
}

std::vector<MethodStatus> run_set_method(const ChainStep& step,
                                         SpectraMatrix& spectra,
                                         const std::optional<MapGrid>& grid,
                                         Index jobs,
                                         SpectraMatrix* baseline) {
  const auto* method = find_row(step.family, step.method);
  if (method == nullptr) {
    throw Error(ErrorCode::bad_method, "there is no step " + step.family + "." + step.method);
  }
  require(spectra.axis != nullptr, "a set needs spectra with an axis");
  const bool gives_baseline = baseline != nullptr && method->info.family == "baseline";
  std::vector<MethodStatus> status(static_cast<std::size_t>(spectra.rows()),
                                   MethodStatus::too_short);
  if (spectra.points() < method->least_points) {
    fill_with_nan(spectra.values);
    if (gives_baseline) {
      *baseline = spectra;
    }
    return status;
  }
  const UsableRows usable(*method, step.parameters, spectra);
  status = leave_usable(usable.rows(), spectra);
  if (gives_baseline) {
    *baseline = spectra;
  }
  if (!usable.rows().empty()) {
    method->run({spectra, step.parameters, usable.rows(), grid, jobs, status});
  }
  for (std::size_t i = 0; gives_baseline && i < baseline->values.size(); ++i) {
    baseline->values[i] -= spectra.values[i];
  }
  mark_failed(usable.rows(), spectra, status);
  usable.show_hidden();
  return status;
}

}  // namespace calcispec
