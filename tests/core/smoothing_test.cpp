// Smoothing by its definitions, and automatic strengths beside the best fixed ones.
#include "core/decomposition.hpp"
#include "tests/support/rows.hpp"

#include <Eigen/Core>
#include <gtest/gtest.h>

#include <cstdio>
#include <numeric>

namespace calcispec {
namespace {

using test::Named;
using test::noisy_row;
using test::rms_difference;
using test::run_row;

// (I + lambda D'D) z = y, written out.
TEST(Whittaker, AgreesWithTheDenseSolutionForEveryOrder) {
  const auto y = noisy_row(60, 6, 20, 1).y;
  for (Index order = 1; order <= 6; ++order) {
    Eigen::MatrixXd difference = Eigen::MatrixXd::Identity(60, 60);
    for (Index k = 0; k < order; ++k) {
      const Index rows = difference.rows() - 1;
      difference = (difference.bottomRows(rows) - difference.topRows(rows)).eval();
    }
    const Eigen::MatrixXd matrix =
        Eigen::MatrixXd::Identity(60, 60) + 50 * difference.transpose() * difference;
    const Eigen::VectorXd wanted =
        solve_symmetric(matrix, Eigen::Map<const Eigen::VectorXd>(y.data(), 60));
    const auto got = run_row(y,
                             "smooth.whittaker",
                             {
                                 {"lambda",     "50"                 },
                                 {"diff_order", std::to_string(order)}
    });
    for (std::size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(got[i], wanted[static_cast<Index>(i)], 1e-10) << order;
    }
  }
}

// Factors of long spectra are not kept: the result is the same as with any other in between.
TEST(Whittaker, LongSpectraOfTheirOwnStrength) {
  const auto rows = [] {
    std::vector<std::vector<double>> out;
    for (const double snr : {5.0, 300.0, 20.0}) {
      out.push_back(noisy_row(12000, 60, snr, 11).y);
    }
    return out;
  }();
  const auto together = test::run_step(test::rows_of(rows), "smooth.whittaker");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto alone = run_row(rows[r], "smooth.whittaker");
    EXPECT_EQ(rms_difference(together.row(static_cast<Index>(r)), alone), 0) << r;
  }
}

TEST(MovingWindows, ReflectTheRowAtItsEnds) {
  const std::vector<double> y{1, 5, 2, 8, 3, 9, 4};
  EXPECT_NEAR(run_row(y,
                      "smooth.moving_average",
                      {
                          {"window", "3"}
  })[0],
              (1 + 1 + 5) / 3.0,
              1e-15);
  EXPECT_EQ(run_row(y,
                    "smooth.median",
                    {
                        {"window", "3"}
  }),
            (std::vector<double>{1, 2, 5, 3, 8, 4, 4}));
  // A window longer than the row and its mirror image.
  const auto wide = run_row(y,
                            "smooth.moving_average",
                            {
                                {"window", "29"}
  });
  EXPECT_TRUE(std::all_of(wide.begin(), wide.end(), [](double v) { return v > 3 && v < 6; }));
}

TEST(MedianSmoothing, AgreesWithSortingForEveryWindow) {
  const auto y = noisy_row(101, 6, 3, 2).y;
  for (Index window = 1; window <= 41; window += 2) {
    const auto got = run_row(y,
                             "smooth.median",
                             {
                                 {"window", std::to_string(window)}
    });
    for (Index i = 0; i < 101; ++i) {
      std::vector<double> near;
      for (Index k = i - window / 2; k <= i + window / 2; ++k) {
        near.push_back(y[static_cast<std::size_t>(k < 0 ? -1 - k : k > 100 ? 201 - k : k)]);
      }
      std::sort(near.begin(), near.end());
      ASSERT_EQ(got[static_cast<std::size_t>(i)], near[static_cast<std::size_t>(window / 2)]);
    }
  }
}

// Without its finest details a polynomial below the number of vanishing moments is the same, away
// from the ends.
TEST(WaveletSmoothing, FiltersHaveTheirVanishingMoments) {
  for (int moments = 1; moments <= 10; ++moments) {
    std::vector<double> y;
    y.reserve(120);
    for (int i = 0; i < 120; ++i) {
      y.push_back(std::pow((i - 60) / 30.0, moments - 1));
    }
    for (const std::string family : {"db", "sym"}) {
      const auto wavelet = moments == 1 ? std::string("haar") : family + std::to_string(moments);
      const auto got = run_row(y,
                               "smooth.wavelet",
                               {
                                   {"wavelet",   wavelet},
                                   {"level",     "1"    },
                                   {"threshold", "1e9"  }
      });
      for (std::size_t i = 30; i < 90; ++i) {
        EXPECT_NEAR(got[i], y[i], 1e-9) << wavelet;
      }
    }
  }
}

TEST(WaveletSmoothing, GivesTheRowBackWithoutAThreshold) {
  for (const std::size_t points : {30U, 61U, 200U, 257U}) {
    const auto y = noisy_row(points, 6, 20, 3).y;
    for (const auto* wavelet : {"haar", "db4", "sym8", "db10"}) {
      for (const auto* transform : {"shifted", "decimated"}) {
        const auto got = run_row(y,
                                 "smooth.wavelet",
                                 {
                                     {"wavelet",   wavelet  },
                                     {"transform", transform},
                                     {"threshold", "0"      },
                                     {"level",     "3"      }
        });
        EXPECT_LT(rms_difference(got, y), 1e-11) << wavelet << transform << points;
      }
    }
  }
}

// Best over a grid of fixed strengths, by the truth that only the test knows.
double best_fixed(const test::NoisyRow& row,
                  const std::string& name,
                  const std::string& parameter,
                  const std::vector<double>& values) {
  double best = 1e300;
  for (const double value : values) {
    const auto got = run_row(row.y,
                             name,
                             {
                                 {parameter, number_text(value)}
    });
    best = std::min(best, rms_difference(got, row.truth));
  }
  return best;
}

TEST(AutomaticStrength, IsNearTheBestFixedOne) {
  std::vector<double> lambdas;
  std::vector<double> sigmas;
  std::vector<double> windows;
  for (int k = 0; k < 24; ++k) {
    lambdas.push_back(0.01 * std::pow(3.0, k));
    sigmas.push_back(0.3 * std::pow(1.17, k));
    windows.push_back(5 + 2 * k);
  }
  for (const double width : {5.0, 15.0}) {
    for (const double snr : {10.0, 50.0, 200.0}) {
      const auto row = noisy_row(800, width, snr, 4);
      const auto ratio = [&](const std::string& name,
                             const std::vector<Named>& automatic,
                             const std::string& parameter,
                             const std::vector<double>& values) {
        return rms_difference(run_row(row.y, name, automatic), row.truth) /
               best_fixed(row, name, parameter, values);
      };
      EXPECT_LT(ratio("smooth.whittaker", {}, "lambda", lambdas), 1.1);
      // Knows nothing of the noise and varies more.
      EXPECT_LT(ratio("smooth.whittaker",
                      {
                          {"rule", "gcv"}
      },
                      "lambda",
                      lambdas),
                1.25);
      EXPECT_LT(ratio("smooth.gaussian", {}, "sigma", sigmas), 1.1);
      EXPECT_LT(ratio("smooth.moving_average", {}, "window", windows), 1.1);
      EXPECT_LT(ratio("smooth.median", {}, "window", windows), 1.15);
      EXPECT_LT(ratio("smooth.savgol",
                      {
                          {"window", "auto"}
      },
                      "window",
                      windows),
                1.15);
      const double wavelet = rms_difference(run_row(row.y, "smooth.wavelet"), row.truth);
      const double wiener = rms_difference(run_row(row.y, "smooth.wiener"), row.truth);
      const double best = best_fixed(row, "smooth.whittaker", "lambda", lambdas);
      EXPECT_LT(wavelet, 1.1 * best) << width << " " << snr;
      EXPECT_LT(wiener, 1.1 * best) << width << " " << snr;
    }
  }
}

// A Lorentzian of the width that is taken out comes back so many times narrower, with its area.
TEST(SelfDeconvolution, NarrowsALorentzianAndKeepsItsArea) {
  std::vector<double> y;
  for (int i = 0; i < 2000; ++i) {
    const double u = (i - 1000) / 20.0;
    y.push_back(1 / (1 + u * u));
  }
  for (const double enhancement : {1.5, 2.0, 3.0}) {
    const auto got = run_row(y,
                             "smooth.fsd",
                             {
                                 {"width",       "20"                    },
                                 {"enhancement", number_text(enhancement)}
    },
                             0.5);
    const double top = *std::max_element(got.begin(), got.end());
    const auto above =
        std::count_if(got.begin(), got.end(), [&](double v) { return v > 0.5 * top; });
    EXPECT_NEAR(0.5 * static_cast<double>(above), 20 / enhancement, 0.6);
    EXPECT_NEAR(std::accumulate(got.begin(), got.end(), 0.0),
                std::accumulate(y.begin(), y.end(), 0.0),
                1e-9);
  }
}

TEST(Derivative, OfASineIsACosineOnEvenAndUnevenAxes) {
  constexpr double k = 0.05;
  std::vector<double> even;
  std::vector<double> x;
  std::vector<double> uneven;
  for (int i = 0; i < 300; ++i) {
    even.push_back(std::sin(k * (400 + 0.5 * i)));
    x.push_back(400 + 0.5 * i + 0.15 * std::sin(0.7 * i));
    uneven.push_back(std::sin(k * x.back()));
  }
  const auto slope = run_row(even, "derivative.savgol", {}, 0.5);
  const auto curve = run_row(even,
                             "derivative.savgol",
                             {
                                 {"derivative",       "2"},
                                 {"polynomial_order", "4"}
  },
                             0.5);
  const auto by_fft = run_row(even,
                              "derivative.fft",
                              {
                                  {"cutoff", "0.4"}
  },
                              0.5);
  auto spectra = SpectraMatrix::make(Axis::make(x, AxisKind::raman_shift, "1/cm"), 1);
  std::copy(uneven.begin(), uneven.end(), spectra.values.begin());
  const auto on_axis = test::run_step(spectra, "derivative.savgol").values;
  for (std::size_t i = 0; i < even.size(); ++i) {
    const double at = k * (400 + 0.5 * static_cast<double>(i));
    EXPECT_NEAR(slope[i], k * std::cos(at), 2e-5);
    EXPECT_NEAR(curve[i], -k * k * std::sin(at), 2e-6);
    EXPECT_NEAR(on_axis[i], k * std::cos(k * x[i]), 2e-5);
    if (i > 20 && i + 20 < even.size()) {
      EXPECT_NEAR(by_fft[i], k * std::cos(at), 2e-4);
    }
  }
}

// Noise of a narrow window would swamp the slope of broad bands.
TEST(Derivative, AutomaticStrengthIsNearTheBestFixedOne) {
  const auto row = noisy_row(800, 25, 50, 5);
  std::vector<double> slope(800);
  for (std::size_t i = 1; i + 1 < 800; ++i) {
    slope[i] = 0.5 * (row.truth[i + 1] - row.truth[i - 1]);
  }
  const auto error = [&](const std::string& name, const std::vector<Named>& given) {
    const auto got = run_row(row.y, name, given);
    return rms_difference(std::span(got).subspan(20, 760), std::span(slope).subspan(20, 760));
  };
  double window = 1e9;
  double cutoff = 1e9;
  for (int k = 0; k < 30; ++k) {
    window = std::min(window,
                      error("derivative.savgol",
                            {
                                {"window", std::to_string(5 + 2 * k)}
    }));
    cutoff = std::min(cutoff,
                      error("derivative.fft",
                            {
                                {"cutoff", number_text(0.005 * std::pow(1.15, k))}
    }));
  }
  EXPECT_LT(error("derivative.savgol",
                  {
                      {"window", "auto"}
  }),
            1.2 * window);
  EXPECT_LT(error("derivative.fft", {}), 1.2 * cutoff);
}

}  // namespace
}  // namespace calcispec
