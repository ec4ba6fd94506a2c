// Andor SIF: frames and tracks of a camera behind a spectrograph.
#include "core/parameter.hpp"
#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"
#include "io/xml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

// The header is lines of text whose number grew from version to version. What is needed stands
// around three texts that all versions have (axis, ordinate, pixels), so these are looked for.
namespace calcispec::io {
namespace {

constexpr std::string_view andor_sif_magic = "Andor Technology Multi-Channel File";
constexpr std::size_t longest_header = std::size_t{16} << 20U;
constexpr int lines_between = 7;  // from the calibration to the name of the axis

int sniff_andor_sif(const FileView& file) {
  return starts_with(file, andor_sif_magic) ? 97 : 0;
}

struct Track {
  std::int64_t left = 1;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t binning = 1;
};

// What the end of the header says, and where the frames begin.
struct Layout {
  std::string axis;
  std::string ordinate;
  std::vector<Track> tracks;
  std::int64_t frames = 0;
  std::int64_t frame_length = 0;
  std::size_t texts_start = 0;  // of the number before the name of the axis
  std::size_t end = 0;
};

// Reads words and lines; gives nothing where something else stands.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }

  std::optional<std::string_view> line() {
    const auto end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const auto out = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }

  // A number alone on a line, then as many bytes.
  std::optional<std::string_view> counted_text() {
    constexpr std::int64_t longest = 256;
    const auto head = line();
    const auto length = head ? whole(trimmed(*head)) : std::nullopt;
    if (!length || *length < 0 || *length > longest ||
        static_cast<std::size_t>(*length) > bytes_.size() - at_) {
      return std::nullopt;
    }
    const auto out = bytes_.substr(at_, static_cast<std::size_t>(*length));
    at_ += static_cast<std::size_t>(*length);
    return out;
  }

  // Whole numbers of a line, at least `least` of them.
  std::optional<std::vector<std::int64_t>> whole_line(std::size_t least) {
    const auto content = line();
    if (!content || content->size() > 512) {
      return std::nullopt;
    }
    std::vector<std::int64_t> out;
    for (std::size_t from = 0; from < content->size();) {
      const auto end = std::min(content->find(' ', from), content->size());
      const auto word = trimmed(content->substr(from, end - from));
      from = end + 1;
      if (word.empty()) {
        continue;
      }
      const auto value = whole(word);
      if (!value) {
        return std::nullopt;
      }
      out.push_back(*value);
    }
    return out.size() < least ? std::nullopt : std::optional(out);
  }

  static std::optional<std::int64_t> whole(std::string_view word) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool is_good = error == std::errc() && end == word.data() + word.size() && !word.empty();
    return is_good ? std::optional(value) : std::nullopt;
  }

 private:
  std::string_view bytes_;
  std::size_t at_;
};

bool is_size(std::int64_t value) {
  constexpr std::int64_t most = std::int64_t{1} << 31U;
  return value > 0 && value < most;
}

std::optional<Track> track_from(const std::vector<std::int64_t>& numbers) {
  // A code, then left, top, right, bottom, binning of rows and of columns.
  const auto left = numbers[1];
  const auto top = numbers[2];
  const auto right = numbers[3];
  const auto bottom = numbers[4];
  for (std::size_t i = 1; i < 7; ++i) {
    if (!is_size(numbers[i])) {
      return std::nullopt;
    }
  }
  const Track track{
      left, (1 + right - left) / numbers[6], (1 + top - bottom) / numbers[5], numbers[6]};
  return is_size(track.width) && is_size(track.height) ? std::optional(track) : std::nullopt;
}

// The layout if the three texts begin at this line; everything must fit together.
std::optional<Layout> layout_at(std::string_view header, std::size_t start) {
  Cursor cursor(header, start);
  const auto axis = cursor.counted_text();
  const auto ordinate = axis ? cursor.counted_text() : std::nullopt;
  const auto pixels = ordinate ? cursor.counted_text() : std::nullopt;
  const auto counts = pixels ? cursor.whole_line(9) : std::nullopt;
  if (!counts) {
    return std::nullopt;
  }
  Layout out{utf8_from(*axis), utf8_from(*ordinate), {}, (*counts)[5], (*counts)[8], start, 0};
  const auto tracks = (*counts)[6];
  constexpr std::int64_t most_tracks = 4096;
  if (!is_size(out.frames) || !is_size(out.frame_length) || tracks < 1 || tracks > most_tracks) {
    return std::nullopt;
  }
  std::int64_t length = 0;
  for (std::int64_t i = 0; i < tracks; ++i) {
    const auto numbers = cursor.whole_line(7);
    const auto track = numbers ? track_from(*numbers) : std::nullopt;
    if (!track || track->width > out.frame_length || track->height > out.frame_length) {
      return std::nullopt;
    }
    length += track->width * track->height;
    out.tracks.push_back(*track);
  }
  out.end = cursor.at();
  return length == out.frame_length ? std::optional(out) : std::nullopt;
}

