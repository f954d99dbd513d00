// SPDX-License-Identifier: Apache-2.0
#include "http_server.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "test_client.h"
#include "test_folder.h"
#include "test_loopback.h"

using namespace std::chrono_literals;
using binnacle::ask;
using binnacle::get;
using binnacle::HttpRequest;
using binnacle::HttpResponse;
using binnacle::HttpServer;
using binnacle::HttpServerOptions;
using binnacle::loopback_has_ipv6;
using binnacle::TestClient;
using binnacle::TestFolder;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

HttpServerOptions loopback() {
  HttpServerOptions options;
  options.listen_addresses = {"127.0.0.1:0"};
  return options;
}

HttpResponse text(const std::string& body) {
  HttpResponse response;
  response.body = std::make_shared<const std::string>(body);
  return response;
}

/// Answers with what it was asked.
HttpResponse echo(const HttpRequest& request) {
  return text(request.method + " [" + request.path + "] [" + request.query + "] " + request.remote_address);
}

/// Something that handlers wait for, until the test opens it.
class Gate {
 public:
  void wait() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::scoped_lock lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  void until_waiting(int count) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, 60s, [&] { return waiting_ >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("a request reaches the handler as it was sent", "[http_server]") {
  HttpServer server(loopback(), echo);
  CHECK_THAT(server.listening_on().at(0), StartsWith("http://127.0.0.1:") && !EndsWith(":0"));
  CHECK_THAT(get(server, "/a%2Fb/../c//d%00?x=%20&y"),
             StartsWith("HTTP/1.1 200 OK\r\n") && Contains("\r\nConnection: close\r\n") &&
                 Contains("\r\nContent-Length: 43\r\n") && EndsWith("GET [/a%2Fb/../c//d%00] [x=%20&y] 127.0.0.1"));
  CHECK_THAT(get(server, "/"), EndsWith("GET [/] [] 127.0.0.1"));
  CHECK_THAT(get(server, "/?"), EndsWith("GET [/] [] 127.0.0.1"));
  CHECK_THAT(ask(server, "GET /old HTTP/1.0\r\n\r\n"), EndsWith("GET [/old] [] 127.0.0.1"));
}

TEST_CASE("a handler sees the headers", "[http_server]") {
  HttpServer server(loopback(), [](const HttpRequest& request) {
    return text(std::string(request.header("x-prometheus-scrape-timeout-seconds")) + "|" +
                std::string(request.header("Authorization")));
  });
  CHECK_THAT(
      ask(server, "GET / HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: 9.5\r\nAuthorization: Bearer t\r\n\r\n"),
      EndsWith("\r\n\r\n9.5|Bearer t"));
}

TEST_CASE("HEAD has the head of GET and no body", "[http_server]") {
  HttpServer server(loopback(), [](const HttpRequest&) { return text("12345"); });
  CHECK_THAT(ask(server, "HEAD / HTTP/1.1\r\n\r\n"), Contains("Content-Length: 5\r\n") && EndsWith("\r\n\r\n"));
}

TEST_CASE("other methods and bodies are refused unread", "[http_server]") {
  std::atomic<int> handled{0};
  HttpServerOptions options = loopback();
  options.allowed = [](std::string_view method, std::string_view path) {
    return method == "POST" && path == "/-/reload";
  };
  HttpServer server(options, [&](const HttpRequest&) {
    ++handled;
    return text("ok");
  });
  const auto* refused = GENERATE("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "PUT / HTTP/1.1\r\n\r\n",
                                 "DELETE /-/reload HTTP/1.1\r\n\r\n", "OPTIONS / HTTP/1.1\r\n\r\n",
                                 "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc",
                                 "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc",
                                 "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc",
                                 "POST /-/reload HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
                                 "POST /-/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
  CAPTURE(refused);
  CHECK_THAT(ask(server, refused), StartsWith("HTTP/1.1 405 ") && Contains("\r\nAllow: GET, HEAD"));
  CHECK(handled == 0);
  CHECK_THAT(ask(server, "PUT /-/reload HTTP/1.1\r\n\r\n"), Contains("\r\nAllow: GET, HEAD, POST\r\n"));
  CHECK_THAT(ask(server, "POST /-/reload HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), EndsWith("\r\n\r\nok"));
  CHECK_THAT(ask(server, "POST /-/reload HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nok"));
  CHECK(handled == 2);
}

TEST_CASE("what is no request is refused, and the next one served", "[http_server]") {
  HttpServer server(loopback(), echo);
  const std::string junk =
      GENERATE(as<std::string>{}, "\r\n\r\n", "x\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
               "FOO / HTTP/1.1\r\n\r\n", "GET nowhere HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
               "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", std::string("GET /\0 HTTP/1.1\r\n\r\n", 18),
               "\x16\x03\x01\x02\r\n\r\n", "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n\r\n",
               "GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n");
  TestClient client(server);
  client.send(junk).end_of_sending();
  const std::string answer = client.receive();
  CAPTURE(junk.substr(0, 40), answer);
  CHECK((answer.empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5")));
  CHECK_THAT(get(server, "/next"), EndsWith("GET [/next] [] 127.0.0.1"));
}

TEST_CASE("a second request on a connection is not served", "[http_server]") {
  std::atomic<int> handled{0};
  HttpServer server(loopback(), [&](const HttpRequest&) {
    ++handled;
    return text("once");
  });
  const std::string request = "GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n";
  CHECK_THAT(ask(server, request + "GARBAGE\r\n\r\n"), EndsWith("\r\n\r\nonce"));
  CHECK_THAT(ask(server, request + request), EndsWith("\r\n\r\nonce"));
  CHECK(handled == 2);
}

TEST_CASE("a handler that throws is a 500, and the server goes on", "[http_server]") {
  HttpServer server(loopback(), [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/runtime_error") throw std::runtime_error("no");
    if (request.path == "/int") throw 1;
    HttpResponse response = text("x");
    if (request.path == "/header") response.headers = {{"X", "a\r\nSet-Cookie: b"}};
    return response;
  });
  for (const std::string path : {"/runtime_error", "/int", "/header"}) {
    CAPTURE(path);
    CHECK_THAT(get(server, path), StartsWith("HTTP/1.1 500 ") && EndsWith("500 Internal Server Error\n"));
  }
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a large body arrives whole, for many clients at once", "[http_server]") {
  const auto body = std::make_shared<const std::string>(std::string(8'000'000, 'b'));
  HttpServer server(loopback(), [&](const HttpRequest&) {
    HttpResponse response;
    response.body = body;
    return response;
  });
  std::atomic<int> whole{0};
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      const std::string answer = get(server, "/");
      const auto start = answer.find("\r\n\r\n");
      if (start != std::string::npos && answer.substr(start + 4) == *body) ++whole;
    });
  }
  for (auto& client : clients) client.join();
  CHECK(whole == 8);
}

TEST_CASE("clients that send nothing, or a little, leave threads for others", "[http_server]") {
  HttpServerOptions options = loopback();
  options.request_timeout = 10min;  // nothing is freed while the test runs
  auto server = std::make_unique<HttpServer>(options, echo);
  std::vector<std::unique_ptr<TestClient>> stuck;
  for (int i = 0; i < options.threads - 1; ++i) {
    stuck.push_back(std::make_unique<TestClient>(*server));
    if (i % 2 == 0) stuck.back()->send("GET / HTTP/1.1\r\nX-Slow: ");
  }
  CHECK_THAT(get(*server, "/scrape"), EndsWith("GET [/scrape] [] 127.0.0.1"));
  // Nor do they hold up the end.
  server.reset();
  for (auto& client : stuck) CHECK_THAT(client->receive(), !Contains(" 200 "));
}

TEST_CASE("stuck clients give their threads back after the request timeout", "[http_server]") {
  HttpServerOptions options = loopback();
  options.threads = 2;
  options.request_timeout = 300ms;
  // More than any kernel keeps for a client that does not read.
  std::string large;
  large.resize(64'000'000, 'b');
  const auto body = std::make_shared<const std::string>(std::move(large));
  auto server = std::make_unique<HttpServer>(options, [&](const HttpRequest& request) {
    HttpResponse response = text("small");
    if (request.path == "/big") response.body = body;
    return response;
  });
  std::vector<std::unique_ptr<TestClient>> stuck;
  for (int i = 0; i < 3; ++i) {
    stuck.push_back(std::make_unique<TestClient>(*server));  // silent
    stuck.push_back(std::make_unique<TestClient>(*server));  // half a header
    stuck.back()->send("GET / HTTP/1.1\r\nX-");
    stuck.push_back(std::make_unique<TestClient>(*server, 4096));  // asks, and does not read
    stuck.back()->send("GET /big HTTP/1.1\r\n\r\n");
  }
  // A client that sends one header byte after another, without end.
  std::atomic<bool> done{false};
  std::thread dripping([&] {
    TestClient client(*server);
    client.send("GET / HTTP/1.1\r\nX: ");
    while (!done) {
      client.send("a");
      std::this_thread::sleep_for(20ms);
    }
  });
  CHECK_THAT(get(*server, "/scrape"), EndsWith("\r\n\r\nsmall"));
  done = true;
  dripping.join();
  // Their responses are cut, not waited for: the end comes although nobody reads.
  server.reset();
  CHECK(stuck.back()->receive().size() < body->size());
}

TEST_CASE("stop finishes the requests under way and refuses new ones", "[http_server]") {
  Gate gate;
  const auto body = std::make_shared<const std::string>(std::string(3'000'000, 'b'));
  auto server = std::make_unique<HttpServer>(loopback(), [&](const HttpRequest& request) {
    if (request.path == "/wait") gate.wait();
    HttpResponse response;
    response.body = body;
    return response;
  });
  TestClient under_way(*server);
  under_way.send("GET /wait HTTP/1.1\r\n\r\n");
  gate.until_waiting(1);
  TestClient idle(*server);

  std::thread stopping([&] { server->stop(); });
  // Until the stop is seen: then every new request is refused.
  std::string late;
  for (int i = 0; i < 6000; ++i) {
    late = get(*server, "/late");
    if (late.find(" 200 ") == std::string::npos) break;
    std::this_thread::sleep_for(10ms);
  }
  CHECK_THAT(late, StartsWith("HTTP/1.1 503 ") && EndsWith("shutting down\n"));
  gate.open();
  const std::string answer = under_way.receive();
  CHECK_THAT(answer.substr(0, 15), StartsWith("HTTP/1.1 200 OK"));
  CHECK_THAT(answer, EndsWith(*body));
  stopping.join();
  CHECK_FALSE(TestClient(*server).connected());
  CHECK(idle.receive().empty());
  CHECK_NOTHROW(server->stop());
}

TEST_CASE("IPv6 and several addresses are served", "[http_server]") {
  HttpServerOptions options = loopback();
  options.listen_addresses = {"[::1]:0", "127.0.0.1:0", "localhost:0"};
  if (!HttpServer::has_tls_and_ipv6()) {
    CHECK_THROWS_WITH(HttpServer(options, echo), Contains("[::1]:0") && Contains("this build has no IPv6"));
    return;
  }
  if (!loopback_has_ipv6()) {
    WARN("this machine's loopback has no IPv6: only the message is checked");
    CHECK_THROWS_WITH(HttpServer(options, echo), Contains("cannot listen on [::1]:0: "));
    return;
  }
  HttpServer server(options, echo);
  REQUIRE(server.listening_on().size() == 3);
  CHECK_THAT(server.listening_on()[0], StartsWith("http://[::1]:"));
  CHECK_THAT(server.listening_on()[1], StartsWith("http://127.0.0.1:"));
  CHECK_THAT(get(server, "/"), EndsWith("GET [/] [] ::1"));
}

TEST_CASE("every address means IPv4 too, and IPv4 clients look like it", "[http_server]") {
  HttpServerOptions options = loopback();
  options.listen_addresses = {":0"};
  HttpServer server(options, echo);
  CHECK_THAT(get(server, "/"), EndsWith("GET [/] [] 127.0.0.1"));
}

TEST_CASE("a port in use, and no address at all, are one clear line", "[http_server]") {
  HttpServer server(loopback(), echo);
  HttpServerOptions options;
  CHECK_THROWS_WITH(HttpServer(options, echo), Contains("no listen address"));
  const std::string taken = server.listening_on()[0].substr(std::string_view("http://").size());
  options.listen_addresses = {"127.0.0.1:0", taken};
  CHECK_THROWS_WITH(HttpServer(options, echo), "cannot listen on " + taken + ": address already in use");
  options.listen_addresses = {"nonsense"};
  CHECK_THROWS_WITH(HttpServer(options, echo), Contains("\"nonsense\""));
}

TEST_CASE("authentication guards all but the open paths", "[http_server]") {
  const TestFolder folder;
  // The password is "test".
  const std::string hash = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.FK5AM0cKS86rvu3Y1W/ncuJ1wb3aQva";
  HttpServerOptions options = loopback();
  options.web_config_file =
      folder.write("web.yml", "basic_auth_users:\n  alice: " + hash +
                                  "\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n");
  options.no_auth = [](std::string_view path) { return path == "/health/live"; };
  HttpServer server(
      options, [](const HttpRequest& request) { return text("in:" + std::string(request.header("Authorization"))); });

  const std::string basic = "Authorization: Basic ";
  const auto with = [&](const std::string& path, const std::string& header) {
    return ask(server, "GET " + path + " HTTP/1.1\r\n" + header + "\r\n\r\n");
  };
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 401 ") && Contains("\r\nWWW-Authenticate: Basic\r\n") &&
                                   Contains("\r\nX-Frame-Options: deny\r\n"));
  CHECK_THAT(get(server, "/health/live"), StartsWith("HTTP/1.1 200 ") && EndsWith("in:"));
  CHECK_THAT(get(server, "/health/live/"), StartsWith("HTTP/1.1 401 "));
  CHECK_THAT(get(server, "/health/../health/live"), StartsWith("HTTP/1.1 401 "));
  CHECK_THAT(with("/", basic + "YWxpY2U6dGVzdA=="), StartsWith("HTTP/1.1 200 ") && EndsWith("in:"));  // alice:test
  CHECK_THAT(with("/", basic + "YWxpY2U6dGVzdDI="), StartsWith("HTTP/1.1 401 "));                     // alice:test2
  CHECK_THAT(with("/", basic + "Ym9iOnRlc3Q="), StartsWith("HTTP/1.1 401 "));                         // bob:test
  CHECK_THAT(ask(server, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), StartsWith("HTTP/1.1 401 "));

  // A new file counts from the next request on; a bad one does not.
  folder.replace("web.yml", "basic_auth_users:\n  bob: " + hash + "\n");
  CHECK_THAT(with("/", basic + "Ym9iOnRlc3Q="), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(with("/", basic + "YWxpY2U6dGVzdA=="), StartsWith("HTTP/1.1 401 "));
  folder.replace("web.yml", "basic_auth_users:\n  bob: swordfish\n");
  CHECK_THROWS_WITH(server.reload_web_config(), Contains("basic_auth_users.bob") && !Contains("swordfish"));
  CHECK_THAT(with("/", basic + "Ym9iOnRlc3Q="), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 401 "));
}

TEST_CASE("the rate limit answers 429, but not on open paths", "[http_server]") {
  const TestFolder folder;
  HttpServerOptions options = loopback();
  options.web_config_file = folder.write("web.yml", "rate_limit:\n  interval: 1h\n  burst: 2\n");
  options.no_auth = [](std::string_view path) { return path == "/health/live"; };
  HttpServer server(options, echo);
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(get(server, "/"), StartsWith("HTTP/1.1 429 "));
  CHECK_THAT(get(server, "/health/live"), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a bad web config file stops the start in one line", "[http_server]") {
  const TestFolder folder;
  HttpServerOptions options = loopback();
  options.web_config_file = folder.path("none.yml");
  CHECK_THROWS_WITH(HttpServer(options, echo), Contains("none.yml"));
  options.web_config_file = folder.write("web.yml", "tls_server_config: {cert_file: c, key_file: k}\n");
  CHECK_THROWS_WITH(HttpServer(options, echo), Contains("web.yml: tls_server_config: "));
}
