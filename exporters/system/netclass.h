// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle::system {

/// A number of a sysfs attribute, decimal or with 0x before it, without the newline; nothing when it is none.
std::optional<std::int64_t> parse_attribute(std::string_view text);

/// "up" or "down" as the administrator set the device, from its flags; "unknown" without flags.
std::string_view admin_state(std::optional<std::int64_t> flags);

/// Bytes a second of a link of so many megabits; -1, which some drivers say for an unknown speed, stays negative.
std::int64_t speed_in_bytes(std::int64_t megabits);

}  // namespace binnacle::system
