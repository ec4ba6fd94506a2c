// The built program as a user runs it: outputs, messages, exit codes.
#include "tests/support/paths.hpp"
#include "tests/support/wdf_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <sys/wait.h>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

struct ProgramOutcome {
  int code = -1;
  std::string text;  // both outputs, unless the errors are sent elsewhere
};

ProgramOutcome outcome_of(const std::string& command) {
  ProgramOutcome out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.text.append(buffer.data(), n);
  }
  out.code = WEXITSTATUS(pclose(pipe));
  return out;
}

ProgramOutcome run(const std::string& arguments, const std::string& errors = "2>&1") {
  return outcome_of("cd '" + test::sample_dir().string() + "' && '" +
                    (test::binary_dir() / "calcispec").string() + "' " + arguments + " " + errors +
                    " </dev/null");
}

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("program_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  fs::path folder;
};

TEST_F(Program, TellsItsCommandsAndVersion) {
  const auto help = run("");
  EXPECT_EQ(help.code, 0);
  for (const auto* command :
       {"analyze", "info", "convert", "correct", "method", "library", "bench"}) {
    EXPECT_NE(help.text.find(command), std::string::npos) << command;
    EXPECT_EQ(run(std::string(command) + " --help").code, 0) << command;
  }
  EXPECT_NE(run("--version").text.find("calcispec"), std::string::npos);
}

TEST_F(Program, MistypedWordsGetASuggestion) {
  const auto command = run("analyse raman_lesion.csv");
  EXPECT_EQ(command.code, 2);
  EXPECT_NE(command.text.find("did you mean 'analyze'"), std::string::npos);
  const auto option = run("analyze --reprot x.html raman_lesion.csv");
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.text.find("report"), std::string::npos);
  EXPECT_EQ(run("correct --steps 'baseline.arpsl' raman_lesion.csv").code, 2);
}

TEST_F(Program, AnalysesASampleInWordsJsonCsvAndReport) {
  const auto outcome =
      run("analyze raman_lesion.csv --json " + path("a.json") + " --csv " + path("a.csv") +
          " --report " + path("a.html") + " --figures " + path("figures"));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  const auto json = test::content_of(folder / "a.json");
  EXPECT_NE(json.find("\"schema\": 1"), std::string::npos);
  EXPECT_NE(json.find("\"basis\": \"signal_share\""), std::string::npos);
  EXPECT_NE(json.find("\"name\": \"apatite\""), std::string::npos);
  EXPECT_NE(test::content_of(folder / "a.csv").find("apatite_signal_share"), std::string::npos);
  const auto html = test::content_of(folder / "a.html");
  EXPECT_NE(html.find("For research use only"), std::string::npos);
  EXPECT_NE(html.find("Content-Security-Policy"), std::string::npos);
  EXPECT_EQ(html.find("http://"), html.find("http://www.w3.org/2000/svg"));
  EXPECT_FALSE(fs::is_empty(folder / "figures"));
}

// Height of a sample above its line from 900 to 1200 1/cm, each read between two points: the next
// point alone would be 1.2 1/cm late on the flank at 1127, which this test does not let pass.
double nu3_height(const std::string& sample, double position) {
  std::map<double, double> points;
  std::istringstream lines(test::content_of(test::sample_dir() / sample));
  for (std::string line; std::getline(lines, line);) {
    double x = 0;
    double y = 0;
    if (std::sscanf(line.c_str(), "%lf,%lf", &x, &y) == 2) {
      points[x] = y;
    }
  }
  const auto at = [&](double x) {
    const auto right = points.lower_bound(x);
    const auto left = std::prev(right);
    return left->second +
           (right->second - left->second) * (x - left->first) / (right->first - left->first);
  };
  return at(position) - at(900) - (at(1200) - at(900)) * (position - 900) / 300;
}

TEST_F(Program, HeightRatiosOfATransmissionSampleAreThoseOfItsFile) {
  ASSERT_EQ(run("analyze ftir_lesion.csv ftir_atr_lesion.csv --json " + path("a.json")).code, 0);
  const auto json = nlohmann::json::parse(test::content_of(folder / "a.json"));
  const std::map<std::string, std::pair<double, double>> ratios{
      {"crystallinity_1030_1020", {1030, 1020}},
      {"acid_phosphate",          {1127, 1096}}
  };
  std::size_t found = 0;
  for (const auto& marker : json["spectra"][0]["markers"]) {
    const auto ratio = ratios.find(marker["id"]);
    if (ratio != ratios.end()) {
      ++found;
      ASSERT_EQ(marker["status"], "ok");
      const double own = nu3_height("ftir_lesion.csv", ratio->second.first) /
                         nu3_height("ftir_lesion.csv", ratio->second.second);
      EXPECT_GT(own, marker["lo95"].get<double>()) << ratio->first;
      EXPECT_LT(own, marker["hi95"].get<double>()) << ratio->first;
    }
  }
  EXPECT_EQ(found, ratios.size());
  for (const auto& marker : json["spectra"][1]["markers"]) {
    if (ratios.count(marker["id"]) > 0) {
      EXPECT_EQ(marker["status"], "not_determinable");
      EXPECT_TRUE(marker["value"].is_null());
    }
  }
}

