#include "pipelines/measured_library.hpp"

#include "core/error.hpp"
#include "io/file.hpp"
#include "pipelines/hash_private.hpp"
#include "pipelines/toml_faults_private.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using models::MeasuredLibrary;
using models::MeasuredReference;

constexpr const char* table_name = "library.toml";

std::string content_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method,
                "cannot be read; `calcispec library add FILE... --library " +
                    path.parent_path().string() + "` makes one",
                path.string());
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// The mean of the spectra of a file; several recordings are several substances.
void fill_spectrum(const std::string& path,
                   const io::ReadOptions& read,
                   MeasuredReference& reference) {
  const auto file = io::load(path, read);
  if (file.recordings.size() != 1) {
    throw Error(ErrorCode::bad_method,
                "holds several recordings; a reference is one spectrum, or spectra of one axis, "
                "whose mean is taken",
                path);
  }
  const auto& recording = file.recordings.front();
  const bool has_mode = recording.technique == Technique::raman ||
                        recording.mode == SamplingMode::transmission ||
                        recording.mode == SamplingMode::atr;
  if (recording.technique != Technique::raman && recording.technique != Technique::ftir) {
    throw Error(ErrorCode::bad_method, "does not say how it was measured; state --technique", path);
  }
  if (!has_mode) {
    throw Error(ErrorCode::bad_method,
                "does not say how it was sampled; state --mode transmission or atr",
                path);
  }
  const auto& spectra = recording.spectra;
  reference.technique = recording.technique;
  reference.mode = recording.mode;
  reference.axis = spectra.axis;
  reference.sha256 = file.sha256;
  reference.y.assign(static_cast<std::size_t>(spectra.points()), 0.0);
  for (Index row = 0; row < spectra.rows(); ++row) {
    for (std::size_t i = 0; i < reference.y.size(); ++i) {
      reference.y[i] += spectra.row(row)[i] / static_cast<double>(spectra.rows());
    }
  }
  if (!std::all_of(
          reference.y.begin(), reference.y.end(), [](double v) { return std::isfinite(v); })) {
    throw Error(ErrorCode::bad_method, "holds values that are not numbers", path);
  }
}

void fill_hash(MeasuredLibrary& library) {
  std::string text;
  for (const auto& reference : library.references) {
    text += reference.id + " " + std::string(name_of(reference.technique)) + " " +
            std::string(name_of(reference.mode)) + " " + reference.sha256 + "\n";
  }
  library.sha256 = sha256_text(text);
}

class TableReader {
 public:
  TableReader(const toml::table& root,
              const std::string& path,
              const fs::path& folder,
              const std::string& reader_program)
      : root_(root), faults_(path), folder_(folder), reader_program_(reader_program) {}

  MeasuredLibrary read() {
    faults_.check_keys(root_, {"schema", "reference"});
    const auto* rows = root_["reference"].as_array();
    if (root_["schema"].value<int64_t>() != 1 || rows == nullptr) {
      faults_.add(root_, "schema = 1 and at least one [[reference]] are needed");
      faults_.stop();
    }
    MeasuredLibrary library;
    for (const auto& row : *rows) {
      if (const auto* table = row.as_table()) {
        library.references.push_back(read_row(*table));
      } else {
        faults_.add(row, "a [[reference]] must be a table");
      }
    }
    faults_.stop();
    fill_hash(library);
    return library;
  }

 private:
  std::string text(const toml::table& table, std::string_view key, bool is_needed) {
    const auto* node = table.get(key);
    if (node == nullptr) {
      if (is_needed) {
        faults_.add(table, std::string(key) + " is missing");
      }
      return {};
    }
    if (const auto value = node->value<std::string>()) {
      return *value;
    }
    faults_.add(*node, std::string(key) + " must be a text in quotes");
    return {};
  }

