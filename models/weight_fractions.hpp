// Weight fractions from shares of the signal: by response factors of the user, or assumed ones.
#pragma once

#include "models/response_calibration.hpp"

#include <span>
#include <string>

namespace calcispec::models {

/// The shares of the listed phases as amounts for learn_response: of the phase, or of the group it
/// is a member of; 0 where it was not named. `reason` is set if nothing could be determined or two
/// of the phases cannot be told apart.
MeasuredFit amounts_of(const Composition& shares, std::span<const std::string> phases);

/// The same where the fractions by weight are known: what was weighed in counts with the share that
/// was fitted for it, also where one band alone would be no name. `reason` is set if something of
/// it was not found at all.
MeasuredFit amounts_of_known(const Composition& shares,
                             std::span<const std::string> phases,
                             std::span<const double> fractions);

/// Shares become weight fractions of the phases named, by what the user learnt with the band
/// tables. Where that cannot be done the shares stay and `calibration_reason` says why.
void weigh(const ResponseCalibration& calibration, Composition& composition);

/// The same by the assumed factors of data/response.csv, heights per weight (Raman only).
///
/// Model      w_i = (h_i / r_i) / sum, h_i the highest fitted band of a phase
/// Interval   of the share, and exp(N(0, log_sd)) for every factor, together in log(w / (1 - w))
/// Status     placeholder: the factors are from memory; glass, resins and gases are left out
void weigh_by_assumed_response(Technique technique, Composition& composition);

}  // namespace calcispec::models
