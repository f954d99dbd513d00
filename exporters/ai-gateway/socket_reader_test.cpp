// SPDX-License-Identifier: Apache-2.0
#include "socket_reader.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <catch2/catch.hpp>
#include <string>

namespace binnacle::gateway {

namespace {

using namespace std::chrono_literals;

auto now() { return std::chrono::steady_clock::now(); }

/// Two ends of a connection. What runs on the loop ends with it.
struct Pair {
  Pair() {
    asio::ip::tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
    there.connect(acceptor.local_endpoint());
    acceptor.accept(here);
    here.non_blocking(true);
  }

  /// Until nothing is left to be done, or `done`.
  template <typename Condition>
  void run_until(Condition done) {
    const auto limit = now() + 60s;
    while (!done() && now() < limit) {
      loop.restart();
      loop.run_one_for(20ms);
    }
    REQUIRE(done());
  }

  void say(const std::string& text) { asio::write(there, asio::buffer(text)); }

  asio::io_context loop{1};
  Socket here{loop.get_executor()};
  Socket there{loop.get_executor()};
};

struct Reading {
  explicit Reading(Pair& pair) : deadline(pair.here), reader(pair.here, 16) {}

  void begin(Pair& pair, std::chrono::steady_clock::time_point until) {
    result.reset();
    asio::co_spawn(pair.loop.get_executor(), read(until), asio::detached);
  }
  Task<void> read(std::chrono::steady_clock::time_point until) { result = co_await reader.read(deadline, until); }
  std::string take() {
    std::string text{bytes_in(reader.buffer())};
    reader.buffer().consume(text.size());
    return text;
  }

  Deadline deadline;
  SocketReader reader;
  std::optional<error_code> result;
};

}  // namespace

TEST_CASE("a read takes what comes") {
  Pair pair;
  Reading one{pair};
  one.begin(pair, now() + 1h);
  pair.say("first");
  pair.run_until([&] { return one.result.has_value(); });
  CHECK(!*one.result);
  CHECK(one.take() == "first");
  one.begin(pair, now() + 1h);
  pair.there.close();
  pair.run_until([&] { return one.result.has_value(); });
  CHECK(*one.result == asio::error::eof);
}

TEST_CASE("a read whose time is over closes the socket") {
  Pair pair;
  Reading one{pair};
  SECTION("with the first time") { one.begin(pair, now() + 20ms); }
  SECTION("with a time that is before the one that was waited for") {
    pair.say("x");
    one.begin(pair, now() + 1h);
    pair.run_until([&] { return one.result.has_value(); });
    one.take();
    one.begin(pair, now() + 20ms);
  }
  pair.run_until([&] { return one.result.has_value(); });
  CHECK(*one.result == beast::error::timeout);
  CHECK(!pair.here.is_open());
}

TEST_CASE("the time of a read that has ended is over for nobody") {
  Pair pair;
  Reading one{pair};
  const auto until = now() + 50ms;
  pair.say("x");
  one.begin(pair, until);
  pair.run_until([&] { return one.result.has_value(); });
  REQUIRE(!*one.result);
  one.take();
  SECTION("between two reads") {
    pair.run_until([&] { return now() > until + 50ms; });
    CHECK(pair.here.is_open());
  }
  SECTION("of the next read") {
    one.begin(pair, now() + 1h);
    pair.run_until([&] { return now() > until + 50ms; });
    CHECK(!one.result);
    pair.say("y");
    pair.run_until([&] { return one.result.has_value(); });
    CHECK(!*one.result);
    CHECK(one.take() == "y");
  }
}

TEST_CASE("what comes while nobody reads is kept for the next read") {
  Pair pair;
  Reading one{pair};
  int ended = 0;
  one.reader.read_ahead([&] { ++ended; });
  CHECK(one.reader.quiet());
  SECTION("bytes") {
    pair.say("early");
    pair.run_until([&] { return one.reader.buffer().size() > 0; });
    CHECK(!one.reader.quiet());
    CHECK(ended == 0);
    CHECK(one.take() == "early");
  }
  SECTION("the end") {
    pair.there.close();
    pair.run_until([&] { return !one.reader.quiet(); });
    CHECK(ended == 1);
    one.begin(pair, now() + 1h);
    pair.run_until([&] { return one.result.has_value(); });
    CHECK(*one.result == asio::error::eof);
    CHECK(ended == 1);
  }
  SECTION("the end, when nobody wants to know any more") {
    one.reader.forget();
    pair.there.close();
    pair.run_until([&] { return !one.reader.quiet(); });
    CHECK(ended == 0);
  }
  SECTION("a read takes over the one that is under way") {
    one.begin(pair, now() + 1h);
    pair.loop.poll();
    CHECK(!one.result);
    pair.say("late");
    pair.run_until([&] { return one.result.has_value(); });
    CHECK(!*one.result);
    CHECK(one.take() == "late");
  }
}

TEST_CASE("more is read at once where much is to come") {
  Pair pair;
  Reading one{pair};
  pair.say(std::string(1000, 'x'));
  one.reader.expect(1000);
  one.begin(pair, now() + 1h);
  pair.run_until([&] { return one.result.has_value(); });
  CHECK(one.take().size() == 1000);
  one.reader.read_ahead(nullptr);
  CHECK(one.reader.buffer().capacity() < 1000);
}

TEST_CASE("a reader that waits goes with its loop") {
  const auto wait = [](Socket socket, bool& began) -> Task<void> {
    Deadline deadline{socket};
    SocketReader reader{socket, 16};
    began = true;
    co_await reader.read(deadline, now() + 1h);
  };
  bool began = false;
  Pair pair;
  asio::co_spawn(pair.loop.get_executor(), wait(std::move(pair.here), began), asio::detached);
  pair.loop.poll();
  CHECK(began);
}

TEST_CASE("a reader that goes leaves its read to the loop") {
  Pair pair;
  {
    Reading one{pair};
    one.reader.read_ahead([] { FAIL("nobody is there to be told"); });
  }
  pair.here.close();
  pair.loop.poll();
}

}  // namespace binnacle::gateway
