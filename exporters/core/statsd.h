// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "statsd_config.h"
#include "statsd_listener.h"
#include "statsd_store.h"

namespace binnacle {

class YamlMap;

/// All of StatsD that an exporter needs: listens where the config says, maps what comes, keeps the series.
///
/// An exporter makes one, calls load() from its own load(), start() when it begins to serve, and gives a
/// StatsdCollector of it to a target without a name. Every function may be called by any thread.
class Statsd {
 public:
  /// `own` are the exporter's mappings, tried after the config's. `observer`, when given, also gets everything that
  /// clients send, from the listener's thread, service checks and events among it; it must outlive this.
  explicit Statsd(std::vector<StatsdMapping> own = {}, EventSink* observer = nullptr);
  ~Statsd();
  Statsd(const Statsd&) = delete;
  Statsd& operator=(const Statsd&) = delete;

  /// Reads the config's `statsd:` section and, once started, binds what is new in it; `given` are addresses beside the
  /// config's, as flags give them. Throws ConfigError or
  /// std::runtime_error with nothing changed.
  struct Loaded {
    std::function<void()> apply;
    bool listens = false;  ///< whether there is an address to listen at
  };
  [[nodiscard]] Loaded load(YamlMap& config, const std::vector<std::string>& given = {});

  /// Begins to listen. Throws std::runtime_error with one line when an address cannot be bound.
  void start();

  /// What one socket has seen.
  struct SocketState {
    std::string address;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t oversized = 0;
    std::uint64_t errors = 0;
    std::optional<std::uint64_t> kernel_drops;
    std::uint64_t receive_buffer = 0;
  };
  [[nodiscard]] std::vector<SocketState> sockets() const;
  /// Where it listens, with the ports that the sockets have got.
  [[nodiscard]] std::vector<std::string> bound_to() const;
  [[nodiscard]] StatsdCounts counts() const { return totals_.read(); }
  void snapshot(StatsdSnapshot& out) { store_.snapshot(out, std::chrono::steady_clock::now()); }

 private:
  using Sockets = std::vector<std::shared_ptr<StatsdSocket>>;
  class Both;

  [[nodiscard]] Sockets bind(const StatsdConfig& config) const;
  void listen(Sockets sockets);

  std::vector<StatsdMapping> own_;
  StatsdStore store_;
  std::unique_ptr<EventSink> both_;
  StatsdTotals totals_;
  mutable std::mutex mutex_;  // of what follows
  bool started_ = false;
  StatsdConfig config_;
  Sockets sockets_;
  std::unique_ptr<StatsdListener> listener_;
};

}  // namespace binnacle
