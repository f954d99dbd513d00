// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "observation.h"

namespace binnacle::breaker {

/// Reads the data of one event of a Hystrix stream. Nothing when it is no HystrixCommand (thread pools, Turbine's
/// meta). The observation has one step: the state that it tells.
///
/// Turbine sums all numbers over the hosts that report, percentiles and settings too, and counts texts and booleans by
/// value ("{true:1,false:2}"). Sums are divided by `reportingHosts` where a sum means nothing. A breaker is open when
/// it is on any host; forced or disabled only when it is on all. Hystrix tells a half-open breaker as open. Throws
/// SourceError (bad_reply, too_large).
std::optional<Observation> parse_hystrix_event(std::string_view data);

}  // namespace binnacle::breaker
