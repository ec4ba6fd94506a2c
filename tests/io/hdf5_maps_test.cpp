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

TEST_F(Hdf5Maps, AnyDatasetAndAnyAxisCanBeNamed) {
  std::vector<double> axis(50);
  std::vector<double> values;
  for (std::size_t i = 0; i < axis.size(); ++i) {
    axis[i] = 400 + 2 * static_cast<double>(i);
  }
  for (int i = 0; i < 150; ++i) {
    values.push_back(1000 + i);
  }
  {
    const test::Hdf5Writer writer(path);
    writer.group("/calib");
    writer.data("/larger", {60, 70}, std::vector<double>(4200, 1.0));
    writer.data("/scan", {3, 50}, values);
    writer.data("/calib/first", {50}, axis);
    writer.data("/calib/other", {49}, std::vector<double>(49, 2.0));
  }
  ReadOptions options;
  options.axis = "/calib/first";
  const auto file = load(path + ":/scan", options);
  ASSERT_EQ(file.recordings.size(), 1U);
  const auto& spectra = file.recordings[0].spectra;
  ASSERT_EQ(spectra.rows(), 3);
  EXPECT_EQ(spectra.axis->front(), 400);
  EXPECT_EQ(spectra.axis->back(), 498);
  EXPECT_EQ(spectra.row(2)[49], 1149);
  options.axis = "/calib/other";
  EXPECT_THROW(static_cast<void>(load(path + ":/scan", options)), Error);
  options.axis = "/calib/none";
  EXPECT_THROW(static_cast<void>(load(path + ":/scan", options)), Error);
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

TEST_F(Hdf5Maps, ListsOfMatlabAreMatricesOfOneLine) {
  for (const bool is_line : {true, false}) {
    {
      const Hdf5Writer file(path);
      const std::vector<hsize_t> size{is_line ? 1 : hdf5_maps_points,
                                      is_line ? hdf5_maps_points : 1};
      file.data("/wavenumber", size, shifts(false));
      file.data("/spectra", {map_nx * map_ny, hdf5_maps_points}, cube(false));
    }
    ReadOptions options;
    options.technique = Technique::raman;
    expect_cube(read(options).recordings.at(0));
  }
}

// As PTIR Studio: one axis and the places of a measurement, its channels below.
TEST_F(Hdf5Maps, MeasurementsOfPtirStudio) {
  const auto write = [&](bool has_gap) {
    const Hdf5Writer file(path);
    for (const char* name : {"/Measurement_000", "/Measurement_001"}) {
      const std::string measurement(name);
      const bool is_background = measurement == "/Measurement_000";
      file.group(measurement + "/Channel_000");
      file.number(measurement, "IsBackground", is_background ? 1 : 0);
      file.text(measurement, "Label", is_background ? "background" : "lesion");
      file.data(measurement + "/Spectroscopic_Values", {1, hdf5_maps_points}, shifts(false));
      file.texts(measurement + "/Spectroscopic_Values", "units", {"c", "m", "-", "1"});
      std::vector<double> indices;
      std::vector<double> places;
      for (std::size_t row = 0; row < map_nx * map_ny; ++row) {
        const auto column = static_cast<double>(row % map_nx);
        const std::size_t whole_lines = row / map_nx;
        const auto line = static_cast<double>(whole_lines);
        indices.insert(indices.end(), {has_gap && row == 5 ? 7 : column, line});
        places.insert(places.end(), {100 + 2 * column, 50 + 3 * line});
      }
      file.data(measurement + "/Position_Indices", {map_nx * map_ny, 2}, indices);
      file.data(measurement + "/Position_Values", {map_nx * map_ny, 2}, places);
      file.data(measurement + "/Channel_000/Raw_Data",
                {map_nx * map_ny, hdf5_maps_points},
                cube(false),
                H5T_IEEE_F32LE);
      file.text(measurement + "/Channel_000", "Label", "absorbance");
    }
  };
  write(false);
  const auto file = read();
  ASSERT_EQ(file.recordings.size(), 1U);  // a background is no spectrum of the sample
  expect_cube(file.recordings[0]);
  EXPECT_EQ(file.recordings[0].technique, Technique::ftir);
  ASSERT_TRUE(file.recordings[0].map);
  EXPECT_EQ(file.recordings[0].map->nx, static_cast<Index>(map_nx));
  EXPECT_EQ(file.recordings[0].map->ny, static_cast<Index>(map_ny));
  EXPECT_EQ(file.recordings[0].map->step_x_um, 2);
  EXPECT_EQ(file.recordings[0].map->step_y_um, 3);
  write(true);  // places that are no grid: a list of spectra
  const auto list = read();
  expect_cube(list.recordings.at(0));
  EXPECT_TRUE(!list.recordings[0].map || list.recordings[0].map->ny == 1);
}

// As ramanchada2: an axis and a spectrum in the two rows of each dataset.
TEST_F(Hdf5Maps, PairsOfAnAxisAndASpectrum) {
  {
    const Hdf5Writer file(path);
    file.group("/raw");
    for (const char* name : {"/raw/first", "/raw/second"}) {
      auto both = shifts(name == std::string("/raw/second"));
      for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
        both.push_back(hdf5_maps_value_of(name == std::string("/raw/second") ? 2 : 1, i));
      }
      file.data(name, {2, hdf5_maps_points}, both);
    }
  }
  ReadOptions options;
  options.technique = Technique::raman;
  const auto file = read(options);
  ASSERT_EQ(file.recordings.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    const auto& recording = file.recordings[k];
    ASSERT_EQ(recording.spectra.rows(), 1);
    EXPECT_EQ(recording.names.at(0), k == 0 ? "first" : "second");
    EXPECT_EQ(recording.spectra.axis->front(), 400);
    EXPECT_EQ(recording.spectra.axis->was_descending(), k == 1);
    for (std::size_t i = 0; i < hdf5_maps_points; ++i) {
      const auto stored = k == 0 ? i : hdf5_maps_points - 1 - i;
      EXPECT_EQ(recording.spectra.row(0)[i], hdf5_maps_value_of(k + 1, stored));
    }
  }
}

}  // namespace
}  // namespace calcispec::io
