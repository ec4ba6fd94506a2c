// Which datasets of an HDF5 file are spectra, and along which axis: files of many datasets, results
// of batches, odd axes.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/map_source.hpp"
#include "io/nexus_map.hpp"
#include "tests/support/hdf5_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;
using test::Hdf5Writer;

constexpr hsize_t choice_points = 30;
constexpr hsize_t choice_rows = 6;

std::vector<double> choice_axis(hsize_t count = choice_points) {
  std::vector<double> out;
  for (hsize_t i = 0; i < count; ++i) {
    out.push_back(500 + 25 * static_cast<double>(i));
  }
  return out;
}

// Number `i` of spectrum `row` is offset + 100 row + i.
std::vector<double> choice_rows_of(double offset, bool has_points_first = false) {
  std::vector<double> out(choice_rows * choice_points);
  for (hsize_t row = 0; row < choice_rows; ++row) {
    for (hsize_t i = 0; i < choice_points; ++i) {
      out[has_points_first ? i * choice_rows + row : row * choice_points + i] =
          offset + static_cast<double>(100 * row + i);
    }
  }
  return out;
}

class Hdf5Choice : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("choice_") + info->name() + ".h5")).string();
  }
  void TearDown() override { fs::remove(path); }

  [[nodiscard]] LoadedFile read(const std::string& block = {}) const {
    ReadOptions options;
    options.technique = Technique::raman;
    return load(path + (block.empty() ? "" : ":" + block), options);
  }
  [[nodiscard]] std::string fault(const std::string& block = {}) const {
    try {
      static_cast<void>(read(block));
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  static bool says(const LoadedFile& file, const std::string& code) {
    return std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [&](const auto& row) {
      return row.code == code;
    });
  }
  static void expect_rows(const LoadedFile& file, double offset) {
    ASSERT_EQ(file.recordings.size(), 1U);
    const auto& spectra = file.recordings[0].spectra;
    ASSERT_EQ(spectra.rows(), static_cast<Index>(choice_rows));
    ASSERT_EQ(spectra.points(), static_cast<Index>(choice_points));
    EXPECT_EQ(spectra.axis->front(), 500);
    EXPECT_EQ(spectra.row(2)[7], offset + 207);
  }
  // As a batch with and without processed spectra.
  void write_result(bool has_spectra) const {
    Recording head;
    head.spectra = SpectraMatrix::make(Axis::make(choice_axis(), AxisKind::raman_shift, "1/cm"), 6);
    head.map = MapGrid{3, 2, 5, 5};
    NexusMap map(path, head, 6, {false, has_spectra});
    const std::vector<double> numbers{1, 2, 3, 4, 5, 6};
    for (const auto* name : {"composition/calcite/fraction", "quality/status"}) {
      map.add_column({name, "1", "", false});
      map.write_column(name, 0, numbers);
    }
    if (has_spectra) {
      const auto values = choice_rows_of(0);
      map.write(0, std::vector<float>(values.begin(), values.end()));
    }
    map.make_picture("composition/calcite", "fraction", "");
    map.make_picture("quality", "status", "");
    map.put_text("provenance/program", "calcispec");
    map.finish();
  }

  std::string path;
};

TEST_F(Hdf5Choice, QualityTableOfAResultIsNoSpectrum) {
  write_result(true);
  const auto file = read();
  expect_rows(file, 0);
  ASSERT_EQ(file.blocks.size(), 3U);
  EXPECT_EQ(std::count_if(
                file.blocks.begin(), file.blocks.end(), [](const auto& b) { return b.is_used; }),
            1);
  EXPECT_EQ(file.recordings[0].map->nx, 3);
  EXPECT_EQ(MapSource::open(path, {}).head().metadata.at("dataset"), "/entry/data/intensity");
}

TEST_F(Hdf5Choice, ResultWithoutSpectraSaysSo) {
  write_result(false);
  EXPECT_NE(fault().find("results of calcispec batch and no spectra"), std::string::npos)
      << fault();
  EXPECT_THROW(MapSource::open(path, {}), Error);
  // Whoever names a table gets it.
  EXPECT_EQ(read("/entry/composition/calcite/fraction").recordings.at(0).spectra.points(), 3);
}

TEST_F(Hdf5Choice, BaselineBesideTheSpectraIsLeftOutAndSaid) {
  {
    const Hdf5Writer file(path);
    file.data("/baseline", {choice_rows, choice_points}, choice_rows_of(9000));
    file.data("/raman_shift", {choice_points}, choice_axis());
    file.data("/scan", {choice_rows, choice_points}, choice_rows_of(0));
  }
  const auto file = read();
  expect_rows(file, 0);
  EXPECT_TRUE(says(file, "several_datasets"));
  ASSERT_EQ(file.blocks.size(), 2U);
  EXPECT_FALSE(file.blocks[0].is_used);
  expect_rows(read("/baseline"), 9000);
}

TEST_F(Hdf5Choice, LargerImageIsLeftOut) {
  {
    const Hdf5Writer file(path);
    file.data("/camera", {40, 50}, std::vector<double>(2000, 1));
    file.data("/scan", {choice_rows, choice_points}, choice_rows_of(0));
    file.data("/wavenumber", {choice_points}, choice_axis());
  }
  expect_rows(read(), 0);
  EXPECT_EQ(MapSource::open(path, {}).rows(), static_cast<Index>(choice_rows));
}

