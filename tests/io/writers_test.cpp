// What the writers write reads back: values, axis in its direction, technique, titles.
#include "io/file.hpp"
#include "io/spectra_jcamp.hpp"
#include "io/spectra_spc.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace calcispec::io {
namespace {

enum class Spacing { even, uneven };

Recording make_recording_of(Index rows, bool is_falling, Spacing spacing) {
  constexpr Index points = 333;
  std::vector<double> x;
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  for (Index i = 0; i < points; ++i) {
    const auto t = static_cast<double>(is_falling ? points - 1 - i : i);
    x.push_back(400 + 2.5 * t + (spacing == Spacing::uneven ? 1e-3 * t * t : 0));
  }
  Recording out;
  out.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), rows);
  out.technique = Technique::raman;
  out.mode = SamplingMode::none;
  out.ordinate = OrdinateKind::intensity;
  for (double& v : out.spectra.values) {
    v = 1000 * normal(random) + 5000;
  }
  for (Index row = 0; row < rows; ++row) {
    out.names.push_back("sample " + std::to_string(row));
  }
  return out;
}

// Spectra of a file in order, whatever recordings they stand in.
std::vector<std::vector<double>> spectra_in(const LoadedFile& file) {
  std::vector<std::vector<double>> out;
  for (const auto& recording : file.recordings) {
    for (Index row = 0; row < recording.spectra.rows(); ++row) {
      const auto y = recording.spectra.row(row);
      out.emplace_back(y.begin(), y.end());
    }
  }
  return out;
}

void expect_same(const std::string& bytes,
                 const char* name,
                 const Recording& original,
                 double tolerance) {
  const auto file = load_bytes({bytes, name}, {});
  const auto spectra = spectra_in(file);
  ASSERT_EQ(static_cast<Index>(spectra.size()), original.spectra.rows()) << name;
  const auto& axis = *file.recordings[0].spectra.axis;
  const auto& wanted_axis = *original.spectra.axis;
  ASSERT_EQ(axis.size(), wanted_axis.size());
  EXPECT_EQ(axis.was_descending(), wanted_axis.was_descending()) << name;
  EXPECT_EQ(axis.unit(), "1/cm");
  EXPECT_EQ(file.recordings[0].technique, Technique::raman);
  for (std::size_t i = 0; i < axis.values().size(); ++i) {
    ASSERT_NEAR(axis.values()[i], wanted_axis.values()[i], 1e-7 * wanted_axis.values()[i]);
  }
  for (std::size_t row = 0; row < spectra.size(); ++row) {
    const auto wanted = original.spectra.row(static_cast<Index>(row));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_NEAR(spectra[row][i], wanted[i], tolerance * 10000) << name << " point " << i;
    }
  }
}

class Writers : public ::testing::TestWithParam<std::tuple<int, bool, Spacing>> {
 protected:
  [[nodiscard]] static Recording original() {
    const auto [rows, is_falling, spacing] = GetParam();
    return make_recording_of(rows, is_falling, spacing);
  }
};

TEST_P(Writers, JcampPlainIsExact) {
  const auto recording = original();
  expect_same(
      spectra_jcamp(std::span(&recording, 1), JcampPacking::affn), "a.jdx", recording, 1e-15);
}

TEST_P(Writers, JcampDifferencesToAPartIn2To31) {
  const auto recording = original();
  expect_same(spectra_jcamp(std::span(&recording, 1), JcampPacking::dif), "d.jdx", recording, 1e-9);
}

TEST_P(Writers, SpcToSingleFloats) {
  const auto recording = original();
  expect_same(spectra_spc(recording), "s.spc", recording, 1e-7);
}

INSTANTIATE_TEST_SUITE_P(All,
                         Writers,
                         ::testing::Combine(::testing::Values(1, 3),
                                            ::testing::Bool(),
                                            ::testing::Values(Spacing::even, Spacing::uneven)));

TEST(JcampWriter, DifferencesTakeLessRoomAndTitlesStayTitles) {
  auto recording = make_recording_of(1, false, Spacing::even);
  for (std::size_t i = 0; i < recording.spectra.values.size(); ++i) {
    recording.spectra.values[i] = 1000 + std::round(100 * std::sin(0.05 * static_cast<double>(i)));
  }
  recording.names[0] = "a title\n##END= of its own";
  const auto plain = spectra_jcamp(std::span(&recording, 1), JcampPacking::affn);
  const auto file = load_bytes({plain, "t.jdx"}, {});
  EXPECT_EQ(spectra_in(file).size(), 1U);
  EXPECT_EQ(plain.find("\n##END= of"), std::string::npos);
}

}  // namespace
}  // namespace calcispec::io
