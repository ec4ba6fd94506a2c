#include "core/error.hpp"
#include "io/hdf5_signals_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io::hdf5 {
namespace {

// Unpacked chunks that wait for the next lines of a map; what needs more is unpacked again and
// again.
constexpr double most_waiting_bytes = 192.0 * (1 << 20);
constexpr double library_waiting_bytes = 1 << 20;
constexpr std::size_t waiting_slots = 100003;  // prime, so that neighbours do not share one

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

// Why numbers cannot be read.
std::string fault_of(const Signal& signal) {
  const Handle creation(H5Dget_create_plist(signal.data.id()), H5Pclose);
  const int count = H5Pget_nfilters(creation.id());
  for (int i = 0; i < count; ++i) {
    constexpr std::size_t longest = 64;
    std::vector<char> name(longest);
    unsigned flags = 0;
    std::size_t values = 0;
    const auto filter = H5Pget_filter2(creation.id(),
                                       static_cast<unsigned>(i),
                                       &flags,
                                       &values,
                                       nullptr,
                                       longest,
                                       name.data(),
                                       nullptr);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      name.back() = 0;
      const std::string known =
          name.front() != 0 ? name.data() : "number " + std::to_string(filter);
      return signal.path + " is packed by the filter " + known +
             ", which the HDF5 library has not got here; where the file was written, h5repack -f "
             "GZIP=4 packs it as every program can read it";
    }
  }
  return signal.path + " is damaged";
}

// Of the chunks that hold the lines of a map which are read one after the other.
double waiting_bytes(const Signal& signal) {
  constexpr int most_dimensions = 32;
  hsize_t chunk[most_dimensions] = {};
  const auto& size = signal.shape.size;
  const int rank = static_cast<int>(size.size());
  const Handle creation(H5Dget_create_plist(signal.data.id()), H5Pclose);
  const Handle type(H5Dget_type(signal.data.id()), H5Tclose);
  if (H5Pget_layout(creation.id()) != H5D_CHUNKED || rank > most_dimensions ||
      H5Pget_chunk(creation.id(), rank, chunk) != rank) {
    return 0;
  }
  const auto spectral = spectral_dimension(signal);
  const std::size_t slowest = spectral == 0 ? 1 : 0;
  auto bytes = static_cast<double>(H5Tget_size(type.id()));
  for (std::size_t d = 0; d < size.size(); ++d) {
    const auto own = static_cast<double>(std::max<hsize_t>(1, chunk[d]));
    const bool is_one_deep = d == slowest;
    bytes *= is_one_deep ? own : own * std::ceil(static_cast<double>(size[d]) / own);
  }
  return bytes;
}

}  // namespace

void keep_chunks(Signal& signal) {
  const double bytes = waiting_bytes(signal);
  if (bytes <= library_waiting_bytes || bytes > most_waiting_bytes) {
    return;
  }
  constexpr std::size_t longest = 4096;
  std::vector<char> name(longest);
  const auto length = H5Iget_name(signal.data.id(), name.data(), longest);
  if (length <= 0 || length >= static_cast<ssize_t>(longest)) {
    return;
  }
  const Handle file(H5Iget_file_id(signal.data.id()), H5Fclose);
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  constexpr double soon_unused_first = 1;
  H5Pset_chunk_cache(
      access.id(), waiting_slots, static_cast<std::size_t>(bytes), soon_unused_first);
  signal.data = Handle();  // the settings of a data set that is open stay as they are
  signal.data = Handle(H5Dopen2(file.id(), name.data(), access.id()), H5Dclose);
}

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
      throw Error(ErrorCode::unreadable_input, fault_of(signal), path);
    }
    done += many;
  }
  return out;
}

}  // namespace calcispec::io::hdf5
