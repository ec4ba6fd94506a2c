#include "pipelines/specimens.hpp"

#include "core/error.hpp"
#include "pipelines/calibration_private.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace calcispec {
namespace {

namespace fs = std::filesystem;

std::string plain(const fs::path& path) {
  return fs::absolute(path).lexically_normal().string();
}

}  // namespace

SpecimenTable load_specimens(const std::string& path) {
  const auto table = load_table(path, "the table of specimens");
  SpecimenTable out;
  for (Index row = 0; row < table.rows(); ++row) {
    const fs::path file(table.text(row, "file"));
    const auto& specimen = table.text(row, "specimen");
    if (specimen.empty()) {
      throw Error(ErrorCode::bad_method, "the specimen has no name", table.place(row));
    }
    const auto whole = file.is_absolute() ? file : fs::path(path).parent_path() / file;
    if (!out.emplace(plain(whole), specimen).second) {
      throw Error(ErrorCode::bad_method, "the file stands in the table twice", table.place(row));
    }
  }
  return out;
}

void combine_specimens(const SpecimenTable& table, AnalysisResult& result) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<models::SpecimenSpectrum>> specimens;
  for (const auto& entry : result.spectra) {
    const auto found = table.find(plain(entry.input));
    if (found == table.end() || !entry.composition) {
      continue;
    }
    if (std::find(order.begin(), order.end(), found->second) == order.end()) {
      order.push_back(found->second);
    }
    specimens[found->second].push_back({entry.id, entry.technique, &*entry.composition});
  }
  for (const auto& name : order) {
    const auto& spectra = specimens[name];
    if (spectra.size() > 1) {
      result.specimens.push_back(models::combine_spectra(name, spectra));
    }
  }
}

}  // namespace calcispec
