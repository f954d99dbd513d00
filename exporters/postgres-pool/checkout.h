// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "conninfo.h"
#include "core/collector.h"

namespace binnacle::pgpool {

/// The steps of a checkout, in their order.
///
/// `connect` is TCP, TLS, start-up and authentication. `wait` is the first statement, BEGIN, for whose answer a pooler
/// must first find a server connection. `query` is SELECT 1 on that server connection.
enum class CheckoutPhase { connect, wait, query };
inline constexpr std::array<std::string_view, 3> kCheckoutPhases{"connect", "wait", "query"};

/// What errors are counted by: the class of the SQLSTATE, or what else went wrong.
inline constexpr std::array<std::string_view, 10> kCheckoutErrors{"08", "28", "3D", "42",      "53",
                                                                  "57", "58", "XX", "timeout", "other"};

/// How one checkout went.
struct CheckoutResult {
  using Seconds = std::optional<double>;
  /// What each phase took; nothing for a phase that failed or was not reached. A phase that ran out of time, ours or
  /// PgBouncer's query_wait_timeout, has the time until then: to leave it out would make a full pool look fast.
  std::array<Seconds, kCheckoutPhases.size()> phases;
  Seconds total;            ///< from connecting to the answer of SELECT 1, or until the time ran out
  std::string error_class;  ///< one of kCheckoutErrors; empty: it succeeded
  std::string message;      ///< one line, without the password
};

/// The checkout was told to stop.
class CheckoutStopped : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Which first statement a pool can take.
enum class CheckoutStyle {
  transaction,  ///< BEGIN; SELECT 1; COMMIT
  statement,    ///< SELECT 1; SELECT 1: PgBouncer's pool_mode statement has no transactions
};

/// Checks connections of one server out, one after another, as an application does: connects, waits for the pool, runs
/// SELECT 1, and closes.
///
/// PgBouncer does not notice that a client of its queue has gone, and would one day give it a server connection all the
/// same. So a checkout that runs out of time in the queue keeps its place there: the next run goes on waiting in it,
/// and no second connection is opened before it is answered.
class Checkout {
 public:
  Checkout(Conninfo conninfo, int stop_fd);
  ~Checkout();
  Checkout(const Checkout&) = delete;
  Checkout& operator=(const Checkout&) = delete;

  /// One checkout, which ends after `timeout`. Throws CheckoutStopped soon after `stop_fd` is readable.
  CheckoutResult run(std::chrono::milliseconds timeout);

 private:
  class Client;
  CheckoutResult check_out(Clock::time_point deadline);
  std::optional<CheckoutResult> leave_queue(Clock::time_point deadline);
  void keep_or_close(const CheckoutResult& result, CheckoutPhase phase);

  const Conninfo conninfo_;
  const int stop_fd_;
  CheckoutStyle style_ = CheckoutStyle::transaction;
  std::unique_ptr<Client> client_;  // kept between two runs only while it waits in a queue
  CheckoutPhase waits_in_ = CheckoutPhase::connect;
  Clock::time_point opened_;
};

/// The row of kCheckoutErrors for a SQLSTATE. An empty one is a connection that failed without one, which is class 08.
std::string_view checkout_error_class(std::string_view sqlstate);

/// The SQLSTATE in a verbose message of libpq about a connection that failed: "FATAL:  28P01: ..."; empty without one.
std::string_view sqlstate_in(std::string_view message);

}  // namespace binnacle::pgpool
