// Bands files: every key reaches the model; every fault is named at its line, all at once.
#include "pipelines/band_set.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace calcispec {
namespace {

constexpr const char* whole_set = R"(
schema = 1
title = "two lines"
technique = "raman"
[range]
from = 900
to = 1150
[background]
kind = "legendre"
degree = 3
[noise]
sigma = 2.5
[[band]]
id = "one"
shape = "pseudo_voigt"
center = 960
center_range = [955, 965]
height = 10
height_range = [-1, inf]
fwhm = 12.5
fwhm_range = [5, 30]
share = 0.6
share_range = [0.2, 0.8]
[[band]]
id = "two"
shape = "gauss"
position = 1070
fixed = ["center"]
tie = {fwhm = {band = "one", ratio = 2, offset = -1}, height = "one"}
)";

// The message of a text with faults, empty for one that is accepted.
std::string faults_of(const std::string& text) {
  try {
    parse_band_set(text, "b.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_method);
    return error.place() + ": " + error.what();
  }
  return {};
}

std::string band(const std::string& keys) {
  return "[[band]]\nid = \"a\"\nshape = \"gauss\"\n" + keys;
}

std::string band2(const std::string& keys) {
  return "[[band]]\nid = \"b\"\nshape = \"gauss\"\n" + keys;
}

TEST(BandSet, EveryKeyReachesTheModel) {
  auto set = parse_band_set(whole_set, "folder/mine.toml");
  EXPECT_EQ(set.name, "mine");
  EXPECT_EQ(set.title, "two lines");
  EXPECT_EQ(set.technique, Technique::raman);
  EXPECT_EQ(set.sha256.size(), 64U);
  EXPECT_EQ(set.sigma, 2.5);
  EXPECT_EQ(set.model.from, 900);
  EXPECT_EQ(set.model.to, 1150);
  EXPECT_EQ(set.model.background, FitBackground::legendre);
  EXPECT_EQ(set.model.degree, 3);
  ASSERT_EQ(set.model.bands.size(), 2U);
  auto& one = set.model.bands[0];
  EXPECT_EQ(one.shape, find_band_shape("pseudo_voigt"));
  EXPECT_EQ(one.parameter("center").start, 960);
  EXPECT_EQ(one.parameter("center").lower, 955);
  EXPECT_EQ(one.parameter("center").upper, 965);
  EXPECT_EQ(one.parameter("height").lower, -1);
  EXPECT_TRUE(std::isinf(one.parameter("height").upper));
  EXPECT_EQ(one.parameter("fwhm").start, 12.5);
  EXPECT_EQ(one.parameter("share").upper, 0.8);
  EXPECT_FALSE(one.parameter("center").is_fixed);
  auto& two = set.model.bands[1];
  EXPECT_EQ(two.parameter("center").start, 1070);  // by its alias
  EXPECT_TRUE(two.parameter("center").is_fixed);
  EXPECT_EQ(two.parameter("fwhm").tie.band, 0);
  EXPECT_EQ(two.parameter("fwhm").tie.parameter, one.shape->parameter_index("fwhm"));
  EXPECT_EQ(two.parameter("fwhm").tie.ratio, 2);
  EXPECT_EQ(two.parameter("fwhm").tie.offset, -1);
  EXPECT_EQ(two.parameter("height").tie.band, 0);
  EXPECT_EQ(two.parameter("height").tie.ratio, 1);
}

TEST(BandSet, AbsentKeysAreAutomatic) {
  auto set = parse_band_set(band(""), "b.toml");
  EXPECT_FALSE(set.sigma.has_value());
  EXPECT_TRUE(std::isinf(set.model.from));
  EXPECT_TRUE(std::isnan(set.model.bands[0].parameter("center").start));
  EXPECT_TRUE(std::isnan(set.model.bands[0].parameter("fwhm").lower));
  EXPECT_FALSE(parse_band_set("[noise]\nsigma = \"estimate\"\n" + band(""), "b").sigma.has_value());
  EXPECT_EQ(parse_band_set("[background]\nkind = \"none\"\n" + band(""), "b").model.background,
            FitBackground::none);
}

TEST(BandSet, ShareOfTheAreaMakesTheOtherShape) {
  const std::string head = "[[band]]\nid = \"a\"\nshape = \"pseudo_voigt\"\n";
  const auto* by_area = find_band_shape("pseudo_voigt_area");
  EXPECT_EQ(parse_band_set(head + "share_area = 0.3\n", "b").model.bands[0].shape, by_area);
  EXPECT_EQ(parse_band_set(head + "share_area_range = [0, 0.5]\n", "b").model.bands[0].shape,
            by_area);
  EXPECT_EQ(parse_band_set(head + "share = 0.3\n", "b").model.bands[0].shape,
            find_band_shape("pseudo_voigt"));
  EXPECT_NE(faults_of(head + "share = 0.3\nshare_area = 0.3\n"), "");
}

TEST(BandSet, EveryParameterOfEveryShapeIsAKey) {
  for (const auto& shape : band_shapes()) {
    for (const auto& info : shape.parameters) {
      const std::string name(info.name);
      const double value = std::isfinite(info.maximum) ? 0.5 * (info.minimum + info.maximum) : 50;
      std::string text = "[[band]]\nid = \"a\"\nshape = \"";
      text.append(shape.name).append("\"\n").append(name).append(" = ");
      text.append(number_text(value)).append("\n").append(name).append("_range = [");
      text.append(number_text(value * 0.9)).append(", ");
      text.append(number_text(std::min(value * 1.1 + 0.01, info.maximum))).append("]\n");
      auto set = parse_band_set(text, "b.toml");
      EXPECT_EQ(set.model.bands[0].parameter(name).start, value) << text;
      EXPECT_EQ(set.model.bands[0].parameter(name).lower, value * 0.9) << text;
    }
  }
}

TEST(BandSet, AllFaultsAreSaidAtOnceWithTheirPlaces) {
  const auto text = faults_of(
      "[range]\n"              // 1
      "from = 1150\n"          // 2
      "to = 900\n"             // 3
      "[background]\n"         // 4
      "kind = \"legender\"\n"  // 5
      "degree = 2.5\n"         // 6
      "[noise]\n"              // 7
      "sigma = -1\n"           // 8
      "[[band]]\n"             // 9
      "id = \"a\"\n"           // 10
      "shape = \"pseudo_voight\"\n"
      "[[band]]\n"  // 12
      "id = \"b\"\n"
      "shape = \"gauss\"\n"
      "centre = 960\n"            // 15
      "fwhm_range = [30, 5]\n"    // 16
      "fixed = [\"center\"]\n"    // 17
      "tie = {fwhm = \"c\"}\n");  // 18
  EXPECT_EQ(text.rfind("b.toml:1:1: from must be less than to", 0), 0U) << text;
  for (const auto* part : {"b.toml:5:8: there is no background 'legender'; did you mean legendre?",
                           "b.toml:6:10: degree must be a whole number",
                           "b.toml:8:9: sigma must be a number above 0",
                           // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one sentence
                           "b.toml:11:9: there is no shape 'pseudo_voight'; did you mean "
                           "pseudo_voigt?",
                           "b.toml:15:1: there is no key 'centre'; did you mean center?",
                           "b.toml:16:14: fwhm_range must be two rising numbers",
                           "b.toml:17:10: center is fixed but has no value",
                           "b.toml:18:15: a tie names another band"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  }
}

TEST(BandSet, EachFaultIsNamed) {
  const auto says = [](const std::string& text, const std::string& part) {
    const auto found = faults_of(text);
    EXPECT_NE(found.find(part), std::string::npos) << text << "\nsaid: " << found;
  };
  says("", "there is no band");
  says("schema = 2\n" + band(""), "schema must be 1");
  says("[band]\nid = \"a\"\n", "two brackets");
  says("range = [900, 1150]\n" + band(""), "write [range]");
  says("[range]\nfrom = \"900\"\n" + band(""), "from must be a number");
  says("[[band]]\nshape = \"gauss\"\n", "has no id");
  says("[[band]]\nid = \"a\"\n", "has no shape");
  says(band("") + band(""), "two bands 'a'");
  says(band("center = 960\ncenter_range = [970, 980]\n"), "outside its own range");
  says(band("fwhm = -3\n"), "limits of the shape");
  says(band("fwhm = 0\n"), "above 0");
  says(band("height = -3\n"), "needs height_range");
  says(band("height_range = [0]\n"), "two rising numbers");
  says(band("fixed = \"center\"\n"), "list of names");
  says(band("fixed = [\"centre\"]\n"), "did you mean center?");
  says(band("tie = \"b\"\n"), "tie must be a table");
  says(band("tie = {width_left = \"a\"}\n"), "no parameter 'width_left'");
  says(band("tie = {fwhm = {band = \"a\", ratoi = 2}}\n"), "did you mean ratio?");
  says(band("tie = {fwhm = \"a\"}\n"), "circle");
  says(band("tie = {height = {band = \"a\", parameter = \"center\"}}\n"), "heights and areas");
  says(band("fwhm = 4\nfixed = [\"fwhm\"]\ntie = {fwhm = \"a\"}\n"), "choose one");
  says(band("fwhm = 4\ntie = {fwhm = \"a\"}\n"), "would not be used");
  says(
      "[[band]]\nid = \"a\"\nshape = \"gauss\"\ntie = {fwhm = \"b\"}\n"
      "[[band]]\nid = \"b\"\nshape = \"gauss\"\ntie = {fwhm = \"a\"}\n",
      "circle");
  says("[[band]]\nid = \"a\"\nshape = \"gauss\"\nfwhm = 1,5\n", "b.toml:4:9");
  says("technique = \"xrd\"\n" + band(""), "technique must be");
  says("[background]\nkind = \"spline\"\ndegree = 2\n" + band(""), "write intervals");
  says("[background]\nintervals = 3\n" + band(""), "intervals are for");
  says("[background]\nkind = \"spline\"\nintervals = 28\n" + band(""), "from 1 to 27");
  says("[broadening]\nkind = \"slit\"\n" + band(""), "write kind");
  says("[broadening]\nkind = \"gauss\"\n" + band(""), "fwhm must be a number above 0");
  says("[broadening]\nkind = \"sinc\"\npath_difference_cm = -1\n" + band(""), "above 0");
  says("[broadening]\nkind = \"sinc\"\npath_difference_cm = 1\napodisation = \"happ\"\n" + band(""),
       "there is no apodisation");
  says("[broadening]\nkind = \"gauss\"\nfwhm = 1\napodisation = \"boxcar\"\n" + band(""),
       "for kind = \"sinc\"");
  says("share_ratios = 1\n" + band(""), "true or false");
  says(band("shared = [\"centre\"]\n"), "did you mean center?");
}

TEST(BandSet, SplineBroadeningAndSharedParametersReachTheSet) {
  const auto set = parse_band_set(
      "share_ratios = true\n[background]\nkind = \"spline\"\nintervals = 6\n[broadening]\n"
      "kind = \"sinc\"\npath_difference_cm = 0.25\napodisation = \"norton_beer_medium\"\n" +
          band("") + band2("shared = [\"center\", \"fwhm\"]\n"),
      "b.toml");
  EXPECT_EQ(set.model.background, FitBackground::spline);
  EXPECT_EQ(set.model.intervals, 6);
  EXPECT_EQ(set.model.broadening.kind, BroadeningKind::sinc);
  EXPECT_EQ(set.model.broadening.path_difference, 0.25);
  EXPECT_EQ(set.model.broadening.apodisation, Apodisation::norton_beer_medium);
  EXPECT_TRUE(set.shares_ratios);
  EXPECT_TRUE(set.is_joint());
  ASSERT_EQ(set.shared.size(), 2U);
  EXPECT_EQ(set.shared[1].band, 1);
  EXPECT_EQ(set.shared[1].parameter, 2);
}

TEST(BandSet, TheCommandLineChangesASet) {
  auto set = parse_band_set(band("") + band2(""), "b.toml");
  EXPECT_FALSE(set.is_joint());
  set_shared("position,ratio", set);
  EXPECT_EQ(set.shared.size(), 2U);
  EXPECT_TRUE(set.shares_ratios);
  set_shared("width", set);
  EXPECT_EQ(set.shared.size(), 2U);
  EXPECT_FALSE(set.shares_ratios);
  set_background("spline:7", set.model);
  EXPECT_EQ(set.model.intervals, 7);
  set_background("none", set.model);
  EXPECT_EQ(set.model.background, FitBackground::none);
  set_broadening("gauss:4.5", set.model);
  EXPECT_EQ(set.model.broadening.fwhm, 4.5);
  set_broadening("sinc:0.5:triangular", set.model);
  EXPECT_EQ(set.model.broadening.apodisation, Apodisation::triangular);
  set_broadening("none", set.model);
  EXPECT_EQ(set.model.broadening.kind, BroadeningKind::none);
  for (const auto* text : {"spline:0", "spline:x", "cubic", "none:2", "legendre:1.5"}) {
    EXPECT_THROW(set_background(text, set.model), Error) << text;
  }
  for (const auto* text : {"gauss", "gauss:-1", "gauss:4:boxcar", "sinc:1:hann", "slit:3"}) {
    EXPECT_THROW(set_broadening(text, set.model), Error) << text;
  }
  EXPECT_THROW(set_shared("position,hight", set), Error);
  EXPECT_THROW(set_shared("height", set), Error);
}

TEST(BandSet, BuiltInSetsAreFoundByNameAndFilesByPath) {
  const auto names = builtin_band_set_names();
  EXPECT_NE(std::find(names.begin(), names.end(), "raman_phosphate_nu1"), names.end());
  EXPECT_EQ(load_band_set("raman_phosphate_nu1").name, "raman_phosphate_nu1");
  try {
    load_band_set("raman_phosfate_nu1");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean raman_phosphate_nu1?"),
              std::string::npos);
  }
  EXPECT_THROW(load_band_set("missing/none.toml"), Error);
}

}  // namespace
}  // namespace calcispec
