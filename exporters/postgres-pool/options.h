// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "drop_in_options.h"
#include "own_options.h"

namespace binnacle::pgpool {

/// What flags set for all targets alike. Fixed once the command line is read.
struct Options {
  /// How long a statement of ours may wait for a lock; it must not stand in the way of those behind it.
  std::chrono::milliseconds lock_timeout{500};
  DropInOptions drop_in;
  /// Whether clients of PgBouncer are counted by application_name too.
  bool clients_by_application = false;
  /// How often a connection is checked out, and how long that may take; a target's own values win.
  std::chrono::milliseconds checkout_interval{5'000};
  std::chrono::milliseconds checkout_timeout{10'000};
  OwnOptions own;
};

}  // namespace binnacle::pgpool
