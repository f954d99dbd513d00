// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_stats.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kOrders{{"database", "orders"}};

double stat(const Families& families, const std::string& name) {
  return value_of(families, "pgbouncer_stats_totals_" + name, kOrders).value_or(-1);
}

}  // namespace

TEST_CASE("statistics of a database, as PgBouncer 1.8 to 1.22 tell them", "[pgbouncer]") {
  Families families;
  add_pgbouncer_stats(
      rows_of("database|xact_count|query_count|bytes_received|bytes_sent|xact_time|query_time|wait_time\n"
              "orders|10|20|3000|4000|5000000|600000|70\n"
              "pgbouncer|0|1|0|0|0|0|0\n"),
      families);
  CHECK(stat(families, "sql_transactions_pooled_total") == 10);
  CHECK(stat(families, "queries_pooled_total") == 20);
  CHECK(stat(families, "received_bytes_total") == 3000);
  CHECK(stat(families, "sent_bytes_total") == 4000);
  CHECK(stat(families, "server_in_transaction_seconds_total") == Approx(5));
  CHECK(stat(families, "queries_duration_seconds_total") == Approx(0.6));
  CHECK(stat(families, "client_wait_seconds_total") == Approx(70e-6));
  CHECK(families.all().size() == 7);
  CHECK(families.series() == 14);
}

TEST_CASE("statistics of a database, as newer versions tell them", "[pgbouncer]") {
  Families families;  // 1.23 began with server_assignment_count, 1.24 with the parses, the logins came later
  add_pgbouncer_stats(
      rows_of("database|server_assignment_count|xact_count|query_count|bytes_received|bytes_sent|xact_time|query_time|"
              "wait_time|client_parse_count|server_parse_count|bind_count|client_login_count|something_new\n"
              "orders|9|10|20|3000|4000|5000000|600000|70|11|12|13|14|15\n"),
      families);
  CHECK(stat(families, "server_assignments_total") == 9);
  CHECK(stat(families, "sql_transactions_pooled_total") == 10);
  CHECK(stat(families, "client_parses_total") == 11);
  CHECK(stat(families, "server_parses_total") == 12);
  CHECK(stat(families, "binds_total") == 13);
  CHECK(stat(families, "client_logins_total") == 14);
  CHECK(families.series() == 12);
  for (const auto& family : families.all()) CHECK(family.type == prometheus::MetricType::Counter);
}
