// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/address.h"
#include "core/credentials.h"
#include "core/target_list.h"
#include "key_config.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::cache {

enum class Kind { redis, memcached };

/// A server to read, as flags, environment or config name it.
struct TargetSpec {
  std::string name;  ///< empty: the only one, whose series have no label `target`
  Kind kind = Kind::redis;
  Address address;
  Credentials credentials{};  ///< of a Redis
  bool cluster = false;       ///< whether the other nodes of its Redis Cluster are read too
  KeysConfig keys{};          ///< of a Redis

  bool operator==(const TargetSpec&) const = default;
};

/// What the command line names.
struct TargetFlags {
  std::vector<std::string> redis;      ///< addresses or URLs
  std::string redis_user;              ///< for all of these
  std::string redis_password_file;     ///< for all of these
  std::vector<std::string> memcached;  ///< addresses
  bool redis_cluster = false;          ///< whether each of `redis` leads to all nodes of its cluster
};

/// The targets of flags and environment (redis_exporter's REDIS_ADDR, REDIS_USER, REDIS_PASSWORD, REDIS_PASSWORD_FILE).
/// --redis.addr makes REDIS_ADDR count no more. A password in REDIS_ADDR is that server's, and goes before the others.
/// None is named yet. Throws std::runtime_error that names the flag or the variable, never a value.
std::vector<TargetSpec> given_targets(const TargetFlags& flags, const Environment& environment);

/// The sections `targets` and `credentials` of the config file. Throws ConfigError.
std::vector<TargetSpec> parse_targets(YamlMap& config);

/// All targets together: each gets a name when there are several, or a cluster's nodes. Throws std::runtime_error when
/// two have one name.
std::vector<TargetSpec> name_targets(std::vector<TargetSpec> given, const std::vector<TargetSpec>& configured);

/// redis_exporter's own default, for when nothing is named: localhost:6379.
TargetSpec default_target(const TargetFlags& flags, const Environment& environment);

}  // namespace binnacle::cache
