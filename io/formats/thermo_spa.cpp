// Thermo OMNIC SPA and SPG: one spectrum or a group, FT-IR and Raman.
#include "core/parameter.hpp"
#include "io/omnic_private.hpp"

#include <algorithm>
#include <chrono>

namespace calcispec::io {
namespace {

constexpr std::string_view thermo_spa_magic = "Spectral Data File";
constexpr std::uint64_t directory_start = 304;
constexpr std::uint64_t line_size = 16;

struct Line {
  int key = 0;
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

struct SpaSpectrum {
  Line header;
  Line ordinates;
  std::string title;
};

int sniff_thermo_spa(const FileView& file) {
  return starts_with(file, thermo_spa_magic) ? 97 : 0;
}

// Seconds since the last day of 1899, in UTC.
std::string date_text(std::uint32_t seconds) {
  using std::chrono::days;
  const std::chrono::sys_days start = std::chrono::year{1899} / 12 / 31;
  const std::chrono::year_month_day date{start + days{seconds / 86400}};
  const auto two = [](unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day())) +
         " " + two(seconds % 86400 / 3600) + ":" + two(seconds % 3600 / 60) + ":" +
         two(seconds % 60);
}

class SpaReader {
 public:
  SpaReader(const FileView& file, const ReadOptions& options) : source_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "thermo_spa";
  }

  LoadedFile run() {
    add("title", source_.text(30, 256, "the title"));
    add("date", date_text(source_.get<std::uint32_t>(296, "the date")));
    read_directory();
    if (spectra_.empty()) {
      source_.fail(directory_start,
                   "the directory names no spectrum; the file is damaged, copy or export it again");
    }
    // Spectra on the same axis belong together; file order is kept.
    for (std::size_t first = 0; first < spectra_.size();) {
      std::size_t end = first + 1;
      while (end < spectra_.size() && axis_bytes(spectra_[end]) == axis_bytes(spectra_[first])) {
        ++end;
      }
      add_recording(std::span(spectra_).subspan(first, end - first));
      first = end;
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& key, const std::string& value) {
    if (!value.empty()) {
      metadata_.emplace(key, value);
    }
  }

  void read_directory() {
    const auto count = source_.get<std::uint16_t>(294, "the number of directory lines");
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto at = directory_start + line_size * i;
      source_.need(at, line_size, "the directory");
      const Line line{source_.get<std::uint8_t>(at, "a key"),
                      source_.get<std::uint32_t>(at + 2, "a position"),
                      source_.get<std::uint32_t>(at + 6, "a size")};
      if (line.key == 0 || line.key == 1) {
        break;
      }
      take(line);
    }
    spectra_.erase(std::remove_if(spectra_.begin(),
                                  spectra_.end(),
                                  [](const SpaSpectrum& one) { return one.ordinates.key == 0; }),
                   spectra_.end());
  }

  void take(const Line& line) {
    switch (line.key) {
      case 2:
        spectra_.push_back({line, {}, {}});
        break;
      case 3:
        if (!spectra_.empty()) {
          spectra_.back().ordinates = line;
        }
        break;
      case 107:
        if (!spectra_.empty()) {
          spectra_.back().title = optional_text(line, 256);
        }
        break;
      case 4:
        add("comment", optional_text(line, line.size));
        break;
      case 27:
        add("history", optional_text(line, line.size));
        break;
      case 102:
      case 103:
        out_.blocks.push_back(
            {line.key == 102 ? "sample interferogram" : "background interferogram",
             std::to_string(line.size / 4) + " points",
             false,
             "the spectrum made from it is used"});
        break;
      default:
        break;
    }
  }

  [[nodiscard]] std::string optional_text(const Line& line, std::uint64_t most) const {
    const auto size = std::min(line.size, most);
    return source_.holds(line.start, size) ? source_.text(line.start, size, "a text")
                                           : std::string();
  }

  [[nodiscard]] std::string_view axis_bytes(const SpaSpectrum& spectrum) const {
    return source_.bytes(spectrum.header.start + 4, 20, "the header of a spectrum");
  }

  void add_recording(std::span<const SpaSpectrum> group) {
    const auto at = group.front().header.start;
    const auto points = source_.get<std::uint32_t>(at + 4, "the number of points");
    TextSpectra spectra;
    for (const auto& one : group) {
      if (std::uint64_t{4} * points > one.ordinates.size) {
        source_.fail(one.header.start + 4,
                     "the header announces " + std::to_string(points) +
                         " points, its ordinates have room for " +
                         std::to_string(one.ordinates.size / 4) + "; the file is damaged");
      }
      used_ += std::uint64_t{4} * points;
      if (used_ > source_.size()) {
        source_.fail(one.ordinates.start,
                     "the spectra overlap each other in the file; it is damaged");
      }
      spectra.y.push_back(source_.list<float>(one.ordinates.start, points, "the ordinates"));
      spectra.names.push_back(one.title.empty() ? metadata_["title"] : one.title);
      out_.blocks.push_back({spectra.names.back(),
                             std::to_string(points) + " points",
                             true,
                             "every spectrum of the file is used"});
    }
    spectra.x = even_axis(double{source_.get<float>(at + 16, "the first axis value")},
                          double{source_.get<float>(at + 20, "the last axis value")},
                          points);
    describe(at, spectra);
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  void describe(std::uint64_t at, TextSpectra& spectra) {
    omnic::describe(source_, at, spectra);
    if (source_.holds(at, 84)) {
      add("scans", std::to_string(source_.get<std::uint32_t>(at + 36, "scans")));
      add("background scans", std::to_string(source_.get<std::uint32_t>(at + 52, "scans")));
      add("reference laser 1/cm", number_text(double{source_.get<float>(at + 80, "the laser")}));
    }
    spectra.metadata = metadata_;
  }

  ByteSource source_;
  const ReadOptions& options_;
  std::vector<SpaSpectrum> spectra_;
  std::uint64_t used_ = 0;  // bytes of ordinates; damaged directories may name some twice
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_thermo_spa(const FileView& file, const ReadOptions& options) {
  return SpaReader(file, options).run();
}

}  // namespace

Format thermo_spa_format() {
  return {"thermo_spa", "Thermo OMNIC SPA and SPG", "spa spg", sniff_thermo_spa, read_thermo_spa};
}

}  // namespace calcispec::io
