// JCAMP-DX against tables written here by an encoder of its own.
#include "core/error.hpp"
#include "io/file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

namespace calcispec::io {
namespace {

enum class Coding { fixed, packed, squeezed, difference, repeated };

std::string pseudo(long value, const char* positive, const char* negative) {
  auto digits = std::to_string(std::labs(value));
  const auto lead = static_cast<std::size_t>(digits[0] - '0');
  digits[0] = value < 0 ? negative[lead] : positive[lead];
  return digits;
}

std::string squeezed(long value) {
  return pseudo(value, "@ABCDEFGHI", "@abcdefghi");
}

std::string difference(long value) {
  return pseudo(value, "%JKLMNOPQR", "%jklmnopqr");
}

std::string signed_text(long value) {
  return (value < 0 ? "" : "+") + std::to_string(value);
}

std::string coded(const std::vector<long>& y, Coding coding, std::size_t per_line) {
  std::string out;
  for (std::size_t start = 0; start < y.size(); start += per_line) {
    const auto end = std::min(y.size(), start + per_line);
    const bool is_difference = coding == Coding::difference || coding == Coding::repeated;
    std::string line = std::to_string(start);
    std::string last;
    std::size_t run = 1;
    const auto flush = [&] {
      if (run > 1) {
        line += pseudo(static_cast<long>(run), " STUVWXYZs", "");
      }
      run = 1;
    };
    if (is_difference) {
      line += squeezed(start == 0 ? y[0] : y[start - 1]);
    }
    for (std::size_t i = is_difference && start == 0 ? 1 : start; i < end; ++i) {
      const auto step = is_difference ? difference(y[i] - y[i - 1]) : std::string();
      if (coding == Coding::fixed) {
        line += " " + std::to_string(y[i]);
      } else if (coding == Coding::packed) {
        line += signed_text(y[i]);
      } else if (coding == Coding::squeezed) {
        line += squeezed(y[i]);
      } else if (coding == Coding::repeated && step == last) {
        ++run;
      } else {
        flush();
        line += step;
        last = step;
      }
    }
    flush();
    out += line + "\n";
  }
  return out;
}

std::vector<long> series_jcamp(std::size_t count) {
  std::mt19937 random(7);
  std::vector<long> y;
  for (std::size_t i = 0; i < count; ++i) {
    const long noise = static_cast<long>(random() % 2001) - 1000;
    y.push_back(i % 9 < 5 && i > 0 ? y.back() + 3 : noise * (i % 4 == 0 ? 1000 : 1));
  }
  return y;
}

std::string head(const std::string& more) {
  return "##TITLE= made\n##JCAMP-DX= 5.01 $$ version\n##DATA TYPE= INFRARED SPECTRUM\n"
         "##XUNITS= 1/CM\n##YUNITS= ABSORBANCE\n##YFACTOR= 1e-7\n" +
         more;
}

std::string table_jcamp(const std::vector<long>& y, Coding coding) {
  return head("##FIRSTX= 4000\n##LASTX= 400\n##NPOINTS= " + std::to_string(y.size()) +
              "\n##XFACTOR= 1\n##XYDATA= (X++(Y..Y))\n" + coded(y, coding, 11) + "##END=\n");
}

LoadedFile read_jcamp(const std::string& text, const ReadOptions& options = {}) {
  return load_bytes({text, "made.csv"}, options);
}

bool has_jcamp(const LoadedFile& file, const std::string& code) {
  for (const auto& row : file.diagnostics) {
    if (row.code == code) {
      return true;
    }
  }
  return false;
}

TEST(Jcamp, EveryNumberFormReadsBack) {
  for (const std::size_t count : {3U, 11U, 12U, 150U}) {
    const auto y = series_jcamp(count);
    for (const auto coding :
         {Coding::fixed, Coding::packed, Coding::squeezed, Coding::difference, Coding::repeated}) {
      SCOPED_TRACE(static_cast<int>(coding));
      const auto file = read_jcamp(table_jcamp(y, coding));
      EXPECT_EQ(file.format, "jcamp_dx");
      const auto& spectra = file.recordings.at(0).spectra;
      ASSERT_EQ(spectra.points(), static_cast<Index>(count));
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_DOUBLE_EQ(spectra.row(0)[count - 1 - i], 1e-7 * static_cast<double>(y[i])) << i;
      }
      EXPECT_EQ(spectra.axis->back(), 4000);
      EXPECT_EQ(spectra.axis->front(), 400);
      EXPECT_FALSE(has_jcamp(file, "check_failed"));
    }
  }
}

TEST(Jcamp, AFailedCheckPointIsSaid) {
  auto text = table_jcamp(series_jcamp(40), Coding::difference);
  const auto at = text.find("\n11") + 3;
  text[at + 1] = text[at + 1] == '9' ? '1' : '9';
  EXPECT_TRUE(has_jcamp(read_jcamp(text), "check_failed"));
}

TEST(Jcamp, AWrongCountIsSaidAndTheTableCounts) {
  const auto y = series_jcamp(40);
  auto text = table_jcamp(y, Coding::fixed);
  text.replace(text.find("NPOINTS= 40"), 11, "NPOINTS= 41");
  const auto file = read_jcamp(text);
  EXPECT_EQ(file.recordings.at(0).spectra.points(), 40);
  EXPECT_TRUE(has_jcamp(file, "count_differs"));
}

TEST(Jcamp, WithoutCountAndEndTheStepCounts) {
  const auto file =
      read_jcamp(head("##FIRSTX= 1000.5\n##DELTAX= -2.25\n##XFACTOR= 2.25\n"
                      "##XYDATA=(X++(Y..Y))\n444+1+2+3\n441+4+5\n##END=\n"));
  EXPECT_EQ(file.recordings.at(0).spectra.axis->back(), 1000.5);
  EXPECT_EQ(file.recordings.at(0).spectra.axis->front(), 1000.5 - 4 * 2.25);
}

TEST(Jcamp, ExponentsAndTheDigitEAreToldApart) {
  const auto file =
      read_jcamp(head("##FIRSTX=100\n##LASTX=500\n##NPOINTS=5\n##XYDATA=(X++(Y..Y))\n"
                      "1 1.5E+02 2e1 -3.0E-1\n4E4E5\n##END=\n"));
  const auto y = file.recordings.at(0).spectra.row(0);
  EXPECT_DOUBLE_EQ(y[0], 150e-7);
  EXPECT_DOUBLE_EQ(y[1], 20e-7);
  EXPECT_DOUBLE_EQ(y[2], -0.3e-7);
  EXPECT_DOUBLE_EQ(y[3], 54e-7);
  EXPECT_DOUBLE_EQ(y[4], 55e-7);
}

TEST(Jcamp, AMissingOrdinateIsNotANumber) {
  const auto file = read_jcamp(
      head("##FIRSTX=100\n##LASTX=400\n##NPOINTS=4\n##XYDATA=(X++(Y..Y))\n1 5 ? 7 8\n##END=\n"));
  EXPECT_TRUE(std::isnan(file.recordings.at(0).spectra.row(0)[1]));
  EXPECT_TRUE(has_jcamp(file, "not_a_number"));
}

TEST(Jcamp, PairsAreScaledByBothFactors) {
  const auto file =
      read_jcamp(head("##XFACTOR= 0.5\n##NPOINTS= 4\n##XYPOINTS= (XY..XY)\n"
                      "800,10; 900,20\n1000 30 1200 40\n##END=\n"));
  const auto& spectra = file.recordings.at(0).spectra;
  EXPECT_EQ(spectra.axis->front(), 400);
  EXPECT_EQ(spectra.axis->back(), 600);
  EXPECT_DOUBLE_EQ(spectra.row(0)[3], 40e-7);
}

TEST(Jcamp, PeaksAreSortedAndKeptApart) {
  const auto file = read_jcamp(
      "##TITLE=p\n##DATA TYPE=NMR PEAK ASSIGNMENTS\n##XUNITS=PPM\n"
      "##PEAK ASSIGNMENTS=(XYMA)\n( 30, 2,, <a>)\n(10, 1,, <b>)\n(30, 3,,<c>)\n"
      "##END=\n");
  const auto& spectra = file.recordings.at(0).spectra;
  EXPECT_EQ(spectra.points(), 3);
  EXPECT_EQ(spectra.row(0)[0], 1);
  EXPECT_TRUE(has_jcamp(file, "peaks_coincide"));
}

TEST(Jcamp, NtuplesGiveOneSpectrumPerPage) {
  const auto file = read_jcamp(
      "##TITLE= nt\n##JCAMP-DX= 5\n##DATA TYPE= NMR FID\n##NTUPLES= NMR FID\n"
      "##VAR_NAME= TIME, FID/REAL, FID/IMAG, PAGE NUMBER\n##SYMBOL= X, R, I, N\n"
      "##VAR_DIM= 4, 4, 4, 2\n##UNITS= SECONDS, V, V, \n##FIRST= 0, 1, 1, 1\n##LAST= 0.3, 4, 4, 2\n"
      "##FACTOR= 0.1, 2, 3, 1\n##PAGE= N=1\n##DATA TABLE= (X++(R..R)), XYDATA\n0+1+2\n2+3+4\n"
      "##PAGE= N=2\n##DATA TABLE= (X++(I..I)), XYDATA\n0+1+2\n2+3+4\n##END NTUPLES= NMR FID\n"
      "##END=\n");
  ASSERT_EQ(file.recordings.size(), 2U);
  EXPECT_DOUBLE_EQ(file.recordings[0].spectra.row(0)[3], 8);
  EXPECT_DOUBLE_EQ(file.recordings[1].spectra.row(0)[3], 12);
  EXPECT_DOUBLE_EQ(file.recordings[1].spectra.axis->back(), 0.3);
  EXPECT_EQ(file.recordings[1].spectra.axis->unit(), "s");
}

TEST(Jcamp, LinkedBlocksAreAllReadOrOneIsChosen) {
  const auto y = series_jcamp(30);
  const auto text = "##TITLE= all\n##DATA TYPE= LINK\n##BLOCKS= 2\n" +
                    table_jcamp(y, Coding::packed) +
                    table_jcamp(series_jcamp(20), Coding::squeezed) + "##END=\n";
  EXPECT_EQ(read_jcamp(text).recordings.size(), 2U);
  ReadOptions options;
  options.block = "2";
  const auto file = read_jcamp(text, options);
  ASSERT_EQ(file.recordings.size(), 1U);
  EXPECT_EQ(file.recordings[0].spectra.points(), 20);
  EXPECT_FALSE(file.blocks.at(0).is_used);
  EXPECT_TRUE(file.blocks.at(1).is_used);
}

// Any end but a crash: a result with all its points, or a sentence.
void expect_answer(const std::string& text) {
  try {
    for (const auto& recording : read_jcamp(text).recordings) {
      EXPECT_GE(recording.spectra.points(), 3);
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    EXPECT_GT(std::string(error.what()).size(), 15U);
  }
}

TEST(Jcamp, EveryTruncationAndManyMutationsAreAnswered) {
  std::mt19937 random(11);
  for (const auto coding : {Coding::fixed, Coding::repeated}) {
    const auto text = table_jcamp(series_jcamp(60), coding);
    for (std::size_t length = 0; length < text.size(); ++length) {
      expect_answer(text.substr(0, length));
    }
    for (int i = 0; i < 2000; ++i) {
      auto twisted = text;
      for (int k = 0; k < 3; ++k) {
        twisted[random() % twisted.size()] = static_cast<char>(random() % 256);
      }
      expect_answer(twisted);
    }
  }
}

}  // namespace
}  // namespace calcispec::io
