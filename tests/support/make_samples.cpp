// make_samples FOLDER: writes sample_spectra/, the same bytes every time. All data are simulated.
#include "tests/support/simulate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace calcispec::test {
namespace {

std::string text(double value, int digits = 4) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(
          buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits)
          .ptr;
  return {buffer.data(), end};
}

std::string with_comma(std::string number) {
  const auto point = number.find('.');
  if (point != std::string::npos) {
    number[point] = ',';
  }
  return number;
}

std::string rows(const SimulatedSpectrum& spectrum,
                 const std::string& delimiter,
                 bool has_decimal_comma = false,
                 bool is_falling = false) {
  std::string out;
  for (std::size_t k = 0; k < spectrum.x.size(); ++k) {
    const std::size_t i = is_falling ? spectrum.x.size() - 1 - k : k;
    auto x = text(spectrum.x[i]);
    auto y = text(spectrum.y[i]);
    out.append(has_decimal_comma ? with_comma(x) : x).append(delimiter);
    out.append(has_decimal_comma ? with_comma(y) : y).append("\n");
  }
  return out;
}

// What MANIFEST.csv says beside the truth of the simulation.
struct Facts {
  std::string technique;
  std::string mode;
  std::string format;
  std::string note;
  std::string expected = "analysed";
};

constexpr std::array substances{
    "apatite", "collagen", "calcite", "whewellite", "paraffin", "unlisted"};

class Samples {
 public:
  explicit Samples(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    manifest_ =
        "file,spectrum,technique,mode,format,expected,axis_shift_1/cm,carbonate_phosphate_ratio";
    for (const auto* name : substances) {
      manifest_ += std::string(",") + name + "_share";
    }
    manifest_ += ",note\n";
  }

  void write(const std::string& name,
             const std::string& content,
             const Facts& facts,
             const SimulatedTruth& truth) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    list(name, 1, facts, truth);
  }

  void list(const std::string& name,
            int spectrum,
            const Facts& facts,
            const SimulatedTruth& truth) {
    const double ratio = truth.carbonate_phosphate_ratio;
    manifest_ += name + "," + std::to_string(spectrum) + "," + facts.technique + "," + facts.mode +
                 "," + facts.format + "," + facts.expected + "," + text(truth.shift_cm1, 1) + "," +
                 (std::isfinite(ratio) ? text(ratio) : "");
    for (const auto* substance : substances) {
      const auto share = truth.shares.find(substance);
      manifest_ += "," + (share == truth.shares.end() ? "0" : text(share->second));
    }
    manifest_ += "," + facts.note + "\n";
  }

  // A file of a subfolder whose truth stands in a table beside it.
  void write_beside(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }

  void finish() { std::ofstream(folder_ / "MANIFEST.csv", std::ios::binary) << manifest_; }

 private:
  std::filesystem::path folder_;
  std::string manifest_;
};

SimulatedSample bone() {
  SimulatedSample sample;
  sample.apatite = 4000;
  sample.collagen = 900;
  return sample;
}

SimulatedConditions conditions(std::uint64_t seed, double snr = 120) {
  SimulatedConditions out;
  out.seed = seed;
  out.snr = snr;
  return out;
}

void write_raman(Samples& samples,
                 const std::string& name,
                 const SimulatedSample& sample,
                 const SimulatedConditions& how,
                 const std::string& note,
                 const std::string& expected = "analysed") {
  const auto spectrum = simulate_raman(sample, how);
  samples.write(name,
                "# simulated\nraman_shift_1/cm,intensity\n" + rows(spectrum, ","),
                {"raman", "none", "plain_columns", note, expected},
                spectrum.truth);
}

void write_situations(Samples& samples) {
  write_raman(samples, "raman_lesion.csv", bone(), conditions(11), "good spectrum");
  write_raman(samples, "raman_lesion_poor.csv", bone(), conditions(12, 12), "poor signal to noise");
  auto rays = conditions(13);
  rays.cosmic_rays = 6;
  write_raman(samples, "raman_cosmic_rays.csv", bone(), rays, "six cosmic rays");
  auto bright = conditions(14);
  bright.saturation = 0.7;
  write_raman(samples, "raman_saturated.csv", bone(), bright, "saturated", "refused");
  auto unknown = bone();
  unknown.unknown = 1500;
  write_raman(samples,
              "raman_unknown_substance.csv",
              unknown,
              conditions(15),
              "an unlisted substance at 760 1205 1585 1/cm");
  auto waxed = bone();
  waxed.paraffin = 2500;
  write_raman(samples, "raman_paraffin_embedded.csv", waxed, conditions(16), "paraffin-embedded");
  SimulatedSample calcite;
  calcite.calcite = 3000;
  auto shifted = conditions(17);
  shifted.shift_cm1 = -1.8;
  write_raman(samples, "raman_calcite_axis_off.csv", calcite, shifted, "axis off by -1.8 1/cm");
}

