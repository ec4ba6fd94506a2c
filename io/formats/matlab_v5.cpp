// MATLAB 5 to 7.2 files: data sets of PLS_Toolbox (WITec exports), CytoSpec, plain matrices.
#include "core/error.hpp"
#include "io/matlab_private.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io {
namespace {

using matlab::Array;
constexpr std::string_view matlab_v5_magic = "MATLAB 5.0 MAT-file";

int sniff_matlab_v5(const FileView& file) {
  const auto mark = file.bytes.size() < 128 ? std::string_view() : file.bytes.substr(126, 2);
  return starts_with(file, matlab_v5_magic) && (mark == "IM" || mark == "MI") ? 96 : 0;
}

// A matrix of spectra and what else the file says of it.
struct MatlabSignal {
  std::string path;
  const Array* values = nullptr;
  std::size_t spectral = 1;     // dimension along a spectrum
  const Array* axis = nullptr;  // none: the points are counted
  std::string axis_label;
  const Array* image_size = nullptr;
  std::string title;
};

bool is_matrix(const Array& array) {
  return array.kind == Array::Kind::numbers && array.size.size() >= 2 && array.size.size() <= 4 &&
         array.count() >= 3 && !array.numbers.empty();
}

bool is_vector(const Array& array) {
  return is_matrix(array) && array.size.size() == 2 && (array.size[0] == 1 || array.size[1] == 1);
}

bool is_axis_name(const std::string& name) {
  const auto lower = lower_case(name);
  for (const char* word : {"wave", "wvn", "wn", "wl", "shift", "axis", "freq", "lambda", "cm"}) {
    if (lower.find(word) != std::string::npos) {
      return true;
    }
  }
  return lower == "x" || lower == "nm";
}

class MatReader {
 public:
  MatReader(const FileView& file, const ReadOptions& options) : file_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "matlab_v5";
  }

