// SPDX-License-Identifier: Apache-2.0
#include "http_client.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/gzip.h"
#include "core/test_folder.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

using Connection = TestHttpServer::Connection;

/// Long enough never to be reached by what works.
PollContext in_time() { return {Clock::now() + 60s, -1}; }
/// For what has to run into its deadline.
PollContext soon() { return {Clock::now() + 200ms, -1}; }

HttpSettings to(const std::string& url) {
  HttpSettings settings;
  settings.url = url;
  return settings;
}

struct Fault {
  Failure failure;
  std::string message;
};

template <class Call>
Fault fault_of(Call call) {
  try {
    call();
  } catch (const SourceError& error) {
    return {error.failure(), error.what()};
  }
  throw std::logic_error("there was no SourceError");
}

Fault fault_of_get(const TestHttpServer& server, const PollContext& context = in_time()) {
  HttpClient client{to(server.url())};
  return fault_of([&] { client.get("/x", context); });
}

Fault fault_of_answer(const std::string& answer, const PollContext& context = in_time()) {
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    if (connection.send(answer)) connection.end();
  }};
  return fault_of_get(server, context);
}

}  // namespace

TEST_CASE("a GET asks for JSON, without redirects, cookies or credentials, and keeps its connection") {
  const TestHttpServer server{
      TestHttpServer::each([](std::string_view) { return http_answer("200 OK", "{}", "Set-Cookie: a=b\r\n"); })};
  HttpClient client{to(server.url() + "/base")};
  CHECK(client.get("/x?a=1", in_time()) == "{}");
  CHECK(client.get("", in_time()) == "{}");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK_THAT(requests[0], StartsWith("GET /base/x?a=1 HTTP/1.1\r\n"));
  CHECK_THAT(requests[0], Contains("\r\nAccept: application/json"));
  CHECK_THAT(requests[0], Contains("\r\nAccept-Encoding: gzip\r\n"));
  CHECK_THAT(requests[0], Contains("\r\nUser-Agent: binnacle circuit-breaker-exporter/"));
  CHECK_THAT(requests[0], !Contains("Authorization"));
  CHECK_THAT(requests[1], StartsWith("GET /base HTTP/1.1\r\n"));
  CHECK_THAT(requests[1], !Contains("Cookie"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection that the server has closed is made anew at once") {
  const TestHttpServer server{[](Connection& connection) {
    connection.request();
    if (connection.send(http_answer("200 OK", "one"))) connection.end();
  }};
  HttpClient client{to(server.url())};
  CHECK(client.get("/", in_time()) == "one");
  CHECK(client.get("/", in_time()) == "one");
  CHECK(server.connections() == 2);
}

TEST_CASE("so is one that the server closes once it has got the request") {
  std::atomic<int> served = 0;
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    if (!connection.send(http_answer("200 OK", "one"))) return;
    connection.request();
    ++served;
  }};
  HttpClient client{to(server.url())};
  CHECK(client.get("/", in_time()) == "one");
  CHECK(client.get("/", in_time()) == "one");
  CHECK(served >= 1);
  CHECK(server.connections() == 2);
}

TEST_CASE("credentials are basic with a user and bearer without, read again at each request") {
  const TestFolder folder;
  const TestHttpServer server{TestHttpServer::each([](std::string_view) { return http_answer("200 OK", ""); })};
  auto settings = to(server.url());
  SECTION("basic") {
    settings.credentials.user = "me";
    settings.credentials.password = Password::from_text("p:w");
    HttpClient{settings}.get("/", in_time());
    CHECK_THAT(server.requests().at(0), Contains("\r\nAuthorization: Basic bWU6cDp3\r\n"));
  }
  SECTION("a user alone has an empty password") {
    settings.credentials.user = "me";
    HttpClient{settings}.get("/", in_time());
    CHECK_THAT(server.requests().at(0), Contains("\r\nAuthorization: Basic bWU6\r\n"));
  }
  SECTION("bearer") {
    settings.credentials.password = Password::from_file(folder.write("token", "t1\n"));
    HttpClient client{settings};
    client.get("/", in_time());
    folder.replace("token", "token-2\n");
    client.get("/", in_time());
    CHECK_THAT(server.requests().at(0), Contains("\r\nAuthorization: Bearer t1\r\n"));
    CHECK_THAT(server.requests().at(1), Contains("\r\nAuthorization: Bearer token-2\r\n"));
  }
  SECTION("a token that would add a header of its own") {
    settings.credentials.password = Password::from_text("t1\r\nX-Evil: 1");
    HttpClient client{settings};
    const auto fault = fault_of([&] { client.get("/", in_time()); });
    CHECK(fault.failure == Failure::unauthorized);
    CHECK_THAT(fault.message, !Contains("t1"));
    CHECK(server.requests().empty());
  }
}

