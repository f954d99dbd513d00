// SPDX-License-Identifier: Apache-2.0
#include "checkout.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "connect.h"
#include "session.h"

namespace binnacle::pgpool {

namespace {

/// How long a place in a queue is kept, lest a connection that some proxy lost counts as a full pool for ever.
constexpr std::chrono::hours kLongestPlace{1};

/// A name of its own, and probes of the connection by TCP: they tell a server that is gone from one that lets us wait.
Parameters own_parameters(const Conninfo& conninfo) {
  Parameters parameters;
  for (const auto& [keyword, value] :
       {std::pair{"application_name", "postgres-pool-exporter checkout"}, std::pair{"keepalives_idle", "10"},
        std::pair{"keepalives_interval", "5"}, std::pair{"keepalives_count", "3"}}) {
    if (conninfo.get(keyword).empty()) parameters.emplace_back(keyword, value);
  }
  return parameters;
}

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

/// Runs phases one after another and writes down how each went.
class Attempt {
 public:
  template <typename Step>
  bool run(CheckoutPhase phase, Step step) {
    return run(result.phases[static_cast<std::size_t>(phase)], step);
  }

  /// A step whose time is no phase's.
  template <typename Step>
  bool run_uncounted(Step step) {
    CheckoutResult::Seconds taken;
    return run(taken, step);
  }

  void succeeded() { result.total = seconds_since(began_); }

  CheckoutResult result;

 private:
  template <typename Step>
  bool run(CheckoutResult::Seconds& taken, Step step) {
    const auto began = Clock::now();
    try {
      step();
      taken = seconds_since(began);
      return true;
    } catch (const CheckoutStopped&) {
      throw;
    } catch (const Timeout& error) {
      failed("timeout", error.what());
    } catch (const SqlError& error) {
      failed(checkout_error_class(error.sqlstate()), error.what());
    } catch (const std::exception& error) {
      failed("other", error.what());
    }
    if (result.error_class == "timeout" || result.message.find("query_wait_timeout") != std::string::npos) {
      taken = seconds_since(began);
      result.total = seconds_since(began_);
    }
    return false;
  }

