// SPDX-License-Identifier: Apache-2.0
#include "statement_collector.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

/// What a fake server was asked, and how it answers.
struct Server {
  std::vector<std::string> asked;
  bool refuses = false;
  std::string sqlstate;  ///< of the error it answers with; empty: it answers
};

class FakeLink final : public Link {
 public:
  explicit FakeLink(Server& server) : server_(server) {}
  Rows query(std::string_view sql, Clock::time_point /*deadline*/) override {
    server_.asked.emplace_back(sql);
    if (!server_.sqlstate.empty()) throw SqlError("canceling statement", server_.sqlstate);
    return rows_of("value\n" + std::to_string(server_.asked.size()) + "\n");
  }
  [[nodiscard]] int version() const override { return 150'018; }
  [[nodiscard]] bool usable() const override { return true; }

 private:
  Server& server_;
};

class FakeConnector final : public Connector {
 public:
  explicit FakeConnector(Server& server) : server_(server) {}
  std::unique_ptr<Link> connect(Clock::time_point /*deadline*/) override {
    if (server_.refuses) throw std::runtime_error("connection refused");
    return std::make_unique<FakeLink>(server_);
  }

 private:
  Server& server_;
};

void add_value(const Rows& rows, Families& families) {
  families.gauge("test_value", "A value.").add(rows[0].number("value").value_or(-1));
}

std::shared_ptr<Session> session_of(Server& server) {
  return std::make_shared<Session>(std::make_unique<FakeConnector>(server));
}

/// The value that one scrape gives.
std::optional<double> scrape(Collector& collector) {
  Output out;
  collector.collect({Clock::now() + 10s}, out);
  return value_of(out, "test_value");
}

}  // namespace

TEST_CASE("a statement is asked at each scrape, and made from the server's version", "[statement]") {
  Server server;
  const auto collector = make_statement_collector(
      session_of(server), [](int version) { return "SELECT " + std::to_string(version); }, add_value);
  CHECK(scrape(*collector) == 1);
  CHECK(scrape(*collector) == 2);
  CHECK(server.asked == std::vector<std::string>(2, "SELECT 150018"));
}

TEST_CASE("an answer is kept for its time", "[statement]") {
  Server server;
  const auto hour = make_statement_collector(session_of(server), "SELECT 1", add_value, 1h);
  CHECK(scrape(*hour) == 1);
  CHECK(scrape(*hour) == 1);
  const auto moment = make_statement_collector(session_of(server), "SELECT 1", add_value, 1ms);
  scrape(*moment);
  const auto begun = Clock::now();
  while (Clock::now() < begun + 2ms) continue;
  scrape(*moment);
  CHECK(server.asked.size() == 3);
}

TEST_CASE("what is kept is not served without a server", "[statement]") {
  Server server;
  const auto session = session_of(server);
  const auto collector = make_statement_collector(session, "SELECT 1", add_value, 1h);
  server.refuses = true;
  CHECK_THROWS_WITH(scrape(*collector), "connection refused");
  server.refuses = false;
  CHECK(scrape(*collector) == 1);
}

TEST_CASE("a statement that took too long is left alone for as long as answers are kept", "[statement]") {
  Server server;
  server.sqlstate = "57014";
  const auto kept = make_statement_collector(session_of(server), "SELECT 1", add_value, 1h);
  CHECK_THROWS_AS(scrape(*kept), SqlError);
  server.sqlstate.clear();
  CHECK_THROWS_WITH(scrape(*kept), Catch::Contains("took too long"));
  CHECK(server.asked.size() == 1);
}

TEST_CASE("any other error is tried again at the next scrape", "[statement]") {
  Server server;
  server.sqlstate = "55P03";
  const auto kept = make_statement_collector(session_of(server), "SELECT 1", add_value, 1h);
  CHECK_THROWS_AS(scrape(*kept), SqlError);
  server.sqlstate.clear();
  CHECK(scrape(*kept) == 2);
}
