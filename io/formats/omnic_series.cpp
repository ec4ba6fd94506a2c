// Thermo OMNIC series (SRS: rapid scan, TGA, GC) and maps (MAP): many spectra on one axis.
#include "core/parameter.hpp"
#include "io/omnic_private.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

// No directory leads to the spectra. Of a series the head and the spectra stand at fixed distances
// from a mark that comes three times (four in high-speed series); of a map each title begins with
// "Spectrum i of n". A spectrum is 84 bytes of title and its ordinates; 16 bytes part it from the
// next one.
namespace calcispec::io {
namespace {

constexpr std::string_view omnic_series_magic = "Spectral Exte File";
constexpr std::string_view other_magic = "Spectral Data File";
constexpr std::string_view mark("\x02\0\0\0\x18\0\0\0\0\0", 10);
constexpr std::string_view high_speed_mark("\x02\0\0\0\x18\0\0\0\0\0\x48\x43\0\xC8\xAF\x47", 16);
constexpr std::string_view title_word = "Spectrum ";
constexpr std::uint64_t head_before_mark = 152;
constexpr std::uint64_t titles_behind_mark = 60;
constexpr std::uint64_t title_size = 84;
constexpr std::uint64_t gap = 16;

// "Spectrum 3 of 40": 3 and 40.
struct Numbering {
  std::uint64_t index = 0;
  std::uint64_t count = 0;
};

std::optional<Numbering> numbering_of(std::string_view title) {
  Numbering out;
  if (title.substr(0, title_word.size()) != title_word) {
    return std::nullopt;
  }
  title.remove_prefix(title_word.size());
  const auto take = [&](std::uint64_t& value) {
    const auto [end, error] = std::from_chars(title.data(), title.data() + title.size(), value);
    title.remove_prefix(static_cast<std::size_t>(end - title.data()));
    return error == std::errc();
  };
  constexpr std::string_view of = " of ";
  if (!take(out.index) || title.substr(0, of.size()) != of) {
    return std::nullopt;
  }
  title.remove_prefix(of.size());
  return take(out.count) ? std::optional(out) : std::nullopt;
}

// The first title of a map at or behind `from`, with this number.
std::uint64_t find_title(std::string_view bytes, std::uint64_t index, std::uint64_t from) {
  for (auto at = bytes.find(title_word, from); at != std::string_view::npos;
       at = bytes.find(title_word, at + 1)) {
    const auto numbering = numbering_of(bytes.substr(at, title_size));
    if (numbering && numbering->index == index) {
      return at;
    }
  }
  return std::string_view::npos;
}

bool is_map(std::string_view bytes) {
  const auto first = find_title(bytes, 1, 0);
  return first != std::string_view::npos &&
         find_title(bytes, 2, first + title_size) != std::string_view::npos;
}

int sniff_omnic_series(const FileView& file) {
  if (starts_with(file, omnic_series_magic)) {
    return 97;
  }
  return starts_with(file, other_magic) && is_map(file.bytes) ? 98 : 0;
}

class SeriesReader {
 public:
  SeriesReader(const FileView& file, const ReadOptions& options)
      : source_(file), bytes_(file.bytes), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "omnic_series";
  }

  LoadedFile run() {
    if (is_map(bytes_)) {
      find_map();
    } else {
      find_series();
    }
    check_head();
    TextSpectra spectra;
    spectra.x = even_axis(double{source_.get<float>(head_ + 16, "the first axis value")},
                          double{source_.get<float>(head_ + 20, "the last axis value")},
                          points_);
    read_spectra(spectra);
    place(spectra);
    describe(spectra);
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
    return std::move(out_);
  }

 private:
  void find_map() {
    titles_ = find_title(bytes_, 1, 0);
    count_ = numbering_of(bytes_.substr(titles_, title_size))->count;
    const auto second = find_title(bytes_, 2, titles_ + title_size);
    const auto between = second - titles_ - title_size - gap;
    points_ = between / 4;
    // The directory of maps has lines of 22 bytes; the fourth leads to the history, which follows
    // the head.
    constexpr std::uint64_t history_place = 372;
    constexpr std::uint64_t history_in_head = 208;
    const auto history = source_.get<std::uint32_t>(history_place, "the place of the history");
    if (history < history_in_head ||
        source_.get<std::uint32_t>(history - history_in_head + 4, "the number of points") !=
            points_ ||
        between % 4 != 0) {
      source_.fail(history_place,
                   "the head of the map does not fit its spectra (" + std::to_string(points_) +
                       " points each); save the map in OMNIC as a group (SPG) or as CSV");
    }
    head_ = history - history_in_head;
  }

