#include "core/error.hpp"
#include "io/inflate.hpp"
#include "io/matlab_private.hpp"
#include "io/text_file.hpp"

#include <algorithm>
#include <limits>

// Layout: MathWorks, "MAT-File Format" (2023), chapter 1. Written from it instead of taking
// libmatio: checked reads need no process of their own, and no further package is required.
namespace calcispec::io::matlab {
namespace {

constexpr std::uint64_t matlab_header_size = 128;
constexpr std::size_t most_arrays = 200000;
constexpr int matlab_deepest = 24;
constexpr std::uint64_t most_packed = std::uint64_t{2} << 30U;

constexpr int matrix_type = 14;
constexpr int packed_type = 15;
constexpr int cell_class = 1;
constexpr int struct_class = 2;
constexpr int object_class = 3;
constexpr int text_class = 4;
constexpr int first_number_class = 6;
constexpr int last_number_class = 15;

// Bytes of a stored number, 0 for what is none.
std::uint64_t size_of_type(int type) {
  switch (type) {
    case 1:
    case 2:
    case 16:
      return 1;
    case 3:
    case 4:
    case 17:
      return 2;
    case 5:
    case 6:
    case 7:
    case 18:
      return 4;
    case 9:
    case 12:
    case 13:
      return 8;
    default:
      return 0;
  }
}

struct Element {
  int type = 0;
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  std::uint64_t next = 0;  // where the one after it begins
};

}  // namespace

std::uint64_t Array::count() const {
  double exact = 1;
  std::uint64_t out = 1;
  for (const auto n : size) {
    exact *= static_cast<double>(n);
    out *= n;
  }
  constexpr double most = 1e12;
  return size.empty() ? 0 : exact > most ? std::numeric_limits<std::uint64_t>::max() : out;
}

const Array* Array::field(std::string_view field_name) const {
  const auto found = std::find_if(
      parts.begin(), parts.end(), [&](const Array& part) { return part.name == field_name; });
  return kind != Kind::structure || found == parts.end() ? nullptr : &*found;
}

void append_sign(std::string& text, double code) {
  constexpr std::size_t longest = 65536;
  if (text.size() > longest || code < -128 || code > 65535) {
    return;
  }
  const auto sign = static_cast<std::uint32_t>(code < 0 ? code + 256 : code);
  if (sign < 0x80) {
    text += static_cast<char>(sign);
  } else if (sign < 0x800) {
    text += static_cast<char>(0xC0U | (sign >> 6U));
    text += static_cast<char>(0x80U | (sign & 0x3FU));
  } else {
    text += static_cast<char>(0xE0U | ((sign >> 12U) & 0x0FU));
    text += static_cast<char>(0x80U | ((sign >> 6U) & 0x3FU));
    text += static_cast<char>(0x80U | (sign & 0x3FU));
  }
}

// Elements of one stretch of bytes: the file, or a variable that was unpacked.
class Parser {
 public:
  Parser(File& file, std::string_view bytes, std::size_t& arrays)
      : file_(file), source_({bytes, file.path_}, file.order_), arrays_(arrays) {}

  void variables(std::uint64_t at, bool is_packed) {
    while (source_.holds(at, 8)) {
      const auto element = element_at(at);
      const auto next = element.next;
      if (element.type == packed_type && !is_packed) {
        unpack(element);
      } else if (element.type == matrix_type) {
        auto end = next;
        file_.variables_.push_back(matrix(element, 0, end));
      }
      at = std::max(next, at + 8);
    }
  }

 private:
  [[nodiscard]] Element element_at(std::uint64_t at) const {
    const auto first = source_.get<std::uint32_t>(at, "an element");
    if (first >> 16U != 0) {  // small: number of bytes and type in one word, four bytes of data
      const Element out{static_cast<int>(first & 0xFFFFU), at + 4, first >> 16U, at + 8};
      if (out.size > 4) {
        source_.fail(at, "an element has no possible size; the file is damaged, save it again");
      }
      source_.need(at, 8, "an element");
      return out;
    }
    Element out{static_cast<int>(first), at + 8, source_.get<std::uint32_t>(at + 4, "a size"), 0};
    const auto padding = out.type == packed_type ? 0 : (8 - out.size % 8) % 8;
    out.next = out.start + out.size + padding;
    source_.need(out.start, out.size, "an element");
    return out;
  }

