// SPDX-License-Identifier: Apache-2.0
#include "health_check.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "http_server.h"
#include "test_folder.h"
#include "test_identity.h"
#include "test_loopback.h"
#include "test_server.h"
#include "unique_fd.h"

using namespace std::chrono_literals;
using binnacle::check_health;
using binnacle::HttpRequest;
using binnacle::HttpResponse;
using binnacle::HttpServer;
using binnacle::HttpServerOptions;
using binnacle::Identity;
using binnacle::serving_arguments;
using binnacle::TestFolder;
using binnacle::TestServer;
using binnacle::UniqueFd;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using Catch::Matchers::StartsWith;

namespace {

/// Long enough for a slow machine; only what must not answer waits for it, with less.
constexpr auto kPatience = 60s;
const std::string kBcrypt = "$2y$04$CmrhBLBXhDuVDgK3MTQJGuqUIIaQQRmDEq0H5d8wQ1hVuiIYCyrSe";

HttpResponse live_only(const HttpRequest& request) {
  HttpResponse response;
  response.status = request.path == "/health/live" ? 200 : 404;
  response.body = std::make_shared<const std::string>("ok\n");
  return response;
}

/// A server as run() sets it up, on any port of `address`.
struct Server {
  explicit Server(const std::string& address = "127.0.0.1:0", const std::string& web_config_file = {}) {
    HttpServerOptions options;
    options.listen_addresses = {address};
    options.web_config_file = web_config_file;
    options.no_auth = [](std::string_view path) { return path == "/health/live"; };
    server = std::make_unique<HttpServer>(options, live_only);
  }
  [[nodiscard]] std::string port() const {
    const std::string url = server->listening_on().at(0);
    return url.substr(url.rfind(':') + 1);
  }
  std::unique_ptr<HttpServer> server;
};

struct WebConfig {
  explicit WebConfig(const std::string& more) {
    folder.write("cert.pem", identity.certificate_pem());
    folder.write("key.pem", identity.key_pem());
    path = folder.write("web.yml", more);
  }
  TestFolder folder;
  Identity identity{"one"};
  std::string path;
};

std::string error_of(const std::vector<std::string>& addresses, const std::string& web_config_file = {}) {
  try {
    check_health(addresses, web_config_file, kPatience);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "healthy";
}

/// A /proc with this process' binary and others.
struct Proc {
  Proc() {
    folder.write("binary", "1");
    folder.write("other", "2");
    add("self", "binary", "");
  }
  void add(const std::string& pid, const std::string& binary, const std::string& cmdline) const {
    std::filesystem::create_directory(folder.path(pid));
    std::filesystem::create_symlink(folder.path(binary), folder.path(pid + "/exe"));
    folder.write(pid + "/cmdline", cmdline);
  }
  [[nodiscard]] std::vector<std::string> arguments() const { return serving_arguments(folder.path("")); }
  TestFolder folder;
};

using Arguments = std::vector<std::string>;
using namespace std::string_literals;

}  // namespace

TEST_CASE("a server that answers is healthy", "[health_check]") {
  const Server one;
  const Server every{":0"};
  const Server any{"0.0.0.0:0"};
  CHECK(error_of({"127.0.0.1:" + one.port()}) == "healthy");
  CHECK(error_of({"localhost:" + one.port()}) == "healthy");
  CHECK(error_of({":" + every.port()}) == "healthy");
  CHECK(error_of({"0.0.0.0:" + any.port(), "127.0.0.1:" + one.port()}) == "healthy");
}

TEST_CASE("a server on IPv6 is asked there", "[health_check]") {
  if (!binnacle::loopback_has_ipv6()) {
    WARN("skipped: this machine's loopback has no IPv6");
    return;
  }
  const Server six{"[::1]:0"};
  CHECK(error_of({"[::1]:" + six.port()}) == "healthy");
}

TEST_CASE("each listen address is asked, and the one that fails is named", "[health_check]") {
  const Server one;
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto nobody = std::to_string(binnacle::listen_on_loopback(socket.get()));
  ::shutdown(socket.get(), SHUT_RDWR);  // the port stays ours, and nobody listens
  CHECK_THAT(error_of({"127.0.0.1:" + one.port(), "127.0.0.1:" + nobody}),
             StartsWith("not healthy: /health/live at 127.0.0.1:" + nobody + ": ") && Contains("refused"));
  CHECK_THAT(error_of({"127.0.0.1:0"}), Contains("port 0"));
  CHECK_THAT(error_of({"9100"}), Contains("9100"));
}

TEST_CASE("any other answer than 200 is unhealthy", "[health_check]") {
  const auto answer = [](const std::string& reply) {
    const TestServer server{[&](std::string_view) { return std::optional{reply}; }};
    return error_of({server.address().name()});
  };
  CHECK(answer("HTTP/1.1 200 OK\r\n\r\n") == "healthy");
  CHECK_THAT(answer("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Contains("answered \"HTTP/1.1 503 Service"));
  CHECK_THAT(answer("SSH-2.0-OpenSSH_9.2\r\n"), Contains("answered \"SSH-2.0"));
  CHECK_THAT(answer(std::string(100'000, 'x')), Contains("answered \"xxx"));
}

TEST_CASE("a server that closes or says nothing is unhealthy in time", "[health_check]") {
  const TestServer closes{[](std::string_view) { return std::nullopt; }};
  CHECK_THAT(error_of({closes.address().name()}), Contains("closed the connection"));

  // The kernel takes the connection, as it does for a process that hangs.
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto hung = "127.0.0.1:" + std::to_string(binnacle::listen_on_loopback(socket.get()));
  CHECK_THROWS_WITH(check_health({hung}, "", 100ms),
                    Equals("not healthy: /health/live at " + hung + ": no answer within 100 ms"));
}

TEST_CASE("authentication does not stand in its way", "[health_check]") {
  const WebConfig config{"basic_auth_users:\n  prometheus: " + kBcrypt + "\n"};
  const Server server{"127.0.0.1:0", config.path};
  CHECK(error_of({"127.0.0.1:" + server.port()}, config.path) == "healthy");
}

TEST_CASE("TLS is spoken where the web config says so", "[health_check]") {
  const auto [settings, version] = GENERATE(table<const char*, const char*>({
      {"", "as it comes"},
      {", max_version: TLS12", "TLS 1.2"},
      {", client_auth_type: RequestClientCert", "a wish for a certificate"},
      {", client_auth_type: RequireAnyClientCert", "client certificates"},
      {", client_auth_type: RequireAnyClientCert, max_version: TLS12", "client certificates, TLS 1.2"},
  }));
  INFO(version);
  const WebConfig config{"tls_server_config: {cert_file: cert.pem, key_file: key.pem" + std::string{settings} + "}\n"};
  const Server server{"127.0.0.1:0", config.path};
  CHECK(error_of({"127.0.0.1:" + server.port()}, config.path) == "healthy");

  // Plain HTTP where TLS is expected, a hung one, and one that closes.
  const Server plain;
  CHECK_THAT(error_of({"127.0.0.1:" + plain.port()}, config.path), StartsWith("not healthy: "));
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto hung = "127.0.0.1:" + std::to_string(binnacle::listen_on_loopback(socket.get()));
  CHECK_THROWS_WITH(check_health({hung}, config.path, 100ms), Contains("no answer within 100 ms"));
  const TestServer closes{[](std::string_view) { return std::nullopt; }};
  CHECK_THAT(error_of({closes.address().name()}, config.path), Contains("closed the connection"));
}

TEST_CASE("a web config that cannot be read is unhealthy", "[health_check]") {
  const Server server;
  CHECK_THAT(error_of({"127.0.0.1:" + server.port()}, "/nowhere/web.yml"), Contains("/nowhere/web.yml"));
}

TEST_CASE("the flags of the process that serves are found by its binary", "[health_check]") {
  const Proc proc;
  CHECK(proc.arguments().empty());
  proc.add("1", "other", "/sbin/init\0--web.listen-address=:1\0"s);
  proc.add("12", "binary", "/usr/bin/x\0--web.listen-address=:9999\0--log.level\0\0--a=b c\0"s);
  CHECK(proc.arguments() == Arguments{"--web.listen-address=:9999", "--log.level", "", "--a=b c"});

  // The check itself, and what does not serve.
  proc.add("13", "binary", "/usr/bin/x\0--health-check\0"s);
  proc.add("14", "binary", "/usr/bin/x\0--once\0"s);
  proc.add("15", "binary", "/usr/bin/x\0--config.check\0"s);
  proc.add("irq", "binary", "x\0--no\0"s);
  std::filesystem::create_directory(proc.folder.path("16"));  // ended, or somebody else's
  CHECK(proc.arguments().size() == 4);

  // Which one of two is meant nobody knows.
  proc.add("17", "binary", "/usr/bin/x\0"s);
  CHECK(proc.arguments().empty());
}

TEST_CASE("without a /proc there are no flags", "[health_check]") { CHECK(serving_arguments("/nowhere").empty()); }