  MeasuredReference read_row(const toml::table& table) {
    faults_.check_keys(
        table,
        {"id", "file", "technique", "mode", "formula", "density_g_cm3", "source", "licence"});
    MeasuredReference out;
    out.id = text(table, "id", true);
    out.file = text(table, "file", true);
    out.formula = text(table, "formula", false);
    out.source = text(table, "source", false);
    out.licence = text(table, "licence", false);
    out.density_g_cm3 =
        table["density_g_cm3"].value<double>().value_or(std::numeric_limits<double>::quiet_NaN());
    io::ReadOptions read;
    read.reader_program = reader_program_;
    read.technique = technique_from_name(text(table, "technique", true));
    if (!read.technique) {
      faults_.add(table, "technique must be raman or ftir");
    } else if (*read.technique == Technique::ftir) {
      read.mode = sampling_mode_from_name(text(table, "mode", true));
    }
    if (!out.file.empty() && read.technique) {
      try {
        fill_spectrum((folder_ / out.file).string(), read, out);
      } catch (const Error& error) {
        faults_.add(table, out.file + ": " + error.what());
      }
    }
    return out;
  }

  const toml::table& root_;
  TomlFaults faults_;
  const fs::path& folder_;
  const std::string& reader_program_;
};

std::string table_text(const MeasuredLibrary& library) {
  toml::array rows;
  for (const auto& reference : library.references) {
    toml::table row{
        {"id",        reference.id                             },
        {"file",      reference.file                           },
        {"technique", std::string(name_of(reference.technique))}
    };
    if (reference.technique == Technique::ftir) {
      row.insert("mode", std::string(name_of(reference.mode)));
    }
    for (const auto& [key, value] : {
             std::pair{"formula", &reference.formula},
             std::pair{"source",  &reference.source },
             std::pair{"licence", &reference.licence}
    }) {
      if (!value->empty()) {
        row.insert(key, *value);
      }
    }
    if (std::isfinite(reference.density_g_cm3)) {
      row.insert("density_g_cm3", reference.density_g_cm3);
    }
    rows.push_back(std::move(row));
  }
  std::ostringstream out;
  out << "# References measured by the user; made by calcispec library add.\n"
      << toml::table{{"schema", 1}, {"reference", std::move(rows)}} << "\n";
  return out.str();
}

void write_whole(const fs::path& path, const std::string& text) {
  const auto temporary = path.string() + ".part";
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    throw Error(ErrorCode::output_failed, "could not be written", temporary);
  }
  fs::rename(temporary, path);
}

}  // namespace

bool is_measured_library(const std::string& folder) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(folder) / table_name, ignored);
}

MeasuredLibrary load_measured_library(const std::string& folder,
                                      const std::string& reader_program) {
  const auto path = (fs::path(folder) / table_name).string();
  const auto root = parse_toml(content_of(path), path);
  return TableReader(root, path, fs::path(folder), reader_program).read();
}

MeasuredLibrary add_references(const std::string& folder,
                               const std::vector<NewReference>& references,
                               const io::ReadOptions& read,
                               bool replaces) {
  MeasuredLibrary library;
  if (is_measured_library(folder)) {
    library = load_measured_library(folder, read.reader_program);
  }
  std::vector<std::string> sources;
  for (const auto& wanted : references) {
    MeasuredReference reference;
    reference.id = wanted.id;
    reference.formula = wanted.formula;
    reference.source = wanted.source;
    reference.licence = wanted.licence;
    fill_spectrum(wanted.file, read, reference);
    reference.file = wanted.id + "_" + reference.sha256.substr(0, 8) +
                     fs::path(wanted.file).extension().string();
    const auto same = std::find_if(
        library.references.begin(), library.references.end(), [&](const MeasuredReference& known) {
          return known.id == reference.id && known.technique == reference.technique &&
                 known.mode == reference.mode;
        });
    if (same == library.references.end()) {
      library.references.push_back(std::move(reference));
    } else if (replaces) {
      *same = std::move(reference);
    } else {
      throw Error(ErrorCode::bad_method,
                  "the library holds a reference " + wanted.id +
                      " of this technique already; --force replaces it",
                  wanted.file);
    }
  }
  std::error_code fault;
  fs::create_directories(folder, fault);
  for (const auto& wanted : references) {
    for (const auto& reference : library.references) {
      if (reference.id == wanted.id && !fs::exists(fs::path(folder) / reference.file, fault)) {
        fs::copy_file(wanted.file, fs::path(folder) / reference.file, fault);
        if (fault) {
          throw Error(
              ErrorCode::output_failed, "could not be copied: " + fault.message(), wanted.file);
        }
      }
    }
  }
  fill_hash(library);
  write_whole(fs::path(folder) / table_name, table_text(library));
  return library;
}

}  // namespace calcispec
