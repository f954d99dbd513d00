// SPDX-License-Identifier: Apache-2.0
#include "console_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "connect.h"

namespace binnacle::pgpool {

namespace {

Rows to_rows(const PGresult& result) {
  const int columns = PQnfields(&result);
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) names.emplace_back(PQfname(&result, column));
  Rows rows{std::move(names)};
  for (int row = 0; row < PQntuples(&result); ++row) {
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(&result, row, column) != 0) {
        rows.add_cell(std::nullopt);
      } else {
        rows.add_cell(PQgetvalue(&result, row, column));
      }
    }
  }
  return rows;
}

void check(const PGresult& result) {
  const auto status = PQresultStatus(&result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return;
  const char* const sqlstate = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
  throw SqlError{one_line(PQresultErrorMessage(&result)), sqlstate == nullptr ? "" : sqlstate};
}

class ConsoleLink final : public Link {
 public:
  explicit ConsoleLink(ConnectionHandle connection) : connection_(std::move(connection)) {
    PQsetnonblocking(connection_.get(), 1);
  }

  Rows query(std::string_view sql, Clock::time_point deadline) override {
    if (PQsendQuery(connection_.get(), std::string{sql}.c_str()) == 0) fail();
    const auto wait_so_long = [&](short events) { wait(events, deadline); };
    if (!flush_statement(*connection_, wait_so_long)) fail();
    Rows rows;
    ResultHandle error;
    for (;;) {
      auto next = next_result(*connection_, wait_so_long);
      if (!next) fail();
      auto result = *std::move(next);
      if (!result) break;
      const auto status = PQresultStatus(result.get());
      if (status == PGRES_TUPLES_OK) {
        rows = to_rows(*result);
      } else if (!error && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
        error = std::move(result);  // the rest is read all the same, so that the link stays usable
      }
    }
    if (error) check(*error);
    return rows;
  }

  [[nodiscard]] int version() const override { return PQserverVersion(connection_.get()); }
  [[nodiscard]] bool usable() const override { return !overran_ && PQstatus(connection_.get()) == CONNECTION_OK; }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(one_line(PQerrorMessage(connection_.get()))); }

  void wait(short events, Clock::time_point deadline) {
    if (wait_for_socket(PQsocket(connection_.get()), events, deadline)) return;
    overran_ = true;
    ::shutdown(PQsocket(connection_.get()), SHUT_RDWR);  // closing may not wait for the server either
    throw Timeout("PgBouncer did not answer before the scrape's deadline");
  }

  ConnectionHandle connection_;
  bool overran_ = false;
};

class ConsoleConnector final : public Connector {
 public:
  explicit ConsoleConnector(Conninfo conninfo) : conninfo_(std::move(conninfo)) {}
  std::unique_ptr<Link> connect(Clock::time_point deadline) override {
    return std::make_unique<ConsoleLink>(pgpool::connect(conninfo_, {{"client_encoding", "UTF8"}}, deadline));
  }

 private:
  const Conninfo conninfo_;
};

}  // namespace

std::unique_ptr<Connector> make_console_connector(Conninfo conninfo) {
  if (conninfo.get("dbname").empty()) conninfo.set("dbname", "pgbouncer");
  return std::make_unique<ConsoleConnector>(std::move(conninfo));
}

}  // namespace binnacle::pgpool
