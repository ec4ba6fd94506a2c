// SPE and SIF against files of other types, regions, tracks and header lengths than the samples.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/sif_writer.hpp"
#include "tests/support/spe_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

LoadedFile read_camera_formats(const std::string& bytes, const ReadOptions& options = {}) {
  return load_bytes({bytes, "made.dat"}, options);
}

bool says_camera_formats(const LoadedFile& file, const std::string& code) {
  for (const auto& row : file.diagnostics) {
    if (row.code == code) {
      return true;
    }
  }
  return false;
}

test::SpeFile small_spe(int type) {
  test::SpeFile file;
  file.type = type;
  file.width = 5;
  file.frames = {
      {1, 2, 3, 4, 100},
      {5, 6, 7, 8, 9  }
  };
  file.polynomial = {600, 0.5};
  return file;
}

TEST(Spe, EveryNumberTypeIsRead) {
  for (const int type : {0, 1, 2, 3, 5, 6, 8}) {
    SCOPED_TRACE(type);
    const auto file = read_camera_formats(test::spe_bytes(small_spe(type)));
    EXPECT_EQ(file.format, "princeton_spe");
    const auto& spectra = file.recordings.at(0).spectra;
    ASSERT_EQ(spectra.rows(), 2);
    EXPECT_EQ(spectra.row(0)[4], 100);
    EXPECT_EQ(spectra.row(1)[0], 5);
  }
}

TEST(Spe, SignedWordsStaySigned) {
  auto file = small_spe(2);
  file.frames[0][1] = -300;
  EXPECT_EQ(read_camera_formats(test::spe_bytes(file)).recordings.at(0).spectra.row(0)[1], -300);
}

TEST(Spe, PolynomialCountsPixelsFromOneAndLaserGivesShift) {
  auto file = small_spe(0);
  const auto plain = read_camera_formats(test::spe_bytes(file)).recordings.at(0);
  EXPECT_EQ(plain.spectra.axis->unit(), "nm");
  EXPECT_DOUBLE_EQ(plain.spectra.axis->front(), 600.5);
  file.laser_nm = 532;
  const auto raman = read_camera_formats(test::spe_bytes(file)).recordings.at(0);
  EXPECT_EQ(raman.spectra.axis->kind(), AxisKind::raman_shift);
  EXPECT_NEAR(raman.spectra.axis->front(), 1e7 / 532 - 1e7 / 600.5, 1e-9);
  ASSERT_TRUE(raman.stored_axis.has_value());
  EXPECT_EQ(raman.stored_axis->unit, "nm");
  EXPECT_DOUBLE_EQ(raman.stored_axis->last, 602.5);
}

TEST(Spe, ValuesThatAreNoWavelengthsGiveNoShift) {
  auto file = small_spe(0);
  file.laser_nm = 532;
  file.polynomial = {-2.5, 1};  // passes through zero
  try {
    read_camera_formats(test::spe_bytes(file));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    EXPECT_NE(std::string(error.what()).find("wavelengths"), std::string::npos);
  }
}

TEST(Spe, UnitCodesDecide) {
  auto file = small_spe(0);
  file.polynomial_unit = 6;
  EXPECT_EQ(read_camera_formats(test::spe_bytes(file)).recordings.at(0).spectra.axis->kind(),
            AxisKind::raman_shift);
  file.polynomial.clear();
  const auto counted = read_camera_formats(test::spe_bytes(file));
  EXPECT_TRUE(says_camera_formats(counted, "axis_missing"));
  EXPECT_EQ(counted.recordings.at(0).spectra.axis->unit(), "point");
}

TEST(Spe, RowsOfTheDetectorAreSpectra) {
  auto file = small_spe(3);
  file.height = 2;
  file.frames = {
      {1, 2, 3, 4, 5, 11, 12, 13, 14, 15}
  };
  const auto recording = read_camera_formats(test::spe_bytes(file)).recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 2);
  EXPECT_EQ(recording.spectra.row(1)[0], 11);
  EXPECT_EQ(recording.names.at(1), "frame 1, row 2");
}

std::string footer(const std::string& regions, const std::string& more) {
  return "<SpeFormat version=\"3.0\"><DataFormat><DataBlock type=\"Frame\" count=\"2\" "
         "pixelFormat=\"MonochromeUnsigned16\" size=\"16\" stride=\"24\">" +
         regions + "</DataBlock></DataFormat><Calibrations>" + more + "</Calibrations></SpeFormat>";
}

test::SpeFile light_field() {
  test::SpeFile file;
  file.type = 3;
  file.width = 8;
  file.frames = {
      {1,  2,  3,  4,  5,  6,  7,  8 },
      {11, 12, 13, 14, 15, 16, 17, 18}
  };
  file.bytes_after_frame = 8;
  return file;
}

