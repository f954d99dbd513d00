// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <optional>
#include <stdexcept>
#include <string_view>

#include "core/file.h"
#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::pgpool {

namespace {

/// The database by whose name PgBouncer serves its console.
constexpr std::string_view kConsole = "pgbouncer";

Kind kind_of(const Conninfo& conninfo) { return conninfo.get("dbname") == kConsole ? Kind::pgbouncer : Kind::postgres; }

Conninfo parse_named(const std::string& source, const std::string& dsn) {
  try {
    return parse_conninfo(dsn);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(source + ": " + error.what());
  }
}

std::string read_text(const std::string& path) {
  const auto text = read_file(path, 65'536);
  return std::string{trim(text)};
}

/// A variable, or the text of the file that the variable of that name with _FILE names.
std::string value_or_file(const Environment& environment, const std::string& name) {
  const auto path = value_of(environment, (name + "_FILE").c_str());
  return path.empty() ? value_of(environment, name.c_str()) : read_text(path);
}

/// DATA_SOURCE_URI with user and password apart.
std::optional<Conninfo> data_source_uri(const Environment& environment) {
  const auto uri = value_or_file(environment, "DATA_SOURCE_URI");
  if (uri.empty()) return std::nullopt;
  auto conninfo = parse_named("DATA_SOURCE_URI", "postgresql://" + uri);
  if (auto user = value_or_file(environment, "DATA_SOURCE_USER"); !user.empty()) conninfo.set("user", std::move(user));
  const auto file = value_of(environment, "DATA_SOURCE_PASS_FILE");
  const auto text = value_of(environment, "DATA_SOURCE_PASS");
  if (!file.empty()) {
    conninfo.password = Password::from_file(file);
  } else if (!text.empty()) {
    conninfo.password = Password::from_text(text);
  }
  return conninfo;
}

void add_data_sources(std::vector<TargetSpec>& targets, const Environment& environment) {
  const auto add = [&](Conninfo conninfo) {
    const auto kind = kind_of(conninfo);
    targets.push_back({{}, kind, std::move(conninfo)});
  };
  if (const auto names = value_of(environment, "DATA_SOURCE_NAME"); !names.empty()) {
    for (const auto& dsn : split_dsns(names)) add(parse_named("DATA_SOURCE_NAME", dsn));
  } else if (const auto path = value_of(environment, "DATA_SOURCE_NAME_FILE"); !path.empty()) {
    auto conninfo = parse_named("DATA_SOURCE_NAME_FILE", read_text(path));
    if (conninfo.password) conninfo.password = password_of_dsn_file(path);
    add(std::move(conninfo));
  } else if (auto conninfo = data_source_uri(environment)) {
    add(*std::move(conninfo));
  }
}

Conninfo parse_target_conninfo(YamlMap& target) {
  const auto dsn = target.text("dsn");
  if (!dsn) throw target.error("", "expected dsn: how to connect, without a password");
  try {
    auto conninfo = parse_conninfo(*dsn);
    if (conninfo.password) {
      throw std::runtime_error(
          "no password may stand here; expected one in a file or a variable that credentials name");
    }
    return conninfo;
  } catch (const std::runtime_error& error) {
    throw target.error("dsn", error.what());
  }
}

Kind parse_kind(YamlMap& target, const Conninfo& conninfo) {
  const auto kind = target.text("kind");
  if (!kind) return kind_of(conninfo);
  if (kind == "postgres") return Kind::postgres;
  if (kind == "pgbouncer") return Kind::pgbouncer;
  throw target.error("kind", "expected postgres or pgbouncer");
}

/// Takes user and password from the module that the key `credentials` names. False where there is no such key.
bool set_credentials(YamlMap& map, const CredentialModules& modules, Conninfo& conninfo) {
  const auto* const module = find_credentials(map, modules);
  if (module == nullptr) return false;
  if (!module->user.empty()) conninfo.set("user", module->user);
  conninfo.password = module->password;
  return true;
}

std::optional<std::chrono::milliseconds> parse_checkout_time(YamlMap& checkout, const std::string& key) {
  const auto time = checkout.duration(key);
  if (time && *time < kLeastCheckoutTime) throw checkout.error(key, "expected 100ms or more");
  return time;
}

/// Where nothing else is said, a checkout connects as the target's own connection does. A PgBouncer's is to its
/// console: there the pool must be named, by database and user.
CheckoutSpec parse_checkout(YamlMap& checkout, const TargetSpec& target, const CredentialModules& modules) {
  CheckoutSpec spec{target.conninfo, parse_checkout_time(checkout, "interval"),
                    parse_checkout_time(checkout, "timeout")};
  const bool console = target.kind == Kind::pgbouncer;
  const auto database = checkout.text("database");
  if (database) spec.conninfo.set("dbname", *database);
  if (console && (!database || *database == kConsole)) {
    throw checkout.error("database", "expected a database that PgBouncer has a pool for");
  }
  if (!set_credentials(checkout, modules, spec.conninfo) && console) {
    throw checkout.error("credentials", "expected the credentials of a user of the pool");
  }
  return spec;
}

TargetSpec parse_target(YamlMap& target, const CredentialModules& modules) {
  TargetSpec spec;
  spec.conninfo = parse_target_conninfo(target);
  spec.kind = parse_kind(target, spec.conninfo);
  set_credentials(target, modules, spec.conninfo);
  if (auto checkout = target.map("checkout")) spec.checkout = parse_checkout(*checkout, spec, modules);
  return spec;
}

}  // namespace

std::vector<TargetSpec> given_targets(const DsnFlags& flags, const Environment& environment) {
  std::vector<TargetSpec> targets;
  const auto add = [&](Kind kind, const std::string& source, const std::string& dsn) {
    targets.push_back({{}, kind, parse_named(source, dsn)});
  };
  for (const auto& dsn : flags.postgres) add(Kind::postgres, "--postgres.dsn", dsn);
  if (flags.postgres.empty()) add_data_sources(targets, environment);
  for (const auto& dsn : flags.pgbouncer) add(Kind::pgbouncer, "--pgbouncer.dsn", dsn);
  if (!flags.pgbouncer_exporter.empty()) {
    add(Kind::pgbouncer, "--pgBouncer.connectionString", flags.pgbouncer_exporter);
  } else if (flags.pgbouncer.empty()) {
    constexpr const char* kVariable = "PGBOUNCER_EXPORTER_CONNECTION_STRING";
    if (const auto dsn = value_of(environment, kVariable); !dsn.empty()) add(Kind::pgbouncer, kVariable, dsn);
  }
  return targets;
}

std::vector<TargetSpec> parse_targets(YamlMap& config) { return parse_named_list(config, "targets", parse_target); }

std::vector<TargetSpec> name_targets(std::vector<TargetSpec> given, const std::vector<TargetSpec>& configured) {
  if (given.size() + configured.size() > 1) {
    for (auto& target : given) target.name = target.conninfo.name();
  }
  given.insert(given.end(), configured.begin(), configured.end());
  if (given.empty()) {
    throw std::runtime_error(
        "no server to read: expected --postgres.dsn, --pgbouncer.dsn, DATA_SOURCE_NAME, or targets in --config.file");
  }
  check_names_differ(given);
  return given;
}

}  // namespace binnacle::pgpool