TEST_CASE("an answer that is no 200 is a failure of its kind") {
  const auto fault = [](const std::string& status) {
    return fault_of_answer(http_answer(status, "the secret body", "Location: /y\r\n"));
  };
  CHECK(fault("401 Unauthorized").failure == Failure::unauthorized);
  CHECK(fault("403 Forbidden").failure == Failure::unauthorized);
  CHECK(fault("302 Found").failure == Failure::refused);
  CHECK(fault("404 Not Found").message == "/x: HTTP 404");
  CHECK(fault("500 Internal Server Error").failure == Failure::refused);
  CHECK(fault("201 Created").failure == Failure::refused);
  CHECK(fault_of_answer("HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\n").message == "/x: HTTP 503");
  CHECK(fault_of_answer(http_answer("500 x", std::string(1'000'000, 'x'))).message == "/x: HTTP 500");
}

TEST_CASE("a message does not repeat a query, which may hold a token") {
  const TestHttpServer server{
      TestHttpServer::each([](std::string_view) { return http_answer("404 Not Found", "no"); })};
  HttpClient client{to(server.url())};
  CHECK(fault_of([&] { client.get("/x?token=secret", in_time()); }).message == "/x: HTTP 404");
}

TEST_CASE("after a 404 the connection is still of use") {
  const TestHttpServer server{TestHttpServer::each([](std::string_view request) {
    return request.starts_with("GET /y ") ? http_answer("200 OK", "yes") : http_answer("404 Not Found", "no");
  })};
  HttpClient client{to(server.url())};
  CHECK(fault_of([&] { client.get("/x", in_time()); }).failure == Failure::refused);
  CHECK(client.get("/y", in_time()) == "yes");
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that does not answer in time") {
  SECTION("hung") {
    const TestHttpServer server{[](Connection& connection) { connection.wait_for_end(); }};
    const auto fault = fault_of_get(server, soon());
    CHECK(fault.failure == Failure::timeout);
    CHECK(fault.message == "/x: no whole answer in time");
  }
  SECTION("hung within the body") {
    const TestHttpServer server{[](Connection& connection) {
      connection.request();
      if (connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")) connection.wait_for_end();
    }};
    CHECK(fault_of_get(server, soon()).failure == Failure::timeout);
  }
  SECTION("hung within the body of a 401") {
    const TestHttpServer server{[](Connection& connection) {
      connection.request();
      if (connection.send("HTTP/1.1 401 x\r\nContent-Length: 9\r\n\r\nabc")) connection.wait_for_end();
    }};
    CHECK(fault_of_get(server, soon()).failure == Failure::unauthorized);
  }
  SECTION("byte by byte") {
    const TestHttpServer server{[](Connection& connection) {
      connection.request();
      if (!connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")) return;
      while (connection.send("x")) std::this_thread::sleep_for(1ms);
    }};
    CHECK(fault_of_get(server, soon()).failure == Failure::timeout);
  }
  SECTION("headers without end") {
    const TestHttpServer server{[](Connection& connection) {
      connection.request();
      if (!connection.send("HTTP/1.1 200 OK\r\n")) return;
      while (connection.send("X-More: x\r\n")) std::this_thread::sleep_for(1ms);
    }};
    CHECK(fault_of_get(server, soon()).failure == Failure::timeout);
  }
  SECTION("interim answers without end") {
    const TestHttpServer server{[](Connection& connection) {
      connection.request();
      while (connection.send("HTTP/1.1 102 Processing\r\n\r\n")) std::this_thread::sleep_for(1ms);
    }};
    CHECK(fault_of_get(server, soon()).failure == Failure::timeout);
  }
  SECTION("the deadline is past already") {
    const TestHttpServer server{[](Connection& connection) { connection.wait_for_end(); }};
    CHECK(fault_of_get(server, {Clock::now() - 1s, -1}).failure == Failure::timeout);
  }
}

TEST_CASE("a server that cannot be reached, or breaks off") {
  SECTION("nobody listens") {
    std::string url;
    {
      const TestHttpServer gone{[](Connection& connection) { connection.wait_for_end(); }};
      url = gone.url();
    }
    HttpClient client{to(url)};
    const auto fault = fault_of([&] { client.get("/x", in_time()); });
    CHECK(fault.failure == Failure::unreachable);
    CHECK(fault.message == "/x: Couldn't connect to server");
  }
  SECTION("closed before the answer") {
    const TestHttpServer server{[](Connection& connection) { connection.request(); }};
    CHECK(fault_of_get(server).failure == Failure::unreachable);
  }
  SECTION("closed within the body") {
    CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").failure == Failure::unreachable);
    CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc").failure ==
          Failure::unreachable);
  }
}

TEST_CASE("an answer that is no HTTP") {
  CHECK(fault_of_answer("SSH-2.0-OpenSSH_9\r\n").failure == Failure::bad_reply);
  CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc").failure ==
        Failure::bad_reply);
  CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n").failure ==
        Failure::bad_reply);
  CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nContent-Length: twelve\r\n\r\n").failure == Failure::bad_reply);
  CHECK(fault_of_answer("HTTP/1.1 200 OK\r\nContent-Encoding: \x1b[31m\r\n\r\nx").message.find('\x1b') ==
        std::string::npos);
}

