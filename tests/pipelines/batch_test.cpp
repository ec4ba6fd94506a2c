// Batches: the same bytes for every number of shards, threads and restarts; kills and full disks.
#include "pipelines/batch.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "io/map_source.hpp"
#include "io/nexus.hpp"
#include "io/spectra_spc.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

constexpr Index points = 300;
constexpr Index nx = 16;
constexpr Index ny = 20;

class Batch : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    auto name = "batch_" + std::string(info->name());
    std::replace(name.begin(), name.end(), '/', '_');
    folder = fs::path(::testing::TempDir()) / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    write_map(nx, ny);
  }
  void TearDown() override { fs::remove_all(folder); }

  // Spectra with bands on a slope; one of them holds NaN.
  void write_map(Index columns, Index lines) const {
    std::vector<double> x;
    for (Index i = 0; i < points; ++i) {
      x.push_back(400 + 4.0 * static_cast<double>(i));
    }
    io::Recording map;
    map.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"),
                                      columns * lines);
    map.technique = Technique::raman;
    map.mode = SamplingMode::none;
    map.ordinate = OrdinateKind::intensity;
    map.map = MapGrid{columns, lines, 2, 3};
    std::mt19937_64 random(4);
    std::normal_distribution<double> noise(0, 5);
    for (Index row = 0; row < columns * lines; ++row) {
      auto y = map.spectra.row(row);
      for (Index i = 0; i < points; ++i) {
        const double u = (static_cast<double>(i) - 140) / 5;
        y[static_cast<std::size_t>(i)] = 200 + 0.5 * static_cast<double>(i) +
                                         300 * std::exp(-u * u) * (1 + 0.01 * double(row % 50)) +
                                         noise(random);
      }
    }
    map.spectra.row(7)[20] = std::nan("");
    io::write_nexus((folder / "map.nxs").string(), std::span(&map, 1));
  }

  [[nodiscard]] BatchJob job(const std::string& output) const {
    BatchJob out;
    out.inputs = {(folder / "map.nxs").string()};
    out.steps = parse_steps("smooth.savgol window=7 | baseline.arpls lambda=1e4");
    out.output = (folder / output).string();
    out.block_rows = 11;
    out.sync_bytes = 1;
    out.is_compressed = is_compressed;
    return out;
  }
  static void finish(const BatchJob& job, Index shards = 1, Index jobs = 1) {
    const std::atomic<bool> never{false};
    for (Index i = 0; i < shards; ++i) {
      ASSERT_EQ(run_shard(job, {i, shards}, jobs, never, {}), BatchEnd::done);
    }
    merge_batch(job, shards);
  }
  [[nodiscard]] std::string reference() const {
    const auto whole = job("whole.nxs");
    finish(whole);
    return test::content_of(whole.output);
  }

  fs::path folder;
  bool is_compressed = true;
};

// With compression spectra go through the files of the shards, without it those of one shard go to
// their places at once.
class BatchBytes : public Batch, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    is_compressed = GetParam();
    Batch::SetUp();
  }
};
INSTANTIATE_TEST_SUITE_P(Compression, BatchBytes, ::testing::Bool(), [](const auto& own) {
  return own.param ? "gzip" : "none";
});

TEST_F(Batch, GivesWhatTheStepsGiveAndMarksWhatFailed) {
  const auto own = job("own.nxs");
  finish(own);
  EXPECT_FALSE(fs::exists(own.output + ".work"));
  auto expected = io::load(own.inputs.front(), {}).recordings.at(0);
  Diagnostics ignored;
  run_steps(own.steps, 1, expected, nullptr, ignored);
  const auto got = io::load(own.output, {}).recordings.at(0);
  ASSERT_EQ(got.spectra.values.size(), expected.spectra.values.size());
  for (std::size_t i = 0; i < got.spectra.values.size(); ++i) {
    const double wanted = expected.spectra.values[i];
    if (std::isnan(wanted)) {
      ASSERT_TRUE(std::isnan(got.spectra.values[i]));
    } else {
      ASSERT_EQ(got.spectra.values[i], static_cast<double>(static_cast<float>(wanted)));
    }
  }
  EXPECT_TRUE(std::isnan(got.spectra.row(7)[0]));
  ASSERT_TRUE(got.map);
  EXPECT_EQ(got.map->nx, nx);
  EXPECT_EQ(got.map->step_y_um, 3);
}

