// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <stdexcept>

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr std::string_view kSql =
    "SELECT version() AS version, current_setting('server_version_num') AS version_num,"
    " extract(epoch FROM pg_postmaster_start_time()) AS start_time, pg_is_in_recovery() AS in_recovery";

}  // namespace

void add_server(const Rows& rows, Families& families) {
  if (rows.empty()) throw std::runtime_error("the server told nothing of itself");
  const auto row = rows[0];
  const auto version = row.text("version");
  const auto version_num = row.number("version_num");
  if (version && version_num) {
    families.untyped("pg_static", "Always 1; its labels are version() in full and as three numbers.")
        .add({{"version", *version}, {"short_version", short_version(static_cast<int>(*version_num))}}, 1);
  }
  if (const auto start = row.number("start_time")) {
    families
        .gauge("pg_postmaster_start_time_seconds",
               "When the server was started, in Unix seconds (pg_postmaster_start_time()).")
        .add(*start);
  }
  if (const auto in_recovery = row.flag("in_recovery")) {
    families.gauge("pg_replication_is_replica", "1 while the server is in recovery, as a replica is, else 0.")
        .add(*in_recovery ? 1 : 0);
  }
}

std::string short_version(int version_num) {
  constexpr int kMajor = 10'000;
  return std::to_string(version_num / kMajor) + "." + std::to_string(version_num % kMajor) + ".0";
}

std::unique_ptr<Collector> make_server(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_server);
}

}  // namespace binnacle::pgpool
