// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_lists.h"

#include <algorithm>
#include <array>

#include "collectors.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

namespace {

struct List {
  std::string_view name;
  std::string_view metric;
  std::string_view help;
};

// The names are pgbouncer_exporter's, up to in_flight_dns_queries.
constexpr std::array kLists{
    List{"databases", "pgbouncer_databases", "Databases that PgBouncer knows."},
    List{"users", "pgbouncer_users", "Users that PgBouncer knows."},
    List{"pools", "pgbouncer_pools", "Pools: pairs of a database and a user that were in use."},
    List{"free_clients", "pgbouncer_free_clients", "Memory slots for clients that nobody uses."},
    List{"used_clients", "pgbouncer_used_clients", "Clients that are connected, in whatever state."},
    List{"login_clients", "pgbouncer_login_clients", "Clients that are logging in."},
    List{"free_servers", "pgbouncer_free_servers", "Memory slots for server connections that nobody uses."},
    List{"used_servers", "pgbouncer_used_servers", "Server connections, in whatever state."},
    List{"dns_names", "pgbouncer_cached_dns_names", "Host names in the DNS cache."},
    List{"dns_zones", "pgbouncer_cached_dns_zones", "Zones in the DNS cache."},
    List{"dns_queries", "pgbouncer_in_flight_dns_queries", "DNS queries under way."},
    List{"dns_pending", "pgbouncer_pending_dns_queries", "DNS queries that are not sent yet."},
    List{"peers", "pgbouncer_peers", "Other PgBouncers that cancel requests may be passed on to (1.19 on)."},
    List{"peer_pools", "pgbouncer_peer_pools", "Pools of connections to those PgBouncers (1.19 on)."},
};

}  // namespace

void add_pgbouncer_lists(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto name = row.text("list");
    const auto items = row.number("items");
    const auto* const list =
        std::find_if(kLists.begin(), kLists.end(), [&](const auto& known) { return known.name == name; });
    if (items && list != kLists.end()) families.gauge(list->metric, list->help).add(*items);
  }
}

std::unique_ptr<Collector> make_pgbouncer_lists(const CollectorParts& parts) {
  return make_show_collector(parts.session, {.statement = "SHOW LISTS", .add = [](const Rows& rows, Output& out) {
                                               add_pgbouncer_lists(rows, out.families);
                                             }});
}

}  // namespace binnacle::pgpool
