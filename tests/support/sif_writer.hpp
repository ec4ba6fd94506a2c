// Writes Andor SIF files with any number of lines in the header, frames and tracks.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <string>
#include <vector>

namespace calcispec::test {

struct SifTrack {
  int left = 1;
  int right = 0;
  int top = 1;
  int bottom = 1;
  int row_binning = 1;
  int column_binning = 1;
};

struct SifFile {
  std::string axis = "Wavelength";
  std::string ordinate = "Counts";
  std::string calibration = "500 0.5 0 0";
  std::string excitation = "422";
  std::string user_text;  // "Calibration data for frame 1: ..."
  int lines_in_the_middle = 18;
  std::vector<SifTrack> tracks;
  std::vector<std::vector<float>> frames;
  std::string after_times;  // "0\n", or "1\n" and a number per frame
};

inline std::string sif_bytes(const SifFile& file) {
  const auto number = [](auto value) { return std::to_string(value); };
  std::string out = "Andor Technology Multi-Channel File\n65538 1\n";
  out += "65567 0 0 1 1628171392 -60 \x01 \x02 0 1 1 1 1 \n";
  out += "DU420_TEST\n 1024 256 4\nname\n65538 2048\n" + file.user_text + "\n";
  for (int i = 0; i < file.lines_in_the_middle; ++i) {
    out += "0 10 " + number(i) + "\n";
  }
  out += "65540 \x01 \x02\n" + file.calibration + "\n0 1 0 0\n0 1 0 0\n" + file.excitation +
         "\n26\n26\n1\n";
  out += number(file.axis.size()) + "\n" + file.axis + number(file.ordinate.size()) + "\n" +
         file.ordinate + "12\nPixel number";
  const auto length = file.frames.empty() ? 0 : file.frames.front().size();
  out += "65541 1 256 1024 1 " + number(file.frames.size()) + " " + number(file.tracks.size()) +
         " " + number(length * file.frames.size()) + " " + number(length) + "\n";
  for (const auto& track : file.tracks) {
    out += "65538 " + number(track.left) + " " + number(track.top) + " " + number(track.right) +
           " " + number(track.bottom) + " " + number(track.row_binning) + " " +
           number(track.column_binning) + " 0\n";
  }
  for (std::size_t i = 0; i < file.frames.size(); ++i) {
    out += "         " + number(100 * i) + "\n";
  }
  ByteWriter writer;
  writer.append(out + file.after_times);
  for (const auto& frame : file.frames) {
    for (const float value : frame) {
      writer.put(value);
    }
  }
  writer.append("<xml trailing/>");
  return writer.bytes();
}

}  // namespace calcispec::test
