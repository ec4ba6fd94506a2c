#include "io/text_file.hpp"

#include "core/error.hpp"
#include "io/number_row_private.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

namespace calcispec::io {
namespace {

constexpr std::size_t longest_line = std::size_t{16} << 20U;
constexpr std::size_t looked_at = 4096;  // bytes that tell text from binary
constexpr std::size_t sampled_lines = 400;

bool is_text(std::string_view bytes) {
  std::size_t odd = 0;
  const auto head = bytes.substr(0, looked_at);
  for (const char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) {
      return false;
    }
    odd += byte < 32 && byte != '\n' && byte != '\r' && byte != '\t' && byte != '\f' ? 1 : 0;
  }
  return odd * 50 <= head.size();
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.substr(0, 3) == "\xEF\xBB\xBF" ? bytes.substr(3) : bytes;
}

// Bytes before the first line end. Either sign is looked for in windows that grow, so that a long
// way to the other one costs nothing.
std::size_t line_length(std::string_view ahead) {
  for (std::size_t from = 0, window = 256; from < ahead.size(); from += window, window *= 2) {
    const auto part = ahead.substr(from, window);
    const auto feed = std::min(part.find('\n'), part.size());
    const auto end = std::min(part.substr(0, feed).find('\r'), feed);
    if (end < part.size()) {
      return from + end;
    }
  }
  return ahead.size();
}

// The next line; `at` moves behind its end. A line that is too long comes cut, a byte over the
// limit.
std::string_view next_line(std::string_view bytes, std::size_t& at) {
  const auto end = at + line_length(bytes.substr(at, longest_line + 1));
  const auto line = bytes.substr(at, end - at);
  at = end;
  if (at < bytes.size()) {
    at += bytes.substr(at, 2) == "\r\n" ? 2U : 1U;
  }
  return line;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    if (byte >= 0xF0 && byte < 0xF5) {
      length = 4;
    } else if (byte >= 0xE0) {
      length = byte < 0xF0 ? 3 : 0;
    } else if (byte >= 0x80) {
      length = byte >= 0xC2 && byte < 0xE0 ? 2 : 0;
    }
    if (length == 0 || i + length > text.size()) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

// Fewer where they are long.
std::size_t lines_to_sample(const std::vector<std::string_view>& lines) {
  constexpr std::size_t least = 20;
  constexpr std::size_t most_bytes = std::size_t{1} << 20;
  std::size_t bytes = 0;
  for (const auto line : lines) {
    bytes += line.size();
  }
  const std::size_t mean = bytes / std::max<std::size_t>(1, lines.size());
  return std::clamp(most_bytes / std::max<std::size_t>(1, mean), least, sampled_lines);
}

std::size_t count_readable(const std::vector<std::string_view>& lines,
                           const Dialect& dialect,
                           std::size_t least) {
  const std::size_t step = std::max<std::size_t>(1, lines.size() / lines_to_sample(lines));
  std::map<std::size_t, std::size_t> by_count;
  for (std::size_t i = 0; i < lines.size(); i += step) {
    const auto numbers = parse_numbers(lines[i], dialect);
    if (numbers && numbers->size() >= least) {
      ++by_count[numbers->size()];
    }
  }
  std::size_t best = 0;
  for (const auto& [cells, rows] : by_count) {
    best = std::max(best, rows);
  }
  return best;
}

}  // namespace

TextFile::TextFile(const FileView& file) : path_(file.path) {
  if (file.bytes.empty()) {
    throw Error(ErrorCode::unreadable_input, "the file is empty; export it again", path_);
  }
  if (!is_text(file.bytes)) {
    throw Error(ErrorCode::unreadable_input,
                "the bytes are no text and no known format; export as text",
                path_);
  }
  const auto bytes = without_mark(file.bytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto line = next_line(bytes, at);
    if (line.size() > longest_line) {
      fail(static_cast<Index>(lines_.size()),
           "the line is longer than 16 MB, so this is no table of spectra; export it again");
    }
    lines_.push_back(line);
  }
}

std::string TextFile::place(Index line) const {
  return path_ + ":" + std::to_string(line + 1);
}

void TextFile::fail(Index line, const std::string& message) const {
  throw Error(ErrorCode::unreadable_input, message, place(line));
}

std::vector<std::string_view> first_lines(std::string_view bytes, std::size_t count) {
  std::vector<std::string_view> lines;
  if (!is_text(bytes)) {
    return lines;
  }
  bytes = without_mark(bytes).substr(0, std::size_t{1} << 18U);
  for (std::size_t at = 0; at < bytes.size() && lines.size() < count;) {
    lines.push_back(next_line(bytes, at));
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string utf8_from(std::string_view text) {
  if (is_utf8(text)) {
    return std::string(text);
  }
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (byte >> 6U));
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view line, char delimiter) {
  std::vector<std::string_view> cells;
  if (delimiter == ' ') {
    std::size_t at = 0;
    while (true) {
      while (at < line.size() && is_blank(line[at])) {
        ++at;
      }
      if (at == line.size()) {
        return cells;
      }
      const auto first = at;
      while (at < line.size() && !is_blank(line[at])) {
        ++at;
      }
      cells.push_back(line.substr(first, at - first));
    }
  }
  for (std::size_t at = 0; at <= line.size();) {
    const auto end = std::min(line.find(delimiter, at), line.size());
    cells.push_back(trimmed(line.substr(at, end - at)));
    at = end + 1;
  }
  if (cells.size() > 1 && cells.back().empty()) {
    cells.pop_back();
  }
  return cells;
}

std::optional<double> parse_number(std::string_view cell, char decimal) {
  cell = trimmed(cell);
  if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"') {
    cell = trimmed(cell.substr(1, cell.size() - 2));
  }
  if (!cell.empty() && cell.front() == '+') {
    cell.remove_prefix(1);
  }
  if (cell.empty() || cell.size() > 64) {
    return std::nullopt;
  }
  std::array<char, 64> changed{};
  if (decimal == ',') {
    std::copy(cell.begin(), cell.end(), changed.begin());
    const auto comma = cell.find(',');
    if (cell.find('.') != std::string_view::npos) {
      return std::nullopt;
    }
    if (comma != std::string_view::npos) {
      changed[comma] = '.';
    }
    cell = std::string_view(changed.data(), cell.size());
  }
  double value = 0;
  const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end != cell.data() + cell.size()) {
    return std::nullopt;
  }
  if (fault == std::errc::result_out_of_range) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return fault == std::errc{} ? std::optional(value) : std::nullopt;
}

