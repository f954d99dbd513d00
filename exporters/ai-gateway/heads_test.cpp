// SPDX-License-Identifier: Apache-2.0
#include "heads.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

using binnacle::gateway::ClientHead;
using binnacle::gateway::Dialect;
using binnacle::gateway::Framing;
using binnacle::gateway::Headers;
using binnacle::gateway::OwnReply;
using binnacle::gateway::Route;
using binnacle::gateway::UpstreamConfig;
using binnacle::gateway::UpstreamHead;

UpstreamConfig upstream_of(Dialect dialect) {
  UpstreamConfig config;
  config.dialect = dialect;
  config.key_header = dialect == Dialect::anthropic ? "x-api-key"
                      : dialect == Dialect::gemini  ? "x-goog-api-key"
                                                    : "Authorization";
  config.host = "api.example";
  config.port = "443";
  config.tls = true;
  return config;
}

Headers client_headers() {
  Headers headers;
  headers.add("Host", "gateway:8911");
  headers.add("authorization", "Bearer client-key");
  headers.add("X-Api-Key", "client-key");
  headers.add("X-Goog-Api-Key", "client-key");
  headers.add("content-type", "application/json");
  headers.add("Content-Encoding", "gzip");
  headers.add("accept-encoding", "gzip, deflate");
  headers.add("Content-Length", "999");
  headers.add("Transfer-Encoding", "chunked");
  headers.add("Connection", "keep-alive, X-Hop");
  headers.add("X-Hop", "1");
  headers.add("Expect", "100-continue");
  headers.add("Proxy-Authorization", "Basic c2VjcmV0");
  headers.add("x-stainless-lang", "js");
  return headers;
}

UpstreamHead request_of(const Headers& headers) {
  UpstreamHead request;
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.headers = &headers;
  request.body_bytes = 12;
  return request;
}

}  // namespace

TEST_CASE("heads: a client's fields pass to the upstream as they are") {
  const auto headers = client_headers();
  CHECK(
      upstream_head(request_of(headers), upstream_of(Dialect::openai)) ==
      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.example\r\nauthorization: Bearer client-key\r\n"
      "X-Api-Key: client-key\r\nX-Goog-Api-Key: client-key\r\ncontent-type: application/json\r\n"
      "Content-Encoding: gzip\r\naccept-encoding: gzip, deflate\r\nx-stainless-lang: js\r\nContent-Length: 12\r\n\r\n");
}

TEST_CASE("heads: a key of the config takes the place of whatever the client sent") {
  const auto headers = client_headers();
  auto request = request_of(headers);
  request.key = "our-key";
  for (const auto& [dialect, field] : {std::pair{Dialect::openai, "Authorization: Bearer our-key\r\n"},
                                       std::pair{Dialect::anthropic, "x-api-key: our-key\r\n"},
                                       std::pair{Dialect::gemini, "x-goog-api-key: our-key\r\n"}}) {
    const auto head = upstream_head(request, upstream_of(dialect));
    CHECK(head.find(field) != std::string::npos);
    CHECK(head.find("client-key") == std::string::npos);
  }
  auto azure = upstream_of(Dialect::openai);
  azure.key_header = "api-key";
  CHECK(upstream_head(request, azure).find("api-key: our-key\r\n") != std::string::npos);
}

TEST_CASE("heads: a key that was for the gateway goes no further") {
  const auto headers = client_headers();
  auto request = request_of(headers);
  request.drop_credentials = true;
  CHECK(upstream_head(request, upstream_of(Dialect::openai)).find("client-key") == std::string::npos);
}

TEST_CASE("heads: an edited body is sent plain, and its answer asked for plain") {
  const auto headers = client_headers();
  auto request = request_of(headers);
  request.drop_encoding = true;
  request.identity = true;
  const auto head = upstream_head(request, upstream_of(Dialect::openai));
  CHECK(head.find("Content-Encoding") == std::string::npos);
  CHECK(head.find("gzip") == std::string::npos);
  CHECK(head.find("Accept-Encoding: identity\r\n") != std::string::npos);
}

TEST_CASE("heads: fields of the config take the place of the client's") {
  const auto headers = client_headers();
  auto upstream = upstream_of(Dialect::openai);
  upstream.headers = {{"X-Stainless-Lang", "ours"}};
  const auto head = upstream_head(request_of(headers), upstream);
  CHECK(head.find("x-stainless-lang") == std::string::npos);
  CHECK(head.find("X-Stainless-Lang: ours\r\n") != std::string::npos);
}

