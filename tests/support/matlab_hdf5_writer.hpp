// Writes MATLAB 7.3 files as MATLAB does: structs as groups, cells as references, sizes in reverse.
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace calcispec::test {

class Mat73Writer {
 public:
  /// Where an array goes: the file, a struct.
  struct Place {
    hid_t group;
    std::string name;
  };

  explicit Mat73Writer(const std::string& path) : path_(path) {
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, 512);
    file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    H5Pclose(creation);
  }
  ~Mat73Writer() {
    H5Fclose(file_);
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file << "MATLAB 7.3 MAT-file, made for a test";
  }
  Mat73Writer(const Mat73Writer&) = delete;
  Mat73Writer& operator=(const Mat73Writer&) = delete;
  Mat73Writer(Mat73Writer&&) = delete;
  Mat73Writer& operator=(Mat73Writer&&) = delete;

  [[nodiscard]] Place variable(const std::string& name) const { return {file_, name}; }

  /// `size` as MATLAB says it, values in column order.
  void numbers(const Place& place,
               const std::vector<hsize_t>& size,
               const std::vector<double>& values,
               hid_t stored = H5T_IEEE_F64LE) const {
    const hid_t own = dataset(place, size, stored);
    H5Dwrite(own, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    put_class(own, H5Tget_class(stored) == H5T_FLOAT ? "double" : "int16");
    H5Dclose(own);
  }
  void text(const Place& place, const std::string& value) const {
    const hid_t own = dataset(place, {1, value.size()}, H5T_STD_U16LE);
    const std::vector<unsigned short> signs(value.begin(), value.end());
    H5Dwrite(own, H5T_NATIVE_USHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, signs.data());
    put_class(own, "char");
    H5Dclose(own);
  }
  void empty(const Place& place) const {
    const hid_t own = dataset(place, {2, 1}, H5T_STD_U64LE);
    put_class(own, "double");
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t flag =
        H5Acreate2(own, "MATLAB_empty", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT);
    const int yes = 1;
    H5Awrite(flag, H5T_NATIVE_INT, &yes);
    H5Aclose(flag);
    H5Sclose(space);
    H5Dclose(own);
  }
  void complex(const Place& place, const std::vector<hsize_t>& size) const {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(type, "real", 0, H5T_IEEE_F64LE);
    H5Tinsert(type, "imag", 8, H5T_IEEE_F64LE);
    const hid_t own = dataset(place, size, type);
    put_class(own, "double");
    H5Dclose(own);
    H5Tclose(type);
  }

  /// `fill` writes the fields.
  void structure(const Place& place,
                 const std::function<void(hid_t)>& fill,
                 const std::string& class_name = "struct") const {
    const hid_t own =
        H5Gcreate2(place.group, place.name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_class(own, class_name);
    fill(own);
    H5Gclose(own);
  }

  using Part = std::function<void(const Place&)>;

  void cell(const Place& place, const std::vector<hsize_t>& size, const std::vector<Part>& parts) {
    list(place, size, parts, "cell");
  }
  /// A field of a struct of several elements.
  void field(const Place& place, const std::vector<hsize_t>& size, const std::vector<Part>& parts) {
    list(place, size, parts, "");
  }
  /// Cells that point where they are told.
  void references(const Place& place,
                  const std::vector<hobj_ref_t>& all,
                  const std::string& class_name = "cell") const {
    const hid_t own = dataset(place, {1, all.size()}, H5T_STD_REF_OBJ);
    H5Dwrite(own, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data());
    put_class(own, class_name);
    H5Dclose(own);
  }
  [[nodiscard]] hobj_ref_t reference(const std::string& path) const {
    hobj_ref_t out = 0;
    H5Rcreate(&out, file_, path.c_str(), H5R_OBJECT, -1);
    return out;
  }

 private:
  static void put_class(hid_t object, const std::string& name) {
    if (name.empty()) {
      return;
    }
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, name.size());
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t own = H5Acreate2(object, "MATLAB_class", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(own, type, name.c_str());
    H5Aclose(own);
    H5Sclose(space);
    H5Tclose(type);
  }

  static hid_t dataset(const Place& place, std::vector<hsize_t> size, hid_t type) {
    std::reverse(size.begin(), size.end());
    const hid_t space = H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr);
    const hid_t own = H5Dcreate2(
        place.group, place.name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    return own;
  }

  void list(const Place& place,
            const std::vector<hsize_t>& size,
            const std::vector<Part>& parts,
            const std::string& class_name) {
    if (H5Lexists(file_, "#refs#", H5P_DEFAULT) <= 0) {
      H5Gclose(H5Gcreate2(file_, "#refs#", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    const hid_t home = H5Gopen2(file_, "#refs#", H5P_DEFAULT);
    std::vector<hobj_ref_t> all;
    for (const auto& part : parts) {
      const auto name = "ref" + std::to_string(++parts_);
      part({home, name});
      all.push_back(reference("/#refs#/" + name));
    }
    const hid_t own = dataset(place, size, H5T_STD_REF_OBJ);
    H5Dwrite(own, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data());
    put_class(own, class_name);
    H5Dclose(own);
    H5Gclose(home);
  }

  std::string path_;
  hid_t file_ = -1;
  int parts_ = 0;
};

}  // namespace calcispec::test
