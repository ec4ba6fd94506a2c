#include "io/interpretation.hpp"

#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/spectra_rows_private.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace calcispec::io {
namespace {

bool contains(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

// Letters and digits on neither side, so that "matrix" is no "atr".
bool contains_word(const std::string& text, std::string_view word) {
  const auto is_letter = [&](std::size_t at) {
    const char c = at < text.size() ? text[at] : ' ';
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + word.size())) {
      return true;
    }
  }
  return false;
}

bool contains_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(
      words.begin(), words.end(), [&](std::string_view word) { return contains(text, word); });
}

// Words of the file that may speak of the measurement; not its path.
std::string all_words(const TextSpectra& spectra) {
  std::string words = lower_case(spectra.x_label) + "\n" + lower_case(spectra.y_label) + "\n";
  for (const auto& name : spectra.names) {
    words += lower_case(name) + "\n";
    if (words.size() > 4096) {
      break;
    }
  }
  for (const auto& [key, value] : spectra.metadata) {
    const auto name = lower_case(key);
    if (name.find("beam") == std::string::npos) {  // a KBr beam splitter is no KBr pellet
      words.append(name).append(" ").append(lower_case(value)).append("\n");
    }
  }
  return words;
}

struct Range {
  double low = 0;
  double high = 0;
};

Range range_of_axis(const std::vector<double>& x) {
  return {std::min(x.front(), x.back()), std::max(x.front(), x.back())};
}

constexpr double highest_absorbance = 20;  // beyond what any detector tells from darkness

class Interpreter {
 public:
  Interpreter(TextSpectra& spectra,
              const std::string& path,
              const ReadOptions& options,
              Diagnostics& diagnostics)
      : spectra_(spectra),
        options_(options),
        diagnostics_(diagnostics),
        words_(all_words(spectra)),
        x_words_(lower_case(spectra.x_label)),
        y_words_(lower_case(spectra.y_label)),
        name_(lower_case(path.substr(path.find_last_of('/') + 1))),
        path_(path),
        x_range_(range_of_axis(spectra.x)) {
    if (spectra.names.size() == 1) {
      y_words_ += " " + lower_case(spectra.names[0]);
    }
    for (const auto& seen : {spectra.skim.value_or(Skim{}), spectra.seen}) {
      if (seen.y_min <= seen.y_max) {
        y_range_.low = std::min(y_range_.low, seen.y_min);
        y_range_.high = std::max(y_range_.high, seen.y_max);
      }
    }
  }

  Meaning run() {
    out_.x = std::move(spectra_.x);
    out_.laser_nm = options_.laser_nm ? options_.laser_nm : spectra_.laser_nm;
    find_unit();
    find_ordinate();
    find_technique();
    find_mode();
    name_axis();
    check_range();
    return std::move(out_);
  }

 private:
  void say(Severity severity, std::string code, std::string text) {
    diagnostics_.push_back({severity, std::move(code), std::move(text), -1});
  }

  void find_unit() {
    if (!spectra_.x_unit.empty()) {
      is_shift_ = contains(x_words_, "raman");
      out_.x_unit = spectra_.x_unit;
      return;
    }
    if (contains_any(x_words_, {"raman", "rel. 1/cm", "shift"})) {
      is_shift_ = true;
      out_.x_unit = "1/cm";
    } else if (contains_any(x_words_, {"cm-1", "1/cm", "cm^-1", "cm⁻¹", "wavenumber", "cm1"})) {
      out_.x_unit = "1/cm";
    } else if (contains_any(x_words_, {"nm", "wavelength", "nanomet"})) {
      out_.x_unit = "nm";
    } else if (contains_any(x_words_, {"µm", "um", "micromet", "micron"})) {
      out_.x_unit = "um";
    } else if (contains_any(x_words_, {"angle", "degree", "theta"})) {
      out_.x_unit = "degree";
    } else if (contains_any(x_words_, {"m/z"})) {
      out_.x_unit = "m/z";
    } else if (contains(x_words_, "ev")) {
      out_.x_unit = "eV";
    } else if (contains_any(x_words_, {"pixel", "point"}) || is_counted()) {
      out_.x_unit = "point";
    }
  }

