// Files beside the one that is read: the parts of formats that are spread over several files.
#pragma once

#include "io/format.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace calcispec::io {

struct Sibling {
  std::string path;
  std::string_view bytes;

  [[nodiscard]] FileView view(const Siblings* siblings) const { return {bytes, path, siblings}; }
};

/// Name without folder.
std::string_view name_of(std::string_view path);
/// Name without folder and without the last extension.
std::string_view stem_of(std::string_view path);
/// Last extension in lower case, without the point.
std::string extension_of(std::string_view path);

/// The file of this name beside `file`; upper and lower case are the same.
std::optional<Sibling> sibling_named(const FileView& file, std::string_view name);
/// The first of these extensions that exists beside `file` with the same stem.
std::optional<Sibling> sibling_with(const FileView& file,
                                    std::initializer_list<std::string_view> extensions);

/// Whether the file is a part of another one beside it, which is the one to read: ENVI numbers of a
/// header, Agilent tiles of a mosaic. Looks at names alone.
bool is_part_of_another(std::string_view path, const std::vector<std::string>& names_beside);

}  // namespace calcispec::io
