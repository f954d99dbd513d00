// SPDX-License-Identifier: Apache-2.0
#include "postgres_pool_exporter.h"

#include <algorithm>
#include <cstdlib>

#include "collectors.h"
#include "console_link.h"
#include "core/flags.h"
#include "core/query.h"
#include "core/strict_yaml.h"
#include "core/text.h"
#include "postgres_link.h"
#include "queries_page.h"

namespace binnacle::pgpool {

namespace {

/// How long the slow statements of all targets together may take.
constexpr std::chrono::seconds kPageTime{10};

/// A query for a target that does not exist would never be seen to be missing.
void check_targets_of(const std::vector<CustomQuery>& queries, const std::vector<TargetSpec>& specs) {
  for (const auto& query : queries) {
    for (const auto& name : query.targets) {
      const bool known = std::any_of(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
      if (!known) throw std::runtime_error("queries: " + query.name + ": no target is named " + quoted(name));
    }
  }
}

}  // namespace

ExporterInfo PostgresPoolExporter::info() const {
  using namespace std::chrono_literals;
  // A target's collectors share one connection: none could go on while another is held up.
  return {"postgres-pool-exporter",
          "Metrics of PostgreSQL servers and PgBouncers, under postgres_exporter's and pgbouncer_exporter's names.",
          "pg", ":9187", 1h};
}

std::vector<CollectorKind> PostgresPoolExporter::collectors() const { return all_collectors(); }

std::vector<HealthRule> PostgresPoolExporter::health_rules() const {
  return {
      // fact, collector, warn, critical, weight
      {"checkout_error_ratio", "checkout", 0.05, 0.5, 2},
      {"checkout_seconds", "checkout", 0.25, 2.5, 1},
      {"pool_saturation", "pools", 0.9, 1.2, 2},
      {"pool_queue", "pools", 0.5, 3, 2},
      {"pool_wait_ratio", "pools", 0.1, 0.5, 2},
      {"pool_wait_seconds", "pools", 1, 15, 1},
      {"connections_used_ratio", "saturation", 0.8, 0.95, 2},
      {"blocked_seconds", "blocking", 10, 60, 2},
      {"idle_in_transaction_seconds", "age", 60, 600, 1},
      {"xid_headroom_ratio", "age", 0.5, 0.2, 2},
      {"replication_lag_seconds", "replication", 30, 300, 1},
  };
}

void PostgresPoolExporter::add_flags(Flags& flags) {
  flags.group("Servers");
  flags.add(
      "postgres.dsn", dsns_.postgres,
      "PostgreSQL to read: key=value pairs or a postgresql:// URI; may be given more than once. Everybody on this "
      "machine can read a command line: for a password use DATA_SOURCE_NAME_FILE, DATA_SOURCE_PASS_FILE, libpq's "
      "passfile, or the config file's credentials.");
  flags.add("pgbouncer.dsn", dsns_.pgbouncer,
            "PgBouncer to read, by its console (database pgbouncer); may be given more than once.");
  flags.add("pgBouncer.connectionString", dsns_.pgbouncer_exporter,
            "As --pgbouncer.dsn, under pgbouncer_exporter's name.");
  flags.add("postgres.lock-timeout", options_.lock_timeout,
            "How long a statement may wait for a lock; its collector fails then.");
  options_.drop_in.add_flags(flags);
  flags.add("pgbouncer.clients-by-application", options_.clients_by_application,
            "Count PgBouncer's clients by application_name too, which clients choose freely.");
  flags.add("checkout.interval", options_.checkout_interval,
            "How often a connection is checked out, for targets with a section checkout in --config.file.");
  flags.add("checkout.timeout", options_.checkout_timeout, "How long checking a connection out may take.");
  options_.own.add_flags(flags);
}

void PostgresPoolExporter::start(const std::function<bool(const std::string& collector)>& enabled) {
  if (options_.lock_timeout.count() < 1) {
    throw std::runtime_error("--postgres.lock-timeout: expected 1ms or more");  // 0 would be no limit
  }
  for (const auto* const flag : {&options_.checkout_interval, &options_.checkout_timeout}) {
    if (*flag >= kLeastCheckoutTime) continue;
    throw std::runtime_error(
        std::string{flag == &options_.checkout_interval ? "--checkout.interval" : "--checkout.timeout"} +
        ": expected 100ms or more");
  }
  checkouts_ = enabled("checkout");
  shows_queries_ = enabled("slow_queries");
  given_ = given_targets(dsns_, [](const char* name) -> const char* { return std::getenv(name); });
}

std::function<void()> PostgresPoolExporter::load(YamlMap& config) {
  const auto specs = name_targets(given_, parse_targets(config));
  const auto queries = parse_custom_queries(config);
  check_targets_of(queries, specs);
  return [this, running = with_unchanged(specs, queries)] { apply(running); };
}

void PostgresPoolExporter::apply(std::vector<Running> running) {
  running_ = std::move(running);
  const std::scoped_lock lock{queries_mutex_};
  slow_queries_.clear();
  for (const auto& one : running_) {
    if (one.slow_queries) slow_queries_.emplace_back(one.spec.name, one.slow_queries);
  }
}

std::map<std::string, std::string> PostgresPoolExporter::health_details(const HttpRequest& request) {
  if (!shows_queries_ || values_of(parse_query(request.query), "queries").empty()) return {};
  const auto deadline = Clock::now() + kPageTime;
  std::unique_lock lock{queries_mutex_};
  const auto targets = slow_queries_;
  lock.unlock();
  std::vector<TargetQueries> answers;
  for (const auto& [name, slow_queries] : targets) {
    try {
      answers.push_back({name, slow_queries->with_text(deadline), ""});
    } catch (const std::exception& error) {
      answers.push_back({name, {}, error.what()});
    }
  }
  return {{"slowQueries", queries_json(answers)}};
}

std::vector<std::shared_ptr<Target>> PostgresPoolExporter::targets() {
  std::vector<std::shared_ptr<Target>> targets;
  targets.reserve(running_.size());
  for (const auto& running : running_) targets.push_back(running.target);
  return targets;
}

std::vector<PostgresPoolExporter::Running> PostgresPoolExporter::with_unchanged(
    const std::vector<TargetSpec>& specs, const std::vector<CustomQuery>& queries) const {
  std::vector<Running> all;
  for (const auto& spec : specs) {
    auto own = queries_for(queries, spec);
    const auto same = std::find_if(running_.begin(), running_.end(),
                                   [&](const auto& running) { return running.spec == spec && running.queries == own; });
    all.push_back(same == running_.end() ? make_target(spec, std::move(own)) : *same);
  }
  return all;
}

std::shared_ptr<CheckoutProbe> PostgresPoolExporter::make_probe(const TargetSpec& spec) const {
  if (!spec.checkout || !checkouts_) return nullptr;
  return std::make_shared<CheckoutProbe>(
      spec.name,
      CheckoutProbe::Settings{spec.checkout->conninfo, spec.checkout->interval.value_or(options_.checkout_interval),
                              spec.checkout->timeout.value_or(options_.checkout_timeout)});
}

PostgresPoolExporter::Running PostgresPoolExporter::make_target(const TargetSpec& spec,
                                                                std::vector<CustomQuery> queries) const {
  auto target = std::make_shared<Target>();
  target->name = spec.name;
  target->metric_namespace = spec.kind == Kind::postgres ? "pg" : "pgbouncer";
  target->up_collector = up_collector(spec.kind);
  auto session =
      std::make_shared<Session>(spec.kind == Kind::postgres ? make_postgres_connector(spec.conninfo, options_, guard_)
                                                            : make_console_connector(spec.conninfo));
  auto slow_queries = spec.kind == Kind::postgres ? std::make_shared<SlowQueries>(session, options_.own) : nullptr;
  const CollectorParts parts{
      std::move(session), options_, std::make_shared<PoolLimits>(), make_probe(spec), slow_queries, spec.name, queries};
  for (const auto& row : collectors_of(spec.kind)) {
    if (auto collector = row.make(parts)) target->collectors.push_back({row.name, std::move(collector)});
  }
  return {spec, std::move(queries), std::move(target), std::move(slow_queries)};
}

}  // namespace binnacle::pgpool
