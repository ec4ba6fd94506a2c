// What a newcomer does wrong: each fault is a sentence with place and remedy, the exit code of the
// contract, and the other inputs are processed.
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

struct BadInputOutcome {
  int code = -1;
  std::string text;
};

bool holds(const BadInputOutcome& outcome, std::string_view part) {
  return outcome.text.find(part) != std::string::npos;
}

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("bad_input_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    fs::copy_file(test::sample_dir() / "raman_lesion.csv", folder / "ok.csv");
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
  }

  // `after` follows the program's arguments: pipes and redirections.
  [[nodiscard]] BadInputOutcome run(const std::string& arguments,
                                    const std::string& after = "2>&1") const {
    const auto command = "cd '" + folder.string() + "' && '" +
                         (test::binary_dir() / "calcispec").string() + "' " + arguments + " " +
                         after;
    BadInputOutcome out;
    FILE* pipe = popen(("bash -c \"" + command + "\" </dev/null").c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      out.text.append(buffer.data(), n);
    }
    out.code = WEXITSTATUS(pclose(pipe));
    return out;
  }

  fs::path folder;
};

TEST_F(BadInput, EachFaultIsASentenceAndSparesTheOthers) {
  const auto check =
      [&](const std::string& name, const std::string& content, const std::string& sentence) {
        write(name, content);
        const auto alone = run("analyze " + name + " --csv -");
        EXPECT_EQ(alone.code, 3) << name;
        EXPECT_TRUE(holds(alone, sentence)) << alone.text;
        EXPECT_FALSE(holds(alone, name + ": " + name)) << "the place stands twice: " << alone.text;
        EXPECT_EQ(run("info " + name).code, 3) << name;
        EXPECT_EQ(run("convert " + name).code, 3) << name;
        const auto both = run("analyze ok.csv " + name);
        EXPECT_EQ(both.code, 1) << name;
        EXPECT_TRUE(holds(both, "Share of the signal")) << name;
      };
  std::string rubbish;
  for (int k = 0; k < 3000; ++k) {
    rubbish += static_cast<char>((k * 73 + 11) % 256);
  }
  check("empty.csv", "", "the file is empty; export it again");
  check("rubbish.csv", rubbish, "no format that is known");
  check("words.txt", "hello\nworld\n", "words.txt:1: no line holds two numbers");
  check("two.txt", "100 1\n101 2\n", "only 2 points");
  check("turns.txt", "100 1\n102 2\n101 3\n103 4\n", "turns.txt:3: the axis turns back");
  check("repeats.txt", "100 1\n101 2\n101 3\n103 4\n", "repeats.txt:3: the axis value repeats");
  check("unit.csv", "wavenumber cm-1,absorbance\n3,0.1\n4,0.2\n5,0.3\n", "micrometres");
  check("utf16.txt",
        std::string("\xFF\xFE"
                    "1\0 \0"
                    "2\0",
                    8),
        "UTF-16; save it as UTF-8");
  check("gap.txt", "100 1\n101 x\n102 3\n103 4\n104 1\n105 2\n", "gap.txt:2");
}

TEST_F(BadInput, NotANumberIsRefusedNotCrashed) {
  write("nan.txt", "100 nan\n101 nan\n102 nan\n103 nan\n");
  const auto outcome = run("analyze nan.txt");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(holds(outcome, "refused")) << outcome.text;
  EXPECT_TRUE(holds(outcome, "nan.txt:1")) << outcome.text;
}

// A map of a hundred empty pixels is one line on the terminal; the results name each.
TEST_F(BadInput, WhatManySpectraOfAFileHaveInCommonIsSaidOnce) {
  std::string text = "Raman shift (1/cm),a,b,c\n";
  for (int x = 400; x < 1800; x += 2) {
    text += std::to_string(x) + ",5,5,5\n";
  }
  write("empty.csv", text);
  const auto outcome = run("analyze --technique raman --json out.json empty.csv");
  const auto first = outcome.text.find("The spectrum is constant or empty");
  ASSERT_NE(first, std::string::npos) << outcome.text;
  EXPECT_TRUE(holds(outcome, " and 2 more of its file: refused: ")) << outcome.text;
  EXPECT_EQ(outcome.text.find("The spectrum is constant or empty", first + 1), std::string::npos);
  EXPECT_TRUE(holds(run("analyze --technique raman --csv - empty.csv", "2>/dev/null"), "refused"));
}

