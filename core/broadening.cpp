#include "core/broadening.hpp"

#include "core/error.hpp"
#include "core/parameter.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace calcispec {
namespace {

struct ApodisationRow {
  Apodisation apodisation;
  std::string_view name;
};
constexpr std::array kernel_rows{
    ApodisationRow{Apodisation::boxcar,             "boxcar"            },
    ApodisationRow{Apodisation::triangular,         "triangular"        },
    ApodisationRow{Apodisation::happ_genzel,        "happ_genzel"       },
    ApodisationRow{Apodisation::norton_beer_weak,   "norton_beer_weak"  },
    ApodisationRow{Apodisation::norton_beer_medium, "norton_beer_medium"},
    ApodisationRow{Apodisation::norton_beer_strong, "norton_beer_strong"},
    ApodisationRow{Apodisation::blackman_harris,    "blackman_harris"   }
};

double sinc(double a) {
  return std::abs(a) < 1e-4 ? 1 - a * a / 6 : std::sin(a) / a;
}

// Integral of c0 + c1 cos(pi u) + c2 cos(2 pi u) times cos(a u) over 0 to 1.
double cosine_sum(const std::array<double, 3>& c, double a) {
  double total = c[0] * sinc(a);
  for (std::size_t k = 1; k < c.size(); ++k) {
    const double turn = static_cast<double>(k) * std::numbers::pi;
    total += 0.5 * c[k] * (sinc(a + turn) + sinc(a - turn));
  }
  return total;
}

// Integral of (1 - u^2)^n cos(a u) over 0 to 1: 2^n n! j_n(a) / a^n, whose power series is used
// where the recurrence of the Bessel functions would lose digits.
double bell(int n, double a) {
  if (std::abs(a) < 5) {
    double term = 1;
    for (int k = 1; k <= n; ++k) {
      term *= 2.0 * k / (2.0 * k + 1);
    }
    double total = 0;
    for (int k = 0; k < 60 && std::abs(term) > 1e-18 * std::abs(total); ++k) {
      total += term;
      term *= -0.5 * a * a / ((k + 1.0) * (2.0 * (n + k + 1) + 1));
    }
    return total;
  }
  double previous = std::cos(a) / a;  // j_-1
  double current = std::sin(a) / a;   // j_0
  double scale = 1;
  for (int k = 0; k < n; ++k) {
    const double next = (2.0 * k + 1) / a * current - previous;
    previous = current;
    current = next;
    scale *= 2.0 * (k + 1) / a;
  }
  return scale * current;
}

// Norton & Beer (1977), erratum; coefficients of (1 - u^2)^0, ^1, ^2, ^4.
double norton_beer(const std::array<double, 4>& c, double a) {
  return c[0] * bell(0, a) + c[1] * bell(1, a) + c[2] * bell(2, a) + c[3] * bell(4, a);
}

// Integral of A(u) cos(a u) over 0 to 1.
double transform(Apodisation apodisation, double a) {
  switch (apodisation) {
    case Apodisation::boxcar:
      return sinc(a);
    case Apodisation::triangular:
      return 0.5 * sinc(0.5 * a) * sinc(0.5 * a);
    case Apodisation::happ_genzel:
      return cosine_sum({0.54, 0.46, 0}, a);
    case Apodisation::norton_beer_weak:
      return norton_beer({0.384093, -0.087577, 0.703484, 0}, a);
    case Apodisation::norton_beer_medium:
      return norton_beer({0.152442, -0.136176, 0.983734, 0}, a);
    case Apodisation::norton_beer_strong:
      return norton_beer({0.045335, 0, 0.554883, 0.399782}, a);
    case Apodisation::blackman_harris:
      return cosine_sum({0.42323, 0.49755, 0.07922}, a);
  }
  return sinc(a);
}

}  // namespace

std::string_view apodisation_name(Apodisation apodisation) {
  for (const auto& row : kernel_rows) {
    if (row.apodisation == apodisation) {
      return row.name;
    }
  }
  return "boxcar";
}

std::optional<Apodisation> apodisation_from_name(std::string_view name) {
  for (const auto& row : kernel_rows) {
    if (row.name == name) {
      return row.apodisation;
    }
  }
  return std::nullopt;
}

std::string broadening_text(const Broadening& broadening) {
  switch (broadening.kind) {
    case BroadeningKind::none:
      return "";
    case BroadeningKind::gauss:
      return "gauss, fwhm " + number_text(broadening.fwhm);
    case BroadeningKind::sinc:
      return "sinc, path difference " + number_text(broadening.path_difference) + ", " +
             std::string(apodisation_name(broadening.apodisation));
  }
  return "";
}

double broadening_kernel(const Broadening& broadening, double distance) {
  switch (broadening.kind) {
    case BroadeningKind::none:
      return 0;
    case BroadeningKind::gauss: {
      const double u = distance / broadening.fwhm;
      const double height = std::sqrt(4 * std::numbers::ln2 / std::numbers::pi) / broadening.fwhm;
      return height * std::exp(-4 * std::numbers::ln2 * u * u);
    }
    case BroadeningKind::sinc: {
      const double path = broadening.path_difference;
      const double a = 2 * std::numbers::pi * path * distance;
      return 2 * path * transform(broadening.apodisation, a);
    }
  }
  return 0;
}

double broadening_width(const Broadening& broadening) {
  if (broadening.kind != BroadeningKind::sinc) {
    return broadening.kind == BroadeningKind::gauss ? broadening.fwhm : 0;
  }
  const double half = 0.5 * broadening_kernel(broadening, 0);
  double low = 0;
  double high = 1.5 / broadening.path_difference;  // beyond the half height of all of them
  for (int k = 0; k < 60; ++k) {
    const double middle = 0.5 * (low + high);
    (broadening_kernel(broadening, middle) > half ? low : high) = middle;
  }
  return low + high;
}

}  // namespace calcispec
