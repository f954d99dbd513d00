// SPDX-License-Identifier: Apache-2.0
#include "connect.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "core/text.h"
#include "session.h"

namespace binnacle::pgpool {

namespace {

/// Notices are for people at a terminal; libpq would print them to stderr, past the log.
void ignore_notice(void* /*argument*/, const PGresult* /*notice*/) {}

class ConnectArguments {
 public:
  void add(std::string_view keyword, std::string_view value) {
    keywords_.emplace_back(keyword);
    values_.emplace_back(value);
  }
  ConnectArguments() = default;
  ~ConnectArguments() {
    for (auto& value : values_) ::explicit_bzero(value.data(), value.size());  // one of them is the password
  }
  ConnectArguments(const ConnectArguments&) = delete;
  ConnectArguments& operator=(const ConnectArguments&) = delete;

  [[nodiscard]] ConnectionHandle start() const {
    const auto keywords = pointers(keywords_);
    const auto values = pointers(values_);
    ConnectionHandle connection{PQconnectStartParams(keywords.data(), values.data(), 0)};
    if (!connection) throw std::runtime_error("no memory for a connection");
    return connection;
  }

 private:
  static std::vector<const char*> pointers(const std::vector<std::string>& texts) {
    std::vector<const char*> out;
    out.reserve(texts.size() + 1);
    for (const auto& text : texts) out.push_back(text.c_str());
    out.push_back(nullptr);
    return out;
  }
  std::vector<std::string> keywords_;
  std::vector<std::string> values_;
};

/// Whether all was sent that a login needs just now.
bool awaits_login(const PGconn& connection) {
  const auto status = PQstatus(&connection);
  return status == CONNECTION_AWAITING_RESPONSE || status == CONNECTION_AUTH_OK;
}

bool is_local(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.ss_family == AF_UNIX;
}

}  // namespace

ConnectionHandle start_connecting(const Conninfo& conninfo, const Parameters& extra) {
  ConnectArguments arguments;
  arguments.add("fallback_application_name", "postgres-pool-exporter");
  for (const auto& [keyword, value] : conninfo.parameters) arguments.add(keyword, value);
  for (const auto& [keyword, value] : extra) arguments.add(keyword, value);
  if (conninfo.password) {
    auto password = conninfo.password->reveal();
    arguments.add("password", password);
    ::explicit_bzero(password.data(), password.size());
  }
  auto connection = arguments.start();
  PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
  return connection;
}

bool finish_connecting(PGconn& connection, Clock::time_point deadline) {
  // Before the first poll a connection counts as one that wants to write.
  auto status = awaits_login(connection) ? PGRES_POLLING_READING : PGRES_POLLING_WRITING;
  while (PQstatus(&connection) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for_socket(PQsocket(&connection), events, deadline)) return false;
    status = PQconnectPoll(&connection);
    if (status == PGRES_POLLING_FAILED) break;
  }
  if (PQstatus(&connection) != CONNECTION_OK) throw std::runtime_error(one_line(PQerrorMessage(&connection)));
  return true;
}

bool is_taken_up(PGconn& connection) {
  if (!awaits_login(connection)) return false;
  return PQconnectionUsedPassword(&connection) != 0 || PQsslInUse(&connection) != 0 || is_local(PQsocket(&connection));
}

ConnectionHandle connect(const Conninfo& conninfo, const Parameters& extra, Clock::time_point deadline) {
  auto connection = start_connecting(conninfo, extra);
  if (!finish_connecting(*connection, deadline)) throw connect_timeout(conninfo);
  return connection;
}

Timeout connect_timeout(const Conninfo& conninfo) {
  return Timeout("connecting to " + conninfo.name() + ": no answer before the scrape's deadline");
}

std::string one_line(std::string_view message) {
  std::string line;
  while (const auto part = next_line(message)) {
    const auto text = trim(*part);
    if (!text.empty()) line += (line.empty() ? "" : "; ") + std::string{text};
  }
  return line;
}

std::string first_line(std::string_view message) { return one_line(message.substr(0, message.find('\n'))); }

}  // namespace binnacle::pgpool
