#include "core/error.hpp"
#include "io/hdf5_signals_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

namespace calcispec::io::hdf5 {
namespace {

constexpr int hdf5_deepest = 12;
constexpr std::size_t most_objects = 20000;
constexpr double longest_axis = 1e8;

// "cm¯¹", "cm⁻¹" and their like are 1/cm.
std::string plain_unit(const std::string& unit) {
  const bool is_wavenumber =
      unit.size() > 2 && unit.rfind("cm", 0) == 0 &&
      (unit.find("\xC2\xB9") != std::string::npos || unit == "cm-1" || unit == "cm^-1");
  return is_wavenumber ? "1/cm" : unit;
}

class SignalFinder {
 public:
  SignalFinder(hid_t file, const std::string& path) : file_(file), path_(path) {}

  std::vector<Signal> run(const Wanted& wanted) {
    find_all();
    if (wanted.dataset) {
      add_named(*wanted.dataset);
    }
    if (wanted.axis) {
      take_axis(*wanted.axis);
    }
    return std::move(signals_);
  }

 private:
  void find_all() {
    find_signals(file_, "", 0);
    if (const auto hyperspy = open_object(file_, "Experiments"); hyperspy.is_open()) {
      find_signals(hyperspy.id(), "/Experiments", 1);
    }
    for (const auto& name : names_in(file_)) {
      if (name.rfind("Measurement", 0) == 0) {
        add_measurement(name);
      }
    }
    if (signals_.empty()) {
      find_others();
    }
  }

  // A dataset that the user names is a signal, whatever else the file holds.
  void add_named(const std::string& name) {
    const auto path = name.starts_with("/") ? name : "/" + name;
    const bool is_known = std::any_of(
        signals_.begin(), signals_.end(), [&](const Signal& one) { return one.path == path; });
    const auto slash = path.rfind('/');
    const auto folder = path.substr(0, slash);
    const auto group = open_object(file_, folder);
    if (is_known || (!folder.empty() && !group.is_open())) {
      return;
    }
    taken_.clear();
    const hid_t parent = folder.empty() ? file_ : group.id();
    if (auto signal = open_signal(parent, folder, path.substr(slash + 1))) {
      find_loose_axis(parent, path.substr(slash + 1), *signal);
      signals_.push_back(std::move(*signal));
    }
  }

