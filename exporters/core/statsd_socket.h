// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "statsd_address.h"
#include "unique_fd.h"

namespace binnacle {

/// A bound datagram socket, and what came through it.
class StatsdSocket {
 public:
  /// Binds. A unix socket that a dead process left behind is replaced, and everybody may write to ours, as everybody
  /// may to a UDP port. Throws std::runtime_error with one line: an address in use, a path that is no socket, no
  /// permission.
  StatsdSocket(const StatsdAddress& address, int receive_buffer);
  ~StatsdSocket();
  StatsdSocket(const StatsdSocket&) = delete;
  StatsdSocket& operator=(const StatsdSocket&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// As configured: for labels.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// With the port that it has got: for logs.
  [[nodiscard]] std::string bound_to() const;

  /// Asks the kernel for so many bytes, beyond its limit where we may.
  void set_receive_buffer(int bytes);
  /// What the kernel grants, in bytes as it counts them.
  [[nodiscard]] std::uint64_t receive_buffer() const;
  /// Packets that the kernel threw away since the socket was bound, for want of room or with a bad checksum; nothing
  /// where it does not tell (before Linux 4.12). From SO_MEMINFO, which, unlike SO_RXQ_OVFL, needs no later packet to
  /// tell. Only one thread at a time may ask.
  std::optional<std::uint64_t> kernel_drops();

  // Written by the listener's thread alone.
  std::atomic<std::uint64_t> packets = 0;
  std::atomic<std::uint64_t> received_bytes = 0;
  std::atomic<std::uint64_t> oversized = 0;  ///< packets that were longer than we read, and lost their end
  std::atomic<std::uint64_t> errors = 0;     ///< failed calls

 private:
  void bind_udp(const StatsdAddress& address);
  void bind_unix(const std::string& path);

  std::string text_;
  UniqueFd fd_;
  std::string path_;  // to be removed, if it is still ours
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint32_t last_drops_ = 0;
  std::uint64_t drops_ = 0;
};

}  // namespace binnacle
