#include "io/omnic_private.hpp"

#include <map>

namespace calcispec::io::omnic {
namespace {

struct Ordinate {
  const char* label;
  int code;
  OrdinateKind kind;
};

constexpr Ordinate ordinates_by_code[] = {
    {"Reflectance (%)",   11, OrdinateKind::reflectance  },
    {"Log(1/R)",          12, OrdinateKind::other        },
    {"Single beam",       15, OrdinateKind::other        },
    {"Transmittance (%)", 16, OrdinateKind::transmittance},
    {"Absorbance",        17, OrdinateKind::absorbance   },
    {"Kubelka-Munk",      20, OrdinateKind::other        },
    {"Reflectance",       21, OrdinateKind::reflectance  },
    {"Interferogram",     22, OrdinateKind::other        },
    {"Photoacoustic",     26, OrdinateKind::other        },
    {"Raman intensity",   31, OrdinateKind::intensity    },
};

}  // namespace

void describe(const ByteSource& source, std::uint64_t at, TextSpectra& spectra) {
  const int x_code = source.get<std::uint8_t>(at + 8, "the axis unit");
  const int y_code = source.get<std::uint8_t>(at + 12, "the ordinate unit");
  const bool is_raman = x_code == 32 || y_code == 31;
  spectra.technique = is_raman ? Technique::raman : Technique::ftir;
  static const std::map<int, const char*> x_units{
      {1,  "1/cm" },
      {2,  "point"},
      {3,  "nm"   },
      {4,  "um"   },
      {32, "1/cm" },
  };
  const auto unit = x_units.find(x_code);
  spectra.x_unit = unit == x_units.end() ? "" : unit->second;
  spectra.x_label = is_raman ? "Raman shift" : spectra.x_unit;
  for (const auto& ordinate : ordinates_by_code) {
    if (ordinate.code == y_code) {
      spectra.y_label = ordinate.label;
      spectra.ordinate = ordinate.kind;
    }
  }
}

}  // namespace calcispec::io::omnic
