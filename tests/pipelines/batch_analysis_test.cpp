// Batches of whole analyses and band fits: what analyze and fit give, in every way of running.
#include "core/error.hpp"
#include "io/nexus_result.hpp"
#include "pipelines/batch.hpp"
#include "pipelines/report/fit_report.hpp"
#include "pipelines/report/html_maps.hpp"
#include "pipelines/row_values.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

std::string sample(const char* name) {
  return (test::sample_dir() / name).string();
}

class BatchAnalysis : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("batch_analysis_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  [[nodiscard]] BatchJob map_job(const std::string& output) const {
    BatchJob job;
    job.inputs = {sample("map_4x3.txt")};
    job.analysis = AnalysisRequest{};
    job.fit = FitRequest{};
    job.fit->bands = load_band_set("raman_phosphate_nu1");
    job.fit->scales_misfit = true;
    job.output = (folder / output).string();
    job.block_rows = 5;
    return job;
  }
  static BatchCounts finish(const BatchJob& job, Index shards = 1, Index jobs = 1) {
    const std::atomic<bool> never{false};
    for (Index i = 0; i < shards; ++i) {
      EXPECT_EQ(run_shard(job, {i, shards}, jobs, never, {}), BatchEnd::done);
    }
    return merge_batch(job, shards);
  }

  fs::path folder;
};

// Apatite and collagen, a text map.
void write_map(const std::string& path, int columns, int rows, std::uint64_t seed = 1) {
  std::ofstream out(path);
  test::Laboratory laboratory;
  laboratory.seed = seed;
  for (int k = 0; k < columns * rows; ++k) {
    test::Mixture mixture;
    const double mineral = 0.1 + 0.8 * (k % 7) / 6.0;
    mixture.weights = {
        {"apatite",    mineral    },
        {"collagen_I", 1 - mineral}
    };
    test::Measurement how;
    how.seed = 40 + static_cast<std::uint64_t>(k);
    const auto measured = test::measure(mixture, laboratory, how);
    if (k == 0) {
      out << "\t";
      for (const double x : measured.x) {
        out << '\t' << x;
      }
      out << '\n';
    }
    out << k % columns << '\t' << k / columns;
    for (const double y : measured.y) {
      out << '\t' << 1000 * y;
    }
    out << '\n';
  }
}

void expect_same(double a, double b, const std::string& what) {
  EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << what << ": " << a << ", " << b;
}

TEST_F(BatchAnalysis, PixelsHoldWhatAnalyzeGives) {
  const auto job = map_job("map.nxs");
  const auto counts = finish(job);
  EXPECT_EQ(counts.processed + counts.failed + counts.refused, 12);
  AnalysisRequest request;
  request.inputs = job.inputs;
  const auto expected = analyze(request, {});
  const test::Hdf5File file(job.output);
  Index named = 0;
  for (std::size_t i = 0; i < expected.spectra.size(); ++i) {
    const auto& entry = expected.spectra[i];
    const auto value = [&](const std::string& name) { return file.values("/entry/" + name)[i]; };
    expect_same(value("quality/verdict"), static_cast<double>(entry.quality.verdict), "verdict");
    if (!entry.composition) {
      continue;
    }
    for (const auto* list : {&entry.composition->phases, &entry.composition->matrix}) {
      for (const auto& phase : *list) {
        const auto place = "composition/" + phase.phase + "/";
        expect_same(value(place + "fraction"), phase.share.value, place + "fraction");
        expect_same(value(place + "hi95"), phase.share.hi95, place + "hi95");
        expect_same(value(place + "status"), static_cast<double>(phase.status), place + "status");
        ++named;
      }
    }
    for (const auto& group : entry.composition->groups) {
      expect_same(value("composition/" + group.name + "/fraction"), group.share.value, group.name);
    }
    for (const auto& marker : entry.markers) {
      const auto place = "markers/" + marker.id + "/";
      expect_same(value(place + "value"), marker.value.value, place);
      expect_same(value(place + "u"), marker.value.u, place);
      expect_same(value(place + "status"), static_cast<double>(marker.status), place);
    }
  }
  EXPECT_GT(named, 12);
  EXPECT_EQ(file.text("/entry", "default"), "composition");
}

