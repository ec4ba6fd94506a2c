#include "core/band_shape.hpp"

#include "core/error.hpp"
#include "core/kernels/profile.hpp"

#include <array>
#include <vector>

namespace calcispec::kernels {

#define SHAPE(name) extern const ShapeRow name##_row;
#include "core/shape/shapes.def"
#undef SHAPE

namespace {

std::vector<ShapeRow> make_table() {
  return {
#define SHAPE(name) name##_row,
#include "core/shape/shapes.def"
#undef SHAPE
  };
}

std::vector<BandShape> make_infos() {
  std::vector<BandShape> infos;
  for (const auto& row : shape_table()) {
    infos.push_back(row.info);
  }
  return infos;
}

const std::vector<BandShape>& infos() {
  static const std::vector<BandShape> made = make_infos();
  return made;
}

}  // namespace

std::span<const ShapeRow> shape_table() {
  static const std::vector<ShapeRow> made = make_table();
  return made;
}

const ShapeRow& row_of(const BandShape& shape) {
  const BandShape* first = infos().data();
  require(&shape >= first && &shape < first + infos().size(),
          "a band shape must come from find_band_shape() or band_shapes()");
  return shape_table()[static_cast<std::size_t>(&shape - first)];
}

}  // namespace calcispec::kernels

namespace calcispec {

Index BandShape::parameter_index(std::string_view parameter_name) const {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name == parameter_name) {
      return static_cast<Index>(i);
    }
  }
  return -1;
}

std::span<const BandShape> band_shapes() {
  return kernels::infos();
}

const BandShape* find_band_shape(std::string_view name) {
  for (const auto& shape : kernels::infos()) {
    if (shape.name == name) {
      return &shape;
    }
  }
  return nullptr;
}

BandMeasures measure_band(const BandShape& shape, std::span<const double> parameters) {
  require(parameters.size() == shape.parameters.size(),
          "a band needs one value per parameter of its shape");
  BandMeasures measures = kernels::row_of(shape).measure(parameters.data());
  measures.height *= parameters[0];
  measures.area *= parameters[0];
  return measures;
}

void evaluate_band(const BandShape& shape,
                   std::span<const double> parameters,
                   std::span<const double> x,
                   std::span<double> values,
                   std::span<double> derivatives) {
  const std::size_t count = shape.parameters.size();
  require(parameters.size() == count, "a band needs one value per parameter of its shape");
  require(values.size() == x.size(), "x and values of a band differ in length");
  require(derivatives.empty() || derivatives.size() == x.size() * count,
          "derivatives of a band need points x parameters values");
  if (x.empty()) {
    return;
  }
  const auto points = kernels::padded(static_cast<Index>(x.size()));
  const auto stride = static_cast<std::size_t>(points);
  kernels::AlignedDoubles axis(stride, x.back());
  std::copy(x.begin(), x.end(), axis.begin());
  const kernels::AlignedDoubles weight(stride, 1.0);
  kernels::AlignedDoubles scratch(stride * count);
  std::array<double*, kernels::most_shape_parameters> columns{};
  for (std::size_t j = 0; j < count; ++j) {
    columns[j] = scratch.data() + j * stride;
  }
  kernels::row_of(shape).evaluate(
      {axis.data(), weight.data(), points, parameters.data(), columns.data()});
  for (std::size_t i = 0; i < x.size(); ++i) {
    values[i] = parameters[0] * columns[0][i];
  }
  for (std::size_t j = 0; j < count && !derivatives.empty(); ++j) {
    const double factor = j == 0 ? 1.0 : parameters[0];
    for (std::size_t i = 0; i < x.size(); ++i) {
      derivatives[j * x.size() + i] = factor * columns[j][i];
    }
  }
}

}  // namespace calcispec
