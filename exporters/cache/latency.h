// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "core/families.h"
#include "core/redis/resp.h"
#include "info.h"

namespace binnacle::cache {

/// LATENCY LATEST: the latest spike of each kind of event that the server watches.
void add_latency_spikes(const Reply& reply, Families& families);

/// The upper bounds in microseconds that the server's own histograms can have: 1.024 us doubled again and again, as it
/// rounds them. It counts what took longer than a second as one second, so what is above the last bound is in +Inf.
inline constexpr std::array<double, 20> kLatencyBounds{
    1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16908, 33816, 67633, 135266, 270532, 541065};

/// LATENCY HISTOGRAM as `metric` with all bounds, whichever of them the server left out. `per_unit`
/// microseconds are one of the metric's unit. The sum is Commandstats' of the same moment; a command without one is
/// left out.
void add_latency_histograms(const Reply& reply, const Info& info, std::string_view metric, std::string_view help,
                            double per_unit, Families& families);

}  // namespace binnacle::cache
