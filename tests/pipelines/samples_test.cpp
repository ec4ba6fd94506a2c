// Every file of sample_spectra/ against MANIFEST.csv: format, refusals, names, shares.
#include "core/parameter.hpp"
#include "models/csv_table.hpp"
#include "pipelines/analysis.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

namespace calcispec {
namespace {

models::CsvTable read_manifest() {
  std::ifstream stream(test::sample_dir() / "MANIFEST.csv", std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  return {content, "MANIFEST.csv"};
}

SpectrumAnalysis analysed_samples(const models::CsvTable& table, Index row) {
  static std::map<std::string, AnalysisResult> known;
  const auto& name = table.text(row, "file");
  auto found = known.find(name);
  if (found == known.end()) {
    AnalysisRequest request;
    request.inputs = {(test::sample_dir() / name).string()};
    request.read.mode = sampling_mode_from_name(table.text(row, "mode"));
    if (request.read.mode == SamplingMode::none) {
      request.read.mode.reset();
    }
    found = known.emplace(name, analyze(request, {})).first;
  }
  const auto at = static_cast<std::size_t>(table.number(row, "spectrum")) - 1;
  return found->second.spectra.at(at);
}

// The word of the manifest for a phase or group: "collagen_type_i" is collagen.
std::string substance_of(const std::string& id) {
  for (const auto* name : {"apatite", "collagen", "paraffin"}) {
    if (id.find(name) != std::string::npos) {
      return name;
    }
  }
  return id;
}

std::map<std::string, Estimate> named(const models::Composition& composition) {
  std::map<std::string, Estimate> out;
  for (const auto& group : composition.groups) {
    if (group.status == models::PhaseStatus::quantified) {
      out[substance_of(group.name)] = group.share;
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.status == models::PhaseStatus::quantified) {
        out[substance_of(entry.phase)] = entry.share;
      }
    }
  }
  return out;
}

TEST(Samples, AreReadAndRefusedAsTheManifestSays) {
  const auto table = read_manifest();
  ASSERT_GT(table.rows(), 30);
  for (Index row = 0; row < table.rows(); ++row) {
    SCOPED_TRACE(std::string(table.text(row, "file")));
    const auto entry = analysed_samples(table, row);
    EXPECT_EQ(entry.format, table.text(row, "format"));
    EXPECT_EQ(name_of(entry.technique), table.text(row, "technique"));
    EXPECT_EQ(name_of(entry.status), table.text(row, "expected") == "refused" ? "refused" : "ok");
  }
}

// Per file of another kind than the dialects, which all hold one and the same sample.
TEST(Samples, NamesAreTrueAndIntervalsHoldTheTruth) {
  const auto table = read_manifest();
  int answers = 0;
  int held = 0;
  for (Index row = 0; row < table.rows(); ++row) {
    const bool is_atr = table.text(row, "mode") == "atr";  // no protein has ATR references
    if (table.text(row, "expected") == "refused" || is_atr) {
      continue;
    }
    SCOPED_TRACE(std::string(table.text(row, "file")));
    const auto entry = analysed_samples(table, row);
    const auto shares = named(*entry.composition);
    for (const auto* substance : {"apatite", "collagen", "calcite", "whewellite", "paraffin"}) {
      const double truth = table.number(row, std::string(substance) + "_share");
      const auto share = shares.find(substance);
      // What a poor spectrum does not show need not be named.
      const bool is_poor = table.text(row, "note").find("poor") != std::string::npos;
      EXPECT_TRUE((share != shares.end()) == (truth > 0) || (is_poor && truth > 0)) << substance;
      if (share != shares.end()) {
        ++answers;
        held += share->second.lo95 <= truth && truth <= share->second.hi95 ? 1 : 0;
      }
    }
    if (table.number(row, "unlisted_share") > 0) {
      EXPECT_TRUE(entry.composition->unexplained_flag);
    }
    const auto& axis = entry.composition->axis;
    EXPECT_LE(std::abs(axis.shift_cm1 - table.number(row, "axis_shift_1/cm")),
              std::max(0.8, 3 * axis.u));
  }
  EXPECT_GE(held, 0.8 * answers) << held << " of " << answers;
}

}  // namespace
}  // namespace calcispec