TEST_CASE("heads: Host has the port where it is not the scheme's own, and brackets around IPv6") {
  const Headers none;
  UpstreamHead request;
  request.method = "GET";
  request.target = "/";
  request.headers = &none;
  auto upstream = upstream_of(Dialect::openai);
  upstream.host = "::1";
  upstream.port = "8080";
  CHECK(upstream_head(request, upstream) == "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
}

TEST_CASE("heads: targets get the upstream's path, the model's other name, and lose the key") {
  Route route;
  auto upstream = upstream_of(Dialect::gemini);
  upstream.path = "/proxy";
  const std::string target = "/v1beta/models/fast:generateContent?alt=sse&key=client-key&x=1";
  route.model_at = {target.find("fast"), target.find("fast") + 4};
  CHECK(upstream_target(target, route, upstream, "gemini 2/x", true) ==
        "/proxy/v1beta/models/gemini%202%2Fx:generateContent?alt=sse&x=1");
  CHECK(upstream_target(target, route, upstream, "", false) == "/proxy" + target);
  CHECK(upstream_target("/v1beta/models?key=a", route, upstream, "", true) == "/proxy/v1beta/models");
}

TEST_CASE("heads: a reply's fields pass to the client, but for those of one connection") {
  Headers headers;
  headers.add("Content-Type", "text/event-stream");
  headers.add("Transfer-Encoding", "chunked");
  headers.add("Connection", "close");
  headers.add("Content-Encoding", "br");
  headers.add("x-request-id", "7");
  ClientHead reply;
  reply.headers = &headers;
  reply.reason = "Fine";
  reply.event_stream = true;
  reply.drop_encoding = true;
  reply.model = "gpt";
  reply.upstream = "main";
  reply.attempts = 2;
  reply.no_retry = true;
  CHECK(client_head(reply) ==
        "HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\nx-request-id: 7\r\nTransfer-Encoding: chunked\r\n"
        "X-Accel-Buffering: no\r\nx-aigw-model: gpt\r\nx-aigw-upstream: main\r\nx-aigw-attempts: 2\r\n"
        "x-should-retry: false\r\nConnection: keep-alive\r\n\r\n");
  reply.framing = Framing::close;
  reply.event_stream = false;
  reply.model = {};
  reply.no_retry = false;
  reply.drop_encoding = false;
  CHECK(client_head(reply) ==
        "HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\nContent-Encoding: br\r\nx-request-id: 7\r\n"
        "Connection: close\r\n\r\n");
}

TEST_CASE("heads: no field and no reason passes that has the upstream's key in it") {
  Headers headers;
  headers.add("Location", "https://other.example/?key=k+ey/12345&a=1");
  headers.add("Link", "<https://other.example/?key=k%2Bey%2f12345>");
  headers.add("X-Echo", "Bearer k+ey/12345");
  headers.add("X-Other", "100%, k+ey/1234");
  ClientHead reply;
  reply.headers = &headers;
  reply.framing = Framing::none;
  reply.reason = "no such key: k+ey/12345";
  reply.key = "k+ey/12345";
  CHECK(client_head(reply) == "HTTP/1.1 200 OK\r\nX-Other: 100%, k+ey/1234\r\nConnection: keep-alive\r\n\r\n");
  SECTION("a placeholder is no key") {
    reply.key = "Bearer";
    CHECK(client_head(reply).find("X-Echo: Bearer k+ey/12345") != std::string::npos);
  }
}

TEST_CASE("heads: a page of the gateway's own") {
  OwnReply reply;
  reply.status = 503;
  reply.body = "{}";
  reply.retry_after = std::chrono::milliseconds{1200};
  reply.keep_alive = false;
  CHECK(own_reply(reply) ==
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 2\r\nRetry-After: 2\r\n"
        "Connection: close\r\n\r\n{}");
  reply.head_only = true;
  CHECK(own_reply(reply).ends_with("\r\n\r\n"));
}

TEST_CASE("heads: credentials are found wherever a client may put them") {
  using binnacle::gateway::client_key;
  const auto with = [](const char* name, const char* value) {
    Headers headers;
    headers.add(name, value);
    return client_key(headers, "/v1?x=1");
  };
  CHECK(with("Authorization", "bearer  k") == "k");
  CHECK(with("authorization", "Basic k").empty());
  CHECK(with("X-API-Key", "k") == "k");
  CHECK(with("api-key", "k") == "k");
  CHECK(with("x-goog-api-key", "k") == "k");
  CHECK(client_key({}, "/v1beta/models?alt=sse&key=k") == "k");
  CHECK(client_key({}, "/v1beta/models?monkey=k").empty());
}
