// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/address.h"
#include "core/credentials.h"

namespace binnacle {

inline constexpr int kRedisPort = 6379;

/// An address of a Redis, and as whom to log in there.
struct RedisUrl {
  Address address;
  Credentials credentials;
};

/// Reads host:port, [IPv6]:port, a path, unix:///path, or redis://[user[:password]@]host[:port][/database] (valkey://
/// as well); user and password may be percent-encoded, a database is of no matter to INFO. Throws std::runtime_error
/// with one line that never repeats any of it, since it may be the password.
RedisUrl parse_redis_url(std::string_view text);

}  // namespace binnacle
