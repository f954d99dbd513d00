// SPDX-License-Identifier: Apache-2.0
#include "conninfo.h"

#include <catch2/catch.hpp>

#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("a connection string is read in both forms, with its password apart", "[conninfo]") {
  const auto pairs = parse_conninfo("host=db1 port=6432 dbname=orders user=mon password='a b\\'c' sslmode=disable");
  CHECK(pairs.get("host") == "db1");
  CHECK(pairs.get("sslmode") == "disable");
  CHECK(pairs.get("password").empty());
  CHECK(pairs.name() == "db1:6432/orders");
  REQUIRE(pairs.password);
  CHECK(pairs.password->reveal() == "a b'c");

  const auto uri = parse_conninfo("postgresql://mon:p%40ss%2Fword@db1:6432/orders?sslmode=require");
  CHECK(uri.get("user") == "mon");
  CHECK(uri.get("dbname") == "orders");
  CHECK(uri.get("sslmode") == "require");
  REQUIRE(uri.password);
  CHECK(uri.password->reveal() == "p@ss/word");
}

TEST_CASE("what a connection string leaves out has libpq's defaults in its name", "[conninfo]") {
  CHECK(parse_conninfo("").name() == "localhost:5432/");
  CHECK(parse_conninfo("hostaddr=10.0.0.1 user=mon").name() == "10.0.0.1:5432/mon");
  CHECK(parse_conninfo("host=/run/postgresql dbname=a").name() == "/run/postgresql:5432/a");
}

TEST_CASE("a bad connection string is an error that repeats none of it", "[conninfo]") {
  const auto fault = [](const std::string& dsn) -> std::string {
    try {
      parse_conninfo(dsn);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  };
  CHECK_THAT(fault("password=one hunter2"), Catch::Contains("no \"=\""));
  CHECK_THAT(fault("password='hunter2"), Catch::Contains("quote is not closed"));
  CHECK_THAT(fault("postgresql://a:hunter2%zz@b/c"), Catch::Contains("percent sign"));
  CHECK_THAT(fault("host=a hunter2=b"), Catch::Contains("libpq does not know"));
  CHECK_THAT(fault("postgresql://[hunter2"), Catch::Contains("malformed"));
  for (const auto* dsn : {"password=one hunter2", "password='hunter2", "postgresql://a:hunter2%zz@b/c",
                          "host=a hunter2=b", "postgresql://[hunter2"}) {
    CHECK_THAT(fault(dsn), !Catch::Contains("hunter2"));
  }
}

TEST_CASE("a password comes from where it was said to, as it is now", "[conninfo]") {
  const TestFolder folder;
  const auto file = folder.write("password", "first\n");
  const auto password = Password::from_file(file);
  CHECK(password.reveal() == "first");
  CHECK(folder.replace("password", "second\n") == file);
  CHECK(password.reveal() == "second");

  const auto dsn = folder.write("dsn", "postgresql://mon:third@db1/orders\n");
  CHECK(password_of_dsn_file(dsn).reveal() == "third");
  CHECK(Password::from_file(file) == password);
  CHECK_FALSE(Password::from_file(dsn) == password_of_dsn_file(dsn));
}

TEST_CASE("connection strings are separated by commas, hosts of one string are not", "[conninfo]") {
  using Dsns = std::vector<std::string>;
  CHECK(split_dsns("").empty());
  CHECK(split_dsns("port=5432,port=6432") == Dsns{"port=5432", "port=6432"});
  CHECK(split_dsns("host=a,b port=1,2") == Dsns{"host=a,b port=1,2"});
  CHECK(split_dsns("postgresql://a,b/c, postgres://d/e") == Dsns{"postgresql://a,b/c", "postgres://d/e"});
}
