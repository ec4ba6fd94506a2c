// TextFile: a text export as lines and cells; encodings, line ends and number dialects end here.
#pragma once

#include "io/format.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::io {

/// How cells and numbers are written. ' ' stands for any run of blanks.
struct Dialect {
  char delimiter = '\t';
  char decimal = '.';
};

class TextFile {
 public:
  /// Lines end in LF, CR LF or CR; a byte order mark is dropped. Throws Error{unreadable_input} for
  /// an empty file, for bytes that are no text and for a line over 16 MB.
  explicit TextFile(const FileView& file);

  [[nodiscard]] const std::vector<std::string_view>& lines() const noexcept { return lines_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// "file:line" of a line counted from 0.
  [[nodiscard]] std::string place(Index line) const;
  /// Throws Error{unreadable_input} at the line.
  [[noreturn]] void fail(Index line, const std::string& message) const;

 private:
  std::string path_;
  std::vector<std::string_view> lines_;
};

/// The first lines of a text, cheaply, for sniffing; empty if the bytes are no text.
std::vector<std::string_view> first_lines(std::string_view bytes, std::size_t count);
/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);
/// UTF-8 as it is; anything else is taken as Latin-1.
std::string utf8_from(std::string_view text);
std::string lower_case(std::string_view text);
/// The cells of a line; a single delimiter at the end adds no cell.
std::vector<std::string_view> split(std::string_view line, char delimiter);
/// A whole cell as a number in this dialect; "NaN" counts. Empty or other text: nothing.
std::optional<double> parse_number(std::string_view cell, char decimal);
/// The numbers of a line, or nothing if any cell is not one.
std::optional<std::vector<double>> parse_numbers(std::string_view line, const Dialect& dialect);

/// The dialect in which most lines of the file read as at least `least` numbers; nothing if no
/// line does.
std::optional<Dialect> find_dialect(const std::vector<std::string_view>& lines, std::size_t least);

}  // namespace calcispec::io
