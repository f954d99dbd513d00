// SPDX-License-Identifier: Apache-2.0
#include "statsd_store.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <thread>

#include "statsd_parser.h"

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

class Fixture {
 public:
  explicit Fixture(const StatsdStore::Settings& settings = {}, const std::vector<StatsdMapping>& mappings = {},
                   std::chrono::milliseconds ttl = 1h) {
    configure(settings, mappings, ttl);
  }

  void configure(const StatsdStore::Settings& settings, const std::vector<StatsdMapping>& mappings,
                 std::chrono::milliseconds ttl = 1h) {
    store.configure(std::make_shared<const StatsdMapper>(
                        mappings, StatsdMapper::Settings{.unmapped = StatsdUnmapped::keep, .ttl = ttl}),
                    settings);
  }

  void send(std::string_view packet) {
    StatsdCounts counts;
    store.begin_batch(now);
    parser.parse(packet, store, counts);
    store.end_batch();
  }

  /// name{label=value} to its value; of a histogram the counts of its buckets too.
  std::map<std::string, std::string> series() {
    store.snapshot(snapshot, now);
    std::map<std::string, std::string> all;
    for (const auto& one : snapshot.series) {
      const auto& family = *snapshot.families[one.family];
      std::string name = family.name;
      for (const auto& [label, value] : *one.labels) name += "," + label + "=" + value;
      auto value = number(one.value);
      if (family.kind == StatsdKind::histogram) {
        for (std::size_t i = 0; i <= family.buckets->size(); ++i)
          value += " " + number(snapshot.counts[one.counts + i]);
      }
      CHECK(all.emplace(name, value).second);
    }
    return all;
  }

  std::uint64_t lost(StatsdLoss loss) {
    store.snapshot(snapshot, now);
    return snapshot.losses.at(static_cast<std::size_t>(loss));
  }

