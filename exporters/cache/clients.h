// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/families.h"

namespace binnacle::cache {

/// CLIENT LIST, summed up by type of client (normal, pubsub, replica, primary); no client is named.
void add_clients(std::string_view list, Families& families);

}  // namespace binnacle::cache
