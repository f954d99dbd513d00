// SPDX-License-Identifier: Apache-2.0
#include "statsd_collector.h"

#include <cmath>
#include <utility>

namespace binnacle {

namespace {

prometheus::MetricType metric_type(StatsdKind kind) {
  switch (kind) {
    case StatsdKind::counter:
      return prometheus::MetricType::Counter;
    case StatsdKind::histogram:
      return prometheus::MetricType::Histogram;
    default:
      return prometheus::MetricType::Gauge;
  }
}

/// Sample rates make parts of events; a histogram counts whole ones.
std::uint64_t whole(double events) { return static_cast<std::uint64_t>(std::llround(events)); }

prometheus::ClientMetric make_histogram(const StatsdSnapshot& snapshot, const StatsdSnapshot::Series& series,
                                        const std::vector<double>& bounds) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : *series.labels) metric.label.push_back({name, value});
  double events = 0;
  auto count = snapshot.counts.begin() + static_cast<std::ptrdiff_t>(series.counts);
  metric.histogram.bucket.reserve(bounds.size());
  for (const double bound : bounds) {
    events += *count++;
    metric.histogram.bucket.push_back({whole(events), bound});
  }
  metric.histogram.sample_count = whole(events + *count);
  metric.histogram.sample_sum = series.value;
  return metric;
}

double as_number(std::uint64_t count) { return static_cast<double>(count); }

}  // namespace

void add_statsd_series(const StatsdSnapshot& snapshot, Families& families) {
  std::vector<std::optional<Family>> made(snapshot.families.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto& family = snapshot.families[i];
    if (family) made[i] = families.family(family->name, family->help, metric_type(family->kind));
  }
  std::vector<LabelView> labels;
  for (const auto& series : snapshot.series) {
    const auto& family = *snapshot.families[series.family];
    auto& into = *made[series.family];
    if (family.kind == StatsdKind::histogram) {
      into.add(make_histogram(snapshot, series, *family.buckets));
      continue;
    }
    labels.assign(series.labels->begin(), series.labels->end());
    into.add(labels, series.value);
  }
}

void add_statsd_state(const std::string& ns, const std::vector<Statsd::SocketState>& sockets,
                      const StatsdCounts& counts, const StatsdSnapshot& snapshot, Families& families) {
  const auto counter = [&](const char* name, const char* help) {
    return families.counter(ns + "_statsd_" + name, help);
  };
  const auto gauge = [&](const char* name, const char* help) { return families.gauge(ns + "_statsd_" + name, help); };
  auto packets = counter("packets_total", "StatsD packets received.");
  auto bytes = counter("received_bytes_total", "Bytes of StatsD packets received.");
  auto drops = counter("kernel_drops_total",
                       "Packets that the kernel threw away because the socket's receive buffer was full, or for a bad "
                       "checksum (SO_MEMINFO).");
  auto oversized = counter("oversized_packets_total", "Packets longer than 64 KiB, whose end is lost.");
  auto errors = counter("receive_errors_total", "Reads of the socket, or batches of packets, that failed.");
  auto buffer = gauge("receive_buffer_bytes", "Receive buffer that the kernel grants, as it counts.");
  for (const auto& socket : sockets) {
    const LabelView listener{"listener", socket.address};
    packets.add({listener}, as_number(socket.packets));
    bytes.add({listener}, as_number(socket.bytes));
    if (socket.kernel_drops) drops.add({listener}, as_number(*socket.kernel_drops));
    oversized.add({listener}, as_number(socket.oversized));
    errors.add({listener}, as_number(socket.errors));
    buffer.add({listener}, as_number(socket.receive_buffer));
  }
  auto lines = counter("lines_total", "Lines that could be read, by what they are.");
  lines.add({{"type", "metric"}}, as_number(counts.metrics));
  lines.add({{"type", "service_check"}}, as_number(counts.checks));
  lines.add({{"type", "event"}}, as_number(counts.events));
  counter("values_total", "Values in lines of metrics that could be read; a line may have many.")
      .add(as_number(counts.values));
  auto bad = counter("parse_errors_total", "Lines that could not be read, by the part that is bad.");
  for (std::size_t i = 1; i < counts.errors.size(); ++i) {
    bad.add({{"reason", statsd_error_name(static_cast<StatsdError>(i))}}, as_number(counts.errors[i]));
  }
  counter("clamped_rates_total", "Lines whose sample rate was above 1 or too small to be believed.")
      .add(as_number(counts.clamped_rates));
  auto lost = counter("values_lost_total", "Values that could be read and were not kept, by why.");
  for (std::size_t i = 0; i < snapshot.losses.size(); ++i) {
    lost.add({{"reason", statsd_loss_name(static_cast<StatsdLoss>(i))}}, as_number(snapshot.losses[i]));
  }
  gauge("series", "Series made of StatsD metrics.").add(as_number(snapshot.series.size()));
  gauge("series_limit", "So many series are kept; lines that would make more are lost.")
      .add(as_number(snapshot.series_cap));
  counter("series_expired_total", "Series that had no new value for their time to live, and were removed.")
      .add(as_number(snapshot.expired));
  gauge("set_members", "Different texts that sets hold.").add(as_number(snapshot.set_members));
}

void StatsdCollector::collect(const ScrapeContext& /*scrape*/, Output& out) {
  const auto sockets = statsd_->sockets();
  if (sockets.empty()) throw NotApplicable("no StatsD listener is configured");
  const auto counts = statsd_->counts();
  statsd_->snapshot(snapshot_);
  add_statsd_state(ns_, sockets, counts, snapshot_, out.families);
  add_statsd_series(snapshot_, out.families);
}

}  // namespace binnacle
