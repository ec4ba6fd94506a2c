// Variables of a MATLAB file as a tree, and which of them are spectra. Private to io.
#pragma once

#include "core/diagnostics.hpp"
#include "io/byte_source.hpp"
#include "io/inflate.hpp"

#include <deque>
#include <functional>
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
  /// Fields of a struct; cells "{1}", "{2}" in column order. A struct of several elements is a cell
  /// of structs "(1)", "(2)".
  std::vector<Array> parts;
  bool is_complex = false;
  int number_type = 0;       // as stored
  std::string_view numbers;  // the real parts
  std::string text;
  std::uint64_t address = 0;  // of a dataset in MATLAB 7.3, which is HDF5

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

/// A matrix of spectra and what else the file says of it.
struct Found {
  std::string path;  // "s.data", "c{2}"
  const Array* values = nullptr;
  std::size_t spectral = 1;     // dimension along a spectrum
  const Array* axis = nullptr;  // none: the points are counted
  std::string axis_label;
  const Array* image_size = nullptr;
  std::string title;
  std::string others;  // matrices beside it that are no smaller
};

/// All numbers of an array, in column order.
using Numbers = std::function<std::vector<double>(const Array&)>;

/// Structs or objects with the fields data and axisscale, at any place; else the largest matrix
/// with a vector that fits as its axis: of the variables, else of each struct and cell, where the
/// vector may also stand further out. Cells of one size are spectra each.
std::vector<Found> find_signals(const std::vector<Array>& variables, const Numbers& numbers);

/// What the user is told where there is no axis, and where there are others.
Diagnostic no_axis(const Found& found);
Diagnostic others_left(const Found& found);

/// "10 x 1024 numbers"
std::string content_of(const Array& array);
/// Appends a character of UTF-16 as UTF-8, up to a length that texts have.
void append_sign(std::string& text, double code);

}  // namespace calcispec::io::matlab
