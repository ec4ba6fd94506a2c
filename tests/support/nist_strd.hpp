// The 27 nonlinear regression problems of the NIST Statistical Reference Datasets: file reader and
// models. Source: NIST/ITL StRD, public domain.
#pragma once

#include "tests/support/dual.hpp"

#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

namespace calcispec::test {

struct NistProblem {
  std::string name;
  std::vector<std::vector<double>> starts;  // two
  std::vector<double> certified;
  std::vector<double> certified_sd;
  double certified_square = 0;
  std::vector<double> y;
  std::vector<std::vector<double>> x;  // one or two predictors per point
};

/// Parameters stand on lines "b1 = start1 start2 value sd"; data follow the second "Data:" line.
inline NistProblem read_nist(const std::filesystem::path& path) {
  NistProblem problem;
  problem.name = path.stem().string();
  problem.starts.resize(2);
  std::ifstream stream(path);
  int data_headers = 0;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    double number = 0;
    if (data_headers == 2) {
      std::istringstream numbers(line);
      std::vector<double> row;
      while (numbers >> number) {
        row.push_back(number);
      }
      if (row.size() >= 2) {
        problem.y.push_back(row[0]);
        problem.x.emplace_back(row.begin() + 1, row.end());
      }
    } else if (first == "Data:") {
      ++data_headers;
    } else if (first.size() == 2 && first[0] == 'b' && line.find('=') != std::string::npos) {
      std::istringstream numbers(line.substr(line.find('=') + 1));
      double start1 = 0;
      double start2 = 0;
      double value = 0;
      double sd = 0;
      if (numbers >> start1 >> start2 >> value >> sd) {
        problem.starts[0].push_back(start1);
        problem.starts[1].push_back(start2);
        problem.certified.push_back(value);
        problem.certified_sd.push_back(sd);
      }
    } else if (line.rfind("Residual Sum of Squares:", 0) == 0) {
      problem.certified_square = std::stod(line.substr(24));
    }
  }
  return problem;
}

/// Value of the model of that name at one point.
inline Dual nist_model(const std::string& name,
                       const std::vector<Dual>& b,
                       const std::vector<double>& point) {
  const Dual x(point[0]);
  const auto decay = [&](std::size_t amount, std::size_t rate) {
    return b[amount] * exp(Dual(0) - b[rate] * x);
  };
  const auto bell = [&](std::size_t height, std::size_t center, std::size_t width) {
    const Dual u = (x - b[center]) / b[width];
    return b[height] * exp(Dual(0) - u * u);
  };
  const auto wave = [&](const Dual& period, std::size_t c, std::size_t s) {
    const Dual phase = Dual(2 * std::numbers::pi) * x / period;
    return b[c] * cos(phase) + b[s] * sin(phase);
  };
  if (name == "Misra1a" || name == "BoxBOD") {
    return b[0] * (Dual(1) - exp(Dual(0) - b[1] * x));
  }
  if (name == "Misra1b") {
    return b[0] * (Dual(1) - pow(Dual(1) + b[1] * x / 2, -2));
  }
  if (name == "Misra1c") {
    return b[0] * (Dual(1) - pow(Dual(1) + Dual(2) * b[1] * x, -0.5));
  }
  if (name == "Misra1d") {
    return b[0] * b[1] * x / (Dual(1) + b[1] * x);
  }
  if (name == "Chwirut1" || name == "Chwirut2") {
    return exp(Dual(0) - b[0] * x) / (b[1] + b[2] * x);
  }
  if (name == "Lanczos1" || name == "Lanczos2" || name == "Lanczos3") {
    return decay(0, 1) + decay(2, 3) + decay(4, 5);
  }
  if (name == "Gauss1" || name == "Gauss2" || name == "Gauss3") {
    return decay(0, 1) + bell(2, 3, 4) + bell(5, 6, 7);
  }
  if (name == "DanWood") {
    return b[0] * pow(x, b[1]);
  }
  if (name == "Kirby2") {
    return (b[0] + x * (b[1] + x * b[2])) / (Dual(1) + x * (b[3] + x * b[4]));
  }
  if (name == "Hahn1" || name == "Thurber") {
    return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) /
           (Dual(1) + x * (b[4] + x * (b[5] + x * b[6])));
  }
  if (name == "Nelson") {
    return b[0] - b[1] * x * exp(Dual(0) - b[2] * Dual(point[1]));
  }
  if (name == "MGH09") {
    return b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]);
  }
  if (name == "MGH10") {
    return b[0] * exp(b[1] / (x + b[2]));
  }
  if (name == "MGH17") {
    return b[0] + decay(1, 3) + decay(2, 4);
  }
  if (name == "ENSO") {
    return b[0] + wave(12, 1, 2) + wave(b[3], 4, 5) + wave(b[6], 7, 8);
  }
  if (name == "Roszman1") {
    return b[0] - b[1] * x - atan(b[2] / (x - b[3])) / std::numbers::pi;
  }
  if (name == "Rat42") {
    return b[0] / (Dual(1) + exp(b[1] - b[2] * x));
  }
  if (name == "Rat43") {
    return b[0] / pow(Dual(1) + exp(b[1] - b[2] * x), Dual(1) / b[3]);
  }
  if (name == "Eckerle4") {
    const Dual u = (x - b[2]) / b[1];
    return b[0] / b[1] * exp(Dual(-0.5) * u * u);
  }
  return b[0] * pow(b[1] + x, Dual(-1) / b[2]);  // Bennett5
}

}  // namespace calcispec::test
