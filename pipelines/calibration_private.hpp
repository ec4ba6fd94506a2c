// What the ways to calibrate share.
#pragma once

#include "models/csv_table.hpp"
#include "pipelines/calibration.hpp"

#include <string>
#include <vector>

namespace calcispec {

/// Throws Error{bad_method} where it cannot be read; `what` names it then.
models::CsvTable load_table(const std::string& path, const std::string& what);
models::CsvTable load_standards(const std::string& path);

/// Of the phases by weight, sum 1. Throws Error{bad_method} with the line where they do not add up.
std::vector<double> fractions_of(const models::CsvTable& table,
                                 Index row,
                                 const std::vector<std::string>& phases);

/// Response factors of phases of the band tables: the columns of the table say which.
CalibrationRun calibrate_band_tables(const CalibrationRequest& request);

}  // namespace calcispec
