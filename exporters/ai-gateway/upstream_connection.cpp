// SPDX-License-Identifier: Apache-2.0
#include "upstream_connection.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/error.hpp>
#include <utility>

#include "write_now.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kReadSize = 16'384;

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

struct Resolving {
  bool done = false;
  bool late = false;
};

}  // namespace

UpstreamConnection::UpstreamConnection(asio::io_context& loop, Address address)
    : address_(std::move(address)), resolver_(loop.get_executor()), resolving_(loop.get_executor()) {
  if (address_.tls) {
    tls_.emplace(Socket{loop.get_executor()}, *address_.tls);
  } else {
    plain_.emplace(loop.get_executor());
  }
  deadline_.emplace(tcp());
  reader_.emplace(tcp(), kReadSize);
}

UpstreamConnection::~UpstreamConnection() = default;

Socket& UpstreamConnection::tcp() { return tls_ ? tls_->next_layer() : *plain_; }

Task<error_code> UpstreamConnection::open(TimePoint deadline) {
  auto error = co_await connect(deadline);
  if (!error && tls_) error = co_await shake_hands(deadline);
  if (!error && cancelled_) error = asio::error::operation_aborted;
  co_return error;
}

Task<error_code> UpstreamConnection::connect(TimePoint deadline) {
  Endpoints endpoints;
  error_code error;
  const auto literal = asio::ip::make_address(address_.host, error);
  if (!error) {
    endpoints.emplace_back(literal, static_cast<std::uint16_t>(std::stoi(address_.port)));
  } else {
    // Shared with the timer, whose call may come in the same turn of the loop as the resolver's.
    const auto watch = std::make_shared<Resolving>();
    resolving_.expires_at(deadline);
    resolving_.async_wait([this, watch](error_code ended) {
      if (ended || watch->done) return;
      watch->late = true;
      resolver_.cancel();
    });
    const auto [failed, results] = co_await resolver_.async_resolve(address_.host, address_.port, kAwait);
    watch->done = true;
    resolving_.cancel();
    if (failed) co_return watch->late ? error_code{beast::error::timeout} : failed;
    for (const auto& result : results) endpoints.push_back(result.endpoint());
  }
  if (cancelled_) co_return error_code{asio::error::operation_aborted};
  auto& socket = tcp();
  deadline_->set(deadline);
  const auto [failed, endpoint] = co_await asio::async_connect(socket, endpoints, kAwait);
  if (const auto result = deadline_->end(failed)) co_return result;
  socket.set_option(asio::ip::tcp::no_delay{true}, error);
  socket.set_option(asio::socket_base::keep_alive{true}, error);
  socket.non_blocking(true, error);
  co_return error;
}

Task<error_code> UpstreamConnection::shake_hands(TimePoint deadline) {
  const auto& name = address_.server_name.empty() ? address_.host : address_.server_name;
  error_code not_literal;
  asio::ip::make_address(name, not_literal);
  if (not_literal && SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str()) != 1) {
    co_return error_code{asio::error::invalid_argument};
  }
  error_code error;
  tls_->set_verify_callback(asio::ssl::host_name_verification{name}, error);
  if (error) co_return error;
  deadline_->set(deadline);
  const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwait);
  co_return deadline_->end(failed);
}

Task<error_code> UpstreamConnection::write(std::span<const asio::const_buffer> buffers, TimePoint deadline) {
  if (cancelled_) co_return error_code{asio::error::operation_aborted};
  if (tls_) {
    deadline_->set(deadline);
    const auto [error, size] = co_await asio::async_write(*tls_, buffers, kAwait);
    co_return deadline_->end(error);
  }
  error_code failed;
  beast::buffers_suffix rest{buffers};
  rest.consume(write_now(*plain_, buffers, failed));
  if (failed || asio::buffer_size(rest) == 0) co_return failed;
  deadline_->set(deadline);
  const auto [error, size] = co_await asio::async_write(*plain_, rest, kAwait);
  co_return deadline_->end(error);
}

Task<error_code> UpstreamConnection::read_tls(TimePoint deadline) {
  deadline_->set(deadline);
  const auto [error, size] = co_await tls_->async_read_some(buffer().prepare(kReadSize), kAwait);
  buffer().commit(size);
  co_return deadline_->end(error);
}

void UpstreamConnection::cancel() {
  cancelled_ = true;
  resolver_.cancel();
  error_code ignored;
  tcp().close(ignored);
}

void UpstreamConnection::interrupt() {
  error_code ignored;
  tcp().cancel(ignored);
}

void UpstreamConnection::rest(TimePoint now) {
  idle_since_ = now;
  if (!tls_) reader_->read_ahead(nullptr);
}

bool UpstreamConnection::quiet() {
  if (cancelled_ || buffer().size() > 0) return false;
  if (!tls_) return reader_->quiet();
  std::array<char, 1> byte{};
  error_code error;
  tcp().receive(asio::buffer(byte), asio::socket_base::message_peek, error);
  return error == asio::error::would_block;
}

}  // namespace binnacle::gateway