class SifReader {
 public:
  SifReader(const FileView& file, const ReadOptions& options)
      : source_(file), bytes_(file.bytes), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "andor_sif";
  }

  LoadedFile run() {
    find_layout();
    read_top();
    find_calibration();
    find_frames();
    std::uint64_t offset = 0;
    for (const auto& track : layout_.tracks) {
      add_track(track, offset);
      offset += static_cast<std::uint64_t>(track.width * track.height);
    }
    return std::move(out_);
  }

 private:
  void find_layout() {
    const auto header = bytes_.substr(0, longest_header);
    for (auto at = header.find('\n'); at != std::string_view::npos;
         at = header.find('\n', at + 1)) {
      lines_.push_back(at + 1);
      if (at + 1 < header.size() && (header[at + 1] < '0' || header[at + 1] > '9')) {
        continue;
      }
      if (auto found = layout_at(header, at + 1)) {
        layout_ = std::move(*found);
        return;
      }
    }
    source_.fail(std::min<std::uint64_t>(source_.size(), longest_header),
                 "the header ends without naming axis and frames; the file is cut off or of a "
                 "version that is not known, export it from Solis as text");
  }

  // Line `back` lines before the three texts.
  [[nodiscard]] std::string_view line_before(std::size_t back) const {
    if (lines_.size() <= back) {
      return {};
    }
    const auto start = lines_[lines_.size() - 1 - back];
    return bytes_.substr(start, bytes_.find('\n', start) - start);
  }

  void read_top() {
    const auto line = bytes_.substr(lines_.size() > 1 ? lines_[1] : 0, 200);
    const auto words = split(line.substr(0, line.find('\n')), ' ');
    const auto add = [&](const char* key, std::size_t word) {
      if (word < words.size() && parse_number(words[word], '.')) {
        metadata_.emplace(key, utf8_from(trimmed(words[word])));
      }
    };
    add("version", 0);
    add("time s since 1970", 4);
    add("detector temperature C", 5);
    if (lines_.size() > 2) {
      const auto detector = bytes_.substr(lines_[2], 80);
      metadata_.emplace("detector", utf8_from(trimmed(detector.substr(0, detector.find('\n')))));
    }
  }

  void find_calibration() {
    const auto coefficients = number_list(line_before(lines_between), ' ');
    if (coefficients && coefficients->size() > 1 && (*coefficients)[1] != 0) {
      calibration_ = *coefficients;
    }
    read_frame_calibrations();
    const auto excitation = parse_number(trimmed(line_before(lines_between - 3)), '.');
    const bool is_raman = lower_case(layout_.axis).find("raman") != std::string::npos;
    constexpr double shortest = 200;
    constexpr double longest = 2000;
    if (excitation && *excitation >= shortest && *excitation <= longest) {
      metadata_.emplace("excitation nm", number_text(*excitation));
      if (is_raman) {
        laser_nm_ = *excitation;
      } else {
        out_.diagnostics.push_back(
            {Severity::note,
             "excitation_unused",
             "the header gives an excitation of " + number_text(*excitation) +
                 " nm, but the axis was not shown as Raman shift, and the number may be a default; "
                 "--laser states the laser",
             -1});
      }
    }
  }

  // "Calibration data for frame 1: a,b,c,d", one line per frame, where each has its own.
  void read_frame_calibrations() {
    constexpr std::string_view word = "Calibration data for frame ";
    const auto header = bytes_.substr(0, layout_.texts_start);
    for (auto at = header.find(word); at != std::string_view::npos;
         at = header.find(word, at + word.size())) {
      const auto line = header.substr(at, header.find('\n', at) - at);
      const auto from = line.find_first_not_of("0123456789", word.size());
      const auto numbers = from == std::string_view::npos
                               ? std::nullopt
                               : number_list(line.substr(line.find_first_not_of(": ", from)), ',');
      if (numbers && numbers->size() > 1) {
        frame_calibrations_.push_back(*numbers);
      }
    }
    if (frame_calibrations_.size() != static_cast<std::size_t>(layout_.frames)) {
      frame_calibrations_.clear();
    }
  }

  // After the tracks: one time per frame, then in later versions 0, or 1 and a number per frame.
  void find_frames() {
    Cursor cursor(bytes_, layout_.end);
    for (std::int64_t i = 0; i < layout_.frames; ++i) {
      if (!cursor.whole_line(1)) {
        source_.fail(cursor.at(),
                     "the list of frame times ends early; the file is cut off, copy it again");
      }
    }
    start_ = cursor.at();
    const auto flag = bytes_.substr(start_, 2);
    if (flag == "0\n" || flag == "1\n") {
      start_ += 2;
      Cursor more(bytes_, start_);
      bool is_listed = flag == "1\n";
      for (std::int64_t i = 0; is_listed && i < layout_.frames; ++i) {
        is_listed = more.whole_line(1).has_value();
      }
      start_ = is_listed ? more.at() : start_;
    }
    const auto frame = 4 * static_cast<std::uint64_t>(layout_.frame_length);
    const auto there = (source_.size() - start_) / frame;
    if (there == 0) {
      source_.need(start_, frame, "the first frame");
    }
    if (there < static_cast<std::uint64_t>(layout_.frames)) {
      out_.diagnostics.push_back({Severity::warning,
                                  "cut_off",
                                  "the header announces " + std::to_string(layout_.frames) +
                                      " frames, the file holds " + std::to_string(there) +
                                      " complete ones; copy it again",
                                  -1});
      layout_.frames = static_cast<std::int64_t>(there);
    }
  }

  // Pixels count from 1 at the left end of the detector; a binned one lies in the middle of its
  // own.
  [[nodiscard]] static std::vector<double> axis_of(const Track& track,
                                                   const std::vector<double>& coefficients) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < track.width; ++i) {
      const double pixel = static_cast<double>(track.left + i * track.binning) +
                           0.5 * static_cast<double>(track.binning - 1);
      double x = 0;
      for (std::size_t k = coefficients.size(); k-- > 0;) {
        x = x * pixel + coefficients[k];
      }
      out.push_back(coefficients.empty() ? pixel : x);
    }
    return out;
  }

  void add_track(const Track& track, std::uint64_t offset) {
    const auto several = frame_calibrations_.size();
    for (std::size_t k = 0; k < std::max<std::size_t>(several, 1); ++k) {
      TextSpectra spectra;
      const auto first = several == 0 ? 0 : static_cast<std::int64_t>(k);
      const auto end = several == 0 ? layout_.frames : first + 1;
      if (first >= layout_.frames) {
        break;
      }
      spectra.x = axis_of(track, several == 0 ? calibration_ : frame_calibrations_[k]);
      fill(track, offset, {first, end}, spectra);
      describe(spectra, several > 0);
      out_.recordings.push_back(
          make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
    }
  }

  void fill(const Track& track,
            std::uint64_t offset,
            std::pair<std::int64_t, std::int64_t> frames,
            TextSpectra& spectra) const {
    const bool is_single = layout_.frames == 1 && layout_.tracks.size() == 1 && track.height == 1;
    const auto width = static_cast<std::uint64_t>(track.width);
    for (std::int64_t frame = frames.first; frame < frames.second; ++frame) {
      for (std::int64_t row = 0; row < track.height; ++row) {
        const auto number = static_cast<std::uint64_t>(frame * layout_.frame_length) + offset +
                            static_cast<std::uint64_t>(row) * width;
        spectra.y.push_back(source_.list<float>(start_ + 4 * number, width, "a frame"));
        if (!is_single) {
          spectra.names.push_back("frame " + std::to_string(frame + 1) +
                                  (track.height == 1 ? "" : ", row " + std::to_string(row + 1)));
        }
      }
    }
  }

  void describe(TextSpectra& spectra, bool has_own_calibration) const {
    const bool has_axis = has_own_calibration || !calibration_.empty();
    // The calibration gives wavelengths whatever the axis was shown as.
    spectra.x_unit = has_axis ? "nm" : "point";
    spectra.x_label = has_axis ? "Wavelength" : "Pixel";
    spectra.y_label = layout_.ordinate;
    spectra.laser_nm = laser_nm_;
    if (laser_nm_) {
      spectra.technique = Technique::raman;
    }
    spectra.metadata = metadata_;
    spectra.metadata.emplace("axis", layout_.axis);
  }

  ByteSource source_;
  std::string_view bytes_;
  const ReadOptions& options_;
  Layout layout_;
  std::vector<std::size_t> lines_;  // starts of the lines of the header
  std::uint64_t start_ = 0;         // of the frames
  std::vector<double> calibration_;
  std::vector<std::vector<double>> frame_calibrations_;
  std::optional<double> laser_nm_;
  std::map<std::string, std::string> metadata_;
  LoadedFile out_;
};

LoadedFile read_andor_sif(const FileView& file, const ReadOptions& options) {
  return SifReader(file, options).run();
}

}  // namespace

Format andor_sif_format() {
  return {"andor_sif", "Andor SIF", "sif", sniff_andor_sif, read_andor_sif};
}

}  // namespace calcispec::io
