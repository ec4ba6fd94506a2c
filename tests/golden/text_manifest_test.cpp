// Real exports against the numbers other readers found in them.
#include "core/parameter.hpp"
#include "io/file.hpp"
#include "models/csv_table.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace calcispec {
namespace {

struct TextManifestNumbers {
  double x_first;
  double x_last;
  double y_first;
  double y_last;
};

TextManifestNumbers stored(const io::Recording& recording) {
  const auto x = recording.spectra.axis->values();
  const auto y = recording.spectra.row(0);
  return recording.spectra.axis->was_descending()
             ? TextManifestNumbers{x.back(), x.front(), y.back(), y.front()}
             : TextManifestNumbers{x.front(), x.back(), y.front(), y.back()};
}

void expect_near(const models::CsvTable& table, Index row, const char* column, double value) {
  const auto& cell = table.text(row, column);
  if (!cell.empty()) {
    const double expected = table.number(row, column);
    EXPECT_NEAR(value, expected, 1e-6 * std::abs(expected) + 1e-12) << column;
  }
}

TEST(TextManifest, EveryRowWithNumbersAgrees) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto folder = test::shared_dir() / "spectra";
  std::ifstream stream(folder / "MANIFEST.csv", std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  const models::CsvTable table(content, "MANIFEST.csv");
  Index checked = 0;
  for (Index row = 0; row < table.rows(); ++row) {
    const auto& name = table.text(row, "file");
    if (table.text(row, "format") != "text" || table.text(row, "n_points").empty()) {
      continue;
    }
    SCOPED_TRACE(name);
    const auto file = io::load((folder / name).string(), {});
    const auto& recording = file.recordings.at(0);
    const auto numbers = stored(recording);
    const auto& values = recording.spectra.values;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    expect_near(table, row, "n_spectra", static_cast<double>(recording.spectra.rows()));
    expect_near(table, row, "n_points", static_cast<double>(recording.spectra.points()));
    expect_near(table, row, "x_first", numbers.x_first);
    expect_near(table, row, "x_last", numbers.x_last);
    expect_near(table, row, "y_first", numbers.y_first);
    expect_near(table, row, "y_last", numbers.y_last);
    expect_near(table, row, "y_min", *low);
    expect_near(table, row, "y_max", *high);
    ++checked;
  }
  EXPECT_GE(checked, 15);
}

}  // namespace
}  // namespace calcispec
