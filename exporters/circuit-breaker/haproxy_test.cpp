// SPDX-License-Identifier: Apache-2.0
#include "haproxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/socket.h"
#include "core/strict_yaml.h"
#include "core/test_folder.h"
#include "core/test_loopback.h"
#include "core/unique_fd.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const std::string kHeader = "# pxname,svname,status,type,chkfail,chkdown,lastchg,downtime,check_rise,\n";

std::string csv(const std::string& status, int chkdown) {
  const auto count = std::to_string(chkdown);
  return kHeader + "shop,FRONTEND,OPEN,0,,,,,,\nshop,web1," + status + ",2," + count + "," + count + ",1,1,3,\n\n";
}

/// A stats socket: reads a line, sends a reply, closes; or waits for the client's end where the reply is a part.
class StatsSocket {
 public:
  explicit StatsSocket(std::function<std::string()> reply, bool closes = true)
      : reply_(std::move(reply)), closes_(closes), port_(listen_on_loopback(listener_.get())) {
    thread_ = std::thread{[this] { serve(); }};
  }
  ~StatsSocket() {
    stop_ = true;
    thread_.join();
  }
  StatsSocket(const StatsSocket&) = delete;
  StatsSocket& operator=(const StatsSocket&) = delete;

  [[nodiscard]] HaproxySettings settings() const { return {Address{"127.0.0.1", port_, {}}, std::nullopt}; }
  [[nodiscard]] std::string command() {
    const std::scoped_lock locked{mutex_};
    return command_;
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd polled{listener_.get(), POLLIN, 0};
      if (::poll(&polled, 1, 20) <= 0) continue;
      const UniqueFd client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      std::array<char, 200> buffer{};
      const auto got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
      {
        const std::scoped_lock locked{mutex_};
        command_.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      }
      auto reply = reply_();
      for (std::string_view rest = reply; !rest.empty();) {
        const auto sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
      while (!closes_ && ::recv(client.get(), buffer.data(), buffer.size(), 0) > 0) {
      }
    }
  }

  const UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const std::function<std::string()> reply_;
  const bool closes_;
  int port_ = 0;
  std::mutex mutex_;  // of command_
  std::string command_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

PollContext soon(std::chrono::milliseconds time = 30s) { return {Clock::now() + time, -1}; }

/// The failure of a poll, and that its message is one line.
Failure failure_of(Source& source, const PollContext& context) {
  try {
    source.poll(context);
  } catch (const SourceError& error) {
    INFO(error.what());
    CHECK(std::string{error.what()}.find('\n') == std::string::npos);
    CHECK(std::string{error.what()}.size() < 200);
    return error.failure();
  }
  FAIL("no failure");
  return Failure::bad_reply;
}

Failure failure_of_reply(const std::string& reply) {
  const StatsSocket server{[&] { return reply; }};
  return failure_of(*make_source(server.settings()), soon());
}

/// Of a source with these keys.
HaproxySettings parsed(const std::string& keys) {
  auto config = YamlMap::from_text(
      "credentials:\n  page: {username: u, password_env: HAPROXY_TEST_PASSWORD}\nsource: {" + keys + "}\n", "test.yml");
  const auto modules = parse_credentials(config);
  auto source = config.map("source");
  auto settings = parse_haproxy(source.value(), modules);
  config.finish();
  return settings;
}

}  // namespace

TEST_CASE("one command to the stats socket, and what changed between two", "[haproxy]") {
  std::mutex mutex;
  std::string reply = csv("UP", 0);
  const auto say = [&](const std::string& text) {
    const std::scoped_lock locked{mutex};
    reply = text;
  };
  StatsSocket server{[&] {
    const std::scoped_lock locked{mutex};
    return reply;
  }};
  const auto source = make_source(server.settings());
  auto reading = source->poll(soon());
  CHECK(server.command() == "show stat -1 4 -1\n");
  REQUIRE(reading.breakers.size() == 1);
  CHECK(reading.breakers[0].id == BreakerId{"shop", "web1"});
  CHECK(reading.breakers[0].path.size() == 1);
  say(csv("UP", 2));
  reading = source->poll(soon());
  CHECK(reading.breakers[0].path.size() == 6);
  // A failed poll between two changes nothing.
  say("");
  CHECK(failure_of(*source, soon()) == Failure::unreachable);
  say(csv("UP", 3));
  CHECK(source->poll(soon()).breakers[0].path.size() == 3);
  say(csv("UP", 1));
  CHECK(source->poll(soon()).gaps == 1);
}