// Rays stand at the ends of lines and of blocks, where the spectra beside them belong to another.
TEST_F(Batch, SpectraOfOtherBlocksSpeakAgainstRays) {
  auto map = io::load((folder / "map.nxs").string(), {}).recordings.at(0);
  for (Index row = 0; row < map.spectra.rows(); ++row) {
    auto y = map.spectra.row(row);
    y[static_cast<std::size_t>(20 + row % 250)] += 60.0 + static_cast<double>(row % 40);
  }
  // In a grid, in a map of one line (which NeXus makes of a list), and without any grid.
  for (const std::string kind : {"grid", "line", "list"}) {
    auto own = job(kind + "_out.nxs");
    own.inputs = {(folder / (kind + (kind == "list" ? ".spc" : ".nxs"))).string()};
    if (kind == "list") {
      std::ofstream(own.inputs.front(), std::ios::binary) << io::spectra_spc(map);
    } else {
      io::write_nexus(own.inputs.front(), std::span(&map, 1));
    }
    map.map.reset();
    own.steps = parse_steps("smooth.savgol window=5 | despike.auto | baseline.arpls lambda=1e4");
    finish(own, 3, 2);
    auto expected = io::load(own.inputs.front(), {}).recordings.at(0);
    EXPECT_EQ(expected.map.has_value(), kind != "list");
    Diagnostics ignored;
    run_steps(own.steps, 1, expected, nullptr, ignored);
    const auto got = io::load(own.output, {}).recordings.at(0);
    ASSERT_EQ(got.spectra.values.size(), expected.spectra.values.size());
    Index differing = 0;
    for (std::size_t i = 0; i < got.spectra.values.size(); ++i) {
      const double wanted = expected.spectra.values[i];
      const bool is_same = std::isnan(wanted) ? std::isnan(got.spectra.values[i])
                                              : got.spectra.values[i] ==
                                                    static_cast<double>(static_cast<float>(wanted));
      differing += is_same ? 0 : 1;
    }
    EXPECT_EQ(differing, 0) << kind;
  }
}

TEST_F(Batch, AStepOverTheWholeSetIsRefused) {
  auto own = job("set.nxs");
  own.steps = parse_steps("normalize.msc");
  try {
    plan_batch(own);
    FAIL() << "was taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("all spectra"), std::string::npos);
  }
}

TEST_P(BatchBytes, AreTheSameForShardsThreadsAndStops) {
  const auto expected = reference();
  const auto sharded = job("sharded.nxs");
  finish(sharded, 4);
  EXPECT_TRUE(test::content_of(sharded.output) == expected);
  const auto threaded = job("threaded.nxs");
  finish(threaded, 1, 2);
  EXPECT_TRUE(test::content_of(threaded.output) == expected);
  // Stopped after every few blocks.
  const auto stopped = job("stopped.nxs");
  int rounds = 0;
  for (auto end = BatchEnd::stopped; end == BatchEnd::stopped; ++rounds) {
    std::atomic<bool> stops{false};
    Index seen = 0;
    end = run_shard(stopped, {0, 1}, 1, stops, [&](Index, Index) { stops = ++seen > 4; });
    ASSERT_LT(rounds, 30);
  }
  EXPECT_GT(rounds, 4);
  merge_batch(stopped, 1);
  EXPECT_TRUE(test::content_of(stopped.output) == expected);
}

// CALCISPEC_SLOW=1: 200 kills.
TEST_P(BatchBytes, AreTheSameAfterKillsAndNoBlockIsLost) {
  const auto expected = reference();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const int kills = std::getenv("CALCISPEC_SLOW") != nullptr ? 200 : 12;
  std::mt19937_64 random(9);
  int in_mid_run = 0;
  auto killed = job("killed.nxs");
  for (int round = 0; round < kills; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const std::atomic<bool> never{false};
      run_shard(killed, {0, 1}, 1, never, [](Index, Index) { usleep(1500); });
      _exit(0);
    }
    usleep(static_cast<useconds_t>(std::uniform_int_distribution<int>(500, 30000)(random)));
    kill(child, SIGKILL);
    int state = 0;
    waitpid(child, &state, 0);
    in_mid_run += WIFSIGNALED(state) ? 1 : 0;
    const auto shards = fs::exists(killed.output + ".work/manifest.json")
                            ? batch_status(killed.output)
                            : std::vector<ShardProgress>{};
    const Index safe = shards.empty() ? 0 : shards[0].blocks;
    const bool is_whole = !shards.empty() && shards[0].is_done;
    // What was safe at the kill is not done again.
    Index first = -1;
    std::atomic<bool> stops{true};
    if (is_whole) {
      merge_batch(killed, 1);
      EXPECT_TRUE(test::content_of(killed.output) == expected);
      fs::remove(killed.output);
      continue;
    }
    run_shard(killed, {0, 1}, 1, stops, [&](Index done, Index) { first = done; });
    EXPECT_GE(first, std::min(nx * ny, safe * killed.block_rows));
  }
  std::printf("%d of %d kills in mid-run\n", in_mid_run, kills);
  finish(killed);
  EXPECT_TRUE(test::content_of(killed.output) == expected);
  EXPECT_GT(in_mid_run, kills / 2);
}

