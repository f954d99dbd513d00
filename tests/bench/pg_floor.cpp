// SPDX-License-Identifier: Apache-2.0
// The floor of a scrape of PostgreSQL or PgBouncer: does nothing but run an exporter's statements on an open connection
// and look at each value, again and again.
//
// pg_floor FILE ITERATIONS: the file's statements end with a zero byte. The connection string is DATA_SOURCE_NAME.
// Prints nanoseconds an iteration: CPU time, wall time; then statements and bytes of values an iteration.
#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cpu_clock.h"

namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};

std::size_t run(PGconn* connection, const std::string& statement) {
  const std::unique_ptr<PGresult, Clear> result{PQexec(connection, statement.c_str())};
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK && PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    std::fprintf(stderr, "%s: %s", statement.c_str(), PQerrorMessage(connection));
    std::exit(1);
  }
  std::size_t bytes = 0;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      bytes += std::string_view{PQgetvalue(result.get(), row, column)}.size();
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const long iterations = argc == 3 ? std::atol(argv[2]) : 0;
  const char* const dsn = std::getenv("DATA_SOURCE_NAME");
  if (iterations <= 0 || dsn == nullptr) {
    std::fprintf(stderr, "usage: DATA_SOURCE_NAME=... pg_floor FILE ITERATIONS\n");
    return 2;
  }
  std::vector<std::string> statements;
  std::ifstream file{argv[1]};
  for (std::string statement; std::getline(file, statement, '\0');) statements.push_back(statement);
  const std::unique_ptr<PGconn, Finish> connection{PQconnectdb(dsn)};
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    std::fprintf(stderr, "%s", PQerrorMessage(connection.get()));
    return 1;
  }
  return print_floor(iterations, statements.size(), [&] {
    std::size_t bytes = 0;
    for (const auto& statement : statements) bytes += run(connection.get(), statement);
    return bytes;
  });
}
