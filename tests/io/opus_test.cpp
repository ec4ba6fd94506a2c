// OPUS against files of other blocks, counts and scales than the samples have.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/text_spectra.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/opus_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace calcispec::io {
namespace {

using test::OpusBlock;
using test::OpusValues;

std::vector<double> ramp_opus(std::size_t count, double start) {
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = start + 0.125 * static_cast<double>(i);
  }
  return out;
}

// Data before parameters, as the program writes them.
void add(std::vector<OpusBlock>& blocks,
         std::uint32_t type,
         std::size_t points,
         double start,
         double scale = 1) {
  blocks.push_back({type, test::opus_floats(ramp_opus(points, start), 1)});
  blocks.push_back({type | test::opus_status, test::opus_status_bytes(points, 3998, 402, scale)});
}

LoadedFile read_opus(const std::vector<OpusBlock>& blocks, const ReadOptions& options = {}) {
  return load_bytes({test::opus_bytes(blocks), "made.csv"}, options);
}

double last_value(const LoadedFile& file) {  // the axis falls
  return file.recordings.at(0).spectra.row(0)[0];
}

TEST(Opus, AxisScaleAndPaddingAreRight) {
  std::vector<OpusBlock> blocks;
  add(blocks, test::opus_absorbance, 19, 0.5, 0.25);
  const auto file = read_opus(blocks);
  EXPECT_EQ(file.format, "bruker_opus");
  const auto& spectra = file.recordings.at(0).spectra;
  ASSERT_EQ(spectra.points(), 19);
  EXPECT_EQ(spectra.axis->front(), 402);
  EXPECT_EQ(spectra.axis->back(), 3998);
  EXPECT_EQ(spectra.row(0)[18], 0.125);
  EXPECT_EQ(spectra.row(0)[0], 0.25 * (0.5 + 18 * 0.125));
}

// Axes are made in parts; each point is what the ends and its number say.
TEST(Opus, LongAxesHaveNoSeam) {
  constexpr std::size_t seam = std::size_t{1} << 20U;
  const auto axis = even_axis(4000.25, 399.5, seam + 3);
  EXPECT_EQ(axis.front(), 4000.25);
  EXPECT_EQ(axis.back(), 399.5);
  for (const std::size_t i : {seam - 1, seam, seam + 1}) {
    const double share = static_cast<double>(i) / static_cast<double>(seam + 2);
    EXPECT_EQ(axis[i], 4000.25 * (1 - share) + 399.5 * share);
  }
}

TEST(Opus, EachBlockPairsWithTheParametersOfItsOwnType) {
  std::vector<OpusBlock> blocks;
  add(blocks, test::opus_sample, 31, 9);
  add(blocks, test::opus_interferogram, 50, 7);
  add(blocks, test::opus_absorbance, 19, 0.5);
  add(blocks, test::opus_reference, 33, 8);
  std::reverse(blocks.begin(), blocks.end());
  EXPECT_EQ(read_opus(blocks).recordings.at(0).spectra.points(), 19);
  ReadOptions options;
  options.block = "reference spectrum";
  EXPECT_EQ(read_opus(blocks, options).recordings.at(0).spectra.points(), 33);
  options.block = "sample interferogram";
  const auto file = read_opus(blocks, options);
  EXPECT_EQ(file.recordings.at(0).spectra.points(), 50);
  EXPECT_FALSE(file.recordings.at(0).spectra.axis->is_in_cm1());
  options.block = "Raman";
  EXPECT_THROW(read_opus(blocks, options), Error);
}

// Two blocks of one kind: measured, and with the atmosphere compensated.
TEST(Opus, OfTwoBlocksOfOneKindTheProcessedOneIsUsedAndSaid) {
  for (const bool is_first : {true, false}) {
    std::vector<OpusBlock> blocks;
    add(blocks, test::opus_absorbance | (is_first ? 0 : test::opus_superseded), 19, 1);
    add(blocks, test::opus_absorbance | (is_first ? test::opus_superseded : 0), 21, 2);
    const auto file = read_opus(blocks);
    EXPECT_EQ(file.recordings.at(0).spectra.points(), is_first ? 19 : 21);
    ASSERT_EQ(file.blocks.size(), 2U);
    EXPECT_EQ(file.blocks[0].is_used, is_first);
    EXPECT_NE(file.blocks[is_first ? 1 : 0].reason.find("processing"), std::string::npos);
  }
}

TEST(Opus, WithoutAResultTheSampleThenTheInterferogramIsUsed) {
  std::vector<OpusBlock> blocks;
  add(blocks, test::opus_interferogram, 50, 7);
  EXPECT_EQ(read_opus(blocks).recordings.at(0).spectra.points(), 50);
  add(blocks, test::opus_reference, 33, 8);
  EXPECT_EQ(read_opus(blocks).recordings.at(0).spectra.points(), 33);
  add(blocks, test::opus_sample, 31, 9);
  EXPECT_EQ(read_opus(blocks).recordings.at(0).spectra.points(), 31);
  EXPECT_EQ(read_opus(blocks).recordings.at(0).ordinate, OrdinateKind::other);
}

