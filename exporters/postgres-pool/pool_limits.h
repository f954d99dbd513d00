// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "rows.h"

namespace binnacle::pgpool {

/// What one PgBouncer's configuration allows its pools, as the last scrapes of several SHOW commands told it. Safe to
/// use from several threads.
class PoolLimits {
 public:
  void set_databases(const Rows& databases);                   ///< from SHOW DATABASES
  void set_users(const Rows& users);                           ///< from SHOW USERS
  void set_query_wait_timeout(std::optional<double> seconds);  ///< nothing: clients wait for ever

  /// How many server connections the pool of a database and a user may have, without its reserve. A user's own size
  /// wins over the database's. Nothing when it is unknown or without limit.
  [[nodiscard]] std::optional<double> pool_size(std::string_view database, std::string_view user) const;
  [[nodiscard]] std::optional<double> query_wait_timeout() const;

 private:
  using Sizes = std::map<std::string, double, std::less<>>;
  mutable std::mutex mutex_;
  Sizes databases_;
  Sizes users_;
  std::optional<double> query_wait_timeout_;
};

}  // namespace binnacle::pgpool
