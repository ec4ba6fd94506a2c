// HDF5: spectra and maps as NeXus, HyperSpy or plain datasets.
#include "core/error.hpp"
#include "io/hdf5_private.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace calcispec::io {
namespace {

using hdf5::Handle;
using hdf5::Shape;

constexpr std::string_view magic("\x89HDF\r\n\x1a\n", 8);
constexpr int deepest = 12;
constexpr std::size_t most_objects = 20000;
constexpr double largest_read = 8e9;  // bytes of double that one file may give

int sniff(const FileView& file) {
  // A user block of 512, 1024, ... bytes may come first.
  for (std::size_t at = 0; at + magic.size() <= file.bytes.size(); at = at == 0 ? 512 : 2 * at) {
    if (file.bytes.substr(at, magic.size()) == magic) {
      return 95;
    }
  }
  return 0;
}

bool is_spectral(const std::string& text) {
  for (const auto* word : {"1/cm",
                           "cm-1",
                           "cm^-1",
                           "cm\xE2\x81\xBB",
                           "cm\xC2\xAF",
                           "nm",
                           "shift",
                           "wavenumber",
                           "Wavenumber",
                           "Shift",
                           "wavelength",
                           "Wavelength",
                           "energy"}) {
    if (text.find(word) != std::string::npos) {
      return true;
    }
  }
  return false;
}

// "cm¯¹", "cm⁻¹" and their like are 1/cm.
std::string plain_unit(const std::string& unit) {
  const bool is_wavenumber =
      unit.size() > 2 && unit.rfind("cm", 0) == 0 &&
      (unit.find("\xC2\xB9") != std::string::npos || unit == "cm-1" || unit == "cm^-1");
  return is_wavenumber ? "1/cm" : unit;
}

// An axis of a signal: values and what the file says about them.
struct AxisData {
  std::vector<double> values;  // empty: not given
  std::string unit;
  std::string label;
};

struct Signal {
  std::string path;
  Handle data;
  Shape shape;
  std::string y_label;
  std::vector<AxisData> axes;  // one per dimension
  std::string title;
};

class Hdf5Reader {
 public:
  Hdf5Reader(const FileView& file, const ReadOptions& options) : view_(file), options_(options) {}