  // 1, 2, 3, ... without a name are numbers of pixels or points.
  [[nodiscard]] bool is_counted() const {
    constexpr std::size_t fewest = 32;
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      if (std::abs(out_.x[i] - out_.x[0] - static_cast<double>(i)) > 1e-6) {
        return false;
      }
    }
    return out_.x.size() >= fewest && (out_.x[0] == 0 || out_.x[0] == 1);
  }

  [[nodiscard]] bool is_interferogram() const { return contains(y_words_, "interferogram"); }

  void find_ordinate() {
    auto kind = spectra_.ordinate.value_or(stated_ordinate());
    if (kind == OrdinateKind::absorbance && y_range_.high > highest_absorbance) {
      say(Severity::warning,
          "ordinate_implausible",
          "the file names its ordinate absorbance, but its values reach " +
              number_text(y_range_.high) + "; the name is not believed, --ordinate states it");
      kind = OrdinateKind::unknown;
      is_name_doubtful_ = true;
    }
    if (options_.ordinate) {
      out_.ordinate = *options_.ordinate;
      if (kind != OrdinateKind::unknown && kind != *options_.ordinate) {
        say(Severity::warning,
            "ordinate_contradicted",
            "the file names its ordinate " + std::string(name_of(kind)) + "; taken as " +
                std::string(name_of(*options_.ordinate)) + " because --ordinate says so");
      }
    } else {
      out_.ordinate = kind;
    }
    out_.y_unit = spectra_.y_label;
    constexpr double clipped_absorbance = 6;  // where OMNIC and OPUS cut absorbance off
    if (out_.ordinate == OrdinateKind::absorbance && y_range_.high == clipped_absorbance) {
      say(Severity::warning,
          "absorbance_clipped",
          "absorbance reaches exactly 6, where programs cut it off; bands there are saturated");
    }
  }

  [[nodiscard]] OrdinateKind stated_ordinate() const {
    if (contains_any(y_words_, {"absorbance", "absorption", "extinction"})) {
      return OrdinateKind::absorbance;
    }
    if (contains_any(y_words_, {"transmittance", "transmission", "%t"})) {
      return OrdinateKind::transmittance;
    }
    if (contains_any(y_words_, {"reflectance", "reflection", "%r"})) {
      return OrdinateKind::reflectance;
    }
    if (contains_any(y_words_, {"counts", "cts"})) {
      return OrdinateKind::counts;
    }
    if (contains_any(y_words_, {"intensity", "amplitude", "dark subtracted", "processed"})) {
      return OrdinateKind::intensity;
    }
    return OrdinateKind::unknown;
  }

  [[nodiscard]] bool is_absorption() const {
    return out_.ordinate == OrdinateKind::absorbance ||
           out_.ordinate == OrdinateKind::transmittance ||
           out_.ordinate == OrdinateKind::reflectance;
  }

  void find_technique() {
    Technique found = spectra_.technique.value_or(Technique::unknown);
    if (is_interferogram()) {
      found = Technique::ftir;
    }
    if (found == Technique::unknown) {
      found = technique_from_words();
    }
    if (found == Technique::unknown && may_be_cm1()) {
      found = technique_from_range();
    }
    if (options_.technique) {
      if (found != Technique::unknown && found != *options_.technique) {
        say(Severity::warning,
            "technique_contradicted",
            "the file looks like " + std::string(name_of(found)) + "; taken as " +
                std::string(name_of(*options_.technique)) + " because --technique says so");
      }
      found = *options_.technique;
    }
    out_.technique = found;
    if (found == Technique::unknown) {
      say(Severity::warning,
          "technique_unknown",
          "neither the words nor the range of the file say how it was measured; state --technique "
          "raman or ftir");
    }
  }

  [[nodiscard]] bool may_be_cm1() const {
    return out_.x_unit == "1/cm" || (out_.x_unit == "unknown" && x_range_.high < 15000 &&
                                     x_range_.high - x_range_.low > 100);
  }

  [[nodiscard]] Technique technique_from_words() {
    if (is_shift_ || contains_any(words_, {"raman", "laser"})) {
      return Technique::raman;
    }
    if (out_.x_unit != "1/cm" && out_.x_unit != "unknown" && out_.x_unit != "um") {
      return Technique::other;
    }
    if (is_name_doubtful_) {
      return Technique::unknown;
    }
    if (is_absorption() || contains_any(words_, {"infrared", "ftir", "ft-ir"}) ||
        contains_word(words_, "atr")) {
      return Technique::ftir;
    }
    if (out_.ordinate == OrdinateKind::counts) {
      return Technique::raman;
    }
    return Technique::unknown;
  }

  Technique technique_from_range() {
    Technique found = Technique::unknown;
    std::string why;
    const bool is_named_raman = contains(name_, "raman");
    const bool is_named_ir = contains_any(name_, {"infrared", "ftir", "ft-ir"});
    if (is_named_raman != is_named_ir) {
      found = is_named_raman ? Technique::raman : Technique::ftir;
      why = "its name";
    } else if (x_range_.low < 350 && x_range_.high < 4500) {
      found = Technique::raman;
      why = "an axis that begins below 350 1/cm";
    } else if (y_range_.high > 50 && x_range_.high < 4500 && !is_percent()) {
      found = Technique::raman;
      why = "an ordinate as high as counts";
    } else if (y_range_.high <= 6.5 && y_range_.low > -1 && x_range_.high > 1500) {
      found = Technique::ftir;
      why = "an ordinate within the range of absorbance or transmittance";
    }
    if (found != Technique::unknown) {
      say(Severity::note,
          "technique_guessed",
          "taken as " + std::string(name_of(found)) + " from " + why +
              "; --technique overrides it");
    }
    return found;
  }

  [[nodiscard]] bool is_percent() const {
    return y_range_.high <= 120 && y_range_.low > -10 && x_range_.low >= 350 &&
           x_range_.high > 1500;
  }

  void find_mode() {
    if (out_.technique == Technique::raman) {
      out_.mode = SamplingMode::none;
      if (options_.mode) {
        say(Severity::warning, "mode_ignored", "Raman has no sampling mode; --mode is ignored");
      }
      return;
    }
    if (spectra_.mode) {
      out_.mode = *spectra_.mode;
    } else if (contains_word(words_, "atr") || contains(words_, "attenuated")) {
      out_.mode = SamplingMode::atr;
    } else if (out_.ordinate == OrdinateKind::reflectance) {
      out_.mode = SamplingMode::reflection;
    } else if (contains_word(words_, "kbr") || contains(words_, "transmission") ||
               out_.ordinate == OrdinateKind::transmittance) {
      out_.mode = SamplingMode::transmission;
    }
    if (options_.mode) {
      if (out_.mode != SamplingMode::unknown && out_.mode != *options_.mode) {
        say(Severity::warning,
            "mode_contradicted",
            "the file looks like " + std::string(name_of(out_.mode)) + "; taken as " +
                std::string(name_of(*options_.mode)) + " because --mode says so");
      }
      out_.mode = *options_.mode;
    } else if (out_.technique == Technique::ftir && !is_interferogram() &&
               out_.mode == SamplingMode::unknown) {
      say(Severity::warning,
          "mode_unknown",
          "the file does not say how the infrared spectrum was sampled; state --mode transmission, "
          "atr or reflection");
    }
  }

  void name_axis() {
    if (is_interferogram()) {
      say(Severity::warning,
          "interferogram",
          "the file holds an interferogram, not a spectrum; transform it with the program of the "
          "instrument and export the spectrum");
      return;
    }
    if (out_.x_unit == "unknown" && may_be_cm1() &&
        (out_.technique == Technique::raman || out_.technique == Technique::ftir)) {
      out_.x_unit = "1/cm";
      say(Severity::note,
          "unit_guessed",
          "the file names no axis unit; taken as 1/cm from its range");
    }
    if (out_.x_unit == "nm" && out_.technique == Technique::raman && out_.laser_nm) {
      shift_from_wavelength();
      return;
    }
    if (out_.x_unit == "1/cm") {
      out_.axis_kind =
          out_.technique == Technique::raman ? AxisKind::raman_shift : AxisKind::wavenumber;
    } else if (out_.x_unit == "nm" || out_.x_unit == "um") {
      out_.axis_kind = AxisKind::wavelength;
    }
    // Containers call any signal intensity; an infrared one that lies within absorbances is none.
    const bool is_any_signal = out_.ordinate == OrdinateKind::intensity &&
                               out_.technique == Technique::ftir && !options_.ordinate;
    if (out_.ordinate == OrdinateKind::unknown || is_any_signal) {
      guess_ordinate();
    }
  }

  void shift_from_wavelength() {
    out_.stored_axis = StoredAxis{out_.x.front(), out_.x.back(), out_.x_unit};
    bool is_rising = true;
    for (std::size_t i = 0; i < out_.x.size(); ++i) {
      const bool is_length = out_.x[i] > 0;
      out_.x[i] = 1e7 / *out_.laser_nm - 1e7 / out_.x[i];
      is_rising = is_rising && is_length && std::isfinite(out_.x[i]) &&
                  (i < 2 || (out_.x[i] > out_.x[i - 1]) == (out_.x[1] > out_.x[0])) &&
                  (i == 0 || out_.x[i] != out_.x[i - 1]);
    }
    if (!is_rising) {
      throw Error(ErrorCode::unreadable_input,
                  "the axis is named in nm, but not all of its values are wavelengths (" +
                      number_text(x_range_.low) + " to " + number_text(x_range_.high) +
                      "); correct the unit or export the file again",
                  path_);
    }
    out_.axis_kind = AxisKind::raman_shift;
    out_.x_unit = "1/cm";
    say(Severity::note,
        "shift_from_wavelength",
        "the wavelengths were turned into Raman shifts with a laser of " +
            number_text(*out_.laser_nm) + " nm");
  }

  void guess_ordinate() {
    if (out_.technique == Technique::raman) {
      out_.ordinate = OrdinateKind::intensity;
      return;
    }
    if (out_.technique != Technique::ftir) {
      return;
    }
    const bool is_transmittance = is_percent() && y_range_.high > 20;
    if (out_.ordinate == OrdinateKind::intensity && !is_transmittance &&
        y_range_.high > highest_absorbance) {
      return;  // a single beam
    }
    out_.ordinate = is_transmittance ? OrdinateKind::transmittance : OrdinateKind::absorbance;
    say(Severity::note,
        "ordinate_guessed",
        "the file does not name its ordinate; taken as " + std::string(name_of(out_.ordinate)) +
            " from its range, --ordinate overrides it");
  }

  void check_range() const {
    const auto refuse = [&](const std::string& text) {
      throw Error(ErrorCode::unreadable_input, text, path_);
    };
    const std::string span = number_text(x_range_.low) + " to " + number_text(x_range_.high);
    if (out_.x_unit == "1/cm" && out_.axis_kind == AxisKind::wavenumber && x_range_.high < 30) {
      refuse("the axis is named in 1/cm but runs from " + span +
             ", which looks like micrometres; correct the unit");
    }
    if (out_.x_unit == "1/cm" && x_range_.high > 60000) {
      refuse("the axis is named in 1/cm but runs from " + span + "; correct the unit");
    }
    if (out_.x_unit == "nm" && x_range_.high > 200000) {
      refuse("the axis is named in nm but runs from " + span + "; correct the unit");
    }
  }

  TextSpectra& spectra_;
  const ReadOptions& options_;
  Diagnostics& diagnostics_;
  std::string words_;
  std::string x_words_;
  std::string y_words_;
  std::string name_;
  std::string path_;
  Range x_range_;
  Range y_range_;
  bool is_shift_ = false;
  bool is_name_doubtful_ = false;
  Meaning out_;
};

}  // namespace

Meaning interpret(TextSpectra& spectra,
                  const std::string& path,
                  const ReadOptions& options,
                  Diagnostics& diagnostics) {
  return Interpreter(spectra, path, options, diagnostics).run();
}

bool names_something_else(const std::string& name) {
  const auto lower = lower_case(name);
  for (const auto* word : {"baseline",
                           "background",
                           "dark",
                           "reference",
                           "error",
                           "sigma",
                           "std",
                           "noise",
                           "weight",
                           "mask",
                           "residual",
                           "varia",
                           "fit",
                           "image",
                           "position",
                           "coord",
                           "index",
                           "indices"}) {
    if (lower.find(word) != std::string::npos) {
      return true;
    }
  }
  return lower == "base" || lower == "bg" || lower == "err";
}

}  // namespace calcispec::io