// What the spectra of a map have in common is learnt from the same of them, whoever asks.
TEST_F(BatchAnalysis, LargeMapsGiveTheSameHoweverTheyAreRun) {
  const auto path = (folder / "map.txt").string();
  write_map(path, 12, 6);
  AnalysisRequest request;
  request.inputs = {path};
  request.jobs = 2;
  const auto expected = analyze(request, {});
  ASSERT_EQ(expected.spectra.size(), 72U);
  request.is_each_alone = true;
  const auto alone = analyze(request, {});
  auto job = map_job("map.nxs");
  job.inputs = {path};
  job.fit.reset();
  finish(job);
  auto in_parts = job;
  in_parts.output = (folder / "parts.nxs").string();
  finish(in_parts, 3, 2);
  EXPECT_EQ(test::content_of(job.output).size(), test::content_of(in_parts.output).size());
  const test::Hdf5File file(job.output);
  const test::Hdf5File parts(in_parts.output);
  const auto share = file.values("/entry/composition/collagen_I/fraction");
  const auto same = parts.values("/entry/composition/collagen_I/fraction");
  Index differing = 0;
  Index found = 0;
  for (std::size_t i = 0; i < expected.spectra.size(); ++i) {
    expect_same(share[i], same[i], "in parts");
    for (const auto& phase : expected.spectra[i].composition->matrix) {
      if (phase.phase == "collagen_I") {
        expect_same(share[i], phase.share.value, "collagen");
        ++found;
      }
    }
    for (const auto& phase : alone.spectra[i].composition->matrix) {
      differing += phase.phase == "collagen_I" && phase.share.value != share[i] ? 1 : 0;
    }
  }
  EXPECT_GT(found, 60);
  EXPECT_GT(differing, 30);  // --each-alone is another way
}

TEST_F(BatchAnalysis, AMapDoesNotDependOnTheOneReadBefore) {
  const auto first = (folder / "first.txt").string();
  const auto second = (folder / "second.txt").string();
  write_map(first, 8, 8);
  write_map(second, 8, 8, 2);
  AnalysisRequest request;
  request.inputs = {first, second};
  const auto both = analyze(request, {});
  request.inputs = {second};
  const auto alone = analyze(request, {});
  ASSERT_EQ(both.spectra.size(), 128U);
  for (std::size_t i = 0; i < 64; ++i) {
    const auto& a = both.spectra[64 + i].composition->bands;
    const auto& b = alone.spectra[i].composition->bands;
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
      EXPECT_EQ(a[k].height, b[k].height);
    }
  }
}

TEST_F(BatchAnalysis, WhatIsLearntOfAMapIsSettledOnce) {
  const auto path = (folder / "map.txt").string();
  write_map(path, 12, 6);
  auto job = map_job("map.nxs");
  job.inputs = {path};
  job.fit.reset();
  const std::atomic<bool> never{false};
  EXPECT_EQ(run_shard(job, {0, 2}, 1, never, {}), BatchEnd::done);
  const auto common = job.output + ".work/common.json";
  ASSERT_TRUE(fs::exists(common));
  EXPECT_NE(test::content_of(common).find("collagen_I"), std::string::npos);
  std::ofstream(common) << R"({"phases": ["talc"]})";
  EXPECT_THROW(static_cast<void>(run_shard(job, {1, 2}, 1, never, {})), Error);
}

TEST_F(BatchAnalysis, PixelsHoldWhatFitGives) {
  const auto job = map_job("map.nxs");
  finish(job);
  auto request = *job.fit;
  request.inputs = job.inputs;
  const auto expected = fit_spectra(request, {});
  const test::Hdf5File file(job.output);
  const auto& id = expected.bands.model.bands.at(0).id;
  const auto area = file.values("/entry/fit/" + id + "/area");
  const auto error = file.values("/entry/fit/" + id + "/area_u");
  const auto status = file.values("/entry/fit/status");
  Index fitted = 0;
  for (std::size_t i = 0; i < expected.spectra.size(); ++i) {
    const auto& result = expected.spectra[i].result;
    expect_same(status[i], static_cast<double>(result.status), "status");
    if (!result.bands.empty()) {
      expect_same(area[i], result.bands[0].area.value, "area");
      expect_same(error[i], result.bands[0].area.standard_error, "area_u");
      ++fitted;
    }
  }
  EXPECT_GT(fitted, 6);
}