TEST(Opus, AChoiceWhereThereIsNoneIsRefused) {
  ReadOptions options;
  options.block = "absorbance";
  EXPECT_THROW(load_bytes({"400 1\n500 2\n600 3\n", "a.txt"}, options), Error);
}

TEST(Opus, RamanBringsItsLaser) {
  std::vector<OpusBlock> blocks;
  add(blocks, test::opus_raman, 19, 3);
  blocks.push_back({0x20, OpusValues().real("RLW", 9394.9).text("INS", "MADE").bytes()});
  const auto recording = read_opus(blocks).recordings.at(0);
  EXPECT_EQ(recording.technique, Technique::raman);
  EXPECT_NEAR(*recording.laser_nm, 1064.4, 0.1);
  EXPECT_EQ(recording.metadata.at("INS"), "MADE");
}

TEST(Opus, TheAccessorySaysTheModeAndTheBeamSplitterDoesNot) {
  const auto mode = [](const char* accessory) {
    std::vector<OpusBlock> blocks;
    add(blocks, test::opus_absorbance, 19, 1);
    blocks.push_back({0x60, OpusValues().text("BMS", "KBr").text("ACC", accessory).bytes()});
    return read_opus(blocks).recordings.at(0).mode;
  };
  EXPECT_EQ(mode("Platinum ATR, Diamond"), SamplingMode::atr);
  EXPECT_EQ(mode("DRIFT #1"), SamplingMode::reflection);
  EXPECT_EQ(mode("TRANS *2"), SamplingMode::transmission);
  EXPECT_EQ(mode("matrix"), SamplingMode::unknown);
}

TEST(Opus, ASeriesGivesEverySpectrumWithItsOwnScale) {
  constexpr std::size_t points = 11;
  test::ByteWriter series;
  for (const int value : {0, 3, 24 + 8, 4 * 11, 152, 1, 1, 3}) {
    series.put(static_cast<std::int32_t>(value));
  }
  for (int k = 0; k < 3; ++k) {
    series.append(test::opus_floats(ramp_opus(points, k)));
    const auto record = series.size();
    series.pad_to(record + 152);
    series.put_at(record + 104, 2.0 + k);
    series.put_at(record + 144, 1.5 * k);
  }
  const auto type = test::opus_absorbance | test::opus_series;
  std::vector<OpusBlock> blocks;
  blocks.push_back({type, series.bytes()});
  blocks.push_back({type | test::opus_status, test::opus_status_bytes(points, 4000, 400, 1)});
  const auto recording = read_opus(blocks).recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 3);
  EXPECT_EQ(recording.spectra.row(2)[10], 8);
  EXPECT_EQ(recording.spectra.row(1)[10], 3);
  EXPECT_EQ(recording.names.at(2), "spectrum 3, 3 s");
}

TEST(Opus, AnotherPairingWouldShowInTheRange) {
  const auto status = OpusValues()
                          .integer("NPT", 11)
                          .real("FXV", 4000)
                          .real("LXV", 400)
                          .real("CSF", 1)
                          .real("MXY", 99)
                          .text("DXU", "WN")
                          .bytes();
  std::vector<OpusBlock> blocks;
  blocks.push_back({test::opus_absorbance, test::opus_floats(ramp_opus(11, 0))});
  blocks.push_back({test::opus_absorbance | test::opus_status, status});
  const auto file = read_opus(blocks);
  EXPECT_EQ(file.diagnostics.at(0).code, "range_differs");
  EXPECT_EQ(last_value(file), 1.25);
}

TEST(Opus, DamageIsAnswered) {
  std::vector<OpusBlock> blocks;
  add(blocks, test::opus_sample, 12, 9);
  add(blocks, test::opus_absorbance, 19, 0.5);
  blocks.push_back({0x20, OpusValues().text("INS", "MADE").integer("RSN", 5).bytes()});
  const auto type = test::opus_raman | test::opus_series;
  test::ByteWriter series;
  for (const int value : {0, 2, 24, 44, 0, 0}) {
    series.put(static_cast<std::int32_t>(value));
  }
  series.append(test::opus_floats(ramp_opus(22, 1)));
  std::vector<OpusBlock> with_series;
  with_series.push_back({type, series.bytes()});
  with_series.push_back({type | test::opus_status, test::opus_status_bytes(11, 4000, 400, 1)});
  for (const auto& made : {blocks, with_series}) {
    expect_damage_answered(test::opus_bytes(made), 2000);
  }
}

}  // namespace
}  // namespace calcispec::io
