// Groups, datasets and axes of an HDF5 file, link by link.
#include "core/error.hpp"
#include "io/hdf5_search_private.hpp"

#include <algorithm>

namespace calcispec::io::hdf5 {
namespace {

constexpr std::size_t most_objects = 20000;
constexpr double longest_list = 1e8;

bool holds_spectra(const Shape& shape) {
  if (!shape.is_number || !shape.is_plain || shape.size.empty() || shape.size.size() > 3) {
    return false;
  }
  return std::all_of(shape.size.begin(), shape.size.end(), [](hsize_t n) { return n > 0; });
}

void say_if_ambiguous(Signal& signal, std::size_t along) {
  const auto& size = signal.shape.size;
  if (std::count(size.begin(), size.end(), size[along]) > 1) {
    signal.diagnostics.push_back({Severity::warning,
                                  "axis_ambiguous",
                                  "two dimensions of " + signal.path + " have " +
                                      std::to_string(size[along]) +
                                      " numbers; the later one is taken to run along the spectra",
                                  -1});
  }
}

}  // namespace

std::string plain_unit(const std::string& unit) {
  std::string plain;  // without the signs of TeX: "cm$^{-1}$"
  for (const char sign : unit) {
    plain +=
        std::string_view(" $^{}*").find(sign) == std::string_view::npos ? std::string(1, sign) : "";
  }
  const bool is_wavenumber = plain == "cm-1" || plain == "1/cm" ||
                             (plain.size() > 2 && plain.rfind("cm", 0) == 0 &&
                              plain.find("\xC2\xB9") != std::string::npos);
  return is_wavenumber ? "1/cm" : unit;
}

std::vector<std::string> ObjectSearch::names_in(hid_t group) {
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

bool ObjectSearch::is_new(hid_t group) {
  H5O_info_t info{};
  return H5Oget_info(group, &info) >= 0 && seen_.insert(info.addr).second &&
         seen_.size() < most_objects;
}

std::optional<Signal> ObjectSearch::open_signal(hid_t group,
                                                const std::string& path,
                                                const std::string& name) {
  auto out = open_again(group, path, name);
  H5O_info_t info{};
  const bool is_known =
      out && (H5Oget_info(out->data.id(), &info) < 0 || taken_.count(info.addr) > 0);
  return is_known ? std::nullopt : std::move(out);
}

std::optional<Signal> ObjectSearch::open_again(hid_t group,
                                               const std::string& path,
                                               const std::string& name) {
  Signal out;
  out.data = open_object(group, name);
  if (!out.data.is_open() || H5Iget_type(out.data.id()) != H5I_DATASET) {
    return std::nullopt;
  }
  out.path = path + "/" + name;
  out.shape = shape_of(out.data.id());
  if (!holds_spectra(out.shape)) {
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

AxisData ObjectSearch::read_axis(hid_t group, const std::string& name, hsize_t length) const {
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

void ObjectSearch::take(Signal signal) {
  H5O_info_t info{};
  H5Oget_info(signal.data.id(), &info);
  taken_.insert(info.addr);
  signals_.push_back(std::move(signal));
}

void ObjectSearch::find_loose_axis(hid_t group, const std::string& name, Signal& signal) const {
  const bool has_axis = std::any_of(signal.axes.begin(), signal.axes.end(), [](const auto& axis) {
    return !axis.values.empty() && (is_spectral(axis.unit) || is_spectral(axis.label));
  });
  if (has_axis) {
    return;
  }
  const auto children = names_in(group);
  const auto take_first = [&](const auto& may_be) {
    for (const auto& child : children) {
      for (std::size_t d = signal.axes.size(); child != name && may_be(child) && d-- > 0;) {
        auto axis = read_axis(group, child, signal.shape.size[d]);
        if (!axis.values.empty()) {
          axis.is_named = true;
          signal.axes[d] = std::move(axis);
          say_if_ambiguous(signal, d);
          return true;
        }
      }
    }
    return false;
  };
  // "x" beside "y" is a place.
  const bool has_y =
      std::any_of(signal.shape.size.begin(), signal.shape.size.end(), [&](hsize_t n) {
        return name != "y" && !read_axis(group, "y", n).values.empty();
      });
  if (!take_first([](const std::string& child) { return is_spectral(child); })) {
    take_first(
        [&](const std::string& child) { return child == "axis" || (child == "x" && !has_y); });
  }
}

std::vector<double> ObjectSearch::numbers(hid_t dataset, hsize_t count) const {
  std::vector<double> out;
  if (static_cast<double>(count) <= longest_list) {
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

}  // namespace calcispec::io::hdf5