namespace {

// Plain numbers all along: most lines of most files.
bool parse_plain(std::string_view line, char delimiter, std::vector<double>& out) {
  if (delimiter == ' ') {
    return parse_parted(line, out);
  }
  const auto delimiters = std::count(line.begin(), line.end(), delimiter);
  const bool ends_with_one = !line.empty() && line.back() == delimiter;
  out.resize(static_cast<std::size_t>(delimiters) + (ends_with_one ? 0 : 1));
  return parse_row(line, delimiter, out);
}

bool parse_plain(std::string_view line, const Dialect& dialect, std::vector<double>& out) {
  if (dialect.decimal == '.') {
    return parse_plain(line, dialect.delimiter, out);
  }
  std::string pointed(line);
  std::replace(pointed.begin(), pointed.end(), dialect.decimal, '.');
  return line.find('.') == std::string_view::npos && parse_plain(pointed, dialect.delimiter, out);
}

}  // namespace

std::optional<std::vector<double>> parse_numbers(std::string_view line, const Dialect& dialect) {
  std::vector<double> plain;
  if (parse_plain(line, dialect, plain)) {
    return plain.empty() ? std::nullopt : std::optional(std::move(plain));
  }
  const auto cells = split(line, dialect.delimiter);
  std::vector<double> numbers;
  numbers.reserve(cells.size());
  for (const auto cell : cells) {
    const auto number = parse_number(cell, dialect.decimal);
    if (!number) {
      return std::nullopt;
    }
    numbers.push_back(*number);
  }
  return numbers.empty() ? std::nullopt : std::optional(std::move(numbers));
}

std::optional<Dialect> find_dialect(const std::vector<std::string_view>& lines, std::size_t least) {
  // Points before commas, and a comma between numbers before a decimal comma, at equal counts.
  constexpr std::array<Dialect, 7> dialects{
      {{'\t', '.'}, {';', '.'}, {',', '.'}, {' ', '.'}, {'\t', ','}, {';', ','}, {' ', ','}}
  };
  std::optional<Dialect> best;
  std::size_t most = 0;
  for (const auto& dialect : dialects) {
    const auto count = count_readable(lines, dialect, least);
    if (count > most) {
      most = count;
      best = dialect;
    }
  }
  return best;
}

}  // namespace calcispec::io
