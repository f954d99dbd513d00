// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/timex.h>

#include "core/collector.h"

namespace binnacle::system {

/// Turns what adjtimex(2) filled in, and the clock state that it returned, into metrics and facts. Offsets and jitter
/// come in nanoseconds or microseconds, as the status tells.
void export_timex(const timex& clock, int state, Output& out);

}  // namespace binnacle::system
