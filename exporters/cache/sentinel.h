// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/families.h"
#include "core/redis/resp.h"
#include "info.h"

namespace binnacle::cache {

/// INFO's section Sentinel. False where it has none: then the server is no Sentinel.
bool add_sentinel_info(const Info& info, Families& families);

/// One of the flat lists of names and values that SENTINEL answers with.
using SentinelEntry = std::map<std::string_view, std::string_view>;
std::vector<SentinelEntry> parse_sentinel_entries(const Reply& reply);

/// A primary's row of SENTINEL MASTERS. False where it has no name and address.
bool add_sentinel_settings(const SentinelEntry& primary, Families& families);

/// What the other replies on a primary tell: whether SENTINEL CKQUORUM found enough Sentinels, and how many Sentinels
/// (this one included) and replicas are not down.
void add_sentinel_health(const SentinelEntry& primary, bool quorum, const std::vector<SentinelEntry>& sentinels,
                         const std::vector<SentinelEntry>& replicas, Families& families);

}  // namespace binnacle::cache
