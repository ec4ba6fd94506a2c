// HDF5 files as other programs write them, for tests of the reader; includes nothing of io.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace calcispec::test {

class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~Hdf5Writer() { H5Fclose(file_); }
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;
  Hdf5Writer(Hdf5Writer&&) = delete;
  Hdf5Writer& operator=(Hdf5Writer&&) = delete;

  [[nodiscard]] hid_t file() const { return file_; }

  void group(const std::string& path) const {
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Gclose(H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT));
    H5Pclose(links);
  }

  void data(const std::string& path,
            const std::vector<hsize_t>& size,
            const std::vector<double>& values,
            hid_t stored = H5T_IEEE_F64LE) const {
    const hid_t space = H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr);
    const hid_t own =
        H5Dcreate2(file_, path.c_str(), stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(own, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(own);
    H5Sclose(space);
  }

  void text(const std::string& object, const char* name, const std::string& value) const {
    texts(object, name, {value}, true);
  }

  // Of variable length, or as one block of fixed length.
  void texts(const std::string& object,
             const char* name,
             const std::vector<std::string>& values,
             bool is_variable = false) const {
    const hid_t where = H5Oopen(file_, object.c_str(), H5P_DEFAULT);
    const hsize_t count = values.size();
    const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
    const hid_t type = H5Tcopy(H5T_C_S1);
    constexpr std::size_t length = 40;
    H5Tset_size(type, is_variable ? H5T_VARIABLE : length);
    const hid_t own = H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    std::string block;
    std::vector<const char*> pointers;
    pointers.reserve(values.size());
    for (auto value : values) {
      value.resize(length);
      block += value;
    }
    for (const auto& value : values) {
      pointers.push_back(value.c_str());
    }
    H5Awrite(own, type, is_variable ? static_cast<const void*>(pointers.data()) : block.data());
    H5Aclose(own);
    H5Tclose(type);
    H5Sclose(space);
    H5Oclose(where);
  }

  void number(const std::string& object, const char* name, double value) const {
    const hid_t where = H5Oopen(file_, object.c_str(), H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t own = H5Acreate2(where, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(own, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(own);
    H5Sclose(space);
    H5Oclose(where);
  }

 private:
  hid_t file_;
};

}  // namespace calcispec::test
