// Spectra of a result lie where HDF5 expects them, though they are packed and placed past it.
#include "io/nexus_map.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "io/placed_spectra.hpp"
#include "io/zlib_block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;

constexpr Index long_points = 2000;  // 65 spectra in a chunk

class NexusMapTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(::testing::TempDir()) / (std::string("map_") + info->name() + ".nxs")).string();
  }
  void TearDown() override { fs::remove(path); }

  static Recording head_of(std::optional<MapGrid> grid) {
    std::vector<double> axis(static_cast<std::size_t>(long_points));
    std::iota(axis.begin(), axis.end(), 400.0);
    Recording head;
    head.spectra = SpectraMatrix::make(Axis::make(axis, AxisKind::raman_shift, "1/cm"), 1);
    head.map = grid;
    return head;
  }
  static std::vector<float> row_of(Index row) {
    std::vector<float> out(static_cast<std::size_t>(long_points));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<float>(row) + static_cast<float>(i % 977) / 1024.0F;
    }
    return out;
  }
  // Some rows at a time, as blocks of a batch come.
  void write(std::optional<MapGrid> grid, Index rows, bool is_compressed) const {
    NexusMap map(path, head_of(grid), rows, {is_compressed, true});
    constexpr Index at_once = 7;
    for (Index first = 0; first < rows; first += at_once) {
      std::vector<float> values;
      for (Index row = first; row < std::min(rows, first + at_once); ++row) {
        const auto own = row_of(row);
        values.insert(values.end(), own.begin(), own.end());
      }
      map.write(first, values);
    }
    map.finish();
  }
  void expect_rows(Index rows) const {
    const auto file = load(path, {});
    ASSERT_EQ(file.recordings.size(), 1U);
    const auto& spectra = file.recordings[0].spectra;
    ASSERT_EQ(spectra.rows(), rows);
    for (Index row = 0; row < rows; ++row) {
      const auto wanted = row_of(row);
      const auto got = spectra.row(row);
      ASSERT_TRUE(std::equal(got.begin(), got.end(), wanted.begin())) << row;
    }
  }

  std::string path;
};

TEST_F(NexusMapTest, EveryShapeOfChunksIsReadBack) {
  const std::optional<MapGrid> grids[] = {
      MapGrid{70,  3,  1, 1}, // two chunks of 35 in a line
      MapGrid{131, 2,  1, 1}, // three of 44, the last one shorter
      MapGrid{30,  5,  1, 1}, // two lines in a chunk, the last one half empty
      MapGrid{1,   90, 1, 1},
      MapGrid{150, 1,  1, 1},
      std::nullopt,
  };
  for (const auto& grid : grids) {
    for (const bool is_compressed : {false, true}) {
      const Index rows = grid ? grid->nx * grid->ny : 100;
      SCOPED_TRACE(std::to_string(rows) + (is_compressed ? " packed" : " plain"));
      write(grid, rows, is_compressed);
      expect_rows(rows);
    }
  }
  write(std::nullopt, 1, false);
  expect_rows(1);
}

TEST_F(NexusMapTest, PlacesAreThoseOfTheNextFileOfTheSameShape) {
  const auto head = head_of(MapGrid{30, 5, 1, 1});
  begin_nexus_map(path, head, 150, {false, true});
  const auto places = spectra_places(path);
  const auto empty_bytes = fs::file_size(path);
  {
    const PlacedSpectra spectra(path, places);
    for (Index row = 149; row >= 0; --row) {  // in any order
      spectra.write(row, row_of(row));
    }
    std::vector<float> back(3 * static_cast<std::size_t>(long_points));
    spectra.read(44, back);
    EXPECT_TRUE(
        std::equal(back.begin() + long_points, back.begin() + 2 * long_points, row_of(45).begin()));
    spectra.sync();
  }
  EXPECT_EQ(fs::file_size(path), empty_bytes);
  NexusMap(path, head, 150, {false, true, true}).finish();
  expect_rows(150);
  begin_nexus_map(path, head, 150, {false, true});
  EXPECT_EQ(spectra_places(path).offsets, places.offsets);
  write(MapGrid{30, 5, 1, 1}, 150, true);
  fs::remove(path);
  EXPECT_THROW(spectra_places(path), Error);
}

TEST_F(NexusMapTest, PackedSpectraHaveAnOrder) {
  NexusMap map(path, head_of(MapGrid{10, 2, 1, 1}), 20, {true, true});
  map.write(0, row_of(0));
  EXPECT_THROW(map.write(2, row_of(2)), Error);
}

TEST(ZlibBlock, GivesBackWhatWasPackedAndRefusesOtherLengths) {
  NumberPacker packer;
  for (const std::size_t count : {1U, 5U, 1000U, 70001U}) {
    std::vector<float> numbers(count);
    for (std::size_t i = 0; i < count; ++i) {
      numbers[i] = 800.0F + static_cast<float>((i * 37) % 101);
    }
    const auto packed = packer.pack(numbers);
    const std::string_view stream(packed.data(), packed.size());
    std::vector<char> planes(count * sizeof(float));
    ASSERT_TRUE(inflate_exactly(stream, planes));
    for (std::size_t i = 0; i < count; ++i) {
      const char bytes[] = {
          planes[i], planes[count + i], planes[2 * count + i], planes[3 * count + i]};
      float value = 0;
      std::memcpy(&value, bytes, sizeof(value));
      ASSERT_EQ(value, numbers[i]);
    }
    std::vector<char> other(planes.size() + 1);
    EXPECT_FALSE(inflate_exactly(stream, other));
    other.resize(planes.size() - 1);
    EXPECT_FALSE(inflate_exactly(stream, other));
    EXPECT_FALSE(inflate_exactly(stream.substr(0, stream.size() / 2), planes));
  }
}

}  // namespace
}  // namespace calcispec::io
