// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// What a CPU spent its time on, in the order in which /proc/stat has it.
enum class CpuMode : std::size_t { user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice };
inline constexpr std::size_t kCpuModes = 10;

/// Ticks in a second: what the kernel tells user space, whatever it uses itself.
inline constexpr double kTicksPerSecond = 100.0;

/// Times of one CPU since boot, in ticks. Modes that an old kernel does not know are 0.
struct CpuTimes {
  std::uint64_t cpu = 0;
  std::array<std::uint64_t, kCpuModes> ticks{};

  [[nodiscard]] std::uint64_t operator[](CpuMode mode) const { return ticks[static_cast<std::size_t>(mode)]; }
};

/// Reads the lines of the single CPUs in the text of /proc/stat, in its order. Throws std::runtime_error when there is
/// none, when one is cut before its first four numbers or when a field is no number.
std::vector<CpuTimes> parse_cpu_times(std::string_view text);

/// `now`, with each counter that is less than it was in `before` held at its old value: the kernel's idle and iowait
/// times can step back a little. A CPU whose idle time fell by 3 s or more was taken away and came back: it starts
/// anew.
std::vector<CpuTimes> without_steps_back(const std::vector<CpuTimes>& before, std::vector<CpuTimes> now);

}  // namespace binnacle::system
