// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "core/text.h"
#include "info_metrics.h"
#include "key_commands.h"
#include "key_scan.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr std::size_t kMostGroups = 100;  // of a stream

/// How a field's value is written.
enum class Form {
  number,  ///< as the metric has it
  millis,  ///< milliseconds, -1 where it never was
  id,      ///< "1700000000000-0", "0-0" where there is none
  entry,   ///< [id, fields], nil where there is none
};

/// A field of XINFO that becomes a metric: one row of a table.
struct Row {
  std::string_view field;
  std::string_view metric;
  prometheus::MetricType type;
  std::string_view help;
  Form form = Form::number;
};

constexpr Row kStreamRows[] = {
    {"length", "redis_stream_length", kGauge, "Entries of a stream."},
    {"groups", "redis_stream_groups", kGauge, "Consumer groups of a stream."},
    {"radix-tree-keys", "redis_stream_radix_tree_keys", kGauge, "Keys of the radix tree that holds a stream."},
    {"radix-tree-nodes", "redis_stream_radix_tree_nodes", kGauge, "Nodes of the radix tree that holds a stream."},
    {"last-generated-id", "redis_stream_last_generated_id", kGauge,
     "The latest id that a stream has given: its time in milliseconds.", Form::id},
    {"first-entry", "redis_stream_first_entry_id", kGauge,
     "Id of a stream's first entry: its time in milliseconds; absent of an empty one.", Form::entry},
    {"last-entry", "redis_stream_last_entry_id", kGauge,
     "Id of a stream's last entry: its time in milliseconds; absent of an empty one.", Form::entry},
    // 7.0 on.
    {"max-deleted-entry-id", "redis_stream_max_deleted_entry_id", kGauge,
     "The highest id of a stream's deleted entries: its time in milliseconds; absent where none was deleted.",
     Form::id},
    {"entries-added", "redis_stream_entries_added_total", kCounter, "Entries that were ever added to a stream."},
    // 8.6 on.
    {"idmp-duration", "redis_stream_idmp_duration_seconds", kGauge,
     "For how long a stream remembers the ids of idempotent producers."},
    {"idmp-maxsize", "redis_stream_idmp_max_size", kGauge,
     "How many ids a stream remembers of each idempotent producer."},
    {"pids-tracked", "redis_stream_idmp_producer_ids_tracked", kGauge, "Idempotent producers that a stream remembers."},
    {"iids-tracked", "redis_stream_idmp_idempotent_ids_tracked", kGauge,
     "Ids of idempotent producers that a stream remembers."},
    {"iids-added", "redis_stream_idmp_entries_added_total", kCounter,
     "Entries that idempotent producers added to a stream."},
    {"iids-duplicates", "redis_stream_idmp_duplicates_total", kCounter,
     "Entries that a stream did not take, since an idempotent producer had sent them before."},
};

constexpr Row kGroupRows[] = {
    {"consumers", "redis_stream_group_consumers", kGauge, "Consumers of a stream's group."},
    {"pending", "redis_stream_group_messages_pending", kGauge,
     "Entries that a group's consumers were given and have not acknowledged."},
    {"last-delivered-id", "redis_stream_group_last_delivered_id", kGauge,
     "Id of the last entry that a group's consumers were given: its time in milliseconds.", Form::id},
    // 7.0 on; nil where the server has lost count.
    {"entries-read", "redis_stream_group_entries_read", kGauge,
     "Entries that a group's consumers were given so far; absent where the server has lost count."},
    {"lag", "redis_stream_group_lag", kGauge,
     "Entries that a group's consumers are yet to be given; absent where the server has lost count."},
};

constexpr Row kConsumerRows[] = {
    {"pending", "redis_stream_group_consumer_messages_pending", kGauge,
     "Entries that a consumer was given and has not acknowledged."},
    {"idle", "redis_stream_group_consumer_idle_seconds", kGauge, "Since a consumer last tried to get entries.",
     Form::millis},
    // 7.2 on.
    {"inactive", "redis_stream_group_consumer_inactive_seconds", kGauge, "Since a consumer last got entries.",
     Form::millis},
};

