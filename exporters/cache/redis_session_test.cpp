// SPDX-License-Identifier: Apache-2.0
#include "redis_session.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Requests = std::vector<std::string>;

namespace {

RedisSession::Settings settings(const TestRedis& redis) { return {redis.address(), {}, ""}; }

const std::string kInfo = "# Server\r\nredis_version:7.0.15\r\n";

}  // namespace

TEST_CASE("from its second scrape on, a session takes two round trips", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"INFO everything", bulk(kInfo)}, {"SLOWLOG LEN", ":3\r\n"}}};
  RedisSession session{settings(redis)};
  for (int round = 0; round < 3; ++round) {
    const auto deadline = scrape();
    session.ping(deadline);
    CHECK(session.info(deadline)->get("redis_version") == "7.0.15");
    CHECK(session.ask({"SLOWLOG", "LEN"}, deadline).integer == 3);
    CHECK(session.info(deadline)->get("redis_version") == "7.0.15");
  }
  CHECK(redis.requests() == Requests{"PING", "INFO everything", "SLOWLOG LEN", "PING", "INFO everything|SLOWLOG LEN",
                                     "PING", "INFO everything|SLOWLOG LEN"});
  CHECK(redis.connections() == 1);
  const auto trips = session.round_trips(scrape());
  CHECK(trips.connect.count() == 1);
  CHECK(trips.auth.empty());
  CHECK(trips.ping.count() == 3);
}

TEST_CASE("commands that are announced go out together", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"B", ":2\r\n"}}};
  RedisSession session{settings(redis)};
  const auto deadline = scrape();
  session.announce({{"A"}, {"B"}, {"A"}}, deadline);
  CHECK(session.ask({"B"}, deadline).integer == 2);
  CHECK(session.ask({"A"}, deadline).integer == 1);
  CHECK(redis.requests() == Requests{"PING", "A|B"});
}

TEST_CASE("what nobody asked for any more is read over", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"B", ":2\r\n"}}};
  RedisSession session{settings(redis)};
  const auto first = scrape();
  session.ask({"A"}, first);
  session.ask({"B"}, first);
  session.ask({"A"}, scrape());  // B goes out too, and is not asked for
  const auto third = scrape();
  session.ping(third);
  CHECK(session.ask({"B"}, third).integer == 2);
  CHECK(redis.connections() == 1);
}

TEST_CASE("the connection gets a name, once", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"CLIENT SETNAME me", "+OK\r\n"}}};
  RedisSession session{{redis.address(), {}, "me"}};
  CHECK(session.ask({"A"}, scrape()).integer == 1);
  CHECK(session.ask({"A"}, scrape()).integer == 1);
  CHECK(redis.requests() == Requests{"PING", "A|CLIENT SETNAME me", "PING", "A"});
}

TEST_CASE("a command that the server refuses is not sent again", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"CONFIG GET a", "-NOPERM User x has no permissions\r\n"}}};
  RedisSession session{settings(redis)};
  for (int round = 0; round < 2; ++round) {
    const auto deadline = scrape();
    CHECK_THROWS_AS(session.ask({"CONFIG", "GET", "a"}, deadline), NotApplicable);
    CHECK_THROWS_WITH(session.ask({"LATENCY", "LATEST"}, deadline), "the server does not know LATENCY LATEST");
  }
  CHECK(redis.requests() == Requests{"PING", "CONFIG GET a", "LATENCY LATEST", "PING"});
}

TEST_CASE("refusals count that nobody has asked for yet", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", "-NOPERM no\r\n"}, {"B", "-NOPERM no\r\n"}}};
  RedisSession session{settings(redis)};
  for (int round = 0; round < 2; ++round) {
    const auto deadline = scrape();
    session.announce({{"A"}, {"B"}}, deadline);
    CHECK_THROWS_AS(session.ask({"A"}, deadline), NotApplicable);
  }
  session.ping(scrape());
  CHECK(redis.requests() == Requests{"PING", "A|B", "PING", "PING"});
}

TEST_CASE("an ordinary error is that command's alone", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", "-ERR not now\r\n"}, {"B", ":2\r\n"}}};
  RedisSession session{settings(redis)};
  const auto deadline = scrape();
  CHECK_THROWS_WITH(session.ask({"A"}, deadline), "the server answered: ERR not now");
  CHECK(session.ask({"B"}, deadline).integer == 2);
  redis.set("A", ":1\r\n");
  CHECK(session.ask({"A"}, scrape()).integer == 1);
}

