// SPDX-License-Identifier: Apache-2.0
#include "gateway_metrics.h"

#include <catch2/catch.hpp>
#include <limits>
#include <thread>

#include "core/test_families.h"
#include "gateway_config.h"
#include "gateway_series.h"

using namespace binnacle;
using namespace binnacle::gateway;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels operator+(Labels labels, const Labels& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

const Labels kFast{{"model", "fast"}};
const Labels kFastAtMain{{"model", "fast"}, {"upstream", "main"}};
const Labels kFastChat{{"model", "fast"}, {"upstream", "main"}, {"operation", "chat"}};

/// Models fast (at main, then spare) and rare (at spare); only those whose name begins with gpt have a price.
GatewayConfig config() {
  GatewayConfig made;
  made.upstreams.resize(2);
  made.upstreams[0].name = "main";
  made.upstreams[1].name = "spare";
  made.models.resize(2);
  made.models[0].name = "fast";
  made.models[0].targets = {{0, "gpt-4"}, {1, "local"}};
  made.models[1].name = "rare";
  made.models[1].targets = {{1, "rare"}};
  made.unknown_models = {{Dialect::openai, 1}};
  return made;
}

RequestRecord answered() {
  RequestRecord record;
  record.labels = {"fast", "main", Operation::chat};
  record.status = 200;
  record.duration_seconds = 4;
  record.upstream_seconds = 3;
  record.overhead_seconds = 0.0002;
  record.request_bytes = 100;
  record.response_bytes = 300;
  record.usage = Usage{
      .input = 1000, .output = 50, .cached_input = 200, .cache_write_5m = 30, .cache_write_1h = 4, .reasoning = 7};
  record.usage_source = UsageSource::reported;
  record.metered = true;
  record.price = Price{PriceStatus::exact, 1'500'000'000};
  record.provider = "openai";
  return record;
}

RequestRecord refused(Outcome outcome, int status) {
  RequestRecord record;
  record.labels = {"fast", "none", Operation::chat};
  record.status = status;
  record.outcome = outcome;
  return record;
}

Families show(const GatewayMetrics& metrics, bool otel = false) {
  Families families;
  metrics.collect(families, otel);
  return families;
}

/// The histogram with exactly these labels; null when there is none.
const prometheus::ClientMetric::Histogram* histogram_of(const Families& families, std::string_view name,
                                                        const Labels& labels) {
  const auto* family = find_family(families, name);
  if (family == nullptr) return nullptr;
  for (const auto& metric : family->series()) {
    const bool same = std::equal(metric.label.begin(), metric.label.end(), labels.begin(), labels.end(),
                                 [](const auto& label, const auto& wanted) {
                                   return label.name == wanted.first && label.value == wanted.second;
                                 });
    if (same) return &metric.histogram;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a request that was answered: counts, tokens, cost, bytes and times", "[gateway_metrics]") {
  GatewayMetrics metrics;
  metrics.record(answered());
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_requests_total", kFastChat + Labels{{"code", "200"}, {"outcome", "ok"}}) == 1);
  CHECK(value_of(page, "aigw_request_bytes_total", kFastChat) == 100);
  CHECK(value_of(page, "aigw_response_bytes_total", kFastChat) == 300);
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "input"}}) == 1000);
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "output"}}) == 50);
  CHECK(value_of(page, "aigw_cached_input_tokens_total", kFastAtMain) == 200);
  CHECK(value_of(page, "aigw_cache_write_tokens_total", kFastAtMain + Labels{{"ttl", "5m"}}) == 30);
  CHECK(value_of(page, "aigw_cache_write_tokens_total", kFastAtMain + Labels{{"ttl", "1h"}}) == 4);
  CHECK(value_of(page, "aigw_reasoning_tokens_total", kFastAtMain) == 7);
  CHECK(value_of(page, "aigw_usage_source_total", kFastAtMain + Labels{{"source", "reported"}}) == 1);
  CHECK(value_of(page, "aigw_usage_source_total", kFastAtMain + Labels{{"source", "missing"}}) == 0);
  CHECK(value_of(page, "aigw_cost_usd_total", kFastAtMain) == 1.5);
  CHECK(value_of(page, "aigw_unpriced_tokens_total", kFastAtMain) == 0);
  CHECK(value_of(page, "aigw_price_lookups_total", kFast + Labels{{"status", "exact"}}) == 1);
  const auto* duration = histogram_of(page, "aigw_request_duration_seconds", kFastChat);
  REQUIRE(duration != nullptr);
  CHECK(duration->sample_count == 1);
  CHECK(duration->sample_sum == 4);
  CHECK(duration->bucket.size() == kRequestBounds.size() + 1);
  const auto* overhead = histogram_of(page, "aigw_overhead_seconds", {{"operation", "chat"}});
  REQUIRE(overhead != nullptr);
  CHECK(overhead->sample_sum == 0.0002);
  CHECK(find_family(page, "aigw_queue_wait_seconds") == nullptr);
  CHECK(find_family(page, "aigw_time_to_first_token_seconds") == nullptr);
  CHECK(find_family(page, "gen_ai_client_token_usage") == nullptr);
}

