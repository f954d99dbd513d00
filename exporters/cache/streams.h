// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/families.h"
#include "core/redis/resp.h"
#include "key_config.h"

namespace binnacle::cache {

/// XINFO STREAM of one stream. Fields that the version does not have, or that say nothing, are absent.
void add_stream(const KeyName& stream, const Reply& reply, Families& families);

/// The names in XINFO GROUPS, whose consumers can be asked for.
std::vector<std::string> group_names(const Reply& reply);

/// XINFO GROUPS: the first `most` of them. Gives how many were left out.
std::size_t add_stream_groups(const KeyName& stream, const Reply& reply, std::size_t most, Families& families);

/// XINFO CONSUMERS of one group: the first `most` of them. Gives how many were left out.
std::size_t add_stream_consumers(const KeyName& stream, std::string_view group, const Reply& reply, std::size_t most,
                                 Families& families);

}  // namespace binnacle::cache
