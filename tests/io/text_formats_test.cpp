#include "core/error.hpp"
#include "io/file.hpp"
#include "io/spectra_csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace calcispec::io {
namespace {

struct Sample {
  std::string format;
  std::string text;
  double x_first;
  double y_first;
  Index points;
  Index spectra;
};

// The name is gtest's.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Sample& sample, std::ostream* out) {
  *out << sample.format;
}

std::string columns(char delimiter, char decimal, const std::string& header = {}) {
  std::string out = header;
  for (int i = 0; i < 12; ++i) {
    std::string x = std::to_string(400 + 100 * i) + ".5";
    std::string y = "0." + std::to_string(10 + i);
    if (decimal == ',') {
      x[x.find('.')] = ',';
      y[y.find('.')] = ',';
    }
    out.append(x).append(1, delimiter).append(y).append("\n");
  }
  return out;
}

std::string key_table(const std::string& keys, const std::string& header, char delimiter) {
  std::string out = keys + header + "\n";
  for (int i = 0; i < 6; ++i) {
    const std::string x = std::to_string(200 + 50 * i);
    const std::string y = std::to_string(1000 + i);
    out.append(std::to_string(i)).append(1, delimiter).append(x).append(1, delimiter);
    out.append(y).append("\n");
  }
  return out;
}

std::vector<Sample> samples() {
  std::vector<Sample> out;
  // First axis value and ordinate, points, spectra.
  const auto add =
      [&](const char* format, const std::string& text, const std::array<double, 4>& is) {
        out.push_back(
            {format, text, is[0], is[1], static_cast<Index>(is[2]), static_cast<Index>(is[3])});
      };
  add("rruff_text",
      "##NAMES=Calcite\n##RRUFFID=R1\n##RAMAN WAVELENGTH=532\n100.5, 3\n101.5, 4\n102.5, 5\n"
      "##END=\n\n",
      {100.5, 3, 3, 1});
  add("bwtek_text",
      "File Version;BWRam4.11\nDate;2022\nPixel;Raman Shift;Dark Subtracted #1;\n0;  ;5,5;\n"
      "1;100,5;6,5;\n2;101,5;7,5;\n3;102,5;8,5;\n",
      {100.5, 6.5, 3, 1});
  add("neegala_text",
      key_table("id,1\nlaser_wavelength,785\n", "Pixels,Raman_Shift,Processed_Data", ','),
      {200, 1000, 6, 1});
  add("lightnovo_tsv",
      key_table("DeviceSN\t1\nLaserWavelength_nm\t785\n", "Index\tPosition\tAmplitude", '\t'),
      {200, 1000, 6, 1});
  add("enlighten_csv",
      "Laser Wavelength,,,785,,785\nPixel Count,,,3,,3\n\n,,,a,,b\n"
      "Pixel,Wavelength,Wavenumber,Processed,Raw,Processed,Raw\n0,790,100,1,2,3,4\n"
      "1,791,101,5,6,7,8\n2,792,102,9,10,11,12\n",
      {100, 1, 3, 2});
  add("witec_table",
      "X-Axis\tmap(0/0)\tmap(1/0)\nrel. 1/cm\tCCD cts\tCCD cts\n 1.0E+02\t5\t6\n 1.1E+02\t7\t8\n"
      " 1.2E+02\t9\t10\n",
      {100, 5, 3, 2});
  add("row_table",
      "\t\t100\t110\t120\t130\t140\t150\t160\t170\n0\t0\t1\t2\t3\t4\t5\t6\t7\t8\n"
      "1\t0\t2\t3\t4\t5\t6\t7\t8\t9\n",
      {100, 1, 8, 2});
  add("labspec_text",
      "#Laser=785\n#Acq. time=3\n#Grating=600\n100\t5\n101\t6\n102\t7\n",
      {100, 5, 3, 1});
  add("perkinelmer_ascii",
      "PE IR       SPECTRUM    ASCII\nA\n#DATA\n4000\t0.1\n3000\t0.2\n2000\t0.3\n",
      {4000, 0.1, 3, 1});
  add("perkinelmer_asp", "4\n4000\n1000\n1\n2\n4\n0.1\n0.2\n0.3\n0.4\n", {4000, 0.1, 4, 1});
  add("plain_columns", columns('\t', '.'), {400.5, 0.10, 12, 1});
  add("plain_columns", columns(';', ','), {400.5, 0.10, 12, 1});
  add("plain_columns", columns(' ', ','), {400.5, 0.10, 12, 1});
  add("plain_columns", columns(',', '.', "wavenumber_1/cm,absorbance\n"), {400.5, 0.10, 12, 1});
  add("plain_columns",
      "6.749918e+002,1.35e-002\r\n6.788489e+002,1.32e-002\r\n1.8e+003,1.3e-002\r\n",
      {674.9918, 0.0135, 3, 1});
  return out;
}

