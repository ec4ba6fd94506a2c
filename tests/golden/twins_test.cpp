// The same measurement in files of two formats: the readers agree, differences are explained.
#include "io/file.hpp"
#include "tests/support/largest_difference.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

using test::largest_difference;

io::Recording twin(const std::string& name) {
  return io::load((test::shared_dir() / "spectra" / name).string(), {}).recordings.at(0);
}

// Straight between the points of `other`.
double twin_at(const SpectraMatrix& other, double x) {
  const auto axis = other.axis->values();
  const auto right = std::clamp<Index>(other.axis->lower_bound(x), 1, other.points() - 1);
  const auto i = static_cast<std::size_t>(right);
  const double share = (x - axis[i - 1]) / (axis[i] - axis[i - 1]);
  return other.row(0)[i - 1] * (1 - share) + other.row(0)[i] * share;
}

// Largest difference between neighbours of both, as a share of the highest ordinate.
double difference_off_the_points(const SpectraMatrix& a, const SpectraMatrix& b) {
  double worst = 0;
  double highest = 0;
  for (Index i = 0; i < a.points(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    worst = std::max(worst, std::abs(a.row(0)[k] - twin_at(b, a.axis->values()[k])));
    highest = std::max(highest, a.row(0)[k]);
  }
  return worst / highest;
}

double place_of_highest(const SpectraMatrix& spectra) {
  const auto y = spectra.row(0);
  const auto at = std::max_element(y.begin(), y.end()) - y.begin();
  return spectra.axis->values()[static_cast<std::size_t>(at)];
}

// The text has six decimals.
TEST(Twins, CalciteInWdfAndText) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto wdf = twin("wdf/nCal_Qontor785_z005H12_100_1x3s.wdf");
  const auto text = twin("text/nCal_Qontor785_z005H12_100_1x3s.txt");
  ASSERT_EQ(wdf.spectra.points(), text.spectra.points());
  EXPECT_LE(largest_difference(wdf.spectra.axis->values(), text.spectra.axis->values()), 5.1e-7);
  EXPECT_LE(largest_difference(wdf.spectra.row(0), text.spectra.row(0)), 5.1e-7);
  EXPECT_EQ(wdf.technique, text.technique);
}

// SPC holds whole numbers of 32 bits times 2^(8 - 32), SPA single floats.
TEST(Twins, CyclohexaneInSpaAndSpc) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto spa = twin("omnic/cylohex.spa");
  const auto spc = twin("spc/RAMAN.SPC");
  ASSERT_EQ(spa.spectra.points(), spc.spectra.points());
  EXPECT_LE(largest_difference(spa.spectra.axis->values(), spc.spectra.axis->values()), 1e-11);
  EXPECT_LE(largest_difference(spa.spectra.row(0), spc.spectra.row(0)), std::ldexp(1.0, -24));
  EXPECT_EQ(spc.technique, Technique::raman);
}

// The same numbers; the axis of the text has six digits.
TEST(Twins, WitecMapInSpcAndText) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto spc = twin("spc/Witec-Map.spc");
  const auto text = twin("text/Witec-Map_full.txt");
  ASSERT_EQ(spc.spectra.rows(), 25);
  EXPECT_EQ(spc.spectra.values, text.spectra.values);
  EXPECT_LE(largest_difference(spc.spectra.axis->values(), text.spectra.axis->values()), 5.1e-3);
}

// Polystyrene of two instruments: both SPC files were put on an even axis by the program
// that wrote them (by 1 1/cm; by the mean step), the text has the detector's own points.
TEST(Twins, PolystyreneOnAnEvenAxisInSpc) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const auto spc = twin("spc/PST_Reflex532_Z050_010_10000msx2.spc");
  const auto text = twin("text/PST_Reflex532_Z050_010_10000msx2.txt");
  ASSERT_EQ(spc.spectra.points(), text.spectra.points());
  EXPECT_TRUE(spc.spectra.axis->is_uniform());
  EXPECT_FALSE(text.spectra.axis->is_uniform());
  EXPECT_LE(difference_off_the_points(spc.spectra, text.spectra), 1e-3);

  const auto even = twin("spc/PST10_iR532_Probe_100_3000msx7.spc");
  const auto own = twin("text/PST10_iR532_Probe_100_3000msx7.txt");
  EXPECT_EQ(even.spectra.axis->mean_step(), 1);
  EXPECT_NEAR(place_of_highest(even.spectra), place_of_highest(own.spectra), 2.5);  // a point
  // Ends of steep bands lie between the wider points of the text.
  EXPECT_LE(difference_off_the_points(even.spectra, own.spectra), 0.1);
}

}  // namespace
}  // namespace calcispec
