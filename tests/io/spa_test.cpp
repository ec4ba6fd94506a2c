// SPA and SPG against files of other counts and unit codes than the samples; refused formats.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/spa_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

using test::SpaSpectrum;

SpaSpectrum one(std::size_t count, float start, const char* title = "") {
  SpaSpectrum out;
  out.first_x = 3999.5F;
  out.last_x = 400.25F;
  for (std::size_t i = 0; i < count; ++i) {
    out.y.push_back(start + 0.125F * static_cast<float>(i));
  }
  out.title = title;
  return out;
}

LoadedFile read_spa(const std::vector<SpaSpectrum>& spectra) {
  return load_bytes({test::spa_bytes(spectra, "Collect Sample"), "made.csv"}, {});
}

TEST(Spa, BothEndsOfTheAxisBelongToTheSpectrum) {
  const auto file = read_spa({one(23, 0.5F)});
  EXPECT_EQ(file.format, "thermo_spa");
  const auto& recording = file.recordings.at(0);
  ASSERT_EQ(recording.spectra.points(), 23);
  EXPECT_EQ(recording.spectra.axis->back(), 3999.5);
  EXPECT_EQ(recording.spectra.axis->front(), 400.25);
  EXPECT_EQ(recording.spectra.row(0)[22], 0.5);
  EXPECT_EQ(recording.technique, Technique::ftir);
  EXPECT_EQ(recording.ordinate, OrdinateKind::absorbance);
  EXPECT_EQ(recording.metadata.at("date"), "2018-06-02 19:42:58");
  EXPECT_EQ(recording.metadata.at("scans"), "64");
}

TEST(Spa, UnitCodesDecide) {
  auto raman = one(9, 10);
  raman.x_unit = 32;
  raman.y_unit = 31;
  EXPECT_EQ(read_spa({raman}).recordings.at(0).spectra.axis->kind(), AxisKind::raman_shift);
  auto percent = one(9, 10);
  percent.y_unit = 16;
  EXPECT_EQ(read_spa({percent}).recordings.at(0).ordinate, OrdinateKind::transmittance);
  auto signal = one(9, 10);
  signal.x_unit = 2;
  signal.y_unit = 22;
  EXPECT_FALSE(read_spa({signal}).recordings.at(0).spectra.axis->is_in_cm1());
}

TEST(Spa, AGroupKeepsFileOrderAndSplitsWhereTheAxisChanges) {
  auto other = one(12, 3, "c.spa, Tue");
  const auto file = read_spa({one(10, 1, "b.spa, Wed"), one(10, 2, "a.spa, Mon"), other});
  ASSERT_EQ(file.recordings.size(), 2U);
  EXPECT_EQ(file.recordings[0].spectra.rows(), 2);
  EXPECT_EQ(file.recordings[0].names.at(0), "b.spa, Wed");
  EXPECT_EQ(file.recordings[0].spectra.row(1)[9], 2);
  EXPECT_EQ(file.recordings[1].spectra.points(), 12);
}

TEST(Spa, ClippedAbsorbanceIsSaid) {
  auto clipped = one(9, 1);
  clipped.y[4] = 6;
  EXPECT_EQ(read_spa({clipped}).diagnostics.at(0).code, "absorbance_clipped");
}

TEST(Spa, DamageIsAnswered) {
  const auto bytes = test::spa_bytes({one(20, 1, "t"), one(20, 2)}, "history");
  expect_damage_answered(bytes, 3000);
}

std::string refusal(const std::string& start, const char* path) {
  std::string bytes = start;
  bytes.resize(600, '\0');
  try {
    load_bytes({bytes, path}, {});
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(KnownFormats, AreRefusedWithHowToExport) {
  const std::string ole("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
  EXPECT_NE(refusal("LabSpec6", "a.txt").find("LabSpec"), std::string::npos);
  EXPECT_NE(refusal("WIT_PR06", "a.wip").find("WITec"), std::string::npos);
  EXPECT_NE(refusal("Spectral Exte File\r\n", "a.srs").find("SPG"), std::string::npos);
  EXPECT_NE(refusal(ole, "a.jws").find("JASCO"), std::string::npos);
  EXPECT_NE(refusal(ole, "a.spc").find("Shimadzu"), std::string::npos);
  EXPECT_NE(refusal(ole, "a.bsp").find("OLE"), std::string::npos);
  EXPECT_NE(refusal(std::string("\0\xCF", 2), "a.SPC").find("no Galactic SPC"), std::string::npos);
  EXPECT_NE(refusal(std::string("\1\2\0", 3), "a.ngc").find("LabSpec"), std::string::npos);
}

}  // namespace
}  // namespace calcispec::io
