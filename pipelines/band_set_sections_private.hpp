// Sections of a bands file: background and broadening. Private to pipelines.
#pragma once

#include "core/fit.hpp"
#include "pipelines/toml_faults_private.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

std::optional<double> toml_number(const toml::node& node);
/// "a, b or c" of the names.
std::string listed(const std::vector<std::string_view>& names);
/// "; did you mean ...?" or "; known are a, b or c".
std::string suggestion(std::string_view given, const std::vector<std::string_view>& names);

void read_background(const toml::table& table, TomlFaults& faults, BandModel& model);
void read_broadening(const toml::table& table, TomlFaults& faults, BandModel& model);

}  // namespace calcispec
