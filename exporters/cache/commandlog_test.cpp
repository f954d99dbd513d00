// SPDX-License-Identifier: Apache-2.0
#include "commandlog.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_families.h"
#include "redis_collectors.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;

namespace {
TestRedis::Replies valkey() {
  return {{"PING", "+PONG\r\n"},
          {"INFO everything", bulk("run_id:a\r\nvalkey_version:9.1.0\r\n")},
          {"COMMANDLOG LEN slow", ":1\r\n"},
          {"COMMANDLOG GET 1 slow", "*1\r\n*3\r\n:4\r\n:1700000000\r\n:15000\r\n"},
          {"COMMANDLOG LEN large-request", ":0\r\n"},
          {"COMMANDLOG GET 1 large-request", "*0\r\n"},
          {"COMMANDLOG LEN large-reply", ":2\r\n"},
          {"COMMANDLOG GET 1 large-reply", "*1\r\n*3\r\n:1\r\n:1700000000\r\n:2097152\r\n"},
          {"CONFIG GET commandlog-*", "*4\r\n" + bulk("commandlog-reply-larger-than") + bulk("1048576") +
                                          bulk("commandlog-execution-slower-than") + bulk("-1")}};
}

class Subject {
 public:
  explicit Subject(const TestRedis& redis)
      : collector_(
            make_commandlog({.session = std::make_shared<RedisSession>(RedisSession::Settings{redis.address(), {}, ""}),
                             .options = options_})) {}
  Families collect() {
    Output out;
    collector_->collect({Clock::now() + 10s + std::chrono::microseconds{++scrapes_}}, out);
    return std::move(out.families);
  }

 private:
  const Options options_;
  std::unique_ptr<Collector> collector_;
  int scrapes_ = 0;
};

std::optional<double> entries(const Families& families, const std::string& type) {
  return value_of(families, "redis_commandlog_entries_total", {{"type", type}});
}

}  // namespace

TEST_CASE("the newest entry of a command log", "[commandlog]") {
  ReplyReader reader;
  reader.feed("*1\r\n*3\r\n:7\r\n:1700000000\r\n:15000\r\n*0\r\n*1\r\n*2\r\n:1\r\n:2\r\n");
  const auto newest = parse_commandlog(*reader.next());
  REQUIRE(newest);
  CHECK(newest->id == 7);
  CHECK(newest->value == 15'000);
  CHECK_FALSE(parse_commandlog(*reader.next()));
  CHECK_FALSE(parse_commandlog(*reader.next()));
}

TEST_CASE("the three logs and their settings", "[commandlog]") {
  TestRedis redis{valkey()};
  Subject subject{redis};
  auto families = subject.collect();
  CHECK(value_of(families, "redis_commandlog_slow_length") == 1);
  CHECK(value_of(families, "redis_commandlog_large_request_length") == 0);
  CHECK(value_of(families, "redis_commandlog_large_reply_length") == 2);
  CHECK(entries(families, "slow") == 5);
  CHECK(entries(families, "large-request") == 0);
  CHECK(entries(families, "large-reply") == 2);
  CHECK(value_of(families, "redis_commandlog_last_execution_duration_seconds") == Approx(0.015));
  CHECK(series_of(families, "redis_commandlog_last_size_bytes") == 1);
  CHECK(value_of(families, "redis_commandlog_last_size_bytes", {{"type", "large-reply"}}) == 2'097'152);
  CHECK(value_of(families, "redis_commandlog_reply_larger_than") == 1'048'576);
  CHECK(find_family(families, "redis_commandlog_execution_slower_than") == nullptr);  // switched off

  redis.set("COMMANDLOG GET 1 slow", "*0\r\n");  // COMMANDLOG RESET
  CHECK(entries(subject.collect(), "slow") == 5);
  redis.set("INFO everything", bulk("run_id:b\r\nvalkey_version:9.1.0\r\n"));
  const auto before = redis.requests().size();
  families = subject.collect();
  CHECK(entries(families, "slow") == 0);
  CHECK(entries(families, "large-reply") == 2);
  CHECK(redis.requests().size() == before + 2);  // PING, and all together
}

TEST_CASE("a Valkey without command logs is asked once, and another server never", "[commandlog]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"INFO everything", bulk("valkey_version:8.0.1\r\n")}}};
  const auto asked = [&] {
    const auto requests = redis.requests();
    return std::count(requests.begin(), requests.end(), "COMMANDLOG LEN slow");
  };
  Subject subject{redis};
  CHECK_THROWS_AS(subject.collect(), NotApplicable);
  CHECK_THROWS_AS(subject.collect(), NotApplicable);
  CHECK(asked() == 1);

  redis.set("INFO everything", bulk("redis_version:7.0.15\r\n"));
  CHECK_THROWS_AS(Subject{redis}.collect(), NotApplicable);
  CHECK(asked() == 1);
}

TEST_CASE("the logs of a server that forbids CONFIG", "[commandlog]") {
  auto replies = valkey();
  replies["CONFIG GET commandlog-*"] = "-NOPERM no\r\n";
  TestRedis redis{replies};
  CHECK(entries(Subject{redis}.collect(), "large-reply") == 2);
}
