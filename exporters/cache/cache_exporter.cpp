// SPDX-License-Identifier: Apache-2.0
#include "cache_exporter.h"

#include <algorithm>
#include <cstdlib>

#include "applications.h"
#include "core/flags.h"
#include "core/strict_yaml.h"
#include "l1_mappings.h"
#include "memcached_collectors.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr const char* kStatsd = "statsd";
constexpr const char* kCluster = "cluster";

const char* from_environment(const char* name) { return std::getenv(name); }

}  // namespace

CacheExporter::CacheExporter()
    : statsd_(std::make_shared<Statsd>(l1_mappings())), applications_(std::make_shared<Target>()) {
  applications_->collectors.push_back({kStatsd, std::make_shared<Applications>(statsd_)});
}

ExporterInfo CacheExporter::info() const {
  using namespace std::chrono_literals;
  // A target's collectors share one connection: none could go on while another is held up.
  return {"cache-exporter", "Metrics of Redis and Memcached, under redis_exporter's and memcached_exporter's names.",
          "cache", ":9121", 1h};
}

std::vector<CollectorKind> CacheExporter::collectors() const {
  auto kinds = redis_collector_kinds();
  for (auto& kind : memcached_collector_kinds()) kinds.push_back(std::move(kind));
  kinds.push_back(
      {kStatsd, true, "Applications: what they send by StatsD, where the config or a flag says to listen."});
  return kinds;
}

std::vector<HealthRule> CacheExporter::health_rules() const {
  std::vector<HealthRule> rules{
      // fact, collector, warn, critical, weight
      {"ping_seconds", "ping", 0.05, 0.5, 2},
      {"memory_used_ratio", "info", 0.9, 1, 2},
      {"memory_fragmentation_ratio", "info", 1.5, 3, 1},
      {"clients_used_ratio", "info", 0.8, 0.95, 2},
      {"rejected_connections", "info", 1, 10, 2},
      {"persistence_failing", "info", 0.5, 1, 2},
      {"hit_ratio_drop", "info", 0.1, 0.4, 1},
      {"evicted_per_hour", "info", 0.5, 10, 1},
      {"replication_link_down", "replication", 0.5, 1, 2},
      {"replica_lag_seconds", "replication", 10, 60, 1},
      {"replica_lag_bytes", "replication", 16.0 * 1024 * 1024, 256.0 * 1024 * 1024, 1},
      {"cluster_slots_uncovered", kCluster, 1, 2, 2},
  };
  for (auto& rule : memcached_health_rules()) rules.push_back(std::move(rule));
  for (auto& rule : application_health_rules(kStatsd)) rules.push_back(std::move(rule));
  return rules;
}

void CacheExporter::add_flags(Flags& flags) {
  flags.group("Servers");
  flags.add("redis.addr", flags_.redis,
            "Redis to read: host:port, redis://host:port or unix:///path; may be given more than once. Everybody on "
            "this machine can read a command line: for a password use --redis.password-file, REDIS_PASSWORD_FILE, or "
            "the config file's credentials.");
  flags.add("redis.user", flags_.redis_user, "User for all of --redis.addr that name none; else REDIS_USER.");
  flags.add("redis.password-file", flags_.redis_password_file,
            "File with the password for all of --redis.addr that have none; else REDIS_PASSWORD_FILE or "
            "REDIS_PASSWORD.");
  flags.add("redis.cluster", flags_.redis_cluster,
            "Each --redis.addr is a node of a Redis Cluster: read all its other nodes too, as the same user.");
  flags.add("redis.config-command", options_.config_command,
            "CONFIG's name where it was renamed; \"-\": it is not asked.");
  flags.add("redis.set-client-name", options_.set_client_name, "Give our connection the name cache-exporter.");
  flags.add("memcached.address", flags_.memcached,
            "Memcached to read: host:port or the path of a unix socket; may be given more than once.");
  flags.group("Applications");
  flags.add("statsd.listen", statsd_addresses_,
            "Address to take StatsD and DogStatsD at, beside the config's: host:port or unixgram:///path; may be given "
            "more than once.");
}

void CacheExporter::start(const std::function<bool(const std::string& collector)>& enabled) {
  finds_nodes_ = enabled(kCluster);
  given_ = given_targets(flags_, from_environment);
}