/// The milliseconds of "1700000000000-0"; nothing for "0-0".
std::optional<double> time_of(std::string_view id) {
  const auto milliseconds = to_u64(take_until(id, '-'));
  if (!milliseconds || (*milliseconds == 0 && id == "0")) return std::nullopt;
  return static_cast<double>(*milliseconds);
}

std::optional<double> value_of(const Reply& reply, Form form) {
  if (form == Form::id) return time_of(reply.text);
  if (form == Form::entry) return reply.at(0) == nullptr ? std::nullopt : time_of(reply.at(0)->text);
  if (reply.type != Reply::Type::integer) return std::nullopt;
  const auto number = static_cast<double>(reply.integer);
  if (form == Form::number) return number;
  return number < 0 ? std::nullopt : std::optional{number * 1e-3};
}

/// The value of a field in [name, value, name, value ...]; null where it is absent.
const Reply* find_field(const Reply& reply, std::string_view name) {
  for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
    if (reply.elements[at].text == name) return &reply.elements[at + 1];
  }
  return nullptr;
}

std::string name_in(const Reply& reply) {
  const auto* const name = find_field(reply, "name");
  return name == nullptr ? std::string{} : name->text;
}

void add_rows(std::span<const Row> rows, const Reply& reply, std::span<const LabelView> labels, Families& families) {
  for (const auto& row : rows) {
    const auto* const field = find_field(reply, row.field);
    const auto value = field == nullptr ? std::nullopt : value_of(*field, row.form);
    if (value) families.family(row.metric, row.help, row.type).add(labels, *value);
  }
}

class Streams final : public Collector {
 public:
  explicit Streams(const RedisParts& parts) : session_(parts.session), scan_(parts.key_scan), types_(parts.session) {
    for (const auto& stream : scan_->config().streams) {
      const RedisGlob glob{stream.key};
      if (glob.literal()) named_.insert({stream.database, *glob.literal()});
    }
    has_patterns_ = named_.size() < scan_->config().streams.size();
  }

  void collect(const ScrapeContext& scrape, Output& out) override {
    if (scan_->config().streams.empty()) throw NotApplicable("the config names no streams of this target");
    LeftOut left_out;
    collect_streams(find_streams(scrape.deadline, left_out), scrape.deadline, left_out, out.families);
    const auto add = [&](const char* what, double number) {
      out.families
          .gauge("redis_stream_series_left_out",
                 "Streams, groups and consumers without series of their own, beyond the limits of the config.")
          .add({{"of", what}}, number);
    };
    if (left_out.streams) add("streams", *left_out.streams);
    add("groups", left_out.groups);
    add("consumers", left_out.consumers);
  }

 private:
  struct LeftOut {
    std::optional<double> streams;  // nothing before the first whole pass over the key space
    double groups = 0;
    double consumers = 0;
  };
  struct Group {
    const KeyName* stream;
    std::string name;
  };

  /// Those that are there, in the order of databases.
  std::vector<KeyName> find_streams(Clock::time_point deadline, LeftOut& left_out) {
    auto wanted = named_;
    if (has_patterns_) {
      const auto state = scan_->advance(deadline);
      if (state.last) {
        wanted.insert(state.last->streams.begin(), state.last->streams.end());
        left_out.streams = state.last->streams_left_out;
      }
    }
    const std::vector<KeyName> names{wanted.begin(), wanted.end()};
    const auto types = types_.ask(names, deadline);
    std::vector<KeyName> streams;
    for (std::size_t at = 0; at < names.size(); ++at) {
      if (types[at] == "stream") streams.push_back(names[at]);
    }
    return streams;
  }