TEST_CASE("a stream: times to the first token, per token and between chunks, and its end", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  record.streaming = true;
  record.stream_end = StreamEnd::client_slow;
  record.first_token_seconds = 1.5;
  record.dispatch_first_token_seconds = 0.5;
  record.per_output_token_seconds = 0.02;
  record.chunk_times.counts[0] = 3;
  record.chunk_times.counts.back() = 1;
  record.chunk_times.sum_seconds = 12.5;
  metrics.record(record);
  metrics.record(record);
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_streams_total", kFastAtMain + Labels{{"end", "client_slow"}}) == 2);
  CHECK(value_of(page, "aigw_streams_total", kFastAtMain + Labels{{"end", "complete"}}) == 0);
  CHECK_FALSE(value_of(page, "aigw_streams_total", kFastAtMain + Labels{{"end", "shutdown"}}));
  CHECK(histogram_of(page, "aigw_time_to_first_token_seconds", kFastChat)->sample_sum == 3);
  CHECK(histogram_of(page, "aigw_upstream_time_to_first_token_seconds", kFastChat)->sample_sum == 1);
  CHECK(histogram_of(page, "aigw_time_per_output_token_seconds", kFastChat)->sample_count == 2);
  const auto* chunks = histogram_of(page, "aigw_inter_chunk_seconds", kFastAtMain);
  REQUIRE(chunks != nullptr);
  CHECK(chunks->sample_count == 8);
  CHECK(chunks->sample_sum == 25);
  REQUIRE(chunks->bucket.size() == kChunkBounds.size() + 1);
  CHECK(chunks->bucket.front().cumulative_count == 6);
  CHECK(chunks->bucket[kChunkBounds.size() - 1].cumulative_count == 6);
  CHECK(chunks->bucket.back().cumulative_count == 8);
}

TEST_CASE("where token counts are from", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto estimated = answered();
  estimated.usage_source = UsageSource::estimated;
  estimated.price.reset();
  metrics.record(estimated);
  auto missing = answered();
  missing.usage_source = UsageSource::missing;
  missing.usage.reset();
  missing.price.reset();
  metrics.record(missing);
  missing.status = 0;  // the client left, and the upstream's answer had begun
  metrics.record(missing);
  missing.status = 502;  // a stream that was only an error
  metrics.record(missing);
  auto unmetered = missing;
  unmetered.status = 200;
  unmetered.metered = false;
  metrics.record(unmetered);
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_usage_source_total", kFastAtMain + Labels{{"source", "reported"}}) == 0);
  CHECK(value_of(page, "aigw_usage_source_total", kFastAtMain + Labels{{"source", "estimated"}}) == 1);
  CHECK(value_of(page, "aigw_usage_source_total", kFastAtMain + Labels{{"source", "missing"}}) == 2);
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "input"}}) == 0);
  CHECK(value_of(page, "aigw_estimated_tokens_total", kFastAtMain + Labels{{"type", "input"}}) == 1000);
  CHECK(value_of(page, "aigw_requests_total", kFastChat + Labels{{"code", "none"}, {"outcome", "ok"}}) == 1);
  for (const auto status : kPriceStatuses) {
    CHECK(value_of(page, "aigw_price_lookups_total", kFast + Labels{{"status", std::string{name_of(status)}}}) == 0);
  }
}

