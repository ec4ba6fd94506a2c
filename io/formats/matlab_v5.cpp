// MATLAB 5 to 7.2 files: data sets of PLS_Toolbox (WITec exports), CytoSpec, plain matrices.
#include "core/error.hpp"
#include "io/matlab_private.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

using matlab::Found;
constexpr std::string_view matlab_v5_magic = "MATLAB 5.0 MAT-file";

int sniff_matlab_v5(const FileView& file) {
  const auto mark = file.bytes.size() < 128 ? std::string_view() : file.bytes.substr(126, 2);
  return starts_with(file, matlab_v5_magic) && (mark == "IM" || mark == "MI") ? 96 : 0;
}

class MatReader {
 public:
  MatReader(const FileView& file, const ReadOptions& options) : file_(file), options_(options) {
    out_.path = std::string(file.path);
    out_.format = "matlab_v5";
  }

  LoadedFile run() {
    signals_ = matlab::find_signals(
        file_.variables(), [this](const matlab::Array& array) { return file_.numbers(array); });
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
                             matlab::content_of(*signal.values),
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

  // Numbers are in column order: the first dimension runs fastest. Of a fourth dimension the first
  // element is taken, the spectra before any processing.
  void add(const Found& signal) {
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

  void describe(const Found& signal, TextSpectra& spectra) {
    const auto& size = signal.values->size;
    if (signal.axis != nullptr) {
      spectra.x = file_.numbers(*signal.axis);
      spectra.x_label = signal.axis_label;
    } else {
      for (std::uint64_t i = 0; i < size[signal.spectral]; ++i) {
        spectra.x.push_back(static_cast<double>(i + 1));
      }
      spectra.x_unit = "point";
      out_.diagnostics.push_back(no_axis(signal));
    }
    if (size.size() > 3 && size[3] > 1) {
      out_.diagnostics.push_back({Severity::warning,
                                  "states_left",
                                  signal.path + " holds " + std::to_string(size[3]) +
                                      " states of the same spectra; the first one is taken",
                                  -1});
    }
    if (!signal.others.empty()) {
      out_.diagnostics.push_back(others_left(signal));
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
  std::vector<Found> signals_;
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
