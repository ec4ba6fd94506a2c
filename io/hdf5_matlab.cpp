// MATLAB 7.3 files: HDF5 with a class on every variable; structs are groups, cells are lists of
// references into #refs#, and sizes stand in reverse.
#include "core/error.hpp"
#include "io/hdf5_search_private.hpp"
#include "io/matlab_private.hpp"

#include <algorithm>
#include <array>

// Layout: observed by many readers, in short in the documentation of MATLAB's save and matfile;
// names of attributes as the program writes them.
namespace calcispec::io::hdf5 {
namespace {

using matlab::Array;

constexpr std::size_t most_matlab_arrays = 200000;
constexpr std::size_t deepest_matlab = 24;
constexpr hsize_t longest_matlab_text = 65536;
constexpr const char* class_attribute = "MATLAB_class";

bool is_dataset(hid_t object) {
  return H5Iget_type(object) == H5I_DATASET;
}

class MatlabTree {
 public:
  explicit MatlabTree(ObjectSearch& search) : search_(search) {}

  void run() {
    for (const auto& name : ObjectSearch::names_in(search_.file())) {
      const auto object = open_object(search_.file(), name);
      if (object.is_open() && name.front() != '#' && has_class(object.id())) {
        variables_.push_back(variable(object.id(), name));
      }
    }
    if (variables_.empty()) {
      return;
    }
    const auto found =
        matlab::find_signals(variables_, [this](const Array& array) { return numbers_of(array); });
    if (found.empty()) {
      fail(damage_.empty()
               ? "holds no matrix of spectra; save a matrix and a vector with its axis, "
                 "or export the spectra as text"
               : damage_);
    }
    for (const auto& signal : found) {
      search_.signals().push_back(signal_of(signal));
    }
    if (!damage_.empty()) {
      search_.signals().front().diagnostics.push_back(
          {Severity::warning, "cut_off", "a part cannot be read: " + damage_, -1});
    }
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, search_.path());
  }

  static bool has_class(hid_t object) { return H5Aexists(object, class_attribute) > 0; }

  // Damage costs the variable that has it.
  Array variable(hid_t object, const std::string& name) {
    try {
      above_.clear();
      return array_of(object, name);
    } catch (const Error& error) {
      damage_ = damage_.empty() ? error.what() : damage_;
      Array out;
      out.name = name;
      out.kind = Array::Kind::other;
      return out;
    }
  }

  Array array_of(hid_t object, const std::string& name) {
    H5O_info_t info{};
    if (H5Oget_info(object, &info) < 0) {
      fail("the variable " + name + " is damaged; save the file again");
    }
    if (std::find(above_.begin(), above_.end(), info.addr) != above_.end()) {
      fail("the variable " + name + " is a part of itself; the file is damaged, save it again");
    }
    if (++arrays_ > most_matlab_arrays || above_.size() > deepest_matlab) {
      fail("more arrays than such files have; save the spectra alone");
    }
    above_.push_back(info.addr);
    Array out;
    out.name = name;
    if (H5Iget_type(object) == H5I_GROUP) {
      structure(object, out);
    } else if (is_dataset(object)) {
      out.address = info.addr;
      plain(object, out);
    }
    above_.pop_back();
    return out;
  }

  // Matrices of one dimension are columns.
  static std::vector<std::uint64_t> matlab_size(const Shape& shape) {
    std::vector<std::uint64_t> out(shape.size.rbegin(), shape.size.rend());
    out.resize(std::max<std::size_t>(out.size(), 2), 1);
    return out;
  }

  void plain(hid_t dataset, Array& out) {
    const auto kind = text_of(dataset, class_attribute);
    const auto shape = shape_of(dataset);
    if (number_of(dataset, "MATLAB_empty").value_or(0) != 0) {
      return;
    }
    out.size = matlab_size(shape);
    out.kind = Array::Kind::other;
    const Handle type(H5Dget_type(dataset), H5Tclose);
    if (holds_references(dataset)) {
      out.kind = Array::Kind::cell;
      cells(dataset, out);
    } else if (kind == "char" && shape.is_number && shape.is_plain) {
      out.kind = Array::Kind::text;
      text(dataset, out);
    } else if (shape.is_number && shape.is_plain) {
      out.kind = Array::Kind::numbers;
    } else if (H5Tget_class(type.id()) == H5T_COMPOUND && H5Tget_nmembers(type.id()) == 2) {
      out.kind = Array::Kind::numbers;
      out.is_complex = true;
    }
  }

  void text(hid_t dataset, Array& out) {
    if (out.count() == 0 || out.count() > longest_matlab_text) {
      return;
    }
    for (const double code : search_.numbers(dataset, out.count())) {
      matlab::append_sign(out.text, code);
    }
  }

  std::vector<hobj_ref_t> references(hid_t dataset, const Array& owner) const {
    const Handle type(H5Dget_type(dataset), H5Tclose);
    const auto shape = shape_of(dataset);
    if (owner.count() > most_matlab_arrays || !shape.is_plain ||
        H5Tequal(type.id(), H5T_STD_REF_OBJ) <= 0) {
      fail("the cells of " + owner.name + " cannot be read; the file is damaged, save it again");
    }
    std::vector<hobj_ref_t> out(owner.count());
    if (H5Dread(dataset, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
      fail("the cells of " + owner.name + " cannot be read; the file is damaged, save it again");
    }
    return out;
  }

  Array part(hid_t dataset, hobj_ref_t reference, const std::string& name) {
    if (reference == 0) {
      Array out;
      out.name = name;
      return out;
    }
    const Handle object(H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, &reference), H5Oclose);
    if (!object.is_open()) {
      fail("the part " + name +
           " of a cell or struct leads nowhere; the file is damaged, save it "
           "again");
    }
    return array_of(object.id(), name);
  }

