// XmlReader: XML piece by piece, without a tree; no document types, no entities from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::io {

/// Goes through a document once. `<a/>` gives a start and an end. Source: XML 1.0, fifth edition;
/// document types are refused, so that nothing expands.
class XmlReader {
 public:
  enum class Piece { start, end, text, done };

  XmlReader(std::string_view document, std::string path)
      : document_(document), path_(std::move(path)) {}

  /// Throws Error{unreadable_input} at the byte where the document is not well formed or ends.
  Piece next();

  /// Of a start or an end.
  [[nodiscard]] std::string_view name() const { return name_; }
  /// Of a start, decoded; nothing if there is no such attribute.
  [[nodiscard]] std::optional<std::string> attribute(std::string_view name) const;
  /// Of a text: as it stands, entities not decoded.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Number of elements that are open: 1 at the start of the first.
  [[nodiscard]] std::size_t depth() const { return open_.size(); }
  [[nodiscard]] std::uint64_t place() const { return at_; }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  Piece start_tag();
  Piece end_tag();
  void skip_past(std::string_view mark);

  std::string_view document_;
  std::string path_;
  std::size_t at_ = 0;
  std::vector<std::string_view> open_;
  std::string_view name_;
  std::string_view attributes_;
  std::string_view text_;
  bool closes_itself_ = false;
  bool has_root_ = false;
};

/// The five named entities and character numbers become UTF-8.
std::string xml_decoded(std::string_view text);

/// Numbers parted by blanks and the given sign; nothing if anything else stands between.
std::optional<std::vector<double>> number_list(std::string_view text, char separator);

}  // namespace calcispec::io
