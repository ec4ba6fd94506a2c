// HDF5 maps written here as NeXus, HyperSpy and plain programs do, read back; and our own NeXus.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/nexus.hpp"
#include "tests/support/hdf5_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;
using test::Hdf5Writer;

constexpr std::size_t hdf5_maps_points = 50;
constexpr std::size_t map_nx = 4;
constexpr std::size_t map_ny = 3;

double hdf5_maps_value_of(std::size_t row, std::size_t point) {
  return 100.0 * static_cast<double>(row) + static_cast<double>(point);
}

std::vector<double> cube(bool is_reversed) {
  std::vector<double> out;
  for (std::size_t row = 0; row < map_nx * map_ny; ++row) {
    for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
      out.push_back(hdf5_maps_value_of(row, is_reversed ? hdf5_maps_points - 1 - i : i));
    }
  }
  return out;
}

std::vector<double> shifts(bool is_reversed) {
  std::vector<double> out;
  for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
    out.push_back(400 + 20 * static_cast<double>(is_reversed ? hdf5_maps_points - 1 - i : i));
  }
  return out;
}

class Hdf5Maps : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("hdf5_") + info->name() + ".h5")).string();
  }
  void TearDown() override { fs::remove(path); }

  [[nodiscard]] LoadedFile read(const ReadOptions& options = {}) const {
    return load(path, options);
  }
  static void expect_cube(const Recording& recording) {
    ASSERT_EQ(recording.spectra.rows(), static_cast<Index>(map_nx * map_ny));
    ASSERT_EQ(recording.spectra.points(), static_cast<Index>(hdf5_maps_points));
    EXPECT_EQ(recording.spectra.axis->front(), 400);
    EXPECT_EQ(recording.spectra.axis->unit(), "1/cm");
    for (std::size_t row = 0; row < map_nx * map_ny; ++row) {
      for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
        ASSERT_EQ(recording.spectra.row(static_cast<Index>(row))[i], hdf5_maps_value_of(row, i));
      }
    }
  }
  void write_nexus_map(bool is_falling, bool has_axes, hid_t stored) const {
    const Hdf5Writer file(path);
    file.group("/entry/data");
    file.text("/entry/data", "NX_class", "NXdata");
    file.text("/entry/data", "signal", "counts");
    if (has_axes) {
      file.texts("/entry/data", "axes", {"y", "x", "raman_shift"});
    }
    file.data("/entry/data/counts", {map_ny, map_nx, hdf5_maps_points}, cube(is_falling), stored);
    file.data("/entry/data/raman_shift", {hdf5_maps_points}, shifts(is_falling));
    file.texts("/entry/data/raman_shift", "units", {"cm-1"});
    file.data("/entry/data/x", {map_nx}, {0, 2, 4, 6});
    file.data("/entry/data/y", {map_ny}, {0, 3, 6});
  }

  std::string path;
};

TEST_F(Hdf5Maps, NexusWithFallingAxisAndBigEndianFloats) {
  write_nexus_map(true, true, H5T_IEEE_F32BE);
  const auto file = read();
  EXPECT_EQ(file.format, "hdf5_maps");
  ASSERT_EQ(file.recordings.size(), 1U);
  const auto& recording = file.recordings[0];
  expect_cube(recording);
  EXPECT_TRUE(recording.spectra.axis->was_descending());
  EXPECT_EQ(recording.technique, Technique::raman);
  ASSERT_TRUE(recording.map);
  EXPECT_EQ(recording.map->nx, static_cast<Index>(map_nx));
  EXPECT_EQ(recording.map->ny, static_cast<Index>(map_ny));
  EXPECT_EQ(recording.map->step_x_um, 2);
  EXPECT_EQ(recording.map->step_y_um, 3);
}

TEST_F(Hdf5Maps, AxisThatTheGroupDoesNotNameIsFoundBesideTheData) {
  write_nexus_map(false, false, H5T_STD_U16LE);
  expect_cube(read().recordings.at(0));
}

