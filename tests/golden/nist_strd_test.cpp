// The least-squares solver against certified values: all 27 NIST problems from both starts with the
// default options. Prints the table of docs/nist_strd.md; CALCISPEC_UPDATE_DOCS=1 writes it.
#include "tests/support/nist_strd.hpp"

#include "core/least_squares.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace calcispec {
namespace {

LeastSquaresResult solve(const test::NistProblem& problem, const std::vector<double>& start) {
  const bool has_log = problem.name == "Nelson";
  LeastSquaresProblem task;
  task.points = static_cast<Index>(problem.y.size());
  task.start = start;
  task.evaluate = [&](std::span<const double> p, std::span<double> r, std::span<double> j) {
    std::vector<test::Dual> b(p.size());
    for (std::size_t k = 0; k < p.size(); ++k) {
      b[k] = test::Dual(p[k]);
      b[k].slope[k] = 1;
    }
    for (std::size_t i = 0; i < r.size(); ++i) {
      const test::Dual f = test::nist_model(problem.name, b, problem.x[i]);
      r[i] = f.value - (has_log ? std::log(problem.y[i]) : problem.y[i]);
      for (std::size_t k = 0; k < p.size() && !j.empty(); ++k) {
        j[k * r.size() + i] = f.slope[k];
      }
    }
    return true;
  };
  return minimize_least_squares(task);
}

// Fewest correct digits of any number, at most 11: as many as are certified.
double digits(const std::vector<double>& found, const std::vector<double>& certified) {
  double worst = 11;
  for (std::size_t i = 0; i < certified.size(); ++i) {
    const double error = std::abs(found[i] - certified[i]) / std::abs(certified[i]);
    worst = std::min(worst, std::isfinite(error) ? -std::log10(std::max(error, 1e-11)) : 0.0);
  }
  return std::max(worst, 0.0);
}

std::string table_row(const test::NistProblem& problem,
                      int start,
                      const LeastSquaresResult& result) {
  char line[160];
  std::snprintf(line,
                sizeof line,
                "| %-8s | %d | %4.1f | %4.1f | %5td | %s |\n",
                problem.name.c_str(),
                start,
                digits(result.parameters, problem.certified),
                digits(result.standard_errors, problem.certified_sd),
                result.iterations,
                std::string(fit_status_name(result.status)).c_str());
  return line;
}

const char* const table_head =
    "# NIST nonlinear regression problems\n\n"
    "`core/least_squares` with its default options. Digits: fewest correct significant digits of\n"
    "any parameter and of any standard error, at most 11 (as many as are certified). Regenerate:\n"
    "`CALCISPEC_UPDATE_DOCS=1 build/dev/test_golden --gtest_filter='NistStrd.*'`.\n\n"
    "| problem | start | digits | digits of errors | iterations | status |\n"
    "|---|---|---|---|---|---|\n";

TEST(NistStrd, AllProblemsFromBothStarts) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_dir() / "golden" / "nist_strd")) {
    if (entry.path().extension() == ".dat") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  ASSERT_EQ(files.size(), 27U);
  std::string table = table_head;
  int with_four = 0;
  int with_six = 0;
  for (const auto& file : files) {
    const auto problem = test::read_nist(file);
    for (int start = 0; start < 2; ++start) {
      const auto result = solve(problem, problem.starts[static_cast<std::size_t>(start)]);
      const double reached = digits(result.parameters, problem.certified);
      with_four += reached >= 4 ? 1 : 0;
      with_six += reached >= 6 ? 1 : 0;
      EXPECT_GE(reached, 4) << problem.name << " from start " << start + 1;
      if (problem.name != "Lanczos1") {  // its residual is rounding noise, and so are its errors
        EXPECT_GE(digits(result.standard_errors, problem.certified_sd), 3.5) << problem.name;
      }
      table += table_row(problem, start + 1, result);
    }
  }
  table += "\n" + std::to_string(with_four) + " of 54 runs reach 4 digits, " +
           std::to_string(with_six) + " reach 6.\n";
  std::puts(table.c_str());
  EXPECT_EQ(with_four, 54);
  EXPECT_GE(with_six, 52);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  if (std::getenv("CALCISPEC_UPDATE_DOCS") != nullptr) {
    std::ofstream(test::source_dir() / "docs" / "nist_strd.md") << table;
  }
}

}  // namespace
}  // namespace calcispec
