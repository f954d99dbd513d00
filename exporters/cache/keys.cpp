// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "key_commands.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr std::size_t kLongestNumber = 64;         // bytes of a value that is read
constexpr std::string_view kHyperLogLog = "HYLL";  // what such a string begins with

void add_key(const KeyName& key, double size, Families& families) {
  families
      .gauge(
          "redis_key_size",
          "Length of a key's value: elements, or bytes of a string, or what a HyperLogLog has counted; 0 where there "
          "is no such key.")
      .add({{"db", key.database_label()}, {"key", to_utf8(key.key)}}, size);
}

void add_value(const KeyName& key, double value, Families& families) {
  families.gauge("redis_key_value", "A key's value, where that is a string with a number.")
      .add({{"db", key.database_label()}, {"key", to_utf8(key.key)}}, value);
}

class Keys final : public Collector {
 public:
  explicit Keys(const RedisParts& parts)
      : session_(parts.session), scan_(parts.key_scan), types_(parts.session), single_(scan_->config().single) {
    std::sort(single_.begin(), single_.end());  // by database, so that each is selected once
  }

  void collect(const ScrapeContext& scrape, Output& out) override {
    if (single_.empty() && !scan_->has_patterns()) throw NotApplicable("the config names no keys of this target");
    if (!single_.empty()) collect_single(scrape.deadline, out.families);
    if (!scan_->has_patterns()) return;
    const auto state = scan_->advance(scrape.deadline);
    add_key_scan(scan_->config(), state, Clock::now(), out.families);
  }

 private:
  struct HyperLogLog {
    const KeyName* key;
    double length;
  };

  void collect_single(Clock::time_point deadline, Families& families) {
    const auto types = types_.ask(single_, deadline);
    std::vector<KeyCommand> commands;
    std::vector<const KeyName*> asked;
    for (std::size_t at = 0; at < single_.size(); ++at) {
      const auto& key = single_[at];
      if (types[at] == "none") add_key(key, 0, families);
      const auto* const command = length_command(types[at]);
      if (command == nullptr) continue;
      commands.push_back({key.database, {command, key.key}});
      asked.push_back(&key);
      if (types[at] != "string") continue;
      commands.push_back({key.database, {"GETRANGE", key.key, "0", std::to_string(kLongestNumber - 1)}});
      asked.push_back(&key);
    }
    const auto replies = ask_keys(*session_, commands, deadline);
    std::vector<HyperLogLog> sketches;
    for (std::size_t at = 0; at < commands.size(); ++at) {
      if (replies[at].type != Reply::Type::integer) continue;
      const auto length = static_cast<double>(replies[at].integer);
      const bool is_string = commands[at].command.front() == "STRLEN";
      const std::string_view text = is_string ? std::string_view{replies[at + 1].text} : std::string_view{};
      if (text.starts_with(kHyperLogLog)) {
        sketches.push_back({asked[at], length});
        continue;
      }
      add_key(*asked[at], length, families);
      const auto value = number_of(text);
      if (value && static_cast<double>(text.size()) == length) add_value(*asked[at], *value, families);
    }
    count_sketches(sketches, deadline, families);
  }

  void count_sketches(const std::vector<HyperLogLog>& sketches, Clock::time_point deadline, Families& families) {
    std::vector<KeyCommand> commands;
    commands.reserve(sketches.size());
    for (const auto& sketch : sketches) commands.push_back({sketch.key->database, {"PFCOUNT", sketch.key->key}});
    const auto replies = ask_keys(*session_, commands, deadline);
    for (std::size_t at = 0; at < sketches.size(); ++at) {
      const bool counted = replies[at].type == Reply::Type::integer;  // else its beginning was a coincidence
      add_key(*sketches[at].key, counted ? static_cast<double>(replies[at].integer) : sketches[at].length, families);
    }
  }

  const std::shared_ptr<RedisSession> session_;
  const std::shared_ptr<KeyScan> scan_;
  KeyTypes types_;
  std::vector<KeyName> single_;
};

void add_totals(const KeysConfig& config, const KeyTotals& totals, Families& families) {
  for (std::size_t at = 0; at < config.count.size(); ++at) {
    const auto& pattern = config.count[at];
    families.gauge("redis_keys_count", "Keys that match a pattern, in the last whole pass over the key space.")
        .add({{"db", pattern.database_label()}, {"key", to_utf8(pattern.key)}}, totals.counts[at]);
  }
  for (std::size_t at = 0; at < config.groups.size(); ++at) {
    const auto& group = config.groups[at];
    const auto database = group.pattern.database_label();
    const LabelView labels[] = {{"db", database}, {"key_group", group.name}};
    families.gauge("redis_key_group_count", "Keys of a group, in the last whole pass over the key space.")
        .add(labels, totals.groups[at].keys);
    const auto memory = group.memory ? totals.groups[at].memory() : std::nullopt;
    if (!memory) continue;
    families
        .gauge("redis_key_group_memory_usage_bytes",
               "What the keys of a group take, in the last whole pass; estimated by MEMORY USAGE of some of them.")
        .add(labels, *memory);
  }
}

}  // namespace

const char* length_command(std::string_view type) {
  constexpr std::pair<std::string_view, const char*> kCommands[] = {
      {"string", "STRLEN"}, {"list", "LLEN"}, {"set", "SCARD"}, {"zset", "ZCARD"}, {"hash", "HLEN"}, {"stream", "XLEN"},
  };
  for (const auto& [name, command] : kCommands) {
    if (name == type) return command;
  }
  return nullptr;
}

std::optional<double> number_of(std::string_view text) {
  const auto number = to_double(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

void add_key_scan(const KeysConfig& config, const KeyScan::State& state, Clock::time_point now, Families& families) {
  families
      .counter("redis_key_scan_keys_visited_total",
               "Keys that SCAN has named to this exporter, for groups and patterns.")
      .add(state.keys_visited);
  families.counter("redis_key_scan_passes_total", "Whole passes over the key space, for groups and patterns.")
      .add(state.passes);
  if (!state.last) return;
  families.gauge("redis_key_scan_age_seconds", "Since the last whole pass over the key space ended.")
      .add(std::chrono::duration<double>(now - state.finished).count());
  add_totals(config, *state.last, families);
}

std::unique_ptr<Collector> make_keys(const RedisParts& parts) { return std::make_unique<Keys>(parts); }

}  // namespace binnacle::cache
