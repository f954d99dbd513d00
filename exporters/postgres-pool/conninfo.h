// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/credentials.h"

namespace binnacle::pgpool {

/// libpq's keywords and values: host, port, dbname, sslmode ...
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// How to connect to a server: libpq's parameters, the password kept apart.
struct Conninfo {
  Parameters parameters;  ///< without `password`
  std::optional<Password> password;

  /// A parameter's value; empty when it is not given.
  [[nodiscard]] std::string_view get(std::string_view keyword) const;
  void set(std::string_view keyword, std::string value);
  /// "host:port/database", for names and messages; of a parameter that is not given, libpq's default.
  [[nodiscard]] std::string name() const;

  bool operator==(const Conninfo&) const = default;
};

/// Reads a connection string as libpq does: key=value pairs or postgresql://user@host:port/database?key=value.
/// Throws std::runtime_error with one line that never repeats any of it, since it may be the password.
Conninfo parse_conninfo(const std::string& dsn);

/// The password in a file that holds a whole connection string; it is empty when that has none any more.
Password password_of_dsn_file(const std::string& path);

/// What one environment variable of postgres_exporter's holds: connection strings separated by commas. A comma inside a
/// list of hosts or ports separates nothing.
std::vector<std::string> split_dsns(std::string_view text);

}  // namespace binnacle::pgpool
