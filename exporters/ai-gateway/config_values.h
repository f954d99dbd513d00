// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/strict_yaml.h"

namespace binnacle::gateway {

/// Sets `value` to the key's duration where it is there. Throws ConfigError below `least` and above 31 days.
void read_time(YamlMap& section, const std::string& key, std::chrono::milliseconds& value,
               std::chrono::milliseconds least = std::chrono::milliseconds{1});

/// The key's whole number; `otherwise` where it is not there. Throws ConfigError outside `least` to `most`.
std::uint64_t read_count(YamlMap& section, const std::string& key, std::uint64_t otherwise, std::uint64_t least,
                         std::uint64_t most);

/// Sets `value` to the key's number of 0 to 1 where it is there. Throws ConfigError.
void read_ratio(YamlMap& section, const std::string& key, double& value);

/// Throws ConfigError unless `name` can stand in a label, a header and a path as it is: 1 to 200 visible ASCII bytes.
void check_model_name(YamlMap& section, const std::string& key, std::string_view name);

/// The same for letters, digits, '.', '_' and '-' alone.
void check_plain_name(YamlMap& section, const std::string& key, std::string_view name);

/// Whether it can be a header's name by RFC 9110.
bool is_header_name(std::string_view name);

/// Whether it can be a header's value: no control bytes, no blanks at its ends.
bool is_header_value(std::string_view value);

}  // namespace binnacle::gateway
