// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle::system {

/// One line of a pressure file: the share of wall time that tasks waited, and the sum of it.
struct PsiLine {
  double avg10 = 0;  ///< percent of the last 10 seconds
  double avg60 = 0;
  double avg300 = 0;
  std::uint64_t total_us = 0;  ///< microseconds since boot, or since the cgroup was made
};

/// `some`: at least one task waited for the resource. `full`: all tasks that were not idle waited at once.
struct Psi {
  std::optional<PsiLine> some;
  std::optional<PsiLine> full;
};

/// Reads the text of /proc/pressure/* or of a cgroup's *.pressure. A line that is absent stays unset (cpu has no `full`
/// before Linux 5.13, irq no `some`); lines of other names are passed over. Throws std::runtime_error, which starts
/// with `what` (the file), when a line is cut or a number is none.
Psi parse_psi(std::string_view text, std::string_view what = "pressure");

}  // namespace binnacle::system
