#include "io/siblings.hpp"

#include "io/text_file.hpp"

#include <algorithm>
#include <array>

namespace calcispec::io {
namespace {

bool is_digits(std::string_view text) {
  return text.size() == 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "mosaic_0000_0001" is a tile of "mosaic".
std::string mosaic_stem(std::string_view stem) {
  constexpr std::size_t tail = 10;
  if (stem.size() <= tail || stem[stem.size() - tail] != '_' || stem[stem.size() - 5] != '_' ||
      !is_digits(stem.substr(stem.size() - 9, 4)) || !is_digits(stem.substr(stem.size() - 4))) {
    return {};
  }
  return lower_case(stem.substr(0, stem.size() - tail));
}

}  // namespace

std::string_view name_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view stem_of(std::string_view path) {
  const auto name = name_of(path);
  const auto dot = name.find_last_of('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string extension_of(std::string_view path) {
  const auto name = name_of(path);
  const auto dot = name.find_last_of('.');
  return dot == std::string_view::npos || dot == 0 ? std::string()
                                                   : lower_case(name.substr(dot + 1));
}

std::optional<Sibling> sibling_named(const FileView& file, std::string_view name) {
  if (file.siblings == nullptr) {
    return std::nullopt;
  }
  const auto wanted = lower_case(name);
  const auto names = file.siblings->names();
  const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& one) {
    return lower_case(one) == wanted;
  });
  if (found == names.end()) {
    return std::nullopt;
  }
  const auto bytes = file.siblings->bytes(*found);
  if (!bytes) {
    return std::nullopt;
  }
  const auto folder = file.path.substr(0, file.path.size() - name_of(file.path).size());
  return Sibling{std::string(folder) + *found, *bytes};
}

std::optional<Sibling> sibling_with(const FileView& file,
                                    std::initializer_list<std::string_view> extensions) {
  for (const auto extension : extensions) {
    const auto name =
        std::string(stem_of(file.path)) + (extension.empty() ? "" : "." + std::string(extension));
    if (auto found = sibling_named(file, name)) {
      return found;
    }
  }
  return std::nullopt;
}

bool is_part_of_another(std::string_view path, const std::vector<std::string>& names_beside) {
  const auto extension = extension_of(path);
  const auto stem = lower_case(stem_of(path));
  const auto has = [&](const std::string& wanted_stem, std::string_view wanted_extension) {
    return std::any_of(names_beside.begin(), names_beside.end(), [&](const std::string& name) {
      return lower_case(stem_of(name)) == wanted_stem && extension_of(name) == wanted_extension;
    });
  };
  if (extension == "dmd" || extension == "drd") {
    const auto mosaic = mosaic_stem(stem);
    return !mosaic.empty() && has(mosaic, "dmt");
  }
  if (has(stem, "dmt")) {
    return extension == "dat" || extension == "hdr" || extension == "dmi";
  }
  if (has(stem, "bsp") && has(stem, "dat")) {
    return extension == "bsp" || extension == "hdr" || extension == "seq";
  }
  static constexpr std::array numbers{"dat", "img", "raw", "bsq", "bil", "bip", "bin", ""};
  return has(stem, "hdr") && std::find(numbers.begin(), numbers.end(), extension) != numbers.end();
}

}  // namespace calcispec::io