TEST_CASE("a body is read whole, whatever its form") {
  const std::string text = "{\"breakers\":[" + std::string(100'000, ' ') + "]}";
  std::string answer;
  SECTION("chunked") {
    REQUIRE(text.size() == 3 + 0x186AC);
    answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n" + text.substr(0, 3) + "\r\n186AC\r\n" +
             text.substr(3) + "\r\n0\r\n\r\n";
  }
  SECTION("gzip") { answer = http_answer("200 OK", gzip(text), "Content-Encoding: gzip\r\n"); }
  SECTION("up to the end of the connection") { answer = "HTTP/1.0 200 OK\r\n\r\n" + text; }
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    if (connection.send(answer)) connection.end();
  }};
  HttpClient client{to(server.url())};
  CHECK(client.get("/", in_time()) == text);
}

TEST_CASE("no more than the limit is taken") {
  const auto get = [](const TestHttpServer& server, std::size_t limit) {
    HttpClient client{to(server.url())};
    return client.get("/x", in_time(), limit);
  };
  SECTION("of a body of a known length") {
    const TestHttpServer server{
        TestHttpServer::each([](std::string_view) { return http_answer("200 OK", std::string(1000, 'x')); })};
    CHECK(get(server, 1000).size() == 1000);
    const auto fault = fault_of([&] { get(server, 999); });
    CHECK(fault.failure == Failure::too_large);
    CHECK(fault.message == "/x: more than 999 bytes");
  }
  SECTION("of 100 MB") {
    std::atomic<std::size_t> sent = 0;
    const TestHttpServer server{[&](Connection& connection) {
      connection.request();
      if (!connection.send("HTTP/1.1 200 OK\r\n\r\n")) return;
      const std::string part(std::size_t{1} << 20U, 'x');
      while (sent < (std::size_t{100} << 20U) && connection.send(part)) sent += part.size();
    }};
    CHECK(fault_of([&] { get(server, HttpClient::kBodyLimit); }).failure == Failure::too_large);
    CHECK(sent < (std::size_t{100} << 20U));
  }
  SECTION("of what is inflated") {
    const TestHttpServer server{TestHttpServer::each([](std::string_view) {
      return http_answer("200 OK", gzip(std::string(std::size_t{100} << 20U, ' ')), "Content-Encoding: gzip\r\n");
    })};
    CHECK(fault_of([&] { get(server, HttpClient::kBodyLimit); }).failure == Failure::too_large);
  }
}

TEST_CASE("no proxy of the environment is asked") {
  const TestHttpServer proxy{TestHttpServer::each([](std::string_view) { return http_answer("200 OK", "proxy"); })};
  const TestHttpServer server{TestHttpServer::each([](std::string_view) { return http_answer("200 OK", "server"); })};
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  HttpClient client{to(server.url())};
  CHECK(client.get("/", in_time()) == "server");
  ::unsetenv("http_proxy");
  CHECK(proxy.connections() == 0);
}

TEST_CASE("what is under way is given up once the stop fd is readable") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd reading{ends[0]};
  UniqueFd writing{ends[1]};
  const bool by_close = GENERATE(false, true);
  std::promise<void> asked;
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    asked.set_value();
    connection.wait_for_end();
  }};
  HttpClient client{to(server.url())};
  auto fault = std::async(std::launch::async, [&] {
    return fault_of([&] { client.get("/x", {Clock::now() + 60s, reading.get()}); });
  });
  asked.get_future().wait();
  if (by_close) {
    writing = UniqueFd{};
  } else {
    REQUIRE(::write(writing.get(), "x", 1) == 1);
  }
  REQUIRE(fault.wait_for(30s) == std::future_status::ready);
  CHECK(fault.get().message == "/x: given up, since the exporter ends");
}

