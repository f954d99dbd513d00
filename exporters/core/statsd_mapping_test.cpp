// SPDX-License-Identifier: Apache-2.0
#include "statsd_mapping.h"

#include <catch2/catch.hpp>
#include <string>

using namespace binnacle;
using namespace std::chrono_literals;
using Decision = StatsdMapper::Decision;

namespace {

StatsdMetric metric(std::string_view name, StatsdType type = StatsdType::counter, std::string_view tags = {}) {
  StatsdMetric made;
  made.name = name;
  made.type = type;
  made.tags = tags;
  return made;
}

/// The family and labels that a metric goes to, or why to none.
std::string where(const StatsdMapper& mapper, const StatsdMetric& one) {
  StatsdSeries series;
  switch (mapper.resolve(one, series)) {
    case Decision::dropped:
      return "dropped";
    case Decision::unmapped:
      return "unmapped";
    case Decision::taken:
      break;
  }
  std::string text = series.family;
  for (const auto& [name, value] : series.labels) text += "," + name + "=" + value;
  return text;
}

}  // namespace

TEST_CASE("the first mapping that matches counts", "[statsd]") {
  const StatsdMapper mapper{{{.match = "app.*.debug", .drop = true},
                             {.match = "app.*.hits",
                              .types = {StatsdType::counter},
                              .name = "app_hits_total",
                              .labels = {{"cache", "$1"}, {"from", "statsd"}}},
                             {.match = "app.*.*", .name = "app_$2"}},
                            {}};
  CHECK(where(mapper, metric("app.users.debug")) == "dropped");
  CHECK(where(mapper, metric("app.users.hits")) == "app_hits_total,cache=users,from=statsd");
  CHECK(where(mapper, metric("app.users.hits", StatsdType::gauge)) == "app_hits");
  CHECK(where(mapper, metric("app.users.x-y", StatsdType::counter, "b:1,a:2")) == "app_x_y,a=2,b=1");
  CHECK(where(mapper, metric("app.users.hits#cache=mine,z=1")) == "app_hits_total,cache=users,from=statsd,z=1");
  CHECK(where(mapper, metric("other")) == "unmapped");
}

TEST_CASE("tags are chosen, and defaults stand in for those that are not there", "[statsd]") {
  const StatsdMapper mapper{{{.match = "m",
                              .name = "m",
                              .defaults = {{"cache", "default"}, {"tier", "l1"}},
                              .tags = std::vector<std::string>{"cache", "tier"}}},
                            {}};
  CHECK(where(mapper, metric("m")) == "m,cache=default,tier=l1");
  CHECK(where(mapper, metric("m", StatsdType::counter, "tier:l2,host:x")) == "m,cache=default,tier=l2");
}

TEST_CASE("metrics without a mapping are kept where the config says so", "[statsd]") {
  const StatsdMapper mapper{{}, {.prefix = "my.", .unmapped = StatsdUnmapped::keep, .ttl = 5s}};
  StatsdSeries series;
  REQUIRE(mapper.resolve(metric("my.a.b-c", StatsdType::timer, "x:1"), series) == Decision::taken);
  CHECK(series.family == "a_b_c");
  CHECK(series.help.empty());
  CHECK(series.kind == StatsdKind::histogram);
  CHECK(series.scale == 0.001);
  CHECK(series.ttl == 5s);
  CHECK(series.buckets->size() == std::size(kStatsdBuckets));
  CHECK(where(mapper, metric("mine")) == "mine");
}

TEST_CASE("a mapping sets scale, buckets, help and time to live", "[statsd]") {
  const StatsdMapper mapper{
      {{.match = "m", .name = "m", .help = "Help.", .scale = 1024, .buckets = {1, 2}, .ttl = 0ms}}, {.ttl = 5s}};
  StatsdSeries series;
  REQUIRE(mapper.resolve(metric("m", StatsdType::distribution), series) == Decision::taken);
  CHECK(series.scale == 1024);
  CHECK(*series.buckets == std::vector<double>{1, 2});
  CHECK(series.help == "Help.");
  CHECK(series.ttl == 0s);
  REQUIRE(mapper.resolve(metric("m", StatsdType::timer), series) == Decision::taken);
  CHECK(series.scale == 1.024);
}

TEST_CASE("types have their kinds", "[statsd]") {
  CHECK(kind_of(StatsdType::counter) == StatsdKind::counter);
  CHECK(kind_of(StatsdType::gauge) == StatsdKind::gauge);
  CHECK(kind_of(StatsdType::set) == StatsdKind::set);
  for (const auto type : {StatsdType::timer, StatsdType::histogram, StatsdType::distribution}) {
    CHECK(kind_of(type) == StatsdKind::histogram);
  }
}

TEST_CASE("mappings that cannot be are refused", "[statsd]") {
  const auto refuse = [](const StatsdMapping& mapping, const char* why) {
    CHECK_THROWS_WITH((StatsdMapper{{mapping}, {}}), Catch::Contains(why));
  };
  refuse({.match = "a"}, "a name is missing");
  refuse({.match = "a..b", .name = "x"}, "a word is empty");
  refuse({.match = "a.*", .name = "x_$2"}, "has fewer stars");
  refuse({.match = "a", .name = "x", .labels = {{"l", "$1"}}}, "has fewer stars");
  refuse({.match = "a", .name = "x", .labels = {{"l", "$"}}}, "without its number");
  refuse({.match = "a", .name = "x", .buckets = {1, 1}}, "rise");
  refuse({.match = "a", .name = "x", .buckets = {2, 1}}, "rise");
  refuse({.match = "a", .name = "x", .scale = std::numeric_limits<double>::infinity()}, "finite");
}