  void collect_streams(const std::vector<KeyName>& streams, Clock::time_point deadline, LeftOut& left_out,
                       Families& families) {
    std::vector<KeyCommand> commands;
    for (const auto& stream : streams) {
      commands.push_back({stream.database, {"XINFO", "STREAM", stream.key}});
      commands.push_back({stream.database, {"XINFO", "GROUPS", stream.key}});
    }
    const auto replies = ask_keys(*session_, commands, deadline);
    std::vector<Group> groups;
    for (std::size_t at = 0; at < streams.size(); ++at) {
      add_stream(streams[at], replies[2 * at], families);
      const auto& reply = replies[2 * at + 1];
      const auto missed = add_stream_groups(streams[at], reply, kMostGroups, families);
      left_out.groups += static_cast<double>(missed);
      auto names = group_names(reply);
      names.resize(std::min(names.size(), kMostGroups));
      for (auto& name : names) groups.push_back({&streams[at], std::move(name)});
    }
    if (scan_->config().max_consumers > 0) collect_consumers(groups, deadline, left_out, families);
  }

  void collect_consumers(const std::vector<Group>& groups, Clock::time_point deadline, LeftOut& left_out,
                         Families& families) {
    std::vector<KeyCommand> commands;
    commands.reserve(groups.size());
    for (const auto& group : groups) {
      commands.push_back({group.stream->database, {"XINFO", "CONSUMERS", group.stream->key, group.name}});
    }
    const auto replies = ask_keys(*session_, commands, deadline);
    for (std::size_t at = 0; at < groups.size(); ++at) {
      const auto missed = add_stream_consumers(*groups[at].stream, groups[at].name, replies[at],
                                               scan_->config().max_consumers, families);
      left_out.consumers += static_cast<double>(missed);
    }
  }

  const std::shared_ptr<RedisSession> session_;
  const std::shared_ptr<KeyScan> scan_;
  KeyTypes types_;
  std::set<KeyName> named_;
  bool has_patterns_ = false;
};

}  // namespace

void add_stream(const KeyName& stream, const Reply& reply, Families& families) {
  const auto database = stream.database_label();
  const auto key = to_utf8(stream.key);
  const LabelView labels[] = {{"db", database}, {"stream", key}};
  add_rows(kStreamRows, reply, labels, families);
}

std::vector<std::string> group_names(const Reply& reply) {
  std::vector<std::string> names;
  names.reserve(reply.elements.size());
  for (const auto& group : reply.elements) names.push_back(name_in(group));
  return names;
}

std::size_t add_stream_groups(const KeyName& stream, const Reply& reply, std::size_t most, Families& families) {
  const auto database = stream.database_label();
  const auto key = to_utf8(stream.key);
  const auto shown = std::min(most, reply.elements.size());
  for (std::size_t at = 0; at < shown; ++at) {
    const auto name = to_utf8(name_in(reply.elements[at]));
    const LabelView labels[] = {{"db", database}, {"stream", key}, {"group", name}};
    add_rows(kGroupRows, reply.elements[at], labels, families);
  }
  return reply.elements.size() - shown;
}

std::size_t add_stream_consumers(const KeyName& stream, std::string_view group, const Reply& reply, std::size_t most,
                                 Families& families) {
  const auto database = stream.database_label();
  const auto key = to_utf8(stream.key);
  const auto group_name = to_utf8(group);
  const auto shown = std::min(most, reply.elements.size());
  for (std::size_t at = 0; at < shown; ++at) {
    const auto name = to_utf8(name_in(reply.elements[at]));
    const LabelView labels[] = {{"db", database}, {"stream", key}, {"group", group_name}, {"consumer", name}};
    add_rows(kConsumerRows, reply.elements[at], labels, families);
  }
  return reply.elements.size() - shown;
}

std::unique_ptr<Collector> make_streams(const RedisParts& parts) { return std::make_unique<Streams>(parts); }

}  // namespace binnacle::cache
