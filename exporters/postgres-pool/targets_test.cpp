// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <catch2/catch.hpp>
#include <map>

#include "core/strict_yaml.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

std::vector<TargetSpec> from_environment(const std::map<std::string, std::string>& variables,
                                         const DsnFlags& flags = {}) {
  return given_targets(flags, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::vector<TargetSpec> from_config(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto targets = parse_targets(config);
  config.finish();
  return targets;
}

std::string password_of(const TargetSpec& target) {
  return target.conninfo.password ? target.conninfo.password->reveal() : "(none)";
}

}  // namespace

TEST_CASE("DATA_SOURCE_NAME makes targets, of PgBouncer where its console is the database", "[targets]") {
  const auto targets =
      from_environment({{"DATA_SOURCE_NAME", "postgresql://mon:secret@db1:5432/orders,host=db1 dbname=pgbouncer"}});
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].kind == Kind::postgres);
  CHECK(targets[0].conninfo.get("host") == "db1");
  CHECK(password_of(targets[0]) == "secret");
  CHECK(targets[1].kind == Kind::pgbouncer);
}

TEST_CASE("DATA_SOURCE_NAME_FILE is read, and its password again when it changes", "[targets]") {
  const TestFolder folder;
  const auto file = folder.write("dsn", "postgresql://mon:first@db1/orders\n");
  const auto targets = from_environment({{"DATA_SOURCE_NAME_FILE", file}});
  REQUIRE(targets.size() == 1);
  CHECK(password_of(targets[0]) == "first");
  CHECK(folder.replace("dsn", "postgresql://mon:second@db1/orders\n") == file);
  CHECK(password_of(targets[0]) == "second");
}

TEST_CASE("DATA_SOURCE_URI has user and password beside it, in variables or files", "[targets]") {
  const TestFolder folder;
  auto targets = from_environment({{"DATA_SOURCE_URI", "db1:5433/orders?sslmode=disable"},
                                   {"DATA_SOURCE_USER", "m@n"},
                                   {"DATA_SOURCE_PASS", "p%/@ss"}});
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].conninfo.name() == "db1:5433/orders");
  CHECK(targets[0].conninfo.get("user") == "m@n");
  CHECK(targets[0].conninfo.get("sslmode") == "disable");
  CHECK(password_of(targets[0]) == "p%/@ss");

  targets = from_environment({{"DATA_SOURCE_URI_FILE", folder.write("uri", "db2/users\n")},
                              {"DATA_SOURCE_USER_FILE", folder.write("user", " mon \n")},
                              {"DATA_SOURCE_PASS_FILE", folder.write("pass", "word\n")},
                              {"DATA_SOURCE_USER", "other"}});
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].conninfo.get("user") == "mon");
  CHECK(targets[0].conninfo.name() == "db2:5432/users");
  CHECK(password_of(targets[0]) == "word");
}

TEST_CASE("flags win over the environment, each for its kind", "[targets]") {
  const std::map<std::string, std::string> environment{
      {"DATA_SOURCE_NAME", "host=db1"}, {"PGBOUNCER_EXPORTER_CONNECTION_STRING", "postgres://s@pool:6543/pgbouncer"}};
  auto targets = from_environment(environment);
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].conninfo.get("host") == "db1");
  CHECK(targets[1].kind == Kind::pgbouncer);
  CHECK(targets[1].conninfo.name() == "pool:6543/pgbouncer");

  targets = from_environment(environment, {{"host=db2", "host=db3"}, {}, "host=console"});
  REQUIRE(targets.size() == 3);
  CHECK(targets[1].conninfo.get("host") == "db3");
  CHECK(targets[2].kind == Kind::pgbouncer);
  CHECK(targets[2].conninfo.get("host") == "console");
}

TEST_CASE("a bad connection string names its flag or variable, and never shows itself", "[targets]") {
  CHECK_THROWS_WITH(from_environment({{"DATA_SOURCE_NAME", "hunter2"}}),
                    Catch::StartsWith("DATA_SOURCE_NAME: ") && !Catch::Contains("hunter2"));
  CHECK_THROWS_WITH(from_environment({}, {{"hunter2"}, {}, {}}),
                    Catch::StartsWith("--postgres.dsn: ") && !Catch::Contains("hunter2"));
}

TEST_CASE("the config names targets and where their credentials are", "[targets]") {
  const TestFolder folder;
  const auto file = folder.write("password", "secret\n");
  const auto targets = from_config(
      "targets:\n"
      "  - {name: orders, kind: postgres, dsn: host=db1 dbname=orders, credentials: mon}\n"
      "  - {name: pool, dsn: 'postgresql://stats@db1:6432/pgbouncer'}\n"
      "credentials:\n"
      "  mon: {username: binnacle, password_file: " +
      file + "}\n");
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].name == "orders");
  CHECK(targets[0].conninfo.get("user") == "binnacle");
  CHECK(password_of(targets[0]) == "secret");
  CHECK(targets[1].kind == Kind::pgbouncer);
  CHECK(targets[1].conninfo.get("user") == "stats");
  CHECK_FALSE(targets[1].conninfo.password);
}

