// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "asio.h"
#include "deadline.h"
#include "socket_reader.h"

namespace binnacle::gateway {

/// One connection to an upstream, plain or TLS. For the proxy's thread.
class UpstreamConnection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Where to, and as whom a certificate has to know it. `tls` is null for plain HTTP.
  struct Address {
    std::string host;
    std::string port;
    std::string server_name;
    std::shared_ptr<asio::ssl::context> tls;
  };
  UpstreamConnection(asio::io_context& loop, Address address);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  /// Resolves, connects, shakes hands. The error's category and number tell what failed; beast::error::timeout: the
  /// time.
  Task<error_code> open(TimePoint deadline);
  Task<error_code> write(std::span<const asio::const_buffer> buffers, TimePoint deadline);
  /// Reads what is there into buffer(), at least a byte. asio::error::eof: it was closed.
  Task<error_code> read(TimePoint deadline) { return tls_ ? read_tls(deadline) : reader_->read(*deadline_, deadline); }
  /// What was read and not consumed.
  [[nodiscard]] beast::flat_buffer& buffer() { return reader_->buffer(); }

  /// Ends what is under way, from another coroutine, with asio::error::operation_aborted; nothing can begin any more.
  void cancel();
  /// Ends a read() that is under way, with asio::error::operation_aborted; another may follow.
  void interrupt();
  /// It waits to be used again, from now on.
  void rest(TimePoint now);
  /// Since when it does.
  [[nodiscard]] TimePoint idle_since() const { return idle_since_; }
  /// Nothing came since, not even its end.
  [[nodiscard]] bool quiet();

 private:
  Socket& tcp();
  Task<error_code> connect(TimePoint deadline);
  Task<error_code> shake_hands(TimePoint deadline);
  Task<error_code> read_tls(TimePoint deadline);

  Address address_;
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver_;
  std::optional<Socket> plain_;
  std::optional<beast::ssl_stream<Socket>> tls_;
  std::optional<Deadline> deadline_;
  std::optional<SocketReader> reader_;
  Timer resolving_;  // a resolver has no time limit of its own
  TimePoint idle_since_;
  bool cancelled_ = false;
};

}  // namespace binnacle::gateway
