// SPDX-License-Identifier: Apache-2.0
#include "l1_mappings.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/statsd_collector.h"
#include "core/statsd_parser.h"
#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// What a page shows after a packet.
class Page {
 public:
  explicit Page(std::string_view packet) {
    StatsdStore store;
    store.configure(std::make_shared<const StatsdMapper>(l1_mappings(), StatsdMapper::Settings{}), {});
    StatsdParser parser;
    store.begin_batch({});
    parser.parse(packet, store, counts_);
    store.end_batch();
    store.snapshot(snapshot_, {});
    add_statsd_series(snapshot_, families);
  }

  [[nodiscard]] double requests(const std::string& tier, const std::string& op, const std::string& result) const {
    return value_of(families, "cache_requests_total",
                    {{"cache", "users"}, {"op", op}, {"result", result}, {"tier", tier}})
        .value_or(-1);
  }
  [[nodiscard]] std::uint64_t unmapped() const {
    return snapshot_.losses.at(static_cast<std::size_t>(StatsdLoss::unmapped));
  }

  Families families;

 private:
  StatsdCounts counts_;
  StatsdSnapshot snapshot_;
};

}  // namespace

TEST_CASE("requests are counted by tier, operation and result", "[l1]") {
  const Page page(
      "cache.requests:3|c|#cache:users,tier:l1,op:get,result:hit\n"
      "cache.requests:1|c|#result:miss,op:get,tier:l1,cache:users,host:web1,version:7\n"
      "cache.requests:1|c|@0.1|#cache:users,tier:l2,op:get,result:hit\n"
      "cache.requests:1|c|#cache:users,op:set,result:ok\n"
      "cache.requests:1|c|#cache:users");
  CHECK(page.requests("l1", "get", "hit") == 3);
  CHECK(page.requests("l1", "get", "miss") == 1);
  CHECK(page.requests("l2", "get", "hit") == 10);
  CHECK(page.requests("l1", "set", "ok") == 1);
  CHECK(page.requests("l1", "get", "unknown") == 1);
  CHECK(series_of(page.families, "cache_requests_total") == 5);
}

TEST_CASE("hits, misses and errors by their own names are requests too", "[l1]") {
  const Page page(
      "cache.hits:1:2|c|#cache:users\ncache.hit:1|c|#cache:users\ncache.misses:1|c|#cache:users\n"
      "cache.miss:1|c|#cache:users,result:hit\ncache.errors:1|c|#cache:users,op:set,tier:l2");
  CHECK(page.requests("l1", "get", "hit") == 4);
  CHECK(page.requests("l1", "get", "miss") == 2);
  CHECK(page.requests("l2", "set", "error") == 1);
}

TEST_CASE("times come in milliseconds and leave in seconds", "[l1]") {
  const Page page(
      "cache.operation:3:0.02|ms|#cache:users,op:get\ncache.load:250|ms|#cache:users\ncache.load:0.5|d|#cache:users");
  const auto* family = find_family(page.families, "cache_operation_duration_seconds");
  REQUIRE(family != nullptr);
  REQUIRE(family->series().size() == 2);
  const auto& get = family->series()[0];
  CHECK(get.label[1].value == "get");
  CHECK(get.histogram.sample_count == 2);
  CHECK(get.histogram.sample_sum == Approx(0.00302));
  CHECK(get.histogram.bucket.at(1).cumulative_count == 1);  // 25 microseconds
  const auto& load = family->series()[1];
  CHECK(load.label[1].value == "load");
  CHECK(load.histogram.sample_sum == Approx(0.75));
}

TEST_CASE("sizes, evictions and compression have their families", "[l1]") {
  const Page page(
      "cache.evictions:2|c\ncache.evictions:1|c|#reason:ttl\ncache.expirations:3|c\ncache.size:1048576|g\n"
      "cache.max_size:2097152|g\ncache.entries:10|g\ncache.max_entries:100|g\n"
      "cache.compression.in:1000|c\ncache.compression.out:250|c");
  const Labels labels{{"cache", "default"}, {"tier", "l1"}};
  CHECK(value_of(page.families, "cache_evictions_total", {{"cache", "default"}, {"reason", "size"}, {"tier", "l1"}}) ==
        2);
  CHECK(value_of(page.families, "cache_evictions_total", {{"cache", "default"}, {"reason", "ttl"}, {"tier", "l1"}}) ==
        1);
  CHECK(value_of(page.families, "cache_expirations_total", labels) == 3);
  CHECK(value_of(page.families, "cache_size_bytes", labels) == 1048576);
  CHECK(value_of(page.families, "cache_max_size_bytes", labels) == 2097152);
  CHECK(value_of(page.families, "cache_entries", labels) == 10);
  CHECK(value_of(page.families, "cache_max_entries", labels) == 100);
  CHECK(value_of(page.families, "cache_compression_input_bytes_total", labels) == 1000);
  CHECK(value_of(page.families, "cache_compression_output_bytes_total", labels) == 250);
}

TEST_CASE("a name with another type, and any other name, is none of them", "[l1]") {
  const Page page("cache.requests:1|g\ncache.size:1|c\ncache.other:1|c\napp.cache.hits:1|c\ncache.load:1|c");
  CHECK(page.families.all().empty());
  CHECK(page.unmapped() == 5);
}
