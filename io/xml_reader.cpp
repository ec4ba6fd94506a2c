#include "io/xml_reader.hpp"

#include "core/error.hpp"
#include "io/text_file.hpp"

#include <charconv>

namespace calcispec::io {
namespace {

constexpr std::size_t xml_deepest = 200;
constexpr std::string_view blanks = " \t\r\n";

bool ends_name(char c) {
  return blanks.find(c) != std::string_view::npos || c == '>' || c == '/' || c == '=';
}

std::string_view name_at(std::string_view text, std::size_t at) {
  auto end = at;
  while (end < text.size() && !ends_name(text[end])) {
    ++end;
  }
  return text.substr(at, end - at);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

bool append_entity(std::string& out, std::string_view name) {
  struct Named {
    std::string_view name;
    char sign;
  };
  static constexpr Named table[] = {
      {"lt",   '<' },
      {"gt",   '>' },
      {"amp",  '&' },
      {"quot", '"' },
      {"apos", '\''}
  };
  for (const auto& row : table) {
    if (row.name == name) {
      out += row.sign;
      return true;
    }
  }
  if (name.size() < 2 || name[0] != '#') {
    return false;
  }
  const bool is_hex = name[1] == 'x';
  const auto digits = name.substr(is_hex ? 2 : 1);
  std::uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
  constexpr std::uint32_t last_code = 0x10FFFF;
  if (error != std::errc() || end != digits.data() + digits.size() || code > last_code) {
    return false;
  }
  append_utf8(out, code);
  return true;
}

}  // namespace

void XmlReader::fail(const std::string& message) const {
  throw Error(
      ErrorCode::unreadable_input, "at byte " + std::to_string(at_) + ": " + message, path_);
}

void XmlReader::skip_past(std::string_view mark) {
  const auto found = document_.find(mark, at_);
  if (found == std::string_view::npos) {
    fail("the XML ends before \"" + std::string(mark) + "\"; the file is cut off, copy it again");
  }
  at_ = found + mark.size();
}

XmlReader::Piece XmlReader::next() {
  if (closes_itself_) {
    closes_itself_ = false;
    open_.pop_back();
    return Piece::end;
  }
  while (at_ < document_.size()) {
    if (document_[at_] != '<') {
      const auto end = std::min(document_.find('<', at_), document_.size());
      text_ = document_.substr(at_, end - at_);
      at_ = end;
      if (!open_.empty()) {
        return Piece::text;
      }
      continue;
    }
    const auto rest = document_.substr(at_);
    if (rest.substr(0, 2) == "<?") {
      skip_past("?>");
    } else if (rest.substr(0, 4) == "<!--") {
      skip_past("-->");
    } else if (rest.substr(0, 9) == "<![CDATA[") {
      const auto begin = at_ + 9;
      skip_past("]]>");
      text_ = document_.substr(begin, at_ - 3 - begin);
      return Piece::text;
    } else if (rest.substr(0, 2) == "<!") {
      fail("a document type stands here, which spectrometers do not write; it is not read");
    } else if (rest.substr(0, 2) == "</") {
      return end_tag();
    } else {
      return start_tag();
    }
  }
  if (!open_.empty()) {
    fail("the XML ends before </" + std::string(open_.back()) +
         ">; the file is cut off, copy or export it again");
  }
  return Piece::done;
}

XmlReader::Piece XmlReader::start_tag() {
  name_ = name_at(document_, at_ + 1);
  auto end = at_ + 1 + name_.size();
  char quote = 0;
  while (end < document_.size() && (quote != 0 || document_[end] != '>')) {
    const char c = document_[end];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    ++end;
  }
  if (end >= document_.size()) {
    fail("the XML ends inside a tag; the file is cut off, copy or export it again");
  }
  if (name_.empty() || open_.size() >= xml_deepest || (open_.empty() && has_root_)) {
    fail("this is no well-formed XML; copy or export the file again");
  }
  has_root_ = true;
  attributes_ = document_.substr(at_ + 1 + name_.size(), end - at_ - 1 - name_.size());
  closes_itself_ = !attributes_.empty() && attributes_.back() == '/';
  open_.push_back(name_);
  at_ = end + 1;
  return Piece::start;
}

XmlReader::Piece XmlReader::end_tag() {
  name_ = name_at(document_, at_ + 2);
  if (open_.empty() || open_.back() != name_) {
    fail("</" + utf8_from(name_) + "> closes nothing; the file is damaged, export it again");
  }
  skip_past(">");
  open_.pop_back();
  return Piece::end;
}

std::optional<std::string> XmlReader::attribute(std::string_view name) const {
  std::size_t at = 0;
  while (true) {
    at = attributes_.find_first_not_of(blanks, at);
    if (at == std::string_view::npos) {
      return std::nullopt;
    }
    const auto key = name_at(attributes_, at);
    const auto equals = attributes_.find_first_not_of(blanks, at + key.size());
    if (key.empty() || equals == std::string_view::npos || attributes_[equals] != '=') {
      return std::nullopt;
    }
    const auto open = attributes_.find_first_not_of(blanks, equals + 1);
    if (open == std::string_view::npos || (attributes_[open] != '"' && attributes_[open] != '\'')) {
      return std::nullopt;
    }
    const auto close = attributes_.find(attributes_[open], open + 1);
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    if (key == name) {
      return xml_decoded(attributes_.substr(open + 1, close - open - 1));
    }
    at = close + 1;
  }
}

std::string xml_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto semicolon = text[at] == '&' ? text.find(';', at) : std::string_view::npos;
    constexpr std::size_t longest = 12;
    if (semicolon != std::string_view::npos && semicolon - at <= longest &&
        append_entity(out, text.substr(at + 1, semicolon - at - 1))) {
      at = semicolon + 1;
    } else {
      out += text[at++];
    }
  }
  return utf8_from(out);
}

std::optional<std::vector<double>> number_list(std::string_view text, char separator) {
  std::vector<double> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto is_gap = [&](char c) {
    return c == separator || blanks.find(c) != std::string_view::npos;
  };
  while (true) {
    while (at != end && is_gap(*at)) {
      ++at;
    }
    if (at == end) {
      return out;
    }
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (next != end && !is_gap(*next))) {
      return std::nullopt;
    }
    out.push_back(value);
    at = next;
  }
}

}  // namespace calcispec::io
