// Whether a reader answers a damaged file: a spectrum or a sentence, nothing else.
#pragma once

#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/support/damage.hpp"

#include <gtest/gtest.h>

#include <string>

namespace calcispec::io {

inline void expect_damage_answered(const std::string& bytes, int mutations) {
  test::damage_everywhere(bytes, mutations, [](const std::string& damaged) {
    try {
      EXPECT_GE(load_bytes({damaged, "d"}, {}).recordings.at(0).spectra.points(), 3);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    }
  });
}

}  // namespace calcispec::io
