// SPDX-License-Identifier: Apache-2.0
// A request and a reply, whole and in pieces, and the heads that the gateway makes of them.
#include "ai-gateway/http_message.h"

#include <algorithm>
#include <string>

#include "ai-gateway/heads.h"
#include "fuzz.h"

namespace {

using namespace binnacle::fuzz;
using namespace binnacle::gateway;

constexpr std::size_t kHeaderLimit = 2048;
constexpr std::uint64_t kBodyLimit = 2048;

struct Read {
  bool good = false;  // done, or more would have to come
  bool done = false;
  std::string body;
  std::string rest;  // of the next message
};

/// As a connection does it: bytes that were not used come again, with those that follow.
template <typename Parser>
Read read(Parser& parser, std::string_view bytes, std::size_t step) {
  Read read;
  std::string buffer;
  auto progress = Parser::Progress::more;
  while (!bytes.empty() && progress == Parser::Progress::more) {
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    std::string_view view = buffer;
    progress = parser.feed(view);
    for (const auto piece : parser.body()) read.body += piece;
    buffer.erase(0, buffer.size() - view.size());
  }
  read.done = progress == Parser::Progress::done;
  read.good = read.done || progress == Parser::Progress::more;
  read.rest = buffer + std::string{bytes};
  return read;
}

/// A head has only the lines that it was made of: no field of the input breaks out of its line.
void check_head(std::string_view head, std::size_t fields) {
  require(head.ends_with("\r\n\r\n"), "a head ends with an empty line");
  require(head.find("\r\n\r\n") == head.size() - 4, "a head has one empty line");
  const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
  require(lines <= fields + 12, "a head has no more fields than it was given");
}

void check_request(std::string_view bytes) {
  RequestParser whole{kHeaderLimit, kBodyLimit};
  const auto expected = read(whole, bytes, bytes.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}}) {
    RequestParser parser{kHeaderLimit, kBodyLimit};
    const auto found = read(parser, bytes, step);
    // The limit of a header is seen at other places, where more of it is there at once.
    if (!expected.good || !found.good) continue;
    require(found.done == expected.done, "pieces do not change whether it is whole");
    if (!found.done) continue;
    require(found.body == expected.body && found.rest == expected.rest, "pieces do not change the body");
    require(parser.headers().all() == whole.headers().all(), "pieces do not change the fields");
  }
  require(expected.body.size() <= kBodyLimit, "a body is bounded");
  if (!expected.done) return;
  UpstreamConfig upstream;
  upstream.host = "upstream.example";
  upstream.port = "80";
  UpstreamHead head;
  head.method = whole.method();
  head.target = whole.target();
  head.headers = &whole.headers();
  head.key = "key";
  head.body_bytes = expected.body.size();
  check_head(upstream_head(head, upstream), whole.headers().all().size());
  client_key(whole.headers(), whole.target());
}

void check_reply(std::string_view bytes) {
  ReplyParser parser{kHeaderLimit, std::nullopt};
  const auto found = read(parser, bytes, 3);
  if (!found.done) parser.end();
  if (!parser.is_header_done()) return;
  ClientHead head;
  head.status = parser.status();
  head.reason = parser.reason();
  head.headers = &parser.headers();
  head.model = "model";
  head.upstream = "upstream";
  check_head(client_head(head), parser.headers().all().size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text(data, size);
  if (bytes.empty()) return 0;
  check_request(bytes);
  check_reply(bytes);
  return 0;
}