  void cells(hid_t dataset, Array& out) {
    const auto all = references(dataset, out);
    for (std::size_t i = 0; i < all.size(); ++i) {
      out.parts.push_back(part(dataset, all[i], "{" + std::to_string(i + 1) + "}"));
    }
  }

  static bool holds_references(hid_t dataset) {
    const Handle type(H5Dget_type(dataset), H5Tclose);
    return H5Tget_class(type.id()) == H5T_REFERENCE;
  }

  // One element has its fields in the group; of several each field is a list of references.
  void structure(hid_t group, Array& out) {
    out.kind = Array::Kind::structure;
    out.size = {1, 1};
    out.class_name = text_of(group, class_attribute);
    if (H5Aexists(group, "MATLAB_sparse") > 0) {
      out.kind = Array::Kind::other;
      return;
    }
    for (const auto& name : ObjectSearch::names_in(group)) {
      const auto field = open_object(group, name);
      if (!field.is_open()) {
        continue;
      }
      if (is_dataset(field.id()) && !has_class(field.id()) && holds_references(field.id())) {
        field_of_elements(field.id(), name, out);
      } else {
        out.parts.push_back(array_of(field.id(), name));
      }
    }
  }

  void field_of_elements(hid_t field, const std::string& name, Array& out) {
    Array list;
    list.name = name;
    list.size = matlab_size(shape_of(field));
    const auto all = references(field, list);
    if (out.kind == Array::Kind::structure && out.parts.empty()) {
      out.kind = Array::Kind::cell;
      out.size = list.size;
      for (std::size_t i = 0; i < all.size(); ++i) {
        Array element;
        element.kind = Array::Kind::structure;
        element.name = "(" + std::to_string(i + 1) + ")";
        element.size = {1, 1};
        out.parts.push_back(std::move(element));
      }
    }
    if (out.kind != Array::Kind::cell || all.size() != out.parts.size()) {
      fail("the struct " + out.name +
           " has fields of different counts; the file is damaged, save it again");
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      out.parts[i].parts.push_back(part(field, all[i], name));
    }
  }

  [[nodiscard]] Handle opened(const Array& array) const {
    return {H5Oopen_by_addr(search_.file(), array.address), H5Oclose};
  }

  [[nodiscard]] std::vector<double> numbers_of(const Array& array) const {
    const auto dataset = opened(array);
    return array.is_complex || array.count() == 0 ? std::vector<double>()
                                                  : search_.numbers(dataset.id(), array.count());
  }

  // Row by row in HDF5 is column by column in MATLAB: the same numbers, sizes in reverse.
  [[nodiscard]] Signal signal_of(const matlab::Found& found) const {
    Signal out;
    const auto& array = *found.values;
    out.path = "/" + found.path;
    out.title = found.title;
    out.data = opened(array);
    out.shape = shape_of(out.data.id());
    if (array.is_complex) {
      fail("the variable " + found.path + " is complex; save its real part or its magnitude");
    }
    if (out.shape.size.empty() || out.shape.size.size() > 3) {
      fail("the variable " + found.path + " has " + std::to_string(array.size.size()) +
           " dimensions; spectra are read from one to three: save one part of it");
    }
    const auto dimensions = out.shape.size.size();
    out.axes.resize(dimensions);
    const auto along = dimensions < 2 ? 0 : dimensions - 1 - found.spectral;
    auto& axis = out.axes[along];
    axis.is_named = true;
    if (found.axis != nullptr) {
      axis.values = numbers_of(*found.axis);
      axis.label = found.axis_label;
    } else {
      for (hsize_t i = 0; i < out.shape.size[along]; ++i) {
        axis.values.push_back(static_cast<double>(i + 1));
      }
      axis.unit = "point";
      out.diagnostics.push_back(matlab::no_axis(found));
    }
    if (!found.others.empty()) {
      out.diagnostics.push_back(matlab::others_left(found));
    }
    set_grid(found, out, out.shape.size[along]);
    return out;
  }

  void set_grid(const matlab::Found& found, Signal& out, hsize_t points) const {
    if (found.image_size == nullptr) {
      return;
    }
    const auto sides = numbers_of(*found.image_size);
    const auto rows = count_of(out) / static_cast<double>(points);
    if (sides.size() == 2 && sides[0] >= 1 && sides[1] >= 1 && sides[0] * sides[1] == rows) {
      out.grid = MapGrid{static_cast<Index>(sides[0]), static_cast<Index>(sides[1]), 0, 0};
    }
  }

  ObjectSearch& search_;
  std::vector<Array> variables_;
  std::vector<haddr_t> above_;  // the arrays that hold the one at hand
  std::size_t arrays_ = 0;
  std::string damage_;
};

}  // namespace

void find_matlab(ObjectSearch& search) {
  MatlabTree(search).run();
}

}  // namespace calcispec::io::hdf5
