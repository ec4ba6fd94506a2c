#include "core/least_squares.hpp"

namespace calcispec {

std::string_view fit_status_name(FitStatus status) {
  switch (status) {
    case FitStatus::converged:
      return "converged";
    case FitStatus::at_bounds:
      return "at_bounds";
    case FitStatus::stalled:
      return "stalled";
    case FitStatus::iteration_limit:
      return "iteration_limit";
    case FitStatus::failed:
      return "failed";
    case FitStatus::not_fitted:
      return "not_fitted";
  }
  return "failed";
}

}  // namespace calcispec
