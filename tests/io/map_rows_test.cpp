// Rows of maps read one by one from the file are those that a whole read gives, packed or not.
#include "io/file.hpp"
#include "io/inflate.hpp"
#include "io/map_source.hpp"
#include "tests/support/omnic_series_writer.hpp"
#include "tests/support/opus_writer.hpp"
#include "tests/support/perkinelmer_writer.hpp"
#include "tests/support/spa_writer.hpp"
#include "tests/support/spc_writer.hpp"
#include "tests/support/wdf_writer.hpp"
#include "tests/support/zip_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace calcispec::io {
namespace {

namespace fs = std::filesystem;

constexpr int width = 4;
constexpr int height = 3;
constexpr int map_rows_points = 9;

// The number tells row and point.
float number(int row, int point) {
  return static_cast<float>(100 * row + point + (point == 5 ? 0.25 : 0));
}

class MapRows : public testing::Test {
 public:
  MapRows() { fs::create_directories(folder_); }
  ~MapRows() override { fs::remove_all(folder_); }

 protected:
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }

  // In blocks that do not divide the map, backwards too.
  static void expect_same_rows(const std::string& path) {
    SCOPED_TRACE(path);
    const auto whole = load(path, {});
    ASSERT_EQ(whole.recordings.size(), 1U);
    const auto& expected = whole.recordings[0];
    auto source = MapSource::open(path, {});
    ASSERT_EQ(source.rows(), expected.spectra.rows());
    EXPECT_EQ(source.rows(), Index{width} * height);
    EXPECT_EQ(source.head().ordinate, expected.ordinate);
    EXPECT_EQ(source.head().technique, expected.technique);
    EXPECT_EQ(source.head().map.has_value(), expected.map.has_value());
    for (const Index first : {0, 5, 10, 2}) {
      const Index count = std::min<Index>(5, source.rows() - first);
      const auto part = source.read(first, count);
      for (Index row = 0; row < count; ++row) {
        const auto got = part.row(row);
        const auto want = expected.spectra.row(first + row);
        EXPECT_TRUE(std::equal(got.begin(), got.end(), want.begin(), want.end())) << first + row;
      }
    }
    ReadOptions skim;
    skim.is_skim = true;
    const auto seen = load(path, skim).recordings.at(0);
    ASSERT_TRUE(seen.skim.has_value());
    EXPECT_EQ(seen.skim->rows, source.rows());
    EXPECT_EQ(seen.spectra.rows(), 1);
    const auto [low, high] =
        std::minmax_element(expected.spectra.values.begin(), expected.spectra.values.end());
    EXPECT_EQ(seen.skim->y_min, *low);
    EXPECT_EQ(seen.skim->y_max, *high);
  }

  static std::string text_map() {
    std::string out = "\t";
    for (int i = 0; i < map_rows_points; ++i) {
      out += "\t" + std::to_string(900 - 10 * i);
    }
    for (int row = 0; row < width * height; ++row) {
      out += "\n" + std::to_string(row % width) + "\t" + std::to_string(row / width);
      for (int i = 0; i < map_rows_points; ++i) {
        out += "\t" + std::to_string(number(row, i));
      }
    }
    return out + "\n";
  }

  static test::WdfFile wdf(std::uint32_t flags) {
    test::WdfFile out;
    out.capacity = width * height;
    out.width = width;
    out.height = height;
    out.map_flags = flags;
    for (int i = 0; i < map_rows_points; ++i) {
      out.axis.push_back(static_cast<float>(900 - 10 * i));
    }
    for (int row = 0; row < width * height; ++row) {
      out.spectra.emplace_back();
      for (int i = 0; i < map_rows_points; ++i) {
        out.spectra.back().push_back(number(row, i));
      }
    }
    return out;
  }

 private:
  fs::path folder_ =
      fs::temp_directory_path() / ("calcispec_map_rows_" + std::to_string(::getpid()));
};

TEST_F(MapRows, OfTextPlainAndPacked) {
  expect_same_rows(write("map.txt", text_map()));
  expect_same_rows(write("map.txt.gz", test::gzip_bytes(text_map())));
  expect_same_rows(write("map.zip",
                         test::zip_bytes({
                             {"map.txt", text_map()}
  })));
}

TEST_F(MapRows, OfWdfInEveryOrder) {
  for (const std::uint32_t flags : {0U, 2U, 4U, 6U}) {
    expect_same_rows(write("map" + std::to_string(flags) + ".wdf", test::wdf_bytes(wdf(flags))));
  }
}

TEST_F(MapRows, OfSpcFloatsAndScaledWholeNumbers) {
  for (const int exponent : {-128, 12, -3}) {
    test::SpcFile spc;
    spc.flags = 0x04;
    spc.exponent = exponent;
    spc.points = map_rows_points;
    spc.first_x = 900;
    spc.last_x = 820;
    for (int row = 0; row < width * height; ++row) {
      test::SpcSubfile subfile;
      subfile.exponent = exponent == -128 ? exponent : exponent + row % 2;
      subfile.z = static_cast<float>(row);
      for (int i = 0; i < map_rows_points; ++i) {
        subfile.stored.push_back(64 * static_cast<double>(number(row, i)));
      }
      spc.subfiles.push_back(subfile);
    }
    expect_same_rows(write("map" + std::to_string(exponent) + ".spc", test::spc_bytes(spc)));
  }
}

