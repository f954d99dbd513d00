// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "statsd_event.h"
#include "statsd_parser.h"
#include "statsd_socket.h"
#include "stop_signal.h"

namespace binnacle {

/// What listeners have read since the start, kept over changes of the config.
class StatsdTotals {
 public:
  void add(const StatsdCounts& counts);
  [[nodiscard]] StatsdCounts read() const;

 private:
  mutable std::mutex mutex_;
  StatsdCounts counts_;
};

/// A thread that reads the sockets, a batch of packets at a time, and hands every line to the sink.
class StatsdListener {
 public:
  /// Starts it. `sink` and `totals` must outlive it. Throws std::runtime_error when the kernel has no more descriptors.
  StatsdListener(std::vector<std::shared_ptr<StatsdSocket>> sockets, EventSink& sink, StatsdTotals& totals);
  /// Stops it once the batch under way is done. What the sockets still hold stays there.
  ~StatsdListener();
  StatsdListener(const StatsdListener&) = delete;
  StatsdListener& operator=(const StatsdListener&) = delete;

 private:
  class Batch;
  void run();
  void read(StatsdSocket& socket, Batch& batch);
  void hand_over(StatsdSocket& socket, const Batch& batch, std::size_t packets);

  std::vector<std::shared_ptr<StatsdSocket>> sockets_;
  EventSink& sink_;
  StatsdTotals& totals_;
  StatsdParser parser_;
  StopSignal stop_;
  std::thread thread_;
};

}  // namespace binnacle
