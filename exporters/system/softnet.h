// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// What one CPU has done with received packets since boot; what an older kernel does not tell is not set.
struct SoftnetCpu {
  std::uint64_t cpu = 0;
  std::optional<std::uint64_t> processed;
  std::optional<std::uint64_t> dropped;
  std::optional<std::uint64_t> times_squeezed;
  std::optional<std::uint64_t> cpu_collision;
  std::optional<std::uint64_t> received_rps;
  std::optional<std::uint64_t> flow_limit_count;
  std::optional<std::uint64_t> backlog_length;
};

/// Reads the text of /proc/net/softnet_stat: a line of hexadecimal numbers for each online CPU. Throws
/// std::runtime_error when it is empty, or a line has fewer than nine numbers or something that is none.
std::vector<SoftnetCpu> parse_softnet(std::string_view text);

}  // namespace binnacle::system
