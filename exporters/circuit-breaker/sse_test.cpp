// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include <catch2/catch.hpp>
#include <vector>

#include "source.h"

using namespace binnacle::breaker;

namespace {

using Texts = std::vector<std::string>;

/// "type|data" of each event, of bytes that come in pieces of `step`.
Texts events(std::string_view bytes, std::size_t step) {
  SseParser parser;
  Texts seen;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    parser.feed(piece, [&](const auto& event) { seen.push_back(event.type + "|" + event.data); });
  }
  return seen;
}

/// The same in every piecing.
Texts events(std::string_view bytes) {
  auto whole = events(bytes, bytes.size());
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    CAPTURE(step);
    CHECK(events(bytes, step) == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("an event ends with an empty line", "[sse]") {
  CHECK(events("data: a\n\ndata: b\n\n") == Texts{"|a", "|b"});
  CHECK(events("data: a\n").empty());
}

TEST_CASE("lines end with CR, LF or both, also mixed", "[sse]") {
  CHECK(events("data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\n") == Texts{"|a", "|b", "|c", "|d"});
  CHECK(events("data: a\r\ndata: b\r\n\r\n") == Texts{"|a\nb"});
}

TEST_CASE("comments and pings are no events", "[sse]") {
  CHECK(events(": ping\n\n:\n\nping: \n\ndata: a\n: in between\n\n") == Texts{"|a"});
}

TEST_CASE("data of several lines is joined, and only one blank behind the colon is dropped", "[sse]") {
  CHECK(events("data: {\ndata:  \"a\"\ndata:}\n\n") == Texts{"|{\n \"a\"\n}"});
  CHECK(events("data\n\n") == Texts{"|"});
  CHECK(events("data:\ndata\n\n") == Texts{"|\n"});
}

TEST_CASE("an event has a type of its own, and without data it is none", "[sse]") {
  CHECK(events("event: connecttime\n\nevent: meta\ndata: a\n\ndata: b\n\n") == Texts{"meta|a", "|b"});
}

TEST_CASE("fields that we do not use change nothing", "[sse]") {
  CHECK(events("retry: 10000\nid: 7\nDATA: x\n data: x\ndata : x\ndata: a: b\n\n") == Texts{"|a: b"});
}

TEST_CASE("a byte order mark counts only at the very start", "[sse]") {
  CHECK(events("\xef\xbb\xbf"
               "data: a\n\n\xef\xbb\xbf"
               "data: b\n\n") == Texts{"|a"});
}

TEST_CASE("bytes are taken as they are", "[sse]") {
  const std::string zero{"data: a\0b\n\n", 11};
  CHECK(events(zero) == Texts{std::string{"|a\0b", 4}});
  CHECK(events("data: \xff\xfe\n\n") == Texts{"|\xff\xfe"});
}

TEST_CASE("a line or an event without an end is refused", "[sse]") {
  const auto ignore = [](const auto&) {};
  SseParser line{100};
  line.feed("data: " + std::string(90, 'x'), ignore);
  CHECK_THROWS_AS(line.feed(std::string(10, 'x'), ignore), SourceError);
  SseParser event{100};
  const auto many = [&] {
    for (int at = 0; at < 100; ++at) event.feed("data\n", ignore);
  };
  CHECK_THROWS_AS(many(), SourceError);
  SseParser comments{100};
  for (int at = 0; at < 100; ++at) comments.feed(": " + std::string(50, 'x') + "\n", ignore);
  try {
    SseParser{10}.feed("data: 1234567890", ignore);
    FAIL("taken");
  } catch (const SourceError& error) {
    CHECK(error.failure() == Failure::too_large);
    CHECK(std::string{error.what()} == "an event of the stream is longer than 10 bytes");
  }
}
