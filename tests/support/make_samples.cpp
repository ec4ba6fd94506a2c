// make_samples FOLDER: writes sample_spectra/, the same bytes every time. All data are simulated.
#include "tests/support/simulate.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

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
    out += has_decimal_comma ? with_comma(x) + delimiter + with_comma(y) : x + delimiter + y;
    out += "\n";
  }
  return out;
}

class Samples {
 public:
  explicit Samples(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    manifest_ = "file,technique,format,truth,note\n";
  }

  void write(const std::string& name, const std::string& content, const std::string& facts) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    manifest_ += name + "," + facts + "\n";
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

void write_situations(Samples& samples) {
  const std::string header = "# simulated\nraman_shift_1/cm,intensity\n";
  samples.write("raman_lesion.csv",
                header + rows(simulate_raman(bone(), conditions(11)), ","),
                "raman,plain_columns,apatite;collagen,good spectrum");
  samples.write("raman_lesion_poor.csv",
                header + rows(simulate_raman(bone(), conditions(12, 12)), ","),
                "raman,plain_columns,apatite;collagen,poor signal to noise");
  auto rays = conditions(13);
  rays.cosmic_rays = 6;
  samples.write("raman_cosmic_rays.csv",
                header + rows(simulate_raman(bone(), rays), ","),
                "raman,plain_columns,apatite;collagen,six cosmic rays");
  auto bright = conditions(14);
  bright.saturation = 0.7;
  samples.write("raman_saturated.csv",
                header + rows(simulate_raman(bone(), bright), ","),
                "raman,plain_columns,,saturated: must be refused");
  auto unknown = bone();
  unknown.unknown = 1500;
  samples.write("raman_unknown_substance.csv",
                header + rows(simulate_raman(unknown, conditions(15)), ","),
                "raman,plain_columns,apatite;collagen,an unlisted substance at 760 1205 1585 1/cm");
  auto waxed = bone();
  waxed.paraffin = 2500;
  samples.write("raman_paraffin_embedded.csv",
                header + rows(simulate_raman(waxed, conditions(16)), ","),
                "raman,plain_columns,apatite;collagen;paraffin,paraffin-embedded");
  SimulatedSample calcite;
  calcite.calcite = 3000;
  auto shifted = conditions(17);
  shifted.shift_cm1 = -1.8;
  samples.write("raman_calcite_axis_off.csv",
                header + rows(simulate_raman(calcite, shifted), ","),
                "raman,plain_columns,calcite,axis off by -1.8 1/cm");
}

void write_infrared(Samples& samples) {
  SimulatedSample tissue;
  tissue.apatite = 0.8;
  tissue.carbonate = 0.14;
  tissue.collagen = 0.3;
  auto clean = conditions(21, 800);
  clean.fluorescence = 0.05;
  const std::string header = "# simulated, KBr transmission\nwavenumber cm-1,absorbance\n";
  samples.write("ftir_lesion.csv",
                header + rows(simulate_ftir(tissue, clean), ",", false, true),
                "ftir,plain_columns,apatite;collagen,transmission; axis falling");
  auto poor = conditions(22, 60);
  poor.fluorescence = 0.3;
  samples.write("ftir_lesion_poor.csv",
                header + rows(simulate_ftir(tissue, poor), ","),
                "ftir,plain_columns,apatite;collagen,noisy and scattering background");
}

std::string key_table(const SimulatedSpectrum& spectrum,
                      const std::string& head,
                      const std::string& delimiter,
                      bool has_comma) {
  std::string out = head;
  for (std::size_t i = 0; i < spectrum.x.size(); ++i) {
    auto x = text(spectrum.x[i]);
    auto y = text(spectrum.y[i]);
    out += std::to_string(i) + delimiter + (has_comma ? with_comma(x) : x) + delimiter +
           (has_comma ? with_comma(y) : y) + "\n";
  }
  return out;
}

// One file per text dialect, all of the same sample.
void write_dialects(Samples& samples) {
  const auto spectrum = simulate_raman(bone(), conditions(31));
  const std::string facts = "apatite;collagen,dialect";
  samples.write(
      "dialect_rruff.txt",
      "##NAMES=simulated lesion\n##RAMAN WAVELENGTH=785\n" + rows(spectrum, ", ") + "##END=\n",
      "raman,rruff_text," + facts);
  samples.write("dialect_bwtek.txt",
                key_table(spectrum,
                          "File Version;BWRam4.11\ntitle;simulated\nlaser_wavelength;785\n"
                          "Pixel;Raman Shift;Dark Subtracted #1\n",
                          ";",
                          true),
                "raman,bwtek_text," + facts);
  samples.write(
      "dialect_neegala.txt",
      key_table(spectrum,
                "name,simulated\nlaser_wavelength,785\nPixels,Raman_Shift,Processed_Data\n",
                ",",
                false),
      "raman,neegala_text," + facts);
  samples.write(
      "dialect_lightnovo.tsv",
      key_table(spectrum,
                "DeviceSN\tsimulated\nLaserWavelength_nm\t785\nIndex\tPosition\tAmplitude\n",
                "\t",
                false),
      "raman,lightnovo_tsv," + facts);
  samples.write(
      "dialect_enlighten.csv",
      key_table(spectrum,
                "ENLIGHTEN,,simulated\nLaser Wavelength,,785\n\nPixel,Wavenumber,Processed\n",
                ",",
                false),
      "raman,enlighten_csv," + facts);
  samples.write("dialect_labspec.txt",
                "#Title=simulated\n#Laser=785\n#Acq. time=3\n" + rows(spectrum, "\t"),
                "raman,labspec_text," + facts);
  samples.write("dialect_witec.txt",
                "X-Axis\tsimulated(0/0)\nrel. 1/cm\tCCD cts\n" + rows(spectrum, "\t"),
                "raman,witec_table," + facts);
  samples.write("dialect_decimal_comma.csv",
                "Raman shift 1/cm;counts\n" + rows(spectrum, ";", true),
                "raman,plain_columns," + facts);
  samples.write(
      "dialect_old_mac.txt",
      [&] {
        auto out = rows(spectrum, "\t");
        for (char& c : out) {
          c = c == '\n' ? '\r' : c;
        }
        return "raman shift\tintensity\r" + out;
      }(),
      "raman,plain_columns," + facts);
}

void write_map(Samples& samples) {
  constexpr int columns = 4;
  constexpr int lines = 3;
  std::string out;
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
    out += text(5.0 * (k % columns), 1) + "\t" + text(5.0 * (k / columns), 1);
    for (const double y : spectrum.y) {
      out += "\t" + text(y, 1);
    }
    out += "\n";
  }
  samples.write(
      "map_4x3.txt", out, "raman,row_table,apatite;collagen,map of 4 x 3; apatite rises along x");
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
  calcispec::test::write_dialects(samples);
  calcispec::test::write_map(samples);
  samples.finish();
  return 0;
}
