#include "core/set_methods.hpp"

#include "core/error.hpp"
#include "core/set_method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace calcispec {

#define SET_METHOD(family, name) SetMethod family##_##name();
#include "core/set_methods.def"
#undef SET_METHOD

namespace {

std::span<const SetMethod> set_method_table() {
  static const std::array table{
#define SET_METHOD(family, name) family##_##name(),
#include "core/set_methods.def"
#undef SET_METHOD
  };
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

void fill_with_nan(std::span<double> row) {
  std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
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

std::vector<MethodStatus> run_set_method(std::string_view family,
                                         std::string_view name,
                                         const ParameterSet& parameters,
                                         SpectraMatrix& spectra,
                                         const std::optional<MapGrid>& grid,
                                         Index jobs) {
  const auto* method = find_row(family, name);
  if (method == nullptr) {
    throw Error(ErrorCode::bad_method,
                "there is no step " + std::string(family) + "." + std::string(name));
  }
  require(spectra.axis != nullptr, "a set needs spectra with an axis");
  const bool is_short = spectra.points() < method->least_points;
  std::vector<MethodStatus> status(static_cast<std::size_t>(spectra.rows()),
                                   is_short ? MethodStatus::too_short : MethodStatus::not_finite);
  std::vector<Index> rows;
  for (Index r = 0; r < spectra.rows(); ++r) {
    if (!is_short && has_finite_values(spectra.row(r))) {
      rows.push_back(r);
      status[static_cast<std::size_t>(r)] = MethodStatus::converged;
    } else {
      fill_with_nan(spectra.row(r));
    }
  }
  if (!rows.empty()) {
    method->run({spectra, parameters, rows, grid, jobs, status});
  }
  for (const Index r : rows) {
    if (!has_finite_values(spectra.row(r))) {
      fill_with_nan(spectra.row(r));
      status[static_cast<std::size_t>(r)] = MethodStatus::failed;
    }
  }
  return status;
}

}  // namespace calcispec
