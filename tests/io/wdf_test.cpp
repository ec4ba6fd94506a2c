// WDF against files of other counts, grids and units than the samples have.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/wdf_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

using test::WdfFile;

LoadedFile read_wdf(const WdfFile& file) {
  return load_bytes({test::wdf_bytes(file), "made.csv"}, {});
}

bool has_wdf(const LoadedFile& file, const std::string& code) {
  for (const auto& row : file.diagnostics) {
    if (row.code == code) {
      return true;
    }
  }
  return false;
}

// Spectrum k holds k everywhere.
WdfFile measured(std::size_t count, std::uint64_t capacity) {
  WdfFile file;
  file.axis = {1800, 1500, 1200, 900, 500};
  file.laser_cm1 = 12738.9F;
  file.capacity = capacity;
  for (std::size_t k = 0; k < count; ++k) {
    file.spectra.emplace_back(5, static_cast<float>(k));
  }
  return file;
}

// A grid of nx by ny, points 2 um apart in x and 3 in y, stored with columns or rows first.
WdfFile map_of(std::uint32_t nx, std::uint32_t ny, std::uint32_t flags, std::size_t count) {
  auto file = measured(count, std::uint64_t{nx} * ny);
  file.width = nx;
  file.height = ny;
  file.map_flags = flags;
  file.step_x = 2;
  file.step_y = 3;
  test::WdfOrigin x{0x80000003U, "X", {}};
  test::WdfOrigin y{0x80000004U, "Y", {}};
  const auto fast = (flags & 2U) != 0 ? ny : nx;
  for (std::uint32_t k = 0; k < nx * ny; ++k) {
    const auto line = k / fast;
    const auto along = (flags & 4U) != 0 && line % 2 == 1 ? fast - 1 - k % fast : k % fast;
    x.values.push_back(2.0 * ((flags & 2U) != 0 ? line : along));
    y.values.push_back(3.0 * ((flags & 2U) != 0 ? along : line));
  }
  file.origins = {x, y};
  return file;
}

TEST(Wdf, SeriesAxisLaserAndUnitsAreRight) {
  const auto file = read_wdf(measured(3, 3));
  EXPECT_EQ(file.format, "renishaw_wdf");
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.spectra.rows(), 3);
  EXPECT_EQ(recording.spectra.axis->back(), 1800);
  EXPECT_EQ(recording.spectra.row(2)[0], 2);
  EXPECT_EQ(recording.technique, Technique::raman);
  EXPECT_EQ(recording.ordinate, OrdinateKind::counts);
  EXPECT_NEAR(*recording.laser_nm, 785.0, 0.1);
  EXPECT_EQ(recording.metadata.at("title"), "made for a test");
}

// The row of each point follows from its position, whatever the order in the file.
TEST(Wdf, MapsComeRowsFirstWhateverTheirOrder) {
  for (const std::uint32_t flags : {0U, 2U, 4U, 6U}) {
    SCOPED_TRACE(flags);
    const auto made = map_of(4, 3, flags, 12);
    const auto recording = read_wdf(made).recordings.at(0);
    ASSERT_TRUE(recording.map.has_value());
    EXPECT_EQ(recording.map->nx, 4);
    EXPECT_EQ(recording.map->ny, 3);
    for (std::size_t k = 0; k < 12; ++k) {
      const auto ix = static_cast<Index>(made.origins[0].values[k] / 2);
      const auto iy = static_cast<Index>(made.origins[1].values[k] / 3);
      EXPECT_EQ(recording.spectra.row(iy * 4 + ix)[0], static_cast<double>(k));
    }
    EXPECT_EQ(recording.names.at(5), "X 2, Y 3");
  }
}

TEST(Wdf, AStoppedMapKeepsWhatWasMeasured) {
  const auto file = read_wdf(map_of(4, 3, 0, 9));
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.spectra.rows(), 9);
  EXPECT_EQ(recording.map->nx, 4);
  EXPECT_EQ(recording.map->ny, 2);
  EXPECT_TRUE(has_wdf(file, "stopped"));
  const auto columns = read_wdf(map_of(4, 3, 2, 10)).recordings.at(0);
  EXPECT_EQ(columns.map->nx, 3);
  EXPECT_EQ(columns.map->ny, 3);
  EXPECT_EQ(columns.spectra.row(1)[0], 3);
  EXPECT_EQ(columns.spectra.row(9)[0], 9);
}

TEST(Wdf, APlanThatDiffersFromThePositionsIsSaid) {
  auto made = map_of(4, 3, 0, 12);
  made.step_x = 2.5F;
  const auto file = read_wdf(made);
  EXPECT_TRUE(has_wdf(file, "step_differs"));
  EXPECT_EQ(file.recordings.at(0).map->step_x_um, 2);
}

TEST(Wdf, WavelengthsBecomeShiftsWithTheLaserOfTheFile) {
  auto made = measured(1, 1);
  made.axis = {800, 820, 850, 880, 900};
  made.x_unit = 3;
  const auto axis = read_wdf(made).recordings.at(0).spectra.axis;
  EXPECT_EQ(axis->kind(), AxisKind::raman_shift);
  EXPECT_NEAR(axis->front(), 12738.9 - 1e7 / 800, 0.01);
  made.laser_cm1 = 0;
  EXPECT_FALSE(read_wdf(made).recordings.at(0).spectra.axis->is_in_cm1());
}

TEST(Wdf, ADataBlockCutInTheMiddleIsNeverFilledUp) {
  auto bytes = test::wdf_bytes(measured(4, 4));
  bytes.resize(512 + 16 + 2 * 20 + 7);
  EXPECT_THROW(load_bytes({bytes, "cut.wdf"}, {}), Error);  // the axis lies behind
}

TEST(Wdf, ThePictureOfTheCameraIsKept) {
  auto file = measured(2, 2);
  EXPECT_TRUE(read_wdf(file).pictures.empty());
  file.white_light = std::string("\xFF\xD8\xFF\xE0 seen \0 here", 16);
  const auto read = read_wdf(file);
  ASSERT_EQ(read.pictures.size(), 1U);
  EXPECT_EQ(read.pictures[0].media_type, "image/jpeg");
  EXPECT_EQ(read.pictures[0].bytes, file.white_light);
  EXPECT_EQ(read.recordings.at(0).spectra.rows(), 2);
  file.white_light = "no JPEG";
  EXPECT_TRUE(read_wdf(file).pictures.empty());
}

TEST(Wdf, DamageIsAnswered) {
  auto file = map_of(3, 2, 6, 6);
  file.white_light = "\xFF\xD8\xFF seen";
  const auto bytes = test::wdf_bytes(file);
  expect_damage_answered(bytes, 4000);
}

}  // namespace
}  // namespace calcispec::io