SimulatedSample tissue() {
  SimulatedSample sample;
  sample.apatite = 0.8;
  sample.carbonate = 0.14;
  sample.collagen = 0.3;
  return sample;
}

void write_infrared(Samples& samples) {
  auto clean = conditions(21, 800);
  clean.fluorescence = 0.05;
  const std::string header = "# simulated, KBr transmission\nwavenumber cm-1,absorbance\n";
  const Facts facts{"ftir", "transmission", "plain_columns", "axis falling"};
  const auto falling = simulate_ftir(tissue(), clean);
  samples.write("ftir_lesion.csv", header + rows(falling, ",", false, true), facts, falling.truth);
  auto poor = conditions(22, 60);
  poor.fluorescence = 0.3;
  const auto noisy = simulate_ftir(tissue(), poor);
  samples.write("ftir_lesion_poor.csv",
                header + rows(noisy, ","),
                {"ftir", "transmission", "plain_columns", "noisy and scattering background"},
                noisy.truth);
  auto humid = conditions(23, 800);
  humid.fluorescence = 0.05;
  humid.water_vapour = 0.03;
  humid.carbon_dioxide = 0.05;
  const auto gas = simulate_ftir(tissue(), humid);
  samples.write("ftir_water_vapour.csv",
                header + rows(gas, ",", false, true),
                {"ftir", "transmission", "plain_columns", "lines of water vapour and CO2"},
                gas.truth);
  auto diamond = conditions(24, 500);
  diamond.fluorescence = 0.03;
  const auto atr = simulate_atr(tissue(), diamond);
  samples.write(
      "ftir_atr_lesion.csv",
      "# simulated, diamond ATR\nwavenumber cm-1,absorbance\n" + rows(atr, ",", false, true),
      {"ftir", "atr", "plain_columns", "strong bands moved down by dispersion"},
      atr.truth);
}

// Three-digit exponents, as some exports write them.
std::string with_long_exponent(double value) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(
          buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific, 6)
          .ptr;
  std::string out(buffer.data(), end);
  return out.insert(out.size() - 2, "0");
}

// What FT-IR programs write; all of the same sample, none of them says how it was sampled.
void write_infrared_dialects(Samples& samples) {
  auto how = conditions(25, 800);
  how.fluorescence = 0.05;
  const auto spectrum = simulate_ftir(tissue(), how);
  const auto count = spectrum.x.size();
  const auto write =
      [&](const std::string& name, const std::string& content, const std::string& format) {
        samples.write(name, content, {"ftir", "transmission", format, "dialect"}, spectrum.truth);
      };
  write("dialect_perkinelmer.txt",
        "PE IR       SPECTRUM    ASCII\nsimulated\n4\ncm-1\nA\n#DATA\n" +
            rows(spectrum, "\t", false, true),
        "perkinelmer_ascii");
  // The axis of this format is even, so the ordinate is moved onto one.
  std::string even = std::to_string(count) + "\n" + text(spectrum.x.back()) + "\n" +
                     text(spectrum.x.front()) + "\n1\n2\n4\n";
  const double step = (spectrum.x.back() - spectrum.x.front()) / static_cast<double>(count - 1);
  std::size_t k = count - 2;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = spectrum.x.back() - static_cast<double>(i) * step;
    while (k > 0 && spectrum.x[k] > x) {
      --k;
    }
    const double part = (x - spectrum.x[k]) / (spectrum.x[k + 1] - spectrum.x[k]);
    even += text((1 - part) * spectrum.y[k] + part * spectrum.y[k + 1], 6) + "\n";
  }
  write("dialect_perkinelmer.asp", even, "perkinelmer_asp");
  write("dialect_opus.dpt", rows(spectrum, "\t", false, true), "plain_columns");
  write("dialect_opus_comma.dpt", rows(spectrum, ",", false, true), "plain_columns");
  std::string omnic;
  std::string european;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = with_long_exponent(spectrum.x[i]);
    const auto y = with_long_exponent(spectrum.y[i]);
    omnic.append(x).append(",").append(y).append("\r\n");
    european.append(with_comma(x)).append(";").append(with_comma(y)).append("\r\n");
  }
  write("dialect_omnic.csv", omnic, "plain_columns");
  write("dialect_omnic_comma.csv", european, "plain_columns");
}

