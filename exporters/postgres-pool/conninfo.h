// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/secret.h"

namespace binnacle::pgpool {

/// A target's password, and where it comes from.
class Password {
 public:
  static Password from_text(std::string text);
  /// Reads the file again when it changes. Throws std::runtime_error as Secret::from_file does.
  static Password from_file(const std::string& path);
  /// The file holds a whole connection string, and the password is in it.
  static Password from_dsn_file(const std::string& path);

  /// The password as it is now; empty when a connection string's file holds none any more.
  [[nodiscard]] std::string reveal() const;

  /// Whether both come from the same place; texts are not compared.
  bool operator==(const Password& other) const { return source_ == other.source_; }

 private:
  Password(Secret secret, std::string source, bool is_dsn)
      : secret_(std::move(secret)), source_(std::move(source)), is_dsn_(is_dsn) {}
  Secret secret_;
  std::string source_;
  bool is_dsn_;
};

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

/// What one environment variable of postgres_exporter's holds: connection strings separated by commas. A comma inside a
/// list of hosts or ports separates nothing.
std::vector<std::string> split_dsns(std::string_view text);

}  // namespace binnacle::pgpool
