// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/families.h"
#include "core/redis/resp.h"

namespace binnacle::cache {

/// The newest entry of the slow log.
struct SlowlogEntry {
  long long id = 0;  ///< counts up from 0 when the server starts, whatever is removed
  double seconds = 0;
};

/// The reply to SLOWLOG GET 1; nothing where the log is empty. The command itself is not looked at.
std::optional<SlowlogEntry> parse_slowlog(const Reply& reply);

/// `total`: how many slow commands there were since the server started.
void add_slowlog(const Reply& length, const std::optional<SlowlogEntry>& newest, double total, Families& families);

}  // namespace binnacle::cache