TEST_F(BatchAnalysis, ShardsThreadsAndStopsGiveTheSameBytes) {
  auto job = map_job("one.nxs");
  job.table = (folder / "one.csv").string();
  finish(job);
  const auto expected = test::content_of(job.output);
  const auto table = test::content_of(job.table);
  job.output = (folder / "many.nxs").string();
  finish(job, 3, 2);
  EXPECT_TRUE(test::content_of(job.output) == expected);
  EXPECT_TRUE(test::content_of(job.table) == table);
  job.output = (folder / "stopped.nxs").string();
  for (auto end = BatchEnd::stopped; end == BatchEnd::stopped;) {
    std::atomic<bool> stops{false};
    Index seen = 0;
    end = run_shard(job, {0, 1}, 2, stops, [&](Index, Index) { stops = ++seen > 1; });
  }
  merge_batch(job, 1);
  EXPECT_TRUE(test::content_of(job.output) == expected);
}

TEST_F(BatchAnalysis, AnotherMethodOrOtherBandsAreAnotherJob) {
  auto job = map_job("map.nxs");
  plan_batch(job);
  job.analysis->method = load_method("raman");
  job.analysis->method->range_cm1 = {500.0, 1500.0};
  EXPECT_THROW(plan_batch(job), Error);
  job = map_job("map.nxs");
  job.fit.reset();
  EXPECT_THROW(plan_batch(job), Error);
}

TEST_F(BatchAnalysis, FolderBecomesOneTableWithARowPerSpectrum) {
  { std::ofstream(folder / "broken.csv") << "raman_shift_1/cm,a\n400,1\n401,what\n"; }
  BatchJob job;
  job.is_table = true;
  job.inputs = {sample("raman_lesion.csv"),
                (folder / "broken.csv").string(),
                sample("ftir_lesion.csv"),
                (folder / "missing.csv").string(),
                sample("raman_saturated.csv")};
  job.analysis = AnalysisRequest{};
  job.output = (folder / "all.nxs").string();
  job.table = (folder / "all.csv").string();
  job.block_rows = 2;
  const auto counts = finish(job);
  EXPECT_EQ(counts.failed, 2);
  EXPECT_EQ(counts.refused, 1);
  EXPECT_GE(counts.processed, 2);
  const auto expected = test::content_of(job.output);
  const auto table = test::content_of(job.table);
  job.output = (folder / "again.nxs").string();
  finish(job, 3, 2);
  EXPECT_TRUE(test::content_of(job.output) == expected);
  EXPECT_TRUE(test::content_of(job.table) == table);
  EXPECT_NE(table.find("broken.csv"), std::string::npos);
  EXPECT_NE(table.find("missing.csv"), std::string::npos);
  const test::Hdf5File file(job.output);
  EXPECT_EQ(file.values("/entry/quality/status").size(),
            static_cast<std::size_t>(counts.processed + counts.failed + counts.refused));
  EXPECT_EQ(file.values("/entry/quality/status").at(1), 1);
}

TEST_F(BatchAnalysis, ProcessedSpectraOfAFolderAreRefusedInWords) {
  BatchJob job;
  job.is_table = true;
  job.inputs = {sample("raman_lesion.csv"), sample("ftir_lesion.csv")};
  job.steps = parse_steps("smooth.savgol");
  job.output = (folder / "all.nxs").string();
  EXPECT_THROW(plan_batch(job), Error);
}

