// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_families.h"
#include "redis_collectors.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

const Labels kStream{{"db", "db0"}, {"stream", "orders"}};

std::string integer(long long value) { return ":" + std::to_string(value) + "\r\n"; }

/// A reply as it goes over the wire: fields and their values in turn.
std::string array(const std::vector<std::string>& elements) {
  auto reply = "*" + std::to_string(elements.size()) + "\r\n";
  for (const auto& element : elements) reply += element;
  return reply;
}

const std::string kNil = "$-1\r\n";

std::string entry(const std::string& id) { return array({bulk(id), array({bulk("a"), bulk("1")})}); }

Reply parse(const std::string& bytes) {
  ReplyReader reader;
  reader.feed(bytes);
  return reader.next().value();
}

std::string stream_reply(const std::vector<std::string>& more) {
  std::vector<std::string> fields{bulk("length"),           integer(3), bulk("radix-tree-keys"),   integer(1),
                                  bulk("radix-tree-nodes"), integer(2), bulk("last-generated-id"), bulk("1700-2"),
                                  bulk("groups"),           integer(1)};
  fields.insert(fields.end(), more.begin(), more.end());
  return array(fields);
}

std::string group(const std::string& name) {
  return array({bulk("name"), bulk(name), bulk("consumers"), integer(2), bulk("pending"), integer(5),
                bulk("last-delivered-id"), bulk("1600-0"), bulk("entries-read"), integer(2), bulk("lag"), kNil});
}

std::string consumer(const std::string& name) {
  return array({bulk("name"), bulk(name), bulk("pending"), integer(4), bulk("idle"), integer(1500), bulk("inactive"),
                integer(-1)});
}

/// The collector's output, as the config has it.
Families collect(const TestRedis& redis, KeysConfig config) {
  const Options options;
  auto session = std::make_shared<RedisSession>(RedisSession::Settings{redis.address(), {}, ""});
  auto scan = std::make_shared<KeyScan>(session, std::move(config));
  const auto collector = make_streams({.session = session, .options = options, .key_scan = scan});
  Output out;
  collector->collect({Clock::now() + 10s}, out);
  return std::move(out.families);
}

}  // namespace

TEST_CASE("a stream, as Redis 5 and 6 describe it", "[streams]") {
  Families families;
  add_stream({0, "orders"},
             parse(stream_reply({bulk("first-entry"), entry("1500-0"), bulk("last-entry"), entry("1700-2")})),
             families);
  CHECK(value_of(families, "redis_stream_length", kStream) == 3);
  CHECK(value_of(families, "redis_stream_groups", kStream) == 1);
  CHECK(value_of(families, "redis_stream_radix_tree_keys", kStream) == 1);
  CHECK(value_of(families, "redis_stream_radix_tree_nodes", kStream) == 2);
  CHECK(value_of(families, "redis_stream_last_generated_id", kStream) == 1700);
  CHECK(value_of(families, "redis_stream_first_entry_id", kStream) == 1500);
  CHECK(value_of(families, "redis_stream_last_entry_id", kStream) == 1700);
  CHECK(families.all().size() == 7);
}

TEST_CASE("what later versions tell of a stream", "[streams]") {
  Families families;
  add_stream({0, "orders"},
             parse(stream_reply({bulk("max-deleted-entry-id"), bulk("1400-0"), bulk("entries-added"), integer(9),
                                 bulk("first-entry"), kNil, bulk("last-entry"), kNil, bulk("idmp-duration"),
                                 integer(60), bulk("iids-duplicates"), integer(2)})),
             families);
  CHECK(value_of(families, "redis_stream_max_deleted_entry_id", kStream) == 1400);
  CHECK(value_of(families, "redis_stream_entries_added_total", kStream) == 9);
  CHECK(value_of(families, "redis_stream_idmp_duration_seconds", kStream) == 60);
  CHECK(value_of(families, "redis_stream_idmp_duplicates_total", kStream) == 2);
  CHECK(find_family(families, "redis_stream_first_entry_id") == nullptr);
  CHECK(find_family(families, "redis_stream_last_entry_id") == nullptr);
}

TEST_CASE("an id that stands for none is absent", "[streams]") {
  Families families;
  add_stream({0, "orders"},
             parse(array({bulk("max-deleted-entry-id"), bulk("0-0"), bulk("last-generated-id"), bulk("0-1"),
                          bulk("first-entry"), array({})})),
             families);
  CHECK(find_family(families, "redis_stream_max_deleted_entry_id") == nullptr);
  CHECK(value_of(families, "redis_stream_last_generated_id", kStream) == 0);
  CHECK(families.all().size() == 1);
  add_stream({0, "orders"}, Reply{}, families);
  add_stream({0, "orders"}, parse(array({bulk("length")})), families);
  CHECK(families.all().size() == 1);
}

