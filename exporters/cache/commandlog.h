// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "core/families.h"
#include "core/redis/resp.h"

namespace binnacle::cache {

/// The newest entry of one of Valkey's command logs.
struct CommandlogEntry {
  long long id = 0;     ///< counts up from 0 when the server starts, whatever is removed
  long long value = 0;  ///< microseconds of a slow command, bytes of a large request or reply
};

/// The reply to COMMANDLOG GET 1; nothing where the log is empty. The command itself is not looked at.
std::optional<CommandlogEntry> parse_commandlog(const Reply& reply);

/// `type` as COMMANDLOG has it: slow, large-request or large-reply. `total`: entries since the server started.
void add_commandlog(std::string_view type, const Reply& length, const std::optional<CommandlogEntry>& newest,
                    double total, Families& families);

/// A reply to CONFIG GET commandlog-*.
void add_commandlog_settings(const Reply& reply, Families& families);

}  // namespace binnacle::cache
