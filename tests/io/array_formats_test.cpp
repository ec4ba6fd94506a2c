// ENVI, Agilent arrays, PerkinElmer files: orders, types and parts that the samples do not have.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/io/memory_folder.hpp"
#include "tests/support/agilent_writer.hpp"
#include "tests/support/perkinelmer_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

bool says_array_formats(const LoadedFile& file, const std::string& code) {
  for (const auto& row : file.diagnostics) {
    if (row.code == code) {
      return true;
    }
  }
  return false;
}

std::string array_formats_fault_of(const FileView& view) {
  try {
    load_bytes(view, {});
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// 2 lines of 3 samples in 4 bands; the number tells line, sample and band.
double number(int line, int sample, int band) {
  return 100 * line + 10 * sample + band;
}

std::string envi_numbers(const std::string& interleave, bool is_big) {
  test::ByteWriter out(is_big);
  const auto put = [&](int line, int sample, int band) {
    out.put(static_cast<std::int16_t>(number(line, sample, band)));
  };
  for (int a = 0; a < (interleave == "bsq" ? 4 : 2); ++a) {
    for (int b = 0; b < (interleave == "bsq" ? 2 : interleave == "bil" ? 4 : 3); ++b) {
      for (int c = 0; c < (interleave == "bip" ? 4 : 3); ++c) {
        interleave == "bsq" ? put(b, c, a) : interleave == "bil" ? put(a, c, b) : put(a, b, c);
      }
    }
  }
  return out.bytes();
}

std::string envi_header(const std::string& interleave, const std::string& byte_order) {
  const auto more = byte_order.empty() ? "" : "byte order = " + byte_order + "\r\n";
  return "ENVI\r\ndescription = {two\r\n lines, A=1}\r\nsamples = 3\r\nlines = 2\r\nbands = 4\r\n"
         "header offset = 7\r\ndata type = 2\r\ninterleave = " +
         interleave + "\r\n" + more + "wavelength = { 900,\r\n 1000, 1100, 1200}\r\n" +
         "z plot titles = {Wavenumbers (cm-1), Absorbance}\r\n" +
         "pixel size = {0.00001, 0.00002}\r\n";
}

TEST(Envi, MoreBandsThanCanBeCountedAreRefused) {
  MemoryFolder folder;
  folder.add("a.hdr",
             "ENVI\nsamples = 1\nlines = 1\nbands = 16777300\ndata type = 1\n"
             "interleave = bip\nbyte order = 0\n");
  std::string data;
  data.resize(16777300, '\1');
  folder.add("a.dat", data);
  EXPECT_NE(array_formats_fault_of(folder.view("a.hdr")).find("16777300 bands"), std::string::npos);
}

TEST(Envi, EveryOrderAndByteOrderGivesTheSameSpectra) {
  for (const std::string interleave : {"bsq", "bil", "bip"}) {
    for (const bool is_big : {false, true}) {
      SCOPED_TRACE(interleave);
      MemoryFolder folder;
      folder.add("map.HDR", envi_header(interleave, is_big ? "1" : "0"));
      folder.add("MAP.img", std::string(7, 'x') + envi_numbers(interleave, is_big));
      for (const char* name : {"map.HDR", "MAP.img"}) {
        const auto file = load_bytes(folder.view(name), {});
        EXPECT_EQ(file.format, "envi");
        const auto& recording = file.recordings.at(0);
        ASSERT_EQ(recording.spectra.rows(), 6);
        EXPECT_EQ(recording.spectra.row(5)[1], number(1, 2, 1));
        EXPECT_EQ(recording.spectra.row(1)[3], number(0, 1, 3));
        EXPECT_EQ(recording.map->nx, 3);
        EXPECT_EQ(recording.map->step_y_um, 20);
        EXPECT_EQ(recording.y_unit, "Absorbance");
        EXPECT_EQ(recording.spectra.axis->unit(), "1/cm");
        EXPECT_FALSE(says_array_formats(file, "byte_order_missing"));
      }
    }
  }
}

TEST(Envi, MissingByteOrderIsTakenAsLittleAndSaid) {
  MemoryFolder folder;
  folder.add("m.hdr", envi_header("bip", ""));
  folder.add("m.dat", std::string(7, 'x') + envi_numbers("bip", false));
  const auto file = load_bytes(folder.view("m.hdr"), {});
  EXPECT_TRUE(says_array_formats(file, "byte_order_missing"));
  EXPECT_EQ(file.recordings.at(0).spectra.row(5)[3], number(1, 2, 3));
}

TEST(Envi, WhatDoesNotFitIsRefusedWithASentence) {
  MemoryFolder folder;
  folder.add("m.hdr", envi_header("bip", "0"));
  EXPECT_NE(array_formats_fault_of(folder.view("m.hdr")).find("beside"), std::string::npos);
  folder.add("m.dat", "short");
  EXPECT_NE(array_formats_fault_of(folder.view("m.hdr")).find("header offset"), std::string::npos);
  folder.add("m.dat", std::string(50, 'x'));
  EXPECT_NE(array_formats_fault_of(folder.view("m.hdr")).find("24 numbers"), std::string::npos);
  folder.add("m.dat", std::string(9, 'x') + envi_numbers("bip", false));
  EXPECT_TRUE(says_array_formats(load_bytes(folder.view("m.hdr"), {}), "numbers_left"));
}

TEST(Envi, SkimmingKeepsTheFirstSpectrumAndCountsAll) {
  MemoryFolder folder;
  folder.add("m.hdr", envi_header("bil", "0"));
  folder.add("m.dat", std::string(7, 'x') + envi_numbers("bil", false));
  ReadOptions options;
  options.is_skim = true;
  const auto recording = load_bytes(folder.view("m.hdr"), options).recordings.at(0);
  EXPECT_EQ(recording.spectra.rows(), 1);
  ASSERT_TRUE(recording.skim.has_value());
  EXPECT_EQ(recording.skim->rows, 6);
  EXPECT_EQ(recording.skim->y_max, number(1, 2, 3));
  EXPECT_EQ(recording.skim->y_min, 0);
}

void expect_pair_answered(const FileView& view) {
  try {
    load_bytes(view, {});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
  }
}

TEST(Envi, DamageIsAnswered) {
  MemoryFolder folder;
  folder.add("m.dat", std::string(7, 'x') + envi_numbers("bil", false));
  test::damage_everywhere(envi_header("bil", "0"), 2000, [&](const std::string& damaged) {
    expect_pair_answered(folder.add("m.hdr", damaged).view("m.hdr"));
  });
}

std::vector<std::vector<float>> images(int points, int pixels, float start) {
  std::vector<std::vector<float>> out;
  for (int i = 0; i < points; ++i) {
    out.emplace_back();
    for (int k = 0; k < pixels; ++k) {
      out.back().push_back(start + static_cast<float>(10 * k + i));
    }
  }
  return out;
}

TEST(Agilent, TileTakesItsAxisFromTheParametersBesideIt) {
  test::AgilentParameters parameters{2.5, 400, 5, 7};
  parameters.optics = "Reflectance";
  MemoryFolder folder;
  folder.add("a.dat", test::agilent_tile(3, 2, images(5, 6, 0)));
  folder.add("a.seq", test::agilent_tile(3, 2, images(7, 6, 1)));
  folder.add("a.bsp", test::agilent_parameters(parameters));
  for (const char* name : {"a.dat", "a.bsp"}) {
    const auto recording = load_bytes(folder.view(name), {}).recordings.at(0);
    ASSERT_EQ(recording.spectra.rows(), 6);
    EXPECT_EQ(recording.spectra.axis->front(), 1000);
    EXPECT_EQ(recording.spectra.axis->back(), 1010);
    EXPECT_EQ(recording.spectra.row(4)[3], 43);
    EXPECT_EQ(recording.map->nx, 3);
    EXPECT_EQ(recording.map->step_x_um, 22);
    EXPECT_EQ(recording.mode, SamplingMode::reflection);
  }
  const auto interferogram = load_bytes(folder.view("a.seq"), {}).recordings.at(0);
  EXPECT_EQ(interferogram.spectra.axis->unit(), "point");
  EXPECT_EQ(interferogram.spectra.points(), 7);
  ReadOptions options;
  options.block = "interferograms";
  EXPECT_EQ(load_bytes(folder.view("a.bsp"), options).recordings.at(0).spectra.points(), 7);
}

TEST(Agilent, AtrIsTakenFromTheParameters) {
  test::AgilentParameters parameters{2, 400, 5, 9};
  parameters.atr = "Ge ATR";
  MemoryFolder folder;
  folder.add("a.dat", test::agilent_tile(2, 2, images(5, 4, 0)));
  folder.add("a.bsp", test::agilent_parameters(parameters));
  EXPECT_EQ(load_bytes(folder.view("a.dat"), {}).recordings.at(0).mode, SamplingMode::atr);
}

std::string tile(float start) {
  return test::agilent_tile(2, 2, images(4, 4, start));
}

TEST(Agilent, TilesCountFromTheTopAndLinesFromBelow) {
  MemoryFolder folder;
  folder.add("big_map.dmt", test::agilent_parameters({2, 500, 4, 9}));
  folder.add("Big_Map_0000_0000.dmd", tile(1000)).add("Big_Map_0001_0000.dmd", tile(2000));
  folder.add("Big_Map_0002_0000.dmd", tile(3000)).add("Big_Map_0000_0001.dmd", tile(4000));
  folder.add("Big_Map_0001_0001.dmd", tile(5000)).add("Big_Map_0002_0001.dmd", tile(6000));
  const auto recording = load_bytes(folder.view("big_map.dmt"), {}).recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 24);
  EXPECT_EQ(recording.map->nx, 6);
  EXPECT_EQ(recording.map->ny, 4);
  EXPECT_EQ(recording.spectra.row(0)[0], 4000);   // the lower left tile
  EXPECT_EQ(recording.spectra.row(7)[0], 4030);   // its second line
  EXPECT_EQ(recording.spectra.row(12)[0], 1000);  // above it
  EXPECT_EQ(recording.spectra.row(23)[3], 3033);
  const auto one = load_bytes(folder.view("Big_Map_0001_0001.dmd"), {}).recordings.at(0);
  EXPECT_EQ(one.spectra.axis->front(), 1000);
}

TEST(Agilent, AMissingTileIsNamed) {
  MemoryFolder folder;
  folder.add("m.dmt", test::agilent_parameters({2, 500, 4, 9})).add("m_0000_0000.dmd", tile(1));
  folder.add("m_0001_0000.dmd", tile(1)).add("m_0000_0001.dmd", tile(1));
  EXPECT_NE(array_formats_fault_of(folder.view("m.dmt")).find("m_0001_0001.dmd"),
            std::string::npos);
}

TEST(Agilent, DamageIsAnswered) {
  MemoryFolder folder;
  folder.add("m.bsp", test::agilent_parameters({2, 500, 4, 9}));
  test::damage_everywhere(tile(1), 2000, [&](const std::string& damaged) {
    expect_pair_answered(folder.add("m.dat", damaged).view("m.dat"));
  });
}

LoadedFile read_array_formats(const std::string& bytes) {
  return load_bytes({bytes, "made.txt"}, {});
}

TEST(PerkinElmer, DataSetIsToldFromItsHistory) {
  const auto file = read_array_formats(test::sp_bytes(4000, 3000, {0.5, 0.25, 1, 0.125, 0}));
  EXPECT_EQ(file.format, "perkinelmer_sp");
  const auto& recording = file.recordings.at(0);
  ASSERT_EQ(recording.spectra.points(), 5);
  EXPECT_TRUE(recording.spectra.axis->was_descending());
  EXPECT_EQ(recording.spectra.axis->back(), 4000);
  EXPECT_EQ(recording.spectra.row(0)[4], 0.5);
  EXPECT_EQ(recording.spectra.axis->kind(), AxisKind::wavenumber);
  EXPECT_EQ(recording.ordinate, OrdinateKind::absorbance);
  const auto percent =
      read_array_formats(test::sp_bytes(400, 4000, {90, 80, 70}, "%T")).recordings.at(0);
  EXPECT_EQ(percent.ordinate, OrdinateKind::transmittance);
}

test::FsmFile small_map() {
  test::FsmFile map;
  map.nx = 3;
  map.ny = 2;
  for (int i = 0; i < 6; ++i) {
    map.pixels.push_back({static_cast<float>(i), 1, 2, 3, 50});
  }
  return map;
}

TEST(PerkinElmer, MapsHaveOneBlockPerPixel) {
  const auto recording = read_array_formats(test::fsm_bytes(small_map())).recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 6);
  EXPECT_EQ(recording.map->nx, 3);
  EXPECT_EQ(recording.map->step_y_um, 6.25);
  EXPECT_EQ(recording.spectra.axis->front(), 750);
  EXPECT_EQ(recording.spectra.row(4)[4], 4);  // the axis falls in the file
}

TEST(PerkinElmer, AMapThatIsCutOffKeepsItsWholePixels) {
  auto bytes = test::fsm_bytes(small_map());
  bytes.resize(bytes.size() - 5);
  const auto file = read_array_formats(bytes);
  EXPECT_TRUE(says_array_formats(file, "cut_off"));
  EXPECT_EQ(file.recordings.at(0).spectra.rows(), 5);
  EXPECT_EQ(file.recordings.at(0).map->ny, 1);
}

TEST(PerkinElmer, DamageIsAnswered) {
  expect_damage_answered(test::sp_bytes(4000, 3000, {0.5, 0.25, 1, 0.125, 0}), 3000);
  expect_damage_answered(test::fsm_bytes(small_map()), 3000);
}

}  // namespace
}  // namespace calcispec::io
