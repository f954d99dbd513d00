// SPDX-License-Identifier: Apache-2.0
#include "key_commands.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Requests = std::vector<std::string>;

namespace {

std::shared_ptr<RedisSession> session_of(const TestRedis& redis) {
  return std::make_shared<RedisSession>(RedisSession::Settings{redis.address(), {}, ""});
}

}  // namespace

TEST_CASE("keys are asked for in their databases, and the connection goes back to the first", "[key_commands]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"SELECT 0", "+OK\r\n"},
                   {"SELECT 3", "+OK\r\n"},
                   {"LLEN a", ":1\r\n"},
                   {"LLEN b", ":2\r\n"},
                   {"LLEN c", ":3\r\n"}}};
  const auto session = session_of(redis);
  const auto replies = ask_keys(*session, {{0, {"LLEN", "a"}}, {3, {"LLEN", "b"}}, {3, {"LLEN", "c"}}}, scrape());
  REQUIRE(replies.size() == 3);
  CHECK(replies[0].integer == 1);
  CHECK(replies[1].integer == 2);
  CHECK(replies[2].integer == 3);
  CHECK(ask_keys(*session, {}, scrape()).empty());
  CHECK(redis.requests() == Requests{"PING", "LLEN a|SELECT 3|LLEN b|LLEN c|SELECT 0"});
}

TEST_CASE("what follows a SELECT that failed is not taken for that database's", "[key_commands]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"SELECT 0", "+OK\r\n"},
                   {"SELECT 99", "-ERR DB index is out of range\r\n"},
                   {"LLEN a", ":1\r\n"}}};
  CHECK_THROWS_WITH(ask_keys(*session_of(redis), {{99, {"LLEN", "a"}}}, scrape()),
                    Contains("DB index is out of range"));
}

TEST_CASE("an error that is about a key stays with it, any other fails all", "[key_commands]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"LLEN a", "-WRONGTYPE Operation against a key\r\n"}, {"LLEN b", ":2\r\n"}}};
  const auto session = session_of(redis);
  const std::vector<KeyCommand> both{{0, {"LLEN", "a"}}, {0, {"LLEN", "b"}}};
  for (const auto* const error : {"-WRONGTYPE x\r\n", "-MOVED 7 10.0.0.1:6379\r\n", "-ERR no such key\r\n",
                                  "-NOPERM No permissions to access a key\r\n"}) {
    redis.set("LLEN a", error);
    const auto replies = ask_keys(*session, both, scrape());
    CHECK(replies[0].is_error());
    CHECK(replies[1].integer == 2);
  }
  redis.set("LLEN a", "-CLUSTERDOWN The cluster is down\r\n");
  CHECK_THROWS_WITH(ask_keys(*session, both, scrape()), Contains("CLUSTERDOWN"));
  redis.set("LLEN a", "-LOADING Redis is loading the dataset in memory\r\n");
  CHECK_THROWS_AS(ask_keys(*session, both, scrape()), RedisError);
}

TEST_CASE("very many keys go in several turns", "[key_commands]") {
  const std::string ping = "*1\r\n$4\r\nPING\r\n";
  const std::string length = "*2\r\n$4\r\nLLEN\r\n$1\r\na\r\n";
  std::string received;
  TestServer server{[&](std::string_view request) {
    received += request;
    std::string out;
    for (;;) {
      const bool is_ping = received.starts_with(ping);
      if (!is_ping && !received.starts_with(length)) return std::optional{out};  // nothing, or not the whole of one
      received.erase(0, is_ping ? ping.size() : length.size());
      out += is_ping ? "+PONG\r\n" : ":1\r\n";
    }
  }};
  RedisSession session{{server.address(), {}, ""}};
  const std::vector<KeyCommand> wanted(2500, {0, {"LLEN", "a"}});
  CHECK(ask_keys(session, wanted, scrape()).size() == 2500);
}

TEST_CASE("keys of another node, or that are forbidden, are not asked for at each scrape", "[key_commands]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"TYPE here", "+list\r\n"},
                   {"TYPE none", "+none\r\n"},
                   {"TYPE there", "-MOVED 7 10.0.0.1:6379\r\n"},
                   {"TYPE secret", "-NOPERM No permissions to access a key\r\n"}}};
  KeyTypes types{session_of(redis)};
  const std::vector<KeyName> keys{{0, "here"}, {0, "none"}, {0, "secret"}, {0, "there"}};
  for (int round = 0; round < 2; ++round) {
    CHECK(types.ask(keys, scrape()) == std::vector<std::string>{"list", "none", "", ""});
  }
  CHECK(redis.requests() ==
        Requests{"PING", "TYPE here|TYPE none|TYPE secret|TYPE there", "PING", "TYPE here|TYPE none"});
}
