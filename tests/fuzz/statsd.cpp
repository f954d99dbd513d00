// SPDX-License-Identifier: Apache-2.0
// A packet of StatsD and DogStatsD lines: parser, tags, mappings and store.
#include <cmath>
#include <memory>
#include <string>

#include "core/statsd_collector.h"
#include "core/statsd_parser.h"
#include "core/statsd_store.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;

/// Checks what the parser hands over, and hands it on to a store.
class CheckingSink : public EventSink {
 public:
  CheckingSink(std::string_view packet, EventSink& store) : packet_(packet), store_(store) {}

  void metric(const StatsdMetric& metric) override {
    is_of_packet(metric.name);
    is_of_packet(metric.tags);
    is_of_packet(metric.set_member);
    require(!metric.name.empty(), "a metric has a name");
    require(metric.name.find('\n') == std::string_view::npos, "a name is of one line");
    require(!metric.values.empty(), "a metric has a value");
    require(metric.values.size() <= packet_.size(), "there are not more values than bytes");
    for (const auto& value : metric.values) require(std::isfinite(value.number), "values are finite");
    require(metric.weight >= 1 && metric.weight <= kStatsdMaxWeight, "a weight is bounded");
    require((metric.type == StatsdType::set) == !metric.set_member.empty(), "a set has its member");
    ++lines;
    store_.metric(metric);
  }
  void service_check(const StatsdCheck& check) override {
    is_of_packet(check.name);
    is_of_packet(check.host);
    is_of_packet(check.tags);
    is_of_packet(check.message);
    require(!check.name.empty(), "a check has a name");
    ++checks;
  }
  void event(const StatsdEvent& event) override {
    is_of_packet(event.title);
    is_of_packet(event.text);
    is_of_packet(event.host);
    is_of_packet(event.tags);
    ++events;
  }

  std::uint64_t lines = 0;
  std::uint64_t checks = 0;
  std::uint64_t events = 0;

 private:
  void is_of_packet(std::string_view text) const {
    if (text.empty()) return;
    require(text.data() >= packet_.data() && text.data() + text.size() <= packet_.data() + packet_.size(),
            "a text is borrowed from the packet");
  }

  std::string_view packet_;
  EventSink& store_;
};

StatsdStore& store() {
  static StatsdStore one;
  static const bool configured = [] {
    const std::vector<StatsdMapping> mappings{
        {.match = "a.*.c*", .name = "x_$1_$2", .labels = {{"l", "$2$1"}}, .tags = std::vector<std::string>{"k"}},
        {.match = "drop.*", .drop = true},
        {.match = "t",
         .types = {StatsdType::timer},
         .name = "t_seconds",
         .defaults = {{"tier", "l1"}},
         .buckets = {1, 2}}};
    one.configure(std::make_shared<const StatsdMapper>(
                      mappings, StatsdMapper::Settings{.prefix = "p.", .unmapped = StatsdUnmapped::keep}),
                  {.series_cap = 50, .set_cap = 20});
    return true;
  }();
  require(configured, "it is configured");
  return one;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto now = std::chrono::steady_clock::time_point{} + std::chrono::hours{1};
  now += std::chrono::seconds{10};  // so that series expire
  const auto packet = as_text(data, size);
  CheckingSink sink{packet, store()};
  StatsdParser parser;
  StatsdCounts counts;
  store().begin_batch(now);
  parser.parse(packet, sink, counts);
  store().end_batch();
  require(sink.lines == counts.metrics && sink.checks == counts.checks && sink.events == counts.events,
          "what is handed over is counted");

  static StatsdSnapshot snapshot;
  store().snapshot(snapshot, now);
  require(snapshot.series.size() <= 50 && snapshot.set_members <= 20, "the bounds hold");
  Families families;
  add_statsd_series(snapshot, families);
  require(families.series() == snapshot.series.size(), "every series is shown");
  for (const auto& family : families.all()) {
    for (const auto& metric : family.series()) {
      for (const auto& label : metric.label) {
        require(!label.name.empty() && label.name != "le" && !label.name.starts_with("__"), "a label's name is free");
        require(is_utf8(label.value), "a label's value is UTF-8");
      }
      std::uint64_t last = 0;
      for (const auto& bucket : metric.histogram.bucket) {
        require(bucket.cumulative_count >= last, "buckets do not fall");
        last = bucket.cumulative_count;
      }
      require(metric.histogram.sample_count >= last, "the count is that of all buckets");
      require(std::isfinite(metric.counter.value + metric.gauge.value + metric.histogram.sample_sum),
              "values stay finite");
    }
  }
  return 0;
}
