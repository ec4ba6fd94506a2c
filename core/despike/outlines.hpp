// Outlines of spectra that rays do not change, and witnesses for a spectrum chosen by them.
#pragma once

#include "core/kernels/running_median.hpp"
#include "core/parallel.hpp"
#include "core/spectra_matrix.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace calcispec {

/// Another spectrum brought to the offset and scale of the one that is judged.
struct Witness {
  Index row = 0;
  double offset = 0;
  double scale = 1;
  double misfit = 0;  // of the outlines
};

/// Every eighth value of the moving median: what rays do not change, to compare spectra by.
class Outlines {
 public:
  static constexpr std::size_t window = 7;  // of medians that rays do not change

  Outlines(const SpectraMatrix& spectra, std::span<const Index> rows, Index jobs)
      : length_((static_cast<std::size_t>(spectra.points()) - window) / stride + 1),
        values_(static_cast<std::size_t>(spectra.rows()) * length_),
        means_(static_cast<std::size_t>(spectra.rows())),
        squares_(static_cast<std::size_t>(spectra.rows())) {
    constexpr Index block = 64;
    const auto count = static_cast<Index>(rows.size());
    parallel_for((count + block - 1) / block, jobs, [&](Index item) {
      std::vector<double> medians(static_cast<std::size_t>(spectra.points()) - window + 1);
      std::vector<double> unused;
      for (Index k = item * block; k < std::min(count, (item + 1) * block); ++k) {
        const Index r = rows[static_cast<std::size_t>(k)];
        kernels::running_median(spectra.row(r), window, medians.data(), unused);
        take(r, medians);
      }
    });
  }

  // Least-squares line of one outline over the other.
  [[nodiscard]] Witness compare(Index judged, Index other) const {
    const double product = dot(of(judged), of(other));
    const double square = squares_[static_cast<std::size_t>(other)];
    Witness out{other, 0, square > 0 ? product / square : 0, 0};
    out.offset = means_[static_cast<std::size_t>(judged)] -
                 out.scale * means_[static_cast<std::size_t>(other)];
    out.misfit = squares_[static_cast<std::size_t>(judged)] - out.scale * product;
    return out;
  }

 private:
  static constexpr std::size_t stride = 8;

  void take(Index row, std::span<const double> medians) {
    const std::span<double> out(values_.data() + static_cast<std::size_t>(row) * length_, length_);
    double sum = 0;
    for (std::size_t k = 0; k < length_; ++k) {
      out[k] = medians[k * stride];
      sum += out[k];
    }
    const double mean = sum / static_cast<double>(length_);
    for (double& value : out) {
      value -= mean;
    }
    means_[static_cast<std::size_t>(row)] = mean;
    squares_[static_cast<std::size_t>(row)] = dot(out, out);
  }

  [[nodiscard]] std::span<const double> of(Index row) const {
    return {values_.data() + static_cast<std::size_t>(row) * length_, length_};
  }

  // Sums of many lanes side by side: one would wait for itself.
  static double dot(std::span<const double> a, std::span<const double> b) {
    constexpr std::size_t width = kernels::lane_count;
    kernels::Pack even{};
    kernels::Pack odd{};
    std::size_t k = 0;
    for (; k + 2 * width <= a.size(); k += 2 * width) {
      even += kernels::load(a.data() + k) * kernels::load(b.data() + k);
      odd += kernels::load(a.data() + k + width) * kernels::load(b.data() + k + width);
    }
    even += odd;
    double sum = 0;
    for (std::size_t lane = 0; lane < width; ++lane) {
      sum += even[lane];
    }
    for (; k < a.size(); ++k) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  std::size_t length_;
  std::vector<double> values_;  // each less its mean
  std::vector<double> means_;
  std::vector<double> squares_;  // sums of them
};

}  // namespace calcispec
