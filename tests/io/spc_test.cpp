// SPC against files of other flags, exponents and unit codes than the samples have.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/spc_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace calcispec::io {
namespace {

using test::SpcFile;
using test::SpcSubfile;

constexpr std::array<std::uint8_t, 3> versions{0x4B, 0x4C, 0x4D};  // new, big-endian, old

LoadedFile read_spc(const SpcFile& file) {
  return load_bytes({test::spc_bytes(file), "made.txt"}, {});
}

std::vector<double> ramp_spc(std::size_t count, double start, double step) {
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = start + step * static_cast<double>(i);
  }
  return out;
}

SpcFile single(std::uint8_t version, int exponent, std::uint8_t flags = 0) {
  SpcFile file;
  file.version = version;
  file.flags = flags;
  file.exponent = exponent;
  file.points = 37;
  file.first_x = 3900;
  file.last_x = 300;
  const bool is_word = (flags & 0x01U) != 0;
  // Negative values and both halves of the word in use.
  file.subfiles = {
      {exponent, ramp_spc(37, -30000, is_word ? 1111 : 77777777.0), {}, 0}
  };
  return file;
}

double spc_value_of(double stored, int exponent, bool is_word) {
  return exponent == -128 ? static_cast<double>(static_cast<float>(stored))
                          : std::ldexp(stored, exponent - (is_word ? 16 : 32));
}

TEST(Spc, EveryVersionWidthAndSignOfExponentReadsBack) {
  for (const std::uint8_t version : versions) {
    for (const int exponent : {-128, -60, -1, 0, 7, 31}) {
      for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}}) {
        SCOPED_TRACE(std::to_string(version) + " " + std::to_string(exponent));
        const bool is_word = flags == 1;
        if (is_word && exponent == -128) {
          continue;
        }
        auto made = single(version, exponent, flags);
        // Fits both widths.
        made.subfiles[0].stored = ramp_spc(37, -30000, is_word ? 1111 : 57777777);
        const auto file = read_spc(made);
        EXPECT_EQ(file.format, "galactic_spc");
        const auto& spectra = file.recordings.at(0).spectra;
        ASSERT_EQ(spectra.points(), 37);
        EXPECT_TRUE(spectra.axis->was_descending());
        EXPECT_EQ(spectra.axis->back(), 3900);
        EXPECT_EQ(spectra.axis->front(), 300);
        for (std::size_t i = 0; i < 37; ++i) {
          EXPECT_EQ(spectra.row(0)[36 - i],
                    spc_value_of(made.subfiles[0].stored[i], exponent, is_word));
        }
      }
    }
  }
}

TEST(Spc, TheExponentOfTheSubfileWinsInAMultifileAndNotInASingleOne) {
  for (const std::uint8_t version : versions) {
    auto made = single(version, 3, 0x04);
    made.subfiles = {
        {-5, ramp_spc(37, 1e6, 1e5), {}, 1},
        {0,  ramp_spc(37, 2e6, 1e5), {}, 2},
        {9,  ramp_spc(37, 3e6, 1e5), {}, 4}
    };
    const auto file = read_spc(made);
    const auto& spectra = file.recordings.at(0).spectra;
    ASSERT_EQ(spectra.rows(), 3) << int{version};
    EXPECT_EQ(spectra.row(0)[36], std::ldexp(1e6, -37));
    EXPECT_EQ(spectra.row(1)[36], std::ldexp(2e6, -32));
    EXPECT_EQ(spectra.row(2)[36], std::ldexp(3e6, -23));
  }
  auto made = single(0x4B, -1);
  made.subfiles[0].exponent = -98;
  EXPECT_EQ(read_spc(made).recordings.at(0).spectra.row(0)[36], std::ldexp(-30000.0, -33));
}

TEST(Spc, AnOldMultifileHasNoCountAndIsReadToItsEnd) {
  for (const std::size_t count : {2U, 5U, 19U}) {
    auto made = single(0x4D, 3, 0x04);
    const auto one = made.subfiles[0];
    made.subfiles.assign(count, one);
    for (std::size_t k = 0; k < count; ++k) {
      made.subfiles[k].stored = ramp_spc(37, 1e6 * static_cast<double>(k + 1), 1e5);
    }
    const auto file = read_spc(made);
    const auto& spectra = file.recordings.at(0).spectra;
    ASSERT_EQ(spectra.rows(), static_cast<Index>(count));
    EXPECT_EQ(spectra.row(static_cast<Index>(count) - 1)[36],
              std::ldexp(1e6 * static_cast<double>(count), 3 - 32));
  }
}

TEST(Spc, FloatAndIntegerSubfilesMix) {
  auto made = single(0x4B, 4, 0x04);
  made.subfiles = {
      {-128, ramp_spc(37, 0.25, 0.5), {}, 1},
      {4,    ramp_spc(37, 1e6,  1e5), {}, 2}
  };
  const auto file = read_spc(made);
  EXPECT_EQ(file.recordings.at(0).spectra.row(0)[36], 0.25);
  EXPECT_EQ(file.recordings.at(0).spectra.row(1)[36], std::ldexp(1e6, -28));
}

// Some programs leave rubbish in the subheader of floating-point files.
TEST(Spc, RubbishInASubheaderOfAFloatFileIsNoExponent) {
  auto made = single(0x4B, -128, 0x04);
  made.subfiles = {
      {-128, ramp_spc(37, 0.25, 0.5), {}, 1}
  };
  auto bytes = test::spc_bytes(made);
  bytes[513] = 121;
  const auto file = load_bytes({bytes, "made.spc"}, {});
  EXPECT_EQ(file.recordings.at(0).spectra.row(0)[36], 0.25);
}