  static std::string number(double value) {
    auto text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  StatsdStore store;
  StatsdParser parser;
  StatsdSnapshot snapshot;
  std::chrono::steady_clock::time_point now{1000s};
};

using Series = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("counters add what their values stand for", "[statsd]") {
  Fixture all;
  all.send("hits:1|c|#cache:users\nhits:2:3|c|#cache:users|@0.1\nhits:1|c|#cache:carts\nhits:0.5|c");
  CHECK(all.series() == Series{{"hits,cache=users", "51"}, {"hits,cache=carts", "1"}, {"hits", "0.5"}});
  all.send("hits:-1|c\nhits:1:-2:3|c");
  CHECK(all.series().at("hits") == "4.5");
  CHECK(all.lost(StatsdLoss::negative) == 2);
}

TEST_CASE("tags in any order and of any form make one series", "[statsd]") {
  Fixture all;
  all.send("a:1|c|#x:1,y:2\na:1|c|#y:2,x:1\na#x=1,y=2:1|c\na,y=2,x=1:1|c\na[x=1,y=2]:1|c\na:1|c|#x:2,y:2");
  CHECK(all.series() == Series{{"a,x=1,y=2", "5"}, {"a,x=2,y=2", "1"}});
}

TEST_CASE("labels whose texts run together are different series", "[statsd]") {
  Fixture all;
  all.send("a:1|c|#x:1=y,z:2\na:1|c|#x:1,y=z:2\nab:1|c\na:1|c|#b");
  CHECK(all.series().size() == 4);
}

TEST_CASE("a gauge's sign is a change or a part of the number, as configured", "[statsd]") {
  Fixture all;
  all.send("g:10|g\ng:-3|g\ng:+1|g\ng:5:-1|g\nh:-2|g");
  CHECK(all.series() == Series{{"g", "4"}, {"h", "-2"}});
  Fixture absolute{{.gauge_sign = StatsdGaugeSign::absolute}};
  absolute.send("g:10|g\ng:-3|g");
  CHECK(absolute.series() == Series{{"g", "-3"}});
  absolute.send("g:+1|g");
  CHECK(absolute.series() == Series{{"g", "1"}});
}

TEST_CASE("timers are histograms in seconds, others as they come", "[statsd]") {
  Fixture all{
      {},
      {{.match = "t", .name = "t_seconds", .buckets = {0.1, 0.5}}, {.match = "h", .name = "h", .buckets = {0.1, 0.5}}}};
  all.send("t:100:101:500:600|ms\nh:0.1:0.5:600|h\nh:1|d|@0.5");
  CHECK(all.series() == Series{{"t_seconds", "1.301 1 2 1"}, {"h", "602.6 1 1 3"}});
}

TEST_CASE("a set counts different texts for a while", "[statsd]") {
  Fixture all{{.set_cap = 3, .set_window = 10s}};
  all.send("s:a|s\ns:b|s\ns:a|s\nr:a:b|s");
  CHECK(all.series() == Series{{"s", "2"}, {"r", "1"}});
  all.send("s:c|s\ns:d|s\ns:a|s");
  CHECK(all.series().at("s") == "2");
  CHECK(all.lost(StatsdLoss::set_cap) == 2);
  CHECK(all.snapshot.set_members == 3);
  all.now += 6s;
  all.send("s:b|s");
  all.now += 6s;
  CHECK(all.series() == Series{{"s", "1"}, {"r", "0"}});
  CHECK(all.snapshot.set_members == 1);
}

TEST_CASE("a full set makes room as soon as members are old", "[statsd]") {
  Fixture all{{.set_cap = 1, .set_window = 10s}};
  all.send("s:a|s");
  all.now += 11s;
  all.send("s:b|s");
  CHECK(all.lost(StatsdLoss::set_cap) == 0);
  CHECK(all.series().at("s") == "1");
}

TEST_CASE("the series cap holds, and every value beyond it is counted", "[statsd]") {
  Fixture all{{.series_cap = 3}};
  all.send("a:1|c\nb:1|c\nc:1|c\nd:1|c\na:1|c|#x:1\ne:1:2:3|ms\na:1|c");
  CHECK(all.series() == Series{{"a", "2"}, {"b", "1"}, {"c", "1"}});
  CHECK(all.lost(StatsdLoss::series_cap) == 5);
  CHECK(all.snapshot.series_cap == 3);
}

TEST_CASE("series without new values go, and make room", "[statsd]") {
  Fixture all{{.series_cap = 2}, {{.match = "keep", .name = "keep", .ttl = 0ms}}, 60s};
  all.send("keep:1|c\na:1|c");
  all.now += 40s;
  all.send("a:1|c");
  all.now += 40s;
  CHECK(all.series() == Series{{"keep", "1"}, {"a", "2"}});
  all.send("b:1|c");
  CHECK(all.lost(StatsdLoss::series_cap) == 1);
  all.now += 21s;
  all.send("b:1|g\na:1|g");
  CHECK(all.series() == Series{{"keep", "1"}, {"b", "1"}});
  CHECK(all.snapshot.expired == 1);
  // A name is free for another kind once its last series has gone; the cache does not remember the old one.
  all.now += 100s;
  all.send("a:3|g");
  CHECK(all.series() == Series{{"keep", "1"}, {"a", "3"}});
}

TEST_CASE("a family keeps its kind", "[statsd]") {
  Fixture all;
  all.send("a:1|c\na:5|g\na:5|ms|#x:1\na:1|c");
  CHECK(all.series() == Series{{"a", "2"}});
  CHECK(all.lost(StatsdLoss::conflict) == 2);
}

TEST_CASE("names that are too long and sums that are too large are lost", "[statsd]") {
  Fixture all;
  const std::string name(kStatsdLongestKey, 'x');
  all.send(name + ":1|c\nx:1|c|#" + name + "\n" + name + "y:1|c");
  CHECK(all.series().size() == 1);
  CHECK(all.lost(StatsdLoss::too_long) == 2);
  all.send("a:1e308|c|@0.001\nb:1e308|h\nb:1e308|h\nb:-1e308|h");
  CHECK(all.lost(StatsdLoss::overflow) == 2);
  CHECK(all.series().at("a") == "0");
  CHECK(all.series().at("b").starts_with("0 1 "));
}

TEST_CASE("what mappings leave out is counted apart", "[statsd]") {
  Fixture all;
  all.store.configure(std::make_shared<const StatsdMapper>(
                          std::vector<StatsdMapping>{{.match = "debug.*", .drop = true}}, StatsdMapper::Settings{}),
                      {});
  for (int i = 0; i < 2; ++i) all.send("debug.x:1:2|c\nother:1|c");
  CHECK(all.lost(StatsdLoss::dropped) == 4);
  CHECK(all.lost(StatsdLoss::unmapped) == 2);
  CHECK(all.series().empty());
}

TEST_CASE("new rules count at once, and series stay", "[statsd]") {
  Fixture all;
  all.send("a:1|c");
  all.configure({}, {{.match = "a", .name = "b"}});
  all.send("a:1|c");
  CHECK(all.series() == Series{{"a", "1"}, {"b", "1"}});
}

TEST_CASE("without rules nothing is kept", "[statsd]") {
  StatsdStore store;
  StatsdSnapshot snapshot;
  StatsdParser parser;
  StatsdCounts counts;
  store.begin_batch({});
  parser.parse("a:1|c", store, counts);
  store.end_batch();
  store.snapshot(snapshot, {});
  CHECK(snapshot.series.empty());
  CHECK(snapshot.losses.at(static_cast<std::size_t>(StatsdLoss::unmapped)) == 1);
}

TEST_CASE("a reader comes to its turn while a writer never rests", "[statsd]") {
  Fixture all;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) all.send("a:1|c|#x:1\nb:1|c");
  });
  StatsdSnapshot snapshot;
  double last = 0;
  for (int i = 0; i < 200; ++i) {
    all.store.snapshot(snapshot, all.now);
    if (snapshot.series.empty()) continue;
    REQUIRE(snapshot.series.size() == 2);
    // Batches are whole: one line never shows without the other.
    CHECK(snapshot.series[0].value == snapshot.series[1].value);
    CHECK(snapshot.series[0].value >= last);
    last = snapshot.series[0].value;
  }
  stop = true;
  writer.join();
}

