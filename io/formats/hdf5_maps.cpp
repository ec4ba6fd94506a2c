// HDF5: spectra and maps as NeXus, HyperSpy or plain datasets.
#include "core/error.hpp"
#include "io/hdf5_signals_private.hpp"
#include "io/reader_process.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

using hdf5::Handle;
using hdf5::Signal;

constexpr std::string_view magic_hdf5_maps("\x89HDF\r\n\x1a\n", 8);
constexpr double largest_read = 8e9;  // bytes of double that one file may give

int sniff_hdf5_maps(const FileView& file) {
  // A user block of 512, 1024, ... bytes may come first.
  for (std::size_t at = 0; at + magic_hdf5_maps.size() <= file.bytes.size();
       at = at == 0 ? 512 : 2 * at) {
    if (file.bytes.substr(at, magic_hdf5_maps.size()) == magic_hdf5_maps) {
      return 95;
    }
  }
  return 0;
}

class Hdf5Reader {
 public:
  Hdf5Reader(const FileView& file, const ReadOptions& options) : view_(file), options_(options) {}

  LoadedFile run() {
    hdf5::prepare_library();
    open();
    signals_ =
        hdf5::find_signals(file_.id(), std::string(view_.path), {options_.block, options_.axis});
    if (signals_.empty()) {
      fail(
          "holds no spectra: a NeXus NXdata group, a HyperSpy data set, or numbers of one to "
          "three dimensions");
    }
    choose_block();
    for (auto& signal : signals_) {
      const bool is_used = chosen_ ? chosen_ == signal.path : signal.left_out.empty();
      const auto reason = is_used ? "" : chosen_ ? std::string("not chosen") : signal.left_out;
      out_.blocks.push_back({signal.path, hdf5::content_of(signal), is_used, reason});
      if (is_used) {
        hdf5::keep_chunks(signal);
        add(signal);
        signal.data = Handle();  // and the chunks that were kept
      }
    }
    out_.path = std::string(view_.path);
    out_.format = "hdf5_maps";
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, std::string(view_.path));
  }

  void open() {
    if (view_.is_file) {
      file_ =
          Handle(H5Fopen(std::string(view_.path).c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
      if (!file_.is_open()) {
        fail(
            "is damaged or no HDF5 file, or another program is writing to it; copy it again, "
            "h5dump shows where it breaks");
      }
      return;
    }
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.id(), std::size_t{1} << 20U, false);
    // The image is copied by the library, which never writes to it.
    if (H5Pset_file_image(access.id(), const_cast<char*>(view_.bytes.data()), view_.bytes.size()) <
        0) {
      fail("is larger than memory allows to read whole");
    }
    // An image must not have the name of a file that exists.
    file_ = Handle(H5Fopen("\x01image", H5F_ACC_RDONLY, access.id()), H5Fclose);
    if (!file_.is_open()) {
      fail("is damaged or no HDF5 file; copy it again, h5dump shows where it breaks");
    }
  }

  void choose_block() {
    if (!options_.block) {
      return;
    }
    for (std::size_t i = 0; i < signals_.size(); ++i) {
      const auto& path = signals_[i].path;
      if (*options_.block == path || "/" + *options_.block == path ||
          *options_.block == std::to_string(i + 1)) {
        chosen_ = path;
      }
    }
    if (!chosen_) {
      fail("holds no block \"" + *options_.block + "\"; info lists them");
    }
  }

  std::vector<double> numbers(hid_t dataset, hsize_t count) const {
    if (8 * static_cast<double>(count) > largest_read) {
      fail("holds more numbers than can be read at once");
    }
    std::vector<double> out(count);
    if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
      fail("holds data that cannot be decoded (damaged, or packed by a filter that is not there)");
    }
    return out;
  }

  // In blocks, so that memory does not grow with the map.
  void skim(const Signal& signal) {
    const auto points = static_cast<Index>(signal.shape.size[hdf5::spectral_dimension(signal)]);
    const auto rows = static_cast<Index>(hdf5::count_of(signal) / static_cast<double>(points));
    const Index at_once = std::max<Index>(1, (Index{1} << 21U) / points);
    TextSpectra spectra;
    for (Index first = 0; first < rows; first += at_once) {
      const auto count = std::min(at_once, rows - first);
      const auto block = hdf5::stored_rows(signal, {first, count, points}, std::string(view_.path));
      for (Index row = 0; row < count; ++row) {
        const auto begin = block.begin() + row * points;
        add_spectrum(spectra, {begin, begin + points}, true);
      }
    }
    finish(signal, std::move(spectra));
  }

  void add_pair(const Signal& signal) {
    const auto points =
        static_cast<std::size_t>(std::max(signal.shape.size[0], signal.shape.size[1]));
    const auto both = numbers(signal.data.id(), 2 * points);
    TextSpectra spectra;
    hdf5::describe(signal, spectra, out_.diagnostics);
    spectra.y.emplace_back();
    for (std::size_t i = 0; i < points; ++i) {
      spectra.x.push_back(both[signal.is_in_columns ? 2 * i : i]);
      spectra.y[0].push_back(both[signal.is_in_columns ? 2 * i + 1 : points + i]);
    }
    out_.recordings.push_back(
        make_recording(std::move(spectra), std::string(view_.path), options_, out_.diagnostics));
  }

  void add(const Signal& signal) {
    if (signal.is_pair) {
      add_pair(signal);
      return;
    }
    if (options_.is_skim) {
      skim(signal);
      return;
    }
    const auto total = hdf5::count_of(signal);
    if (8 * total > largest_read) {
      fail(signal.path + " holds more numbers than can be read at once; use calcispec batch");
    }
    const auto values = numbers(signal.data.id(), static_cast<hsize_t>(total));
    const auto spectral = hdf5::spectral_dimension(signal);
    const auto points = static_cast<std::size_t>(signal.shape.size[spectral]);
    std::size_t inner = 1;  // numbers between two points of a spectrum
    for (std::size_t d = spectral + 1; d < signal.shape.size.size(); ++d) {
      inner *= static_cast<std::size_t>(signal.shape.size[d]);
    }
    TextSpectra spectra;
    const auto rows = values.size() / points;
    spectra.y.assign(rows, std::vector<double>(points));
    for (std::size_t row = 0; row < rows; ++row) {
      const auto base = row / inner * inner * points + row % inner;
      for (std::size_t i = 0; i < points; ++i) {
        spectra.y[row][i] = values[base + i * inner];
      }
    }
    finish(signal, std::move(spectra));
  }

  void finish(const Signal& signal, TextSpectra&& spectra) {
    hdf5::describe(signal, spectra, out_.diagnostics);
    out_.recordings.push_back(
        make_recording(std::move(spectra), std::string(view_.path), options_, out_.diagnostics));
  }

  const FileView& view_;
  const ReadOptions& options_;
  Handle file_;
  std::vector<Signal> signals_;
  std::optional<std::string> chosen_;
  LoadedFile out_;
};

LoadedFile read_hdf5_maps(const FileView& file, const ReadOptions& options) {
  if (!options.reader_program.empty()) {
    auto out = ReaderProcess(options.reader_program, file).load(options);
    out.format = "hdf5_maps";
    return out;
  }
  return Hdf5Reader(file, options).run();
}

}  // namespace

Format hdf5_maps_format() {
  return {"hdf5_maps",
          "HDF5: NeXus, HyperSpy, plain datasets",
          "h5 hdf5 nxs hspy",
          sniff_hdf5_maps,
          read_hdf5_maps,
          true};
}

}  // namespace calcispec::io
