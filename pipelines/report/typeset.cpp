#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace calcispec {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array replacements{
    Pair{" %",   "\u00a0%" },
    Pair{"1/cm", "cm⁻¹" },
    Pair{"nu1",  "ν₁"   },
    Pair{"nu2",  "ν₂"   },
    Pair{"nu3",  "ν₃"   },
    Pair{"nu4",  "ν₄"   },
    Pair{"v1",   "ν₁"   },
    Pair{"v2",   "ν₂"   },
    Pair{"v3",   "ν₃"   },
    Pair{"v4",   "ν₄"   },
    Pair{"HPO4", "HPO₄"  },
    Pair{"PO4",  "PO₄"   },
    Pair{"CO3",  "CO₃"   },
    Pair{"CO2",  "CO₂"   },
    Pair{"H2O",  "H₂O"   },
    Pair{"CH2",  "CH₂"   },
    Pair{"CH3",  "CH₃"   },
    Pair{"SO4",  "SO₄"   },
    Pair{"NH4",  "NH₄"   },
    Pair{"C2O4", "C₂O₄"}
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 32 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string typeset(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const bool is_start = out.empty() || !is_letter(out.back());
    const auto found =
        std::find_if(replacements.begin(), replacements.end(), [&](const Pair& pair) {
          return is_start && text.substr(0, pair.first.size()) == pair.first;
        });
    if (found == replacements.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

std::string words_of(std::string_view id) {
  std::string out(id);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string phase_label(const models::Composition& composition, std::string_view id) {
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.phase == id) {
        return entry.name;
      }
    }
  }
  return words_of(id);
}

std::string band_label(std::string_view assignment) {
  const auto cut = assignment.substr(0, assignment.find_first_of(";(,"));
  const auto end = cut.find_last_not_of(' ');
  return typeset(cut.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

double lorentz_share_of(const models::FittedBand& band) {
  const double lorentz = std::numbers::pi / 2;
  const double gauss = 0.5 * std::sqrt(std::numbers::pi / std::numbers::ln2);
  const double area = band.area / (band.height * band.fwhm_cm1);
  return std::isfinite(area) ? std::clamp((area - gauss) / (lorentz - gauss), 0.0, 1.0) : 0.5;
}

}  // namespace calcispec
