// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace binnacle {

/// What a StatsD client calls its metric.
enum class StatsdType : std::uint8_t {
  counter,       ///< c
  gauge,         ///< g
  timer,         ///< ms: values in milliseconds
  histogram,     ///< h
  distribution,  ///< d
  set            ///< s: counts different texts
};

/// One value of a metric.
struct StatsdValue {
  double number = 0;      ///< finite; 0 for a set
  bool has_sign = false;  ///< begins with + or -: for many clients of gauges this means a change, not a value
};

/// One line of metrics. Every text is borrowed from the packet.
struct StatsdMetric {
  /// What stands before the first ':': the name, and tags of the Librato, Influx or SignalFx form.
  std::string_view name;
  /// What stands behind '#' in the DogStatsD form, without the '#'.
  std::string_view tags;
  StatsdType type = StatsdType::counter;
  /// How many events each value stands for: 1 over the client's sample rate.
  double weight = 1;
  std::span<const StatsdValue> values;  ///< at least one; exactly one for a set
  std::string_view set_member;          ///< of a set: the text to be counted
};

/// A DogStatsD service check (_sc).
struct StatsdCheck {
  enum class Status : std::uint8_t { ok, warning, critical, unknown };

  std::string_view name;
  Status status = Status::unknown;
  std::string_view host;
  std::string_view tags;
  std::string_view message;  ///< may have newlines
};

/// A DogStatsD event (_e).
struct StatsdEvent {
  std::string_view title;
  std::string_view text;
  std::string_view host;
  std::string_view alert_type;  ///< error, warning, info, success or empty
  std::string_view tags;
};

/// Takes what clients send. A listener calls it from its one thread; what it gets is borrowed for the time of the call.
class EventSink {
 public:
  EventSink() = default;
  virtual ~EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  /// Around each batch of packets: the place to take a lock once for many lines. Must not block for long.
  virtual void begin_batch(std::chrono::steady_clock::time_point /*now*/) {}
  virtual void end_batch() {}

  virtual void metric(const StatsdMetric& metric) = 0;
  /// Whether metrics of this name are this sink's alone, and nobody else's to count. Only asked of a Statsd's observer.
  [[nodiscard]] virtual bool owns(std::string_view /*name*/) const { return false; }
  virtual void service_check(const StatsdCheck& /*check*/) {}
  virtual void event(const StatsdEvent& /*event*/) {}
};

}  // namespace binnacle
