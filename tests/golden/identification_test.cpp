// Real spectra of known minerals: each is judged without the band rows that were measured on that
// very sample. Prints every miss with its answer and asserts what was reached.
#include "pipelines/analysis.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::string>;

const Ids apatites{"hydroxyapatite",
                   "carbonated_apatite_B",
                   "carbonated_apatite_A",
                   "fluorapatite",
                   "carbonate_fluorapatite",
                   "chlorapatite"};

// The table's ids for the name a file starts with; none: the tables do not hold the substance.
Ids ids_of(const std::string& mineral) {
  if (mineral == "Hydroxylapatite" || mineral == "Fluorapatite") {
    return apatites;
  }
  if (mineral == "Whitlockite") {
    return {"mg_whitlockite"};
  }
  auto id = mineral;
  id[0] = static_cast<char>(std::tolower(id[0]));
  const std::set<std::string> known{"anhydrite",
                                    "aragonite",
                                    "brushite",
                                    "calcite",
                                    "dolomite",
                                    "gypsum",
                                    "magnesite",
                                    "newberyite",
                                    "portlandite",
                                    "quartz",
                                    "silicon",
                                    "struvite",
                                    "weddellite",
                                    "whewellite"};
  return known.count(id) > 0 ? Ids{id} : Ids{};
}

// Samples a row names as its source, "R050511, R050540".
std::set<std::string> samples_in(const std::string& text) {
  const std::regex sample("R[0-9]{6}");
  return {std::sregex_token_iterator(text.begin(), text.end(), sample),
          std::sregex_token_iterator()};
}

struct Judged {
  std::string file;
  std::string answer;
  bool is_right = false;
  bool has_rows = true;  // the phase has bands left to be named by
  double false_share = 0;
  bool is_flagged = false;   // unexplained
  bool is_off_axis = false;  // refused for an axis error that is really there
};

