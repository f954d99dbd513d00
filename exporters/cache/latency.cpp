// SPDX-License-Identifier: Apache-2.0
#include "latency.h"

#include <algorithm>
#include <limits>
#include <string>

#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

/// A command's name as INFO writes it: bytes that its lines could not hold are underscores there.
std::string info_name(std::string_view command) {
  std::string name{command};
  for (auto& byte : name) {
    if (std::string_view{"#:\n\r"}.find(byte) != std::string_view::npos) byte = '_';
  }
  return name;
}

struct Histogram {
  long long calls = 0;
  const Reply* buckets = nullptr;  ///< bound and cumulative count in turn, bounds that add nothing left out
};

/// ["calls", 5, "histogram_usec", [1, 2, 4, 5]]; nothing where it is of any other form.
std::optional<Histogram> parse_histogram(const Reply& details) {
  Histogram histogram;
  for (std::size_t at = 0; at + 1 < details.elements.size(); at += 2) {
    const auto& value = details.elements[at + 1];
    if (details.elements[at].text == "calls" && value.type == Reply::Type::integer) histogram.calls = value.integer;
    if (details.elements[at].text == "histogram_usec") histogram.buckets = &value;
  }
  if (histogram.buckets == nullptr || histogram.calls < 0) return std::nullopt;
  return histogram;
}

prometheus::ClientMetric to_metric(const Histogram& histogram, double usec, double per_unit) {
  prometheus::ClientMetric metric;
  const auto& pairs = histogram.buckets->elements;
  const auto total = static_cast<std::uint64_t>(histogram.calls);
  std::uint64_t count = 0;
  std::size_t at = 0;
  for (const double bound : kLatencyBounds) {
    for (; at + 1 < pairs.size() && static_cast<double>(pairs[at].integer) <= bound; at += 2) {
      count = std::max(count, static_cast<std::uint64_t>(std::max(0LL, pairs[at + 1].integer)));
    }
    metric.histogram.bucket.push_back({std::min(count, total), bound / per_unit});
  }
  metric.histogram.bucket.push_back({total, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = total;
  metric.histogram.sample_sum = usec / per_unit;
  return metric;
}

class LatencySpikes final : public Collector {
 public:
  explicit LatencySpikes(const RedisParts& parts) : session_(parts.session) {}
  void collect(const ScrapeContext& scrape, Output& out) override {
    add_latency_spikes(session_->ask({"LATENCY", "LATEST"}, scrape.deadline), out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
};

class LatencyHistograms final : public Collector {
 public:
  LatencyHistograms(const RedisParts& parts, const char* metric, const char* help, double per_unit)
      : session_(parts.session), metric_(metric), help_(help), per_unit_(per_unit) {}
  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto info = session_->info(scrape.deadline);
    const auto reply = session_->ask({"LATENCY", "HISTOGRAM"}, scrape.deadline);
    add_latency_histograms(reply, *info, metric_, help_, per_unit_, out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
  const char* const metric_;
  const char* const help_;
  const double per_unit_;
};

}  // namespace

void add_latency_spikes(const Reply& reply, Families& families) {
  for (const auto& event : reply.elements) {
    const auto* const name = event.at(0);
    const auto* const last = event.at(1);
    const auto* const latest = event.at(2);
    const auto* const longest = event.at(3);
    if (latest == nullptr || name->text.empty() || latest->type != Reply::Type::integer) continue;
    const LabelView labels[] = {{"event_name", name->text}};
    families.gauge("redis_latency_spike_last", "When the latest latency spike was, Unix time, by event.")
        .add(labels, static_cast<double>(last->integer));
    families.gauge("redis_latency_spike_duration_seconds", "How long the latest latency spike was, by event.")
        .add(labels, static_cast<double>(latest->integer) / 1e3);
    if (longest == nullptr || longest->type != Reply::Type::integer) continue;
    families.gauge("redis_latency_spike_max_seconds", "How long the longest latency spike was, by event.")
        .add(labels, static_cast<double>(longest->integer) / 1e3);
  }
}

void add_latency_histograms(const Reply& reply, const Info& info, std::string_view metric, std::string_view help,
                            double per_unit, Families& families) {
  for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
    const auto name = info_name(reply.elements[at].text);
    const auto histogram = parse_histogram(reply.elements[at + 1]);
    const auto usec = number_part(info.get("cmdstat_" + name), "usec");
    if (name.empty() || !histogram || !usec) continue;
    auto series = to_metric(*histogram, *usec, per_unit);
    series.label.push_back({"cmd", name});
    families.histogram(metric, help).add(std::move(series));
  }
}

std::unique_ptr<Collector> make_latency(const RedisParts& parts) { return std::make_unique<LatencySpikes>(parts); }

std::unique_ptr<Collector> make_latency_histogram(const RedisParts& parts) {
  return std::make_unique<LatencyHistograms>(
      parts, "redis_command_duration_seconds",
      "Time of calls in the server, by command, since it started; sums are of Commandstats.", 1e6);
}

std::unique_ptr<Collector> make_latency_histogram_usec(const RedisParts& parts) {
  return std::make_unique<LatencyHistograms>(
      parts, "redis_commands_latencies_usec",
      "As redis_command_duration_seconds, in microseconds and under redis_exporter's name.", 1);
}

}  // namespace binnacle::cache
