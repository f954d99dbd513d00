// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <sys/un.h>

#include <catch2/catch.hpp>

#include "test_folder.h"
#include "test_server.h"

using namespace binnacle;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Clock::time_point in(std::chrono::milliseconds time) { return Clock::now() + time; }

}  // namespace

TEST_CASE("a socket sends and reads", "[socket]") {
  TestServer server{[](std::string_view request) { return "<" + std::string{request} + ">"; }};
  auto socket = Socket::connect(server.address(), in(10s));
  CHECK_FALSE(socket.stale());
  socket.write_all("hello", in(10s));
  std::array<char, 100> buffer{};
  const auto got = socket.read_some(buffer, in(10s));
  CHECK(std::string_view(buffer.data(), got) == "<hello>");
}

TEST_CASE("a server that is gone is a lost connection", "[socket]") {
  TestServer server{[](std::string_view) { return std::nullopt; }};
  auto socket = Socket::connect(server.address(), in(10s));
  socket.write_all("hello", in(10s));
  std::array<char, 100> buffer{};
  CHECK_THROWS_AS(socket.read_some(buffer, in(10s)), ConnectionLost);
  CHECK(socket.stale());
}

TEST_CASE("a silent server costs the time until the deadline, a passed deadline none", "[socket]") {
  TestServer server{[](std::string_view) { return ""; }};
  auto socket = Socket::connect(server.address(), in(10s));
  std::array<char, 100> buffer{};
  const auto deadline = in(50ms);
  CHECK_THROWS_AS(socket.read_some(buffer, deadline), Timeout);
  CHECK(Clock::now() >= deadline);
  CHECK_THROWS_AS(socket.read_some(buffer, in(-1s)), Timeout);
}

TEST_CASE("a server that always has more to say does not outlast the deadline", "[socket]") {
  TestServer server{[](std::string_view) { return std::string(60'000, 'x'); }};
  auto socket = Socket::connect(server.address(), in(10s));
  std::array<char, 10> buffer{};
  const auto deadline = in(100ms);
  const auto talk = [&] {
    for (;;) {
      socket.write_all("x", deadline);
      socket.read_some(buffer, deadline);
    }
  };
  CHECK_THROWS_AS(talk(), Timeout);
}

TEST_CASE("a server that reads nothing does not outlast the deadline", "[socket]") {
  const UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const TestFolder folder;
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const auto path = folder.path("socket");
  std::copy(path.begin(), path.end(), where.sun_path);
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  auto socket = Socket::connect({{}, 0, path}, in(10s));
  CHECK_THROWS_AS(socket.write_all(std::string(16'000'000, 'x'), in(50ms)), Timeout);
}

TEST_CASE("errors of connecting name the address and the cause", "[socket]") {
  Address closed;
  {
    TestServer server{[](std::string_view) { return ""; }};
    closed = server.address();
  }
  CHECK_THROWS_WITH(Socket::connect(closed, in(10s)), Contains(closed.name()) && Contains("refused"));
  CHECK_THROWS_WITH(Socket::connect({{}, 0, "/nowhere/socket"}, in(10s)), Contains("/nowhere/socket: cannot connect"));
  CHECK_THROWS_WITH(Socket::connect({{}, 0, std::string(200, 'x')}, in(10s)), Contains("too long"));
  CHECK_THROWS_WITH(Socket::connect({"no-such-host.invalid", 1, {}}, in(10s)), Contains("no-such-host.invalid:1: "));
}
