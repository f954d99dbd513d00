// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/credentials.h"
#include "core/duration_histogram.h"
#include "core/redis/redis_link.h"
#include "info.h"
#include "turns.h"

namespace binnacle::cache {

/// What it took to reach a server, from the exporter's start on.
struct RoundTrips {
  DurationHistogram connect;
  DurationHistogram auth;  ///< empty where no password is given
  DurationHistogram ping;
  std::chrono::duration<double> last_ping{0};
};

/// What the collectors of one Redis share: at most one connection, kept between scrapes, and the replies of a scrape.
///
/// A scrape, known by its deadline, begins with a PING of its own. Then the first command goes out together with all
/// that were asked for in the scrape before it, so that a scrape takes two round trips. Commands that the server does
/// not know or this user may not run are not sent again for some minutes: servers count and log them. After a failed
/// connection the scrape's other collectors get the same error without a further try. All may be called by several
/// threads.
class RedisSession {
 public:
  struct Settings {
    Address address;
    Credentials credentials;
    std::string client_name;  ///< for CLIENT SETNAME; empty: none is set
  };
  explicit RedisSession(Settings settings) : settings_(std::move(settings)) {}

  /// Opens the scrape, if none of its collectors has. Throws RedisError where the server serves nobody just now.
  void ping(Clock::time_point scrape_deadline);
  [[nodiscard]] RoundTrips round_trips(Clock::time_point scrape_deadline);

  /// A reply that is no error. Each command is one collector's: it is sent again when it is asked for again. Ends a
  /// little before the deadline. Throws NotApplicable (unknown to the server, forbidden), RedisError, Timeout,
  /// std::runtime_error.
  Reply ask(const Command& command, Clock::time_point scrape_deadline);
  /// Sends what will be asked for, in one go. Throws as ask() does, but for NotApplicable.
  void announce(const std::vector<Command>& commands, Clock::time_point scrape_deadline);

  /// Sends all in one go, this once: the next scrape does not repeat them. Gives as many replies, in their order, of
  /// which any may be an error that is about its key or argument. A command that is refused, known by its first word,
  /// is not sent again for some minutes, whatever its arguments. Throws as ask() does.
  std::vector<Reply> ask_once(const std::vector<Command>& commands, Clock::time_point scrape_deadline);

  /// INFO with all sections, once a scrape.
  std::shared_ptr<const Info> info(Clock::time_point scrape_deadline);

 private:
  struct Answer {
    Command command;
    Reply reply;
  };
  struct Refused {
    Command command;
    std::string why;
    Clock::time_point until;
  };

  void begin(Clock::time_point deadline);
  void open(Clock::time_point deadline);
  void log_in(Clock::time_point deadline);
  void measure_ping(Clock::time_point deadline);
  void drain(Clock::time_point deadline);
  Answer read_next(Clock::time_point deadline);
  void note_refusal(const Command& command, std::string_view error);
  void send(const std::vector<Command>& wanted, Clock::time_point deadline);
  void transmit(std::vector<Command> commands, Clock::time_point deadline);
  std::vector<Reply> receive_all(std::size_t earlier, std::size_t count, Clock::time_point deadline);
  Reply receive(const Command& command, Clock::time_point deadline);
  Reply ask_in_turn(const Command& command, Clock::time_point deadline);
  [[nodiscard]] const Refused* refused(const Command& command);
  [[nodiscard]] bool under_way(const Command& command) const;
  [[noreturn]] void drop(std::exception_ptr error);

  const Settings settings_;
  Turns turns_;  // guards what follows
  std::unique_ptr<RedisLink> link_;
  RoundTrips round_trips_;
  std::deque<Command> pending_;    // sent, not yet read
  std::vector<Answer> answers_;    // of this scrape, not yet asked for
  std::vector<Command> asked_;     // in this scrape
  std::vector<Command> expected_;  // asked in the scrape before it
  std::vector<Refused> refused_;
  bool named_ = false;         // whether CLIENT SETNAME was sent
  std::size_t info_form_ = 0;  // which form of INFO this server takes
  std::shared_ptr<const Info> info_;
  Clock::time_point scrape_ = Clock::time_point::min();  // the deadline of the scrape under way
  std::exception_ptr failure_;                           // why this scrape has no connection (any more)
  std::exception_ptr unavailable_;                       // why the server serves nobody, as PING was told
};

}  // namespace binnacle::cache