TEST_F(BadInput, FoldersAndPatternsWithoutSpectraSaySo) {
  fs::create_directories(folder / "none");
  fs::create_directories(folder / "papers");
  write("papers/README.md", "1 2\n3 4\n5 6\n");
  EXPECT_TRUE(holds(run("analyze none"), "it holds no files"));
  EXPECT_TRUE(holds(run("analyze papers"), "none of its 1 files"));
  EXPECT_TRUE(holds(run("analyze '*.zzz'"), "no file matches"));
  EXPECT_EQ(run("analyze none").code, 3);
  const auto nothing = run("analyze");
  EXPECT_EQ(nothing.code, 2);
  EXPECT_TRUE(holds(nothing, "no input was given"));
}

// A file of one endless line is left after the first 16 MB: neither time nor memory grows with it.
TEST_F(BadInput, AnEndlessLineIsLeftSoon) {
  {
    std::ofstream stream(folder / "line.txt", std::ios::binary);
    const std::string block(1U << 20U, '1');
    for (int k = 0; k < 64; ++k) {
      stream << block;
    }
  }
  fs::resize_file(folder / "line.txt", std::uintmax_t{4} << 30U);  // sparse
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = run("analyze line.txt");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(holds(outcome, "line.txt:1: the line is longer than 16 MB")) << outcome.text;
}

TEST_F(BadInput, OutputsThatCannotBeWrittenEndWithTheirCode) {
  for (const auto* option : {"--json", "--csv", "--report"}) {
    const auto full = run("analyze ok.csv " + std::string(option) + " /dev/full");
    EXPECT_EQ(full.code, 74) << option;
    EXPECT_TRUE(holds(full, "No space left")) << full.text;
    const auto missing = run("analyze ok.csv " + std::string(option) + " nowhere/x.out");
    EXPECT_EQ(missing.code, 74) << option;
    EXPECT_TRUE(holds(missing, "make it first")) << missing.text;
    EXPECT_EQ(run("analyze ok.csv " + std::string(option) + " .").code, 2) << option;
  }
  EXPECT_EQ(run("analyze ok.csv", ">/dev/full 2>&1").code, 74);
  EXPECT_EQ(run("convert ok.csv -o /dev/full").code, 74);
}

TEST_F(BadInput, AClosedPipeIsSuccess) {
  const auto outcome = run("method list --format markdown", "| head -1; exit \\${PIPESTATUS[0]}");
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_FALSE(holds(outcome, "calcispec:")) << outcome.text;
  EXPECT_EQ(run("analyze ok.csv --json -", "| head -1; exit \\${PIPESTATUS[0]}").code, 0);
}

TEST_F(BadInput, DryRunTellsReaderMethodAndOutputs) {
  write("empty.csv", "");
  write("there.json", "keep");
  const auto outcome =
      run("analyze --dry-run ok.csv empty.csv missing.csv --report r.html --json there.json");
  EXPECT_EQ(outcome.code, 0);
  for (const auto* part :
       {"ok.csv  would be read as plain_columns: 1 spectrum, raman, method raman",
        "empty.csv  cannot be read",
        "missing.csv  there is no such file",
        "r.html  would be written",
        "--force is needed"}) {
    EXPECT_TRUE(holds(outcome, part)) << part << "\n" << outcome.text;
  }
  EXPECT_FALSE(fs::exists(folder / "r.html"));
  const auto convert = run("convert --dry-run ok.csv missing.csv -o csv/");
  EXPECT_EQ(convert.code, 0);
  EXPECT_TRUE(holds(convert, "ok.csv  would be written to csv/ok.csv")) << convert.text;
  EXPECT_FALSE(fs::exists(folder / "csv"));
  EXPECT_TRUE(holds(run("correct --dry-run --steps crop ok.csv"), "would be written to -"));
}

// A file that holds terminal commands must not run them through our messages.
TEST_F(BadInput, MessagesCarryNoControlLetters) {
  write("esc\033[2J.txt", "");
  const auto outcome = run("convert . -o out/");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(holds(outcome, "esc?[2J.txt")) << outcome.text;
  EXPECT_FALSE(holds(outcome, "\033")) << outcome.text;
}

TEST_F(BadInput, ColourFollowsTheRules) {
  const std::string escape = "\033[";
  EXPECT_TRUE(holds(run("analyze ok.csv --color always"), escape));
  EXPECT_FALSE(holds(run("analyze ok.csv --color never"), escape));
  EXPECT_FALSE(holds(run("analyze ok.csv"), escape));  // no terminal
}

}  // namespace
}  // namespace calcispec