  void failed(std::string_view error_class, const char* message) {
    result.error_class = error_class;
    result.message = message;
  }
  const Clock::time_point began_ = Clock::now();
};

}  // namespace

/// One connection that never blocks past a deadline, nor past being told to stop. What ran out of time may be gone on
/// with.
class Checkout::Client {
 public:
  Client(const Conninfo& conninfo, int stop_fd)
      : stop_fd_(stop_fd), connection_(start_connecting(conninfo, own_parameters(conninfo))) {
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);  // the only way to a failed login's SQLSTATE
  }
  /// Closing must not wait for the server.
  ~Client() {
    if (waiting_) ::shutdown(PQsocket(connection_.get()), SHUT_RDWR);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void connect(Clock::time_point deadline) {
    while (PQstatus(connection_.get()) != CONNECTION_BAD && polling_ != PGRES_POLLING_OK) {
      wait(polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
      polling_ = PQconnectPoll(connection_.get());
      if (polling_ == PGRES_POLLING_FAILED) break;
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
    PQsetnonblocking(connection_.get(), 1);
  }

  /// Whether the server has the connection, or at least its host.
  [[nodiscard]] bool reached() const {
    const auto status = PQstatus(connection_.get());
    return status != CONNECTION_BAD && status != CONNECTION_STARTED;
  }

  void run(const char* sql, Clock::time_point deadline) {
    if (PQsendQuery(connection_.get(), sql) == 0) fail();
    finish(deadline);
  }

  /// Waits for the answer of a statement that run() has sent.
  void finish(Clock::time_point deadline) {
    const auto wait_so_long = [&](short events) { wait(events, deadline); };
    if (!flush_statement(*connection_, wait_so_long)) fail();
    for (;;) {
      const auto result = next_result(*connection_, wait_so_long);
      if (!result) fail();
      if (!*result) break;
      const auto status = PQresultStatus(result->get());
      if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail(**result);
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
  }

 private:
  void wait(short events, Clock::time_point deadline) {
    std::array<pollfd, 2> polled{pollfd{PQsocket(connection_.get()), events, 0}, pollfd{stop_fd_, POLLIN, 0}};
    waiting_ = true;
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      constexpr long kLongestWait = 3'600'000;
      const int ready =
          left <= 0 ? 0 : ::poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(left, kLongestWait)));
      if (ready < 0 && errno != EINTR) throw std::runtime_error("poll failed on a connection's socket");
      if (polled[1].revents != 0) throw CheckoutStopped("stopped");
      if (ready > 0) break;
      if (left <= 0) throw Timeout("no answer before the checkout's timeout");
    }
    waiting_ = false;
  }

  [[noreturn]] void fail() const {
    const std::string_view message = PQerrorMessage(connection_.get());
    throw SqlError(first_line(message), std::string{sqlstate_in(message)});
  }

  [[noreturn]] static void fail(const PGresult& result) {
    const char* const sqlstate = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
    throw SqlError(first_line(PQresultErrorMessage(&result)), sqlstate == nullptr ? "" : sqlstate);
  }

  const int stop_fd_;
  const ConnectionHandle connection_;
  PostgresPollingStatusType polling_ = PGRES_POLLING_WRITING;  // what libpq wants before the first PQconnectPoll()
  bool waiting_ = false;                                       // given up in wait()
};

Checkout::Checkout(Conninfo conninfo, int stop_fd) : conninfo_(std::move(conninfo)), stop_fd_(stop_fd) {}

Checkout::~Checkout() = default;

CheckoutResult Checkout::run(std::chrono::milliseconds timeout) {
  if (client_) {
    if (auto result = leave_queue(Clock::now() + timeout)) return *std::move(result);
  }
  auto result = check_out(Clock::now() + timeout);
  if (style_ == CheckoutStyle::transaction && result.message.find("statement pooling mode") != std::string::npos) {
    style_ = CheckoutStyle::statement;
    result = check_out(Clock::now() + timeout);
  }
  return result;
}

CheckoutResult Checkout::check_out(Clock::time_point deadline) {
  const bool transaction = style_ == CheckoutStyle::transaction;
  Attempt attempt;
  opened_ = Clock::now();
  bool reached = attempt.run(CheckoutPhase::connect, [&] {
    client_ = std::make_unique<Client>(conninfo_, stop_fd_);
    client_->connect(deadline);
  });
  auto phase = CheckoutPhase::connect;
  if (reached) {
    phase = CheckoutPhase::wait;
    reached = attempt.run(phase, [&] { client_->run(transaction ? "BEGIN" : "SELECT 1", deadline); });
  }
  if (reached) {
    phase = CheckoutPhase::query;
    reached = attempt.run(phase, [&] { client_->run("SELECT 1", deadline); });
  }
  if (reached) {
    attempt.succeeded();
    // Else the pool would throw the server connection away.
    if (transaction) attempt.run_uncounted([&] { client_->run("COMMIT", deadline); });
  }
  keep_or_close(attempt.result, phase);
  return attempt.result;
}

std::optional<CheckoutResult> Checkout::leave_queue(Clock::time_point deadline) {
  Attempt attempt;
  const bool answered = attempt.run(waits_in_, [&] {
    if (waits_in_ == CheckoutPhase::connect) return client_->connect(deadline);
    client_->finish(deadline);
    if (style_ == CheckoutStyle::transaction) client_->run("COMMIT", deadline);
  });
  keep_or_close(attempt.result, waits_in_);
  if (answered) return std::nullopt;
  return attempt.result;
}

void Checkout::keep_or_close(const CheckoutResult& result, CheckoutPhase phase) {
  const bool queued = result.error_class == "timeout" && phase != CheckoutPhase::query && client_->reached() &&
                      Clock::now() - opened_ < kLongestPlace;
  if (queued) {
    waits_in_ = phase;
  } else {
    client_.reset();
  }
}

std::string_view checkout_error_class(std::string_view sqlstate) {
  if (sqlstate.empty()) return "08";
  constexpr std::size_t kClass = 2;
  const auto* const known = std::find(kCheckoutErrors.begin(), kCheckoutErrors.end(), sqlstate.substr(0, kClass));
  return known == kCheckoutErrors.end() ? "other" : *known;
}

std::string_view sqlstate_in(std::string_view message) {
  constexpr std::size_t kLength = 5;
  const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  for (auto at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const auto code = message.substr(at + 3, kLength);
    if (code.size() == kLength && message.substr(at + 3 + kLength, 2) == ": " &&
        std::all_of(code.begin(), code.end(), is_code)) {
      return code;
    }
  }
  return {};
}

}  // namespace binnacle::pgpool