// A merge changes the file that holds the spectra: they outlive its end at any time.
TEST_P(BatchBytes, AreTheSameAfterKillsOfTheMerge) {
  const auto expected = reference();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const int kills = std::getenv("CALCISPEC_SLOW") != nullptr ? 200 : 15;
  std::mt19937_64 random(3);
  const auto killed = job("killed.nxs");
  const std::atomic<bool> never{false};
  int in_mid_merge = 0;
  ASSERT_EQ(run_shard(killed, {0, 1}, 1, never, {}), BatchEnd::done);
  for (int round = 0; round < kills; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      merge_batch(killed, 1);
      _exit(0);
    }
    usleep(static_cast<useconds_t>(std::uniform_int_distribution<int>(500, 25000)(random)));
    kill(child, SIGKILL);
    int state = 0;
    waitpid(child, &state, 0);
    in_mid_merge += WIFSIGNALED(state) ? 1 : 0;
    if (fs::exists(killed.output)) {
      ASSERT_TRUE(test::content_of(killed.output) == expected);
      fs::remove(killed.output);
      fs::remove_all(killed.output + ".work");
      ASSERT_EQ(run_shard(killed, {0, 1}, 1, never, {}), BatchEnd::done);
    }
  }
  std::printf("%d of %d kills in mid-merge\n", in_mid_merge, kills);
  ASSERT_TRUE(run_batch(killed, 1, never, {}));
  EXPECT_TRUE(test::content_of(killed.output) == expected);
}

TEST_F(Batch, SpectraThatAreNotWhatTheJournalSaysAreDoneAgain) {
  is_compressed = false;
  const auto expected = reference();
  const auto own = job("own.nxs");
  const std::atomic<bool> never{false};
  ASSERT_EQ(run_shard(own, {0, 1}, 1, never, {}), BatchEnd::done);
  {
    std::fstream file(own.output + ".work/result.nxs",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(own.output + ".work/result.nxs") / 2));
    file << "damage";
  }
  EXPECT_THROW(merge_batch(own, 1), Error);
  ASSERT_TRUE(run_batch(own, 1, never, {}));
  EXPECT_TRUE(test::content_of(own.output) == expected);
  EXPECT_FALSE(fs::exists(own.output + ".work"));
}

TEST_F(Batch, ReadingAloneCountsSpectraWithMissingNumbers) {
  auto own = job("");
  own.steps.clear();
  const std::atomic<bool> never{false};
  const auto found = scan_batch(own, never, {});
  EXPECT_EQ(found.rows, nx * ny);
  EXPECT_EQ(found.incomplete, 1);
}

TEST_F(Batch, AnotherJobInTheSamePlaceIsRefused) {
  auto own = job("own.nxs");
  plan_batch(own);
  own.steps = parse_steps("smooth.savgol window=9");
  try {
    plan_batch(own);
    ADD_FAILURE() << "two jobs in one work folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_method);
    EXPECT_NE(std::string(error.what()).find("steps"), std::string::npos);
  }
  EXPECT_THROW(merge_batch(job("own.nxs"), 2), Error);
}

TEST_F(Batch, MapSourceGivesBlocksOfWhatLoadGives) {
  const auto whole = io::load((folder / "map.nxs").string(), {}).recordings.at(0);
  auto source = io::MapSource::open((folder / "map.nxs").string() + ":/entry/data/intensity", {});
  ASSERT_EQ(source.rows(), nx * ny);
  EXPECT_EQ(source.head().map->ny, ny);
  for (const Index first : {Index{0}, Index{13}, Index{300}}) {
    const auto part = source.read(first, 20);
    for (std::size_t i = 0; i < part.values.size(); ++i) {
      const double wanted = whole.spectra.values[static_cast<std::size_t>(first * points) + i];
      EXPECT_TRUE(part.values[i] == wanted || (std::isnan(wanted) && std::isnan(part.values[i])));
    }
  }
  EXPECT_THROW(static_cast<void>(source.read(310, 20)), Error);
}

// Parts of a map would each have components of their own.
TEST_F(Batch, StepsThatLookAtTheWholeMapAreRefused) {
  auto own = job("whole.nxs");
  for (const auto* step : {"smooth.pca", "baseline.collab_pls"}) {
    own.steps = parse_steps(step);
    try {
      plan_batch(own);
      ADD_FAILURE() << step;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("calcispec correct"), std::string::npos) << step;
    }
  }
}

}  // namespace
}  // namespace calcispec
