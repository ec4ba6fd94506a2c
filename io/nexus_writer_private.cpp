#include "io/nexus_writer_private.hpp"

#include "core/build_info.hpp"
#include "core/error.hpp"
#include "io/hdf5_chunk_index_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io::detail {
namespace {

constexpr hsize_t chunk_bytes = 1U << 20U;

// The index is on the disk only once the library has written it.
std::vector<StoredChunk> indexed_places(hid_t data, const SpectraGrid& grid) {
  const StoredLayout layout{4, grid.ny, grid.nx, grid.points, grid.chunk_y, grid.chunk_x, 0, 0};
  auto known = H5Fflush(data, H5F_SCOPE_LOCAL) >= 0
                   ? hdf5::indexed_chunks(data, layout, 0, grid.chunks())
                   : std::nullopt;
  return known ? std::move(*known) : std::vector<StoredChunk>();
}

}  // namespace

SpectraGrid spectra_grid(hid_t data) {
  const Handle space(H5Dget_space(data), H5Sclose);
  const Handle creation(H5Dget_create_plist(data), H5Pclose);
  constexpr int most_dimensions = 3;
  hsize_t size[most_dimensions] = {1, 1, 1};
  hsize_t chunk[most_dimensions] = {1, 1, 1};
  const int rank = H5Sget_simple_extent_ndims(space.id());
  const bool is_known = rank >= 1 && rank <= most_dimensions &&
                        H5Sget_simple_extent_dims(space.id(), size, nullptr) == rank &&
                        H5Pget_chunk(creation.id(), rank, chunk) == rank;
  SpectraGrid out;
  if (is_known) {
    out.points = static_cast<Index>(size[rank - 1]);
    out.nx = rank > 1 ? static_cast<Index>(size[rank - 2]) : 1;
    out.ny = rank > 2 ? static_cast<Index>(size[0]) : 1;
    out.chunk_x = rank > 1 ? static_cast<Index>(chunk[rank - 2]) : 1;
    out.chunk_y = rank > 2 ? static_cast<Index>(chunk[0]) : 1;
  }
  return out;
}

std::array<hsize_t, 3> chunk_corner(const SpectraGrid& grid, Index chunk, int rank) {
  const Index across = grid.chunks_x();
  const auto y = static_cast<hsize_t>(chunk / across) * static_cast<hsize_t>(grid.chunk_y);
  const auto x = static_cast<hsize_t>(chunk % across) * static_cast<hsize_t>(grid.chunk_x);
  return {rank > 2 ? y : rank > 1 ? x : 0, rank > 2 ? x : 0, 0};
}

SpectraPlaces spectra_places(hid_t data, const std::string& path) {
  SpectraPlaces out{spectra_grid(data), {}};
  const auto known = indexed_places(data, out.grid);
  const bool are_all_there = std::all_of(
      known.begin(), known.end(), [](const StoredChunk& chunk) { return chunk.bytes > 0; });
  if (!known.empty() && are_all_there) {
    for (const auto& chunk : known) {
      out.offsets.push_back(chunk.offset);
    }
    return out;
  }
  const Handle space(H5Dget_space(data), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  for (Index chunk = 0; chunk < out.grid.chunks(); ++chunk) {
    unsigned mask = 0;
    hsize_t bytes = 0;
    haddr_t offset = HADDR_UNDEF;
    const auto corner = chunk_corner(out.grid, chunk, rank);
    const bool is_there =
        H5Dget_chunk_info_by_coord(data, corner.data(), &mask, &offset, &bytes) >= 0 &&
        offset != HADDR_UNDEF;
    if (!is_there) {
      throw Error(ErrorCode::output_failed, "has no room for its spectra", path);
    }
    out.offsets.push_back(offset);
  }
  return out;
}

NexusWriter::NexusWriter(const std::string& path, bool is_new) : path_(path) {
  hdf5::prepare_library();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  file_ = Handle(is_new ? H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id())
                        : H5Fopen(path.c_str(), H5F_ACC_RDWR, access.id()),
                 H5Fclose);
  check(file_.id());
}

void NexusWriter::run(std::span<const Recording> recordings) {
  const auto entry = start();
  const auto experiments = make_group(file_.id(), "Experiments", "");
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    const auto name = i == 0 ? std::string("data") : "data_" + std::to_string(i + 1);
    const auto axes = dimensions_of(recordings[i], recordings[i].spectra.rows());
    const auto data = add(recordings[i], axes, entry.id(), {name, H5T_IEEE_F64LE});
    check(H5Dwrite(data.id(),
                   H5T_NATIVE_DOUBLE,
                   H5S_ALL,
                   H5S_ALL,
                   H5P_DEFAULT,
                   recordings[i].spectra.values.data()));
    mirror(axes, experiments.id(), name, "/entry/" + name + "/intensity");
  }
  check(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL));
}