TEST_F(MapRows, OfOpusSeriesWithAScaleOfTheirOwn) {
  test::ByteWriter series;
  for (const std::int32_t head : {0, width * height, 24, 4 * map_rows_points, 152, 0}) {
    series.put(head);
  }
  for (int row = 0; row < width * height; ++row) {
    for (int i = 0; i < map_rows_points; ++i) {
      series.put(0.001F * number(row, i));
    }
    const auto record = series.size();
    series.pad_to(record + 152);
    series.put_at(record + 104, 1.0 + row);
    series.put_at(record + 144, 0.5 * row);
  }
  const auto type = test::opus_absorbance | test::opus_series;
  expect_same_rows(write(
      "map.0",
      test::opus_bytes({
          {type,  series.bytes()},
          { type + test::opus_status, test::opus_status_bytes(map_rows_points, 4000, 3200, 1)}
  })));
}

TEST_F(MapRows, OfOmnicSeriesAndFsm) {
  test::OmnicSeries series;
  series.first_x = 4000;
  series.last_x = 1000;
  test::FsmFile fsm;
  fsm.nx = width;
  fsm.ny = height;
  for (int row = 0; row < width * height; ++row) {
    series.titles.push_back("Spectrum " + std::to_string(row + 1) + " of 12");
    series.y.emplace_back();
    for (int i = 0; i < map_rows_points; ++i) {
      series.y.back().push_back(0.0001F * number(row, i));
    }
  }
  fsm.pixels = series.y;
  expect_same_rows(write("made.map", test::omnic_map_bytes(series)));
  expect_same_rows(write("made.fsm", test::fsm_bytes(fsm)));
}

TEST_F(MapRows, NumbersOfTwoBytesInBandsOneAfterAnother) {
  std::string numbers;
  for (int band = 0; band < map_rows_points; ++band) {
    for (int row = 0; row < width * height; ++row) {
      numbers += static_cast<char>(10 * row + band);
      numbers += '\0';
    }
  }
  write("map.dat", numbers);
  expect_same_rows(write("map.hdr",
                         "ENVI\nsamples = 4\nlines = 3\nbands = 9\ndata type = 12\n"
                         "interleave = bsq\nbyte order = 0\nwavelength = {900,910,920,930,940,"
                         "950,960,970,980}\nwavelength units = Wavenumber (cm-1)\n"));
}

TEST_F(MapRows, ANumberThatIsMissingIsFoundByASkimToo) {
  auto made = wdf(0);
  made.spectra[7][2] = std::nanf("");
  const auto path = write("nan.wdf", test::wdf_bytes(made));
  ReadOptions skim;
  skim.is_skim = true;
  EXPECT_EQ(load(path, skim).recordings.at(0).skim->first_bad_row, 7);
  const auto whole = load(path, {});
  bool is_said = false;
  for (const auto& row : whole.diagnostics) {
    // Points are counted as they stand in the file.
    is_said = is_said || (row.code == "not_a_number" && row.spectrum == 7 &&
                          row.text.find("point 3:") != std::string::npos);
  }
  EXPECT_TRUE(is_said);
}

TEST(Folders, AreNotListedForFilesThatSayWhatTheyAre) {
  test::SpaSpectrum spa;
  spa.first_x = 4000;
  spa.last_x = 650;
  spa.y = {1, 2, 3, 4};
  int listed = 0;
  Siblings siblings;
  siblings.names = [&] {
    ++listed;
    return std::vector<std::string>{};
  };
  siblings.bytes = [](const std::string&) { return std::nullopt; };
  EXPECT_EQ(load_bytes({test::spa_bytes({spa}), "a.spa", &siblings}, {}).format, "thermo_spa");
  EXPECT_EQ(load_bytes({"x,y\n1,2\n2,3\n3,4\n", "a.csv", &siblings}, {}).format, "plain_columns");
  EXPECT_EQ(listed, 0);
}

TEST(Inflate, MoreThanFitsInMemoryGoesToAFile) {
  constexpr std::size_t size = (std::size_t{65} << 20U) + 17;
  std::string bytes(size, 'a');
  bytes[size - 3] = 'b';
  const auto packed = test::gzip_bytes(bytes);
  const auto unpacked = inflate(packed, Packing::gzip);
  EXPECT_TRUE(unpacked.is_complete);
  EXPECT_TRUE(unpacked.bytes == bytes);
  const auto cut = inflate(packed, Packing::gzip, size - 5);
  EXPECT_FALSE(cut.is_complete);
  EXPECT_TRUE(cut.bytes == std::string_view(bytes).substr(0, size - 5));
}

}  // namespace
}  // namespace calcispec::io
