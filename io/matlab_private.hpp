// Variables of a MATLAB 5 file as a tree over its bytes. Private to io.
#pragma once

#include "io/byte_source.hpp"
#include "io/inflate.hpp"

#include <deque>
#include <string>
#include <vector>

namespace calcispec::io::matlab {

/// One array: numbers stay in the file until they are asked for.
struct Array {
  enum class Kind { empty, numbers, text, cell, structure, other };

  std::string name;  // of a variable or a field
  Kind kind = Kind::empty;
  std::string class_name;  // of an object
  std::vector<std::uint64_t> size;
  std::vector<Array> parts;  // cells in column order; fields, of the first element alone
  bool is_complex = false;
  int number_type = 0;       // as stored
  std::string_view numbers;  // the real parts
  std::string text;

  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] const Array* field(std::string_view field_name) const;
};

/// A file whose packed variables are unpacked as they come.
class File {
 public:
  /// Throws Error{unreadable_input} for what is no such file. Damage ends the list of variables and
  /// is said in `damage`.
  explicit File(const FileView& file);

  [[nodiscard]] const std::vector<Array>& variables() const { return variables_; }
  [[nodiscard]] const std::string& damage() const { return damage_; }
  /// All numbers of an array, in column order.
  [[nodiscard]] std::vector<double> numbers(const Array& array) const;

 private:
  friend class Parser;

  std::string path_;
  ByteOrder order_ = ByteOrder::little;
  std::vector<Array> variables_;
  std::deque<Unpacked> unpacked_;
  std::string damage_;
};

}  // namespace calcispec::io::matlab
