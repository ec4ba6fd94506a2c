#include "io/nexus_result.hpp"

#include "core/error.hpp"
#include "io/hdf5_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::io {
namespace {

using hdf5::Handle;

constexpr hsize_t most_pixels = hsize_t{1} << 27U;

class ResultReader {
 public:
  explicit ResultReader(const std::string& path) : path_(path) {
    hdf5::prepare_library();
    file_ = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file_.is_open()) {
      fail("cannot be opened as HDF5: missing, damaged, or another program is writing to it");
    }
    entry_ = hdf5::open_object(file_.id(), "entry");
  }

  NexusResult read() {
    for (const auto& name : names_in("provenance")) {
      out_.provenance[name] = text("provenance/" + name);
    }
    if (out_.provenance["program"] != "calcispec") {
      fail("is no result of calcispec batch; a report of spectra is made by analyze --report");
    }
    out_.status = values("quality/status");
    out_.composed = values("quality/composition");
    for (const auto* folder : {"composition", "markers", "fit"}) {
      for (const auto& name : names_in(folder)) {
        add_picture(std::string(folder) + "/" + name);
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, path_);
  }

  static herr_t add_name(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* out) {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  }

  [[nodiscard]] std::vector<std::string> names_in(const std::string& group) const {
    std::vector<std::string> names;
    if (!entry_.is_open()) {
      return names;
    }
    const auto own = hdf5::open_object(entry_.id(), group);
    if (own.is_open() && H5Iget_type(own.id()) == H5I_GROUP) {
      H5Literate(own.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names);
    }
    return names;
  }

  [[nodiscard]] std::string text(const std::string& name) const {
    const auto own = hdf5::open_object(entry_.id(), name);
    const bool is_dataset = own.is_open() && H5Iget_type(own.id()) == H5I_DATASET;
    return is_dataset ? hdf5::text_in(own.id()) : std::string();
  }

  [[nodiscard]] std::vector<double> values(const std::string& name) {
    const auto own = hdf5::open_object(entry_.id(), name);
    if (!own.is_open() || H5Iget_type(own.id()) != H5I_DATASET) {
      return {};
    }
    const auto shape = hdf5::shape_of(own.id());
    hsize_t count = 1;
    for (const auto size : shape.size) {
      count = size == 0 || count > most_pixels / size ? 0 : count * size;
    }
    if (!shape.is_number || !shape.is_plain || shape.size.size() > 2 || count == 0) {
      return {};
    }
    std::vector<double> out(count);
    if (H5Dread(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
      fail("cannot be read on: /entry/" + name + " is damaged");
    }
    if (out_.grid.nx == 0) {
      out_.grid.nx = shape.size.empty() ? 1 : static_cast<Index>(shape.size.back());
      out_.grid.ny = shape.size.size() < 2 ? 1 : static_cast<Index>(shape.size.front());
    }
    return out;
  }

  // Distance of the first two places, 0 where they are counted.
  [[nodiscard]] double step(const Handle& group, const char* axis) {
    const auto own = hdf5::open_object(group.id(), axis);
    if (!own.is_open() || hdf5::text_of(own.id(), "units") != "um") {
      return 0;
    }
    const auto shape = hdf5::shape_of(own.id());
    if (shape.size.size() != 1 || shape.size[0] < 2 || shape.size[0] > most_pixels) {
      return 0;
    }
    std::vector<double> places(shape.size[0]);
    H5Dread(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, places.data());
    return places[1] - places[0];
  }

  void add_picture(const std::string& name) {
    const auto group = hdf5::open_object(entry_.id(), name);
    if (!group.is_open() || H5Iget_type(group.id()) != H5I_GROUP) {
      return;
    }
    const auto signal = hdf5::text_of(group.id(), "signal");
    if (signal.empty()) {
      return;
    }
    ResultPicture picture;
    picture.group = name;
    picture.values = values(name + "/" + signal);
    picture.status = values(name + "/status");
    const auto data = hdf5::open_object(group.id(), signal);
    picture.unit = data.is_open() ? hdf5::text_of(data.id(), "units") : "";
    if (static_cast<Index>(picture.values.size()) == out_.grid.nx * out_.grid.ny) {
      out_.grid.step_x_um = step(group, "x");
      out_.grid.step_y_um = step(group, "y");
      out_.pictures.push_back(std::move(picture));
    }
  }

  std::string path_;
  Handle file_;
  Handle entry_;
  NexusResult out_;
};

}  // namespace

NexusResult read_result(const std::string& path) {
  return ResultReader(path).read();
}

}  // namespace calcispec::io