TEST_CASE("the cache finds a line again, and only that line", "[statsd]") {
  StatsdLineCache cache;
  cache.reset(1);
  const auto line = [](std::string_view name, std::string_view tags, StatsdType type) {
    StatsdMetric metric;
    metric.name = name;
    metric.tags = tags;
    metric.type = type;
    return metric;
  };
  const auto find = [&](const StatsdMetric& metric) { return cache.find(metric, StatsdLineCache::hash(metric)); };
  const auto put = [&](const StatsdMetric& metric, std::uint32_t slot) {
    cache.put(metric, StatsdLineCache::hash(metric), slot, 1, 2.5);
  };
  const auto first = line("ab", "c", StatsdType::counter);
  CHECK(find(first) == nullptr);
  put(first, 7);
  REQUIRE(find(first) != nullptr);
  CHECK(find(first)->slot == 7);
  CHECK(find(first)->scale == 2.5);
  CHECK(find(line("a", "bc", StatsdType::counter)) == nullptr);
  CHECK(find(line("ab", "c", StatsdType::gauge)) == nullptr);
  put(first, 8);
  CHECK(find(first)->slot == 8);
  // Of many lines some are forgotten, and none is taken for another.
  for (std::uint32_t i = 0; i < 1000; ++i) put(line("n" + std::to_string(i), "", StatsdType::set), i);
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto name = "n" + std::to_string(i);
    const auto* entry = find(line(name, "", StatsdType::set));
    if (entry == nullptr) continue;
    ++found;
    CHECK(entry->slot == i);
  }
  CHECK(found > 10);
  CHECK(found <= 64);
  const std::string long_name(StatsdLineCache::kLongestKey + 1, 'x');
  put(line(long_name, "", StatsdType::counter), 1);
  CHECK(find(line(long_name, "", StatsdType::counter)) == nullptr);
}