std::string key_table(const SimulatedSpectrum& spectrum,
                      const std::string& head,
                      const std::string& delimiter,
                      bool has_comma) {
  std::string out = head;
  for (std::size_t i = 0; i < spectrum.x.size(); ++i) {
    auto x = text(spectrum.x[i]);
    auto y = text(spectrum.y[i]);
    out.append(std::to_string(i)).append(delimiter).append(has_comma ? with_comma(x) : x);
    out.append(delimiter).append(has_comma ? with_comma(y) : y).append("\n");
  }
  return out;
}

// One file per Raman text dialect, all of the same sample.
void write_dialects(Samples& samples) {
  const auto spectrum = simulate_raman(bone(), conditions(31));
  const auto write =
      [&](const std::string& name, const std::string& content, const std::string& format) {
        samples.write(name, content, {"raman", "none", format, "dialect"}, spectrum.truth);
      };
  write("dialect_rruff.txt",
        "##NAMES=simulated lesion\n##RAMAN WAVELENGTH=785\n" + rows(spectrum, ", ") + "##END=\n",
        "rruff_text");
  write("dialect_bwtek.txt",
        key_table(spectrum,
                  "File Version;BWRam4.11\ntitle;simulated\nlaser_wavelength;785\n"
                  "Pixel;Raman Shift;Dark Subtracted #1\n",
                  ";",
                  true),
        "bwtek_text");
  write("dialect_neegala.txt",
        key_table(spectrum,
                  "name,simulated\nlaser_wavelength,785\nPixels,Raman_Shift,Processed_Data\n",
                  ",",
                  false),
        "neegala_text");
  write("dialect_lightnovo.tsv",
        key_table(spectrum,
                  "DeviceSN\tsimulated\nLaserWavelength_nm\t785\nIndex\tPosition\tAmplitude\n",
                  "\t",
                  false),
        "lightnovo_tsv");
  write("dialect_enlighten.csv",
        key_table(spectrum,
                  "ENLIGHTEN,,simulated\nLaser Wavelength,,785\n\nPixel,Wavenumber,Processed\n",
                  ",",
                  false),
        "enlighten_csv");
  write("dialect_labspec.txt",
        "#Title=simulated\n#Laser=785\n#Acq. time=3\n" + rows(spectrum, "\t"),
        "labspec_text");
  write("dialect_witec.txt",
        "X-Axis\tsimulated(0/0)\nrel. 1/cm\tCCD cts\n" + rows(spectrum, "\t"),
        "witec_table");
  write("dialect_decimal_comma.csv",
        "Raman shift 1/cm;counts\n" + rows(spectrum, ";", true),
        "plain_columns");
  auto old_mac = "raman shift\tintensity\n" + rows(spectrum, "\t");
  std::replace(old_mac.begin(), old_mac.end(), '\n', '\r');
  write("dialect_old_mac.txt", old_mac, "plain_columns");
}

void write_map(Samples& samples) {
  constexpr int columns = 4;
  constexpr int lines = 3;
  const Facts facts{"raman", "none", "row_table", "map of 4 x 3; apatite rises along x"};
  std::string out;
  std::vector<SimulatedTruth> truths;
  for (int k = 0; k < columns * lines; ++k) {
    SimulatedSample sample = bone();
    sample.apatite *= 0.2 + 0.2 * (k % columns);
    const auto spectrum = simulate_raman(sample, conditions(40 + static_cast<std::uint64_t>(k)));
    if (k == 0) {
      out = "\t";
      for (const double x : spectrum.x) {
        out += "\t" + text(x, 2);
      }
      out += "\n";
    }
    const int row = k / columns;
    out.append(text(5.0 * (k % columns), 1)).append("\t").append(text(5.0 * row, 1));
    for (const double y : spectrum.y) {
      out += "\t" + text(y, 1);
    }
    out += "\n";
    truths.push_back(spectrum.truth);
  }
  samples.write("map_4x3.txt", out, facts, truths[0]);
  for (std::size_t k = 1; k < truths.size(); ++k) {
    samples.list("map_4x3.txt", static_cast<int>(k) + 1, facts, truths[k]);
  }
}

