// fit_spectra on files: where the noise comes from, scaled errors, ranges that hold nothing.
#include "pipelines/band_fit.hpp"

#include "core/parameter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

class BandFits : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("band_fit_" + std::string(info->name()));
    fs::create_directories(folder);
    request.bands = parse_band_set(
        "[range]\nfrom = 920\nto = 1000\n[[band]]\nid = \"nu1\"\nshape = \"gauss\"\ncenter = 958\n",
        "b.toml");
  }
  void TearDown() override { fs::remove_all(folder); }

  // A Gaussian of height 100 and width 16 at 960 on a line, with noise.
  void write(double sigma, const std::string& y_name = "intensity") {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal(0, 1);
    const auto path = (folder / "a.csv").string();
    std::ofstream file(path);
    file << "raman_shift_1/cm," << y_name << "\n";
    for (int i = 0; i < 600; ++i) {
      const double x = 700 + i;
      const double u = (x - 960) / 16;
      file << x << ","
           << number_text(300 - 0.1 * i + 100 * std::exp(-2.772588722239781 * u * u) +
                          sigma * normal(random))
           << "\n";
    }
    request.inputs = {path};
  }

  fs::path folder;
  FitRequest request;
};

TEST_F(BandFits, NoiseIsEstimatedGivenOrTakenFromTheResidual) {
  write(2);
  auto fit = fit_spectra(request, {}).spectra.at(0);
  EXPECT_EQ(fit.noise, NoiseSource::estimated);
  EXPECT_NEAR(fit.result.noise_sigma, 2, 0.6);  // known to 9 % from 256 points: three of that
  EXPECT_NEAR(fit.result.bands.at(0).height.value, 100, 5);
  EXPECT_EQ(fit.result.standard_errors, StandardErrorKind::absolute);
  request.bands.sigma = 3;
  fit = fit_spectra(request, {}).spectra.at(0);
  EXPECT_EQ(fit.noise, NoiseSource::given);
  EXPECT_NEAR(fit.result.noise_sigma, 3, 1e-12);
  request.bands.sigma.reset();
  write(0);
  fit = fit_spectra(request, {}).spectra.at(0);
  EXPECT_NE(fit.result.status, FitStatus::failed);
  EXPECT_NEAR(fit.result.bands.at(0).height.value, 100, 0.1);
}

TEST_F(BandFits, ErrorsGrowByTheMisfitWhereTheModelCannotHold) {
  write(0.5);
  // A Lorentzian cannot hold a Gaussian at this signal to noise.
  request.bands.model.bands[0] = Band::make("nu1", *find_band_shape("lorentz"));
  request.scales_misfit = true;
  request.keeps_covariance = true;
  const auto scaled = fit_spectra(request, {}).spectra.at(0);
  request.scales_misfit = false;
  const auto plain = fit_spectra(request, {}).spectra.at(0);
  ASSERT_GT(plain.result.reduced_chi_square, misfit_limit);
  EXPECT_EQ(scaled.result.standard_errors, StandardErrorKind::scaled);
  EXPECT_EQ(plain.result.standard_errors, StandardErrorKind::absolute);
  const double factor = std::sqrt(plain.result.reduced_chi_square);
  const auto& a = scaled.result.bands.at(0);
  const auto& b = plain.result.bands.at(0);
  EXPECT_EQ(a.parameters[1].value, b.parameters[1].value);
  EXPECT_NEAR(a.parameters[1].standard_error / b.parameters[1].standard_error, factor, 1e-9);
  EXPECT_NEAR(a.area.standard_error / b.area.standard_error, factor, 1e-9);
  EXPECT_NEAR(scaled.result.covariance[0] / plain.result.covariance[0], factor * factor, 1e-9);
  EXPECT_TRUE(plain.residual.is_structured);
}

// Files of one band each; what is shared has one value and one error, the rest its own.
TEST_F(BandFits, SpectraThatShareAreFittedTogether) {
  request.inputs.clear();
  for (int s = 0; s < 3; ++s) {
    std::mt19937_64 random(static_cast<std::uint64_t>(s));
    std::normal_distribution<double> normal(0, 2);
    const auto path = (folder / ("s" + std::to_string(s) + ".csv")).string();
    std::ofstream file(path);
    file << "raman_shift_1/cm,intensity\n";
    for (int i = 0; i < 400; ++i) {
      const double x = 800 + i;
      const double u = (x - 960) / 16;
      file << x << ","
           << number_text(50 + 20 * (s + 1) * std::exp(-2.772588722239781 * u * u) + normal(random))
           << "\n";
    }
    request.inputs.push_back(path);
  }
  request.inputs.push_back((folder / "missing.csv").string());
  set_shared("position,width", request.bands);
  request.keeps_covariance = true;
  const auto run = fit_spectra(request, {});
  ASSERT_EQ(run.spectra.size(), 4U);
  ASSERT_TRUE(run.joint);
  EXPECT_EQ(run.joint->spectra, 3);
  EXPECT_EQ(run.joint->shared.size(), 2U);
  EXPECT_EQ(run.joint->n_free, 2 + 3 * 3);
  EXPECT_EQ(run.spectra[3].result.status, FitStatus::failed);
  const auto& first = run.spectra[0].result.bands[0].parameters;
  for (std::size_t s = 0; s < 3; ++s) {
    const auto& own = run.spectra[s].result.bands[0].parameters;
    EXPECT_EQ(own[1].value, first[1].value);
    EXPECT_NEAR(own[1].standard_error, first[1].standard_error, 1e-9);
    EXPECT_NEAR(own[0].value, 20.0 * static_cast<double>(s + 1), 4);
    EXPECT_EQ(run.spectra[s].extras.size(), 1U);
  }
  auto alone = request;
  alone.bands.shared.clear();
  const auto weakest = fit_spectra(alone, {}).spectra[0].result.bands[0].parameters[1];
  EXPECT_LT(first[1].standard_error, 0.4 * weakest.standard_error);
}

TEST_F(BandFits, TransmittanceIsFittedAsAbsorbance) {
  std::ofstream(folder / "t.csv") << [] {
    std::string text = "wavenumber_1/cm,transmittance\n";
    for (int i = 0; i < 400; ++i) {
      const double u = (800 + i - 960) / 16.0;
      const double absorbance = 0.05 + 0.4 * std::exp(-2.772588722239781 * u * u);
      text += std::to_string(800 + i) + "," + number_text(std::pow(10, -absorbance)) + "\n";
    }
    return text;
  }();
  request.inputs = {(folder / "t.csv").string()};
  const auto fit = fit_spectra(request, {}).spectra.at(0);
  EXPECT_EQ(fit.recording->ordinate, OrdinateKind::absorbance);
  EXPECT_NEAR(fit.result.bands.at(0).height.value, 0.4, 1e-3);
}

TEST_F(BandFits, AnotherTechniqueIsRemarkedAndAnotherRangeIsARow) {
  write(1);
  request.bands.technique = Technique::ftir;
  request.bands.model.from = 2000;
  request.bands.model.to = 2100;
  const auto fit = fit_spectra(request, {}).spectra.at(0);
  EXPECT_EQ(fit.result.status, FitStatus::failed);
  EXPECT_NE(fit.result.message.find("runs from 700 to 1299 1/cm"), std::string::npos)
      << fit.result.message;
  const bool is_said =
      std::any_of(fit.diagnostics.begin(), fit.diagnostics.end(), [](const auto& row) {
        return row.code == "technique_of_bands";
      });
  EXPECT_TRUE(is_said);
}

}  // namespace
}  // namespace calcispec
