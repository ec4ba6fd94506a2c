#include "io/jcamp_numbers.hpp"

#include "io/text_file.hpp"

#include <cmath>
#include <limits>
#include <optional>

namespace calcispec::io {
namespace {

// More repeats than this in one DUP token are damage, not data; it bounds what a file can allocate.
constexpr double most_repeats = 1e5;
constexpr std::size_t most_points = std::size_t{1} << 22U;

bool is_jcamp_digit(char c) {
  return c >= '0' && c <= '9';
}

enum class Form { plain, squeezed, difference, repeat, missing };

struct Token {
  Form form = Form::plain;
  double value = 0;
};

struct Lead {
  Form form = Form::plain;
  int digit = 0;
  bool is_negative = false;
};

// The pseudo-digit at the start of a packed number.
std::optional<Lead> lead_of(char c) {
  if (c == '@') {
    return Lead{Form::squeezed, 0, false};
  }
  if (c == '%') {
    return Lead{Form::difference, 0, false};
  }
  if (c >= 'A' && c <= 'I') {
    return Lead{Form::squeezed, c - 'A' + 1, false};
  }
  if (c >= 'a' && c <= 'i') {
    return Lead{Form::squeezed, c - 'a' + 1, true};
  }
  if (c >= 'J' && c <= 'R') {
    return Lead{Form::difference, c - 'J' + 1, false};
  }
  if (c >= 'j' && c <= 'r') {
    return Lead{Form::difference, c - 'j' + 1, true};
  }
  if (c >= 'S' && c <= 'Z') {
    return Lead{Form::repeat, c - 'S' + 1, false};
  }
  if (c == 's') {
    return Lead{Form::repeat, 9, false};
  }
  return std::nullopt;
}

// Cuts one line into numbers.
class Scanner {
 public:
  explicit Scanner(std::string_view line)
      : line_(line), has_gaps_(line.find_first_of(" \t,;") != std::string_view::npos) {}

  [[nodiscard]] bool is_done() {
    while (at_ < line_.size() && is_gap(line_[at_])) {
      ++at_;
    }
    return at_ == line_.size();
  }

  // Nothing: the line is damaged here.
  std::optional<Token> next() {
    const char c = line_[at_];
    if (c == '?') {
      ++at_;
      return Token{Form::missing, std::numeric_limits<double>::quiet_NaN()};
    }
    const auto lead = lead_of(c);
    if (!lead) {
      const auto value = plain();
      return value ? std::optional(Token{Form::plain, *value}) : std::nullopt;
    }
    std::string digits(1, static_cast<char>('0' + lead->digit));
    for (++at_; at_ < line_.size() && (is_jcamp_digit(line_[at_]) || line_[at_] == '.'); ++at_) {
      digits += line_[at_];
    }
    const auto value = parse_number(digits, '.');
    if (!value) {
      return std::nullopt;
    }
    return Token{lead->form, lead->is_negative ? -*value : *value};
  }

 private:
  static bool is_gap(char c) {
    return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r' || c == '\f';
  }

  // "E" is an exponent before a sign, or where blanks part the numbers; else it is the digit 5.
  [[nodiscard]] bool is_exponent(std::size_t at) const {
    if (at + 1 >= line_.size() || (line_[at] != 'E' && line_[at] != 'e')) {
      return false;
    }
    const char next = line_[at + 1];
    const bool is_signed = (next == '+' || next == '-') && at + 2 < line_.size();
    return is_signed ? is_jcamp_digit(line_[at + 2]) : has_gaps_ && is_jcamp_digit(next);
  }

  std::optional<double> plain() {
    const auto first = at_;
    if (line_[at_] == '+' || line_[at_] == '-') {
      ++at_;
    }
    while (at_ < line_.size() && (is_jcamp_digit(line_[at_]) || line_[at_] == '.')) {
      ++at_;
    }
    if (is_exponent(at_)) {
      at_ += 2;
      while (at_ < line_.size() && is_jcamp_digit(line_[at_])) {
        ++at_;
      }
    }
    return parse_number(line_.substr(first, at_ - first), '.');
  }