TEST_CASE("a checkout goes through the pool that the config names", "[targets]") {
  const TestFolder folder;
  const auto credentials = "credentials:\n  mon: {username: stats, password_file: " + folder.write("mon", "a") +
                           "}\n  app: {username: app, password_file: " + folder.write("app", "b") + "}\n";
  const auto targets = from_config(
      "targets:\n"
      "  - name: pool\n    dsn: host=db1 port=6432 dbname=pgbouncer\n    credentials: mon\n"
      "    checkout: {database: orders, credentials: app, interval: 1s, timeout: 2500ms}\n"
      "  - {name: direct, dsn: host=db2 dbname=orders, credentials: mon, checkout: {}}\n"
      "  - {name: none, dsn: host=db3 dbname=orders}\n" +
      credentials);
  REQUIRE(targets.size() == 3);
  REQUIRE(targets[0].checkout);
  CHECK(targets[0].conninfo.get("dbname") == "pgbouncer");
  CHECK(targets[0].checkout->conninfo.name() == "db1:6432/orders");
  CHECK(targets[0].checkout->conninfo.get("user") == "app");
  CHECK(targets[0].checkout->conninfo.password.value().reveal() == "b");
  CHECK(targets[0].checkout->interval == std::chrono::seconds{1});
  CHECK(targets[0].checkout->timeout == std::chrono::milliseconds{2500});
  REQUIRE(targets[1].checkout);
  CHECK(targets[1].checkout->conninfo == targets[1].conninfo);
  CHECK_FALSE(targets[1].checkout->interval);
  CHECK_FALSE(targets[2].checkout);
}

TEST_CASE("a fault in the config is told with its line and its key", "[targets]") {
  const auto fault = [](const std::string& text) -> std::string {
    try {
      from_config(text);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  CHECK_THAT(fault("targets: [{name: a, dsn: host=b password=hunter2}]"),
             Catch::Contains("dsn") && Catch::Contains("no password may stand here") && !Catch::Contains("hunter2"));
  CHECK_THAT(fault("targets: [{name: a, dsn: hunter2}]"), Catch::Contains("dsn") && !Catch::Contains("hunter2"));
  CHECK_THAT(fault("targets: [{name: a}]"), Catch::Contains("expected dsn"));
  CHECK_THAT(fault("targets: [{dsn: host=b}]"), Catch::Contains("expected a name"));
  CHECK_THAT(fault("targets: [{name: a, dsn: host=b, kind: mysql}]"), Catch::Contains("postgres or pgbouncer"));
  CHECK_THAT(fault("targets: [{name: a, dsn: host=b, credentials: x}]"), Catch::Contains("credentials"));
  CHECK_THAT(fault("targets: [{name: a, dsn: host=b, password: x}]"), Catch::Contains("password"));
  CHECK_THAT(fault("targets: [{name: a, dsn: host=b}, {name: a, dsn: host=c}]"),
             Catch::Contains("another of targets has this name"));
  const auto checkout = [&](const std::string& keys) {
    return fault("targets: [{name: a, dsn: host=b dbname=pgbouncer, checkout: {" + keys +
                 "}}]\ncredentials: {m: {username: u}}");
  };
  CHECK(checkout("database: orders, credentials: m").empty());
  CHECK_THAT(checkout("credentials: m"), Catch::Contains("expected a database"));
  CHECK_THAT(checkout("database: pgbouncer, credentials: m"), Catch::Contains("expected a database"));
  CHECK_THAT(checkout("database: orders"), Catch::Contains("credentials of a user"));
  CHECK_THAT(checkout("database: orders, credentials: x"), Catch::Contains("checkout.credentials"));
  CHECK_THAT(checkout("database: orders, credentials: m, interval: 99ms"), Catch::Contains("100ms or more"));
  CHECK_THAT(checkout("database: orders, credentials: m, timeout: soon"), Catch::Contains("timeout"));
  CHECK_THAT(checkout("database: orders, credentials: m, sql: x"), Catch::Contains("sql"));
  CHECK_THAT(fault("credentials: {m: {password_file: /nonexistent/x}}"), Catch::Contains("/nonexistent/x"));
  CHECK_THAT(fault("credentials: {m: {password_env: BINNACLE_NOT_SET}}"), Catch::Contains("password_env"));
  CHECK_THAT(fault("credentials: {m: {password_env: A, password_file: b}}"), Catch::Contains("excludes"));
}

TEST_CASE("one target needs no name, several get their address as one", "[targets]") {
  const TargetSpec one{{}, Kind::postgres, parse_conninfo("host=db1 dbname=a")};
  const TargetSpec two{{}, Kind::postgres, parse_conninfo("host=db2 dbname=a")};
  const TargetSpec named{"orders", Kind::postgres, parse_conninfo("host=db3")};
  CHECK(name_targets({one}, {}).front().name.empty());
  CHECK(name_targets({}, {named}).front().name == "orders");
  const auto all = name_targets({one, two}, {named});
  CHECK(all[0].name == "db1:5432/a");
  CHECK(all[2].name == "orders");
  CHECK_THROWS_WITH(name_targets({one, one}, {}), Catch::Contains("two targets are db1:5432/a"));
  CHECK_THROWS_WITH(name_targets({}, {}), Catch::Contains("no server to read"));
}
