// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/credentials.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// Breakers whose state is held in a Redis: gobreaker's (v2, distributed) and pybreaker's. One server: a node of a
/// Redis Cluster, which answers for other keys with MOVED, is refused.
///
/// Keys are only read. Names without any of * ? [ \ are read directly; others are globs, whose keys are looked for with
/// SCAN, a bounded part of the keyspace at each poll. A key that holds something else is a breaker whose state is
/// unknown.
struct RedisSettings {
  Address address;
  Credentials credentials{};
  int database = 0;
  std::vector<std::string> gobreaker{"*"};  ///< names, or globs of names
  std::vector<std::string> pybreaker{"*"};  ///< namespaces, or globs of them; empty text: keys without a namespace
  /// Of all breakers of pybreaker's here; nothing: an expired one is not told from an open one.
  std::optional<std::chrono::milliseconds> pybreaker_reset_timeout{};

  bool operator==(const RedisSettings&) const = default;
};

/// host:port, a path or a URL, with user, password and database.
RedisSettings redis_from_address(const std::string& address);
/// Reads the keys `address`, `credentials`, `database`, `gobreaker`, `pybreaker` and `pybreaker_reset_timeout`.
RedisSettings parse_redis(YamlMap& source, const CredentialModules& modules);
std::unique_ptr<Source> make_source(const RedisSettings& settings);

}  // namespace binnacle::breaker
