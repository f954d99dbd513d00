// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "device_filter.h"

namespace binnacle {
class Flags;
}

namespace binnacle::system {

/// The two flags of a DeviceFilter, as node_exporter has them: what to leave out (often with a default) and what to
/// take.
class FilterFlags {
 public:
  struct Names {
    std::string exclude;      ///< without the dashes
    std::string include;      ///< without the dashes
    std::string old_exclude;  ///< the deprecated name of `exclude`; empty when there is none
  };

  explicit FilterFlags(Names names, std::string default_exclude = {});

  /// `what` completes the help: "mount points".
  void add_to(Flags& flags, const std::string& what);

  /// The filter that the flags ask for. Naming what to take drops the default of what to leave out.
  /// Throws std::runtime_error with one line that names the flag.
  [[nodiscard]] DeviceFilter compile() const;

 private:
  Names names_;
  std::string default_exclude_;
  std::string exclude_;
  std::string include_;
  std::string old_exclude_;
};

}  // namespace binnacle::system