TEST(Spe, FooterHoldsWavelengthsRegionsAndStride) {
  auto file = light_field();
  file.footer = footer(
      "<DataBlock type=\"Region\" width=\"5\" height=\"1\" size=\"10\" stride=\"10\" "
      "calibrations=\"1,2\"/><DataBlock type=\"Region\" width=\"3\" height=\"1\" size=\"6\" "
      "stride=\"6\" calibrations=\"1,3\"/>",
      "<WavelengthMapping id=\"1\" laserLine=\"500\"><Wavelength "
      "xml:space=\"preserve\">501,502,503,504,505,506,507,508,509,510</Wavelength>"
      "</WavelengthMapping><SensorMapping id=\"2\" x=\"0\" width=\"10\" xBinning=\"2\"/>"
      "<SensorMapping id=\"3\" x=\"4\" width=\"3\" xBinning=\"1\"/>");
  const auto loaded = read_camera_formats(test::spe_bytes(file));
  ASSERT_EQ(loaded.recordings.size(), 2U);
  const auto& first = loaded.recordings[0];
  ASSERT_EQ(first.spectra.rows(), 2);
  EXPECT_EQ(first.spectra.row(1)[0], 11);
  EXPECT_DOUBLE_EQ(first.stored_axis->first, 501.5);  // two columns added up
  const auto& second = loaded.recordings[1];
  EXPECT_EQ(second.spectra.row(0)[0], 6);
  EXPECT_EQ(second.spectra.row(1)[2], 18);
  EXPECT_DOUBLE_EQ(second.stored_axis->first, 505);
}

TEST(Spe, FramesThatAreCutOffAreSaid) {
  auto bytes = test::spe_bytes(small_spe(5));
  bytes.resize(bytes.size() - 3);
  const auto file = read_camera_formats(bytes);
  EXPECT_TRUE(says_camera_formats(file, "cut_off"));
  EXPECT_EQ(file.recordings.at(0).spectra.rows(), 1);
}

TEST(Spe, DamageIsAnswered) {
  expect_damage_answered(test::spe_bytes(small_spe(3)), 2000);
  auto file = light_field();
  file.footer = footer("<DataBlock type=\"Region\" width=\"8\" height=\"1\" stride=\"16\"/>",
                       "<Wavelength>1,2,3,4,5,6,7,8</Wavelength>");
  expect_damage_answered(test::spe_bytes(file), 2000);
}

test::SifFile small_sif() {
  test::SifFile file;
  file.tracks = {
      {1, 4, 10, 1, 10, 1}
  };
  file.frames = {
      {1,  2, 3, 4.5F},
      {-5, 6, 7, 8   }
  };
  return file;
}

TEST(Sif, HeadersOfAnyLengthAreRead) {
  for (const int lines : {2, 8, 18, 25}) {
    auto file = small_sif();
    file.lines_in_the_middle = lines;
    const auto loaded = read_camera_formats(test::sif_bytes(file));
    EXPECT_EQ(loaded.format, "andor_sif");
    const auto& spectra = loaded.recordings.at(0).spectra;
    ASSERT_EQ(spectra.rows(), 2) << lines;
    EXPECT_EQ(spectra.row(1)[0], -5);
    EXPECT_DOUBLE_EQ(spectra.axis->front(), 500.5);
  }
}

TEST(Sif, NumbersBehindTheTimesAreSkipped) {
  auto file = small_sif();
  for (const char* more : {"", "0\n", "1\n  77\n  88\n"}) {
    file.after_times = more;
    EXPECT_EQ(read_camera_formats(test::sif_bytes(file)).recordings.at(0).spectra.row(0)[3], 4.5)
        << more;
  }
}

TEST(Sif, ExcitationOfAWavelengthAxisMayBeADefault) {
  auto file = small_sif();
  const auto plain = read_camera_formats(test::sif_bytes(file));
  EXPECT_TRUE(says_camera_formats(plain, "excitation_unused"));
  EXPECT_EQ(plain.recordings.at(0).spectra.axis->unit(), "nm");
  file.axis = "Raman shift";
  file.excitation = "488";
  const auto raman = read_camera_formats(test::sif_bytes(file)).recordings.at(0);
  EXPECT_EQ(raman.spectra.axis->kind(), AxisKind::raman_shift);
  EXPECT_NEAR(raman.spectra.axis->front(), 1e7 / 488 - 1e7 / 500.5, 1e-9);
  EXPECT_DOUBLE_EQ(raman.stored_axis->first, 500.5);
}

TEST(Sif, TracksAndBinningHaveTheirOwnPixels) {
  auto file = small_sif();
  file.tracks = {
      {3, 8, 2, 1, 1, 2},
      {1, 3, 5, 5, 1, 1}
  };  // 3 pixels in 2 rows, 3 in 1
  file.frames = {
      {1, 2, 3, 4, 5, 6, 7, 8, 9}
  };
  const auto loaded = read_camera_formats(test::sif_bytes(file));
  ASSERT_EQ(loaded.recordings.size(), 2U);
  const auto& first = loaded.recordings[0].spectra;
  ASSERT_EQ(first.rows(), 2);
  EXPECT_EQ(first.row(1)[0], 4);
  EXPECT_DOUBLE_EQ(first.axis->front(), 500 + 0.5 * 3.5);  // between pixels 3 and 4
  EXPECT_EQ(loaded.recordings[1].spectra.row(0)[2], 9);
}

TEST(Sif, EachFrameMayHaveItsOwnCalibration) {
  auto file = small_sif();
  file.user_text =
      "Calibration data for frame 1: 100,1,0,0\nCalibration data for frame 2: 200,2,0,0";
  const auto loaded = read_camera_formats(test::sif_bytes(file));
  ASSERT_EQ(loaded.recordings.size(), 2U);
  EXPECT_DOUBLE_EQ(loaded.recordings[1].spectra.axis->front(), 202);
  EXPECT_EQ(loaded.recordings[1].spectra.row(0)[0], -5);
}

TEST(Sif, DamageIsAnswered) {
  expect_damage_answered(test::sif_bytes(small_sif()), 3000);
}

}  // namespace
}  // namespace calcispec::io
