// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conninfo.h"
#include "core/collector.h"
#include "core/wait_for_socket.h"
#include "session.h"

namespace binnacle::pgpool {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;

/// Begins to open a connection, for PQconnectPoll: as connect() does, but for the waiting. Only name servers may block
/// it.
ConnectionHandle start_connecting(const Conninfo& conninfo, const Parameters& extra);

/// Goes on with what start_connecting() began, as far as it gets. False: the deadline passed; another call may go on
/// with it if is_taken_up(). Throws std::runtime_error as connect() does.
bool finish_connecting(PGconn& connection, Clock::time_point deadline);

/// Whether a login waits on a server that has noticed it: a server that asked for the password or for TLS, or one on
/// this machine, where nothing on the way can lose an answer.
bool is_taken_up(PGconn& connection);

/// What connect() throws at its deadline.
Timeout connect_timeout(const Conninfo& conninfo);

/// Opens a connection without ever blocking past the deadline, but for the time that name servers take.
/// `extra` are parameters beside the target's own, which win over them. Throws Timeout, or std::runtime_error with
/// libpq's message in one line: it names host, port, user and database, never the password.
ConnectionHandle connect(const Conninfo& conninfo, const Parameters& extra, Clock::time_point deadline);

/// libpq's messages end with a newline and may have several lines: all of them in one.
std::string one_line(std::string_view message);

/// The first line of a server's message alone: the others may quote the statement.
std::string first_line(std::string_view message);

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

/// Sends what a non-blocking connection has not sent yet. `wait` is called with the poll events to wait for, and throws
/// to give up. False: the connection is broken.
template <typename Wait>
bool flush_statement(PGconn& connection, Wait wait) {
  for (;;) {
    const int left = PQflush(&connection);
    if (left <= 0) return left == 0;
    wait(POLLIN | POLLOUT);
    if (PQconsumeInput(&connection) == 0) return false;
  }
}

/// The next result of the statement that was sent, null after the last; `wait` as above. Nothing: the connection is
/// broken.
template <typename Wait>
std::optional<ResultHandle> next_result(PGconn& connection, Wait wait) {
  while (PQisBusy(&connection) != 0) {
    wait(POLLIN);
    if (PQconsumeInput(&connection) == 0) return std::nullopt;
  }
  return ResultHandle{PQgetResult(&connection)};
}

}  // namespace binnacle::pgpool