  void find_series() {
    std::vector<std::uint64_t> marks;
    const bool is_high_speed = bytes_.find(high_speed_mark) != std::string_view::npos;
    const std::size_t wanted = is_high_speed ? 4 : 3;
    for (auto at = bytes_.find(mark); at != std::string_view::npos && marks.size() < wanted;
         at = bytes_.find(mark, at + 1)) {
      marks.push_back(at);
    }
    if (marks.size() < wanted || marks[0] < head_before_mark) {
      source_.fail(source_.size(),
                   "the series holds " + std::to_string(marks.size()) + " of the " +
                       std::to_string(wanted) +
                       " marks that lead to its spectra; it is cut off or of a kind that is not "
                       "known, save it in OMNIC as a group (SPG) or as CSV");
    }
    head_ = marks[0] - head_before_mark;
    titles_ = marks.back() + titles_behind_mark;
    points_ = source_.get<std::uint32_t>(head_ + 4, "the number of points");
    constexpr std::uint64_t count_in_head = 1026;
    count_ = source_.get<std::uint32_t>(head_ + count_in_head, "the number of spectra");
  }

  void check_head() {
    if (points_ < 3 || count_ < 1) {
      source_.fail(head_ + 4,
                   "the head announces " + std::to_string(count_) + " spectra of " +
                       std::to_string(points_) + " points; the file is damaged, copy it again");
    }
    const auto one = title_size + gap + 4 * points_;
    const auto room = source_.size() - std::min(titles_, source_.size()) + gap;
    const auto there = room / one;
    if (there == 0) {
      source_.need(titles_, one - gap, "the first spectrum");
    }
    if (there < count_) {
      out_.diagnostics.push_back({Severity::warning,
                                  "cut_off",
                                  "the head announces " + std::to_string(count_) +
                                      " spectra, the file holds " + std::to_string(there) +
                                      " complete ones; copy it again",
                                  -1});
      count_ = there;
    }
  }

  void read_spectra(TextSpectra& spectra) const {
    const auto stride = title_size + gap + 4 * points_;
    for (std::uint64_t i = 0; i < count_; ++i) {
      spectra.names.push_back(source_.text(titles_ + i * stride, title_size, "a title"));
    }
    add_spectra(
        spectra,
        static_cast<Index>(count_),
        [source = source_, first = titles_ + title_size, stride](Index row, std::span<double> y) {
          source.fill<float>(first + static_cast<std::uint64_t>(row) * stride, y, "a spectrum");
        },
        options_.is_skim);
  }

  // "X = 12.5; Y = -3" in every title: a grid if lines are of one length.
  void place(TextSpectra& spectra) const {
    std::vector<double> x;
    std::vector<double> y;
    for (const auto& name : spectra.names) {
      const auto column = position(name, "X = ");
      const auto row = position(name, "Y = ");
      if (!column || !row) {
        return;
      }
      x.push_back(*column);
      y.push_back(*row);
    }
    std::size_t width = 1;
    while (width < y.size() && y[width] == y[0]) {
      ++width;
    }
    if (y.size() % width != 0) {
      return;
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] != y[i - i % width] || x[i] != x[i % width]) {
        return;
      }
    }
    const auto height = y.size() / width;
    const auto step = [](double first, double last, std::size_t n) {
      return n < 2 ? 0 : std::abs(last - first) / static_cast<double>(n - 1);
    };
    spectra.map = MapGrid{static_cast<Index>(width),
                          static_cast<Index>(height),
                          step(x.front(), x[width - 1], width),
                          step(y.front(), y.back(), height)};
  }

  static std::optional<double> position(const std::string& title, std::string_view word) {
    const auto at = title.find(word);
    if (at == std::string::npos) {
      return std::nullopt;
    }
    double value = 0;
    const char* begin = title.data() + at + word.size();
    const auto [end, error] = std::from_chars(begin, title.data() + title.size(), value);
    return error == std::errc() && std::isfinite(value) ? std::optional(value) : std::nullopt;
  }

  void describe(TextSpectra& spectra) const {
    omnic::describe(source_, head_, spectra);
    const auto add = [&](const char* key, const std::string& value) {
      if (!value.empty()) {
        spectra.metadata.emplace(key, value);
      }
    };
    add("title", source_.text(30, 256, "the title"));
    if (source_.holds(head_, 84)) {
      add("scans", std::to_string(source_.get<std::uint32_t>(head_ + 36, "scans")));
      add("background scans", std::to_string(source_.get<std::uint32_t>(head_ + 52, "scans")));
      add("reference laser 1/cm", number_text(double{source_.get<float>(head_ + 80, "the laser")}));
    }
    if (!spectra.map && source_.holds(head_, 1030)) {
      add("first time min", number_text(double{source_.get<float>(head_ + 1010, "a time")}));
      add("last time min", number_text(double{source_.get<float>(head_ + 1006, "a time")}));
    }
  }

  ByteSource source_;
  std::string_view bytes_;
  const ReadOptions& options_;
  std::uint64_t head_ = 0;
  std::uint64_t titles_ = 0;
  std::uint64_t points_ = 0;
  std::uint64_t count_ = 0;
  LoadedFile out_;
};

LoadedFile read_omnic_series(const FileView& file, const ReadOptions& options) {
  return SeriesReader(file, options).run();
}

}  // namespace

Format omnic_series_format() {
  return {"omnic_series",
          "Thermo OMNIC series (SRS) and maps",
          "srs",
          sniff_omnic_series,
          read_omnic_series};
}

}  // namespace calcispec::io
