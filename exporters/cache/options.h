// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace binnacle::cache {

/// What flags set for the collectors of all targets.
struct Options {
  bool set_client_name = true;
  std::string config_command = "CONFIG";  ///< where it was renamed; "-": it is not asked
};

}  // namespace binnacle::cache
