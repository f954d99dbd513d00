// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "core/address.h"
#include "core/duration_histogram.h"
#include "memcached_link.h"
#include "turns.h"

namespace binnacle::cache {

/// The commands whose replies make the metrics, in the order in which they are sent.
enum class StatsCommand : std::size_t { server, settings, items, slabs };

/// What it took to reach a Memcached, from the exporter's start on.
struct MemcachedRoundTrips {
  DurationHistogram connect;
  DurationHistogram version;
};

/// What the collectors of one Memcached share: at most one connection, kept between scrapes, and the replies of a
/// scrape.
///
/// A scrape, known by its deadline, begins with the command `version`, whose round trip is measured. Then all `stats`
/// commands go out in one write, so that a scrape takes two round trips; a reply is read when it is asked for. After a
/// failure of the connection the scrape's other collectors get the same error without a further try. All may be called
/// by several threads.
class MemcachedSession {
 public:
  explicit MemcachedSession(Address address) : address_(std::move(address)) {}

  /// The lines of a reply. Ends a little before the deadline. Throws MemcachedError, Timeout, ConnectionLost,
  /// std::runtime_error.
  std::string stats(StatsCommand command, Clock::time_point scrape_deadline);
  [[nodiscard]] MemcachedRoundTrips round_trips(Clock::time_point scrape_deadline);

 private:
  static constexpr std::size_t kCommands = 4;
  struct Answer {
    std::string text;
    std::exception_ptr error;
  };

  void begin(Clock::time_point deadline);
  void open(Clock::time_point deadline);
  void ask_version(Clock::time_point deadline);
  void read_next(Clock::time_point deadline);
  [[noreturn]] void drop(std::exception_ptr error);

  const Address address_;
  Turns turns_;  // guards what follows
  std::unique_ptr<MemcachedLink> link_;
  MemcachedRoundTrips round_trips_;
  std::array<Answer, kCommands> answers_;
  std::size_t read_ = kCommands;  // how many replies of the last scrape were read; the rest is still on its way
  Clock::time_point scrape_ = Clock::time_point::min();  // the deadline of the scrape under way
  std::exception_ptr failure_;                           // why this scrape has no connection
};

}  // namespace binnacle::cache
