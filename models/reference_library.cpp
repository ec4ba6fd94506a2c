#include "models/reference_library.hpp"

#include "core/error.hpp"
#include "models/atr_optics.hpp"
#include "models/csv_table.hpp"
#include "models/embedded_private.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace calcispec::embedded {
std::pair<std::string_view, std::string_view> calcispec_models(std::size_t index);
}  // namespace calcispec::embedded

namespace calcispec::models {

std::string_view embedded_file(std::string_view name) {
  for (std::size_t i = 0;; ++i) {
    const auto [file, bytes] = embedded::calcispec_models(i);
    if (file.empty()) {
      throw Error(ErrorCode::internal, "the data file " + std::string(name) + " is not built in");
    }
    if (file == name) {
      return bytes;
    }
  }
}

namespace {

constexpr double usual_lorentz_share = 0.6;  // of pseudo-Voigt rows, as the band table is made

std::string sha256_of(std::string_view a, std::string_view b) {
  std::string whole(a);
  whole += b;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(whole.data()), whole.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

template <typename Value, std::size_t count>
Value from_word(const std::array<std::pair<std::string_view, Value>, count>& words,
                std::string_view word,
                const CsvTable& table,
                Index row) {
  std::string known;
  for (const auto& [name, value] : words) {
    if (name == word) {
      return value;
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorCode::bad_method,
              "\"" + std::string(word) + "\" is none of " + known + "; use one of these",
              table.place(row));
}

constexpr std::array<std::pair<std::string_view, PhaseRole>, 5> roles{
    {{"mineral", PhaseRole::mineral},
     {"matrix", PhaseRole::matrix},
     {"substrate", PhaseRole::substrate},
     {"gas", PhaseRole::gas},
     {"site", PhaseRole::site}}
};
constexpr std::array<std::pair<std::string_view, BandTechnique>, 3> techniques{
    {{"raman", BandTechnique::raman},
     {"ftir_transmission", BandTechnique::ftir_transmission},
     {"ftir_atr", BandTechnique::ftir_atr}}
};
constexpr std::array<std::pair<std::string_view, SourceStatus>, 4> statuses{
    {{"measured", SourceStatus::measured},
     {"seen", SourceStatus::seen},
     {"literature", SourceStatus::literature},
     {"derived", SourceStatus::derived}}
};
constexpr std::array<std::pair<std::string_view, double>, 3> shapes{
    {{"pv", usual_lorentz_share}, {"gauss", 0.0}, {"lorentz", 1.0}}
};

std::vector<Phase> read_phases(const CsvTable& table) {
  std::vector<Phase> phases;
  for (Index row = 0; row < table.rows(); ++row) {
    Phase phase;
    phase.id = table.text(row, "id");
    phase.name = table.text(row, "name");
    phase.role = from_word(roles, table.text(row, "role"), table, row);
    phase.family = table.text(row, "family");
    phase.formula = table.text(row, "formula");
    phase.validated_on_raman = static_cast<int>(table.number(row, "validated_on_raman"));
    phase.validated_on_ftir = static_cast<int>(table.number(row, "validated_on_ftir"));
    if (table.has("atr_index") && table.has("atr_peak_k")) {
      phase.atr_index = table.number(row, "atr_index");
      phase.atr_peak_k = table.number(row, "atr_peak_k");
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

ReferenceBand read_band(const CsvTable& table, Index row) {
  ReferenceBand band;
  band.position_cm1 = table.number(row, "position_cm1");
  band.fwhm_cm1 = table.number(row, "fwhm_cm1");
  band.relative_intensity = table.number(row, "rel_intensity");
  band.lorentz_share = from_word(shapes, table.text(row, "shape"), table, row);
  band.assignment = table.text(row, "assignment");
  band.source = table.text(row, "source");
  band.status = from_word(statuses, table.text(row, "status"), table, row);
  if (!(band.fwhm_cm1 > 0) || !(band.relative_intensity > 0)) {
    throw Error(
        ErrorCode::bad_method, "width and intensity of a band must be above 0", table.place(row));
  }
  if (band.source.empty()) {
    throw Error(ErrorCode::bad_method,
                "the band has no source; name where the value comes from",
                table.place(row));
  }
  return band;
}

std::vector<ReferenceBand>& bands_of(Phase& phase, BandTechnique technique) {
  switch (technique) {
    case BandTechnique::ftir_transmission:
      return phase.ftir_transmission;
    case BandTechnique::ftir_atr:
      return phase.ftir_atr;
    case BandTechnique::raman:
      break;
  }
  return phase.raman;
}

// Phases of the table that describe what is known; a band of an unknown id makes a mineral of its
// own if `makes_phases`, else it is a fault.
void read_bands(const CsvTable& table, bool makes_phases, std::vector<Phase>& phases) {
  for (Index row = 0; row < table.rows(); ++row) {
    const auto& id = table.text(row, "phase");
    auto found = std::find_if(
        phases.begin(), phases.end(), [&](const Phase& phase) { return phase.id == id; });
    if (found == phases.end()) {
      if (!makes_phases) {
        throw Error(ErrorCode::bad_method,
                    "phase \"" + id + "\" is not in the table of phases; add it there",
                    table.place(row));
      }
      Phase phase;
      phase.id = id;
      phase.name = id;
      phase.family = id;
      phases.push_back(std::move(phase));
      found = std::prev(phases.end());
    }
    const auto technique = from_word(techniques, table.text(row, "technique"), table, row);
    bands_of(*found, technique).push_back(read_band(table, row));
  }
}

// Measured rows stay alone where they hold a strong band of the fingerprint.
void derive_atr_rows(std::vector<Phase>& phases) {
  constexpr double strong = 50;
  constexpr double fingerprint_end_cm1 = 1850;
  for (auto& phase : phases) {
    const bool is_measured =
        std::any_of(phase.ftir_atr.begin(), phase.ftir_atr.end(), [&](const ReferenceBand& row) {
          return row.relative_intensity >= strong && row.position_cm1 < fingerprint_end_cm1;
        });
    if (is_measured || phase.ftir_transmission.empty() || phase.role == PhaseRole::gas) {
      continue;
    }
    AtrOptics optics;
    optics.sample_index = phase.atr_index;
    optics.peak_k = phase.atr_peak_k;
    phase.ftir_atr = derive_atr_bands(phase.ftir_transmission, optics);
  }
}

std::optional<std::string> file_content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

}  // namespace

std::span<const ReferenceBand> Phase::bands(BandTechnique technique) const {
  switch (technique) {
    case BandTechnique::ftir_transmission:
      return ftir_transmission;
    case BandTechnique::ftir_atr:
      return ftir_atr;
    case BandTechnique::raman:
      break;
  }
  return raman;
}

const Phase* ReferenceLibrary::find(std::string_view id) const {
  const auto found =
      std::find_if(phases.begin(), phases.end(), [&](const Phase& p) { return p.id == id; });
  return found == phases.end() ? nullptr : &*found;
}

ReferenceLibrary builtin_library() {
  const auto phases = embedded_file("phases.csv");
  const auto bands = embedded_file("bands.csv");
  ReferenceLibrary library;
  library.phases = read_phases(CsvTable(phases, "phases.csv"));
  read_bands(CsvTable(bands, "bands.csv"), false, library.phases);
  derive_atr_rows(library.phases);
  library.sha256 = sha256_of(phases, bands);
  return library;
}

ReferenceLibrary library_from_folder(const std::string& folder) {
  const std::filesystem::path base(folder);
  const auto bands = file_content(base / "bands.csv");
  if (!bands) {
    throw Error(ErrorCode::bad_method,
                "the library folder holds no readable bands.csv; put a table of bands there",
                folder);
  }
  const auto phases = file_content(base / "phases.csv");
  ReferenceLibrary library;
  if (phases) {
    library.phases = read_phases(CsvTable(*phases, (base / "phases.csv").string()));
  } else {
    // Roles and families of known ids hold for a user's bands too.
    library.phases = read_phases(CsvTable(embedded_file("phases.csv"), "phases.csv"));
  }
  read_bands(CsvTable(*bands, (base / "bands.csv").string()), !phases, library.phases);
  derive_atr_rows(library.phases);
  library.phases.erase(std::remove_if(library.phases.begin(),
                                      library.phases.end(),
                                      [](const Phase& phase) {
                                        return phase.raman.empty() &&
                                               phase.ftir_transmission.empty() &&
                                               phase.ftir_atr.empty();
                                      }),
                       library.phases.end());
  library.sha256 = sha256_of(phases.value_or(""), *bands);
  return library;
}

}  // namespace calcispec::models
