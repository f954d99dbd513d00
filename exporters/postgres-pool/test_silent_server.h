// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "core/test_loopback.h"
#include "core/unique_fd.h"

namespace binnacle::pgpool {

/// Takes connections on a loopback port of its own, and never says a word.
class SilentServer {
 public:
  SilentServer() { port_ = listen_on_loopback(listener_.get()); }
  [[nodiscard]] int port() const { return port_; }

  /// Takes the connections that came since the last call; returns how many.
  std::size_t accept_all() {
    std::size_t count = 0;
    for (UniqueFd one{accept()}; one; one = UniqueFd{accept()}, ++count) taken_.push_back(std::move(one));
    return count;
  }
  void close_all() { taken_.clear(); }

 private:
  [[nodiscard]] int accept() const { return ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC); }

  const UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  std::vector<UniqueFd> taken_;
  int port_ = 0;
};

}  // namespace binnacle::pgpool