// Numbers must be numbers, names no formulas. Python's zip reader is taken where there is one.
TEST_F(Program, WritesAWorkbook) {
  write("=cmd.csv", test::content_of(test::sample_dir() / "raman_lesion.csv"));
  const auto arguments = "analyze -q '" + path("=cmd.csv") + "' --xlsx " + path("a.xlsx");
  const auto outcome = run(arguments);
  if (outcome.text.find("libxlsxwriter") != std::string::npos) {
    EXPECT_EQ(outcome.code, 2);
    GTEST_SKIP() << "built without libxlsxwriter";
  }
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  const auto book = test::content_of(folder / "a.xlsx");
  EXPECT_EQ(book.substr(0, 4), std::string("PK\x03\x04"));
  EXPECT_GT(book.size(), 5000U);
  EXPECT_EQ(run(arguments).code, 2);  // it is there already
  EXPECT_EQ(run(arguments + " --force").code, 0);
  EXPECT_EQ(test::content_of(folder / "a.xlsx"), book);
  EXPECT_EQ(run("analyze -q raman_lesion.csv --xlsx /proc/calcispec/x.xlsx").code, 74);
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::system("python3 -c 'import zipfile' 2>/dev/null") != 0) {
    GTEST_SKIP() << "no python3: the sheets were not opened";
  }
  write("check.py",
        "import sys, zipfile\n"
        "book = zipfile.ZipFile(sys.argv[1])\n"
        "names = book.read('xl/workbook.xml').decode()\n"
        "for sheet in ('spectra', 'phases', 'markers', 'provenance'):\n"
        "    assert 'name=\"' + sheet in names, sheet\n"
        "texts = book.read('xl/sharedStrings.xml').decode()\n"
        "assert \"<t>'=cmd</t>\" in texts and '<t>=cmd' not in texts\n"
        "rows = book.read('xl/worksheets/sheet2.xml').decode()\n"
        "assert '<f>' not in rows and '<c r=\"D2\"><v>0.' in rows\n");
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  EXPECT_EQ(std::system(("python3 " + path("check.py") + " " + path("a.xlsx")).c_str()), 0);
}

TEST_F(Program, PicturesAreNotReplacedUnasked) {
  const auto arguments = "analyze -q map_4x3.txt --figures " + path("figures");
  EXPECT_EQ(run(arguments).code, 0);
  EXPECT_TRUE(fs::exists(folder / "figures" / "map_1.svg"));
  EXPECT_EQ(run(arguments).code, 2);
  EXPECT_EQ(run(arguments + " --force").code, 0);
}

TEST_F(Program, SameBytesForAnyNumberOfThreads) {
  EXPECT_EQ(run("analyze . -q -j 1 --json " + path("1.json") + " --report " + path("1.html")).code,
            0);
  EXPECT_EQ(run("analyze . -q -j 3 --json " + path("3.json") + " --report " + path("3.html")).code,
            0);
  EXPECT_EQ(test::content_of(folder / "1.json"), test::content_of(folder / "3.json"));
  EXPECT_EQ(test::content_of(folder / "1.html"), test::content_of(folder / "3.html"));
}

TEST_F(Program, OneBadFileSparesTheOthers) {
  write("bad.csv", "only words\n");
  const auto outcome = run("analyze raman_lesion.csv " + path("bad.csv"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.text.find("apatite"), std::string::npos);
  EXPECT_NE(outcome.text.find("bad.csv"), std::string::npos);
  EXPECT_EQ(run("analyze " + path("bad.csv")).code, 3);
  EXPECT_EQ(run("analyze " + path("missing.csv")).code, 3);
  EXPECT_EQ(run("analyze " + folder.string() + "/nothing").code, 3);
}

TEST_F(Program, RefusalsAreSaidAndCountUnderStrict) {
  const auto outcome = run("analyze raman_saturated.csv");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.text.find("refused"), std::string::npos);
  EXPECT_EQ(run("analyze --strict raman_saturated.csv").code, 4);
}

TEST_F(Program, ExistingOutputNeedsForceAndUnwritableOutputIsSaid) {
  write("there.csv", "keep me");
  const auto arguments = "convert raman_lesion.csv -o " + path("there.csv");
  EXPECT_EQ(run(arguments).code, 2);
  EXPECT_EQ(test::content_of(folder / "there.csv"), "keep me");
  EXPECT_EQ(run(arguments + " --force").code, 0);
  EXPECT_NE(test::content_of(folder / "there.csv"), "keep me");
  EXPECT_EQ(run("convert raman_lesion.csv -o /proc/calcispec/x.csv").code, 74);
}

