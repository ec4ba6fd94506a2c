// fit_recording: what fit_spectra() does with a file, for spectra that are at hand.
#pragma once

#include "pipelines/band_fit.hpp"

namespace calcispec {

/// In order; `request.inputs` is not used. `search` finds bands in the mean of what is given.
FitRun fit_recording(const FitRequest& request, io::Recording recording);

}  // namespace calcispec
