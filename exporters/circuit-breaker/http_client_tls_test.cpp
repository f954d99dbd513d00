// SPDX-License-Identifier: Apache-2.0
#include <openssl/ssl.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <memory>

#include "core/test_folder.h"
#include "core/test_identity.h"
#include "http_client.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Answers one request over TLS with "secure".
TestHttpServer::Handler over_tls(const Identity& identity) {
  std::signal(SIGPIPE, SIG_IGN);  // a client that refuses the certificate closes while the server writes
  return [&identity](TestHttpServer::Connection& connection) {
    const std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    const std::unique_ptr<SSL, Deleter<SSL_free>> ssl{SSL_new(context.get())};
    SSL_set_fd(ssl.get(), connection.fd());
    char buffer[4096];
    if (SSL_accept(ssl.get()) != 1 || SSL_read(ssl.get(), buffer, sizeof buffer) <= 0) return;
    const auto answer = http_answer("200 OK", "secure");
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
  };
}

std::string get(const TestHttpServer& server, HttpSettings settings) {
  settings.url = "https" + server.url().substr(4);
  HttpClient client{settings};
  return client.get("/x", {Clock::now() + 60s, -1});
}

std::string message_of_get(const TestHttpServer& server, const HttpSettings& settings) {
  try {
    return get(server, settings);
  } catch (const SourceError& error) {
    CHECK(error.failure() == Failure::unreachable);
    return error.what();
  }
}

}  // namespace

TEST_CASE("a server's certificate has to be of the CA file, and for its address") {
  const TestFolder folder;
  const Identity here{"here", nullptr, "IP:127.0.0.1"};
  const Identity elsewhere{"elsewhere", nullptr, "DNS:elsewhere.test"};
  const TestHttpServer server{over_tls(here)};
  const TestHttpServer impostor{over_tls(elsewhere)};
  HttpSettings trusting_here{"", {}, folder.write("here.pem", here.certificate_pem())};
  HttpSettings trusting_elsewhere{"", {}, folder.write("elsewhere.pem", elsewhere.certificate_pem())};
  CHECK(get(server, trusting_here) == "secure");
  CHECK_THAT(message_of_get(server, {}), Contains("SSL certificate problem"));
  CHECK_THAT(message_of_get(server, trusting_elsewhere), Contains("SSL certificate problem"));
  CHECK_THAT(message_of_get(impostor, trusting_elsewhere), Contains("127.0.0.1"));
  trusting_elsewhere.insecure_skip_verify = true;
  CHECK(get(impostor, trusting_elsewhere) == "secure");
  CHECK(get(server, trusting_elsewhere) == "secure");
}

TEST_CASE("a server without TLS is no HTTPS server") {
  const TestHttpServer server{[](TestHttpServer::Connection& connection) {
    if (connection.send("220 ready\r\n")) connection.wait_for_end();
  }};
  CHECK_THAT(message_of_get(server, {}), Contains("SSL"));
}