class TextFormats : public ::testing::TestWithParam<Sample> {};

TEST_P(TextFormats, ReadsWhatWasWritten) {
  const auto& sample = GetParam();
  const auto file = load_bytes({sample.text, "sample"}, {});
  EXPECT_EQ(file.format, sample.format);
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.spectra.points(), sample.points);
  EXPECT_EQ(recording.spectra.rows(), sample.spectra);
  const auto& axis = *recording.spectra.axis;
  const auto first = axis.was_descending() ? sample.points - 1 : 0;
  EXPECT_EQ(axis.values()[static_cast<std::size_t>(first)], sample.x_first);
  EXPECT_EQ(recording.spectra.row(0)[static_cast<std::size_t>(first)], sample.y_first);
}

TEST_P(TextFormats, EveryTruncationIsReadOrRefusedWithASentence) {
  const auto& sample = GetParam();
  for (std::size_t length = 0; length < sample.text.size(); ++length) {
    try {
      const auto file = load_bytes({std::string_view(sample.text).substr(0, length), "cut"}, {});
      EXPECT_FALSE(file.recordings.empty());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
      EXPECT_GT(std::string(error.what()).size(), 15U);
    }
  }
}

TEST_P(TextFormats, LineEndsDoNotMatter) {
  const auto& sample = GetParam();
  for (const std::string end : {"\r\n", "\r"}) {
    std::string text;
    for (const char c : sample.text) {
      if (c == '\r') {
        continue;
      }
      text += c == '\n' ? end : std::string(1, c);
    }
    EXPECT_EQ(load_bytes({text, "ends"}, {}).recordings.at(0).spectra.points(), sample.points);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TextFormats, ::testing::ValuesIn(samples()));

std::string fault_text_formats(const std::string& text, const ReadOptions& options = {}) {
  try {
    load_bytes({text, "bad.txt"}, options);
  } catch (const Error& error) {
    return error.place() + ": " + error.what();
  }
  return {};
}

TEST(BadInput, IsRefusedWithPlaceAndRemedy) {
  EXPECT_NE(fault_text_formats("").find("empty"), std::string::npos);
  EXPECT_NE(fault_text_formats(std::string("\x01\x02\0\x03garbage\x7f\0", 13)).find("bad.txt"),
            std::string::npos);
  EXPECT_NE(fault_text_formats("only words\nno numbers here\n").find("two numbers"),
            std::string::npos);
  EXPECT_NE(fault_text_formats("1 2\n2 3\n").find("2 points"), std::string::npos);
  EXPECT_NE(fault_text_formats("100 2\n200 3\n150 4\n300 5\n").find("bad.txt:3"),
            std::string::npos);
  EXPECT_NE(fault_text_formats("100 2\n200 3\n200 4\n300 5\n").find("bad.txt:3"),
            std::string::npos);
  EXPECT_NE(fault_text_formats("wavenumber cm-1\tabsorbance\n3\t0.1\n4\t0.2\n5\t0.3\n6\t0.1\n")
                .find("micro"),
            std::string::npos);
  EXPECT_NE(
      fault_text_formats("100 2\n200 3\nabc 4\n300 5\n400 6\n500 7\n600 8\n").find("bad.txt:3"),
      std::string::npos);
  EXPECT_NE(fault_text_formats(std::string(17U << 20U, '1')).find("16 MB"), std::string::npos);
}

// The row above the damaged one was taken for a header and left out without a word.
TEST(BadInput, ADamagedSecondRowDoesNotSwallowTheFirst) {
  EXPECT_NE(fault_text_formats("100 1\n101 x\n102 3\n103 4\n104 1\n").find("bad.txt:2"),
            std::string::npos);
  EXPECT_EQ(fault_text_formats("shift 1\n101 x\n102 3\n103 4\n104 1\n"), "");
}

// The whole file was scanned before the line was found too long.
TEST(BadInput, ALongLineEndsTheReadingAtOnce) {
  EXPECT_NE(
      fault_text_formats("1 2\n2 3\n" + std::string(17U << 20U, '1') + "\n3 4\n").find("bad.txt:3"),
      std::string::npos);
}

TEST(BadInput, Utf16IsNamed) {
  EXPECT_NE(fault_text_formats(std::string("\xFF\xFE"
                                           "1\0 \0"
                                           "2\0",
                                           8))
                .find("UTF-16"),
            std::string::npos);
}

TEST(BadInput, NotANumberIsKeptAndSaid) {
  const auto file = load_bytes({"100 2\n200 nan\n300 4\n400 5\n", "n.txt"}, {});
  EXPECT_TRUE(std::isnan(file.recordings[0].spectra.row(0)[1]));
  ASSERT_FALSE(file.diagnostics.empty());
  EXPECT_EQ(file.diagnostics[0].code, "not_a_number");
  EXPECT_NE(file.diagnostics[0].text.find("n.txt:2"), std::string::npos);
}

TEST(Interpretation, UserWinsAndContradictionIsSaid) {
  ReadOptions options;
  options.technique = Technique::ftir;
  options.mode = SamplingMode::atr;
  const auto file = load_bytes({"Raman Shift\tcounts\n100\t2\n200\t3\n300\t4\n", "r"}, options);
  EXPECT_EQ(file.recordings[0].technique, Technique::ftir);
  EXPECT_EQ(file.recordings[0].mode, SamplingMode::atr);
  bool is_said = false;
  for (const auto& row : file.diagnostics) {
    is_said = is_said || row.code == "technique_contradicted";
  }
  EXPECT_TRUE(is_said);
}

// Containers name any signal so.
TEST(Interpretation, AnInfraredIntensityWithinAbsorbancesIsAbsorbance) {
  ReadOptions options;
  options.technique = Technique::ftir;
  const auto text = columns(',', '.', "Wavenumber (cm-1),Intensity\n");
  const auto file = load_bytes({text, "r.csv"}, options);
  EXPECT_EQ(file.recordings.at(0).ordinate, OrdinateKind::absorbance);
  EXPECT_TRUE(std::any_of(file.diagnostics.begin(), file.diagnostics.end(), [](const auto& row) {
    return row.code == "ordinate_guessed";
  }));
  std::string counts = "Wavenumber (cm-1),Intensity\n";
  for (int i = 0; i < 12; ++i) {
    counts += std::to_string(400 + 100 * i) + "," + std::to_string(30000 + 100 * i) + "\n";
  }
  EXPECT_EQ(load_bytes({counts, "s.csv"}, options).recordings.at(0).ordinate,
            OrdinateKind::intensity);
}

TEST(Interpretation, WavelengthsBecomeShiftsWithALaser) {
  ReadOptions options;
  options.laser_nm = 785;
  options.technique = Technique::raman;
  const auto file =
      load_bytes({"wavelength nm,counts\n800,2\n850,3\n900,4\n", "w"}, options).recordings.at(0);
  EXPECT_EQ(file.spectra.axis->kind(), AxisKind::raman_shift);
  EXPECT_NEAR(file.spectra.axis->front(), 1e7 / 785 - 1e7 / 800, 1e-9);
}

TEST(Interpretation, SpreadColumnIsNoSpectrum) {
  const auto file =
      load_bytes({"raman_shift_1/cm,mean,mean_sd\n100,5,1\n200,6,1\n300,7,2\n", "s"}, {});
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.spectra.rows(), 1);
  ASSERT_TRUE(recording.replicate_sd.has_value());
  EXPECT_EQ(recording.replicate_sd->row(0)[2], 2);
}

TEST(SpectraCsv, KeepsTheOrderAndEveryBit) {
  const auto first =
      load_bytes({"wavenumber cm-1,absorbance\n3000.1000000000004,0.1\n2000.3,0.30000000000000004\n"
                  "1000.7,1e-300\n",
                  "d"},
                 {});
  const auto text = spectra_csv(first.recordings[0]);
  EXPECT_EQ(text,
            "wavenumber_1/cm,absorbance\n3000.1000000000004,0.1\n2000.3,0.30000000000000004\n"
            "1000.7,1e-300\n");
  EXPECT_EQ(spectra_csv(load_bytes({text, "again"}, {}).recordings[0]), text);
}

TEST(Load, MissingFileSaysSo) {
  EXPECT_THROW(load("/nonexistent/spectrum.txt", {}), Error);
}

}  // namespace
}  // namespace calcispec::io