TEST_F(Hdf5Maps, HyperspyAxesAreScaleAndOffset) {
  {
    const Hdf5Writer file(path);
    file.group("/Experiments/map");
    file.data(
        "/Experiments/map/data", {map_ny, map_nx, hdf5_maps_points}, cube(false), H5T_STD_I32BE);
    const char* names[] = {"y", "x", "Raman shift"};
    const double scales[] = {3, 2, 20};
    for (std::size_t d = 0; d < 3; ++d) {
      const auto axis = "/Experiments/map/axis-" + std::to_string(d);
      file.group(axis);
      file.text(axis, "name", names[d]);
      file.text(axis, "units", d == 2 ? "1/cm" : "um");
      file.number(axis, "scale", scales[d]);
      file.number(axis, "offset", d == 2 ? 400 : 0);
    }
  }
  const auto file = read();
  expect_cube(file.recordings.at(0));
  EXPECT_EQ(file.recordings[0].map->step_y_um, 3);
}

TEST_F(Hdf5Maps, PlainDatasetWithSpectraInColumns) {
  {
    const Hdf5Writer file(path);
    std::vector<double> columns;
    for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
      for (std::size_t row = 0; row < map_nx * map_ny; ++row) {
        columns.push_back(hdf5_maps_value_of(row, i));
      }
    }
    file.data("/wavenumber", {hdf5_maps_points}, shifts(false));
    file.data("/spectra", {hdf5_maps_points, map_nx * map_ny}, columns);
    file.data("/other", {5}, {1, 2, 3, 4, 5});
  }
  ReadOptions options;
  options.technique = Technique::raman;
  expect_cube(read(options).recordings.at(0));
}

TEST_F(Hdf5Maps, WithoutAnAxisPointsAreCountedAndThatIsSaid) {
  {
    const Hdf5Writer file(path);
    file.data("/numbers", {map_nx * map_ny, hdf5_maps_points}, cube(false));
  }
  const auto file = read();
  EXPECT_EQ(file.recordings.at(0).spectra.axis->unit(), "point");
  EXPECT_TRUE(std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [](const auto& row) {
    return row.code == "axis_missing";
  }));
}

TEST_F(Hdf5Maps, PathAfterTheColonChoosesADataset) {
  {
    const Hdf5Writer file(path);
    for (const auto* name : {"one", "two"}) {
      file.group(std::string("/") + name);
      file.text(std::string("/") + name, "NX_class", "NXdata");
      file.text(std::string("/") + name, "signal", "y");
      file.data(std::string("/") + name + "/y", {hdf5_maps_points}, shifts(false));
    }
  }
  EXPECT_EQ(read().recordings.size(), 2U);
  EXPECT_EQ(read().blocks.size(), 2U);
  const auto chosen = load(path + ":/two/y", {});
  EXPECT_EQ(chosen.recordings.size(), 1U);
  EXPECT_EQ(chosen.recordings[0].metadata.at("dataset"), "/two/y");
  EXPECT_THROW(static_cast<void>(load(path + ":/three", {})), Error);
}

TEST_F(Hdf5Maps, LinksOutOfTheFileAreNotFollowed) {
  {
    const Hdf5Writer file(path);
    H5Lcreate_external("/etc/hostname", "/data", file.file(), "away", H5P_DEFAULT, H5P_DEFAULT);
    file.group("/loop");
    H5Lcreate_hard(file.file(), "/", file.file(), "/loop/again", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_THROW(static_cast<void>(read()), Error);
}

TEST_F(Hdf5Maps, CutFilesAreSentences) {
  write_nexus_map(false, true, H5T_IEEE_F64LE);
  std::ifstream stream(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  for (std::size_t size = 8; size < whole.size(); size += whole.size() / 97) {
    try {
      static_cast<void>(load_bytes({std::string_view(whole).substr(0, size), "cut.h5"}, {}));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    }
  }
}

TEST_F(Hdf5Maps, OurOwnNexusReadsBackExactly) {
  write_nexus_map(true, true, H5T_IEEE_F64LE);
  auto original = read();
  original.recordings[0].spectra.values[7] = std::nan("");
  write_nexus(path, original.recordings);
  const auto again = read();
  ASSERT_EQ(again.recordings.size(), 1U);
  const auto& a = original.recordings[0];
  const auto& b = again.recordings[0];
  EXPECT_TRUE(std::isnan(b.spectra.values[7]));
  for (std::size_t i = 8; i < a.spectra.values.size(); ++i) {
    ASSERT_EQ(a.spectra.values[i], b.spectra.values[i]);
  }
  EXPECT_EQ(b.map->nx, a.map->nx);
  EXPECT_EQ(b.map->step_y_um, a.map->step_y_um);
  EXPECT_EQ(b.spectra.axis->values()[3], a.spectra.axis->values()[3]);
}

}  // namespace
}  // namespace calcispec::io
