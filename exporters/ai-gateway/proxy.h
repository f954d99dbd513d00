// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <random>

#include "asio.h"
#include "core/rate_limiter.h"
#include "gateway_metrics.h"
#include "held_bytes.h"
#include "model.h"

namespace binnacle::gateway {

/// What all requests share. For the proxy's thread.
struct Proxy {
  asio::io_context& loop;
  GatewayMetrics& metrics;
  std::shared_ptr<const Setup> setup;  ///< what a new request begins with
  std::size_t connections = 0;
  std::uint64_t connections_refused = 0;
  std::size_t held_bytes = 0;  ///< of requests' bodies, and of what is held back of answers
  bool stopping = false;       ///< connections end with the request that they are at
  RateLimiter failure_logs{std::chrono::milliseconds{200}, 20};
  std::minstd_rand random{std::random_device{}()};

  /// 0 to 1.
  double chance() { return std::uniform_real_distribution<double>{}(random); }
};

/// A part of Proxy::held_bytes.
class HeldBytes : public HeldPart {
 public:
  explicit HeldBytes(Proxy& proxy) : HeldPart(proxy.held_bytes) {}
};

}  // namespace binnacle::gateway
