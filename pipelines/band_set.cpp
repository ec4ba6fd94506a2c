#include "pipelines/band_set.hpp"

#include "core/error.hpp"
#include "core/parameter.hpp"

#include <fstream>
#include <iterator>
#include <utility>

namespace calcispec::embedded {
std::pair<std::string_view, std::string_view> calcispec_bands(std::size_t index);
}  // namespace calcispec::embedded

namespace calcispec {
namespace {

std::string_view stem_of(std::string_view file) {
  return file.substr(0, file.rfind(".toml"));
}

bool is_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(".toml");
}

std::string unknown_set(std::string_view name, const std::vector<std::string_view>& names) {
  const auto near = nearest_name(name, names);
  std::string all;
  for (const auto known : names) {
    all += (all.empty() ? "" : ", ") + std::string(known);
  }
  return "there is no built-in band set '" + std::string(name) + "'" +
         (near.empty() ? "; the sets are "
                       : "; did you mean " + std::string(near) + "? The sets are ") +
         all + "; a file needs the ending .toml";
}

}  // namespace

std::vector<std::string> builtin_band_set_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0;; ++i) {
    const auto file = embedded::calcispec_bands(i).first;
    if (file.empty()) {
      return names;
    }
    names.emplace_back(stem_of(file));
  }
}

std::string_view builtin_band_set_text(std::string_view name) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0;; ++i) {
    const auto [file, bytes] = embedded::calcispec_bands(i);
    if (file.empty()) {
      throw Error(ErrorCode::bad_method, unknown_set(name, names));
    }
    if (stem_of(file) == name) {
      return bytes;
    }
    names.push_back(stem_of(file));
  }
}

std::string band_set_text(const std::string& name_or_path) {
  if (!is_path(name_or_path)) {
    return std::string(builtin_band_set_text(name_or_path));
  }
  std::ifstream stream(name_or_path, std::ios::binary);
  if (!stream) {
    throw Error(ErrorCode::bad_method,
                "the bands file cannot be read; check the name and the folder",
                name_or_path);
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

BandSet load_band_set(const std::string& name_or_path) {
  return parse_band_set(band_set_text(name_or_path), name_or_path);
}

}  // namespace calcispec
