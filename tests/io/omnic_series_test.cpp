// OMNIC series and maps, made from the published notes; no real file was at hand.
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/io/damage_answered.hpp"
#include "tests/support/omnic_series_writer.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

LoadedFile read_omnic_series(const std::string& bytes) {
  return load_bytes({bytes, "made.spa"}, {});
}

test::OmnicSeries series_omnic_series(std::size_t count, std::size_t points) {
  test::OmnicSeries out;
  out.first_x = 4000;
  out.last_x = 1000;
  for (std::size_t i = 0; i < count; ++i) {
    out.titles.push_back("Linked spectrum at " + std::to_string(i) + " min.");
    out.y.emplace_back();
    for (std::size_t k = 0; k < points; ++k) {
      out.y.back().push_back(static_cast<float>(i) + 0.125F * static_cast<float>(k));
    }
  }
  return out;
}

TEST(OmnicSeries, RapidScanAndHighSpeedDifferInTheNumberOfMarks) {
  for (const bool is_high_speed : {false, true}) {
    auto made = series_omnic_series(3, 7);
    made.is_high_speed = is_high_speed;
    const auto file = read_omnic_series(test::srs_bytes(made));
    EXPECT_EQ(file.format, "omnic_series");
    const auto& recording = file.recordings.at(0);
    ASSERT_EQ(recording.spectra.rows(), 3);
    ASSERT_EQ(recording.spectra.points(), 7);
    EXPECT_EQ(recording.spectra.axis->back(), 4000);
    EXPECT_EQ(recording.spectra.row(2)[6], 2);
    EXPECT_EQ(recording.names.at(1), "Linked spectrum at 1 min.");
    EXPECT_EQ(recording.metadata.at("last time min"), "12.5");
    EXPECT_EQ(recording.ordinate, OrdinateKind::absorbance);
  }
}

TEST(OmnicSeries, CutOffSeriesKeepTheirWholeSpectra) {
  auto bytes = test::srs_bytes(series_omnic_series(5, 7));
  bytes.resize(bytes.size() - 80 - 10);
  const auto file = read_omnic_series(bytes);
  EXPECT_EQ(file.diagnostics.at(0).code, "cut_off");
  EXPECT_EQ(file.recordings.at(0).spectra.rows(), 4);
}

test::OmnicSeries map_series() {
  auto out = series_omnic_series(6, 5);
  for (std::size_t i = 0; i < 6; ++i) {
    out.titles[i] = "Spectrum " + std::to_string(i + 1) +
                    " of 6; X = " + std::to_string(10 + 5 * static_cast<int>(i % 3)) +
                    ".0; Y = " + std::to_string(-4 * static_cast<int>(i / 3)) + ".5";
  }
  return out;
}

TEST(OmnicMap, TitlesGiveCountAndPlaces) {
  const auto file = read_omnic_series(test::omnic_map_bytes(map_series()));
  EXPECT_EQ(file.format, "omnic_series");
  const auto& recording = file.recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 6);
  EXPECT_EQ(recording.spectra.row(5)[4], 5);
  ASSERT_TRUE(recording.map.has_value());
  EXPECT_EQ(recording.map->nx, 3);
  EXPECT_EQ(recording.map->ny, 2);
  EXPECT_EQ(recording.map->step_x_um, 5);
}

TEST(OmnicMap, PlacesThatFormNoGridGiveNone) {
  auto made = map_series();
  made.titles[4] = "Spectrum 5 of 6; X = 99.0; Y = -4.5";
  EXPECT_FALSE(read_omnic_series(test::omnic_map_bytes(made)).recordings.at(0).map.has_value());
}

TEST(OmnicSeries, DamageIsAnswered) {
  expect_damage_answered(test::srs_bytes(series_omnic_series(2, 5)), 2000);
  expect_damage_answered(test::omnic_map_bytes(map_series()), 2000);
}

}  // namespace
}  // namespace calcispec::io
