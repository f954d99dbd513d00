// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_lists.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("lists become a metric each, unknown ones none", "[pgbouncer]") {
  Families families;
  add_pgbouncer_lists(rows_of("list|items\n"
                              "databases|1\nusers|2\npeers|3\npools|4\npeer_pools|5\nfree_clients|6\nused_clients|7\n"
                              "login_clients|8\nfree_servers|9\nused_servers|10\ndns_names|11\ndns_zones|12\n"
                              "dns_queries|13\ndns_pending|14\nsomething_new|15\n"),
                      families);
  CHECK(value_of(families, "pgbouncer_databases") == 1);
  CHECK(value_of(families, "pgbouncer_users") == 2);
  CHECK(value_of(families, "pgbouncer_peers") == 3);
  CHECK(value_of(families, "pgbouncer_pools") == 4);
  CHECK(value_of(families, "pgbouncer_peer_pools") == 5);
  CHECK(value_of(families, "pgbouncer_free_clients") == 6);
  CHECK(value_of(families, "pgbouncer_used_clients") == 7);
  CHECK(value_of(families, "pgbouncer_login_clients") == 8);
  CHECK(value_of(families, "pgbouncer_free_servers") == 9);
  CHECK(value_of(families, "pgbouncer_used_servers") == 10);
  CHECK(value_of(families, "pgbouncer_cached_dns_names") == 11);
  CHECK(value_of(families, "pgbouncer_cached_dns_zones") == 12);
  CHECK(value_of(families, "pgbouncer_in_flight_dns_queries") == 13);
  CHECK(value_of(families, "pgbouncer_pending_dns_queries") == 14);
  CHECK(families.series() == 14);
}

TEST_CASE("a list without a number adds nothing", "[pgbouncer]") {
  Families families;
  add_pgbouncer_lists(rows_of("list|items\npools|\\N\nusers|many\n"), families);
  add_pgbouncer_lists(rows_of("other\nx\n"), families);
  CHECK(families.series() == 0);
}
