// Signals of NeXus, HyperSpy and PTIR Studio; datasets and axes that the user names.
#include "core/error.hpp"
#include "io/hdf5_search_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::io::hdf5 {
namespace {

constexpr int hdf5_deepest = 12;
constexpr double longest_axis = 1e8;

class SignalFinder {
 public:
  SignalFinder(hid_t file, const std::string& path) : search_(file, path) {}

  std::vector<Signal> run(const Wanted& wanted) {
    find_all(wanted.axis);
    if (wanted.dataset) {
      add_named(*wanted.dataset);
    }
    if (wanted.axis) {
      take_axis(*wanted.axis);
    }
    if (!is_plain_) {
      leave_out_pictures(!wanted.dataset);
    }
    return std::move(search_.signals());
  }

 private:
  void find_all(const std::optional<std::string>& axis) {
    find_signals(search_.file(), "", 0);
    if (const auto hyperspy = open_object(search_.file(), "Experiments"); hyperspy.is_open()) {
      find_signals(hyperspy.id(), "/Experiments", 1);
    }
    for (const auto& name : ObjectSearch::names_in(search_.file())) {
      if (name.rfind("Measurement", 0) == 0) {
        add_measurement(name);
      }
    }
    if (search_.signals().empty()) {
      is_plain_ = true;
      find_matlab(search_);
    }
    if (search_.signals().empty()) {
      find_plain(search_, axis);
    }
  }

  // A dataset that the user names is a signal, whatever else the file holds.
  void add_named(const std::string& name) {
    const auto path = name.starts_with("/") ? name : "/" + name;
    auto& signals = search_.signals();
    const bool is_known = std::any_of(
        signals.begin(), signals.end(), [&](const Signal& one) { return one.path == path; });
    const auto slash = path.rfind('/');
    const auto folder = path.substr(0, slash);
    const auto group = open_object(search_.file(), folder);
    if (is_known || (!folder.empty() && !group.is_open())) {
      return;
    }
    const hid_t parent = folder.empty() ? search_.file() : group.id();
    if (auto signal = search_.open_again(parent, folder, path.substr(slash + 1))) {
      search_.find_loose_axis(parent, path.substr(slash + 1), *signal);
      signals.push_back(std::move(*signal));
    }
  }

