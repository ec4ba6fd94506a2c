#include "io/hdf5_private.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace calcispec::io::hdf5 {
namespace {

constexpr std::size_t longest_text = 65536;
constexpr hssize_t most_texts = 256;

std::string trimmed(std::string text) {
  text = text.substr(0, text.find('\0'));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) {
    text.pop_back();
  }
  return text;
}

// Elements of text in an attribute or dataset; `read` fills memory of the given type.
template <typename Read>
std::vector<std::string> read_texts(hid_t type, hid_t space, const Read& read) {
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (H5Tget_class(type) != H5T_STRING || count < 1 || count > most_texts) {
    return {};
  }
  std::vector<std::string> out;
  if (H5Tis_variable_str(type) > 0) {
    const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory.id(), H5T_VARIABLE);
    H5Tset_cset(memory.id(), H5Tget_cset(type));
    std::vector<char*> pointers(static_cast<std::size_t>(count), nullptr);
    if (read(memory.id(), pointers.data()) < 0) {
      return {};
    }
    for (const char* pointer : pointers) {
      out.push_back(pointer == nullptr
                        ? std::string()
                        : trimmed(std::string(pointer, strnlen(pointer, longest_text))));
    }
    H5Dvlen_reclaim(memory.id(), space, H5P_DEFAULT, pointers.data());
    return out;
  }
  const std::size_t size = H5Tget_size(type);
  if (size == 0 || size > longest_text) {
    return {};
  }
  std::vector<char> bytes(size * static_cast<std::size_t>(count));
  if (read(type, bytes.data()) < 0) {
    return {};
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    out.push_back(trimmed(std::string(bytes.data() + i * size, size)));
  }
  return out;
}

bool is_number(hid_t type) {
  const auto kind = H5Tget_class(type);
  return (kind == H5T_FLOAT || kind == H5T_INTEGER) && H5Tget_size(type) <= 16;
}

}  // namespace

void prepare_library() {
  // After a write that failed the library's own clean-up at exit crashes (1.10.8); all is closed by
  // then anyway.
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

std::vector<std::string> texts_of(hid_t object, const char* attribute) {
  if (H5Aexists(object, attribute) <= 0) {
    return {};
  }
  const Handle own(H5Aopen(object, attribute, H5P_DEFAULT), H5Aclose);
  if (!own.is_open()) {
    return {};
  }
  const Handle type(H5Aget_type(own.id()), H5Tclose);
  const Handle space(H5Aget_space(own.id()), H5Sclose);
  return read_texts(type.id(), space.id(), [&](hid_t memory, void* target) {
    return H5Aread(own.id(), memory, target);
  });
}

std::string text_of(hid_t object, const char* attribute) {
  const auto texts = texts_of(object, attribute);
  return texts.empty() ? std::string() : texts.front();
}

std::optional<double> number_of(hid_t object, const char* attribute) {
  if (H5Aexists(object, attribute) <= 0) {
    return std::nullopt;
  }
  const Handle own(H5Aopen(object, attribute, H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(own.id()), H5Tclose);
  const Handle space(H5Aget_space(own.id()), H5Sclose);
  double value = 0;
  if (!own.is_open() || H5Sget_simple_extent_npoints(space.id()) != 1) {
    return std::nullopt;
  }
  if (H5Tget_class(type.id()) == H5T_ENUM && H5Tget_size(type.id()) <= sizeof(int)) {  // yes or no
    int code = 0;
    const bool is_read = H5Aread(own.id(), H5T_NATIVE_INT, &code) >= 0;
    return is_read ? std::optional<double>(code) : std::nullopt;
  }
  const bool is_good = is_number(type.id()) && H5Aread(own.id(), H5T_NATIVE_DOUBLE, &value) >= 0;
  return is_good ? std::optional(value) : std::nullopt;
}

Shape shape_of(hid_t dataset) {
  Shape out;
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || rank > 8) {
    return out;
  }
  out.size.resize(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), out.size.data(), nullptr);
  out.is_number = type.is_open() && is_number(type.id());
  out.is_plain = creation.is_open() && H5Pget_layout(creation.id()) != H5D_VIRTUAL &&
                 H5Pget_external_count(creation.id()) == 0;
  return out;
}

std::string text_in(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const auto texts = read_texts(type.id(), space.id(), [&](hid_t memory, void* target) {
    return H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, target);
  });
  return texts.empty() ? std::string() : texts.front();
}

Handle open_object(hid_t where, const std::string& name) {
  // Link by link, so that none leads out of the file.
  std::size_t from = 0;
  Handle at;
  hid_t parent = where;
  while (from <= name.size()) {
    const auto end = std::min(name.find('/', from), name.size());
    const auto part = name.substr(from, end - from);
    from = end + 1;
    if (part.empty() || part == ".") {
      continue;
    }
    H5L_info_t info{};
    if (H5Lget_info(parent, part.c_str(), &info, H5P_DEFAULT) < 0 ||
        (info.type != H5L_TYPE_HARD && info.type != H5L_TYPE_SOFT)) {
      return {};
    }
    Handle next(H5Oopen(parent, part.c_str(), H5P_DEFAULT), H5Oclose);
    if (!next.is_open()) {
      return {};
    }
    at = std::move(next);
    parent = at.id();
  }
  return at;
}

}  // namespace calcispec::io::hdf5
