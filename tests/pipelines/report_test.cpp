// The HTML report and its pieces, without a browser; tests/browser/ opens it in one.
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/html_report.hpp"
#include "pipelines/report/svg_bars.hpp"
#include "pipelines/report/svg_figure.hpp"
#include "pipelines/report/typeset.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace calcispec {
namespace {

AnalysisResult analysed_report(const std::string& name) {
  AnalysisRequest request;
  request.inputs = {(test::sample_dir() / name).string()};
  return analyze(request, {});
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Typeset, WritesLikeAChemistAndSparesWords) {
  EXPECT_EQ(typeset("nu1 PO4 at 960 1/cm"), "ν₁ PO₄ at 960 cm⁻¹");
  EXPECT_EQ(typeset("v3 CO3; HPO4, rev1"), "ν₃ CO₃; HPO₄, rev1");
  EXPECT_EQ(band_label("v1 PO4; FWHM 12-20 with maturity"), "ν₁ PO₄");
  EXPECT_EQ(escaped("<a href='x'>&\"\x01"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot; ");
}

TEST(Typeset, BandShapeComesBackFromItsArea) {
  models::FittedBand band;
  band.height = 2;
  band.fwhm_cm1 = 10;
  for (const double share : {0.0, 0.3, 1.0}) {
    band.area = 20 * (share * 1.5707963 + (1 - share) * 1.0644670);
    EXPECT_NEAR(lorentz_share_of(band), share, 1e-6);
  }
}

TEST(Headline, SaysMainlyOnlyBeyondDoubt) {
  SpectrumAnalysis entry;
  entry.status = AnalysisStatus::ok;
  entry.composition.emplace();
  auto& composition = *entry.composition;
  composition.total.status = EstimateStatus::ok;
  const auto add = [&](const char* name, double share, double lo95, models::PhaseStatus status) {
    models::PhaseShare row;
    row.name = name;
    row.share.value = share;
    row.share.lo95 = lo95;
    row.status = status;
    composition.phases.push_back(row);
  };
  EXPECT_EQ(headline_text(entry), "No phase was found above its detection limit.");
  add("apatite", 0.51, 0.48, models::PhaseStatus::quantified);
  add("collagen", 0.4, 0.38, models::PhaseStatus::quantified);
  EXPECT_EQ(headline_text(entry).substr(0, 31), "Signal of apatite and collagen.");
  composition.phases[0].share.lo95 = 0.505;
  EXPECT_EQ(headline_text(entry).substr(0, 30), "Mainly apatite, with collagen.");
  add("brushite", 0.001, 0, models::PhaseStatus::below_lod);
  EXPECT_EQ(headline_text(entry),
            "Mainly apatite, with collagen. Nothing else was found above its detection limit.");
  EXPECT_EQ(finding_text(entry).find("brushite"), std::string::npos);
  add("calcite", 0.05, 0.01, models::PhaseStatus::ambiguous);
  EXPECT_EQ(headline_text(entry), "Mainly apatite, with collagen; more may be there.");
}

TEST(Report, IsOnePageWithEveryPart) {
  const auto page = html_report(analysed_report("raman_lesion.csv"));
  for (const auto* part : {"Content-Security-Policy",
                           "For research use only. Not for diagnosis",
                           "class=\"finding ok\"",
                           "class=\"flag pass\"",
                           "fitted bands",
                           ">residual<",
                           "Composition: share of the signal",
                           "unexplained",
                           "How this was made",
                           "despike.median",
                           "SHA-256"}) {
    EXPECT_TRUE(holds(page, part)) << part;
  }
  EXPECT_FALSE(holds(page, "Composition: weight fraction"));  // without a calibration
  EXPECT_FALSE(holds(page, "against the reference range"));   // Raman markers have none
  EXPECT_TRUE(
      holds(html_report(analysed_report("ftir_lesion.csv")), "against the reference range"));
  EXPECT_EQ(page, html_report(analysed_report("raman_lesion.csv")));
}

// The licence of the chart script asks for its notice in every copy.
TEST(Report, CarriesTheNoticeOfTheChartScript) {
  const auto page = html_report(analysed_report("raman_lesion.csv"));
  if (!holds(page, "Dygraph=")) {
    GTEST_SKIP() << "built without libjs-dygraphs";
  }
  EXPECT_TRUE(holds(page, "Permission is hereby granted"));
}

TEST(Report, SpecimensShowWhatTheirSpectraSayTogether) {
  auto result = analysed_report("raman_lesion.csv");
  result.spectra.push_back(result.spectra.front());
  EXPECT_FALSE(holds(html_report(result), "Specimens measured several times"));
  models::CombinedPhase phase;
  phase.phase = "apatite";
  for (const double value : {0.6, 0.8}) {
    phase.by_spectrum.push_back({value, 0.02, value - 0.04, value + 0.04, EstimateStatus::ok, {}});
  }
  phase.by_spectrum.push_back({});
  phase.by_spectrum.back().reason = "not named";
  phase.combined = {0.7, 0.05, 0.6, 0.8, EstimateStatus::ok, {}};
  phase.contradiction = 7.1;
  result.specimens.push_back({
      "L<1>", {"one",    "two", "three"},
       "", {phase},
       50, 1, true
  });
  const auto page = html_report(result);
  for (const auto* part : {"L&lt;1&gt;: 3 spectra",
                           "the spectra disagree",
                           "70\u00A0% (60\u00A0% to 80\u00A0%)",
                           "80\u00A0% (76\u00A0% to 84\u00A0%)",
                           "not named",
                           "7.10 sigma"}) {
    EXPECT_TRUE(holds(page, part)) << part;
  }
  result.specimens[0].reason = "one has no weight fractions";
  const auto apart = html_report(result);
  EXPECT_TRUE(holds(apart, "No common composition: one has no weight fractions."));
  EXPECT_FALSE(holds(apart, "70\u00A0% (60\u00A0% to 80\u00A0%)"));
}

TEST(Report, RefusedSpectrumSaysWhyAndShowsNoShares) {
  const auto page = html_report(analysed_report("raman_saturated.csv"));
  EXPECT_TRUE(holds(page, "Refused: "));
  EXPECT_TRUE(holds(page, "refused: saturation"));
  EXPECT_FALSE(holds(page, "Composition: share"));
}

TEST(Report, ManySpectraStandAsMedianAndPicker) {
  auto result = analysed_report("map_4x3.txt");
  const auto few = html_report(result);
  EXPECT_TRUE(holds(few, "id=\"s12\""));
  EXPECT_FALSE(holds(few, "id=\"overview\""));
  const auto spectra = result.spectra;
  for (int k = 0; k < 5; ++k) {
    result.spectra.insert(result.spectra.end(), spectra.begin(), spectra.end());
  }
  const auto many = html_report(result);
  EXPECT_TRUE(holds(many, "id=\"overview\""));
  EXPECT_TRUE(holds(many, "\"count\":72"));
  EXPECT_FALSE(holds(many, "id=\"s1\""));
}

TEST(Maps, HoldSharesAndMarkersWithLimits) {
  const auto result = analysed_report("map_4x3.txt");
  ASSERT_EQ(result.maps.size(), 1U);
  const auto maps = maps_of(result, result.maps[0]);
  ASSERT_GE(maps.size(), 3U);
  EXPECT_EQ(maps[0].values.size(), 12U);
  EXPECT_EQ(maps[0].unit, "% of the signal");
  for (const auto& map : maps) {
    EXPECT_LE(map.low, map.high) << map.name;
    for (const double value : map.values) {
      EXPECT_TRUE(!std::isfinite(value) || map.unit != "% of the signal" || value <= 100);
    }
  }
}

TEST(Maps, EndsOfTheBarDifferWhereTheyAreClose) {
  MapValues map;
  map.grid = {2, 1, 1, 1};
  map.values = {959.3, 961.1};
  map.low = 959.3;
  map.high = 961.1;
  EXPECT_TRUE(holds(map_svg(map), ">959.30<"));
  EXPECT_TRUE(holds(map_svg(map), ">961.10<"));
}

TEST(Maps, ColoursOfWhatIsInFewPixelsReachItsValue) {
  MapValues map;
  map.values.assign(1000, 0.0);
  map.values[7] = 30;
  find_limits(map);
  EXPECT_EQ(map.low, 0);
  EXPECT_EQ(map.high, 30);
  std::iota(map.values.begin(), map.values.end(), 0.0);
  find_limits(map);
  EXPECT_EQ(map.low, 20);
  EXPECT_EQ(map.high, 979);
}

TEST(Maps, MissingPixelsAreGrey) {
  MapValues map;
  map.grid = {2, 1, 1, 1};
  map.values = {std::nan(""), 1};
  map.high = 1;
  EXPECT_TRUE(holds(map_svg(map), "#bebebe"));
  map.values[0] = 0;
  EXPECT_FALSE(holds(map_svg(map), "#bebebe"));
}

TEST(Markers, StandAgainstTheirRange) {
  models::Marker marker;
  marker.value.value = 3;
  marker.value.lo95 = 2;
  marker.value.hi95 = 4;
  EXPECT_TRUE(marker_svg(marker).empty());
  marker.range_lo = 1;
  marker.range_hi = 2.5;
  EXPECT_TRUE(holds(marker_svg(marker), "<circle"));
}

TEST(Figure, RunsAsSpectroscopistsDraw) {
  const auto infrared = figure_svg(analysed_report("ftir_water_vapour.csv").spectra[0]);
  EXPECT_LT(infrared.find(">1600</text>"), infrared.size());
  const auto place = [](const std::string& svg, const std::string& number) {
    const auto end = svg.find(">" + number + "</text>");
    const auto start = svg.rfind("x=\"", end) + 3;
    return std::stod(svg.substr(start, 8));
  };
  EXPECT_LT(place(infrared, "1600"), place(infrared, "800"));
  const auto raman = figure_svg(analysed_report("raman_lesion.csv").spectra[0]);
  EXPECT_LT(place(raman, "600"), place(raman, "1600"));
}

}  // namespace
}  // namespace calcispec
