// SPDX-License-Identifier: Apache-2.0
#include "push.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "core/statsd_parser.h"
#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::breaker;

namespace {

using Lines = std::vector<std::string>;

/// Writes down what comes, a short line each.
class TestTarget final : public PushTarget {
 public:
  Lines seen;
  int locked = 0;
  Moment at{};

  void lock() override { ++locked; }
  void unlock() override { --locked; }
  void state(const BreakerIdView& id, BreakerState state, Moment now) override {
    add(id, "state " + std::string{name_of(state)}, now);
  }
  void call(const BreakerIdView& id, CallResult result, std::optional<double> seconds, std::uint32_t count,
            Moment now) override {
    auto text = std::string{name_of(result)} + " x" + std::to_string(count);
    if (seconds) text += " " + std::to_string(std::lround(*seconds * 1e6)) + "us";
    add(id, text, now);
  }
  void setting(const BreakerIdView& id, Number number, double value, Moment now) override {
    add(id, "setting " + std::to_string(static_cast<int>(number)) + "=" + std::to_string(value).substr(0, 4), now);
  }

 private:
  void add(const BreakerIdView& id, const std::string& text, Moment now) {
    REQUIRE(locked == 1);
    at = now;
    seen.push_back(std::string{id.breaker} + "@" + std::string{id.instance} + " " + text);
  }
};

struct Push {
  TestTarget target;
  PushSink sink{target};

  Lines operator()(std::string_view packet) {
    target.seen.clear();
    StatsdParser parser;
    StatsdCounts counts;
    sink.begin_batch(Clock::time_point{std::chrono::seconds{5}});
    parser.parse(packet, sink, counts);
    sink.end_batch();
    REQUIRE(target.locked == 0);
    return target.seen;
  }
  [[nodiscard]] std::uint64_t faults(PushFault fault) const {
    return sink.faults().at(static_cast<std::size_t>(fault));
  }
  [[nodiscard]] std::uint64_t all_faults() const {
    std::uint64_t all = 0;
    for (const auto count : sink.faults()) all += count;
    return all;
  }
};

}  // namespace

TEST_CASE("a service check tells a breaker's state", "[push]") {
  Push push;
  CHECK(push("_sc|circuit_breaker.state|0|#breaker:pay\n_sc|circuit_breaker.state|1|#breaker:pay\n"
             "_sc|circuit_breaker.state|2|#breaker:pay\n_sc|circuit_breaker.state|3|#breaker:pay") ==
        Lines{"pay@ state closed", "pay@ state half_open", "pay@ state open", "pay@ state unknown"});
  CHECK(push("_sc|circuit_breaker.state|2|#breaker:pay,state:forced_open") == Lines{"pay@ state forced_open"});
  CHECK(push("_sc|circuit_breaker.state|0|#state:HALF-OPEN,breaker:pay") == Lines{"pay@ state half_open"});
  CHECK(push("_sc|circuit_breaker.state|0|h:web-1|#breaker:pay") == Lines{"pay@web-1 state closed"});
  CHECK(push("_sc|circuit_breaker.state|0|h:web-1|#breaker:pay,instance:w") == Lines{"pay@w state closed"});
  CHECK(push.target.at.steady == Clock::time_point{std::chrono::seconds{5}});
  CHECK(push.all_faults() == 0);
}

TEST_CASE("a time tells of calls and how long they took", "[push]") {
  Push push;
  CHECK(push("circuit_breaker.call:12.3|ms|#breaker:pay,result:failure") == Lines{"pay@ failure x1 12300us"});
  CHECK(push("circuit_breaker.call:0.25|h|#breaker:pay") == Lines{"pay@ success x1 250000us"});
  CHECK(push("circuit_breaker.call:0.25|d|#breaker:pay,instance:i") == Lines{"pay@i success x1 250000us"});
  CHECK(push("circuit_breaker.call:1:2|ms|@0.1|#breaker:pay,result:slow") ==
        Lines{"pay@ slow x10 1000us", "pay@ slow x10 2000us"});
  for (const auto name : kCallResultNames) {
    CHECK(push("circuit_breaker.call:0|ms|#breaker:b,result:" + std::string{name}) ==
          Lines{"b@ " + std::string{name} + " x1 0us"});
  }
  CHECK(push.all_faults() == 0);
}

TEST_CASE("a counter tells of calls without a duration", "[push]") {
  Push push;
  CHECK(push("circuit_breaker.calls:7|c|#breaker:pay,result:rejected") == Lines{"pay@ rejected x7"});
  CHECK(push("circuit_breaker.calls:1:2|c|@0.5|#breaker:pay") == Lines{"pay@ success x6"});
  CHECK(push("circuit_breaker.calls:0|c|#breaker:pay").empty());
  CHECK(push.all_faults() == 0);
}

