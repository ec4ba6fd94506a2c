// Every truncation and many mutations of a file, each handed to a reader.
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace calcispec::test {

/// Calls `answer(bytes)` for each prefix and for `mutations` copies with a few bytes changed, some
/// of them to the extremes that counts and offsets must withstand.
template <typename Answer>
void damage_everywhere(const std::string& bytes, int mutations, Answer&& answer) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    answer(bytes.substr(0, length));
  }
  std::mt19937 random(23);
  for (int i = 0; i < mutations; ++i) {
    auto twisted = bytes;
    for (int k = 0; k < 4; ++k) {
      const bool is_extreme = random() % 2 == 0;
      const auto byte = static_cast<char>(random() % 256);
      twisted[random() % twisted.size()] = is_extreme ? (byte < 0 ? '\x7F' : '\xFF') : byte;
    }
    answer(twisted);
  }
}

}  // namespace calcispec::test
