// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "breaker_table.h"
#include "core/breaker_families.h"
#include "core/collector.h"

namespace binnacle::breaker {

/// The fact that health judges a breaker by: 1 while it is open, else 0.
inline constexpr const char* kOpenFact = "breaker_open";
/// The same of those whose rule says `readiness: true`.
inline constexpr const char* kReadinessFact = "readiness_breaker_open";

/// Adds all circuit_breaker_* series of a source's breakers, and their facts. Pure but for the table's lock.
void add_breakers(const BreakerTable& table, Moment now, Output& out);

}  // namespace binnacle::breaker
