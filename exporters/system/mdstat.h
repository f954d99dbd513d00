// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// A software RAID array: its lines of /proc/mdstat.
struct MdArray {
  std::string name;
  /// active, inactive or broken; while it syncs: recovering, resyncing, checking or reshaping.
  std::string state;
  std::uint64_t disks_active = 0;
  std::uint64_t disks_required = 0;
  std::uint64_t disks_failed = 0;
  std::uint64_t disks_spare = 0;
  std::uint64_t blocks = 0;         ///< of 1 KiB
  std::uint64_t blocks_synced = 0;  ///< all of them while the array does not sync
};

struct Mdstat {
  std::vector<MdArray> arrays;
  /// One line for each array that was left out because its lines could not be understood.
  std::vector<std::string> problems;
};

/// Reads the text of /proc/mdstat. Throws std::runtime_error when it does not begin with the line of personalities.
Mdstat parse_mdstat(std::string_view text);

}  // namespace binnacle::system
