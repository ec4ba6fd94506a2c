// What spectra are looked at for while they are read one after another. Private to io.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <span>
#include <vector>

namespace calcispec::io {

/// A Skim that has seen nothing: its range is empty.
Skim nothing_seen();
/// Counts a spectrum: range of its finite numbers, and whether all are finite.
void look_at(std::span<const double> y, Skim& seen);
/// Lets what the row readers read from live as long as they.
void keep_alive(LoadedFile& file, const std::shared_ptr<const void>& bytes);
/// Whether an axis falls in stored order.
bool is_falling(const std::vector<double>& x);

}  // namespace calcispec::io
