// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "front.h"
#include "gateway_metrics.h"
#include "gateway_state.h"
#include "proxy.h"

namespace binnacle::gateway {

/// The proxy, on a thread of its own. Its functions are for all threads.
class Gateway {
 public:
  explicit Gateway(GatewayMetrics& metrics);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// New requests begin with this setup; those under way keep theirs.
  void apply(const std::shared_ptr<Setup>& setup);
  /// Binds the addresses and begins to serve. Throws std::runtime_error with one line.
  void start(const std::vector<std::string>& addresses);
  /// Takes no more requests, and returns when those under way are through, at the latest after the setup's
  /// shutdown_grace.
  void stop();

  /// How all is just now; nothing where the proxy's thread did not answer by `deadline`.
  [[nodiscard]] std::optional<GatewayState> state(Clock::time_point deadline);

 private:
  struct Asked;
  void run();
  GatewayState read_state();
  void replace_setup(const std::shared_ptr<Setup>& setup);
  Task<void> sweep();
  Task<void> wait_for_the_last(Clock::time_point deadline);

  Proxy proxy_;  // goes after the loop, which ends what is left of requests
  asio::io_context loop_{1};
  std::unique_ptr<Front> front_;
  std::thread thread_;  // runs loop_ from start() on
};

}  // namespace binnacle::gateway