TEST_CASE("answers of the socket that are none", "[haproxy]") {
  CHECK(failure_of_reply("Permission denied\n\n") == Failure::unauthorized);
  CHECK(failure_of_reply("Unknown command: 'show stat'\n\n") == Failure::refused);
  CHECK(failure_of_reply("NOISE\n") == Failure::bad_reply);
  CHECK(failure_of_reply("\n") == Failure::bad_reply);
  CHECK(failure_of_reply("# Name,Version\n\n") == Failure::bad_reply);
  // Cut off at the end of a line, too: the servers that are missing are not gone.
  const auto whole = csv("UP", 0);
  for (const auto size : {std::size_t{0}, std::size_t{1}, kHeader.size(), whole.size() - 5, whole.size() - 1}) {
    CHECK(failure_of_reply(whole.substr(0, size)) == Failure::unreachable);
  }
  CHECK(failure_of_reply(kHeader + std::string(17U << 20U, 'x')) == Failure::too_large);
}

TEST_CASE("a socket that does not answer, or not to the end", "[haproxy]") {
  for (const auto& part : {std::string{}, csv("UP", 0).substr(0, 90), csv("UP", 0)}) {
    const StatsSocket server{[&] { return part; }, false};
    const auto source = make_source(server.settings());
    CHECK(failure_of(*source, soon(300ms)) == Failure::timeout);
    const UniqueFd stop{::eventfd(1, EFD_CLOEXEC)};
    const auto began = Clock::now();
    CHECK(failure_of(*source, {began + 600s, stop.get()}) == Failure::timeout);
    CHECK(Clock::now() - began < 300s);
  }
}

TEST_CASE("no socket at all", "[haproxy]") {
  const TestFolder folder;
  const auto source = make_source(haproxy_from_address(folder.path("none.sock")));
  CHECK_THROWS_WITH(source->poll(soon()), Contains("none.sock: cannot connect"));
}

TEST_CASE("the statistics page", "[haproxy]") {
  std::string path;
  const TestHttpServer server{TestHttpServer::each([&](std::string_view request) {
    path = std::string{request.substr(0, request.find("\r\n"))};
    return http_answer("200 OK", csv("DOWN 1/3", 1));
  })};
  for (const std::string url : {"/stats", "/stats;csv", "/stats/"}) {
    const auto reading = make_source(haproxy_from_address(server.url() + url))->poll(soon());
    CHECK(path == "GET /stats;csv HTTP/1.1");
    REQUIRE(reading.breakers.size() == 1);
    CHECK(reading.breakers[0].path[0].state == BreakerState::half_open);
  }
  make_source(haproxy_from_address(server.url()))->poll(soon());
  CHECK(path == "GET /;csv HTTP/1.1");
}

TEST_CASE("a page that says no, or something else", "[haproxy]") {
  std::string answer = http_answer("401 Unauthorized", "");
  const TestHttpServer server{TestHttpServer::each([&](std::string_view) { return answer; })};
  const auto source = make_source(haproxy_from_address(server.url() + "/stats"));
  CHECK(failure_of(*source, soon()) == Failure::unauthorized);
  answer = http_answer("503 Service Unavailable", "");
  CHECK(failure_of(*source, soon()) == Failure::refused);
  answer = http_answer("200 OK", "<html>");
  CHECK(failure_of(*source, soon()) == Failure::bad_reply);
}

TEST_CASE("where a flag says that it is", "[haproxy]") {
  CHECK(haproxy_from_address("/run/haproxy.sock").socket->path == "/run/haproxy.sock");
  CHECK(haproxy_from_address("unix:///run/haproxy.sock").socket->path == "/run/haproxy.sock");
  CHECK(haproxy_from_address("lb").socket == Address{"lb", 9999, {}});
  CHECK(haproxy_from_address("[::1]:7").socket == Address{"::1", 7, {}});
  const auto page = haproxy_from_address("https://lb:8404/stats/");
  CHECK_FALSE(page.socket);
  CHECK(page.page->url == "https://lb:8404/stats");
  CHECK_THROWS_WITH(haproxy_from_address("http://u:secret@lb/stats"), !Contains("secret"));
  CHECK_THROWS_WITH(haproxy_from_address("u:secret@lb"), !Contains("secret"));
}

TEST_CASE("where the config says that it is", "[haproxy]") {
  ::setenv("HAPROXY_TEST_PASSWORD", "secret", 1);
  CHECK(parsed("address: /run/haproxy.sock").socket->path == "/run/haproxy.sock");
  const auto page = parsed("url: 'http://lb:8404/stats', credentials: page, tls: {insecure_skip_verify: true}").page;
  CHECK(page->url == "http://lb:8404/stats");
  CHECK(page->credentials.user == "u");
  CHECK(page->insecure_skip_verify);
  CHECK_THROWS_WITH(parsed(""), Contains("expected address, of a stats socket, or url, of a stats page"));
  CHECK_THROWS_WITH(parsed("address: lb, url: 'http://lb'"),
                    Contains("url") && Contains("expected either address or url"));
  CHECK_THROWS_WITH(parsed("address: 'u:secret@lb'"), Contains("address") && !Contains("secret"));
  CHECK_THROWS_WITH(parsed("url: 'ftp://lb'"), Contains("url"));
  // A socket has no users.
  CHECK_THROWS_AS(parsed("address: lb, credentials: page"), ConfigError);
}