TEST_CASE("tokens without a price are counted, and their cost is absent", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  record.price = Price{PriceStatus::missing, std::nullopt};
  metrics.record(record);
  record.price = Price{PriceStatus::unpriced, std::nullopt};
  metrics.record(record);
  auto page = show(metrics);
  CHECK(value_of(page, "aigw_unpriced_tokens_total", kFastAtMain) == 2100);
  CHECK(value_of(page, "aigw_price_lookups_total", kFast + Labels{{"status", "missing"}}) == 1);
  CHECK(value_of(page, "aigw_price_lookups_total", kFast + Labels{{"status", "unpriced"}}) == 1);
  CHECK(find_family(page, "aigw_cost_usd_total") == nullptr);
  record.price = Price{PriceStatus::prefix, 0};
  metrics.record(record);
  page = show(metrics);
  CHECK(value_of(page, "aigw_cost_usd_total", kFastAtMain) == 0);
  CHECK(value_of(page, "aigw_unpriced_tokens_total", kFastAtMain) == 2100);
}

TEST_CASE("costs are added up without rounding", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  record.price = Price{PriceStatus::exact, 1};
  for (int one = 0; one < 1'000; ++one) metrics.record(record);
  record.price = Price{PriceStatus::exact, 3'000'000'000};
  metrics.record(record);
  CHECK(value_of(show(metrics), "aigw_cost_usd_total", kFastAtMain) == 3.000001);
}

TEST_CASE("absurd counts end at the highest number, and do not begin anew", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  record.usage->input = std::numeric_limits<std::uint64_t>::max() - 1;
  record.price = Price{PriceStatus::exact, std::numeric_limits<std::int64_t>::max()};
  for (int one = 0; one < 3; ++one) metrics.record(record);
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "input"}}).value() == Approx(1.8446744e19));
  CHECK(value_of(page, "aigw_cost_usd_total", kFastAtMain).value() == Approx(1.8446744e10));
}

TEST_CASE("queue and limits, by how requests ended", "[gateway_metrics]") {
  GatewayMetrics metrics;
  metrics.record(refused(Outcome::queue_full, 503));
  auto waited = refused(Outcome::queue_timeout, 503);
  waited.queued = true;
  waited.queue_seconds = 30;
  metrics.record(waited);
  waited.outcome = Outcome::canceled;
  waited.status = 0;
  waited.queue_seconds = 2;
  metrics.record(waited);
  waited.labels.upstream = "main";  // it left later
  metrics.record(waited);
  metrics.record(refused(Outcome::rate_limited, 429));
  metrics.record(refused(Outcome::upstream_limited, 429));
  metrics.record(refused(Outcome::upstream_limited, 429));
  const auto page = show(metrics);
  for (const auto* const reason : {"full", "timeout", "canceled"}) {
    CHECK(value_of(page, "aigw_queue_rejected_total", kFast + Labels{{"reason", reason}}) == 1);
  }
  CHECK(value_of(page, "aigw_rate_limited_total", kFast + Labels{{"source", "local"}}) == 1);
  CHECK(value_of(page, "aigw_rate_limited_total", kFast + Labels{{"source", "upstream"}}) == 2);
  const auto* wait = histogram_of(page, "aigw_queue_wait_seconds", kFast);
  REQUIRE(wait != nullptr);
  CHECK(wait->sample_count == 3);
  CHECK(wait->sample_sum == 34);
  // Where no upstream was tried there are no tokens, not even 0.
  CHECK_FALSE(find_family(page, "aigw_tokens_total"));
  CHECK_FALSE(find_family(page, "aigw_attempts_total"));
}

TEST_CASE("attempts, retries and fallbacks are of the upstream that was tried", "[gateway_metrics]") {
  GatewayMetrics metrics;
  const RequestLabels main{"fast", "main", Operation::chat};
  const RequestLabels spare{"fast", "spare", Operation::chat};
  metrics.attempt(main, Fault::connect, 5, false);
  metrics.attempt(main, Fault::idle_timeout, 7, true);
  metrics.fallback("fast", "main", "spare", name_of(Fault::idle_timeout));
  metrics.attempt(spare, Fault::none, 1, false);
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_attempts_total", kFastAtMain + Labels{{"result", "connect"}}) == 1);
  CHECK(value_of(page, "aigw_attempts_total", kFastAtMain + Labels{{"result", "idle_timeout"}}) == 1);
  CHECK(value_of(page, "aigw_attempts_total", kFastAtMain + Labels{{"result", "ok"}}) == 0);
  CHECK_FALSE(value_of(page, "aigw_attempts_total", kFastAtMain + Labels{{"result", "quota"}}));
  CHECK(value_of(page, "aigw_retries_total", kFastAtMain) == 1);
  CHECK(value_of(page, "aigw_attempts_total", Labels{{"model", "fast"}, {"upstream", "spare"}, {"result", "ok"}}) == 1);
  CHECK(value_of(page, "aigw_fallbacks_total",
                 kFast + Labels{{"from", "main"}, {"to", "spare"}, {"reason", "idle_timeout"}}) == 1);
  const auto* duration = histogram_of(page, "aigw_upstream_duration_seconds", kFastChat);
  REQUIRE(duration != nullptr);
  CHECK(duration->sample_count == 1);
  CHECK(duration->sample_sum == 7);
  CHECK_FALSE(find_family(page, "aigw_requests_total"));
}

