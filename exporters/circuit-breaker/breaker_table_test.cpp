// SPDX-License-Identifier: Apache-2.0
#include "breaker_table.h"

#include <catch2/catch.hpp>
#include <optional>

#include "core/text.h"
#include "test_breakers.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

using State = BreakerState;

/// The record of a breaker, as it is while nobody changes it; null when there is none.
const BreakerRecord* find(const BreakerTable& table, const BreakerId& id) {
  const BreakerRecord* found = nullptr;
  table.each([&](const BreakerRecord& record) {
    if (record.id == id) found = &record;
  });
  return found;
}

State state_of(const BreakerTable& table, const BreakerId& id) {
  const auto* record = find(table, id);
  REQUIRE(record != nullptr);
  return record->history.state();
}

std::uint32_t transitions(const BreakerTable& table, const BreakerId& id, State from, State to) {
  const auto* record = find(table, id);
  REQUIRE(record != nullptr);
  return record->history.transitions(from, to);
}

}  // namespace

TEST_CASE("a poll's states become transitions and times", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", "a"}, State::closed)}}, at(0s));
  table.update({{observed({"pay", "a"}, State::open)}}, at(5s));
  CHECK(state_of(table, {"pay", "a"}) == State::open);
  CHECK(transitions(table, {"pay", "a"}, State::closed, State::open) == 1);
  CHECK(find(table, {"pay", "a"})->history.time_in(State::closed, at(7s)) == 5s);
  CHECK(find(table, {"pay", "a"})->history.time_in(State::open, at(7s)) == 2s);
}

TEST_CASE("what happened between two polls is not lost", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", ""}, State::closed)}}, at(0s));
  auto cycle = observed({"pay", ""}, State::closed);
  cycle.path = {{State::open, 6s}, {State::half_open, 2s}, {State::closed, 1s}};
  table.update({{cycle}}, at(15s));
  const BreakerId id{"pay", ""};
  CHECK(state_of(table, id) == State::closed);
  CHECK(transitions(table, id, State::closed, State::open) == 1);
  CHECK(transitions(table, id, State::open, State::half_open) == 1);
  CHECK(transitions(table, id, State::half_open, State::closed) == 1);
  CHECK(find(table, id)->history.time_in(State::open, at(15s)) == 4s);
  CHECK(find(table, id)->history.last_transition().wall == at(14s).wall);
}

TEST_CASE("a breaker's first sight is no transition, but may be older than it", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  auto open = observed({"pay", ""}, State::open);
  open.path = {{State::open, 40s}};
  table.update({{open}}, at(100s));
  CHECK(transitions(table, {"pay", ""}, State::closed, State::open) == 0);
  CHECK(find(table, {"pay", ""})->history.last_transition().wall == at(60s).wall);
}

TEST_CASE("breakers of a source that is lost, or that it no longer has, are unknown and then go", "[breaker_table]") {
  const auto count = counter();
  BreakerTable table{"src", "", policy("ttl: 1m"), count};
  table.update({{observed({"a", ""}, State::closed), observed({"b", ""}, State::open)}}, at(0s));
  table.update({{observed({"a", ""}, State::closed)}}, at(10s));
  CHECK(state_of(table, {"b", ""}) == State::unknown);
  table.lose_sight(at(20s));
  CHECK(state_of(table, {"a", ""}) == State::unknown);
  table.update({{observed({"a", ""}, State::closed)}}, at(30s));
  CHECK(state_of(table, {"a", ""}) == State::closed);
  CHECK(transitions(table, {"a", ""}, State::closed, State::open) == 0);
  table.forget_gone(at(60s));
  CHECK(table.counts().breakers == 2);
  table.forget_gone(at(61s));
  CHECK(find(table, {"b", ""}) == nullptr);
  CHECK(table.counts().breakers == 1);
  CHECK(table.counts().removed == 1);
  CHECK(*count == 1);
}

TEST_CASE("numbers, calls and resources are those of the last poll", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  auto seen = observed({"pay", ""}, State::closed);
  seen.set(Number::failure_ratio, 0.25);
  seen.set_total(CallResult::success, 7);
  seen.resources = {{"requests", 10, 3, false, 5}};
  table.update({{seen}}, at(0s));
  seen.numbers = {};
  seen.set_total(CallResult::success, 9);
  table.update({{seen}}, at(1s));
  const auto* record = find(table, {"pay", ""});
  REQUIRE(record != nullptr);
  CHECK_FALSE(record->numbers[static_cast<std::size_t>(Number::failure_ratio)]);
  CHECK(record->calls[index_of(CallResult::success)] == 9);
  CHECK_FALSE(record->calls[index_of(CallResult::failure)]);
  REQUIRE(record->resources.size() == 1);
  CHECK(record->resources[0].overflows == 5);
}