struct Named {
  Ids ids;
  double share = 0;
};

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    CALCISPEC_SKIP_WITHOUT_SHARED();
    // Tests run side by side, each with its own folder.
    folder = test::binary_dir() /
             ("identification_" +
              std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::create_directories(folder);
    const auto data = test::source_dir() / "models" / "data";
    fs::copy_file(data / "phases.csv", folder / "phases.csv", fs::copy_options::overwrite_existing);
    all_rows = test::content_of(data / "bands.csv");
  }

  // Judges every file of a folder; `mode` for infrared ones.
  std::vector<Judged> judge_folder(const std::string& name, SamplingMode mode) {
    std::vector<std::string> files;
    for (const auto& entry :
         fs::directory_iterator(test::shared_dir() / "reference_spectra" / name)) {
      files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    std::vector<Judged> out;
    for (const auto& file : files) {
      const auto stem = fs::path(file).stem().string();
      const auto samples = samples_in(stem);
      write_bands(samples.empty() ? "" : *samples.begin());
      out.push_back(judge(file, ids_of(stem.substr(0, stem.find("__"))), mode));
    }
    return out;
  }

  Judged judge(const std::string& file, const Ids& truth, SamplingMode mode) {
    AnalysisRequest request;
    request.inputs = {file};
    request.library_folder = folder.string();
    request.is_only_library = true;
    request.jobs = 1;
    request.read.technique = mode == SamplingMode::none ? Technique::raman : Technique::ftir;
    if (mode != SamplingMode::none) {
      request.read.mode = mode;
    }
    const auto result = analyze(request, {});
    Judged judged;
    judged.file = fs::path(file).stem().string().substr(0, 40);
    judged.has_rows = has_rows(truth, mode);
    fill(result.spectra.at(0), truth, judged);
    return judged;
  }

  // All rows but those whose only source is this sample.
  void write_bands(const std::string& sample) const {
    std::istringstream in(all_rows);
    std::ofstream out(folder / "bands.csv");
    std::string line;
    while (std::getline(in, line)) {
      if (sample.empty() || samples_in(line) != std::set<std::string>{sample}) {
        out << line << "\n";
      }
    }
  }

  // A phase can be named by two rows in range, one of them not weak.
  [[nodiscard]] bool has_rows(const Ids& truth, SamplingMode mode) const {
    const auto library = models::library_from_folder(folder.string());
    const auto technique =
        mode == SamplingMode::none ? models::BandTechnique::raman : models::BandTechnique::ftir_atr;
    return std::any_of(truth.begin(), truth.end(), [&](const std::string& id) {
      const auto* phase = library.find(id);
      int count = 0;
      double top = 0;
      for (const auto& row :
           phase == nullptr ? std::span<const models::ReferenceBand>() : phase->bands(technique)) {
        if (row.position_cm1 > (mode == SamplingMode::none ? 400 : 500) &&
            row.position_cm1 < 1800) {
          ++count;
          top = std::max(top, row.relative_intensity);
        }
      }
      return count >= 2 && top >= 20;
    });
  }

  static std::vector<Named> names_in(const models::Composition& composition) {
    std::vector<Named> named;
    for (const auto& group : composition.groups) {
      if (group.status == models::PhaseStatus::quantified) {
        named.push_back({group.members, group.share.value});
      }
    }
    for (const auto* list : {&composition.phases, &composition.matrix}) {
      for (const auto& entry : *list) {
        if (entry.status == models::PhaseStatus::quantified && std::isfinite(entry.share.value)) {
          named.push_back({{entry.phase}, entry.share.value});
        }
      }
    }
    std::stable_sort(named.begin(), named.end(), [](const Named& a, const Named& b) {
      return a.share > b.share;
    });
    return named;
  }

  // Beyond 3 1/cm nothing may be named; right if the highest point of the spectrum is really as far
  // from the strongest band of the phase as the shift found.
  static bool is_axis_refusal(const SpectrumAnalysis& entry,
                              const Ids& truth,
                              models::BandTechnique technique) {
    const double shift = entry.composition->axis.shift_cm1;
    if (entry.composition->total.reason.find("the axis is off") == std::string::npos) {
      return false;
    }
    const auto x = entry.axis->values();
    std::size_t top = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool is_in_range = x[i] > 400 && x[i] < 1800;
      top = is_in_range && (x[top] < 400 || entry.y[i] > entry.y[top]) ? i : top;
    }
    const auto library = models::builtin_library();
    return std::any_of(truth.begin(), truth.end(), [&](const std::string& id) {
      const auto bands = library.find(id)->bands(technique);
      return std::any_of(bands.begin(), bands.end(), [&](const models::ReferenceBand& band) {
        return band.relative_intensity >= 100 && std::abs(x[top] - band.position_cm1 - shift) < 1;
      });
    });
  }

  static void fill(const SpectrumAnalysis& entry, const Ids& truth, Judged& judged) {
    if (!entry.composition) {
      judged.answer = entry.message;
      return;
    }
    const auto& composition = *entry.composition;
    const auto named = names_in(composition);
    judged.is_flagged = composition.unexplained_flag;
    char text[120];
    for (const auto& one : named) {
      std::snprintf(text, sizeof text, "%s %.0f %%; ", one.ids.front().c_str(), 100 * one.share);
      judged.answer += text;
      if (!contains_any(one.ids, truth)) {
        judged.false_share = std::max(judged.false_share, one.share);
      }
    }
    if (composition.unexplained.value > 0) {
      std::snprintf(
          text, sizeof text, "unexplained %.0f %%; ", 100 * composition.unexplained.value);
      judged.answer += text;
    }
    for (const auto& band : composition.unexplained_bands) {
      std::snprintf(text, sizeof text, "%.0f ", band.position_cm1);
      judged.answer += text;
    }
    for (const auto& phase : composition.phases) {
      if (phase.status == models::PhaseStatus::ambiguous && std::isfinite(phase.share.value)) {
        std::snprintf(text,
                      sizeof text,
                      "(%s ambiguous %.0f %%) ",
                      phase.phase.c_str(),
                      100 * phase.share.value);
        judged.answer += text;
      }
    }
    std::snprintf(text, sizeof text, "shift %+.1f ", composition.axis.shift_cm1);
    judged.answer += text + composition.total.reason.substr(0, 60);
    const auto technique = entry.technique == Technique::raman ? models::BandTechnique::raman
                                                               : models::BandTechnique::ftir_atr;
    judged.is_off_axis = is_axis_refusal(entry, truth, technique);
    judged.is_right = judged.is_off_axis ||
                      (judged.has_rows ? !named.empty() && contains_any(named[0].ids, truth)
                                       : named.empty() || contains_any(named[0].ids, truth));
  }

  static bool contains_any(const Ids& ids, const Ids& wanted) {
    return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
      return std::find(wanted.begin(), wanted.end(), id) != wanted.end();
    });
  }

  struct Score {
    int right = 0;
    int all = 0;
    int false_phases = 0;
    int flags = 0;
  };

  // Every miss and every false phase above 5 % gets a line.
  static Score report(const std::string& title, const std::vector<Judged>& rows) {
    Score score;
    int halves[2] = {0, 0};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = rows[i];
      const bool is_false = row.false_share > 0.05;
      ++score.all;
      score.right += row.is_right ? 1 : 0;
      halves[i % 2] += row.is_right ? 1 : 0;
      score.false_phases += is_false ? 1 : 0;
      score.flags += row.is_flagged && row.has_rows ? 1 : 0;
      // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
      const bool is_shown = std::getenv("CALCISPEC_SHOW_ALL") != nullptr;
      if (!row.is_right || is_false || row.is_off_axis || is_shown) {
        std::printf("%-12s%-6s%s%s: %s\n",
                    title.c_str(),
                    row.is_right ? (row.is_off_axis ? "axis" : "right") : "MISS",
                    row.file.c_str(),
                    row.has_rows ? "" : " (no rows)",
                    row.answer.c_str());
      }
    }
    std::printf(
        "%s: %d of %d right (even files %d, odd %d), false phase > 5 %% in %d, unexplained flag in "
        "%d\n",
        title.c_str(),
        score.right,
        score.all,
        halves[0],
        halves[1],
        score.false_phases,
        score.flags);
    return score;
  }

  fs::path folder;
  std::string all_rows;
};

