// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "info.h"

namespace binnacle::cache {

/// The plain fields of INFO under redis_exporter's names, and what follows from them. `now` is Unix time in seconds.
void add_info(const Info& info, double now, Output& out);

/// A numeric field that starts with "cluster_", under its own name: every version has others.
void add_cluster_field(const InfoField& field, Families& families);

}  // namespace binnacle::cache
