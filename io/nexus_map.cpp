#include "io/nexus_map.hpp"

#include "io/nexus_writer_private.hpp"
#include "io/packed_spectra_private.hpp"
#include "io/placed_spectra.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace calcispec::io {
namespace {

using detail::Handle;

constexpr hsize_t column_chunk = 16384;  // numbers; two of them per column wait in memory
constexpr hsize_t least_packed = 1024;   // smaller columns are not worth compressing

// Rows that form a box of the grid.
struct Box {
  Index done = 0;  // rows before it
  std::vector<hsize_t> start;
  std::vector<hsize_t> extent;
};

}  // namespace

namespace {

class Beginning : public detail::NexusWriter {
 public:
  using NexusWriter::NexusWriter;

  void run(const Recording& head, Index rows, const NexusMapOptions& options) {
    const auto entry = start();
    auto axes = dimensions_of(head, rows);
    const auto experiments = make_group(file(), "Experiments", "");
    if (options.has_spectra) {
      add(head, axes, entry.id(), {"data", H5T_IEEE_F32LE, options.is_compressed});
      mirror(axes, experiments.id(), "data", detail::spectra_path);
    } else {
      axes.pop_back();
      const auto places = make_group(entry.id(), "places", "NXcollection");
      for (const auto& axis : axes) {
        put_axis(places.id(), axis);
      }
    }
    check(H5Fflush(file(), H5F_SCOPE_GLOBAL));
  }
};

}  // namespace

void begin_nexus_map(const std::string& path,
                     const Recording& head,
                     Index rows,
                     const NexusMapOptions& options) {
  Beginning(path).run(head, rows, options);
}

// The file is closed and opened again after its beginning, so that its bytes do not depend on when
// that was made.
class NexusMap::Writer : public detail::NexusWriter {
 public:
  Writer(const std::string& path, const Recording& head, Index rows, const NexusMapOptions& options)
      : NexusWriter(path, false),
        options_(options),
        entry_(H5Gopen2(file(), "entry", H5P_DEFAULT), H5Gclose),
        axes_(dimensions_of(head, rows)),
        experiments_(H5Gopen2(file(), "Experiments", H5P_DEFAULT), H5Gclose) {
    check(entry_.id());
    check(experiments_.id());
    for (std::size_t d = 0; d + 1 < axes_.size(); ++d) {
      places_.push_back(axes_[d].values.size());
    }
    if (!options.has_spectra) {
      axes_.pop_back();
      return;
    }
    data_ = Handle(H5Dopen2(file(), detail::spectra_path, H5P_DEFAULT), H5Dclose);
    check(data_.id());
    if (options.is_compressed) {
      packed_ = std::make_unique<PackedSpectra>(data_.id());
    } else {
      spectra_ = std::make_unique<PlacedSpectra>(path, detail::spectra_places(data_.id(), path));
    }
  }

  void write(Index first, std::span<const float> values) const {
    if (spectra_) {
      spectra_->write(first, values);
    } else if (!packed_->write(first, values)) {
      check(-1);
    }
  }

  void add_column(const NexusColumn& column) {
    const auto links = intermediate_links();
    const Handle space(
        places_.empty()
            ? H5Screate(H5S_SCALAR)
            : H5Screate_simple(static_cast<int>(places_.size()), places_.data(), nullptr),
        H5Sclose);
    const auto creation = creation_of(H5P_DATASET_CREATE);
    const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    set_chunks(creation.id(), access.id());
    Handle own(H5Dcreate2(entry_.id(),
                          column.name.c_str(),
                          column.is_code ? H5T_STD_U8LE : H5T_IEEE_F64LE,
                          space.id(),
                          links.id(),
                          creation.id(),
                          access.id()),
               H5Dclose);
    check(own.id());
    NexusWriter::put_text(own.id(), "units", column.unit);
    NexusWriter::put_text(own.id(), "long_name", column.name.substr(column.name.rfind('/') + 1));
    if (!column.meaning.empty()) {
      NexusWriter::put_text(own.id(), "meaning", column.meaning);
    }
    columns_.insert_or_assign(column.name, std::move(own));
  }