  // The axis that the user names goes to every signal with a dimension of its length.
  void take_axis(const std::string& name) {
    bool fits = false;
    for (auto& signal : search_.signals()) {
      for (std::size_t d = signal.axes.size(); d-- > 0;) {
        auto axis = search_.read_axis(search_.file(), name, signal.shape.size[d]);
        const bool is_itself = signal.path == name || signal.path == "/" + name;
        if (!is_itself && !axis.values.empty()) {
          for (auto& other : signal.axes) {
            other.is_named = false;
          }
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
                  search_.path());
    }
  }

  static bool runs_along_spectrum(const Signal& signal) {
    const auto& axis = signal.axes[spectral_dimension(signal)];
    return signal.is_pair || axis.is_named ||
           text_of(signal.data.id(), "interpretation") == "spectrum" ||
           (!axis.values.empty() && (is_spectral(axis.unit) || is_spectral(axis.label)));
  }

  // What NexusMap writes says so.
  [[nodiscard]] bool is_own_result() const {
    const auto program = open_object(search_.file(), "entry/provenance/program");
    return program.is_open() && H5Iget_type(program.id()) == H5I_DATASET &&
           text_in(program.id()) == "calcispec";
  }

  // Beside spectra, and in results of batches, one number per place is no spectrum.
  void leave_out_pictures(bool is_needed) {
    auto& signals = search_.signals();
    const bool is_any = std::any_of(signals.begin(), signals.end(), runs_along_spectrum);
    if (!is_any && !is_own_result()) {
      return;
    }
    if (!is_any && is_needed) {
      throw Error(ErrorCode::unreadable_input,
                  "holds the results of calcispec batch and no spectra; report reads it, and the "
                  "spectra stand in the file that the batch was given",
                  search_.path());
    }
    for (auto& signal : signals) {
      if (!runs_along_spectrum(signal)) {
        signal.left_out = "one number per place; none of its axes runs along a spectrum";
      }
    }
  }

  void find_signals(hid_t group, const std::string& path, int depth) {
    if (depth > hdf5_deepest || !search_.is_new(group)) {
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
    for (const auto& name : ObjectSearch::names_in(group)) {
      const auto object = open_object(group, name);
      const bool is_later = depth == 0 && name == "Experiments";  // often links to what NeXus holds
      if (!is_later && object.is_open() && H5Iget_type(object.id()) == H5I_GROUP) {
        find_signals(object.id(), inside + name, depth + 1);
      }
    }
  }

  void add_nexus(hid_t group, const std::string& path) {
    auto name = text_of(group, "signal");
    if (name.empty()) {
      // The older way: an attribute of the dataset.
      for (const auto& child : ObjectSearch::names_in(group)) {
        const auto object = open_object(group, child);
        if (object.is_open() && H5Aexists(object.id(), "signal") > 0) {
          name = child;
        }
      }
    }
    auto signal = name.empty() ? std::nullopt : search_.open_signal(group, path, name);
    if (!signal) {
      return;
    }
    const auto axes = texts_of(group, "axes");
    for (std::size_t d = 0; d < signal->axes.size(); ++d) {
      if (d < axes.size() && axes[d] != ".") {
        signal->axes[d] = search_.read_axis(group, axes[d], signal->shape.size[d]);
      }
    }
    search_.find_loose_axis(group, name, *signal);
    const auto title = open_object(group, "title");
    if (title.is_open() && H5Iget_type(title.id()) == H5I_DATASET) {
      signal->title = text_in(title.id());
    }
    search_.take(std::move(*signal));
  }

  // HyperSpy says which axes lead from place to place; the only other one is that of the spectra.
  static std::optional<std::size_t> signal_axis_of(hid_t group, std::size_t dimensions) {
    std::optional<std::size_t> out;
    for (std::size_t d = 0; d < dimensions; ++d) {
      const auto axis = open_object(group, "axis-" + std::to_string(d));
      const auto is_place =
          axis.is_open() ? number_of(axis.id(), "navigate") : std::optional<double>();
      if (!is_place || (*is_place == 0 && out)) {
        return std::nullopt;
      }
      out = *is_place == 0 ? d : out;
    }
    return out;
  }

  bool add_hyperspy(hid_t group, const std::string& path) {
    auto signal = search_.open_signal(group, path, "data");
    if (!signal) {
      return false;
    }
    const auto along = signal_axis_of(group, signal->axes.size());
    for (std::size_t d = 0; d < signal->axes.size(); ++d) {
      const auto axis = open_object(group, "axis-" + std::to_string(d));
      if (!axis.is_open()) {
        continue;
      }
      auto& own = signal->axes[d];
      own.unit = plain_unit(text_of(axis.id(), "units"));
      own.label = text_of(axis.id(), "name");
      own.is_named = along == d;
      const auto scale = number_of(axis.id(), "scale");
      const auto offset = number_of(axis.id(), "offset");
      const auto length = signal->shape.size[d];
      if (scale && offset && std::isfinite(*scale) && *scale != 0 && length < 100'000'000) {
        for (hsize_t i = 0; i < length; ++i) {
          own.values.push_back(*offset + *scale * static_cast<double>(i));
        }
      } else {
        own.values = search_.read_axis(axis.id(), "axis", length).values;
      }
    }
    search_.take(std::move(*signal));
    return true;
  }

  // A measurement of PTIR Studio: one axis and the places, one group per channel.
  void add_measurement(const std::string& name) {
    const auto group = open_object(search_.file(), name);
    if (!group.is_open() || H5Iget_type(group.id()) != H5I_GROUP ||
        is_true(group.id(), "IsBackground")) {
      return;
    }
    const bool is_raman = is_true(group.id(), "IsRaman");
    for (const auto& child : ObjectSearch::names_in(group.id())) {
      const auto channel = open_object(group.id(), child);
      if (child.rfind("Channel", 0) != 0 || !channel.is_open() ||
          H5Iget_type(channel.id()) != H5I_GROUP) {
        continue;
      }
      const auto place = std::string("/").append(name).append("/").append(child);
      auto signal = search_.open_signal(channel.id(), place, "Raw_Data");
      if (!signal || signal->shape.size.size() != 2) {
        continue;
      }
      auto& axis = signal->axes[1];
      axis = search_.read_axis(group.id(), "Spectroscopic_Values", signal->shape.size[1]);
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
      search_.take(std::move(*signal));
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
    const auto both = search_.numbers(object.id(), 2 * places);
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
      const Index above = at / grid.nx;
      if (column[i] != static_cast<double>(at % grid.nx) || line[i] != static_cast<double>(above)) {
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

  ObjectSearch search_;
  bool is_plain_ = false;
};

}  // namespace

std::vector<Signal> find_signals(hid_t file, const std::string& path, const Wanted& wanted) {
  return SignalFinder(file, path).run(wanted);
}

}  // namespace calcispec::io::hdf5
