// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_sockets.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

/// The newest shape; 1.12 has no application_name, 1.18 no replication, prepared_statements and id.
const auto kClients = rows_of(
    "type|user|database|replication|state|addr|port|wait|wait_us|application_name|prepared_statements|id\n"
    "C|app|orders|none|active|10.0.0.5|40000|0|0|web|0|1\n"
    "C|app|orders|none|active|10.0.0.6|40001|0|0|batch|0|2\n"
    "C|app|orders|none|waiting|10.0.0.6|40002|0|5|web|0|3\n"
    "C|binnacle|pgbouncer|none|active|10.0.0.7|40003|0|0|\\N|0|4\n");

}  // namespace

TEST_CASE("clients are counted, and nothing that they choose is a label", "[pgbouncer]") {
  Families families;
  add_pgbouncer_clients(kClients, false, families);
  const auto* const name = "pgbouncer_client_connections";
  CHECK(value_of(families, name, {{"database", "orders"}, {"user", "app"}, {"state", "active"}}) == 2);
  CHECK(value_of(families, name, {{"database", "orders"}, {"user", "app"}, {"state", "waiting"}}) == 1);
  CHECK(value_of(families, name, {{"database", "pgbouncer"}, {"user", "binnacle"}, {"state", "active"}}) == 1);
  CHECK(families.series() == 3);
}

TEST_CASE("clients are counted by application on request", "[pgbouncer]") {
  Families families;
  add_pgbouncer_clients(kClients, true, families);
  CHECK(value_of(families, "pgbouncer_client_connections",
                 {{"database", "orders"}, {"user", "app"}, {"state", "active"}, {"application_name", "web"}}) == 1);
  CHECK(value_of(families, "pgbouncer_client_connections",
                 {{"database", "pgbouncer"}, {"user", "binnacle"}, {"state", "active"}, {"application_name", ""}}) ==
        1);
  CHECK(families.series() == 4);
}

TEST_CASE("server connections are counted by state", "[pgbouncer]") {
  Families families;
  add_pgbouncer_servers(rows_of("type|user|database|state|addr\nS|app|orders|idle|a\nS|app|orders|idle|b\n"
                                "S|app|orders|used|c\n"),
                        families);
  const auto* const name = "pgbouncer_server_connections";
  CHECK(value_of(families, name, {{"database", "orders"}, {"user", "app"}, {"state", "idle"}}) == 2);
  CHECK(value_of(families, name, {{"database", "orders"}, {"user", "app"}, {"state", "used"}}) == 1);
  CHECK(families.series() == 2);
  Families none;
  add_pgbouncer_servers(rows_of("type|user|database|state\n"), none);
  CHECK(none.all().empty());
}
