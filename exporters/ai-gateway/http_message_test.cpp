// SPDX-License-Identifier: Apache-2.0
#include "http_message.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using binnacle::gateway::ReplyParser;
using binnacle::gateway::RequestParser;
using Progress = RequestParser::Progress;

constexpr std::size_t kHeaderLimit = 8192;

/// Feeds a text in two pieces, cut at `at`, and returns the body.
template <typename Parser>
std::string body_of(Parser& parser, std::string_view text, std::size_t at, typename Parser::Progress& progress) {
  std::string buffer;
  std::string body;
  for (const auto piece : {text.substr(0, at), text.substr(at)}) {
    buffer += piece;
    std::string_view rest = buffer;
    progress = parser.feed(rest);
    for (const auto part : parser.body()) body += part;
    buffer.erase(0, buffer.size() - rest.size());
  }
  return body;
}

Progress read(std::string_view text, std::size_t header_limit = kHeaderLimit, std::uint64_t body_limit = 1000) {
  RequestParser parser{header_limit, body_limit};
  return parser.feed(text);
}

}  // namespace

TEST_CASE("HTTP: a request is the same wherever it is cut") {
  const std::string text =
      "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: a\r\ncontent-TYPE: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\nTrailing: x\r\n\r\n";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    RequestParser parser{kHeaderLimit, 1000};
    auto progress = Progress::more;
    CHECK(body_of(parser, text, at, progress) == "hello!");
    CHECK(progress == Progress::done);
    CHECK(parser.method() == "POST");
    CHECK(parser.target() == "/v1/chat/completions?x=1");
    CHECK(parser.headers().value("Content-Type") == "application/json");
    CHECK(parser.headers().find("Trailing") == nullptr);
    CHECK(parser.headers().all().size() == 3);
  }
}

TEST_CASE("HTTP: an empty chunked body may come in any pieces") {
  const std::string text = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    RequestParser parser{kHeaderLimit, 1000};
    auto progress = Progress::more;
    CHECK(body_of(parser, text, at, progress).empty());
    CHECK(progress == Progress::done);
  }
}

TEST_CASE("HTTP: the next request stays where it is") {
  std::string_view text = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /next HTTP/1.1\r\n\r\n";
  RequestParser parser{kHeaderLimit, 1000};
  CHECK(parser.feed(text) == Progress::done);
  CHECK(text == "GET /next HTTP/1.1\r\n\r\n");
}

TEST_CASE("HTTP: what servers understand in different ways is refused") {
  CHECK(read("POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == Progress::bad);
  CHECK(read("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc") == Progress::bad);
  CHECK(read("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == Progress::bad);
  CHECK(read("POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\na") == Progress::bad);
  CHECK(read("POST / HTTP/1.1\r\n name: folded\r\n\r\n") == Progress::bad);
  CHECK(read("POST / HTTP/1.1\r\nna me: x\r\n\r\n") == Progress::bad);
  CHECK(read("GET / HTTP/2.0\r\n\r\n") == Progress::bad);
  CHECK(read("\x16\x03\x01 TLS") == Progress::bad);
}

TEST_CASE("HTTP: headers and bodies have their limits") {
  const std::string head = "GET / HTTP/1.1\r\nx: " + std::string(500, 'a') + "\r\n\r\n";
  CHECK(read(head, 400) == Progress::headers_big);
  CHECK(read(head, 1000) == Progress::done);
  CHECK(read("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n") == Progress::body_big);
  CHECK(read("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + std::string(1001, 'a') +
             "\r\n0\r\n\r\n") == Progress::body_big);
}

TEST_CASE("HTTP: a reply without a length ends with its connection") {
  std::string_view text = "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\n\r\nabc";
  ReplyParser parser{kHeaderLimit, std::nullopt};
  CHECK(parser.feed(text) == ReplyParser::Progress::more);
  REQUIRE(parser.body().size() == 1);
  CHECK(parser.body().front() == "abc");
  CHECK(parser.status() == 200);
  CHECK(parser.reason() == "Fine");
  CHECK(parser.end() == ReplyParser::Progress::done);
}

TEST_CASE("HTTP: a reply that is cut is not whole") {
  for (const std::string_view cut :
       {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 2", ""}) {
    ReplyParser parser{kHeaderLimit, std::nullopt};
    auto rest = cut;
    CHECK(parser.feed(rest) == ReplyParser::Progress::more);
    CHECK(parser.end() == ReplyParser::Progress::bad);
  }
}

TEST_CASE("HTTP: fields of one connection are known") {
  using binnacle::gateway::is_hop_by_hop;
  for (const auto* const name : {"Connection", "keep-alive", "TE", "Transfer-Encoding", "Upgrade", "X-Mine"}) {
    CHECK(is_hop_by_hop(name, "close, x-mine"));
  }
  CHECK_FALSE(is_hop_by_hop("X-Min", "close, x-mine"));
  CHECK_FALSE(is_hop_by_hop("Authorization", ""));
}

TEST_CASE("HTTP: heads are written") {
  std::string head;
  binnacle::gateway::append_status(head, 429);
  binnacle::gateway::append_field(head, "Retry-After", "3");
  CHECK(head == "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n");
}
