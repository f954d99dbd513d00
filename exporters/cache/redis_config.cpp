// SPDX-License-Identifier: Apache-2.0
#include "redis_config.h"

#include "core/text.h"
#include "info.h"
#include "info_metrics.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kRows[] = {
    // setting, metric, type, help, scale, what is unknown
    {"maxclients", "redis_config_maxclients", kGauge, "The configured limit of clients' connections."},
    {"maxmemory", "redis_config_maxmemory", kGauge,
     "The configured limit of used memory in bytes; absent where there is none.", 1, Unknown::zero},
    {"repl-backlog-size", "redis_config_repl_backlog_size", kGauge,
     "The configured size of the replication backlog in bytes."},
    {"io-threads", "redis_config_io_threads", kGauge, "The configured number of I/O threads."},
    {"databases", "redis_config_databases", kGauge, "The configured number of databases."},
    {"timeout", "redis_config_timeout_seconds", kGauge,
     "After how long an idle client is disconnected; absent where none is.", 1, Unknown::zero},
    {"slowlog-log-slower-than", "redis_config_slowlog_log_slower_than_seconds", kGauge,
     "From which duration on a command is in the slow log; absent while it is off.", 1e-6, Unknown::negative},
    {"slowlog-max-len", "redis_config_slowlog_max_len", kGauge, "How many commands the slow log keeps."},
    {"latency-monitor-threshold", "redis_config_latency_monitor_threshold_seconds", kGauge,
     "From which duration on an event is a latency spike; absent while none is recorded.", 1e-3, Unknown::zero},
    {"min-replicas-to-write", "redis_config_min_replicas_to_write", kGauge,
     "How many replicas there must be for writes to be taken; absent where none needs to be.", 1, Unknown::zero},
};
constexpr std::string_view kBufferLimits = "client-output-buffer-limit";

/// "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60": hard limit, soft limit, seconds.
void add_buffer_limits(std::string_view text, Families& families) {
  for (;;) {
    const auto name = next_field(text);
    const auto hard = info_number(next_field(text));
    const auto soft = info_number(next_field(text));
    const auto seconds = info_number(next_field(text));
    if (name.empty() || !hard || !soft || !seconds) return;
    const auto add = [&, class_name = name](std::string_view limit, double value) {
      if (value <= 0) return;
      families
          .gauge("redis_config_client_output_buffer_limit_bytes",
                 "Beyond which size of its output buffer a client is disconnected, by class: hard at once, soft after "
                 "some time; absent where there is no limit.")
          .add({{"class", class_name}, {"limit", limit}}, value);
    };
    add("hard", *hard);
    add("soft", *soft);
    if (*soft <= 0) continue;
    families
        .gauge("redis_config_client_output_buffer_limit_overcome_seconds",
               "For how long a client may be above the soft limit, by class.")
        .add({{"class", name}, {"limit", "soft"}}, *seconds);
  }
}

class RedisConfig final : public Collector {
 public:
  explicit RedisConfig(const RedisParts& parts) : session_(parts.session) {
    if (parts.options.config_command == "-") return;
    for (const auto& name : wanted_settings()) commands_.push_back({parts.options.config_command, "GET", name});
  }

  void collect(const ScrapeContext& scrape, Output& out) override {
    if (commands_.empty()) throw NotApplicable("CONFIG is switched off by --redis.config-command");
    session_->announce(commands_, scrape.deadline);
    ConfigValues values;
    for (const auto& command : commands_) {
      // A setting that a version does not know is an empty array.
      const auto reply = session_->ask(command, scrape.deadline);
      for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
        values[reply.elements[at].text] = reply.elements[at + 1].text;
      }
    }
    add_redis_config(values, out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
  std::vector<Command> commands_;
};

}  // namespace

const std::vector<std::string>& wanted_settings() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& row : kRows) all.emplace_back(row.field);
    all.emplace_back(kBufferLimits);
    return all;
  }();
  return names;
}

void add_redis_config(const ConfigValues& values, Families& families) {
  for (const auto& row : kRows) {
    const auto found = values.find(row.field);
    if (found != values.end()) add_info_metric(row, found->second, families);
  }
  const auto limits = values.find(kBufferLimits);
  if (limits != values.end()) add_buffer_limits(limits->second, families);
}

std::unique_ptr<Collector> make_redis_config(const RedisParts& parts) { return std::make_unique<RedisConfig>(parts); }

}  // namespace binnacle::cache