TEST_CASE("a kept connection that was closed is opened again at once", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"B", "close"}}};
  RedisSession session{settings(redis)};
  const auto first = scrape();
  CHECK_THROWS_AS(session.ask({"B"}, first), ConnectionLost);
  CHECK_THROWS_AS(session.ask({"A"}, first), ConnectionLost);  // without a further try
  CHECK_THROWS_AS(session.ping(first), ConnectionLost);
  CHECK(redis.connections() == 1);
  CHECK(session.ask({"A"}, scrape()).integer == 1);
  CHECK(redis.connections() == 2);
  redis.set("PING", "close");
  CHECK_THROWS_AS(session.ask({"A"}, scrape()), ConnectionLost);
  CHECK(redis.connections() == 3);  // the kept one, and one more
  redis.set("PING", "+PONG\r\n");
  CHECK(session.ask({"A"}, scrape()).integer == 1);
}

TEST_CASE("what was read before the connection broke stays", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"INFO everything", bulk(kInfo)}, {"B", "close"}}};
  RedisSession session{settings(redis)};
  const auto deadline = scrape();
  session.info(deadline);
  CHECK_THROWS_AS(session.ask({"B"}, deadline), ConnectionLost);
  CHECK(session.info(deadline)->get("redis_version") == "7.0.15");
}

TEST_CASE("a server that loads its data is not up, and tells what it knows", "[redis_session]") {
  TestRedis redis{{{"PING", "-LOADING Redis is loading the dataset in memory\r\n"}, {"INFO everything", bulk(kInfo)}}};
  RedisSession session{settings(redis)};
  const auto deadline = scrape();
  CHECK_THROWS_WITH(session.ping(deadline), Contains("LOADING"));
  CHECK(session.info(deadline)->get("redis_version") == "7.0.15");
  redis.set("PING", "+PONG\r\n");
  session.ping(scrape());
  CHECK(redis.connections() == 1);
}

TEST_CASE("a server that forbids PING is up all the same", "[redis_session]") {
  TestRedis redis{{{"PING", "-NOPERM User x has no permissions to run the 'ping' command\r\n"}}};
  RedisSession session{settings(redis)};
  session.ping(scrape());
}

TEST_CASE("a server that has no room, or wants a password, fails every collector", "[redis_session]") {
  for (const auto* const reply : {"-NOAUTH Authentication required.\r\n", "-ERR max number of clients reached\r\n"}) {
    TestRedis redis{{{"PING", reply}, {"INFO everything", bulk(kInfo)}}};
    RedisSession session{settings(redis)};
    const auto deadline = scrape();
    CHECK_THROWS_AS(session.ping(deadline), RedisError);
    CHECK_THROWS_AS(session.info(deadline), RedisError);
    CHECK(redis.requests() == Requests{"PING"});
  }
}

TEST_CASE("logging in", "[redis_session]") {
  const TestFolder folder;
  const auto file = folder.write("password", "pa ss\n");
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"AUTH pa ss", "+OK\r\n"}, {"AUTH me pa ss", "+OK\r\n"}}};
  SECTION("with a password alone") {
    RedisSession session{{redis.address(), {"", Password::from_file(file)}, ""}};
    session.ping(scrape());
    CHECK(redis.requests() == Requests{"AUTH pa ss", "PING"});
    CHECK(session.round_trips(scrape()).auth.count() == 1);
  }
  SECTION("as a user") {
    RedisSession session{{redis.address(), {"me", Password::from_file(file)}, ""}};
    session.ping(scrape());
    CHECK(redis.requests() == Requests{"AUTH me pa ss", "PING"});
  }
  SECTION("with a wrong password, which no message repeats") {
    folder.write("password", "secret");
    RedisSession session{{redis.address(), {"me", Password::from_file(file)}, ""}};
    for (const auto* const reply : {"-WRONGPASS invalid username-password pair\r\n", "-ERR AUTH secret?\r\n",
                                    "-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n",
                                    "-ERR AUTH <password> called without any password configured: secret\r\n"}) {
      redis.set("AUTH me secret", reply);
      try {
        session.ping(scrape());
        FAIL("not refused");
      } catch (const std::exception& error) {
        CHECK_THAT(error.what(), !Contains("secret"));
      }
    }
    redis.set("AUTH me secret", "+OK\r\n");
    session.ping(scrape());
  }
}

