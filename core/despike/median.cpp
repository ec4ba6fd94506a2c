// Cosmic rays: samples far above the moving median that end within one sample, as no line does.
#include "core/despike/ray_remover.hpp"
#include "core/method_table.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 3> despike_median_parameters{
    {
     {.name = "window",
         .type = ParameterType::integer,
         .minimum = 3,
         .maximum = 101,
         .standard = 7,
         .unit = "points",
         .help = "width of the moving median, odd"},
     {.name = "threshold",
         .minimum = 1,
         .maximum = 1e6,
         .standard = 6,
         .unit = "sigma",
         .help = "height above the median, in units of the noise, from which a sample is a spike"},
     {.name = "least_width",
         .minimum = 0.5,
         .maximum = 100,
         .standard = 1.6,
         .unit = "points",
         .help =
             "full width at half height from which a steep top with two graded flanks is a line "
             "of the sample"},
     }
};

/// Rule       a top more than `threshold` robust sigma of its surroundings above the moving median,
///            with a step of most of its height on one flank, is a ray unless both its neighbours
///            stand as high as those of a line of `least_width`
/// Not        rays with two graded flanks, as of a line of 1.6 points or more: they are kept;
///            flat-topped rays wider than half the window; lines narrower than least_width
/// Cost       points * window / lanes; with rays up to three passes
void run_despike_median(const MethodCall& call) {
  const auto& set = call.parameters;
  RayRemover remover({set.integer("window"), set.real("threshold"), set.real("least_width")});
  for (Index r = 0; r < call.count(); ++r) {
    remover.remove(call.row(r));
  }
}

}  // namespace

CoreMethod despike_median() {
  return {
      {"despike",
       "median", "removes cosmic rays: far above the moving median, without the shape of a line",
       "median and MAD; line shape rule of our own", despike_median_parameters},
      7,
      run_despike_median
  };
}

}  // namespace calcispec