Handle NexusWriter::start() {
  put_text(file_.id(), "default", "entry");
  put_text(file_.id(), "file_format", "HyperSpy");
  put_text(file_.id(), "file_format_version", "3.1");
  auto entry = make_group(file_.id(), "entry", "NXentry");
  put_text(entry.id(), "default", "data");
  const auto process = make_group(entry.id(), "process", "NXprocess");
  put_dataset_text(process.id(), "program", "calcispec");
  put_dataset_text(process.id(), "version", std::string(version()));
  return entry;
}

void NexusWriter::check(hid_t result) const {
  if (result < 0) {
    throw Error(ErrorCode::output_failed,
                "cannot be written (is the disk full or the folder gone?)",
                path_);
  }
}

Handle NexusWriter::make_group(hid_t where,
                               const std::string& name,
                               const std::string& kind) const {
  const auto creation = creation_of(H5P_GROUP_CREATE);
  Handle group(H5Gcreate2(where, name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), H5Gclose);
  check(group.id());
  if (!kind.empty()) {
    put_text(group.id(), "NX_class", kind);
  }
  return group;
}

Handle NexusWriter::creation_of(hid_t kind) {
  Handle creation(H5Pcreate(kind), H5Pclose);
  H5Pset_obj_track_times(creation.id(), false);
  return creation;
}

Handle NexusWriter::intermediate_links() {
  Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.id(), 1);
  return links;
}

Handle NexusWriter::text_type(std::size_t length) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id(), std::max<std::size_t>(length, 1));
  H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
  return type;
}

void NexusWriter::put_text(hid_t object, const char* name, const std::string& text) const {
  const auto type = text_type(text.size());
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle own(H5Acreate2(object, name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose);
  check(own.id());
  std::string bytes = text;
  bytes.resize(std::max<std::size_t>(bytes.size(), 1));
  check(H5Awrite(own.id(), type.id(), bytes.data()));
}

void NexusWriter::put_texts(hid_t object,
                            const char* name,
                            const std::vector<std::string>& texts) const {
  std::size_t length = 1;
  for (const auto& text : texts) {
    length = std::max(length, text.size());
  }
  std::string bytes;
  for (auto text : texts) {
    text.resize(length);
    bytes += text;
  }
  const auto type = text_type(length);
  const hsize_t count = texts.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Handle own(H5Acreate2(object, name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose);
  check(own.id());
  check(H5Awrite(own.id(), type.id(), bytes.data()));
}

void NexusWriter::put_flag(hid_t object, const char* name, bool value) const {
  const Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  H5Tenum_insert(type.id(), "FALSE", &no);
  H5Tenum_insert(type.id(), "TRUE", &yes);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle own(H5Acreate2(object, name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose);
  check(own.id());
  check(H5Awrite(own.id(), type.id(), value ? &yes : &no));
}

void NexusWriter::put_dataset_text(hid_t group, const char* name, const std::string& text) const {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle own(H5Dcreate2(group,
                              name,
                              type.id(),
                              space.id(),
                              intermediate_links().id(),
                              creation_of(H5P_DATASET_CREATE).id(),
                              H5P_DEFAULT),
                   H5Dclose);
  check(own.id());
  const char* pointer = text.c_str();
  check(H5Dwrite(own.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer));
}

void NexusWriter::put_axis(hid_t group, const Dimension& axis) const {
  const hsize_t count = axis.values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Handle own(H5Dcreate2(group,
                              axis.name.c_str(),
                              H5T_IEEE_F64LE,
                              space.id(),
                              H5P_DEFAULT,
                              creation_of(H5P_DATASET_CREATE).id(),
                              H5P_DEFAULT),
                   H5Dclose);
  check(own.id());
  check(H5Dwrite(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, axis.values.data()));
  put_text(own.id(), "units", axis.unit);
  put_text(own.id(), "long_name", axis.label);
}

std::vector<double> NexusWriter::steps(Index count, double step) {
  std::vector<double> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = (step > 0 ? step : 1) * static_cast<double>(i);
  }
  return out;
}

std::vector<NexusWriter::Dimension> NexusWriter::dimensions_of(const Recording& recording,
                                                               Index rows) {
  std::vector<Dimension> out;
  const auto& axis = *recording.spectra.axis;
  if (recording.map) {
    const auto& map = *recording.map;
    out.push_back(
        {"y", "y (um)", map.step_y_um > 0 ? "um" : "point", steps(map.ny, map.step_y_um)});
    out.push_back(
        {"x", "x (um)", map.step_x_um > 0 ? "um" : "point", steps(map.nx, map.step_x_um)});
  } else if (rows > 1) {
    out.push_back({"spectrum", "spectrum", "point", steps(rows, 1)});
  }
  std::string name(name_of(axis.kind()));
  const std::string label = axis.kind() == AxisKind::raman_shift  ? "Raman shift"
                            : axis.kind() == AxisKind::wavenumber ? "Wavenumber"
                                                                  : name;
  const auto unit = axis.is_in_cm1() ? std::string("cm-1") : axis.unit();
  out.push_back({
      name,
      label + " (" + unit + ")",
      axis.unit(),
      {axis.values().begin(), axis.values().end()},
      true
  });
  return out;
}

Handle NexusWriter::add(const Recording& recording,
                        const std::vector<Dimension>& axes,
                        hid_t entry,
                        const Target& target) {
  const auto group = make_group(entry, target.name, "NXdata");
  const std::string signal = "intensity";
  put_text(group.id(), "signal", signal);
  std::vector<std::string> names;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    names.push_back(axes[d].name);
    put_axis(group.id(), axes[d]);
    put_number(group.id(), (axes[d].name + "_indices").c_str(), static_cast<std::int64_t>(d));
  }
  put_texts(group.id(), "axes", names);
  put_text(group.id(), "interpretation", "spectrum");
  auto data = make_data(group.id(), {signal, target.stored, target.is_compressed}, axes);
  put_text(data.id(), "interpretation", "spectrum");
  const auto ordinate = std::string(name_of(recording.ordinate));
  put_text(data.id(), "units", recording.y_unit.empty() ? ordinate : recording.y_unit);
  put_text(data.id(), "long_name", ordinate);
  const auto notes = make_group(group.id(), "notes", "NXcollection");
  put_dataset_text(notes.id(), "technique", std::string(name_of(recording.technique)));
  put_dataset_text(notes.id(), "mode", std::string(name_of(recording.mode)));
  for (const auto& [key, value] : recording.metadata) {
    auto safe = key;
    std::replace(safe.begin(), safe.end(), '/', '_');
    if (!safe.empty() && safe != "." && safe != "technique" && safe != "mode") {
      put_dataset_text(notes.id(), safe.c_str(), value);
    }
  }
  return data;
}

Handle NexusWriter::make_data(hid_t group,
                              const Target& target,
                              const std::vector<Dimension>& axes) const {
  std::vector<hsize_t> size;
  size.reserve(axes.size());
  for (const auto& axis : axes) {
    size.push_back(axis.values.size());
  }
  const hsize_t row_bytes = 8 * size.back();
  auto chunk = size;
  hsize_t rows = std::max<hsize_t>(1, chunk_bytes / row_bytes);
  for (std::size_t d = axes.size() - 1; d-- > 0;) {
    const auto parts =
        (size[d] + rows - 1) / rows;  // of one size: little is stored beyond the edge
    chunk[d] = (size[d] + parts - 1) / parts;
    rows = std::max<hsize_t>(1, rows / chunk[d]);
  }
  const auto creation = creation_of(H5P_DATASET_CREATE);
  H5Pset_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data());
  if (target.is_compressed) {
    H5Pset_shuffle(creation.id());
    H5Pset_deflate(creation.id(), 1);
  } else {
    H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER);
  }
  const Handle space(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                     H5Sclose);
  Handle data(H5Dcreate2(group,
                         target.name.c_str(),
                         target.stored,
                         space.id(),
                         H5P_DEFAULT,
                         creation.id(),
                         H5P_DEFAULT),
              H5Dclose);
  check(data.id());
  return data;
}

