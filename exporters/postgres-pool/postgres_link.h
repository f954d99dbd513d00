// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "conninfo.h"
#include "deadline_guard.h"
#include "options.h"
#include "session.h"

namespace binnacle::pgpool {

/// Connections to PostgreSQL by libpqxx, whose blocking calls `guard` ends at their deadline.
///
/// The server ends our statements by itself too (statement_timeout, lock_timeout), all of them read-only. These
/// settings come with the connection's start-up. A PgBouncer in between refuses or ignores that, and shares its server
/// connections with applications: then they are sent with each statement, in the same round trip, for that transaction
/// alone.
std::unique_ptr<Connector> make_postgres_connector(Conninfo conninfo, const Options& options,
                                                   std::shared_ptr<DeadlineGuard> guard);

/// The statement_timeout for a statement that has `left` time: at most an eighth below it, so that not each statement
/// has another one. At least 1 ms.
std::chrono::milliseconds statement_timeout_for(std::chrono::milliseconds left);

/// Whether a session whose timeout is `current` must be told `wanted`: when that is less, or by far more.
bool must_change_timeout(std::chrono::milliseconds current, std::chrono::milliseconds wanted);

}  // namespace binnacle::pgpool
