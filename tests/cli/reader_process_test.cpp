// HDF5 files are read by a process of their own: same numbers, and no damage reaches the program.
#include "io/reader_process.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "io/map_source.hpp"
#include "tests/support/hdf5_writer.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

class ReaderProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("reader_") + info->name() + ".h5")).string();
    program.reader_program = (test::binary_dir() / "calcispec").string();
  }
  void TearDown() override { fs::remove(path); }

  // A map of ny x nx spectra of 60 points as NeXus.
  void write_map(hsize_t ny = 3, hsize_t nx = 4) const {
    const test::Hdf5Writer file(path);
    file.group("/entry/data");
    file.text("/entry", "NX_class", "NXentry");
    file.text("/entry/data", "NX_class", "NXdata");
    file.text("/entry/data", "signal", "counts");
    file.texts("/entry/data", "axes", {"y", "x", "raman_shift"});
    std::vector<double> values;
    std::vector<double> shifts;
    for (int i = 0; i < static_cast<int>(ny * nx) * 60; ++i) {
      values.push_back(i % 97 + 0.125 * i);
    }
    for (int i = 0; i < 60; ++i) {
      shifts.push_back(1600 - 20 * i);
    }
    file.data("/entry/data/counts", {ny, nx, 60}, values);
    file.data("/entry/data/raman_shift", {60}, shifts);
    file.text("/entry/data/raman_shift", "units", "1/cm");
  }

  [[nodiscard]] std::string bytes() const {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  std::string path;
  io::ReadOptions program;
};

TEST_F(ReaderProcess, GivesTheSameAsReadingHere) {
  write_map();
  const auto here = io::load(path, {});
  const auto there = io::load(path, program);
  EXPECT_EQ(there.format, "hdf5_maps");
  EXPECT_EQ(there.sha256, here.sha256);
  ASSERT_EQ(there.recordings.size(), 1U);
  const auto& a = here.recordings[0];
  const auto& b = there.recordings[0];
  EXPECT_EQ(a.spectra.values, b.spectra.values);
  EXPECT_EQ(std::vector(a.spectra.axis->values().begin(), a.spectra.axis->values().end()),
            std::vector(b.spectra.axis->values().begin(), b.spectra.axis->values().end()));
  EXPECT_TRUE(b.spectra.axis->was_descending());
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.technique, b.technique);
  EXPECT_EQ(b.map->nx, 4);
  ASSERT_EQ(there.blocks.size(), here.blocks.size());
  EXPECT_EQ(there.blocks[0].content, here.blocks[0].content);
  EXPECT_EQ(there.diagnostics.size(), here.diagnostics.size());
  // Bytes that are no file reach the reader too.
  const auto content = bytes();
  EXPECT_EQ(io::load_bytes({content, "-"}, program).recordings[0].spectra.values, a.spectra.values);
}

TEST_F(ReaderProcess, MapsAreReadRowByRow) {
  write_map();
  auto here = io::MapSource::open(path, {});
  auto there = io::MapSource::open(path, program);
  ASSERT_EQ(there.rows(), 12);
  EXPECT_EQ(there.read(5, 4).values, here.read(5, 4).values);
  EXPECT_EQ(there.read(0, 12).values, here.read(0, 12).values);
  EXPECT_EQ(there.head().spectra.axis->front(), here.head().spectra.axis->front());
}

// The reader shows the first 64 spectra; a map has more.
TEST_F(ReaderProcess, MapsOfMoreThanTheFirstSpectraAreTaken) {
  write_map(9, 11);
  auto here = io::MapSource::open(path, {});
  auto there = io::MapSource::open(path, program);
  ASSERT_EQ(there.rows(), 99);
  EXPECT_EQ(there.head().map->nx, 11);
  EXPECT_EQ(there.read(60, 39).values, here.read(60, 39).values);
  const auto result = path + ".nxs";
  const auto outcome = test::run_program("batch run --steps 'smooth.savgol window=5' -q -o '" +
                                         result + "' '" + path + ":/entry/data/counts' 2>&1");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(io::load(result, {}).recordings[0].spectra.rows(), 99);
  fs::remove(result);
}

TEST_F(ReaderProcess, FaultsNameTheFile) {
  write_map();
  auto choice = program;
  choice.block = "/entry/nothing";
  try {
    io::load(path, choice);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    EXPECT_EQ(error.place(), path);
    EXPECT_NE(std::string(error.what()).find("no block"), std::string::npos);
  }
}

TEST_F(ReaderProcess, AReaderThatDiesOrIsMissingIsAnswered) {
  write_map();
  for (const char* other : {"/bin/false", "/bin/true", "/nonexistent/reader"}) {
    program.reader_program = other;
    try {
      io::load(path, program);
      FAIL() << other;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input) << other;
      EXPECT_NE(std::string(error.what()).find("reader"), std::string::npos) << error.what();
    }
  }
}

// In the program itself the library crashes on some of these files; here each must be answered.
TEST_F(ReaderProcess, NoDamageReachesUs) {
  write_map();
  const auto good = bytes();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const bool is_whole = std::getenv("CALCISPEC_SWEEP") != nullptr;
  const int tries = is_whole ? 10000 : 60;
  std::mt19937 random(11);
  int answered = 0;
  int read = 0;
  for (int i = 0; i < tries; ++i) {
    auto twisted = good;
    for (int k = 0; k < 8; ++k) {
      twisted[random() % twisted.size()] = static_cast<char>(random() % 256);
    }
    const auto start = std::chrono::steady_clock::now();
    try {
      io::load_bytes({twisted, "damaged.h5"}, program);
      ++read;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
      ++answered;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  }
  EXPECT_EQ(answered + read, tries);
  EXPECT_GT(answered, 0);
  EXPECT_GT(read, 0);
}

TEST_F(ReaderProcess, TheProgramUsesItUnlessTheInputIsTrusted) {
  write_map();
  const auto apart = test::run_program("info --format json '" + path + "'");
  const auto trusted = test::run_program("info --format json --trust-input '" + path + "'");
  EXPECT_EQ(apart.code, 0);
  EXPECT_EQ(apart.out, trusted.out);
  EXPECT_NE(apart.out.find("\"n_spectra\": 12"), std::string::npos);
}

}  // namespace
}  // namespace calcispec
