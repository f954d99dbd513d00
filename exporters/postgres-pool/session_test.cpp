// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

/// What a fake server does; shared by its connector and its links.
struct Server {
  int connects = 0;
  int open = 0;
  bool refuses = false;
  bool broken = false;  // the links that are open now
  std::function<void()> answer = [] {};
};

class FakeLink final : public Link {
 public:
  explicit FakeLink(Server& server) : server_(server) { ++server_.open; }
  ~FakeLink() override { --server_.open; }
  Rows query(std::string_view sql, Clock::time_point /*deadline*/) override {
    if (server_.broken) throw std::runtime_error("server closed the connection");
    server_.answer();
    Rows rows{{"sql"}};
    rows.add({std::string{sql}});
    return rows;
  }
  [[nodiscard]] int version() const override { return 150'018; }
  [[nodiscard]] bool usable() const override { return !server_.broken; }

 private:
  Server& server_;
};

class FakeConnector final : public Connector {
 public:
  explicit FakeConnector(Server& server) : server_(server) {}
  std::unique_ptr<Link> connect(Clock::time_point /*deadline*/) override {
    ++server_.connects;
    if (server_.refuses) throw std::runtime_error("connection refused");
    server_.broken = false;
    return std::make_unique<FakeLink>(server_);
  }

 private:
  Server& server_;
};

Clock::time_point in(std::chrono::milliseconds time) { return Clock::now() + time; }

}  // namespace

TEST_CASE("one connection serves all statements", "[session]") {
  Server server;
  Session session{std::make_unique<FakeConnector>(server)};
  CHECK(session.version(in(10s)) == 150'018);
  CHECK(session.query("SELECT 1", in(10s))[0].text("sql") == "SELECT 1");
  session.query("SELECT 2", in(10s));
  CHECK(server.connects == 1);
  CHECK(server.open == 1);
}

TEST_CASE("a kept connection that broke is replaced within the same statement", "[session]") {
  Server server;
  Session session{std::make_unique<FakeConnector>(server)};
  session.query("SELECT 1", in(10s));
  server.broken = true;
  CHECK(session.query("SELECT 2", in(10s)).size() == 1);
  CHECK(server.connects == 2);
  CHECK(server.open == 1);
}

TEST_CASE("a new connection that breaks is no reason for another", "[session]") {
  Server server;
  server.answer = [&] {
    server.broken = true;
    throw std::runtime_error("server closed the connection");
  };
  Session session{std::make_unique<FakeConnector>(server)};
  CHECK_THROWS_WITH(session.query("SELECT 1", in(10s)), "server closed the connection");
  CHECK(server.connects == 1);
  CHECK(server.open == 0);
}

TEST_CASE("an error of a statement leaves the connection", "[session]") {
  Server server;
  Session session{std::make_unique<FakeConnector>(server)};
  server.answer = [] { throw SqlError{"permission denied", "42501"}; };
  CHECK_THROWS_AS(session.query("SELECT 1", in(10s)), SqlError);
  server.answer = [] {};
  session.query("SELECT 1", in(10s));
  CHECK(server.connects == 1);
}

TEST_CASE("a statement that ran out of time is not repeated", "[session]") {
  Server server;
  Session session{std::make_unique<FakeConnector>(server)};
  session.query("SELECT 1", in(10s));
  server.answer = [&] {
    server.broken = true;
    throw Timeout{"too slow"};
  };
  CHECK_THROWS_AS(session.query("SELECT 2", in(10s)), Timeout);
  CHECK(server.connects == 1);
  CHECK(server.open == 0);
}

TEST_CASE("a scrape tries to connect once, the next scrape again", "[session]") {
  Server server;
  server.refuses = true;
  Session session{std::make_unique<FakeConnector>(server)};
  const auto deadline = in(10s);
  CHECK_THROWS_WITH(session.query("SELECT 1", deadline), "connection refused");
  CHECK_THROWS_WITH(session.version(deadline), "connection refused");
  CHECK(server.connects == 1);
  server.refuses = false;
  session.query("SELECT 1", in(11s));
  CHECK(server.connects == 2);
}

TEST_CASE("nothing is started when no time is left", "[session]") {
  Server server;
  Session session{std::make_unique<FakeConnector>(server)};
  CHECK_THROWS_AS(session.query("SELECT 1", in(-1ms)), Timeout);
  CHECK_THROWS_AS(session.version(in(100ms)), Timeout);  // a scrape ends no sooner than its collectors
  CHECK(server.connects == 0);
}

TEST_CASE("a connection that is still in use is never shared", "[session]") {
  Server server;
  std::atomic<bool> started = false;
  std::atomic<bool> release = false;
  server.answer = [&] {
    started = true;
    while (!release) std::this_thread::sleep_for(1ms);
  };
  Session session{std::make_unique<FakeConnector>(server)};
  std::thread blocked{[&] { session.query("SELECT slow", in(1h)); }};
  while (!started) std::this_thread::sleep_for(1ms);
  CHECK_THROWS_WITH(session.query("SELECT 1", in(170ms)), Catch::Contains("still busy"));
  release = true;
  CHECK(session.query("SELECT 1", in(1h)).size() == 1);
  blocked.join();
  CHECK(server.connects == 1);
}