TEST_CASE("what a sample rate leaves over is not lost", "[push]") {
  Push push;
  const std::string line = "circuit_breaker.call:1|ms|@0.4|#breaker:b\n";
  CHECK(push(line + line) == Lines{"b@ success x2 1000us", "b@ success x3 1000us"});
  CHECK(push("circuit_breaker.calls:0.5|c|#breaker:b").empty());
  CHECK(push("circuit_breaker.calls:1|c|#breaker:b") == Lines{"b@ success x1"});
  CHECK(push("circuit_breaker.calls:0.5|c|#breaker:b") == Lines{"b@ success x1"});
}

TEST_CASE("gauges tell a breaker's settings", "[push]") {
  Push push;
  CHECK(push("circuit_breaker.failure_ratio_threshold:0.5|g|#breaker:b\n"
             "circuit_breaker.slow_call_ratio_threshold:1|g|#breaker:b\n"
             "circuit_breaker.slow_call_threshold_seconds:2.5|g|#breaker:b\n"
             "circuit_breaker.minimum_calls:20|g|#breaker:b") ==
        Lines{"b@ setting 3=0.50", "b@ setting 4=1.00", "b@ setting 5=2.50", "b@ setting 6=20.0"});
  CHECK(push.all_faults() == 0);
}

TEST_CASE("tags are read in every form, and the first of a name counts", "[push]") {
  Push push;
  CHECK(push("circuit_breaker.calls,breaker=pay,result=timeout:1|c") == Lines{"pay@ timeout x1"});
  CHECK(push("circuit_breaker.calls#breaker=pay,instance=i:1|c") == Lines{"pay@i success x1"});
  CHECK(push("circuit_breaker.calls[breaker=pay,result=slow]:1|c") == Lines{"pay@ slow x1"});
  CHECK(push("circuit_breaker.calls:1|c|#env:x,shell,, breaker:a:b ,breaker:c,instance:,result:") ==
        Lines{"a:b@ success x1"});
  CHECK(push.all_faults() == 0);
}

TEST_CASE("what is ours and cannot be taken is counted by why", "[push]") {
  Push push;
  const auto refused = [&](std::string_view packet, PushFault fault) {
    const auto before = push.faults(fault);
    const auto all = push.all_faults();
    CHECK(push(packet).empty());
    CHECK(push.faults(fault) == before + 1);
    CHECK(push.all_faults() == all + 1);
  };
  refused("circuit_breaker.opened:1|c|#breaker:b", PushFault::unknown_name);
  refused("circuit_breaker.:1|c|#breaker:b", PushFault::unknown_name);
  refused("_sc|circuit_breaker.health|0|#breaker:b", PushFault::unknown_name);
  refused("circuit_breaker.calls:1|c", PushFault::no_breaker);
  refused("circuit_breaker.calls:1|c|#breaker:,result:slow", PushFault::no_breaker);
  refused("_sc|circuit_breaker.state|0|#instance:x", PushFault::no_breaker);
  refused("circuit_breaker.call:1|c|#breaker:b", PushFault::wrong_type);
  refused("circuit_breaker.call:x|s|#breaker:b", PushFault::wrong_type);
  refused("circuit_breaker.calls:1|ms|#breaker:b", PushFault::wrong_type);
  refused("circuit_breaker.minimum_calls:1|c|#breaker:b", PushFault::wrong_type);
  refused("circuit_breaker.state:1|g|#breaker:b", PushFault::wrong_type);
  refused("_sc|circuit_breaker.call|0|#breaker:b", PushFault::wrong_type);
  refused("circuit_breaker.call:1:-1|ms|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.calls:-1|c|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.calls:3:-1|c|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.calls:10000001|c|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.calls:1000|c|@0.00001|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.failure_ratio_threshold:50|g|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.minimum_calls:-1|g|#breaker:b", PushFault::bad_value);
  refused("circuit_breaker.call:1|ms|#breaker:b,result:ok", PushFault::unknown_result);
  refused("_sc|circuit_breaker.state|0|#breaker:b,state:ajar", PushFault::unknown_state);
  CHECK(push("circuit_breaker.calls:10000000|c|#breaker:b") == Lines{"b@ success x10000000"});
}

TEST_CASE("what is not ours is left alone", "[push]") {
  Push push;
  CHECK(push("circuit_breaker:1|c|#breaker:b\ncircuit_breakers.calls:1|c|#breaker:b\nmy.circuit_breaker.calls:1|c|#"
             "breaker:b\n"
             "_sc|db.up|0|#breaker:b\n_e{1,1}:a|b|#breaker:b\ncircuit_breaker.calls:1|x|#breaker:b")
            .empty());
  CHECK(push.all_faults() == 0);
}

TEST_CASE("faults are a family, each reason from the start", "[push]") {
  Push push;
  push("circuit_breaker.calls:1|c\ncircuit_breaker.calls:1|c\ncircuit_breaker.x:1|c");
  Families families;
  push.sink.report(families);
  const auto value = [&](const char* reason) {
    return value_of(families, "circuit_breaker_push_malformed_total", {{"reason", reason}});
  };
  CHECK(families.series() == kPushFaultNames.size());
  CHECK(value("no_breaker") == 2);
  CHECK(value("unknown_name") == 1);
  CHECK(value("bad_value") == 0);
}
