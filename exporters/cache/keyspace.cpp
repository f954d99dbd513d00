// SPDX-License-Identifier: Apache-2.0
#include "keyspace.h"

#include <set>
#include <string>

#include "core/text.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr int kMostDatabases = 1024;

void add_counts(std::string_view database, double keys, double expiring, Families& families) {
  families.gauge("redis_db_keys", "Keys, by database.").add({{"db", database}}, keys);
  families.gauge("redis_db_keys_expiring", "Keys that have an expiry, by database.").add({{"db", database}}, expiring);
}

/// "db0:keys=1,expires=0,avg_ttl=0". Read by name: what stands fourth differs by server.
bool add_database(const InfoField& field, Families& families) {
  const auto number = after_prefix(field.key, "db");
  const auto keys = number_part(field.value, "keys");
  const auto expiring = number_part(field.value, "expires");
  if (!number || !to_u64(*number) || !keys || !expiring) return false;
  add_counts(field.key, *keys, *expiring, families);
  const auto add = [&](std::string_view part, const char* metric, const char* help, double scale) {
    const auto value = number_part(field.value, part);
    if (value && *value >= 0) families.gauge(metric, help).add({{"db", field.key}}, *value * scale);
  };
  add("avg_ttl", "redis_db_avg_ttl_seconds", "Estimated mean time to live of keys that have an expiry, by database.",
      1e-3);
  add("cached_keys", "redis_db_keys_cached", "Keys that are in memory, by database (KeyDB).", 1);
  constexpr const char* kWithFields = "redis_db_keys_with_expiring_fields";
  constexpr const char* kWithFieldsHelp = "Hashes with fields that have an expiry of their own, by database.";
  add("subexpiry", kWithFields, kWithFieldsHelp, 1);
  add("keys_with_volatile_items", kWithFields, kWithFieldsHelp, 1);
  return true;
}

class Keyspace final : public Collector {
 public:
  explicit Keyspace(const RedisParts& parts)
      : session_(parts.session), databases_{parts.options.config_command, "GET", "databases"} {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto info = session_->info(scrape.deadline);
    add_keyspace(*info, count_databases(*info, scrape), out.families);
  }

 private:
  int count_databases(const Info& info, const ScrapeContext& scrape) {
    if (info.get("cluster_enabled") == "1") return 1;
    if (databases_.front() == "-") return 0;
    try {
      const auto reply = session_->ask(databases_, scrape.deadline);
      const auto* const value = reply.at(1);
      const auto count = value == nullptr ? std::nullopt : to_u64(value->text);
      return count && *count <= kMostDatabases ? static_cast<int>(*count) : 0;
    } catch (const NotApplicable&) {
      return 0;
    } catch (const RedisError&) {
      return 0;  // a Sentinel, or a server in trouble: which databases are empty is not worth more
    }
  }

  const std::shared_ptr<RedisSession> session_;
  const Command databases_;
};

}  // namespace

void add_keyspace(const Info& info, int databases, Families& families) {
  std::set<std::string_view> there;
  for (const auto& field : info.fields()) {
    if (field.section == "Keyspace" && add_database(field, families)) there.insert(field.key);
  }
  for (int number = 0; number < databases; ++number) {
    const auto name = "db" + std::to_string(number);
    if (!there.contains(name)) add_counts(name, 0, 0, families);
  }
}

double total_keys(const Info& info) {
  double keys = 0;
  for (const auto& field : info.fields()) {
    const auto number = after_prefix(field.key, "db");
    if (number && to_u64(*number)) keys += number_part(field.value, "keys").value_or(0);
  }
  return keys;
}

std::unique_ptr<Collector> make_keyspace(const RedisParts& parts) { return std::make_unique<Keyspace>(parts); }

}  // namespace binnacle::cache