// Pure substances, and powders weighed from them: calcite and whewellite answer 1.6 and 1.5 times
// as strongly per weight as apatite, and grains change each amount by some per cent.
void write_standards(Samples& samples) {
  const auto powder = [](double apatite, double calcite, double whewellite, std::uint64_t seed) {
    SimulatedSample sample;
    sample.apatite = 4000 * apatite;
    sample.calcite = 6400 * calcite;
    sample.whewellite = 6000 * whewellite;
    auto how = conditions(seed, 150);
    how.position_spread = 0;
    how.width_spread = 0;
    how.height_spread = 0.03;
    return "# simulated\nraman_shift_1/cm,intensity\n" + rows(simulate_raman(sample, how), ",");
  };
  samples.write_beside("standards/pure_apatite.csv", powder(1, 0, 0, 80));
  samples.write_beside("standards/pure_calcite.csv", powder(0, 1, 0, 81));
  samples.write_beside("standards/pure_whewellite.csv", powder(0, 0, 1, 82));
  const double weights[][3] = {
      {0.7, 0.2, 0.1},
      {0.2, 0.5, 0.3},
      {0.4, 0.1, 0.5},
      {0.1, 0.3, 0.6},
      {0.5, 0.4, 0.1},
      {0.3, 0.3, 0.4}
  };
  const double grain[][3] = {
      {1.03, 0.98, 1.01},
      {0.97, 1.02, 1.00},
      {1.01, 1.03, 0.97},
      {1.00, 0.97, 1.02},
      {0.98, 1.01, 1.03},
      {1.02, 0.99, 0.99}
  };
  std::string table = "file,apatite_percent,calcite_percent,whewellite_percent\n";
  for (std::size_t k = 0; k < std::size(weights); ++k) {
    const auto& w = weights[k];
    const auto& g = grain[k];
    const bool is_new = k + 1 == std::size(weights);
    const auto name = is_new ? std::string("new.csv") : "weighed_" + std::to_string(k + 1) + ".csv";
    samples.write_beside("standards/" + name,
                         powder(w[0] * g[0], w[1] * g[1], w[2] * g[2], 83 + k));
    if (!is_new) {
      table += name + "," + text(100 * w[0], 0) + "," + text(100 * w[1], 0) + "," +
               text(100 * w[2], 0) + "\n";
    }
  }
  samples.write_beside("standards/standards.csv", table);
}

// Two lesions over half a year: in one the mineral grows against the matrix, in the other it stays.
void write_series(Samples& samples) {
  const char* dates[] = {
      "2026-01-12", "2026-02-16", "2026-03-23", "2026-05-04", "2026-06-15", "2026-07-20"};
  std::string table = "file,patient,lesion,site,subtype,date,specimen,spot,group\n";
  for (std::size_t lesion = 0; lesion < 2; ++lesion) {
    for (std::size_t k = 0; k < std::size(dates); ++k) {
      // Every date is another specimen, each its own by some per cent.
      const double own = 1 + 0.04 * std::sin(2.3 * static_cast<double>(k + 6 * lesion));
      SimulatedSample sample = bone();
      sample.apatite *= own * (lesion == 0 ? 0.5 + 0.1 * static_cast<double>(k) : 0.8);
      const std::string side = lesion == 0 ? "left" : "right";
      const auto name = side + "_" + dates[k] + ".csv";
      const auto spectrum = simulate_raman(sample, conditions(100 + 10 * lesion + k));
      samples.write_beside("series/" + name,
                           "# simulated\nraman_shift_1/cm,intensity\n" + rows(spectrum, ","));
      table.append(name).append(",P1,").append(side).append(",elbow,dystrophic,").append(dates[k]);
      table.append(",biopsy ").append(std::to_string(k + 1)).append(",,\n");
    }
  }
  samples.write_beside("series/study.csv", table);
}

}  // namespace
}  // namespace calcispec::test

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: make_samples FOLDER\n";
    return 2;
  }
  calcispec::test::Samples samples(words[1]);
  calcispec::test::write_situations(samples);
  calcispec::test::write_infrared(samples);
  calcispec::test::write_infrared_dialects(samples);
  calcispec::test::write_dialects(samples);
  calcispec::test::write_map(samples);
  calcispec::test::write_standards(samples);
  calcispec::test::write_series(samples);
  samples.finish();
  return 0;
}