  void write_column(const std::string& name, Index first, std::span<const double> values) const {
    const auto& own = columns_.at(name);
    if (places_.empty()) {
      check(H5Dwrite(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
      return;
    }
    for (const auto& box : boxes(first, static_cast<Index>(values.size()))) {
      write_box(own.id(), box, H5T_NATIVE_DOUBLE, values.data() + box.done);
    }
  }

  [[nodiscard]] std::vector<double> read_column(const std::string& name) const {
    const auto& own = columns_.at(name);
    hsize_t count = 1;
    for (const auto size : places_) {
      count *= size;
    }
    std::vector<double> values(count);
    check(H5Dread(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
    return values;
  }

  void make_picture(const std::string& group,
                    const std::string& signal,
                    const std::string& errors) {
    const Handle own(H5Gopen2(entry_.id(), group.c_str(), H5P_DEFAULT), H5Gclose);
    check(own.id());
    NexusWriter::put_text(own.id(), "NX_class", "NXdata");
    NexusWriter::put_text(own.id(), "signal", signal);
    std::vector<std::string> names;
    const std::string home = options_.has_spectra ? "/entry/data/" : "/entry/places/";
    for (std::size_t d = 0; d < places_.size(); ++d) {
      names.push_back(axes_[d].name);
      link(own.id(), home + axes_[d].name, axes_[d].name);
      put_number(own.id(), (axes_[d].name + "_indices").c_str(), static_cast<std::int64_t>(d));
    }
    if (!names.empty()) {
      NexusWriter::put_texts(own.id(), "axes", names);
    }
    if (!errors.empty()) {
      link(own.id(), "/entry/" + group + "/" + errors, signal + "_errors");
    }
    const std::vector<Dimension> places(
        axes_.begin(), axes_.begin() + static_cast<std::ptrdiff_t>(places_.size()));
    auto flat = group;
    std::replace(flat.begin(), flat.end(), '/', '_');
    mirror(places, experiments_.id(), flat, "/entry/" + group + "/" + signal);
  }

  // Every group on the way names the next one.
  void set_default(const std::string& group) const {
    std::string from;
    std::string rest = group;
    while (!rest.empty()) {
      const auto slash = rest.find('/');
      const auto head = rest.substr(0, slash);
      const Handle own(H5Gopen2(entry_.id(), from.empty() ? "." : from.c_str(), H5P_DEFAULT),
                       H5Gclose);
      check(own.id());
      H5Adelete(own.id(), "default");
      NexusWriter::put_text(own.id(), "default", head);
      from += (from.empty() ? "" : "/") + head;
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    }
  }

  void put_note(const std::string& name, const std::string& text) const {
    put_dataset_text(entry_.id(), name.c_str(), text);
  }

  void put_note_number(const std::string& name, double value) const {
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const auto links = intermediate_links();
    const Handle own(H5Dcreate2(entry_.id(),
                                name.c_str(),
                                H5T_IEEE_F64LE,
                                space.id(),
                                links.id(),
                                creation_of(H5P_DATASET_CREATE).id(),
                                H5P_DEFAULT),
                     H5Dclose);
    check(own.id());
    check(H5Dwrite(own.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
  }

  void put_note_per_row(const std::string& name, std::span<const std::string> texts) const {
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.id(), H5T_VARIABLE);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    const hsize_t count = texts.size();
    const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
    const auto links = intermediate_links();
    const Handle own(H5Dcreate2(entry_.id(),
                                name.c_str(),
                                type.id(),
                                space.id(),
                                links.id(),
                                creation_of(H5P_DATASET_CREATE).id(),
                                H5P_DEFAULT),
                     H5Dclose);
    check(own.id());
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const auto& text : texts) {
      pointers.push_back(text.c_str());
    }
    check(H5Dwrite(own.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()));
  }

  void finish() const { check(H5Fflush(file(), H5F_SCOPE_GLOBAL)); }

 private:
  void link(hid_t group, const std::string& target, const std::string& name) const {
    check(H5Lcreate_soft(target.c_str(), group, name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  }

  // Whole lines; the memory for parts of columns stays small.
  void set_chunks(hid_t creation, hid_t access) const {
    hsize_t count = 1;
    for (const auto size : places_) {
      count *= size;
    }
    if (places_.empty()) {
      return;
    }
    auto chunk = places_;
    hsize_t left = column_chunk;
    for (std::size_t d = places_.size(); d-- > 0;) {
      chunk[d] = std::clamp<hsize_t>(left, 1, places_[d]);
      left = std::max<hsize_t>(1, left / chunk[d]);
    }
    // HyperSpy loads lazily what has chunks, and nothing of a file that holds other data.
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    if (options_.is_compressed && count >= least_packed) {
      H5Pset_shuffle(creation);
      H5Pset_deflate(creation, 1);
    }
    H5Pset_chunk_cache(access, 31, 2 * 8 * column_chunk, 1.0);
  }

  // The end of a line, whole lines, the begin of a line.
  [[nodiscard]] std::vector<Box> boxes(Index first, Index count) const {
    const Index fastest = places_.empty() ? 1 : static_cast<Index>(places_.back());
    std::vector<Box> out;
    for (Index done = 0; done < count;) {
      const Index row = first + done;
      const Index along = row % fastest;
      const Index left = count - done;
      const bool is_whole = places_.size() == 2 && along == 0 && left >= fastest;
      const Index lines = is_whole ? left / fastest : 1;
      const Index many = is_whole ? fastest : std::min(fastest - along, left);
      Box box{done, {}, {}};
      if (places_.size() == 2) {
        box.start.push_back(static_cast<hsize_t>(row / fastest));
        box.extent.push_back(static_cast<hsize_t>(lines));
      }
      if (!places_.empty()) {
        box.start.push_back(static_cast<hsize_t>(along));
        box.extent.push_back(static_cast<hsize_t>(many));
      }
      out.push_back(std::move(box));
      done += lines * many;
    }
    return out;
  }

  void write_box(hid_t data, const Box& box, hid_t type, const void* values) const {
    const Handle space(H5Dget_space(data), H5Sclose);
    // Of the shape of the part: with another the library goes number by number.
    const Handle memory(
        H5Screate_simple(static_cast<int>(box.extent.size()), box.extent.data(), nullptr),
        H5Sclose);
    check(H5Sselect_hyperslab(
        space.id(), H5S_SELECT_SET, box.start.data(), nullptr, box.extent.data(), nullptr));
    check(H5Dwrite(data, type, memory.id(), space.id(), H5P_DEFAULT, values));
  }

  NexusMapOptions options_;
  Handle entry_;
  std::vector<Dimension> axes_;
  std::vector<hsize_t> places_;
  Handle experiments_;
  Handle data_;
  std::unique_ptr<PlacedSpectra> spectra_;  // of a file without compression
  std::unique_ptr<PackedSpectra> packed_;   // of one with it
  std::map<std::string, Handle> columns_;
};

NexusMap::NexusMap(const std::string& path,
                   const Recording& head,
                   Index rows,
                   const NexusMapOptions& options) {
  if (!options.is_begun) {
    begin_nexus_map(path, head, rows, options);
  }
  writer_ = std::make_unique<Writer>(path, head, rows, options);
}
NexusMap::~NexusMap() = default;

void NexusMap::write(Index first, std::span<const float> values) {
  writer_->write(first, values);
}
void NexusMap::add_column(const NexusColumn& column) {
  writer_->add_column(column);
}
void NexusMap::write_column(const std::string& name, Index first, std::span<const double> values) {
  writer_->write_column(name, first, values);
}
std::vector<double> NexusMap::read_column(const std::string& name) const {
  return writer_->read_column(name);
}
void NexusMap::make_picture(const std::string& group,
                            const std::string& signal,
                            const std::string& errors) {
  writer_->make_picture(group, signal, errors);
}
void NexusMap::set_default(const std::string& group) {
  writer_->set_default(group);
}
void NexusMap::put_text(const std::string& name, const std::string& text) {
  writer_->put_note(name, text);
}
void NexusMap::put_number(const std::string& name, double value) {
  writer_->put_note_number(name, value);
}
void NexusMap::put_texts(const std::string& name, std::span<const std::string> texts) {
  writer_->put_note_per_row(name, texts);
}
void NexusMap::finish() {
  writer_->finish();
}

}  // namespace calcispec::io