  // The axis that the user names goes to every signal with a dimension of its length.
  void take_axis(const std::string& name) {
    bool fits = false;
    for (auto& signal : signals_) {
      for (std::size_t d = signal.axes.size(); d-- > 0;) {
        auto axis = read_axis(file_, name, signal.shape.size[d]);
        if (!axis.values.empty()) {
          axis.is_named = true;
          signal.axes[d] = std::move(axis);
          fits = true;
          break;
        }
      }
    }
    if (!fits) {
      throw Error(ErrorCode::unreadable_input,
                  "holds no list \"" + name + "\" with as many numbers as the spectra have points",
                  path_);
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
    if (depth > hdf5_deepest || !is_new(group)) {
      return;
    }
    if (text_of(group, "NX_class") == "NXdata") {
      add_nexus(group, path);
      return;
    }
    if (path.rfind("/Experiments/", 0) == 0 && add_hyperspy(group, path)) {
      return;
    }
    const auto inside = path + "/";
    for (const auto& name : names_in(group)) {
      const auto object = open_object(group, name);
      const bool is_later = depth == 0 && name == "Experiments";  // often links to what NeXus holds
      if (!is_later && object.is_open() && H5Iget_type(object.id()) == H5I_GROUP) {
        find_signals(object.id(), inside + name, depth + 1);
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
    out.data = open_object(group, name);
    if (!out.data.is_open() || H5Iget_type(out.data.id()) != H5I_DATASET) {
      return std::nullopt;
    }
    out.path = path + "/" + name;
    out.shape = shape_of(out.data.id());
    H5O_info_t info{};
    const bool is_known = H5Oget_info(out.data.id(), &info) < 0 || taken_.count(info.addr) > 0;
    if (is_known || !holds_spectra(out.shape)) {
      return std::nullopt;
    }
    const auto label = text_of(out.data.id(), "long_name");
    const auto unit = text_of(out.data.id(), "units");
    out.y_label = label.empty() ? name : label;
    if (!unit.empty() && out.y_label.find(unit) == std::string::npos) {
      out.y_label += " (" + unit + ")";
    }
    out.axes.resize(out.shape.size.size());
    return out;
  }

  AxisData read_axis(hid_t group, const std::string& name, hsize_t length) {
    AxisData out;
    const auto object = open_object(group, name);
    if (!object.is_open() || H5Iget_type(object.id()) != H5I_DATASET) {
      return out;
    }
    const auto shape = shape_of(object.id());
    // MATLAB stores a list as a matrix of one row or column.
    const auto across =
        std::count_if(shape.size.begin(), shape.size.end(), [](hsize_t n) { return n != 1; });
    const bool has_length =
        std::find(shape.size.begin(), shape.size.end(), length) != shape.size.end();
    if (across == 1 && has_length && shape.is_number && shape.is_plain) {
      out.values = numbers(object.id(), length);
      out.unit = plain_unit(text_of(object.id(), "units"));
      const auto label = text_of(object.id(), "long_name");
      out.label = name + " " + label;
    }
    return out;
  }

  void add_nexus(hid_t group, const std::string& path) {
    auto name = text_of(group, "signal");
    if (name.empty()) {
      for (const auto& child : names_in(group)) {  // the older way: an attribute of the dataset
        const auto object = open_object(group, child);
        if (object.is_open() && H5Aexists(object.id(), "signal") > 0) {
          name = child;
        }
      }
    }
    auto signal = name.empty() ? std::nullopt : open_signal(group, path, name);
    if (!signal) {
      return;
    }
    const auto axes = texts_of(group, "axes");
    for (std::size_t d = 0; d < signal->axes.size(); ++d) {
      if (d < axes.size() && axes[d] != ".") {
        signal->axes[d] = read_axis(group, axes[d], signal->shape.size[d]);
      }
    }
    find_loose_axis(group, name, *signal);
    const auto title = open_object(group, "title");
    if (title.is_open() && H5Iget_type(title.id()) == H5I_DATASET) {
      signal->title = text_in(title.id());
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
      const auto axis = open_object(group, "axis-" + std::to_string(d));
      if (!axis.is_open()) {
        continue;
      }
      auto& own = signal->axes[d];
      own.unit = plain_unit(text_of(axis.id(), "units"));
      own.label = text_of(axis.id(), "name");
      const auto scale = number_of(axis.id(), "scale");
      const auto offset = number_of(axis.id(), "offset");
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

  // A measurement of PTIR Studio: one axis and the places, one group per channel.
  void add_measurement(const std::string& name) {
    const auto group = open_object(file_, name);
    if (!group.is_open() || H5Iget_type(group.id()) != H5I_GROUP ||
        is_true(group.id(), "IsBackground")) {
      return;
    }
    const bool is_raman = is_true(group.id(), "IsRaman");
    for (const auto& child : names_in(group.id())) {
      const auto channel = open_object(group.id(), child);
      if (child.rfind("Channel", 0) != 0 || !channel.is_open() ||
          H5Iget_type(channel.id()) != H5I_GROUP) {
        continue;
      }
      auto signal = open_signal(channel.id(), "/" + name + "/" + child, "Raw_Data");
      if (!signal || signal->shape.size.size() != 2) {
        continue;
      }
      auto& axis = signal->axes[1];
      axis = read_axis(group.id(), "Spectroscopic_Values", signal->shape.size[1]);
      if (axis.values.empty()) {
        continue;
      }
      axis.unit = plain_unit(joined_text(group.id(), "Spectroscopic_Values", "units"));
      axis.label = is_raman ? "Raman shift" : "wavenumber";
      signal->technique = is_raman ? Technique::raman : Technique::ftir;
      if (const auto label = text_of(channel.id(), "Label"); !label.empty()) {
        signal->y_label = label;
      }
      signal->title = text_of(group.id(), "Label");
      signal->grid = grid_of(group.id(), signal->shape.size[0]);
      take(std::move(*signal));
    }
  }

  static bool is_true(hid_t object, const char* attribute) {
    const auto text = text_of(object, attribute);
    return number_of(object, attribute).value_or(0) != 0 || text == "True" || text == "true";
  }

  // PTIR Studio writes a unit letter by letter.
  static std::string joined_text(hid_t group, const std::string& name, const char* attribute) {
    const auto object = open_object(group, name);
    std::string out;
    for (const auto& part : texts_of(object.id(), attribute)) {
      out += part;
    }
    return out;
  }

  // A column of positions, stored as places x 2.
  std::vector<double> positions(hid_t group, const char* name, hsize_t places, std::size_t column) {
    const auto object = open_object(group, name);
    if (!object.is_open() || H5Iget_type(object.id()) != H5I_DATASET) {
      return {};
    }
    const auto shape = shape_of(object.id());
    if (shape.size != std::vector<hsize_t>{places, 2} || !shape.is_number || !shape.is_plain) {
      return {};
    }
    const auto both = numbers(object.id(), 2 * places);
    std::vector<double> out;
    out.reserve(places);
    for (std::size_t i = column; i < both.size(); i += 2) {
      out.push_back(both[i]);
    }
    return out;
  }

  // Only where the indices count x within y without gaps.
  std::optional<MapGrid> grid_of(hid_t group, hsize_t places) {
    const auto column = positions(group, "Position_Indices", places, 0);
    const auto line = positions(group, "Position_Indices", places, 1);
    if (places < 2 || column.empty()) {
      return std::nullopt;
    }
    MapGrid grid;
    grid.nx = static_cast<Index>(std::clamp(column.back(), 0.0, longest_axis)) + 1;
    grid.ny = static_cast<Index>(std::clamp(line.back(), 0.0, longest_axis)) + 1;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const auto at = static_cast<Index>(i);
      if (column[i] != static_cast<double>(at % grid.nx) ||
          line[i] != static_cast<double>(at / grid.nx)) {
        return std::nullopt;
      }
    }
    const auto step = [&](std::size_t which, Index count) {
      const auto at = positions(group, "Position_Values", places, which);
      return at.empty() || count < 2
                 ? 0
                 : std::abs(at.back() - at.front()) / static_cast<double>(count - 1);
    };
    grid.step_x_um = step(0, grid.nx);
    grid.step_y_um = step(1, grid.ny);
    return grid;
  }

  // Plain files: spectra with their axes, else the dataset with most numbers.
  void find_others() {
    seen_.clear();
    std::optional<Signal> best;
    visit(file_, "", 0, best);
    if (best && signals_.empty()) {
      signals_.push_back(std::move(*best));
    }
  }

  // Two rows, the first of which rises or falls all along.
  [[nodiscard]] bool is_axis_with_spectrum(const Signal& signal) const {
    const auto& size = signal.shape.size;
    if (size.size() != 2 || size[0] != 2 || size[1] < 3) {
      return false;
    }
    const auto both = numbers(signal.data.id(), 2 * size[1]);
    const auto end = both.begin() + static_cast<std::ptrdiff_t>(size[1]);
    return std::adjacent_find(both.begin(), end, std::greater_equal<>()) == end ||
           std::adjacent_find(both.begin(), end, std::less_equal<>()) == end;
  }

  void visit(hid_t group, const std::string& path, int depth, std::optional<Signal>& best) {
    if (depth > hdf5_deepest || !is_new(group)) {
      return;
    }
    const auto inside = path + "/";
    for (const auto& name : names_in(group)) {
      const auto object = open_object(group, name);
      if (!object.is_open()) {
        continue;
      }
      if (H5Iget_type(object.id()) == H5I_GROUP) {
        visit(object.id(), inside + name, depth + 1, best);
        continue;
      }
      auto signal = open_signal(group, path, name);
      if (signal && is_axis_with_spectrum(*signal)) {
        signal->is_pair = true;
        signal->title = name;
        take(std::move(*signal));
        continue;
      }
      if (signal && (!best || count_of(*signal) > count_of(*best))) {
        find_loose_axis(group, name, *signal);
        best = std::move(signal);
      }
    }
  }

  [[nodiscard]] std::vector<double> numbers(hid_t dataset, hsize_t count) const {
    std::vector<double> out;
    if (static_cast<double>(count) <= longest_axis) {
      out.resize(count);
    }
    if (out.empty() ||
        H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
      throw Error(ErrorCode::unreadable_input,
                  "holds an axis that cannot be decoded (damaged, or packed by a filter that is "
                  "not there)",
                  path_);
    }
    return out;
  }

  hid_t file_;
  const std::string& path_;
  std::set<haddr_t> seen_;   // groups
  std::set<haddr_t> taken_;  // datasets
  std::vector<Signal> signals_;
};

}  // namespace

std::vector<Signal> find_signals(hid_t file, const std::string& path, const Wanted& wanted) {
  return SignalFinder(file, path).run(wanted);
}

}  // namespace calcispec::io::hdf5
