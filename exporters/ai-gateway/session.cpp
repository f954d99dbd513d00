// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exchange.h"

namespace binnacle::gateway {

namespace {

using Progress = RequestParser::Progress;

/// A body's string grows to what its Content-Length says at once, unless that is a lie's size.
constexpr std::uint64_t kReserve = std::uint64_t{1} << 20U;

/// Some clients send an empty line after a body (RFC 9112, 2.2). Returns how many bytes are left.
std::size_t skip_empty_lines(ClientConnection& client) {
  auto& buffer = client.buffer();
  const auto bytes = bytes_in(buffer);
  buffer.consume(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
  return buffer.size();
}

/// Whether others may see another message in a request that begins with `bytes`: its body's length is told in a way
/// that not all know, it has two hosts, or fields go over several lines.
bool is_ambiguous(std::string_view bytes, const RequestParser& parser) {
  const auto head = bytes.substr(0, bytes.find("\r\n\r\n"));
  if (head.find("\r\n ") != std::string_view::npos || head.find("\r\n\t") != std::string_view::npos) return true;
  int encodings = 0;
  int hosts = 0;
  for (const auto& [name, value] : parser.headers().all()) {
    if (same_name(name, "host")) ++hosts;
    if (!same_name(name, "transfer-encoding")) continue;
    ++encodings;
    if (parser.http_1_0() || !same_name(value, "chunked")) return true;
  }
  return encodings > 1 || hosts > 1;
}

}  // namespace

Task<void> Session::run() {
  bool going = true;
  while (going && !(proxy_.stopping && client_.buffer().size() == 0)) {
    // Its own for as long as it is read: another config may come meanwhile.
    const auto setup = proxy_.setup;
    const auto& front = setup->config->front;
    RequestParser parser{front.max_header_bytes, front.max_body_bytes};
    std::string body;
    HeldBytes held{proxy_};
    const auto got = co_await read_request(front, parser, body, held);
    if (got == Got::ended) co_return;
    if (got == Got::refused) break;
    Exchange::Request request;
    request.head = &parser;
    request.body = std::move(body);
    request.arrived = Clock::now();
    request.keep_alive = parser.keep_alive();
    request.http_1_0 = parser.http_1_0();
    skip_empty_lines(client_);  // what is left would be taken for another request: then nobody watches the connection
    Exchange exchange{proxy_, client_, std::move(request)};
    going = co_await exchange.run();
    idle_ = true;
  }
  co_await client_.linger();
}

void Session::stop(bool force) {
  if (force || (idle_ && client_.buffer().size() == 0)) client_.close();
}

Progress Session::feed(RequestParser& parser) {
  auto& buffer = client_.buffer();
  const auto whole = bytes_in(buffer);
  auto bytes = whole;
  const bool had_head = parser.is_header_done();
  auto progress = parser.feed(bytes);
  if (!had_head && parser.is_header_done() && is_ambiguous(whole, parser)) progress = Progress::bad;
  buffer.consume(whole.size() - bytes.size());
  return progress;
}

Task<Session::Got> Session::read_request(const FrontConfig& front, RequestParser& parser, std::string& body,
                                         HeldBytes& held) {
  const auto idle_until = Clock::now() + front.idle_time;
  while (skip_empty_lines(client_) == 0) {
    if (co_await client_.read(idle_until)) co_return Got::ended;
  }
  idle_ = false;
  const auto deadline = Clock::now() + front.header_time;
  auto progress = feed(parser);
  while (progress == Progress::more && !parser.is_header_done()) {
    if (co_await client_.read(deadline)) co_return Got::ended;
    progress = feed(parser);
  }
  if (parser.is_header_done() && progress == Progress::more) {
    if (same_name(parser.headers().value("expect"), "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const std::array buffers{asio::buffer(kContinue)};
      if (co_await client_.write(buffers, deadline)) co_return Got::ended;
    }
    co_return co_await read_body(front, parser, body, held);
  }
  for (const auto piece : parser.body()) body += piece;
  if (!held.hold(body.size(), front.max_held_bytes)) co_return co_await refuse(GatewayError::overloaded, parser);
  switch (progress) {
    case Progress::done:
      co_return Got::request;
    case Progress::headers_big:
      co_return co_await refuse(GatewayError::headers_too_large, parser);
    case Progress::body_big:
      co_return co_await refuse(GatewayError::too_large, parser);
    default:
      co_return co_await refuse(GatewayError::bad_request, parser);
  }
}

Task<Session::Got> Session::read_body(const FrontConfig& front, RequestParser& parser, std::string& body,
                                      HeldBytes& held) {
  const auto length = parser.content_length();
  if (length) body.reserve(std::min<std::uint64_t>(*length, kReserve));
  auto progress = Progress::more;
  // However small the pieces are that it comes in.
  const auto last = Clock::now() + front.deadline;
  while (true) {
    for (const auto piece : parser.body()) {
      if (!held.hold(piece.size(), front.max_held_bytes)) co_return co_await refuse(GatewayError::overloaded, parser);
      body += piece;
    }
    if (progress != Progress::more) break;
    // What the parser leaves are the beginnings of a chunk's header or a trailer.
    if (client_.buffer().size() > front.max_header_bytes) co_return co_await refuse(GatewayError::bad_request, parser);
    if (length) client_.expect(*length - std::min<std::uint64_t>(*length, body.size()));
    if (co_await client_.read(std::min(Clock::now() + front.header_time, last))) co_return Got::ended;
    progress = feed(parser);
  }
  if (progress == Progress::done) co_return Got::request;
  co_return co_await refuse(progress == Progress::body_big ? GatewayError::too_large : GatewayError::bad_request,
                            parser);
}

Task<Session::Got> Session::refuse(GatewayError error, const RequestParser& parser) {
  proxy_.metrics.refused(name_of(error));
  const bool anthropic = parser.headers().find("anthropic-version") != nullptr;
  const auto where = route(parser.method().empty() ? "POST" : parser.method(),
                           parser.target().empty() ? "/" : parser.target(), anthropic);
  OwnReply own;
  own.status = status_of(error);
  own.body = error_body(where.dialect, error, {});
  own.keep_alive = false;
  const auto text = own_reply(own);
  const std::array buffers{asio::buffer(text)};
  co_await client_.write(buffers, Clock::now() + proxy_.setup->config->front.write_time);
  co_return Got::refused;
}

}  // namespace binnacle::gateway