TEST_F(Program, CompletesItsWordsInAShell) {
  ASSERT_EQ(run("completion bash -o " + path("completion")).code, 0);
  const auto completed = [&](const std::string& words, int at) {
    const auto script = path("ask");
    std::ofstream(script) << "source " << path("completion") << "\nCOMP_WORDS=(calcispec " << words
                          << ")\nCOMP_CWORD=" << at << "\n_calcispec\necho \"${COMPREPLY[*]}\"\n";
    return outcome_of("bash " + script + " 2>&1").text;
  };
  EXPECT_EQ(completed("an", 1), "analyze\n");
  EXPECT_EQ(completed("convert --to ''", 3), "csv jcamp spc nxs jpg\n");
  EXPECT_EQ(completed("convert --pac", 2), "--packing\n");
  EXPECT_EQ(completed("info " + path("compl"), 2), path("completion") + "\n");
  EXPECT_NE(run("completion zsh").text.find("bashcompinit"), std::string::npos);
  EXPECT_NE(run("completion fish").text.find("-l packing -x -a 'affn dif'"), std::string::npos);
  EXPECT_EQ(run("completion tcsh").code, 2);
}

TEST_F(Program, ConvertWritesWhatTheEndingSays) {
  for (const auto& [name, format] : std::map<std::string, std::string>{
           {"a.jdx", "jcamp_dx"     },
           {"a.SPC", "galactic_spc" },
           {"a.csv", "plain_columns"}
  }) {
    ASSERT_EQ(run("convert raman_lesion.csv -o " + path(name)).code, 0) << name;
    const auto info = run("info " + path(name)).text;
    EXPECT_NE(info.find(format), std::string::npos) << name << "\n" << info;
  }
}

TEST_F(Program, ConvertWritesThePictureOfAWdfFile) {
  test::WdfFile wdf;
  wdf.axis = {1200, 1100, 1000, 900};
  wdf.spectra = {
      {1, 2, 3, 4}
  };
  wdf.white_light = "\xFF\xD8\xFF seen";
  write("a.wdf", test::wdf_bytes(wdf));
  ASSERT_EQ(run("convert " + path("a.wdf") + " -o " + path("a.jpg")).code, 0);
  EXPECT_EQ(test::content_of(folder / "a.jpg"), wdf.white_light);
  const auto none = run("convert raman_lesion.csv -o " + path("b.jpg"));
  EXPECT_EQ(none.code, 3);
  EXPECT_NE(none.text.find("holds no picture"), std::string::npos) << none.text;
  EXPECT_FALSE(fs::exists(folder / "b.jpg"));
}

TEST_F(Program, CorrectKeepsTheAxisAndAddsUp) {
  EXPECT_EQ(run("correct --steps 'baseline.arpls lam=1e6' --keep baseline ftir_lesion.csv "
                "--mode transmission -o " +
                path("out.csv"))
                .code,
            0);
  const auto corrected = test::content_of(folder / "out.csv");
  EXPECT_EQ(corrected.substr(0, 27), "wavenumber_1/cm,absorbance\n");
  EXPECT_TRUE(fs::exists(folder / "out.baseline.csv"));
  const auto input = test::content_of(test::sample_dir() / "ftir_lesion.csv");
  const auto first = input.substr(input.find("absorbance\n") + 11, 4);
  EXPECT_EQ(corrected.substr(27, 4), first);  // falling, as in the input
}

