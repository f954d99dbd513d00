// SPDX-License-Identifier: Apache-2.0
#include "stat_activity.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

std::vector<std::pair<std::string, std::string>> labels(const std::vector<std::string>& values) {
  return {{"datname", values[0]},          {"state", values[1]},        {"usename", values[2]},
          {"application_name", values[3]}, {"backend_type", values[4]}, {"wait_event_type", values[5]},
          {"wait_event", values[6]}};
}

}  // namespace

TEST_CASE("sessions are counted by all their labels, and states without any are 0", "[stat_activity]") {
  Families families;
  add_stat_activity(rows_of("datname|state|usename|application_name|backend_type|wait_event_type|wait_event|count|max_"
                            "tx_duration|sees_all\n"
                            "orders|active|app|\\N|client backend|Lock|transactionid|3|12.5|t\n"
                            "orders|disabled|\\N|\\N|\\N|\\N|\\N|0|0|t\n"),
                    families);
  const auto waiting = labels({"orders", "active", "app", "", "client backend", "Lock", "transactionid"});
  CHECK(value_of(families, "pg_stat_activity_count", waiting) == 3);
  CHECK(value_of(families, "pg_stat_activity_max_tx_duration", waiting) == 12.5);
  CHECK(value_of(families, "pg_stat_activity_count", labels({"orders", "disabled", "", "", "", "", ""})) == 0);
  CHECK(series_of(families, "pg_stat_activity_count") == 2);
}

TEST_CASE("a role that is not shown all sessions gets no counts", "[stat_activity]") {
  Families families;
  CHECK_THROWS_AS(add_stat_activity(rows_of("datname|state|count|sees_all\norders|active|0|f\n"), families),
                  std::runtime_error);
  CHECK(families.series() == 0);
}

TEST_CASE("application names are asked for only when they are wanted", "[stat_activity]") {
  CHECK(stat_activity_sql(false).find("NULL::text AS application_name") != std::string::npos);
  CHECK(stat_activity_sql(true).find("NULL::text") == std::string::npos);
}
