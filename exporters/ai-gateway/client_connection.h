// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>

#include "asio.h"
#include "deadline.h"
#include "socket_reader.h"

namespace binnacle::gateway {

/// One connection of a client. For the proxy's thread.
class ClientConnection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ClientConnection(Socket socket);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  Task<error_code> read(TimePoint deadline) { return reader_.read(deadline_, deadline); }
  /// So many bytes more are to be read soon.
  void expect(std::uint64_t bytes) { reader_.expect(bytes); }
  Task<error_code> write(std::span<const asio::const_buffer> buffers, TimePoint deadline);
  /// What was read and not consumed.
  [[nodiscard]] beast::flat_buffer& buffer() { return reader_.buffer(); }

  /// From now on `gone` is called once when the client hangs up. Null: no more. A client that has sent more than this
  /// request already is not watched: its end cannot be told from what it sent.
  void watch(std::function<void()> gone);

  /// Ends what is under way, and all that is to come.
  void close();
  /// The client may finish reading what was written to it: no more is sent, and a while of its bytes are thrown away.
  Task<void> linger();
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  Socket socket_;
  Deadline deadline_;
  SocketReader reader_;
  bool closed_ = false;
};

}  // namespace binnacle::gateway