  void unpack(const Element& element) {
    auto unpacked = inflate(source_.bytes(element.start, element.size, "a packed variable"),
                            Packing::zlib,
                            most_packed);
    file_.unpacked_.push_back(std::move(unpacked));
    Parser inner(file_, file_.unpacked_.back().bytes, arrays_);
    inner.variables(0, true);
    if (!file_.unpacked_.back().is_complete) {
      source_.fail(element.start, "a packed variable is cut off or damaged; save the file again");
    }
  }

  // `end` becomes the end of the array; some writers give cells that go beyond their stated size.
  Array matrix(const Element& element, int depth, std::uint64_t& end) {
    Array out;
    end = element.next;
    if (++arrays_ > most_arrays || depth > matlab_deepest) {
      source_.fail(element.start, "more arrays than such files have; save the spectra alone");
    }
    if (element.size == 0) {
      return out;
    }
    const auto flags = element_at(element.start);
    const auto word = source_.get<std::uint32_t>(flags.start, "the flags of an array");
    const auto sizes = element_at(flags.next);
    for (const double n : whole_numbers(sizes)) {
      out.size.push_back(n < 0 ? 0 : static_cast<std::uint64_t>(n));
    }
    if (out.size.size() < 2) {
      source_.fail(sizes.start, "an array without two sizes; the file is damaged, save it again");
    }
    const auto name = element_at(sizes.next);
    out.name = utf8_from(trimmed(source_.bytes(name.start, name.size, "a name")));
    out.is_complex = (word & 0x0800U) != 0;
    const int kind = static_cast<int>(word & 0xFFU);
    const auto limit = element.next;
    auto at = name.next;
    if (kind == cell_class) {
      out.kind = Array::Kind::cell;
      cells(out, {at, limit}, depth, end);
    } else if (kind == struct_class || kind == object_class) {
      out.kind = Array::Kind::structure;
      if (kind == object_class) {
        const auto text = element_at(at);
        out.class_name = utf8_from(source_.bytes(text.start, text.size, "a class"));
        at = text.next;
      }
      fields(out, {at, limit}, depth, end);
    } else if (kind == text_class || (kind >= first_number_class && kind <= last_number_class)) {
      plain(out, at, limit, kind == text_class);
    } else {
      out.kind = Array::Kind::other;
    }
    return out;
  }

  void plain(Array& out, std::uint64_t at, std::uint64_t limit, bool is_text) {
    if (at >= limit) {
      return;
    }
    const auto data = element_at(at);
    const auto width = size_of_type(data.type);
    constexpr int last_number_type = 13;  // behind it stand the kinds of characters
    if (width == 0 || (!is_text && data.type > last_number_type)) {
      return;
    }
    out.kind = is_text ? Array::Kind::text : Array::Kind::numbers;
    out.number_type = data.type;
    out.numbers = source_.bytes(data.start, data.size, "numbers");
    if (is_text) {
      for (const double code : whole_numbers(data)) {
        append_sign(out.text, code);
      }
      out.numbers = {};
      return;
    }
    if (out.count() > data.size / width) {
      source_.fail(data.start,
                   "the variable \"" + out.name +
                       "\" has fewer numbers than its size says; the "
                       "file is damaged, save it again");
    }
  }

  struct Stretch {
    std::uint64_t at = 0;
    std::uint64_t limit = 0;
  };

  Array part(std::uint64_t& at, int depth) {
    const auto element = element_at(at);
    if (element.type != matrix_type) {
      source_.fail(at, "an array was expected inside a cell or struct; the file is damaged");
    }
    return matrix(element, depth + 1, at);
  }

  void cells(Array& out, Stretch stretch, int depth, std::uint64_t& end) {
    const auto count = std::min<std::uint64_t>(out.count(), most_arrays);
    for (std::uint64_t i = 0; i < count && stretch.at < stretch.limit; ++i) {
      out.parts.push_back(part(stretch.at, depth));
      out.parts.back().name = "{" + std::to_string(i + 1) + "}";
    }
    end = std::max(end, stretch.at);
  }

