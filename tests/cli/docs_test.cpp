// The manual against the program: help texts, reference tables, and every command that README.md,
// docs/tutorial.md and docs/worked_example.md show. CALCISPEC_UPDATE_DOCS=1 rewrites what differs;
// review the difference.
#include "core/band_shape.hpp"
#include "core/build_info.hpp"
#include "models/csv_table.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/step.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

bool is_updating() {
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  return std::getenv("CALCISPEC_UPDATE_DOCS") != nullptr;
}

void compare(const fs::path& path, const std::string& wanted) {
  if (is_updating()) {
    std::ofstream(path, std::ios::binary) << wanted;
  }
  EXPECT_EQ(test::content_of(path), wanted)
      << path << ": run test_cli with CALCISPEC_UPDATE_DOCS=1";
}

struct DocsOutcome {
  int code = -1;
  std::string text;  // standard output
};

// In a folder that holds what the examples name.
DocsOutcome run_in(const fs::path& folder, std::string command) {
  const std::string program = "calcispec ";
  if (command.rfind(program, 0) == 0) {
    command =
        "'" + (test::binary_dir() / "calcispec").string() + "' " + command.substr(program.size());
  }
  DocsOutcome out;
  FILE* pipe = popen(("cd '" + folder.string() + "' && " + command + " 2>/dev/null").c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.text.append(buffer.data(), n);
  }
  out.code = WEXITSTATUS(pclose(pipe));
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The documents are made at the level v2, where they must be what is printed; numbers printed in
// full differ in their last digits from one CPU level to the next.
bool is_same_but_rounding(const std::string& shown, const std::string& printed) {
  if (cpu_level() == "x86-64-v2") {
    return shown == printed;
  }
  constexpr std::ptrdiff_t full_length = 12;
  const char* a = shown.c_str();
  const char* b = printed.c_str();
  while (*a != 0 || *b != 0) {
    char* end_a = nullptr;
    char* end_b = nullptr;
    const double x = std::strtod(a, &end_a);
    const double y = std::strtod(b, &end_b);
    if (end_a - a >= full_length && end_b > b && std::abs(x - y) <= 1e-7 * std::abs(x)) {
      a = end_a;
      b = end_b;
    } else if (*a++ != *b++) {
      return false;
    }
  }
  return true;
}

TEST(Docs, HelpTextsAreThoseOfTheProgram) {
  const auto folder = test::source_dir() / "docs" / "help";
  for (const auto& command : cli::commands()) {
    compare(folder / (std::string(command.name) + ".txt"), cli::help_text(command.help()));
  }
}

// Replaces what stands between the two marks.
std::string with_part(const std::string& text, const std::string& name, const std::string& part) {
  const auto open = "<!-- generated: " + name + " -->\n";
  const auto close = std::string("<!-- end -->");
  const auto start = text.find(open);
  const auto end = text.find(close, start);
  if (start == std::string::npos || end == std::string::npos) {
    ADD_FAILURE() << "the mark of " << name << " is missing";
    return text;
  }
  return text.substr(0, start + open.size()) + part + text.substr(end);
}

std::string markers_markdown() {
  const auto path = test::source_dir() / "models" / "data" / "markers.csv";
  const models::CsvTable table(test::content_of(path), "markers.csv");
  std::string out;
  for (Index row = 0; row < table.rows(); ++row) {
    const auto& unit = table.text(row, "unit");
    out += "#### " + table.text(row, "id") + "\n\n" + table.text(row, "name") +
           (unit == "1" ? std::string() : ", " + unit) + "; evidence grade " +
           table.text(row, "grade") + "; says nothing about " + table.text(row, "must_not_claim") +
           ".\n\n";
    for (const auto* technique : {"raman", "ftir"}) {
      const auto& definition = table.text(row, std::string("definition_") + technique);
      if (!definition.empty()) {
        out += std::string("* ") + (technique[0] == 'r' ? "Raman" : "FT-IR") + ": " + definition +
               "\n";
      }
    }
    if (!table.text(row, "range_source").empty()) {
      out += "* Reference range " + table.text(row, "range_lo") + " to " +
             table.text(row, "range_hi") + " (" + table.text(row, "range_source") + ")\n";
    }
    out += "\n";
  }
  return out;
}

std::string checks_markdown() {
  const auto path = test::source_dir() / "models" / "data" / "quality.csv";
  const models::CsvTable table(test::content_of(path), "quality.csv");
  std::string out = "| threshold | value | unit | why |\n|---|---|---|---|\n";
  for (Index row = 0; row < table.rows(); ++row) {
    out += "| " + table.text(row, "check") + " | " + table.text(row, "threshold") + " | " +
           table.text(row, "unit") + " | " + table.text(row, "source") + " |\n";
  }
  return out;
}

std::string shapes_markdown() {
  std::string out;
  for (const auto& shape : band_shapes()) {
    out += "#### " + std::string(shape.name) + "\n\n" + std::string(shape.summary) + ".\n\n    " +
           std::string(shape.formula) + "\n\n";
    for (const auto& parameter : shape.parameters) {
      out += "* `" + std::string(parameter.name) + "`: " + std::string(parameter.help) + "\n";
    }
    out += shape.source.empty() ? "\n" : "* Source: " + std::string(shape.source) + "\n\n";
  }
  return out;
}

TEST(Docs, MethodReferenceHoldsTheTablesOfTheProgram) {
  const auto path = test::source_dir() / "docs" / "method_reference.md";
  auto text = test::content_of(path);
  text = with_part(text, "steps", run_in(".", "calcispec method list --format markdown").text);
  text = with_part(text, "shapes", shapes_markdown());
  text = with_part(text, "markers", markers_markdown());
  text = with_part(text, "checks", checks_markdown());
  compare(path, text);
}

TEST(Docs, PicturesShowEveryBaseline) {
  for (const auto* technique : {"raman", "ftir"}) {
    const auto picture = test::content_of(test::source_dir() / "docs" /
                                          ("baselines_" + std::string(technique) + ".svg"));
    for (const auto& step : step_table()) {
      if (step.info.family == "baseline") {
        EXPECT_NE(picture.find(">" + std::string(step.info.name) + "</text>"), std::string::npos)
            << step.name << "; run scripts/draw_baselines";
      }
    }
  }
}

class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("commands_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder / "exports");
    const auto take = [&](const char* sample, const char* name) {
      fs::copy_file(test::sample_dir() / sample, folder / name);
    };
    fs::copy(test::sample_dir(), folder / "sample_spectra", fs::copy_options::recursive);
    for (const auto* part : {"standards", "series"}) {
      fs::copy(test::sample_dir() / part, folder / part);
    }
    take("raman_lesion.csv", "exports/one.csv");
    take("dialect_bwtek.txt", "exports/two.txt");
    take("ftir_atr_lesion.csv", "tissue.csv");
    take("map_4x3.txt", "map.txt");
    for (const auto* name : {"spectrum.txt", "raw.txt", "export.txt", "sample.txt"}) {
      take("dialect_labspec.txt", name);
    }
  }
  void TearDown() override { fs::remove_all(folder); }

  // "$ calcispec ..." is run and the lines below it must be what it prints first; a bare
  // "calcispec ..." must succeed. Gives the text with the true output.
  std::string checked(const std::string& text) {
    std::string out;
    bool is_code = false;
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out += lines[i] + "\n";
      is_code = lines[i].rfind("```", 0) == 0 ? !is_code : is_code;
      const bool is_shown = is_code && lines[i].rfind("$ ", 0) == 0;
      if (is_code && lines[i].rfind("calcispec ", 0) == 0) {
        EXPECT_EQ(run_in(folder, lines[i].substr(0, lines[i].find(" #"))).code, 0) << lines[i];
      }
      if (!is_shown) {
        continue;
      }
      const auto outcome = run_in(folder, lines[i].substr(2));
      EXPECT_LE(outcome.code, 1) << lines[i];
      const auto printed = lines_of(outcome.text);
      for (std::size_t k = 0; i + 1 < lines.size() && !is_end(lines[i + 1]); ++k) {
        ++i;
        auto real = k < printed.size() ? printed[k] : "(nothing more is printed)";
        real = is_same_but_rounding(lines[i], real) ? lines[i] : real;
        if (!is_updating()) {
          EXPECT_EQ(lines[i], real);
        }
        out += real + "\n";
      }
    }
    return out;
  }

  static bool is_end(const std::string& line) {
    return line.empty() || line.rfind("```", 0) == 0 || line.rfind("$ ", 0) == 0 || line == "...";
  }

  fs::path folder;
};

TEST_F(Commands, OfTheReadmeWork) {
  const auto path = test::source_dir() / "README.md";
  compare(path, checked(test::content_of(path)));
}

TEST_F(Commands, OfTheTutorialWork) {
  const auto path = test::source_dir() / "docs" / "tutorial.md";
  compare(path, checked(test::content_of(path)));
}

TEST_F(Commands, OfTheWorkedExampleWork) {
  const auto path = test::source_dir() / "docs" / "worked_example.md";
  compare(path, checked(test::content_of(path)));
}

}  // namespace
}  // namespace calcispec
