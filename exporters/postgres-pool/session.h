// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The time of a scrape ran out: no fault of the statement.
class Timeout : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The server's answer to a statement was an error.
class SqlError : public std::runtime_error {
 public:
  SqlError(const std::string& message, std::string sqlstate)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}
  /// Five characters of SQL's standard; empty where the server gave none.
  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }

 private:
  std::string sqlstate_;
};

/// One open connection to a server. Closed by its destructor, which never blocks.
class Link {
 public:
  Link() = default;
  virtual ~Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// One round trip. Throws Timeout, SqlError, or std::runtime_error for a broken connection.
  virtual Rows query(std::string_view sql, Clock::time_point deadline) = 0;
  /// As libpq has it: 150004 is PostgreSQL 15.4, 11800 is PgBouncer 1.18.0.
  [[nodiscard]] virtual int version() const = 0;
  /// Whether a further statement may be tried on it.
  [[nodiscard]] virtual bool usable() const = 0;
};

/// Opens links to one server.
class Connector {
 public:
  Connector() = default;
  virtual ~Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Throws Timeout or std::runtime_error with one line, without the password.
  virtual std::unique_ptr<Link> connect(Clock::time_point deadline) = 0;
};

/// What the collectors of one target share: at most one connection, kept between scrapes and opened again when it
/// broke.
///
/// One statement runs at a time: who comes while another is under way waits for it until the deadline. When connecting
/// fails, the target's other collectors of that scrape (of the same deadline) get the same error without a further try.
class Session {
 public:
  explicit Session(std::unique_ptr<Connector> connector) : connector_(std::move(connector)) {}

  /// Runs one statement, or several in one round trip, whose last result is given. Ends a little before the scrape's
  /// deadline. A kept connection that turns out to be broken is replaced once: statements must be safe to repeat.
  /// Throws Timeout, SqlError, std::runtime_error.
  Rows query(std::string_view sql, Clock::time_point scrape_deadline);

  /// The server's version as Link::version() has it; connects where there is no connection.
  int version(Clock::time_point scrape_deadline);

 private:
  class Turn;
  void ensure_link(Clock::time_point deadline);
  Rows query_link(std::string_view sql, Clock::time_point deadline);

  const std::unique_ptr<Connector> connector_;
  std::mutex mutex_;
  std::condition_variable freed_;
  bool busy_ = false;  // guarded by mutex_; whoever set it owns what follows
  std::unique_ptr<Link> link_;
  Clock::time_point failed_for_ = Clock::time_point::min();  // the deadline of the scrape that could not connect
  std::string failure_;
};

}  // namespace binnacle::pgpool
