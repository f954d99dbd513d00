// SPDX-License-Identifier: Apache-2.0
#include "resp.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using Catch::Matchers::Contains;

namespace {

Reply parse(std::string_view bytes) {
  ReplyReader reader;
  reader.feed(bytes);
  auto reply = reader.next();
  REQUIRE(reply);
  return *reply;
}

}  // namespace

TEST_CASE("replies of every type", "[resp]") {
  CHECK(parse("+OK\r\n").type == Reply::Type::status);
  CHECK(parse("+OK\r\n").text == "OK");
  CHECK(parse("-ERR no\r\n").is_error());
  CHECK(parse("-ERR no\r\n").text == "ERR no");
  CHECK(parse(":-7\r\n").integer == -7);
  CHECK(parse("$-1\r\n").type == Reply::Type::nil);
  CHECK(parse("*-1\r\n").type == Reply::Type::nil);
  CHECK(parse("*0\r\n").elements.empty());
  const auto string = parse(std::string_view{"$4\r\na\r\nb\r\n", 10});
  CHECK(string.type == Reply::Type::string);
  CHECK(string.text == "a\r\nb");
}

TEST_CASE("nested arrays keep their order", "[resp]") {
  const auto reply = parse("*3\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n+x\r\n:2\r\n");
  REQUIRE(reply.elements.size() == 3);
  CHECK(reply.elements[0].text == "a");
  CHECK(reply.elements[1].elements[0].integer == 1);
  CHECK(reply.elements[1].elements[1].elements[0].text == "x");
  CHECK(reply.elements[2].integer == 2);
  CHECK(reply.at(2) != nullptr);
  CHECK(reply.at(3) == nullptr);
}

TEST_CASE("a reply that comes byte by byte is whole at its last byte", "[resp]") {
  const std::string bytes = "*2\r\n$3\r\nabc\r\n:12\r\n+next\r\n";
  ReplyReader reader;
  std::vector<Reply> replies;
  for (const char byte : bytes) {
    reader.feed({&byte, 1});
    while (auto reply = reader.next()) replies.push_back(*reply);
  }
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].elements[1].integer == 12);
  CHECK(replies[1].text == "next");
}

TEST_CASE("what is no RESP2 is an error", "[resp]") {
  for (const auto* const bytes : {"%1\r\n", "HTTP/1.1 400\r\n", "$x\r\n", ":\r\n", "*99999999999\r\n",
                                  "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    INFO(bytes);
    ReplyReader reader;
    reader.feed(bytes);
    CHECK_THROWS_AS(reader.next(), ProtocolError);
  }
}

TEST_CASE("announced lengths cost nothing, and what is sent is bounded", "[resp]") {
  ReplyReader reader{{.bytes = 1000, .elements = 10}};
  reader.feed("*2000000000\r\n");
  CHECK_FALSE(reader.next());
  for (int element = 0; element < 9; ++element) reader.feed(":1\r\n");
  CHECK_FALSE(reader.next());
  reader.feed(":1\r\n");
  CHECK_THROWS_WITH(reader.next(), Contains("too many elements"));

  ReplyReader other{{.bytes = 1000, .elements = 10}};
  other.feed("$1000000000\r\n");
  CHECK_FALSE(other.next());
  CHECK_THROWS_WITH(other.feed(std::string(1000, 'x')), Contains("longer than 1000 bytes"));
}

TEST_CASE("the limits are those of one reply", "[resp]") {
  ReplyReader reader{{.bytes = 100, .elements = 3}};
  for (int reply = 0; reply < 50; ++reply) {
    reader.feed("*2\r\n:1\r\n:2\r\n");
    REQUIRE(reader.next());
  }
}

TEST_CASE("a command goes over the wire with the lengths of its words", "[resp]") {
  std::string out;
  append_command({"CONFIG", "GET", "a b\r\n"}, out);
  CHECK(out == "*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$5\r\na b\r\n\r\n");
}