TEST_CASE("connections, drains, refusals and clients' own retries", "[gateway_metrics]") {
  GatewayMetrics metrics;
  metrics.connection("main", false);
  metrics.connection("main", true);
  metrics.connection("main", true);
  metrics.drained("main", true);
  metrics.drained("main", false);
  metrics.refused("unknown_model");
  auto record = answered();
  record.client_retry = 2;
  metrics.record(record);
  const Labels main{{"upstream", "main"}};
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_upstream_connections_total", main + Labels{{"reused", "true"}}) == 2);
  CHECK(value_of(page, "aigw_upstream_connections_total", main + Labels{{"reused", "false"}}) == 1);
  CHECK(value_of(page, "aigw_drains_total", main + Labels{{"result", "whole"}}) == 1);
  CHECK(value_of(page, "aigw_drains_total", main + Labels{{"result", "given_up"}}) == 1);
  CHECK(value_of(page, "aigw_refused_total", {{"reason", "unknown_model"}}) == 1);
  CHECK(value_of(page, "aigw_client_retries_total", kFast) == 1);
}

TEST_CASE("a config's counters begin at 0; what is not known is absent", "[gateway_metrics]") {
  GatewayMetrics metrics;
  metrics.configure(config());
  auto page = show(metrics);
  const Labels rare{{"model", "rare"}, {"upstream", "spare"}};
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "output"}}) == 0);
  CHECK(value_of(page, "aigw_tokens_total", rare + Labels{{"type", "output"}}) == 0);
  CHECK(series_of(page, "aigw_tokens_total") == 8);  // fast twice, rare, other
  CHECK(value_of(page, "aigw_usage_source_total",
                 Labels{{"model", "other"}, {"upstream", "spare"}, {"source", "missing"}}) == 0);
  CHECK(value_of(page, "aigw_unpriced_tokens_total", rare) == 0);
  CHECK(value_of(page, "aigw_attempts_total", rare + Labels{{"result", "rate_limited"}}) == 0);
  CHECK(value_of(page, "aigw_streams_total", rare + Labels{{"end", "upstream_error"}}) == 0);
  CHECK(value_of(page, "aigw_retries_total", rare) == 0);
  CHECK(series_of(page, "aigw_fallbacks_total") == 7);
  CHECK(value_of(page, "aigw_fallbacks_total",
                 kFast + Labels{{"from", "main"}, {"to", "spare"}, {"reason", "breaker_open"}}) == 0);
  CHECK(value_of(page, "aigw_fallbacks_total",
                 kFast + Labels{{"from", "main"}, {"to", "spare"}, {"reason", "rate_limited"}}) == 0);
  CHECK(series_of(page, "aigw_queue_rejected_total") == 9);
  CHECK(value_of(page, "aigw_client_retries_total", {{"model", "other"}}) == 0);
  CHECK(value_of(page, "aigw_price_lookups_total", {{"model", "rare"}, {"status", "missing"}}) == 0);
  CHECK(value_of(page, "aigw_upstream_connections_total", {{"upstream", "spare"}, {"reused", "true"}}) == 0);
  CHECK(value_of(page, "aigw_refused_total", {{"reason", "unknown_model"}}) == 0);
  CHECK(find_family(page, "aigw_cost_usd_total") == nullptr);
  CHECK(find_family(page, "aigw_requests_total") == nullptr);

  metrics.record(answered());
  GatewayConfig other;
  other.upstreams.resize(1);
  other.upstreams[0].name = "new";
  metrics.configure(other);
  page = show(metrics);
  CHECK(value_of(page, "aigw_tokens_total", kFastAtMain + Labels{{"type", "output"}}) == 50);
  CHECK(value_of(page, "aigw_upstream_connections_total", {{"upstream", "new"}, {"reused", "true"}}) == 0);
}

