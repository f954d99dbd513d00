// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace binnacle::system {

/// The run queue's length averaged over 1, 5 and 15 minutes.
struct LoadAverages {
  double one = 0;
  double five = 0;
  double fifteen = 0;
};

/// Reads the text of /proc/loadavg. Throws std::runtime_error when one of the three numbers is missing or no number.
LoadAverages parse_loadavg(std::string_view text);

}  // namespace binnacle::system
