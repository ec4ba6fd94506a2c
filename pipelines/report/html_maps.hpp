// The page of a batch result: its maps, summaries and provenance, in one file for a browser.
#pragma once

#include "io/nexus_result.hpp"

#include <string>

namespace calcispec {

/// Maps of more pixels than a browser draws well are averaged over squares, which the page says.
std::string maps_report(const io::NexusResult& result, const std::string& title);

}  // namespace calcispec