TEST_CASE("a server without the newer forms of INFO is asked in the older ones", "[redis_session]") {
  SECTION("an unknown section is an empty reply") {
    TestRedis redis{{{"PING", "+PONG\r\n"}, {"INFO everything", bulk("")}, {"INFO all", bulk(kInfo)}}};
    RedisSession session{settings(redis)};
    CHECK(session.info(scrape())->get("redis_version") == "7.0.15");
    session.info(scrape());
    CHECK(redis.requests() == Requests{"PING", "INFO everything", "INFO all", "PING", "INFO all"});
  }
  SECTION("an argument is an error") {
    TestRedis redis{{{"PING", "+PONG\r\n"}, {"INFO", bulk(kInfo)}}};
    RedisSession session{settings(redis)};
    CHECK(session.info(scrape())->get("redis_version") == "7.0.15");
  }
  SECTION("there is none at all") {
    TestRedis redis{{{"PING", "+PONG\r\n"}}};
    RedisSession session{settings(redis)};
    const auto deadline = scrape();
    CHECK_THROWS_WITH(session.info(deadline), "the server does not know INFO");
    CHECK_THROWS_WITH(session.info(deadline), "the server does not know INFO");
  }
}

TEST_CASE("a silent server costs a scrape its time once", "[redis_session]") {
  TestRedis redis{{{"PING", "silence"}, {"A", ":1\r\n"}}};
  RedisSession session{settings(redis)};
  const auto deadline = Clock::now() + 300ms;
  CHECK_THROWS_AS(session.ping(deadline), Timeout);
  CHECK(Clock::now() < deadline);
  CHECK_THROWS_AS(session.ask({"A"}, deadline), Timeout);
  CHECK(session.round_trips(scrape()).ping.count() == 1);
  redis.set("PING", "+PONG\r\n");
  CHECK(session.ask({"A"}, scrape()).integer == 1);
}

TEST_CASE("what is asked once is not repeated, and leaves what was asked before it", "[redis_session]") {
  TestRedis redis{
      {{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"B", ":2\r\n"}, {"SCAN 0", ":3\r\n"}, {"SCAN 7", ":4\r\n"}}};
  RedisSession session{settings(redis)};
  const auto first = scrape();
  session.announce({{"A"}, {"B"}}, first);
  const auto replies = session.ask_once({{"SCAN", "0"}, {"SCAN", "7"}}, first);
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].integer == 3);
  CHECK(replies[1].integer == 4);
  CHECK(session.ask({"B"}, first).integer == 2);
  CHECK(session.ask({"A"}, first).integer == 1);
  const auto second = scrape();
  CHECK(session.ask_once({{"SCAN", "7"}}, second)[0].integer == 4);
  CHECK(session.ask({"A"}, second).integer == 1);
  const auto requests = redis.requests();
  CHECK(Requests{requests.end() - 3, requests.end()} == Requests{"PING", "SCAN 7", "A|B"});
}

TEST_CASE("a command that is refused once is not sent again, whatever its arguments", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", ":1\r\n"}, {"SCAN 0", "-NOPERM no\r\n"}}};
  RedisSession session{settings(redis)};
  const auto first = scrape();
  CHECK_THROWS_WITH(session.ask_once({{"A"}, {"SCAN", "0"}}, first), "the server's user may not run SCAN");
  CHECK_THROWS_AS(session.ask_once({{"SCAN", "7"}}, first), NotApplicable);
  CHECK(session.ask_once({{"A"}}, first)[0].integer == 1);
  CHECK_THROWS_AS(session.ask_once({{"A"}, {"SCAN", "0"}}, scrape()), NotApplicable);
  CHECK(redis.requests() == Requests{"PING", "A|SCAN 0", "A", "PING"});
}

TEST_CASE("errors of what is asked once", "[redis_session]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"A", "-WRONGTYPE x\r\n"}, {"B", ":2\r\n"}, {"C", "close"}}};
  RedisSession session{settings(redis)};
  const auto deadline = scrape();
  const auto replies = session.ask_once({{"A"}, {"B"}}, deadline);
  CHECK(replies[0].is_error());
  CHECK(replies[1].integer == 2);
  redis.set("A", "-BUSY a script runs\r\n");
  CHECK_THROWS_WITH(session.ask_once({{"A"}}, deadline), Contains("BUSY"));
  CHECK_THROWS_AS(session.ask_once({{"C"}}, deadline), ConnectionLost);
  CHECK_THROWS_AS(session.ask_once({{"B"}}, deadline), ConnectionLost);
  CHECK(session.ask_once({{"B"}}, scrape())[0].integer == 2);
}