TEST_CASE("a source's own instance is given to breakers that have none", "[breaker_table]") {
  BreakerTable table{"src", "app-1", policy(""), counter()};
  table.update({{observed({"a", ""}, State::closed), observed({"a", "x"}, State::open)}}, at(0s));
  CHECK(state_of(table, {"a", "app-1"}) == State::closed);
  CHECK(state_of(table, {"a", "x"}) == State::open);
  CHECK(table.counts().breakers == 2);
}

TEST_CASE("names are valid and bounded, and stay one breaker", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  const std::string bad = "pay\xff" + std::string(500, 'x');
  const std::string wide = std::string(199, 'x') + "\xc3\xa4\xc3\xa4";
  for (const auto time : {0s, 1s}) {
    table.update(
        {{observed({bad, ""}, State::closed), observed({wide, ""}, State::closed), observed({"", ""}, State::open)}},
        at(time));
  }
  CHECK(table.counts().breakers == 2);
  table.each([](const BreakerRecord& record) {
    CHECK(record.id.breaker.size() <= 200);
    CHECK(is_utf8(record.id.breaker));
    CHECK(record.history.state() == State::closed);
  });
}

TEST_CASE("only so many breakers are taken, of all sources together", "[breaker_table]") {
  const auto count = counter();
  BreakerTable one{"one", "", policy("max: 3"), count};
  BreakerTable other{"other", "", policy("max: 3"), count};
  one.update({{observed({"a", ""}, State::closed), observed({"b", ""}, State::closed)}}, at(0s));
  other.update({{observed({"c", ""}, State::closed), observed({"d", ""}, State::closed)}}, at(0s));
  CHECK(one.counts().breakers == 2);
  CHECK(other.counts().breakers == 1);
  CHECK(other.counts().dropped == 1);
  one.update({{observed({"a", ""}, State::open)}}, at(1s));
  CHECK(state_of(one, {"a", ""}) == State::open);
}

TEST_CASE("a table that goes gives its breakers' places back", "[breaker_table]") {
  const auto count = counter();
  {
    BreakerTable table{"one", "", policy(""), count};
    table.update({{observed({"a", ""}, State::closed)}}, at(0s));
    CHECK(*count == 1);
  }
  CHECK(*count == 0);
}

TEST_CASE("another policy takes out what it does not want", "[breaker_table]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", ""}, State::closed), observed({"test-pay", ""}, State::closed)}}, at(0s));
  table.use(policy("exclude: ['test-.*']\nrules: [{breaker: pay, readiness: true}]"));
  CHECK(find(table, {"test-pay", ""}) == nullptr);
  REQUIRE(find(table, {"pay", ""})->rule != nullptr);
  CHECK(find(table, {"pay", ""})->rule->readiness);
  table.use(policy(""));
  CHECK(find(table, {"pay", ""})->rule == nullptr);
}

TEST_CASE("pushed calls are counted by result, and a slow success is a slow call", "[breaker_table]") {
  BreakerTable table{"push", "", policy("rules: [{breaker: pay, slow_call: 1s}]"), counter()};
  const BreakerIdView id{"pay", "a"};
  table.lock();
  table.call(id, CallResult::success, 0.5, 3, at(0s));
  table.call(id, CallResult::success, 1.0, 1, at(0s));
  table.call(id, CallResult::failure, 5.0, 1, at(0s));
  table.call(id, CallResult::rejected, std::nullopt, 2, at(0s));
  table.state(id, State::closed, at(1s));
  table.state(id, State::open, at(2s));
  table.setting(id, Number::failure_ratio_threshold, 0.5, at(2s));
  table.unlock();
  const auto* record = find(table, {"pay", "a"});
  REQUIRE(record != nullptr);
  CHECK(record->calls[index_of(CallResult::success)] == 3);
  CHECK(record->calls[index_of(CallResult::slow)] == 1);
  CHECK(record->calls[index_of(CallResult::failure)] == 1);
  CHECK(record->calls[index_of(CallResult::timeout)] == 0);
  CHECK(record->calls[index_of(CallResult::rejected)] == 2);
  CHECK(record->history.transitions(State::closed, State::open) == 1);
  CHECK(record->numbers[static_cast<std::size_t>(Number::failure_ratio_threshold)] == 0.5);
  REQUIRE(record->measured);
  CHECK(record->measured->durations.count() == 5);
  CHECK(record->measured->window.totals(at(2s).steady).counted() == 5);
}
