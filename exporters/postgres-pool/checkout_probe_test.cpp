// SPDX-License-Identifier: Apache-2.0
#include "checkout_probe.h"

#include <catch2/catch.hpp>
#include <optional>

#include "core/captured_stderr.h"
#include "test_rows.h"
#include "test_silent_server.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

double attempts(const CheckoutProbe& probe) {
  Output out;
  probe.report(out);
  return value_of(out.families, "pg_pool_checkout_attempts_total").value_or(-1);
}

CheckoutProbe::Settings settings(int port, std::chrono::milliseconds timeout) {
  return {parse_conninfo("host=127.0.0.1 user=app sslmode=disable password=hunter2 port=" + std::to_string(port)), 1ms,
          timeout};
}

void wait_for_attempts(const CheckoutProbe& probe, double count) {
  const auto limit = Clock::now() + 60s;
  while (attempts(probe) < count && Clock::now() < limit) std::this_thread::sleep_for(1ms);
  REQUIRE(attempts(probe) >= count);
}

}  // namespace

TEST_CASE("a probe checks out again and again, and tells of a failure once", "[checkout]") {
  std::optional<SilentServer> server{std::in_place};
  const int port = server->port();
  server.reset();
  CapturedStderr captured;
  {
    const CheckoutProbe probe{"orders", settings(port, 1min)};
    wait_for_attempts(probe, 3);
  }
  const auto lines = captured.lines();
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::Contains("checkout failed") && Catch::Contains("target=orders") &&
                           Catch::Contains("sqlstate_class=08") && !Catch::Contains("hunter2"));
}

TEST_CASE("a probe that waits for an answer can be ended", "[checkout]") {
  const SilentServer server;
  { const CheckoutProbe probe{"orders", settings(server.port(), 24h)}; }
  CapturedStderr captured;
  const CheckoutProbe probe{"orders", settings(server.port(), 1ms)};
  wait_for_attempts(probe, 2);
}