using Identification = Folder;

TEST_F(Identification, InfraredAtr) {
  const auto score = report("ir", judge_folder("rruff_ir", SamplingMode::atr));
  EXPECT_EQ(score.right, score.all);
  EXPECT_EQ(score.false_phases, 0);
}

TEST_F(Identification, Raman) {
  const auto score = report("raman", judge_folder("rruff_raman", SamplingMode::none));
  EXPECT_GE(score.right, 58);
  EXPECT_LE(score.false_phases, 2);
}

TEST_F(Identification, RamanRaw) {
  const auto score = report("raw", judge_folder("rruff_raman_raw", SamplingMode::none));
  EXPECT_GE(score.right, 10);
  EXPECT_LE(score.false_phases, 2);
}

TEST_F(Identification, RamanOriented) {
  const auto score = report("oriented", judge_folder("rruff_raman_oriented", SamplingMode::none));
  EXPECT_GE(score.right, 18);
  EXPECT_EQ(score.false_phases, 0);
}

TEST_F(Identification, CalciteTextFiles) {
  write_bands("");
  std::vector<Judged> rows;
  for (const auto& entry : fs::directory_iterator(test::shared_dir() / "spectra" / "text")) {
    const auto name = entry.path().filename().string();
    if (name.substr(1, 3) == "CAL" || name.substr(1, 3) == "Cal") {
      rows.push_back(judge(entry.path().string(), {"calcite"}, SamplingMode::none));
    }
  }
  const auto score = report("text", rows);
  EXPECT_EQ(score.right, score.all);
  EXPECT_EQ(score.false_phases, 0);
}

// The files hold counts only; their axis stands in a file of its own.
TEST_F(Identification, BoneIsApatiteAndCollagen) {
  write_bands("");
  const auto bone = test::shared_dir() / "reference_spectra" / "bone_raman";
  const auto axis = test::content_of(bone / "axis_inferred_cm1.txt");
  int apatite_and_collagen = 0;
  int all = 0;
  std::vector<Judged> rows;
  auto truth = apatites;
  truth.push_back("collagen_I");
  for (const auto& entry : fs::directory_iterator(bone)) {
    if (entry.path().filename().string()[0] != 'S') {
      continue;
    }
    const auto file = folder / entry.path().filename();
    std::istringstream x(axis);
    std::istringstream y(test::content_of(entry.path()));
    std::ofstream out(file);
    out << "raman_shift_1/cm,intensity\n";
    for (std::string a, b; x >> a && y >> b;) {
      out << a << "," << b << "\n";
    }
    out.close();
    rows.push_back(judge(file.string(), truth, SamplingMode::none));
    fs::remove(file);
    const bool both = rows.back().answer.find("apatite") != std::string::npos &&
                      rows.back().answer.find("collagen_I") != std::string::npos;
    apatite_and_collagen += both ? 1 : 0;
    ++all;
  }
  EXPECT_EQ(report("bone", rows).flags, 0);
  std::printf("bone: apatite and collagen in %d of %d\n", apatite_and_collagen, all);
  EXPECT_EQ(apatite_and_collagen, all);
}

}  // namespace
}  // namespace calcispec
