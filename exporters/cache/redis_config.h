// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/families.h"

namespace binnacle::cache {

/// What CONFIG GET answered, by name.
using ConfigValues = std::map<std::string, std::string, std::less<>>;

/// The settings that are asked for. Never all of them: passwords are among them.
const std::vector<std::string>& wanted_settings();

/// Limits and thresholds. One that is switched off (0, or below 0) is absent.
void add_redis_config(const ConfigValues& values, Families& families);

}  // namespace binnacle::cache
