// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace binnacle {
class YamlMap;
}

namespace binnacle::cache {

/// A key, or a pattern of keys, in one database.
struct KeyName {
  int database = 0;
  std::string key;

  /// As labels have it: "db0".
  [[nodiscard]] std::string database_label() const { return "db" + std::to_string(database); }

  bool operator==(const KeyName&) const = default;
  bool operator<(const KeyName& other) const { return std::tie(database, key) < std::tie(other.database, other.key); }
};

/// Keys that are counted together.
struct KeyGroup {
  std::string name;
  KeyName pattern;
  bool memory = false;  ///< whether to estimate what they take

  bool operator==(const KeyGroup&) const = default;
};

/// Which keys of a Redis to look at, and what that may cost.
struct KeysConfig {
  std::vector<KeyName> single;
  std::vector<KeyName> count;  ///< patterns
  std::vector<KeyGroup> groups;
  std::vector<KeyName> streams;  ///< keys or patterns
  std::size_t scan_budget = 10'000;
  std::chrono::milliseconds scan_time{200};
  std::size_t max_streams = 100;
  std::size_t max_consumers = 100;

  bool operator==(const KeysConfig&) const = default;
};

/// "cart" in database 0 or "db1=cart", redis_exporter's form. Throws std::runtime_error with one line.
KeyName parse_key_name(std::string_view text);

/// A target's section `keys`; nothing to look at where there is none. Throws ConfigError.
KeysConfig parse_keys(YamlMap& target);

}  // namespace binnacle::cache