TEST(Spc, ListedAndOwnAxes) {
  auto made = single(0x4B, -128, 0x80);
  made.x = {100, 101, 103, 108, 120};
  made.points = 5;
  made.subfiles = {
      {-128, {1, 2, 3, 4, 5}, {}, 0}
  };
  EXPECT_EQ(read_spc(made).recordings.at(0).spectra.axis->values()[3], 108);
  for (const int exponent : {-128, 9}) {
    made = single(0x4B, exponent, 0x04 | 0x40 | 0x80);
    made.points = 0;
    made.x_unit = 9;
    const double unit = exponent == -128 ? 1 : std::ldexp(1.0, 32 - exponent);
    made.subfiles = {
        {exponent, {unit, 2 * unit, 3 * unit},               {27, 43, 161},    0},
        {exponent, {4 * unit, 5 * unit, 6 * unit, 7 * unit}, {10, 20, 30, 40}, 0}
    };
    const auto file = read_spc(made);
    ASSERT_EQ(file.recordings.size(), 2U);
    EXPECT_EQ(file.recordings[0].spectra.axis->values()[2], 161);
    EXPECT_EQ(file.recordings[1].spectra.points(), 4);
    EXPECT_EQ(file.recordings[1].spectra.row(0)[3], 7);
    EXPECT_EQ(file.recordings[1].spectra.axis->unit(), "m/z");
  }
}

TEST(Spc, UnitsLabelsDateAndLogAreTaken) {
  auto made = single(0x4B, 30);
  made.x_unit = 13;
  made.y_unit = 0;
  made.flags = 0x20;
  made.labels = std::string("\0Rmn Intensity\0", 15);
  made.log = "Laser=785.1\r\nX-Position = 12.5\r\nno pair\r\n";
  const auto recording = read_spc(made).recordings.at(0);
  EXPECT_EQ(recording.technique, Technique::raman);
  EXPECT_EQ(recording.spectra.axis->kind(), AxisKind::raman_shift);
  EXPECT_EQ(recording.y_unit, "Rmn Intensity");
  EXPECT_EQ(recording.metadata.at("X-Position"), "12.5");
  EXPECT_EQ(recording.metadata.at("Laser"), "785.1");
  EXPECT_EQ(recording.metadata.at("date"), "2021-03-04 05:06");
  EXPECT_EQ(recording.metadata.at("comment"), "made for a test");
}

// A Raman file whose header says absorbance.
TEST(Spc, AnImpossibleAbsorbanceIsNotBelieved) {
  auto made = single(0x4B, -128);
  made.first_x = 120;
  made.last_x = 1800;
  made.subfiles[0].stored = ramp_spc(37, 10, 20);
  const auto file = read_spc(made);
  EXPECT_EQ(file.recordings.at(0).technique, Technique::raman);
  EXPECT_EQ(file.diagnostics.at(0).code, "ordinate_implausible");
}

TEST(Spc, AnInterferogramIsNoSpectrumWhateverItsAxisSays) {
  auto made = single(0x4B, -128);
  made.y_unit = 1;
  const auto file = read_spc(made);
  EXPECT_EQ(file.recordings.at(0).technique, Technique::ftir);
  EXPECT_FALSE(file.recordings.at(0).spectra.axis->is_in_cm1());
  EXPECT_EQ(file.diagnostics.at(0).code, "interferogram");
}

TEST(Spc, PixelNumbersAreNoWavenumbers) {
  auto made = single(0x4B, -128);
  made.x_unit = 0;
  made.y_unit = 4;
  made.first_x = 1;
  made.last_x = 37;
  EXPECT_EQ(read_spc(made).recordings.at(0).spectra.axis->unit(), "point");
}

TEST(Spc, ACutMultifileGivesItsCompleteSubfiles) {
  for (const std::uint8_t version : {versions[0], versions[2]}) {
    auto made = single(version, 3, 0x04);
    made.subfiles.resize(4, made.subfiles[0]);
    const auto bytes = test::spc_bytes(made);
    const auto file = load_bytes({std::string_view(bytes).substr(0, bytes.size() - 200), "c"}, {});
    EXPECT_EQ(file.recordings.at(0).spectra.rows(), 2);
    EXPECT_EQ(file.diagnostics.at(0).code, "cut_off");
  }
}

TEST(Spc, ACutSingleFileIsRefusedWithOffsetAndNeed) {
  const auto bytes = test::spc_bytes(single(0x4B, 3));
  try {
    load_bytes({std::string_view(bytes).substr(0, 600), "cut.spc"}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("byte 544"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("ends at byte 600"), std::string::npos);
  }
}

TEST(Spc, DamageIsAnswered) {
  auto own = single(0x4B, -128, 0x04 | 0x40 | 0x80);
  own.subfiles = {
      {-128, {1, 2, 3}, {27, 43, 161}, 0},
      {-128, {4, 5, 6}, {10, 20, 30},  0}
  };
  auto multi = single(0x4D, 3, 0x05);
  multi.subfiles = {
      {-5, ramp_spc(37, 1, 10), {}, 1},
      {0,  ramp_spc(37, 2, 10), {}, 2}
  };
  auto with_log = single(0x4C, 3);
  with_log.log = "a=b\n";
  for (const auto& made : {own, multi, with_log}) {
    expect_damage_answered(test::spc_bytes(made), 1500);
  }
}

}  // namespace
}  // namespace calcispec::io
