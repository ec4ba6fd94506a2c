// HDF5 handles that close themselves, and checked reads of attributes and data. Private to io.
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace calcispec::io::hdf5 {

/// An identifier with the function that closes it; below 0: none.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) {
      close_(id_);
    }
  }

  [[nodiscard]] hid_t id() const noexcept { return id_; }
  [[nodiscard]] bool is_open() const noexcept { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// No messages on standard error, no code loaded from plugins. Call before any other use.
void prepare_library();

/// One attribute as texts: a text, or each element of a list of texts. Nothing if there is no such
/// attribute, it is of another kind, or longer than names can be.
std::vector<std::string> texts_of(hid_t object, const char* attribute);
std::string text_of(hid_t object, const char* attribute);
std::optional<double> number_of(hid_t object, const char* attribute);

/// A dataset as the file stores it.
struct Shape {
  std::vector<hsize_t> size;  // empty: a scalar
  bool is_number = false;
  bool is_plain = false;  // in this file: no virtual dataset, no external storage
};
Shape shape_of(hid_t dataset);

/// A text dataset (a title, a unit); empty if it is none.
std::string text_in(hid_t dataset);

/// Opens an object below `where`; not open if it is missing or lies behind an external link.
Handle open_object(hid_t where, const std::string& name);

}  // namespace calcispec::io::hdf5