void NexusWriter::mirror(const std::vector<Dimension>& axes,
                         hid_t experiments,
                         const std::string& name,
                         const std::string& target) const {
  const auto group = make_group(experiments, name, "");
  check(H5Lcreate_soft(target.c_str(), group.id(), "data", H5P_DEFAULT, H5P_DEFAULT));
  for (std::size_t d = 0; d < axes.size(); ++d) {
    put_hyperspy_axis(group.id(), "axis-" + std::to_string(d), axes[d]);
  }
  for (const auto* empty : {"metadata", "original_metadata", "learning_results"}) {
    make_group(group.id(), empty, "");
  }
}

void NexusWriter::put_hyperspy_axis(hid_t group,
                                    const std::string& name,
                                    const Dimension& axis) const {
  const auto own = make_group(group, name, "");
  const auto& v = axis.values;
  const double step = v.size() > 1 ? (v.back() - v.front()) / static_cast<double>(v.size() - 1) : 1;
  double off = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    off = std::max(off, std::abs(v.front() + step * static_cast<double>(i) - v[i]));
  }
  put_text(own.id(), "name", axis.is_spectral ? axis.label : axis.name);
  put_text(own.id(), "units", axis.unit);
  put_flag(own.id(), "navigate", !axis.is_spectral);
  put_number(own.id(), "size", static_cast<std::int64_t>(v.size()));
  if (off <= 1e-6 * std::abs(step)) {
    put_text(own.id(), "_type", "UniformDataAxis");
    put_number(own.id(), "scale", step);
    put_number(own.id(), "offset", v.front());
    return;
  }
  put_text(own.id(), "_type", "DataAxis");
  auto uneven = axis;
  uneven.name = "axis";
  put_axis(own.id(), uneven);
}

}  // namespace calcispec::io::detail
