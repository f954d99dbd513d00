// SPDX-License-Identifier: Apache-2.0
#include "memcached_session.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "core/test_families.h"
#include "core/test_server.h"
#include "memcached_collectors.h"

using namespace binnacle;
using namespace binnacle::cache;
using Catch::Matchers::Contains;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kVersion = "VERSION 1.6.18\r\n";
const std::string kAll =
    "STAT pid 1\r\nSTAT curr_items 7\r\nEND\r\nSTAT maxconns 9\r\nEND\r\nSTAT items:1:number 7\r\nEND\r\n"
    "STAT active_slabs 1\r\nEND\r\n";

/// Answers `version` and the four `stats` with what it is told.
class Memcached {
 public:
  explicit Memcached(std::string stats = kAll, std::string greeting = {})
      : stats_(std::move(stats)),
        server_([this](std::string_view request) { return answer(request); }, std::move(greeting)) {}
  [[nodiscard]] Address address() const { return server_.address(); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  [[nodiscard]] int requests() const { return requests_; }
  void hang_up_once() { hang_up_ = true; }
  void stats(std::string text) {
    const std::scoped_lock lock{mutex_};
    stats_ = std::move(text);
  }

 private:
  std::optional<std::string> answer(std::string_view request) {
    ++requests_;
    if (hang_up_.exchange(false)) return std::nullopt;
    const std::scoped_lock lock{mutex_};
    if (request == "version\r\n") return kVersion;
    if (request == "stats\r\nstats settings\r\nstats items\r\nstats slabs\r\n") return stats_;
    return "ERROR\r\n";
  }

  std::mutex mutex_;
  std::string stats_;
  std::atomic<bool> hang_up_ = false;
  std::atomic<int> requests_ = 0;
  TestServer server_;
};

Clock::time_point in(milliseconds time) { return Clock::now() + time; }

}  // namespace

TEST_CASE("a scrape takes two round trips on one connection", "[memcached]") {
  Memcached server;
  MemcachedSession session{server.address()};
  for (int scrape = 1; scrape <= 3; ++scrape) {
    const auto deadline = in(seconds{20});
    CHECK(session.stats(StatsCommand::slabs, deadline) == "STAT active_slabs 1\r\n");
    CHECK(session.stats(StatsCommand::server, deadline) == "STAT pid 1\r\nSTAT curr_items 7\r\n");
    CHECK(session.stats(StatsCommand::settings, deadline) == "STAT maxconns 9\r\n");
    CHECK(session.stats(StatsCommand::items, deadline) == "STAT items:1:number 7\r\n");
    CHECK(server.requests() == 2 * scrape);
    CHECK(session.round_trips(deadline).version.count() == static_cast<std::uint64_t>(scrape));
  }
  CHECK(server.connections() == 1);
  CHECK(session.round_trips(in(seconds{20})).connect.count() == 1);
}

TEST_CASE("replies that nobody asked for are not taken for the next scrape's", "[memcached]") {
  Memcached server;
  MemcachedSession session{server.address()};
  CHECK(session.stats(StatsCommand::server, in(seconds{20})) == "STAT pid 1\r\nSTAT curr_items 7\r\n");
  CHECK(session.stats(StatsCommand::items, in(seconds{20})) == "STAT items:1:number 7\r\n");
  CHECK(session.stats(StatsCommand::server, in(seconds{20})) == "STAT pid 1\r\nSTAT curr_items 7\r\n");
  CHECK(server.connections() == 1);
}

TEST_CASE("a kept connection that was closed is made anew in the same scrape", "[memcached]") {
  Memcached server;
  MemcachedSession session{server.address()};
  session.stats(StatsCommand::slabs, in(seconds{20}));
  server.hang_up_once();
  CHECK(session.stats(StatsCommand::slabs, in(seconds{20})) == "STAT active_slabs 1\r\n");
  CHECK(server.connections() == 2);
}

TEST_CASE("a half answer ends at the deadline, for all of the scrape, and the next scrape is well", "[memcached]") {
  Memcached server{"STAT pid 1\r\nEND\r\nSTAT maxconns"};
  MemcachedSession session{server.address()};
  const auto start = Clock::now();
  const auto deadline = in(milliseconds{500});
  CHECK(session.stats(StatsCommand::server, deadline) == "STAT pid 1\r\n");
  CHECK_THROWS_AS(session.stats(StatsCommand::settings, deadline), Timeout);
  CHECK_THROWS_AS(session.stats(StatsCommand::items, deadline), Timeout);
  CHECK(Clock::now() - start < seconds{15});
  server.stats(kAll);
  CHECK(session.stats(StatsCommand::slabs, in(seconds{20})) == "STAT active_slabs 1\r\n");
  CHECK(server.connections() == 2);
}

TEST_CASE("a reply without end is cut off", "[memcached]") {
  Memcached server{std::string(5U << 20U, 'x')};
  MemcachedSession session{server.address()};
  CHECK_THROWS_WITH(session.stats(StatsCommand::server, in(seconds{20})), Contains("longer than 4 MiB"));
}

TEST_CASE("a full server says so", "[memcached]") {
  TestServer server{[](std::string_view) { return std::nullopt; }, "ERROR Too many open connections\r\n"};
  MemcachedSession session{server.address()};
  CHECK_THROWS_WITH(session.stats(StatsCommand::server, in(seconds{20})), Contains("Too many open connections"));
}

TEST_CASE("a server that wants a login", "[memcached]") {
  TestServer server{[](std::string_view) { return "CLIENT_ERROR unauthenticated\r\n"; }};
  MemcachedSession session{server.address()};
  CHECK_THROWS_WITH(session.stats(StatsCommand::server, in(seconds{20})), Contains("wants a login"));
}

TEST_CASE("nobody listens", "[memcached]") {
  Address address;
  {
    const Memcached gone;
    address = gone.address();
  }
  MemcachedSession session{address};
  const auto deadline = in(seconds{20});
  CHECK_THROWS_WITH(session.stats(StatsCommand::server, deadline), Contains("cannot connect"));
  CHECK_THROWS_WITH(session.stats(StatsCommand::slabs, deadline), Contains("cannot connect"));
}

TEST_CASE("collectors of Memcached", "[memcached]") {
  Memcached server{"STAT version 1.4\r\nEND\r\nERROR\r\nSERVER_ERROR out of memory\r\nSTAT active_slabs 1\r\nEND\r\n"};
  const auto collectors = make_memcached_collectors(server.address());
  REQUIRE(collectors.size() == 4);
  REQUIRE(memcached_collector_kinds().size() == 4);
  for (std::size_t at = 0; at < 4; ++at) CHECK(collectors[at].name == memcached_collector_kinds()[at].name);
  CHECK(collectors[0].name == kMemcachedUpCollector);

  const ScrapeContext scrape{in(seconds{20})};
  Output server_out;
  collectors[0].collector->collect(scrape, server_out);
  CHECK(value_of(server_out, "memcached_version", {{"version", "1.4"}}) == 1);
  CHECK(series_of(server_out, "memcached_version_duration_seconds") == 1);
  CHECK(series_of(server_out, "memcached_connect_duration_seconds") == 1);
  Output out;
  CHECK_THROWS_AS(collectors[1].collector->collect(scrape, out), NotApplicable);
  CHECK_THROWS_AS(collectors[2].collector->collect(scrape, out), MemcachedError);
  collectors[3].collector->collect(scrape, out);
  CHECK(value_of(out, "memcached_slab_classes") == 1);
  for (const auto& rule : memcached_health_rules()) CHECK(rule.collector == kMemcachedUpCollector);
}
