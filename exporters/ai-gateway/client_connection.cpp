// SPDX-License-Identifier: Apache-2.0
#include "client_connection.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <utility>

#include "write_now.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kReadSize = 8192;
/// In all, and without a byte: a client that sends a body which is too large reads the answer only afterwards.
constexpr std::chrono::seconds kLingerTime{10};
constexpr std::chrono::seconds kLingerPause{2};
constexpr std::size_t kLingerBytes = std::size_t{64} << 20U;

}  // namespace

ClientConnection::ClientConnection(Socket socket)
    : socket_(std::move(socket)), deadline_(socket_), reader_(socket_, kReadSize) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

Task<error_code> ClientConnection::write(std::span<const asio::const_buffer> buffers, TimePoint deadline) {
  if (closed_) co_return error_code{asio::error::operation_aborted};
  error_code failed;
  beast::buffers_suffix rest{buffers};
  rest.consume(write_now(socket_, buffers, failed));
  if (failed || asio::buffer_size(rest) == 0) co_return failed;
  deadline_.set(deadline);
  const auto [error, size] = co_await asio::async_write(socket_, rest, kAwait);
  co_return deadline_.end(error);
}

void ClientConnection::watch(std::function<void()> gone) {
  if (gone) {
    reader_.read_ahead(std::move(gone));
  } else {
    reader_.forget();
  }
}

void ClientConnection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

Task<void> ClientConnection::linger() {
  // Closing a socket with unread bytes resets the connection, and the client may lose the answer.
  error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  const auto deadline = std::chrono::steady_clock::now() + kLingerTime;
  std::size_t read_bytes = 0;
  while (!error && read_bytes < kLingerBytes) {
    buffer().consume(buffer().size());
    error = co_await read(std::min(deadline, std::chrono::steady_clock::now() + kLingerPause));
    read_bytes += buffer().size();
  }
}

}  // namespace binnacle::gateway
