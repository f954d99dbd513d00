// SPDX-License-Identifier: Apache-2.0
#include "applications.h"

#include <catch2/catch.hpp>
#include <optional>

using binnacle::Output;
using binnacle::cache::ApplicationFacts;
using namespace std::chrono_literals;

namespace {

/// What one cache told so far.
struct Told {
  std::string cache = "users";
  double hits = 0;
  double misses = 0;
  double errors = 0;
  double evicted = 0;
  std::uint64_t gets = 0;
  double get_seconds = 0;
};

void tell(const Told& told, Output& out) {
  auto requests = out.families.counter("cache_requests_total", "help");
  const auto add = [&](const char* op, const char* result, double value) {
    requests.add({{"op", op}, {"result", result}, {"cache", told.cache}, {"tier", "l1"}}, value);
  };
  add("get", "hit", told.hits);
  add("get", "miss", told.misses);
  add("set", "error", told.errors);
  prometheus::ClientMetric durations;
  durations.label = {{"op", "get"}, {"cache", told.cache}, {"tier", "l1"}};
  durations.histogram.sample_count = told.gets;
  durations.histogram.sample_sum = told.get_seconds;
  out.families.histogram("cache_operation_duration_seconds", "help").add(std::move(durations));
  out.families.counter("cache_evictions_total", "help")
      .add({{"cache", told.cache}, {"tier", "l1"}, {"reason", "size"}}, told.evicted);
  out.families.gauge("cache_entries", "help").add({{"cache", told.cache}, {"tier", "l1"}}, 100);
}

std::optional<double> fact(const Output& out, const std::string& name, const std::string& component = "users/l1") {
  for (const auto& one : out.facts) {
    if (one.name == name && one.component == component) return one.value;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("an application's cache is judged by what it did since the scrape before", "[applications]") {
  ApplicationFacts facts;
  Told told{.hits = 1000, .errors = 500, .gets = 1000, .get_seconds = 100};
  auto now = std::chrono::steady_clock::time_point{1h};
  Output first;
  tell(told, first);
  facts.add(now, first);
  CHECK(first.facts.empty());

  told.hits += 80;
  told.misses += 10;
  told.errors += 10;
  told.gets += 90;
  told.get_seconds += 0.9;
  Output second;
  tell(told, second);
  facts.add(now + 15s, second);
  CHECK(fact(second, "cache_error_ratio").value() == Approx(0.1));
  CHECK(fact(second, "cache_get_seconds").value() == Approx(0.01));
  CHECK_FALSE(fact(second, "cache_hit_ratio_drop"));

  Output idle;
  tell(told, idle);
  facts.add(now + 30s, idle);
  CHECK_FALSE(fact(idle, "cache_error_ratio"));
  CHECK_FALSE(fact(idle, "cache_get_seconds"));
}

TEST_CASE("an application's cache that hits less and evicts more than it did shows it", "[applications]") {
  ApplicationFacts facts;
  Told told;
  auto now = std::chrono::steady_clock::time_point{1h};
  Output out;
  for (int i = 0; i < 60; ++i) {
    const bool broken = i >= 50;
    told.hits += broken ? 0 : 900;
    told.misses += broken ? 1000 : 100;
    told.evicted += 5;
    now += 15s;
    out = Output();
    tell(told, out);
    facts.add(now, out);
  }
  CHECK(fact(out, "cache_hit_ratio_drop").value() > 0.5);
  CHECK(fact(out, "cache_evicted_per_hour").value() == Approx(12));  // 1200 an hour, of 100
}

TEST_CASE("caches have facts of their own, and are forgotten when they are gone", "[applications]") {
  ApplicationFacts facts;
  const auto now = std::chrono::steady_clock::time_point{1h};
  Told users{.errors = 5};
  Told carts{.cache = "carts"};
  for (int i = 0; i < 2; ++i) {
    Output out;
    users.errors += 10;
    carts.hits += 10;
    tell(users, out);
    tell(carts, out);
    facts.add(now + i * 15s, out);
    if (i == 0) continue;
    CHECK(fact(out, "cache_error_ratio").value() == 1);
    CHECK(fact(out, "cache_error_ratio", "carts/l1").value() == 0);
  }
  Output gone;
  tell(carts, gone);
  facts.add(now + 30s, gone);
  CHECK_FALSE(fact(gone, "cache_error_ratio"));
  Output back;
  users.errors += 10;
  tell(users, back);
  facts.add(now + 45s, back);
  CHECK_FALSE(fact(back, "cache_error_ratio"));  // nothing to compare with
}
