// The rules of the house: which folder may include which, how long a file and a function may be.
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fnmatch.h>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<fs::path> sources(const std::string& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(test::source_dir() / folder)) {
    const auto ending = entry.path().extension();
    if (ending == ".cpp" || ending == ".hpp") {
      out.push_back(entry.path());
    }
  }
  return out;
}

const std::vector<std::string> libraries{"core", "io", "models", "pipelines"};

TEST(House, IncludesPointOneWay) {
  const std::map<std::string, std::set<std::string>> allowed{
      {"core",      {"core"}                             },
      {"io",        {"core", "io"}                       },
      {"models",    {"core", "models"}                   },
      {"pipelines", {"core", "io", "models", "pipelines"}}
  };
  for (const auto& folder : libraries) {
    for (const auto& path : sources(folder)) {
      for (const auto& line : lines_of(path)) {
        const auto quote = line.find('"');
        if (line.rfind("#include \"", 0) != 0) {
          continue;
        }
        const auto target = line.substr(quote + 1, line.find('/') - quote - 1);
        EXPECT_TRUE(allowed.at(folder).count(target) == 1) << path << ": " << line;
      }
    }
  }
}

TEST(House, CoreOpensNoFilesAndPrintsNothing) {
  for (const auto& path : sources("core")) {
    for (const auto& line : lines_of(path)) {
      for (const auto* word : {"<iostream>", "<fstream>", "printf(", "std::cout", "std::cerr"}) {
        EXPECT_EQ(line.find(word), std::string::npos) << path << ": " << line;
      }
    }
  }
}

TEST(House, PublicHeadersHideThePackages) {
  for (const auto& folder : libraries) {
    for (const auto& path : sources(folder)) {
      const bool is_private = path.string().find("/kernels/") != std::string::npos ||
                              path.string().find("_private.hpp") != std::string::npos ||
                              path.filename() == "whittaker_baseline.hpp";
      if (path.extension() != ".hpp" || is_private) {
        continue;
      }
      for (const auto& line : lines_of(path)) {
        for (const auto* word : {"fftw3", "hdf5", "boost/", "nlohmann/", "toml++", "openssl/"}) {
          EXPECT_FALSE(line.rfind("#include", 0) == 0 && line.find(word) != std::string::npos)
              << path << ": " << line;
        }
      }
    }
  }
}

TEST(House, FilesStayShort) {
  for (const auto* folder : {"core", "io", "models", "pipelines", "tests"}) {
    for (const auto& path : sources(folder)) {
      // The joint fit of bands is one class; it is the only file that may be longer.
      const std::size_t limit = path.filename() == "band_mixture.cpp" ? 680 : 520;
      EXPECT_LE(lines_of(path).size(), limit) << path;
    }
  }
}

// clang-format puts the closing brace of a function at its own indentation: a function starts at a
// line that ends in "{" after ")" and ends at the next "}" of the same depth.
TEST(House, FunctionsStayShort) {
  for (const auto* folder : {"core", "io", "models", "pipelines", "tests", "bench"}) {
    for (const auto& path : sources(folder)) {
      const auto lines = lines_of(path);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto depth = lines[i].find_first_not_of(' ');
        const bool opens = depth <= 2 && lines[i].size() > 3 && lines[i].back() == '{' &&
                           (lines[i].find(") {") != std::string::npos ||
                            lines[i].find(") const {") != std::string::npos ||
                            lines[i].find(") noexcept {") != std::string::npos ||
                            lines[i].find(") const noexcept {") != std::string::npos);
        if (!opens) {
          continue;
        }
        const auto closing = std::string(depth, ' ') + "}";
        const auto end = std::find_if(
            lines.begin() + static_cast<std::ptrdiff_t>(i),
            lines.end(),
            [&](const std::string& line) { return line.compare(0, closing.size(), closing) == 0; });
        EXPECT_LE(end - lines.begin() - static_cast<std::ptrdiff_t>(i), 80) << path << ":" << i + 1;
      }
    }
  }
}

// Words in `...` of a README; "axis.*" and "cmd_*.cpp" stand for many files.
std::vector<std::string> quoted_words(const fs::path& path) {
  std::vector<std::string> words;
  for (const auto& line : lines_of(path)) {
    for (auto open = line.find('`'); open != std::string::npos; open = line.find('`', open)) {
      const auto close = line.find('`', open + 1);
      if (close == std::string::npos) {
        break;
      }
      words.push_back(line.substr(open + 1, close - open - 1));
      open = close + 1;
    }
  }
  return words;
}

