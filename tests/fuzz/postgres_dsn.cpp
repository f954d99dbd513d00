// SPDX-License-Identifier: Apache-2.0
// Connection strings, lists of them as environment variables hold them, and the config file's targets and queries.
#include <string>

#include "core/strict_yaml.h"
#include "fuzz.h"
#include "postgres-pool/conninfo.h"
#include "postgres-pool/custom_query.h"
#include "postgres-pool/targets.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::pgpool;

constexpr std::string_view kPassword = "hunter2-is-secret";

bool shows_password(const Conninfo& conninfo) {
  for (const auto& [keyword, value] : conninfo.parameters) {
    if (keyword == "password" || value.find(kPassword) != std::string::npos) return true;
  }
  return conninfo.name().find(kPassword) != std::string::npos;
}

void read_dsn(const std::string& dsn) {
  accepts([&] {
    auto conninfo = parse_conninfo(dsn);
    conninfo.set("dbname", "other");
    require(conninfo.get("dbname") == "other", "a parameter that was set is there");
    for (const auto& [keyword, value] : conninfo.parameters) {
      require(!keyword.empty() && keyword != "password", "a password is no parameter");
    }
  });
}

/// Whatever comes after a password, it is told to nobody.
void read_with_password(std::string_view text) {
  if (text.find(kPassword) != std::string_view::npos) return;  // it may stand anywhere then
  for (const auto& dsn : {"password=" + std::string{kPassword} + " " + std::string{text},
                          "postgresql://user:" + std::string{kPassword} + "@" + std::string{text}}) {
    try {
      require(!shows_password(parse_conninfo(dsn)), "a password is kept apart");
    } catch (const std::runtime_error& error) {
      require(std::string_view{error.what()}.find(kPassword) == std::string_view::npos, "an error tells no password");
    }
  }
}

void split(std::string_view text) {
  std::size_t at = 0;
  for (const auto& dsn : split_dsns(text)) {
    require(!dsn.empty(), "a connection string is not empty");
    at = text.find(dsn, at);
    require(at != std::string_view::npos, "connection strings are parts of the whole, in its order");
    at += dsn.size();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  // libpq reads up to the first zero byte, and an environment variable has none.
  const std::string dsn{text.substr(0, text.find('\0'))};
  read_dsn(dsn);
  read_with_password(dsn);
  split(text);
  accepts([&] {
    auto config = YamlMap::from_text(text, "config.yml");
    for (const auto& target : parse_targets(config)) require(!target.name.empty(), "a target of the config has a name");
    for (const auto& query : parse_custom_queries(config)) require(!query.metrics.empty(), "a query has metrics");
    config.finish();
  });
  return 0;
}