  LoadedFile run() {
    for (const auto& variable : file_.variables()) {
      find_data_sets(variable, variable.name, 0);
    }
    if (signals_.empty()) {
      find_plain();
    }
    if (signals_.empty()) {
      fail(file_.damage().empty()
               ? "holds no matrix of spectra; save a matrix and a vector with its axis, or export "
                 "the spectra as text"
               : file_.damage());
    }
    if (!file_.damage().empty()) {
      out_.diagnostics.push_back({Severity::warning,
                                  "cut_off",
                                  "the file cannot be read to its end: " + file_.damage(),
                                  -1});
    }
    use_signals();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::unreadable_input, message, out_.path);
  }

  void use_signals() {
    bool is_any_used = false;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
      const auto& signal = signals_[i];
      const bool is_used = !options_.block || *options_.block == signal.path ||
                           *options_.block == std::to_string(i + 1);
      out_.blocks.push_back({signal.path,
                             content_of(*signal.values),
                             is_used,
                             is_used ? "holds spectra" : "not chosen"});
      is_any_used = is_any_used || is_used;
      if (is_used) {
        add(signal);
      }
    }
    if (!is_any_used) {
      fail("holds no variable \"" + *options_.block + "\"; info lists them");
    }
  }

  static std::string content_of(const Array& array) {
    std::string out;
    for (const auto n : array.size) {
      out += (out.empty() ? "" : " x ") + std::to_string(n);
    }
    return out + " numbers";
  }

  // Structs or objects with the fields data and axisscale. The scale of dimension d stands in row d
  // of the first column of cells, its name in the second.
  void find_data_sets(const Array& array, const std::string& path, int depth) {
    constexpr int deepest_data_set = 4;
    const auto* data = array.field("data");
    if (data != nullptr && is_matrix(*data) && array.field("axisscale") != nullptr) {
      signals_.push_back(data_set(array, *data, path));
      return;
    }
    if (array.kind == Array::Kind::structure && depth < deepest_data_set) {
      for (const auto& part : array.parts) {
        find_data_sets(part, path + "." + part.name, depth + 1);
      }
    }
  }

  static MatlabSignal data_set(const Array& array, const Array& data, const std::string& path) {
    MatlabSignal out;
    out.path = path;
    out.values = &data;
    const auto& scales = *array.field("axisscale");
    out.spectral = data.size.size() - 1;
    const auto rows = scales.size.empty() ? 0 : scales.size[0];
    const auto cell = [&](std::uint64_t row, std::uint64_t column) -> const Array* {
      const auto at = row + column * rows;
      return scales.kind == Array::Kind::cell && row < rows && at < scales.parts.size()
                 ? &scales.parts[at]
                 : nullptr;
    };
    const auto* axis = cell(out.spectral, 0);
    if (axis != nullptr && is_vector(*axis) && out.spectral < data.size.size() &&
        axis->count() == data.size[out.spectral]) {
      out.axis = axis;
    }
    const auto* label = cell(out.spectral, 1);
    out.axis_label = label == nullptr ? "" : label->text;
    const auto* title = array.field("name");
    out.title = title == nullptr ? "" : title->text;
    const auto* image = array.field("imagesize");
    out.image_size = image != nullptr && is_vector_of_sizes(*image) ? image : nullptr;
    return out;
  }

  static bool is_vector_of_sizes(const Array& array) {
    return array.kind == Array::Kind::numbers && array.count() == 2;
  }

  // CytoSpec keeps a map in C (x, y, points, processing state); other files a matrix and a vector.
  void find_plain() {
    const auto& all = file_.variables();
    const Array* best = nullptr;
    for (const auto& variable : all) {
      const bool is_candidate = is_matrix(variable) && !is_axis_name(variable.name);
      if (is_candidate && (best == nullptr || variable.count() > best->count())) {
        best = &variable;
      }
    }
    if (best == nullptr) {
      return;
    }
    MatlabSignal out;
    out.path = best->name;
    out.values = best;
    out.spectral = best->size.size() == 2 ? 1 : 2;
    if (is_vector(*best)) {
      out.spectral = best->size[0] == 1 ? 1 : 0;
    }
    find_axis(out);
    signals_.push_back(out);
  }

  // A vector as long as one of the dimensions, strictly rising or falling; a fitting name wins.
  void find_axis(MatlabSignal& signal) const {
    bool is_named = false;
    for (const auto& variable : file_.variables()) {
      if (&variable == signal.values || !is_vector(variable) || !is_monotonic(variable)) {
        continue;
      }
      const bool has_name = is_axis_name(variable.name);
      for (std::size_t d = signal.values->size.size(); d-- > 0;) {
        if (signal.values->size[d] != variable.count() || d > 2 ||
            (signal.axis != nullptr && (is_named || !has_name))) {
          continue;
        }
        signal.axis = &variable;
        signal.axis_label = variable.name;
        signal.spectral = d;
        is_named = has_name;
      }
    }
  }

  [[nodiscard]] bool is_monotonic(const Array& array) const {
    const auto values = file_.numbers(array);
    const bool is_rising = values[1] > values[0];
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (values[i] == values[i - 1] || (values[i] > values[i - 1]) != is_rising) {
        return false;
      }
    }
    return true;
  }

  // Numbers are in column order: the first dimension runs fastest. Of a fourth dimension the first
  // element is taken, the spectra before any processing.
  void add(const MatlabSignal& signal) {
    if (signal.values->is_complex) {
      fail("the variable " + signal.path + " is complex; save its real part or its magnitude");
    }
    const auto values = file_.numbers(*signal.values);
    const auto& size = signal.values->size;
    const auto points = size[signal.spectral];
    std::uint64_t inner = 1;  // numbers between two points of a spectrum
    for (std::size_t d = 0; d < signal.spectral; ++d) {
      inner *= size[d];
    }
    std::uint64_t outer = 1;
    for (std::size_t d = signal.spectral + 1; d < std::min<std::size_t>(size.size(), 3); ++d) {
      outer *= size[d];
    }
    if (points < 3) {
      fail("the variable " + signal.path + " has spectra of " + std::to_string(points) +
           " points; a spectrum needs at least 3");
    }
    TextSpectra spectra;
    spectra.y.reserve(inner * outer);
    for (std::uint64_t o = 0; o < outer; ++o) {
      for (std::uint64_t i = 0; i < inner; ++i) {
        std::vector<double> y(points);
        for (std::uint64_t k = 0; k < points; ++k) {
          y[k] = values[i + inner * (k + points * o)];
        }
        spectra.y.push_back(std::move(y));
      }
    }
    describe(signal, spectra);
    out_.recordings.push_back(
        make_recording(std::move(spectra), out_.path, options_, out_.diagnostics));
  }

  void describe(const MatlabSignal& signal, TextSpectra& spectra) {
    const auto& size = signal.values->size;
    if (signal.axis != nullptr) {
      spectra.x = file_.numbers(*signal.axis);
      spectra.x_label = signal.axis_label;
    } else {
      for (std::uint64_t i = 0; i < size[signal.spectral]; ++i) {
        spectra.x.push_back(static_cast<double>(i + 1));
      }
      spectra.x_unit = "point";
      out_.diagnostics.push_back(
          {Severity::warning,
           "axis_missing",
           "no vector of the file fits " + signal.path + " as its axis; the points are counted",
           -1});
    }
    if (size.size() > 3 && size[3] > 1) {
      out_.diagnostics.push_back({Severity::warning,
                                  "states_left",
                                  signal.path + " holds " + std::to_string(size[3]) +
                                      " states of the same spectra; the first one is taken",
                                  -1});
    }
    if (!signal.title.empty()) {
      spectra.metadata.emplace("title", signal.title);
    }
    spectra.metadata.emplace("variable", signal.path);
    const auto rows = static_cast<double>(spectra.y.size());
    double nx = 0;
    double ny = 0;
    if (signal.image_size != nullptr) {
      const auto sides = file_.numbers(*signal.image_size);
      nx = sides[0];
      ny = sides[1];
    } else if (size.size() >= 3 && signal.spectral == 2) {
      nx = static_cast<double>(size[0]);
      ny = static_cast<double>(size[1]);
    }
    if (nx >= 1 && ny >= 1 && nx * ny == rows) {
      spectra.map = MapGrid{static_cast<Index>(nx), static_cast<Index>(ny), 0, 0};
    }
  }

  matlab::File file_;
  const ReadOptions& options_;
  std::vector<MatlabSignal> signals_;
  LoadedFile out_;
};

LoadedFile read_matlab_v5(const FileView& file, const ReadOptions& options) {
  return MatReader(file, options).run();
}

}  // namespace

Format matlab_v5_format() {
  return {"matlab_v5",
          "MATLAB 5 to 7.2: data sets and matrices",
          "mat",
          sniff_matlab_v5,
          read_matlab_v5,
          true};
}

}  // namespace calcispec::io
