// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "core/families.h"
#include "key_scan.h"

namespace binnacle::cache {

/// The command that tells the length of a value of this type, its elements or bytes; null for modules' types.
const char* length_command(std::string_view type);

/// A string that is a number as a whole.
std::optional<double> number_of(std::string_view text);

/// What passes over the key space have found.
void add_key_scan(const KeysConfig& config, const KeyScan::State& state, Clock::time_point now, Families& families);

}  // namespace binnacle::cache