std::function<void()> CacheExporter::load(YamlMap& config) {
  auto specs = name_targets(given_, parse_targets(config));
  auto listen = statsd_->load(config, statsd_addresses_);
  if (specs.empty() && !listen.listens) specs = name_targets({default_target(flags_, from_environment)}, {});
  if (!finds_nodes_ && std::any_of(specs.begin(), specs.end(), [](const auto& spec) { return spec.cluster; })) {
    throw std::runtime_error(
        "a cluster's other nodes are found by the collector cluster: expected --collector.cluster");
  }
  return [this, running = with_unchanged(specs), listen = std::move(listen)] {
    listen.apply();
    listens_ = listen.listens;
    running_ = running;
  };
}

std::vector<std::shared_ptr<Target>> CacheExporter::targets() {
  std::vector<std::shared_ptr<Target>> targets;
  // Of several named nodes of one cluster each is read once.
  std::set<std::string> read;
  for (const auto& running : running_) {
    targets.push_back(running.target);
    if (running.cluster) read.insert(running.cluster->named_id());
  }
  for (const auto& running : running_) {
    if (running.cluster) add_other_nodes(running, read, targets);
  }
  if (listens_) targets.push_back(applications_);
  return targets;
}

/// Those that stay are the same objects; those that are gone take their connection with them.
void CacheExporter::add_other_nodes(const Running& running, std::set<std::string>& read,
                                    std::vector<std::shared_ptr<Target>>& targets) const {
  TargetsByName nodes;
  for (const auto& node : running.cluster->others()) {
    const auto name = running.spec.name + "/" + node.address.name();
    if (nodes.contains(name) || !read.insert(node.id).second) continue;
    const auto known = running.other_nodes->find(name);
    nodes[name] = known == running.other_nodes->end() ? make_node(running, name, node.address) : known->second;
    targets.push_back(nodes[name]);
  }
  *running.other_nodes = std::move(nodes);
}

void CacheExporter::serve() { statsd_->start(); }

std::vector<CacheExporter::Running> CacheExporter::with_unchanged(const std::vector<TargetSpec>& specs) const {
  std::vector<Running> all;
  for (const auto& spec : specs) {
    const auto same =
        std::find_if(running_.begin(), running_.end(), [&](const auto& running) { return running.spec == spec; });
    all.push_back(same == running_.end() ? run_target(spec) : *same);
  }
  return all;
}

CacheExporter::Running CacheExporter::run_target(const TargetSpec& spec) const {
  if (!spec.cluster) return {spec, make_target(spec, nullptr), nullptr, nullptr};
  auto cluster = std::make_shared<ClusterView>(spec.name);
  auto target = make_target(spec, cluster);
  return {spec, std::move(target), std::move(cluster), std::make_shared<TargetsByName>()};
}

std::shared_ptr<Target> CacheExporter::make_node(const Running& named, const std::string& name,
                                                 const Address& address) const {
  auto spec = named.spec;
  spec.name = name;
  spec.address = address;
  auto target = make_target(spec, named.cluster);
  target->found_by = named.spec.name;
  return target;
}

std::shared_ptr<Target> CacheExporter::make_target(const TargetSpec& spec,
                                                   const std::shared_ptr<ClusterView>& cluster) const {
  auto target = std::make_shared<Target>();
  target->name = spec.name;
  if (spec.kind == Kind::memcached) {
    target->metric_namespace = "memcached";
    target->up_collector = kMemcachedUpCollector;
    target->collectors = make_memcached_collectors(spec.address);
  } else {
    target->metric_namespace = "redis";
    target->up_collector = kRedisUpCollector;
    auto session = std::make_shared<RedisSession>(RedisSession::Settings{
        spec.address, spec.credentials, options_.set_client_name ? "cache-exporter" : std::string{}});
    auto member = cluster ? std::make_shared<ClusterMember>(cluster, spec.name, spec.address) : nullptr;
    auto key_scan = std::make_shared<KeyScan>(session, spec.keys);
    target->collectors = make_redis_collectors({std::move(session), options_, std::move(member), std::move(key_scan)});
  }
  return target;
}

}  // namespace binnacle::cache