  LoadedFile run() {
    hdf5::prepare_library();
    open();
    find_signals(file_.id(), "", 0);
    if (const auto hyperspy = hdf5::open_object(file_.id(), "Experiments"); hyperspy.is_open()) {
      find_signals(hyperspy.id(), "/Experiments", 1);
    }
    if (signals_.empty()) {
      find_largest();
    }
    if (signals_.empty()) {
      fail(
          "holds no spectra: a NeXus NXdata group, a HyperSpy data set, or numbers of one to "
          "three dimensions");
    }
    choose_block();
    for (auto& signal : signals_) {
      const bool is_used = !chosen_ || chosen_ == signal.path;
      out_.blocks.push_back(
          {signal.path, content_of(signal), is_used, is_used ? "" : "not chosen"});
      if (is_used) {
        add(signal);
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

  static std::vector<std::string> names_in(hid_t group) {
    std::vector<std::string> out;
    H5G_info_t info{};
    if (H5Gget_info(group, &info) < 0) {
      return out;
    }
    for (hsize_t i = 0; i < std::min<hsize_t>(info.nlinks, most_objects); ++i) {
      const auto length =
          H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
      if (length <= 0 || length > 4096) {
        continue;
      }
      std::string name(static_cast<std::size_t>(length), '\0');
      H5Lget_name_by_idx(
          group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size() + 1, H5P_DEFAULT);
      out.push_back(std::move(name));
    }
    return out;
  }

  // Groups are visited once, however many links lead to them.
  bool is_new(hid_t object) {
    H5O_info_t info{};
    return H5Oget_info(object, &info) >= 0 && seen_.insert(info.addr).second &&
           seen_.size() < most_objects;
  }

  void find_signals(hid_t group, const std::string& path, int depth) {
    if (depth > deepest || !is_new(group)) {
      return;
    }
    if (hdf5::text_of(group, "NX_class") == "NXdata") {
      add_nexus(group, path);
      return;
    }
    if (path.rfind("/Experiments/", 0) == 0 && add_hyperspy(group, path)) {
      return;
    }
    for (const auto& name : names_in(group)) {
      const auto object = hdf5::open_object(group, name);
      const bool is_later = depth == 0 && name == "Experiments";  // often links to what NeXus holds
      if (!is_later && object.is_open() && H5Iget_type(object.id()) == H5I_GROUP) {
        find_signals(object.id(), path + "/" + name, depth + 1);
      }
    }
  }

  static bool holds_spectra(const Shape& shape) {
    if (!shape.is_number || !shape.is_plain || shape.size.empty() || shape.size.size() > 3) {
      return false;
    }
    return std::all_of(shape.size.begin(), shape.size.end(), [](hsize_t n) { return n > 0; });
  }

  std::optional<Signal> open_signal(hid_t group, const std::string& path, const std::string& name) {
    Signal out;
    out.data = hdf5::open_object(group, name);
    if (!out.data.is_open() || H5Iget_type(out.data.id()) != H5I_DATASET) {
      return std::nullopt;
    }
    out.path = path + "/" + name;
    out.shape = hdf5::shape_of(out.data.id());
    H5O_info_t info{};
    const bool is_known = H5Oget_info(out.data.id(), &info) < 0 || taken_.count(info.addr) > 0;
    if (is_known || !holds_spectra(out.shape)) {
      return std::nullopt;
    }
    const auto label = hdf5::text_of(out.data.id(), "long_name");
    const auto unit = hdf5::text_of(out.data.id(), "units");
    out.y_label = label.empty() ? name : label;
    if (!unit.empty() && out.y_label.find(unit) == std::string::npos) {
      out.y_label += " (" + unit + ")";
    }
    out.axes.resize(out.shape.size.size());
    return out;
  }

  AxisData read_axis(hid_t group, const std::string& name, hsize_t length) {
    AxisData out;
    const auto object = hdf5::open_object(group, name);
    if (!object.is_open() || H5Iget_type(object.id()) != H5I_DATASET) {
      return out;
    }
    const auto shape = hdf5::shape_of(object.id());
    if (shape.size.size() == 1 && shape.size[0] == length && shape.is_number && shape.is_plain) {
      out.values = numbers(object.id(), length);
      out.unit = plain_unit(hdf5::text_of(object.id(), "units"));
      const auto label = hdf5::text_of(object.id(), "long_name");
      out.label = name + " " + label;
    }
    return out;
  }

  void add_nexus(hid_t group, const std::string& path) {
    auto name = hdf5::text_of(group, "signal");
    if (name.empty()) {
      for (const auto& child : names_in(group)) {  // the older way: an attribute of the dataset
        const auto object = hdf5::open_object(group, child);
        if (object.is_open() && H5Aexists(object.id(), "signal") > 0) {
          name = child;
        }
      }
    }
    auto signal = name.empty() ? std::nullopt : open_signal(group, path, name);
    if (!signal) {
      return;
    }
    const auto axes = hdf5::texts_of(group, "axes");
    for (std::size_t d = 0; d < signal->axes.size(); ++d) {
      if (d < axes.size() && axes[d] != ".") {
        signal->axes[d] = read_axis(group, axes[d], signal->shape.size[d]);
      }
    }
    find_loose_axis(group, name, *signal);
    const auto title = hdf5::open_object(group, "title");
    if (title.is_open() && H5Iget_type(title.id()) == H5I_DATASET) {
      signal->title = hdf5::text_in(title.id());
    }
    take(std::move(*signal));
  }

  void take(Signal signal) {
    H5O_info_t info{};
    H5Oget_info(signal.data.id(), &info);
    taken_.insert(info.addr);
    signals_.push_back(std::move(signal));
  }

  // Writers that leave `axes` out often store the axis beside the data all the same.
  void find_loose_axis(hid_t group, const std::string& name, Signal& signal) {
    const bool has_axis = std::any_of(signal.axes.begin(), signal.axes.end(), [](const auto& axis) {
      return !axis.values.empty() && (is_spectral(axis.unit) || is_spectral(axis.label));
    });
    if (has_axis) {
      return;
    }
    for (const auto& child : names_in(group)) {
      if (child == name || !(is_spectral(child) || child == "x" || child == "axis")) {
        continue;
      }
      for (std::size_t d = signal.axes.size(); d-- > 0;) {
        auto axis = read_axis(group, child, signal.shape.size[d]);
        if (!axis.values.empty()) {
          signal.axes[d] = std::move(axis);
          return;
        }
      }
    }
  }

  bool add_hyperspy(hid_t group, const std::string& path) {
    auto signal = open_signal(group, path, "data");
    if (!signal) {
      return false;
    }
    for (std::size_t d = 0; d < signal->axes.size(); ++d) {
      const auto axis = hdf5::open_object(group, "axis-" + std::to_string(d));
      if (!axis.is_open()) {
        continue;
      }
      auto& own = signal->axes[d];
      own.unit = plain_unit(hdf5::text_of(axis.id(), "units"));
      own.label = hdf5::text_of(axis.id(), "name");
      const auto scale = hdf5::number_of(axis.id(), "scale");
      const auto offset = hdf5::number_of(axis.id(), "offset");
      const auto length = signal->shape.size[d];
      if (scale && offset && std::isfinite(*scale) && *scale != 0 && length < 100'000'000) {
        for (hsize_t i = 0; i < length; ++i) {
          own.values.push_back(*offset + *scale * static_cast<double>(i));
        }
      } else {
        own.values = read_axis(axis.id(), "axis", length).values;
      }
    }
    take(std::move(*signal));
    return true;
  }

  // Plain files: the dataset with most numbers.
  void find_largest() {
    seen_.clear();
    std::optional<Signal> best;
    visit(file_.id(), "", 0, best);
    if (best) {
      signals_.push_back(std::move(*best));
    }
  }

  void visit(hid_t group, const std::string& path, int depth, std::optional<Signal>& best) {
    if (depth > deepest || !is_new(group)) {
      return;
    }
    for (const auto& name : names_in(group)) {
      const auto object = hdf5::open_object(group, name);
      if (!object.is_open()) {
        continue;
      }
      if (H5Iget_type(object.id()) == H5I_GROUP) {
        visit(object.id(), path + "/" + name, depth + 1, best);
        continue;
      }
      auto signal = open_signal(group, path, name);
      if (signal && (!best || count_of(*signal) > count_of(*best))) {
        find_loose_axis(group, name, *signal);
        best = std::move(signal);
      }
    }
  }

  static double count_of(const Signal& signal) {
    double count = 1;
    for (const auto n : signal.shape.size) {
      count *= static_cast<double>(n);
    }
    return count;
  }

  static std::string content_of(const Signal& signal) {
    std::string out;
    for (const auto n : signal.shape.size) {
      out += (out.empty() ? "" : " x ") + std::to_string(n);
    }
    return out + " numbers, " + signal.y_label;
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

  // The dimension along the spectrum: what its axis says, else the last.
  static std::size_t spectral_dimension(const Signal& signal) {
    for (std::size_t d = signal.axes.size(); d-- > 0;) {
      const auto& axis = signal.axes[d];
      if (!axis.values.empty() && (is_spectral(axis.unit) || is_spectral(axis.label))) {
        return d;
      }
    }
    return signal.axes.size() - 1;
  }

  static double step_of(const AxisData& axis) {
    const auto& v = axis.values;
    return v.size() > 1 ? std::abs(v.back() - v.front()) / static_cast<double>(v.size() - 1) : 0;
  }

  void add(const Signal& signal) {
    const auto total = count_of(signal);
    if (8 * total > largest_read) {
      fail(signal.path + " holds more numbers than can be read at once; use calcispec batch");
    }
    const auto values = numbers(signal.data.id(), static_cast<hsize_t>(total));
    const auto spectral = spectral_dimension(signal);
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
    describe(signal, spectral, points, spectra);
    set_map(signal, spectral, rows, spectra);
    out_.recordings.push_back(
        make_recording(std::move(spectra), std::string(view_.path), options_, out_.diagnostics));
  }

  void describe(const Signal& signal,
                std::size_t spectral,
                std::size_t points,
                TextSpectra& spectra) {
    const auto& axis = signal.axes[spectral];
    spectra.x = axis.values;
    spectra.x_unit = axis.unit;
    spectra.x_label = axis.label;
    spectra.y_label = signal.y_label;
    if (spectra.x.empty()) {
      for (std::size_t i = 0; i < points; ++i) {
        spectra.x.push_back(static_cast<double>(i));
      }
      spectra.x_unit = "point";
      out_.diagnostics.push_back(
          {Severity::warning,
           "axis_missing",
           "the file gives no axis for " + signal.path + "; its points are counted from 0",
           -1});
    }
    spectra.metadata["dataset"] = signal.path;
    if (!signal.title.empty()) {
      spectra.metadata["title"] = signal.title;
    }
    if (spectra.y.size() == 1) {
      spectra.names = {signal.title.empty() ? signal.path : signal.title};
    }
  }

  static void set_map(const Signal& signal,
                      std::size_t spectral,
                      std::size_t rows,
                      TextSpectra& spectra) {
    std::vector<std::size_t> places;
    for (std::size_t d = 0; d < signal.shape.size.size(); ++d) {
      if (d != spectral) {
        places.push_back(d);
      }
    }
    if (places.empty() || rows < 2) {
      return;
    }
    // The last place runs fastest.
    MapGrid grid;
    grid.nx = static_cast<Index>(signal.shape.size[places.back()]);
    grid.step_x_um = step_of(signal.axes[places.back()]);
    grid.ny = 1;
    if (places.size() == 2) {
      grid.ny = static_cast<Index>(signal.shape.size[places.front()]);
      grid.step_y_um = step_of(signal.axes[places.front()]);
    }
    spectra.map = grid;
  }

  const FileView& view_;
  const ReadOptions& options_;
  Handle file_;
  std::set<haddr_t> seen_;   // groups
  std::set<haddr_t> taken_;  // datasets
  std::vector<Signal> signals_;
  std::optional<std::string> chosen_;
  LoadedFile out_;
};

LoadedFile read(const FileView& file, const ReadOptions& options) {
  return Hdf5Reader(file, options).run();
}

}  // namespace

Format hdf5_maps_format() {
  return {
      "hdf5_maps", "HDF5: NeXus, HyperSpy, plain datasets", "h5 hdf5 nxs hspy", sniff, read, true};
}

}  // namespace calcispec::io
