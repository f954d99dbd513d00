// SPDX-License-Identifier: Apache-2.0
#include "checkout.h"

#include <sys/eventfd.h>

#include <catch2/catch.hpp>
#include <set>

#include "core/unique_fd.h"
#include "test_silent_server.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

Conninfo server_at(int port) {
  return parse_conninfo("host=127.0.0.1 user=app dbname=orders sslmode=disable port=" + std::to_string(port));
}

}  // namespace

TEST_CASE("errors are counted by their SQLSTATE's class", "[checkout]") {
  CHECK(checkout_error_class("08P01") == "08");
  CHECK(checkout_error_class("28P01") == "28");
  CHECK(checkout_error_class("53300") == "53");
  CHECK(checkout_error_class("57P01") == "57");
  CHECK(checkout_error_class("XX000") == "XX");
  CHECK(checkout_error_class("25P02") == "other");
  CHECK(checkout_error_class("") == "08");
  CHECK(std::set<std::string_view>(kCheckoutErrors.begin(), kCheckoutErrors.end()).size() == kCheckoutErrors.size());
}

TEST_CASE("a failed login's message has its SQLSTATE", "[checkout]") {
  CHECK(sqlstate_in("connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication "
                    "failed for user \"app\"\nLOCATION:  auth_failed, auth.c:326\n") == "28P01");
  CHECK(sqlstate_in("FATAL:  08P01: query_wait_timeout") == "08P01");
  CHECK(sqlstate_in("a:  b FATAL:  53300: sorry") == "53300");
  CHECK(sqlstate_in("connection to server at \"127.0.0.1\", port 1 failed: Connection refused").empty());
  CHECK(sqlstate_in("FATAL:  password authentication failed").empty());
  CHECK(sqlstate_in("FATAL:  28p01: lower case").empty());
  CHECK(sqlstate_in("FATAL:  28P0").empty());
  CHECK(sqlstate_in("").empty());
}

TEST_CASE("a checkout of a silent server ends in time, and counts the time that it took", "[checkout]") {
  const SilentServer server;
  const UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  Checkout checkout{server_at(server.port()), stop.get()};
  const auto result = checkout.run(50ms);
  CHECK(result.error_class == "timeout");
  REQUIRE(result.phases[0]);
  CHECK(*result.phases[0] >= 0.049);
  CHECK(!result.phases[1]);
  CHECK(!result.phases[2]);
  REQUIRE(result.total);
  CHECK(*result.total >= *result.phases[0]);
}

TEST_CASE("a checkout that ran out of time keeps its place in the queue", "[checkout]") {
  SilentServer server;
  const UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  {
    Checkout checkout{server_at(server.port()), stop.get()};
    for (int run = 0; run < 3; ++run) {
      const auto result = checkout.run(20ms);
      CHECK(result.error_class == "timeout");
      CHECK(result.phases[0].value_or(0) >= 0.019);
    }
    CHECK(server.accept_all() == 1);
    server.close_all();
    // A connection that ends gives the place up: this run fails, and the next connects anew.
    CHECK(checkout.run(1min).error_class == "08");
    CHECK(server.accept_all() == 0);
    CHECK(checkout.run(20ms).error_class == "timeout");
    CHECK(server.accept_all() == 1);
  }
}

TEST_CASE("a checkout of a server that refuses has an error and no time", "[checkout]") {
  int port = 0;
  {
    const SilentServer gone;
    port = gone.port();
  }
  const UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  Checkout checkout{server_at(port), stop.get()};
  const auto result = checkout.run(1min);
  CHECK(result.error_class == "08");
  CHECK(result.message.find("refused") != std::string::npos);
  CHECK(!result.phases[0]);
  CHECK(!result.total);
}

TEST_CASE("a checkout stops when it is told to", "[checkout]") {
  const SilentServer server;
  const UniqueFd stop{::eventfd(1, EFD_CLOEXEC)};
  Checkout checkout{server_at(server.port()), stop.get()};
  CHECK_THROWS_AS(checkout.run(1h), CheckoutStopped);
}