TEST_CASE("groups and consumers, up to a limit", "[streams]") {
  Families families;
  const auto groups = parse(array({group("a"), group("b"), group("c")}));
  CHECK(group_names(groups) == std::vector<std::string>{"a", "b", "c"});
  CHECK(add_stream_groups({0, "orders"}, groups, 2, families) == 1);
  const Labels a{{"db", "db0"}, {"stream", "orders"}, {"group", "a"}};
  CHECK(value_of(families, "redis_stream_group_consumers", a) == 2);
  CHECK(value_of(families, "redis_stream_group_messages_pending", a) == 5);
  CHECK(value_of(families, "redis_stream_group_last_delivered_id", a) == 1600);
  CHECK(value_of(families, "redis_stream_group_entries_read", a) == 2);
  CHECK(series_of(families, "redis_stream_group_consumers") == 2);
  CHECK(find_family(families, "redis_stream_group_lag") == nullptr);  // the server has lost count

  const auto consumers = parse(array({consumer("x"), consumer("y")}));
  CHECK(add_stream_consumers({0, "orders"}, "a", consumers, 1, families) == 1);
  const Labels x{{"db", "db0"}, {"stream", "orders"}, {"group", "a"}, {"consumer", "x"}};
  CHECK(value_of(families, "redis_stream_group_consumer_messages_pending", x) == 4);
  CHECK(value_of(families, "redis_stream_group_consumer_idle_seconds", x) == 1.5);
  CHECK(series_of(families, "redis_stream_group_consumer_idle_seconds") == 1);
  CHECK(find_family(families, "redis_stream_group_consumer_inactive_seconds") == nullptr);
}

TEST_CASE("streams by name need no SCAN; what is no stream is left out", "[streams]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"TYPE orders", "+stream\r\n"},
                   {"TYPE a*b", "+none\r\n"},
                   {"TYPE list", "+list\r\n"},
                   {"XINFO STREAM orders", stream_reply({})},
                   {"XINFO GROUPS orders", array({group("a")})},
                   {"XINFO CONSUMERS orders a", array({consumer("x"), consumer("y")})}}};
  KeysConfig config;
  config.streams = {{0, "orders"}, {0, "list"}, {0, "a\\*b"}};
  config.max_consumers = 1;
  const auto families = collect(redis, config);
  CHECK(series_of(families, "redis_stream_length") == 1);
  CHECK(series_of(families, "redis_stream_group_consumer_idle_seconds") == 1);
  CHECK(value_of(families, "redis_stream_series_left_out", {{"of", "consumers"}}) == 1);
  CHECK(value_of(families, "redis_stream_series_left_out", {{"of", "groups"}}) == 0);
  CHECK_FALSE(value_of(families, "redis_stream_series_left_out", {{"of", "streams"}}));
  CHECK(redis.requests() == std::vector<std::string>{"PING", "TYPE a*b|TYPE list|TYPE orders",
                                                     "XINFO STREAM orders|XINFO GROUPS orders",
                                                     "XINFO CONSUMERS orders a"});
}

TEST_CASE("streams by pattern come from the pass over the key space", "[streams]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"INFO everything", bulk("run_id:a\r\n")},
                   {"SCAN 0 COUNT 1000", array({bulk("0"), array({bulk("orders"), bulk("other")})})},
                   {"TYPE orders", "+stream\r\n"},
                   {"XINFO STREAM orders", stream_reply({})},
                   {"XINFO GROUPS orders", array({group("a")})}}};
  KeysConfig config;
  config.streams = {{0, "or*"}};
  config.max_consumers = 0;
  const auto families = collect(redis, config);
  CHECK(series_of(families, "redis_stream_length") == 1);
  CHECK(series_of(families, "redis_stream_group_consumers") == 1);
  CHECK(value_of(families, "redis_stream_series_left_out", {{"of", "streams"}}) == 0);
  CHECK(find_family(families, "redis_stream_group_consumer_idle_seconds") == nullptr);
}

TEST_CASE("a config without streams is not applicable", "[streams]") {
  TestRedis redis{{}};
  KeysConfig config;
  config.count = {{0, "*"}};
  CHECK_THROWS_AS(collect(redis, config), NotApplicable);
}
