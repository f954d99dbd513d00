// SPDX-License-Identifier: Apache-2.0
#include "commandlog.h"

#include <array>
#include <string>

#include "info_metrics.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

struct Log {
  std::string_view type;
  std::string_view length_metric;
  std::string_view length_help;
};

constexpr std::array<Log, 3> kLogs{{
    {"slow", "redis_commandlog_slow_length", "Commands that the log of slow ones holds; it keeps so many at most."},
    {"large-request", "redis_commandlog_large_request_length",
     "Commands that the log of large requests holds; it keeps so many at most."},
    {"large-reply", "redis_commandlog_large_reply_length",
     "Commands that the log of large replies holds; it keeps so many at most."},
}};

constexpr InfoMetric kSettings[] = {
    // setting, metric, type, help, scale, what is unknown
    {"commandlog-execution-slower-than", "redis_commandlog_execution_slower_than", kGauge,
     "From how many microseconds on a command is in the log of slow ones; absent while it is off.", 1,
     Unknown::negative},
    {"commandlog-slow-execution-max-len", "redis_commandlog_slow_execution_max_len", kGauge,
     "How many commands the log of slow ones keeps."},
    {"commandlog-request-larger-than", "redis_commandlog_request_larger_than", kGauge,
     "From how many bytes on a command is in the log of large requests; absent while it is off.", 1, Unknown::negative},
    {"commandlog-large-request-max-len", "redis_commandlog_large_request_max_len", kGauge,
     "How many commands the log of large requests keeps."},
    {"commandlog-reply-larger-than", "redis_commandlog_reply_larger_than", kGauge,
     "From how many bytes of its reply on a command is in the log of large replies; absent while it is off.", 1,
     Unknown::negative},
    {"commandlog-large-reply-max-len", "redis_commandlog_large_reply_max_len", kGauge,
     "How many commands the log of large replies keeps."},
};

Command length_of(const Log& log) { return {"COMMANDLOG", "LEN", std::string{log.type}}; }
Command newest_of(const Log& log) { return {"COMMANDLOG", "GET", "1", std::string{log.type}}; }

class Commandlog final : public Collector {
 public:
  explicit Commandlog(const RedisParts& parts)
      : session_(parts.session), settings_{parts.options.config_command, "GET", "commandlog-*"} {
    for (const auto& log : kLogs) {
      commands_.push_back(length_of(log));
      commands_.push_back(newest_of(log));
    }
    if (settings_.front() != "-") commands_.push_back(settings_);
  }

  void collect(const ScrapeContext& scrape, Output& out) override {
    // Redis and others would count the question among their errors.
    const auto info = session_->info(scrape.deadline);
    if (info->get("valkey_version").empty()) throw NotApplicable("only Valkey has COMMANDLOG, from 8.1 on");
    // Alone, so that an older one is asked for no more.
    auto length = session_->ask(length_of(kLogs.front()), scrape.deadline);
    session_->announce({commands_.begin() + 1, commands_.end()}, scrape.deadline);
    const auto run = info->get("run_id");
    if (run != run_) totals_ = {};
    run_ = run;
    for (std::size_t at = 0; at < kLogs.size(); ++at) {
      if (at > 0) length = session_->ask(length_of(kLogs[at]), scrape.deadline);
      const auto newest = parse_commandlog(session_->ask(newest_of(kLogs[at]), scrape.deadline));
      // An empty log tells nothing of what was in it before COMMANDLOG RESET.
      if (newest) totals_[at] = static_cast<double>(newest->id) + 1;
      add_commandlog(kLogs[at].type, length, newest, totals_[at], out.families);
    }
    add_settings(scrape.deadline, out.families);
  }

 private:
  void add_settings(Clock::time_point deadline, Families& families) {
    if (settings_.front() == "-") return;
    try {
      add_commandlog_settings(session_->ask(settings_, deadline), families);
    } catch (const NotApplicable&) {
      return;  // CONFIG is forbidden: the logs themselves are not
    }
  }

  const std::shared_ptr<RedisSession> session_;
  const Command settings_;
  std::vector<Command> commands_;
  std::string run_;
  std::array<double, kLogs.size()> totals_{};
};

}  // namespace

std::optional<CommandlogEntry> parse_commandlog(const Reply& reply) {
  const auto* const entry = reply.at(0);
  if (entry == nullptr) return std::nullopt;
  const auto* const id = entry->at(0);
  const auto* const value = entry->at(2);
  if (value == nullptr || id->type != Reply::Type::integer || value->type != Reply::Type::integer) return std::nullopt;
  return CommandlogEntry{id->integer, value->integer};
}

void add_commandlog(std::string_view type, const Reply& length, const std::optional<CommandlogEntry>& newest,
                    double total, Families& families) {
  for (const auto& log : kLogs) {
    if (log.type != type || length.type != Reply::Type::integer) continue;
    families.gauge(log.length_metric, log.length_help).add(static_cast<double>(length.integer));
  }
  families
      .counter("redis_commandlog_entries_total",
               "Commands that were logged since the server started, by type of log, also those that it holds no more.")
      .add({{"type", type}}, total);
  if (!newest) return;
  const auto value = static_cast<double>(newest->value);
  if (type == "slow") {
    families
        .gauge("redis_commandlog_last_execution_duration_seconds",
               "How long the newest entry of the log of slow commands took; absent while it is empty.")
        .add(value * 1e-6);
    return;
  }
  families
      .gauge("redis_commandlog_last_size_bytes",
             "How large the newest request or reply in a log is, by type of log; absent while it is empty.")
      .add({{"type", type}}, value);
}

void add_commandlog_settings(const Reply& reply, Families& families) {
  for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
    for (const auto& row : kSettings) {
      if (row.field == reply.elements[at].text) add_info_metric(row, reply.elements[at + 1].text, families);
    }
  }
}

std::unique_ptr<Collector> make_commandlog(const RedisParts& parts) { return std::make_unique<Commandlog>(parts); }

}  // namespace binnacle::cache
