// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "info.h"

namespace binnacle::cache {

/// CLUSTER INFO: the cluster as this node sees it.
void add_cluster(const Info& info, Output& out);

}  // namespace binnacle::cache
