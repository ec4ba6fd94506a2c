#include "core/error.hpp"
#include "io/hdf5_signals_private.hpp"

#include <algorithm>

namespace calcispec::io::hdf5 {
namespace {

struct Part {
  double* values;
  Index rows;
  Index points;
};

bool read_part(hid_t data,
               const std::vector<hsize_t>& start,
               const std::vector<hsize_t>& extent,
               bool is_row_major,
               const Part& part) {
  const Handle space(H5Dget_space(data), H5Sclose);
  // Of the shape of the part: with another the library goes number by number.
  const Handle memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                      H5Sclose);
  std::vector<double> turned(is_row_major ? 0 : static_cast<std::size_t>(part.rows * part.points));
  double* target = is_row_major ? part.values : turned.data();
  const bool is_read =
      H5Sselect_hyperslab(
          space.id(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) >= 0 &&
      H5Dread(data, H5T_NATIVE_DOUBLE, memory.id(), space.id(), H5P_DEFAULT, target) >= 0;
  for (Index i = 0; is_read && !is_row_major && i < part.points; ++i) {
    for (Index row = 0; row < part.rows; ++row) {
      part.values[row * part.points + i] = turned[static_cast<std::size_t>(i * part.rows + row)];
    }
  }
  return is_read;
}

}  // namespace

std::vector<double> stored_rows(const Signal& signal, const Rows& rows, const std::string& path) {
  const auto& size = signal.shape.size;
  const auto spectral = spectral_dimension(signal);
  std::vector<std::size_t> places;
  for (std::size_t d = 0; d < size.size(); ++d) {
    if (d != spectral) {
      places.push_back(d);
    }
  }
  std::vector<double> out(static_cast<std::size_t>(rows.count * rows.points));
  const Index fastest = places.empty() ? 1 : static_cast<Index>(size[places.back()]);
  for (Index done = 0; done < rows.count;) {
    const Index row = rows.first + done;
    const Index along = row % fastest;
    const Index many = std::min(fastest - along, rows.count - done);
    std::vector<hsize_t> start(size.size(), 0);
    std::vector<hsize_t> extent(size.size(), 1);
    extent[spectral] = size[spectral];
    if (!places.empty()) {
      start[places.back()] = static_cast<hsize_t>(along);
      extent[places.back()] = static_cast<hsize_t>(many);
    }
    if (places.size() == 2) {
      start[places.front()] = static_cast<hsize_t>(row / fastest);
    }
    const bool is_row_major = places.empty() || spectral > places.back();
    const Part part{out.data() + done * rows.points, many, rows.points};
    if (!read_part(signal.data.id(), start, extent, is_row_major, part)) {
      throw Error(ErrorCode::unreadable_input,
                  "cannot be read on: " + signal.path + " is damaged or packed by a missing filter",
                  path);
    }
    done += many;
  }
  return out;
}

}  // namespace calcispec::io::hdf5
