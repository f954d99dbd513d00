// SPDX-License-Identifier: Apache-2.0
#include "postgres_link.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <pqxx/connection_base>
#include <pqxx/connectionpolicy>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <utility>

#include "connect.h"
#include "core/log.h"
#include "core/unique_fd.h"
#include "prepared_statements.h"

namespace binnacle::pgpool {

namespace {

using std::chrono::milliseconds;

/// Hands a connection that is open already to libpqxx, once: it must never open another behind our back.
class OpenedPolicy final : public pqxx::connectionpolicy {
 public:
  explicit OpenedPolicy(ConnectionHandle opened) : pqxx::connectionpolicy(""), opened_(std::move(opened)) {}
  handle do_startconnect(handle current) override {
    if (current != nullptr) return current;
    if (!opened_) throw pqxx::broken_connection{"the connection is lost"};
    return opened_.release();
  }
  handle do_completeconnect(handle current) override { return current; }

 private:
  ConnectionHandle opened_;
};

struct PolicyHolder {
  OpenedPolicy policy;
};

/// libpqxx's connection over our policy, a base so that it outlives libpqxx's own.
class Connection final : private PolicyHolder, public pqxx::connection_base {
 public:
  explicit Connection(ConnectionHandle opened)
      : PolicyHolder{OpenedPolicy{std::move(opened)}}, pqxx::connection_base(policy) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Not in the constructor: a failure here must not skip close().
  void open() { init(); }
};

Rows to_rows(const pqxx::result& result) {
  std::vector<std::string> names;
  for (pqxx::row::size_type column = 0; column < result.columns(); ++column)
    names.emplace_back(result.column_name(column));
  Rows rows{std::move(names)};
  for (const auto& row : result) {
    for (const auto& field : row) {
      rows.add_cell(field.is_null() ? std::nullopt : std::optional{std::string_view{field.c_str(), field.size()}});
    }
  }
  return rows;
}

milliseconds time_left(Clock::time_point deadline) {
  return std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
}

std::string milliseconds_text(milliseconds time) { return std::to_string(time.count()); }

/// Settings of the whole session, for the start-up. Parallel workers and compilation cost more than they give to us.
std::string startup_options(std::string_view own, milliseconds statement_timeout, milliseconds lock_timeout) {
  return std::string{own} + (own.empty() ? "" : " ") + "-c statement_timeout=" + milliseconds_text(statement_timeout) +
         " -c lock_timeout=" + milliseconds_text(lock_timeout) +
         " -c idle_in_transaction_session_timeout=10000 -c default_transaction_read_only=on -c jit=off"
         " -c max_parallel_workers_per_gather=0 -c DateStyle=ISO -c IntervalStyle=iso_8601";
}

/// Whether start-up options arrived: two of them are among what servers report of themselves (one of these since 14).
bool options_arrived(PGconn* connection) {
  const auto reported = [&](const char* name) {
    const char* const value = PQparameterStatus(connection, name);
    return std::string_view{value == nullptr ? "" : value};
  };
  const auto read_only = reported("default_transaction_read_only");
  return reported("IntervalStyle") == "iso_8601" && (read_only.empty() || read_only == "on");
}

/// Whether an idle connection has something to read, or has ended: a server tells so when it goes away. libpqxx would
/// lose the result's memory of a statement that is sent all the same.
bool has_ended(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

constexpr milliseconds kShortLockTimeout{50};
constexpr std::string_view kLockNotAvailable = "55P03";

class PostgresLink final : public Link {
 public:
  struct Settings {
    milliseconds lock_timeout;
    bool pooled;                     ///< behind a PgBouncer: settings go with each statement
    milliseconds statement_timeout;  ///< of the session as it was opened
  };

  PostgresLink(ConnectionHandle opened, Settings settings, std::shared_ptr<DeadlineGuard> guard)
      : guard_(std::move(guard)),
        settings_(settings),
        socket_(::fcntl(PQsocket(opened.get()), F_DUPFD_CLOEXEC, 0)),
        connection_(std::make_unique<Connection>(std::move(opened))) {
    if (!socket_) throw std::runtime_error("no file descriptor is left for a connection's socket");
    connection_->open();
  }

  Rows query(std::string_view sql, Clock::time_point deadline) override {
    if (has_ended(socket_.get())) {
      lost_ = true;
      throw std::runtime_error("connection lost: the server closed it");
    }
    const auto timeout = statement_timeout_for(time_left(deadline));
    const bool change = !settings_.pooled && must_change_timeout(settings_.statement_timeout, timeout);
    const auto before = preamble(timeout, change) + lock_preamble(deadline);
    auto rows = settings_.pooled ? guarded(before + std::string{sql}, deadline) : prepared(before, sql, deadline);
    if (change) settings_.statement_timeout = timeout;  // had the statement failed, the server would have undone it
    return rows;
  }

  [[nodiscard]] int version() const override { return connection_->server_version(); }
  [[nodiscard]] bool usable() const override { return !lost_ && connection_->is_open(); }

 private:
  [[nodiscard]] std::string preamble(milliseconds timeout, bool change) const {
    if (settings_.pooled) {
      return "SET LOCAL statement_timeout=" + milliseconds_text(timeout) +
             ";SET LOCAL lock_timeout=" + milliseconds_text(settings_.lock_timeout) +
             ";SET LOCAL jit=off;SET LOCAL IntervalStyle=iso_8601;SET LOCAL DateStyle=ISO;SET TRANSACTION READ ONLY;";
    }
    return change ? "SET statement_timeout=" + milliseconds_text(timeout) + ";" : "";
  }

  /// Once a statement of this scrape has waited for a lock in vain, the others that want it too shall not each wait as
  /// long: together they would take the time of those that want other things.
  [[nodiscard]] std::string lock_preamble(Clock::time_point deadline) const {
    if (deadline != waited_for_lock_ || settings_.lock_timeout <= kShortLockTimeout) return {};
    return "SET LOCAL lock_timeout=" + milliseconds_text(kShortLockTimeout) + ";";
  }

  Rows prepared(const std::string& before, std::string_view sql, Clock::time_point deadline) {
    try {
      return guarded(before + prepared_.text_of(sql), deadline);
    } catch (const SqlError& error) {
      if (!prepared_.failed(sql, error.sqlstate())) throw;
    }
    return guarded(before + std::string{sql}, deadline);
  }

  Rows guarded(const std::string& sql, Clock::time_point deadline) {
    const DeadlineGuard::Watch watch{*guard_, socket_.get(), deadline};
    try {
      pqxx::nontransaction work{*connection_};
      return to_rows(work.exec(sql));
    } catch (const std::exception& error) {
      lost_ = watch.fired();
      if (lost_) throw Timeout("PostgreSQL did not answer before the scrape's deadline");
      if (!connection_->is_open()) throw std::runtime_error("connection lost: " + one_line(error.what()));
      const auto* const sql_error = dynamic_cast<const pqxx::sql_error*>(&error);
      if (sql_error == nullptr) throw;
      if (sql_error->sqlstate() == kLockNotAvailable) waited_for_lock_ = deadline;
      throw SqlError{first_line(error.what()) + " (SQLSTATE " + sql_error->sqlstate() + ")", sql_error->sqlstate()};
    }
  }

  const std::shared_ptr<DeadlineGuard> guard_;
  Settings settings_;
  const UniqueFd socket_;  // our own: libpq may close its number at any time, and another may get it
  const std::unique_ptr<Connection> connection_;
  PreparedStatements prepared_;
  bool lost_ = false;
  Clock::time_point waited_for_lock_ = Clock::time_point::min();  // the deadline of the scrape that did so in vain
};

/// How long a login that waits on the server is waited for, over however many scrapes.
constexpr std::chrono::minutes kLongestLogin{5};

/// With them, the end of a host that sends no more is noticed within two minutes.
constexpr std::array<std::pair<const char*, const char*>, 3> kKeepalives{
    {{"keepalives_idle", "60"}, {"keepalives_interval", "15"}, {"keepalives_count", "4"}}};

class PostgresConnector final : public Connector {
 public:
  PostgresConnector(Conninfo conninfo, milliseconds lock_timeout, std::shared_ptr<DeadlineGuard> guard)
      : conninfo_(std::move(conninfo)), lock_timeout_(lock_timeout), guard_(std::move(guard)) {}

  std::unique_ptr<Link> connect(Clock::time_point deadline) override {
    if (auto link = finish_waiting_login(deadline)) return link;
    if (!pooled_) {
      const auto timeout = statement_timeout_for(time_left(deadline));
      auto parameters = common_parameters();
      parameters.emplace_back("options", startup_options(conninfo_.get("options"), timeout, lock_timeout_));
      try {
        return finish({start_connecting(conninfo_, parameters), timeout, Clock::now()}, deadline);
      } catch (const Timeout&) {
        throw;
      } catch (const std::runtime_error& error) {
        if (std::string_view{error.what()}.find("unsupported startup parameter") == std::string_view::npos) throw;
        note_pooler();
      }
    }
    return finish({start_connecting(conninfo_, common_parameters()), milliseconds{0}, Clock::now()}, deadline);
  }

 private:
  struct Login {
    ConnectionHandle connection;
    milliseconds statement_timeout;
    Clock::time_point began;
  };

  /// Goes on with a login that an earlier scrape had to leave; null when there is none, or it came to nothing.
  std::unique_ptr<Link> finish_waiting_login(Clock::time_point deadline) {
    if (!waiting_) return nullptr;
    auto login = *std::exchange(waiting_, std::nullopt);
    if (Clock::now() - login.began > kLongestLogin) return nullptr;
    try {
      return finish(std::move(login), deadline);
    } catch (const Timeout&) {
      throw;
    } catch (const std::runtime_error&) {
      return nullptr;  // the server has ended it meanwhile
    }
  }

  std::unique_ptr<Link> finish(Login login, Clock::time_point deadline) {
    if (!finish_connecting(*login.connection, deadline)) {
      // A server does not look whether its client is still there before it has logged it in: while something there
      // holds logins up (a lock on pg_database), each further try would take one more of its connections.
      if (is_taken_up(*login.connection)) waiting_ = std::move(login);
      throw connect_timeout(conninfo_);
    }
    if (!pooled_ && !options_arrived(login.connection.get())) note_pooler();
    return std::make_unique<PostgresLink>(
        std::move(login.connection), PostgresLink::Settings{lock_timeout_, pooled_, login.statement_timeout}, guard_);
  }

  [[nodiscard]] Parameters common_parameters() const {
    Parameters parameters{{"client_encoding", "UTF8"}};
    for (const auto& [keyword, value] : kKeepalives) {
      if (conninfo_.get(keyword).empty()) parameters.emplace_back(keyword, value);
    }
    return parameters;
  }

  void note_pooler() {
    pooled_ = true;
    log::info("a pooler stands in front of this PostgreSQL: settings go with each statement",
              {{"server", conninfo_.name()}});
  }

  const Conninfo conninfo_;
  const milliseconds lock_timeout_;
  const std::shared_ptr<DeadlineGuard> guard_;
  bool pooled_ = false;
  std::optional<Login> waiting_;  // taken up by the server, and not yet logged in
};

}  // namespace

milliseconds statement_timeout_for(milliseconds left) {
  const auto time = static_cast<std::uint64_t>(std::clamp<long>(left.count(), 1, 86'400'000));
  const auto step = std::max<std::uint64_t>(std::bit_floor(time) / 8, 1);
  return milliseconds{time - time % step};
}

bool must_change_timeout(milliseconds current, milliseconds wanted) {
  return wanted < current || wanted >= 2 * current;
}

std::unique_ptr<Connector> make_postgres_connector(Conninfo conninfo, const Options& options,
                                                   std::shared_ptr<DeadlineGuard> guard) {
  return std::make_unique<PostgresConnector>(std::move(conninfo), options.lock_timeout, std::move(guard));
}

}  // namespace binnacle::pgpool
