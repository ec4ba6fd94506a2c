// Just enough of HDF5 to read golden arrays in tests; the product does not use it.
#pragma once

#include <hdf5.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace calcispec::test {

class Hdf5File {
 public:
  explicit Hdf5File(const std::string& path)
      : id_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {
    if (id_ < 0) {
      throw std::runtime_error("cannot open " + path);
    }
  }
  ~Hdf5File() { H5Fclose(id_); }
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;
  Hdf5File(Hdf5File&&) = delete;
  Hdf5File& operator=(Hdf5File&&) = delete;

  [[nodiscard]] std::vector<std::string> names(const std::string& group) const {
    std::vector<std::string> out;
    const hid_t id = H5Gopen2(id_, group.c_str(), H5P_DEFAULT);
    if (id < 0) {
      return out;
    }
    H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &out);
    H5Gclose(id);
    return out;
  }

  [[nodiscard]] std::vector<double> values(const std::string& path) const {
    const hid_t id = H5Dopen2(id_, path.c_str(), H5P_DEFAULT);
    if (id < 0) {
      throw std::runtime_error("no data set " + path);
    }
    const hid_t space = H5Dget_space(id);
    std::vector<double> out(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    H5Dread(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data());
    H5Sclose(space);
    H5Dclose(id);
    return out;
  }

  /// NaN if there is no such attribute.
  [[nodiscard]] double number(const std::string& object, const std::string& name) const {
    double value = 0;
    const hid_t id = H5Oopen(id_, object.c_str(), H5P_DEFAULT);
    if (H5Aexists(id, name.c_str()) <= 0) {
      H5Oclose(id);
      return std::numeric_limits<double>::quiet_NaN();
    }
    const hid_t attribute = H5Aopen(id, name.c_str(), H5P_DEFAULT);
    H5Aread(attribute, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(attribute);
    H5Oclose(id);
    return value;
  }

  [[nodiscard]] std::string text(const std::string& object, const std::string& name) const {
    const hid_t id = H5Oopen(id_, object.c_str(), H5P_DEFAULT);
    const hid_t attribute = H5Aopen(id, name.c_str(), H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    std::string out;
    if (H5Tis_variable_str(type) > 0) {
      char* value = nullptr;
      H5Aread(attribute, type, &value);
      out = value == nullptr ? "" : value;
      H5free_memory(value);
    } else {
      out.resize(H5Tget_size(type));
      H5Aread(attribute, type, out.data());
      out.resize(out.find('\0') == std::string::npos ? out.size() : out.find('\0'));
    }
    H5Tclose(type);
    H5Aclose(attribute);
    H5Oclose(id);
    return out;
  }

 private:
  static herr_t add_name(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* out) {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  }

  hid_t id_;
};

}  // namespace calcispec::test