  void fields(Array& out, Stretch stretch, int depth, std::uint64_t& end) {
    const auto length = element_at(stretch.at);
    const auto longest = whole_numbers(length);
    const auto names = element_at(length.next);
    const auto width =
        longest.empty() || longest[0] < 1 ? 1 : static_cast<std::uint64_t>(longest[0]);
    stretch.at = names.next;
    const auto elements = std::min<std::uint64_t>(out.count(), most_arrays);
    const auto own_fields = [&](Array& element) {
      element.kind = Array::Kind::structure;
      for (std::uint64_t i = 0; (i + 1) * width <= names.size && stretch.at < stretch.limit; ++i) {
        const auto name = source_.text(names.start + i * width, width, "the name of a field");
        element.parts.push_back(part(stretch.at, depth));
        element.parts.back().name = name;
      }
    };
    if (elements <= 1) {
      own_fields(out);
    } else {
      out.kind = Array::Kind::cell;
    }
    for (std::uint64_t k = 0; elements > 1 && k < elements && stretch.at < stretch.limit; ++k) {
      Array element;
      element.name = "(" + std::to_string(k + 1) + ")";
      element.size = {1, 1};
      own_fields(element);
      out.parts.push_back(std::move(element));
    }
    end = std::max(end, stretch.at);
  }

  [[nodiscard]] std::vector<double> whole_numbers(const Element& element) const {
    std::vector<double> out;
    const auto width = size_of_type(element.type);
    const auto count = width == 0 ? 0 : element.size / width;
    constexpr std::uint64_t most = 65536;
    for (std::uint64_t i = 0; i < std::min(count, most); ++i) {
      const auto at = element.start + i * width;
      switch (element.type) {
        case 1:
          out.push_back(source_.get<std::int8_t>(at, "a number"));
          break;
        case 2:
        case 16:
          out.push_back(source_.get<std::uint8_t>(at, "a number"));
          break;
        case 3:
          out.push_back(source_.get<std::int16_t>(at, "a number"));
          break;
        case 4:
        case 17:
          out.push_back(source_.get<std::uint16_t>(at, "a number"));
          break;
        case 5:
          out.push_back(source_.get<std::int32_t>(at, "a number"));
          break;
        default:
          out.push_back(width == 4 ? source_.get<std::uint32_t>(at, "a number") : 0);
      }
    }
    return out;
  }

  File& file_;
  ByteSource source_;
  std::size_t& arrays_;
};

File::File(const FileView& file) : path_(file.path) {
  const ByteSource source(file);
  source.need(0, matlab_header_size, "the header");
  order_ = source.bytes(126, 2, "the byte order") == "MI" ? ByteOrder::big : ByteOrder::little;
  std::size_t arrays = 0;
  try {
    Parser(*this, file.bytes, arrays).variables(matlab_header_size, false);
  } catch (const Error& error) {
    damage_ = error.what();
  }
}

std::vector<double> File::numbers(const Array& array) const {
  const ByteSource source({array.numbers, path_}, order_);
  const auto count = array.kind == Array::Kind::numbers ? array.count() : 0;
  switch (array.number_type) {
    case 1:
      return source.list<std::int8_t>(0, count, "numbers");
    case 2:
      return source.list<std::uint8_t>(0, count, "numbers");
    case 3:
      return source.list<std::int16_t>(0, count, "numbers");
    case 4:
      return source.list<std::uint16_t>(0, count, "numbers");
    case 5:
      return source.list<std::int32_t>(0, count, "numbers");
    case 6:
      return source.list<std::uint32_t>(0, count, "numbers");
    case 7:
      return source.list<float>(0, count, "numbers");
    case 9:
      return source.list<double>(0, count, "numbers");
    case 12:
      return source.list<std::int64_t>(0, count, "numbers");
    case 13:
      return source.list<std::uint64_t>(0, count, "numbers");
    default:
      return {};
  }
}

}  // namespace calcispec::io::matlab
