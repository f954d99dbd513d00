// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "families.h"

namespace binnacle {

/// Adds the `process_*` families of this process as Prometheus' client libraries name them, from /proc/self. What
/// cannot be read is left out.
void add_process_metrics(Families& families);

}  // namespace binnacle
