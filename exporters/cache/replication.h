// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "info.h"

namespace binnacle::cache {

/// INFO's section Replication: the primaries that a server follows (KeyDB: several), and its own replicas.
void add_replication(const Info& info, Output& out);

}  // namespace binnacle::cache
