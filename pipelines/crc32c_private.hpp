// CRC-32C (Castagnoli) of blocks of results. Private to pipelines.
#pragma once

#include <cstdint>
#include <span>

namespace calcispec::detail {

/// `crc`: that of what comes before these bytes.
std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t crc = 0);

}  // namespace calcispec::detail