bool is_ours(const fs::path& folder) {
  const auto name = folder.filename().string();
  return (name.front() != '.' || name == ".ci") && name != "build" && name != "install" &&
         name != "__pycache__" &&
         folder.string().find("/corpus") == std::string::npos;  // named by their fault
}

// A map of each folder that can be trusted: every file and subfolder is named, in few lines.
void check_map(const fs::path& folder) {
  const auto readme = folder / "README.md";
  ASSERT_TRUE(fs::exists(readme)) << readme;
  EXPECT_LE(lines_of(readme).size(), 30U) << readme;
  const auto words = quoted_words(readme);
  for (const auto& entry : fs::directory_iterator(folder)) {
    auto name = entry.path().filename().string();
    if (name == "README.md" || name == "__pycache__") {
      continue;
    }
    name += entry.is_directory() ? "/" : "";
    EXPECT_TRUE(std::any_of(
        words.begin(),
        words.end(),
        [&](const std::string& word) { return fnmatch(word.c_str(), name.c_str(), 0) == 0; }))
        << readme << " does not name " << name;
  }
}

TEST(House, EveryFolderNamesItsFiles) {
  for (const auto& top : fs::directory_iterator(test::source_dir())) {
    if (!top.is_directory() || !is_ours(top.path())) {
      continue;
    }
    check_map(top.path());
    for (const auto& below : fs::recursive_directory_iterator(top.path())) {
      if (below.is_directory() && is_ours(below.path())) {
        check_map(below.path());
      }
    }
  }
}

// Letters, not bytes: "cm⁻¹" counts as four.
std::size_t width_of(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// clang-format keeps this except in tables it misjudges, where it adds hundreds of blanks.
TEST(House, LinesFitTheScreen) {
  for (const auto* folder : {"core", "io", "models", "pipelines", "tests", "bench"}) {
    for (const auto& path : sources(folder)) {
      const auto lines = lines_of(path);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_LE(width_of(lines[i]), 100U) << path << ":" << i + 1;
      }
    }
  }
}

TEST(House, HeadersSayWhatTheyGive) {
  for (const auto* folder : {"core", "io", "models", "pipelines", "tests"}) {
    for (const auto& path : sources(folder)) {
      if (path.extension() == ".hpp") {
        EXPECT_EQ(lines_of(path).front().substr(0, 3), "// ") << path;
      }
    }
  }
}

TEST(House, NothingSpeaksOfOneMachine) {
  for (const auto* folder : {"core", "io", "models", "pipelines", "tests", "bench"}) {
    for (const auto& path : sources(folder)) {
      if (path.filename() == "house_test.cpp") {
        continue;
      }
      for (const auto& line : lines_of(path)) {
        for (const auto* word : {"/home/", "/work/", "/root/", "TODO", "FIXME"}) {
          EXPECT_EQ(line.find(word), std::string::npos) << path << ": " << line;
        }
      }
    }
  }
}

// Only the program speaks to the user; exits belong to main.
TEST(House, LibrariesPrintNothingAndDoNotExit) {
  for (const auto& folder : libraries) {
    for (const auto& path : sources(folder)) {
      if (path.string().find("/pipelines/cli/") != std::string::npos) {
        continue;
      }
      for (const auto& line : lines_of(path)) {
        for (const auto* word : {"std::cout", "std::cerr", " printf(", "std::exit", " abort("}) {
          EXPECT_EQ(line.find(word), std::string::npos) << path << ": " << line;
        }
      }
    }
  }
}

// A test that shares the assumptions of the code under test proves nothing.
TEST(House, SimulatorSharesNothingWithTheCode) {
  for (const auto* name : {"simulate.hpp", "simulate.cpp", "make_samples.cpp"}) {
    for (const auto& line : lines_of(test::source_dir() / "tests" / "support" / name)) {
      EXPECT_FALSE(line.rfind("#include \"", 0) == 0 &&
                   line.rfind("#include \"tests/support/", 0) != 0)
          << name << ": " << line;
    }
  }
}

TEST(House, NothingButTheAgreedStandsAtTheTop) {
  const std::set<std::string> allowed{"CMakeLists.txt",
                                      "core",
                                      "io",
                                      "pipelines",
                                      "models",
                                      "bench",
                                      "tests",
                                      "scripts",
                                      "docs",
                                      "sample_spectra",
                                      "CMakePresets.json",
                                      "README.md",
                                      "cmake",
                                      "LICENSE",
                                      "python",
                                      "build",
                                      "install",
                                      "compile_commands.json"};
  for (const auto& entry : fs::directory_iterator(test::source_dir())) {
    const auto name = entry.path().filename().string();
    EXPECT_TRUE(name.front() == '.' || allowed.count(name) == 1) << name;
  }
}

}  // namespace
}  // namespace calcispec
