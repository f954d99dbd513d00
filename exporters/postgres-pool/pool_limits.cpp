// SPDX-License-Identifier: Apache-2.0
#include "pool_limits.h"

#include <utility>

#include "core/text.h"

namespace binnacle::pgpool {

namespace {

/// 0 stays: a user's own size of 0 lifts the database's limit.
std::map<std::string, double, std::less<>> sizes_of(const Rows& rows) {
  std::map<std::string, double, std::less<>> sizes;
  for (const auto row : rows) {
    const auto name = row.text("name");
    const auto text = row.text("pool_size");
    const auto size = text ? to_double(trim(*text)) : std::nullopt;
    if (name && size) sizes.emplace(*name, *size);
  }
  return sizes;
}

}  // namespace

void PoolLimits::set_databases(const Rows& databases) {
  auto sizes = sizes_of(databases);
  const std::scoped_lock lock{mutex_};
  databases_ = std::move(sizes);
}

void PoolLimits::set_users(const Rows& users) {
  auto sizes = sizes_of(users);
  const std::scoped_lock lock{mutex_};
  users_ = std::move(sizes);
}

void PoolLimits::set_query_wait_timeout(std::optional<double> seconds) {
  const std::scoped_lock lock{mutex_};
  query_wait_timeout_ = seconds;
}

std::optional<double> PoolLimits::pool_size(std::string_view database, std::string_view user) const {
  const std::scoped_lock lock{mutex_};
  const auto by_database = databases_.find(database);
  if (by_database == databases_.end()) return std::nullopt;
  const auto by_user = users_.find(user);
  const double size = by_user == users_.end() ? by_database->second : by_user->second;
  return size > 0 ? std::optional{size} : std::nullopt;
}

std::optional<double> PoolLimits::query_wait_timeout() const {
  const std::scoped_lock lock{mutex_};
  return query_wait_timeout_;
}

}  // namespace binnacle::pgpool
