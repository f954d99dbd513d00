// SPDX-License-Identifier: Apache-2.0
#include "sse_frames.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace binnacle::gateway;

namespace {

using Texts = std::vector<std::string>;

struct Seen {
  Texts frames;  // "event|data" of each; "cut:" and the size of a long one
  Texts bytes;   // of each, with its tail
  bool operator==(const Seen&) const = default;
};

Seen read(std::string_view first, std::string_view second, std::size_t step, std::size_t limit) {
  SseFrames frames(limit);
  Seen seen;
  bool going_on = false;
  const auto take = [&](const SseFrames::Frame& frame) {
    if (frame.tail || going_on) {
      REQUIRE_FALSE(seen.bytes.empty());
      seen.bytes.back() += frame.bytes;
    } else {
      seen.bytes.emplace_back(frame.bytes);
      if (!frame.cut) seen.frames.push_back(std::string(frame.event) + "|" + std::string(frame.data));
    }
    if (frame.tail) return;
    if (frame.cut && !frame.more) seen.frames.emplace_back("cut");
    going_on = frame.more;
  };
  for (auto part : {first, second}) {
    while (!part.empty()) {
      frames.feed(part.substr(0, step), take);
      part.remove_prefix(std::min(step, part.size()));
    }
  }
  frames.finish(take);
  return seen;
}

/// The frames of these bytes, whichever pieces they come in.
Seen read(std::string_view bytes, std::size_t limit = 1000) {
  auto whole = read(bytes, {}, bytes.size(), limit);
  std::string all;
  for (const auto& frame : whole.bytes) all += frame;
  CHECK(all == bytes);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    CAPTURE(at);
    CHECK(read(bytes.substr(0, at), bytes.substr(at), bytes.size(), limit) == whole);
    CHECK(read(bytes, {}, at, limit) == whole);
  }
  return whole;
}

Texts frames(std::string_view bytes, std::size_t limit = 1000) { return read(bytes, limit).frames; }

/// The frames with their data replaced, one after the other.
std::string replaced(std::string_view bytes, std::string_view data) {
  SseFrames frames(1000);
  std::string text;
  const auto take = [&](const auto& frame) { text += with_data(frame, data); };
  frames.feed(bytes, take);
  frames.finish(take);
  return text;
}

}  // namespace

TEST_CASE("a frame ends with an empty line", "[sse_frames]") {
  CHECK(frames("data: a\n\ndata: b\n\n") == Texts{"|a", "|b"});
  CHECK(read("data: a\n\ndata: b\n\n").bytes == Texts{"data: a\n\n", "data: b\n\n"});
  CHECK(frames("").empty());
}

TEST_CASE("lines of frames end with CR, LF or both", "[sse_frames]") {
  CHECK(frames("data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\n") == Texts{"|a", "|b", "|c", "|d"});
  CHECK(frames("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n") == Texts{"|a\nb", "|c"});
  CHECK(frames("data: a\rdata: b\r\rdata: c\r\r") == Texts{"|a\nb", "|c"});
  CHECK(read("data: a\r\n\r\n\r\ndata: b\r\n\r\n").bytes == Texts{"data: a\r\n\r\n", "\r\n", "data: b\r\n\r\n"});
  CHECK(read("data: a\n\r\n\ndata: b\n\n").bytes == Texts{"data: a\n\r\n", "\n", "data: b\n\n"});
}

TEST_CASE("a frame is handed on without waiting for the LF of its CR", "[sse_frames]") {
  SseFrames frames(100);
  Texts bytes;
  const auto take = [&](const auto& frame) { bytes.push_back(std::string(frame.bytes) + (frame.tail ? "tail" : "")); };
  frames.feed("data: a\r\n\r", take);
  CHECK(bytes == Texts{"data: a\r\n\r"});
  frames.feed("\ndata: b\n\n", take);
  CHECK(bytes == Texts{"data: a\r\n\r", "\ntail", "data: b\n\n"});
}

TEST_CASE("fields of a frame", "[sse_frames]") {
  CHECK(frames("event: ping\ndata:a\nid: 7\nretry: 3\n\n") == Texts{"ping|a"});
  CHECK(frames("event:x\nevent: y\ndata:  two blanks\n\n") == Texts{"y| two blanks"});
  CHECK(frames("data: a\ndata\ndata:\ndata: b\n\n") == Texts{"|a\n\n\nb"});
  CHECK(frames("database: a\nevents: b\n data: c\n\n") == Texts{"|"});
  CHECK(frames(": comment\n\n:\n\n: data: a\ndata: b\n\n") == Texts{"|", "|", "|b"});
}

TEST_CASE("a byte order mark belongs to the first frame", "[sse_frames]") {
  CHECK(frames("\xef\xbb\xbf"
               "data: a\n\n\xef\xbb\xbf"
               "data: b\n\n") == Texts{"|a", "|"});
}

TEST_CASE("the last frame needs no empty line", "[sse_frames]") {
  CHECK(frames("data: a\n\ndata: b") == Texts{"|a", "|b"});
  CHECK(frames("data: a\n\ndata: b\r\n") == Texts{"|a", "|b"});
  CHECK(read("data: a\n\nda").bytes == Texts{"data: a\n\n", "da"});
}

TEST_CASE("a frame over the limit is handed on in parts", "[sse_frames]") {
  const std::string long_line = "data: " + std::string(30, 'x');
  CHECK(frames("data: a\n\n" + long_line + "\n\ndata: b\n\n", 20) == Texts{"|a", "cut", "|b"});
  CHECK(frames(long_line + "\r\n\r\n" + long_line + "\r\n\r\ndata: b\r\n\r\n", 20) == Texts{"cut", "cut", "|b"});
  CHECK(frames("data: 12345\n\ndata: 123456\n\n", 13) == Texts{"|12345", "cut"});
  CHECK(frames("data: 123\r\n\r\ndata: 1234\r\n\r\n", 12) == Texts{"|123", "cut"});
  CHECK(frames("data: a\ndata: b\ndata: c\n\ndata: d\n\n", 10) == Texts{"cut", "|d"});
}

TEST_CASE("a frame within one piece is not copied", "[sse_frames]") {
  SseFrames frames(1000);
  const std::string bytes = "event: x\ndata: a\n\ndata: b\n\ndata: c";
  int inside = 0;
  const auto take = [&](const auto& frame) {
    inside += frame.data.data() >= bytes.data() && frame.data.data() < bytes.data() + bytes.size() ? 1 : 0;
  };
  frames.feed(bytes, take);
  CHECK(inside == 2);
  frames.feed(" and more\n\n", take);
  CHECK(inside == 2);
}

TEST_CASE("a frame's data is replaced, and nothing else of it", "[sse_frames]") {
  CHECK(replaced("data: {\"a\":1}\n\n", "{}") == "data: {}\n\n");
  CHECK(replaced("id: 7\r\nevent: x\r\ndata:1\r\n: comment\r\n\r\n", "{}") ==
        "id: 7\r\nevent: x\r\ndata: {}\r\n: comment\r\n\r\n");
  CHECK(replaced("data: {\ndata: }\nid: 1\n\n", "{\n\n}") == "data: {\ndata: \ndata: }\nid: 1\n\n");
  CHECK(replaced("data: a", "b") == "data: b");
  CHECK(replaced("data: a\r\r", "b") == "data: b\r\r");
}