TEST_F(BatchAnalysis, ReportRendersTheMaps) {
  const auto job = map_job("map.nxs");
  finish(job);
  const auto result = io::read_result(job.output);
  EXPECT_EQ(result.grid.nx, 4);
  EXPECT_EQ(result.grid.ny, 3);
  EXPECT_GT(result.grid.step_x_um, 0);
  const auto page = maps_report(result, "map <1>");
  EXPECT_NE(page.find("map &lt;1&gt;"), std::string::npos);
  EXPECT_NE(page.find("\"nx\":4"), std::string::npos);
  EXPECT_NE(page.find("Moran"), std::string::npos);
  const auto rest = page.find("unexplained");
  ASSERT_NE(rest, std::string::npos);
  EXPECT_LT(page.find("apatite"), rest);
  EXPECT_LT(page.find("mineral matrix ratio"), rest);  // what has a name comes first
  EXPECT_NE(page.find("carbonate wt, uncalibrated"), std::string::npos);
  EXPECT_NE(page.find("built-in by technique"), std::string::npos);
  EXPECT_THROW(static_cast<void>(io::read_result(sample("map_4x3.txt"))), Error);
}

TEST(MapsReport, DrawsAPhaseOfFewPixelsAndTellsOfOneThatIsScarceEverywhere) {
  const double none = std::nan("");
  io::NexusResult result;
  result.grid.nx = 2;
  result.grid.ny = 2;
  result.status = {0, 0, 0, 0};
  result.composed = {0, 0, 0, 1};
  result.pictures = {
      {"composition/apatite", "1", {0.9, 0.8, 0.9, none},       {}},
      {"composition/calcite", "1", {none, 0.4, none, none},     {}},
      {"composition/pmma",    "1", {none, none, 0.0042, none},  {}},
      {"markers/tiny_ratio",  "1", {none, 0.001, 0.002, 0.003}, {}},
  };
  const auto page = maps_report(result, "map");
  std::size_t drawn = 0;
  for (auto at = page.find("<figure"); at != std::string::npos; at = page.find("<figure", at + 1)) {
    ++drawn;
  }
  EXPECT_EQ(drawn, 3U);
  EXPECT_NE(page.find("<figcaption>calcite"), std::string::npos);
  EXPECT_NE(page.find("poly(methyl methacrylate) (0.42 %)"), std::string::npos);
  EXPECT_NE(page.find("<td>poly(methyl methacrylate)</td>"), std::string::npos);  // in the summary
}

TEST(RowValues, UnpackGivesWhatWasPackedAndRefusesLess) {
  std::vector<RowValues> rows(3);
  rows[0].values = {
      {"a/status", "",     2  },
      {"b/value",  "1/cm", 0.1}
  };
  rows[1].status = RowStatus::failed;
  rows[1].message = "nothing";
  rows[1].input = "x.csv";
  rows[2].values = {
      {"b/value", "1/cm", std::nan("")},
      {"c/value", "",     -3          }
  };
  const auto bytes = pack_rows(rows);
  const auto block = unpack_rows(bytes);
  ASSERT_EQ(block.rows.size(), 3U);
  ASSERT_EQ(block.columns.size(), 3U);
  EXPECT_EQ(block.columns[1].name, "b/value");
  EXPECT_EQ(block.columns[1].unit, "1/cm");
  EXPECT_EQ(block.rows[0].values[1].value, 0.1);
  EXPECT_EQ(block.rows[1].status, RowStatus::failed);
  EXPECT_EQ(block.rows[1].message, "nothing");
  EXPECT_EQ(block.rows[2].values[1].column, 2U);
  EXPECT_TRUE(std::isnan(block.rows[2].values[0].value));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::span<const char> part(bytes.data(), length);
    try {
      EXPECT_LT(unpack_rows(part).rows.size(), 3U);
    } catch (const Error&) {  // cut within a row
    }
  }
}

TEST(RowValues, CodesSayWhatTheyMean) {
  EXPECT_NE(meaning_of("composition/calcite/status").find("quantified"), std::string::npos);
  EXPECT_NE(meaning_of("markers/nu1_width/status").find("uncalibrated"), std::string::npos);
  EXPECT_NE(meaning_of("fit/status").find("converged"), std::string::npos);
  EXPECT_EQ(meaning_of("markers/nu1_width/value"), "");
  EXPECT_TRUE(std::isnan(missing_of("markers/nu1_width/value")));
  EXPECT_EQ(missing_of("quality/verdict"), 3);
}

}  // namespace
}  // namespace calcispec
