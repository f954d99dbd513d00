// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "asio.h"
#include "deadline.h"

namespace binnacle::gateway {

/// Reads from a socket into a buffer, also ahead, when nobody waits for it yet: the same read then tells the end of a
/// connection that is not used, and takes what comes next on it. For the proxy's thread.
class SocketReader {
 public:
  /// `socket` must live longer. `size`: bytes to read at a time.
  SocketReader(Socket& socket, std::size_t size);
  ~SocketReader();
  SocketReader(const SocketReader&) = delete;
  SocketReader& operator=(const SocketReader&) = delete;

  /// Reads at least a byte. asio::error::eof: the connection was closed; beast::error::timeout: `until` has come.
  Task<error_code> read(Deadline& deadline, Deadline::TimePoint until);
  /// Begins to read, where the buffer is empty. The next read() takes it over. `ended` is called once, where the
  /// connection ends before that; it may be null.
  void read_ahead(std::function<void()> ended);
  /// So many more bytes come, most likely: up to 64 KiB of them are read at once.
  void expect(std::uint64_t bytes);
  /// `ended` is not called any more.
  void forget() { state_->ended = nullptr; }
  /// Is reading ahead, and nothing came yet.
  [[nodiscard]] bool quiet() const;

  /// What was read and not consumed.
  [[nodiscard]] beast::flat_buffer& buffer() { return state_->buffer; }

 private:
  /// A coroutine that waits in read().
  struct Waiting {
    virtual ~Waiting() = default;
    virtual void go_on(std::unique_ptr<Waiting> self, error_code error) = 0;
  };
  template <typename Handler>
  struct WaitingHandler;
  struct State {
    beast::flat_buffer buffer;
    bool reading = false;
    std::optional<error_code> failed;  // while nobody waited
    std::unique_ptr<Waiting> waiting;
    std::function<void()> ended;
  };
  class Done;
  void start();

  Socket& socket_;
  const std::size_t usual_;
  std::size_t size_;              // to read at once
  std::shared_ptr<State> state_;  // shared with a read that is under way
};

}  // namespace binnacle::gateway
