// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace binnacle::system {

inline constexpr std::size_t kNetDeviceCounters = 16;

/// One network device of /proc/net/dev.
struct NetDevice {
  std::string_view name;  ///< a view into the text
  /// The columns as they stand there: eight of receiving, eight of sending.
  std::array<std::uint64_t, kNetDeviceCounters> counters{};
};

/// Reads the text of /proc/net/dev. Throws std::runtime_error when its two lines of headings are missing, or when a
/// device has no name or fewer numbers.
std::vector<NetDevice> parse_net_dev(std::string_view text);

}  // namespace binnacle::system