  std::string_view line_;
  std::size_t at_ = 0;
  bool has_gaps_;
};

class OrdinateDecoder {
 public:
  // Whether the line could be read.
  bool take(std::string_view line, Index number) {
    Scanner scanner(line);
    if (scanner.is_done()) {
      return true;
    }
    const auto abscissa = scanner.next();
    if (!abscissa || abscissa->form != Form::plain) {
      return false;
    }
    bool is_check = was_difference_;
    out_.line_starts.emplace_back(static_cast<Index>(out_.y.size()) - (is_check ? 1 : 0),
                                  abscissa->value);
    while (!scanner.is_done()) {
      const auto token = scanner.next();
      if (!token) {
        return false;
      }
      const bool is_value = token->form == Form::plain || token->form == Form::squeezed;
      if (is_check && is_value) {
        check(token->value, number, scanner.is_done());
      } else if (!add(*token)) {
        return false;
      }
      is_check = false;
    }
    return true;
  }

  JcampOrdinates finish() { return std::move(out_); }
  void stop_at(Index line) { out_.bad_line = line; }

 private:
  // What the check point says is written in full, so the sums go on from it; a line with nothing
  // else only ends the table, and some programs end it with a zero.
  void check(double value, Index line, bool is_alone) {
    was_difference_ = false;
    if (!out_.y.empty() && std::abs(out_.y.back() - value) > 1e-9 * std::abs(value) + 1e-9) {
      out_.failed_checks.push_back(line);
      out_.y.back() = is_alone ? out_.y.back() : value;
    }
  }

  bool add(const Token& token) {
    switch (token.form) {
      case Form::plain:
      case Form::squeezed:
      case Form::missing:
        out_.y.push_back(token.value);
        was_difference_ = false;
        break;
      case Form::difference:
        if (out_.y.empty()) {
          return false;
        }
        difference_ = token.value;
        was_difference_ = true;
        out_.y.push_back(out_.y.back() + difference_);
        break;
      case Form::repeat:
        return repeat(token.value);
    }
    return out_.y.size() < most_points;
  }

  bool repeat(double count) {
    if (out_.y.empty() || count < 1 || count > most_repeats || count != std::floor(count)) {
      return false;
    }
    for (auto i = static_cast<Index>(count); i > 1; --i) {
      out_.y.push_back(out_.y.back() + (was_difference_ ? difference_ : 0));
    }
    return out_.y.size() < most_points;
  }

  JcampOrdinates out_;
  double difference_ = 0;
  bool was_difference_ = false;
};

bool is_tuple_text(std::string_view line) {
  return line.find('(') != std::string_view::npos || line.find('<') != std::string_view::npos;
}

}  // namespace

JcampOrdinates decode_jcamp_ordinates(const std::vector<std::string_view>& lines) {
  OrdinateDecoder decoder;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!decoder.take(lines[i], static_cast<Index>(i))) {
      decoder.stop_at(static_cast<Index>(i));
      break;
    }
  }
  return decoder.finish();
}

JcampPairs decode_jcamp_pairs(const std::vector<std::string_view>& lines) {
  JcampPairs out;
  const auto add = [&](double x, double y, std::size_t line) {
    out.x.push_back(x);
    out.y.push_back(y);
    out.lines.push_back(static_cast<Index>(line));
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto open = lines[i].find('(');
    if (is_tuple_text(lines[i])) {
      if (open == std::string_view::npos) {
        continue;  // the text of a tuple goes on
      }
      const auto cells = split(lines[i].substr(open + 1), ',');
      const auto x = parse_number(cells[0], '.');
      const auto y = cells.size() > 1 ? parse_number(cells[1], '.') : std::nullopt;
      if (!x) {
        out.bad_line = static_cast<Index>(i);
        return out;
      }
      add(*x, y.value_or(1), i);
      continue;
    }
    Scanner scanner(lines[i]);
    double x = 0;
    bool has_x = false;
    while (!scanner.is_done()) {
      const auto token = scanner.next();
      if (!token || (token->form != Form::plain && token->form != Form::missing)) {
        out.bad_line = static_cast<Index>(i);
        return out;
      }
      if (has_x) {
        add(x, token->value, i);
      }
      x = token->value;
      has_x = !has_x;
    }
    if (has_x) {
      out.bad_line = static_cast<Index>(i);
      return out;
    }
  }
  return out;
}

}  // namespace calcispec::io