TEST_F(Hdf5Choice, SameNameInEveryGroupIsReadFromEach) {
  {
    const Hdf5Writer file(path);
    for (const std::string group : {"/first", "/second"}) {
      file.group(group);
      file.data(group + "/counts", {choice_points}, std::vector<double>(choice_points, 3));
      file.data(group + "/shift", {choice_points}, choice_axis());
    }
  }
  EXPECT_EQ(read().recordings.size(), 2U);
}

TEST_F(Hdf5Choice, AxisInAnotherGroupAndPointsFirst) {
  {
    const Hdf5Writer file(path);
    file.group("/axes");
    file.group("/data");
    file.data("/axes/wavenumber", {choice_points}, choice_axis());
    file.data("/data/scan", {choice_points, choice_rows}, choice_rows_of(0, true));
  }
  expect_rows(read(), 0);
}

TEST_F(Hdf5Choice, OnlyListThatFitsIsTakenAsTheAxisAndSaid) {
  {
    const Hdf5Writer file(path);
    file.data("/place", {choice_rows}, {0, 1, 2, 3, 4, 5});
    file.data("/q", {choice_points}, choice_axis());
    file.data("/scan", {choice_points, choice_rows}, choice_rows_of(0, true));
  }
  const auto file = read();
  expect_rows(file, 0);
  EXPECT_TRUE(says(file, "axis_guessed"));
}

TEST_F(Hdf5Choice, PlacesAreNoAxis) {
  {
    const Hdf5Writer file(path);
    file.data("/x", {3}, {0, 2, 4});
    file.data("/y", {2}, {0, 2});
    file.data("/scan", {2, 3, choice_points}, choice_rows_of(0));
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.points(), static_cast<Index>(choice_points));
  EXPECT_TRUE(says(file, "axis_missing"));
}

TEST_F(Hdf5Choice, AxisOfAnotherLengthIsSaid) {
  {
    const Hdf5Writer file(path);
    file.data("/wavenumber", {choice_points + 1}, choice_axis(choice_points + 1));
    file.data("/scan", {choice_rows, choice_points}, choice_rows_of(0));
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.axis->unit(), "point");
  EXPECT_TRUE(says(file, "axis_does_not_fit"));
}

TEST_F(Hdf5Choice, TwoDimensionsOfTheLengthOfTheAxisAreSaid) {
  {
    const Hdf5Writer file(path);
    file.data("/wavenumber", {4}, {500, 525, 550, 575});
    file.data("/scan", {4, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.row(1)[2], 6);
  EXPECT_TRUE(says(file, "axis_ambiguous"));
}

TEST_F(Hdf5Choice, AxisWithoutItsSpectraIsNoSpectrum) {
  {
    const Hdf5Writer file(path);
    file.data("/scan", {2, 1, 3, choice_points}, choice_rows_of(0));
    file.data("/wavenumber", {choice_points}, choice_axis());
  }
  EXPECT_NE(fault().find("/scan of 4 dimensions"), std::string::npos) << fault();
}

TEST_F(Hdf5Choice, PairsInColumns) {
  {
    const Hdf5Writer file(path);
    std::vector<double> both;
    for (const double x : choice_axis()) {
      both.insert(both.end(), {x, x + 1});
    }
    file.data("/one", {choice_points, 2}, both);
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.axis->back(), 1225);
  EXPECT_EQ(file.recordings[0].spectra.row(0)[1], 526);
}

TEST_F(Hdf5Choice, PlacesInNanometresAreNoWavelengths) {
  {
    const Hdf5Writer file(path);
    file.group("/entry");
    file.text("/entry", "NX_class", "NXdata");
    file.text("/entry", "signal", "scan");
    file.texts("/entry", "axes", {"wavenumber", "x"});
    file.data("/entry/scan", {choice_points, choice_rows}, choice_rows_of(0, true));
    file.data("/entry/wavenumber", {choice_points}, choice_axis());
    file.data("/entry/x", {choice_rows}, {0, 500, 1000, 1500, 2000, 2500});
    file.text("/entry/x", "units", "nm");
  }
  const auto file = read();
  expect_rows(file, 0);
  EXPECT_EQ(file.recordings[0].map->step_x_um, 0.5);
}

TEST_F(Hdf5Choice, HyperspySaysWhichAxisIsThatOfTheSpectra) {
  {
    const Hdf5Writer file(path);
    file.group("/Experiments/map");
    file.data("/Experiments/map/data", {choice_points, choice_rows}, choice_rows_of(0, true));
    for (const std::string axis : {"/Experiments/map/axis-0", "/Experiments/map/axis-1"}) {
      const bool is_place = axis.back() == '1';
      file.group(axis);
      file.text(axis, "name", is_place ? "position" : "Energy loss");
      file.text(axis, "units", is_place ? "nm" : "cm$^{-1}$");
      file.number(axis, "scale", 25);
      file.number(axis, "offset", is_place ? 0 : 500);
      file.number(axis, "navigate", is_place ? 1 : 0);
    }
  }
  const auto file = read();
  expect_rows(file, 0);
  EXPECT_EQ(file.recordings[0].spectra.axis->unit(), "1/cm");
}

}  // namespace
}  // namespace calcispec::io