TEST_F(Program, MethodsAreCheckedWithLineAndColumn) {
  write("m.toml", "schema = 1\nname = \"m\"\n[[step]]\nname = \"baseline.arpls\"\nlamda = 5\n");
  const auto outcome = run("method check " + path("m.toml"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.text.find("m.toml:"), std::string::npos);
  EXPECT_NE(outcome.text.find("lambda"), std::string::npos);
  EXPECT_EQ(run("method show raman").code, 0);
  EXPECT_EQ(run("library show calcite").code, 0);
  EXPECT_EQ(run("library show calcit").code, 2);
  const auto family = run("library show apatite");  // as reports call it
  EXPECT_EQ(family.code, 0);
  EXPECT_NE(family.text.find("fluorapatite"), std::string::npos);
  EXPECT_NE(family.text.find("chlorapatite"), std::string::npos);
  EXPECT_EQ(run("library show whitlockite").code, 0);
  EXPECT_NE(run("library show whitlockite").text.find("mg_whitlockite"), std::string::npos);
}

TEST_F(Program, BenchMeasuresTheHeadlineSet) {
  const auto table = run("bench");
  EXPECT_EQ(table.code, 0) << table.text;
  EXPECT_NE(table.text.find("cpu_level:"), std::string::npos);
  EXPECT_EQ(run("bench --format json -o " + path("speed.json")).code, 0);
  const auto json = test::content_of(folder / "speed.json");
  EXPECT_NE(json.find("\"schema\": 1"), std::string::npos);
  for (const auto* key : {"cpu", "cpu_level", "compiler", "versions", "fftw"}) {
    EXPECT_NE(json.find("\"" + std::string(key) + "\": "), std::string::npos) << key;
  }
  for (const auto* what : {"baseline/asls/points:1000/spectra:256/lanes:",
                           "baseline/arpls/",
                           "smooth/savgol/",
                           "smooth/fft/",
                           "nnls/references_8/",
                           "composition/raman/"}) {
    EXPECT_NE(table.text.find(what), std::string::npos) << what;
    const auto at = json.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    const std::string label = "\"us_per_spectrum\": ";
    const double us = std::stod(json.substr(json.find(label, at) + label.size()));
    EXPECT_GT(us, 0) << what;
    EXPECT_LT(us, 1e7) << what;
  }
  EXPECT_EQ(run("bench spectrum.csv").code, 2);
  EXPECT_EQ(run("bench --format json -o " + path("speed.json")).code, 2);
}

TEST_F(Program, HostileNamesStayText) {
  write("x<script>alert(1)<&'.csv", test::content_of(test::sample_dir() / "raman_lesion.csv"));
  EXPECT_EQ(run("analyze '" + folder.string() + "' --report " + path("h.html")).code, 0);
  EXPECT_EQ(test::content_of(folder / "h.html").find("<script>alert"), std::string::npos);
}

TEST_F(Program, OutputTakesAFileOfAnyFormatOrAFolder) {
  EXPECT_EQ(run("analyze raman_lesion.csv -o " + path("out.json")).code, 0);
  EXPECT_NE(test::content_of(folder / "out.json").find("\"schema\": 1"), std::string::npos);
  EXPECT_EQ(run("analyze raman_lesion.csv -o " + path("out.csv")).code, 0);
  EXPECT_EQ(test::content_of(folder / "out.csv").rfind("input,index", 0), 0U);
  // Progress of slow builds goes to the errors.
  const auto json = run("analyze raman_lesion.csv --format json", "2>/dev/null");
  EXPECT_EQ(json.text.rfind('{', 0), 0U);
  EXPECT_EQ(run("analyze raman_lesion.csv ftir_lesion.csv -o " + path("all/")).code, 0);
  for (const auto* name : {"report.html", "results.json", "results.csv"}) {
    EXPECT_GT(fs::file_size(folder / "all" / name), 100U);
  }
  EXPECT_EQ(run("analyze raman_lesion.csv -o " + path("all/")).code, 2);  // exists
}

// What we write opens in Python with axes and units; skipped where h5py is not installed.
TEST_F(Program, NexusOpensInH5py) {
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3-h5py is not installed";
  }
  ASSERT_EQ(run("convert --to nxs map_4x3.txt -o " + path("map.nxs")).code, 0);
  write("look.py",
        "import h5py, sys\n"
        "f = h5py.File(sys.argv[1])\n"
        "entry = f[f.attrs['default'].decode()]\n"
        "data = entry[entry.attrs['default'].decode()]\n"
        "signal = data[data.attrs['signal'].decode()]\n"
        "axes = [a.decode() for a in data.attrs['axes']]\n"
        "assert signal.shape == (3, 4, 1013), signal.shape\n"
        "assert axes == ['y', 'x', 'raman_shift'], axes\n"
        "assert data['raman_shift'].attrs['units'] == b'1/cm'\n"
        "assert abs(data['raman_shift'][0] - 320) < 1e-9\n"
        "assert f['Experiments/data/data'].shape == signal.shape\n");
  const auto command = "/usr/bin/python3 " + path("look.py") + " " + path("map.nxs");
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(run("convert --to nxs map_4x3.txt").code, 2);  // not to a terminal
}

TEST(Samples, AreWhatTheGeneratorWrites) {
  const auto folder = fs::path(::testing::TempDir()) / "samples_again";
  const auto command =
      "'" + (test::binary_dir() / "make_samples").string() + "' '" + folder.string() + "'";
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      const auto name = fs::relative(entry.path(), folder);
      EXPECT_EQ(test::content_of(entry.path()), test::content_of(test::sample_dir() / name))
          << name;
    }
  }
  fs::remove_all(folder);
}

TEST(Samples, TheWholeFolderIsAnalysed) {
  const auto outcome = run("analyze . -q --csv -");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.text.find("raman_saturated.csv,0,raman_saturated,refused"), std::string::npos);
  EXPECT_NE(run("analyze -q raman_unknown_substance.csv").text.find("explained by no reference"),
            std::string::npos);
}

}  // namespace
}  // namespace calcispec
