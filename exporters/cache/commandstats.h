// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "info.h"

namespace binnacle::cache {

/// INFO's section Commandstats: calls and time, by command. Command names may hold any of `_-.|`.
void add_commandstats(const Info& info, Families& families);
/// INFO's section Latencystats: the percentiles that the server reckons, by command, with count and sum of
/// Commandstats.
void add_latencystats(const Info& info, Families& families);
/// INFO's section Errorstats: error replies, by their first word. Scripts make up words of their own: what does not
/// look like the server's counts as "other".
void add_errorstats(const Info& info, Families& families);

}  // namespace binnacle::cache
