// SPDX-License-Identifier: Apache-2.0
#include "custom_query.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"
#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

std::vector<CustomQuery> parse(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto queries = parse_custom_queries(config);
  config.finish();
  return queries;
}

/// One good query, with further keys.
std::string with(const std::string& keys) {
  return "queries:\n  - {name: q, sql: SELECT 1 AS n, metrics: [{column: n}], " + keys + "}\n";
}

CustomQuery jobs() {
  return parse(
      "queries:\n"
      "  - name: jobs\n"
      "    sql: SELECT queue, count(*) AS waiting, oldest FROM jobs GROUP BY queue\n"
      "    labels: [queue]\n"
      "    metrics:\n"
      "      - {column: waiting, help: Jobs that wait.}\n"
      "      - {column: oldest, name: jobs_oldest_seconds, scale: 0.001}\n")[0];
}

}  // namespace

TEST_CASE("a query has defaults for what it does not say", "[custom_query]") {
  const auto query = jobs();
  CHECK(query.kind == Kind::postgres);
  CHECK(query.timeout == 1s);
  CHECK(query.keep == 0ms);
  CHECK(query.metrics[0].name == "jobs_waiting");
  CHECK(query.metrics[0].type == prometheus::MetricType::Gauge);
  CHECK(query.metrics[0].help == "Jobs that wait.");
  CHECK(query.metrics[1].name == "jobs_oldest_seconds");
  CHECK(query.metrics[1].help.find("jobs") != std::string::npos);
  CHECK(parse("{}").empty());
}

TEST_CASE("all that a query can say", "[custom_query]") {
  const auto query = parse(
      "queries:\n"
      "  - name: peers\n"
      "    kind: pgbouncer\n"
      "    sql: 'show peers;'\n"
      "    targets: [pool]\n"
      "    databases: [pgbouncer]\n"
      "    timeout: 250ms\n"
      "    cache: 1m\n"
      "    metrics: [{column: peer_id, type: counter}]\n")[0];
  CHECK(query.kind == Kind::pgbouncer);
  CHECK(query.sql == "show peers");
  CHECK(query.timeout == 250ms);
  CHECK(query.keep == 1min);
  CHECK(query.metrics[0].type == prometheus::MetricType::Counter);
  const auto versioned = parse(with("min_version: 13, max_version: 16"))[0];
  CHECK(versioned.min_version == 13);
  CHECK(versioned.max_version == 16);
}

TEST_CASE("a bad query is told by its key", "[custom_query]") {
  const auto fails = [](const std::string& text, const std::string& key) {
    CHECK_THROWS_WITH(parse(text), Catch::Contains(key));
  };
  fails("queries: [{sql: SELECT 1, metrics: [{column: n}]}]", "name");
  fails("queries: [{name: 1q, sql: SELECT 1, metrics: [{column: n}]}]", "name");
  fails("queries: [{name: q, metrics: [{column: n}]}]", "sql");
  fails("queries: [{name: q, sql: DELETE FROM t, metrics: [{column: n}]}]", "sql");
  fails("queries: [{name: q, kind: pgbouncer, sql: SHUTDOWN, metrics: [{column: n}]}]", "sql");
  fails("queries: [{name: q, sql: SELECT 1}]", "metrics");
  fails("queries: [{name: q, sql: SELECT 1, metrics: [{}]}]", "column");
  fails("queries: [{name: q, sql: SELECT 1, metrics: [{column: 'a b'}]}]", "name");
  fails("queries: [{name: q, sql: SELECT 1, metrics: [{column: n, type: histogram}]}]", "type");
  fails("queries: [{name: q, sql: SELECT 1, metrics: [{column: n}, {column: n}]}]", "name");
  fails("queries: [{name: q, sql: SELECT 1, metrics: [{column: n, unit: s}]}]", "unit");
  fails(with("kind: mysql"), "kind");
  fails(with("labels: [target]"), "labels");
  fails(with("labels: [a, a]"), "labels");
  fails(with("labels: ['a-b']"), "labels");
  fails(with("timeout: 0s"), "timeout");
  fails(with("timeout: soon"), "timeout");
  fails(with("min_version: 150004"), "min_version");
  fails(with("min_version: 16, max_version: 15"), "max_version");
  fails(with("interval: 5s"), "interval");
  fails("queries: [{name: q, kind: pgbouncer, sql: SHOW STATE, min_version: 15, metrics: [{column: n}]}]",
        "min_version");
}

TEST_CASE("queries do not take each other's names", "[custom_query]") {
  const std::string one = "{name: q, sql: SELECT 1, metrics: [{column: n, name: m}]}";
  CHECK_THROWS_WITH(parse("queries: [" + one + ", " + one + "]"), Catch::Contains("another query"));
  CHECK_THROWS_WITH(
      parse("queries: [" + one + ", {name: r, sql: SELECT 1, metrics: [{column: n, name: m, type: counter}]}]"),
      Catch::Contains("another type"));
}

TEST_CASE("a query is for the targets that it names", "[custom_query]") {
  const auto queries = parse(
      "queries:\n"
      "  - {name: all, sql: SELECT 1, metrics: [{column: n}]}\n"
      "  - {name: some, sql: SELECT 1, targets: [orders], metrics: [{column: n}]}\n"
      "  - {name: data, sql: SELECT 1, databases: [shop], metrics: [{column: n}]}\n"
      "  - {name: pool, kind: pgbouncer, sql: SHOW STATE, metrics: [{column: n}]}\n");
  const auto names = [&](const std::string& name, Kind kind, const std::string& dsn) {
    TargetSpec target;
    target.name = name;
    target.kind = kind;
    target.conninfo = parse_conninfo(dsn);
    std::string found;
    for (const auto& query : queries_for(queries, target)) found += query.name + " ";
    return found;
  };
  CHECK(names("orders", Kind::postgres, "dbname=shop") == "all some data ");
  CHECK(names("", Kind::postgres, "dbname=other") == "all ");
  CHECK(names("orders", Kind::pgbouncer, "dbname=pgbouncer") == "pool ");
}

TEST_CASE("a result becomes series", "[custom_query]") {
  Families families;
  add_custom_query(jobs(), rows_of("queue|waiting|oldest|more\nmail|3|1500|x\nsms|0|\\N|x\n\\N|t|\\N|x\n"), families);
  CHECK(value_of(families, "jobs_waiting", {{"queue", "mail"}}) == 3);
  CHECK(value_of(families, "jobs_waiting", {{"queue", "sms"}}) == 0);
  CHECK(value_of(families, "jobs_waiting", {{"queue", ""}}) == 1);
  CHECK(value_of(families, "jobs_oldest_seconds", {{"queue", "mail"}}) == 1.5);
  CHECK(series_of(families, "jobs_oldest_seconds") == 1);
}

TEST_CASE("a result that does not fit adds nothing", "[custom_query]") {
  Families families;
  const auto add = [&](const std::string& table) { add_custom_query(jobs(), rows_of(table), families); };
  CHECK_THROWS_WITH(add("waiting|oldest\n1|2\n"), "the result has no column queue");
  CHECK_THROWS_WITH(add("queue|waiting\nmail|1\n"), "the result has no column oldest");
  CHECK_THROWS_WITH(add("queue|waiting|oldest\nmail|1|2\nsms|secret|2\n"), "column waiting holds what is no number");
  Rows many{{"queue", "waiting", "oldest"}};
  for (int row = 0; row <= 10'000; ++row) many.add({"mail", "1", "2"});
  CHECK_THROWS_WITH(add_custom_query(jobs(), many, families), Catch::Contains("10001 rows"));
  CHECK(families.all().empty());
}