TEST_CASE("a target that has a price begins with a cost of 0", "[gateway_metrics]") {
  auto priced = config();
  priced.prices.add_litellm("prices.json",
                            R"({"gpt-4": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}})");
  GatewayMetrics metrics;
  metrics.configure(priced);
  const auto page = show(metrics);
  CHECK(value_of(page, "aigw_cost_usd_total", kFastAtMain) == 0);
  CHECK(series_of(page, "aigw_cost_usd_total") == 1);
}

TEST_CASE("sets of labels are bounded, and what is beyond is counted as other", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  const auto most = GatewaySeries::kMostLabelSets;
  for (std::size_t one = 0; one < most; ++one) {
    record.labels.model = "model-" + std::to_string(one);
    metrics.record(record);
  }
  const auto page = show(metrics);
  CHECK(page.dropped_over_cap() == 0);
  // A model takes two: its own, and the one at its upstream.
  CHECK(series_of(page, "aigw_cached_input_tokens_total") == most / 2 + 1);
  const Labels other{{"model", "other"}, {"upstream", "other"}};
  CHECK(value_of(page, "aigw_tokens_total", other + Labels{{"type", "output"}}) ==
        50.0 * static_cast<double>(most) / 2);
  CHECK(value_of(page, "aigw_label_sets_folded_total").value() >= static_cast<double>(most) / 2);
  metrics.fallback("a", "b", "c", name_of(Fault::connect));
  CHECK(value_of(show(metrics), "aigw_fallbacks_total",
                 {{"model", "other"}, {"from", "other"}, {"to", "other"}, {"reason", "connect"}}) == 1);
}

TEST_CASE("codes and reasons are bounded", "[gateway_metrics]") {
  GatewayMetrics metrics;
  auto record = answered();
  for (int code = -5; code < 1'000; ++code) {
    record.status = code;
    metrics.record(record);
    metrics.refused("reason " + std::to_string(code));
  }
  const auto page = show(metrics);
  CHECK(series_of(page, "aigw_requests_total") <= GatewaySeries::kMostCodes + 1);
  CHECK(series_of(page, "aigw_refused_total") <= 65);
  double all = 0;
  for (const auto& series : find_family(page, "aigw_requests_total")->series()) all += series.counter.value;
  CHECK(all == 1'005);
}

TEST_CASE("all names of outcomes and ends are there, and differ", "[gateway_metrics]") {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < kOutcomeCount; ++at) names.emplace_back(name_of(static_cast<Outcome>(at)));
  for (std::size_t at = 0; at < kStreamEndCount; ++at) {
    names.push_back("end " + std::string{name_of(static_cast<StreamEnd>(at))});
  }
  CHECK(names[static_cast<std::size_t>(Outcome::breaker_open)] == "breaker_open");
  CHECK(names[static_cast<std::size_t>(Outcome::overloaded)] == "overloaded");
  CHECK(names.back() == "end shutdown");
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("requests are counted while others are scraped", "[gateway_metrics]") {
  GatewayMetrics metrics;
  constexpr int kRequests = 5'000;
  std::thread proxy{[&] {
    auto record = answered();
    for (int one = 0; one < kRequests; ++one) {
      record.labels.model = "model-" + std::to_string(one % 50);
      metrics.record(record);
      metrics.attempt(record.labels, Fault::none, 1, false);
    }
  }};
  double last = 0;
  bool rose = true;
  for (int scrape = 0; scrape < 50; ++scrape) {
    const auto page = show(metrics, true);
    const Labels first{{"model", "model-0"}, {"upstream", "main"}, {"type", "output"}};
    const auto seen = value_of(page, "aigw_tokens_total", first).value_or(0);
    rose = rose && seen >= last;
    last = seen;
  }
  proxy.join();
  CHECK(rose);
  const auto page = show(metrics);
  double all = 0;
  for (const auto& series : find_family(page, "aigw_requests_total")->series()) all += series.counter.value;
  CHECK(all == kRequests);
}