TEST_CASE("a CA file that is not there, and a server without TLS") {
  const TestHttpServer server{[](Connection& connection) { connection.wait_for_end(); }};
  auto settings = to("https" + server.url().substr(4));
  settings.ca_file = "/no/such/ca.pem";
  HttpClient client{settings};
  const auto fault = fault_of([&] { client.get("/x", in_time()); });
  CHECK(fault.failure == Failure::unreachable);
  CHECK_THAT(fault.message, Contains("/no/such/ca.pem"));
}

TEST_CASE("a stream is read on where the last call left it") {
  std::promise<void> go_on;
  const TestHttpServer server{[&](Connection& connection) {
    const auto request = connection.request();
    if (!connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + request.substr(0, 6))) return;
    go_on.get_future().wait();
    if (connection.send("second")) connection.wait_for_end();
  }};
  HttpClient client{to(server.url())};
  std::string all;
  const auto read_to = [&](std::size_t size, Clock::duration time) {
    client.stream(
        "/s", Clock::now() + time,
        [&](std::string_view bytes) {
          all += bytes;
          return all.size() < size;
        },
        in_time());
  };
  read_to(6, 60s);
  CHECK(all == "GET /s");
  read_to(12, 10ms);  // nothing comes
  CHECK(all == "GET /s");
  go_on.set_value();
  read_to(12, 60s);
  CHECK(all == "GET /ssecond");
  CHECK(server.connections() == 1);
}

TEST_CASE("once a stream's bytes are refused, the others wait for the next call") {
  const std::string text(300'000, 'x');
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    if (connection.send("HTTP/1.1 200 OK\r\n\r\n" + text)) connection.wait_for_end();
  }};
  HttpClient client{to(server.url())};
  std::size_t read = 0;
  int calls = 0;
  while (read < text.size()) {
    int given = 0;
    client.stream(
        "/s", Clock::now() + 60s,
        [&](std::string_view bytes) {
          ++given;
          read += bytes.size();
          return false;
        },
        in_time());
    CHECK(given == 1);
    ++calls;
  }
  CHECK(read == text.size());
  CHECK(calls > 1);
  CHECK(server.connections() == 1);
}

TEST_CASE("a stream without a 200, or that ends, is a failure, and the next call begins anew") {
  std::atomic<int> mode = 0;
  const TestHttpServer server{[&](Connection& connection) {
    connection.request();
    const std::vector<std::string> answers{"HTTP/1.1 200 OK\r\n\r\nabc",
                                           "HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\nabc",
                                           "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", ""};
    if (!connection.send(answers.at(static_cast<std::size_t>(mode)))) return;
    if (mode == 1 || mode == 3) connection.wait_for_end();
  }};
  HttpClient client{to(server.url())};
  std::string all;
  const auto read = [&](const PollContext& context) {
    return fault_of([&] {
      client.stream(
          "/s", Clock::now(),
          [&](std::string_view bytes) {
            all += bytes;
            return true;
          },
          context);
      // The headers are there, and the end is to come.
      client.stream(
          "/s", Clock::now() + 60s, [](std::string_view) { return true; }, context);
    });
  };
  CHECK(read(in_time()).message == "/s: the stream has ended");
  mode = 1;
  CHECK(read(in_time()).message == "/s: HTTP 503");
  mode = 2;
  CHECK(read(in_time()).failure == Failure::unreachable);
  mode = 3;
  CHECK(read(soon()).message == "/s: no answer in time");
  CHECK(server.connections() == 4);
}

TEST_CASE("what a stream's taker throws comes out, and ends the request") {
  const TestHttpServer server{[](Connection& connection) {
    connection.request();
    if (connection.send("HTTP/1.1 200 OK\r\n\r\nabc")) connection.wait_for_end();
  }};
  HttpClient client{to(server.url())};
  const auto refuse = [](std::string_view) -> bool { throw SourceError(Failure::bad_reply, "odd"); };
  CHECK(fault_of([&] { client.stream("/s", Clock::now() + 60s, refuse, in_time()); }).message == "odd");
  CHECK(fault_of([&] { client.stream("/s", Clock::now() + 60s, refuse, in_time()); }).message == "odd");
  CHECK(server.connections() == 2);
}
