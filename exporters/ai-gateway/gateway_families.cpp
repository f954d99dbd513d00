// SPDX-License-Identifier: Apache-2.0
#include "gateway_families.h"

#include <algorithm>

#include "core/labelled_series.h"

namespace binnacle::gateway {

namespace {

constexpr std::array<const char*, 3> kRejectedNames{"full", "timeout", "canceled"};
constexpr std::array<const char*, 3> kUsageSourceNames{"reported", "estimated", "missing"};
constexpr std::array kUsualEnds{StreamEnd::complete, StreamEnd::client_cancel, StreamEnd::upstream_error};
constexpr double kNanosInDollar = 1e9;

void add_histogram(LabelledSeries& series, Families& families, const char* name, const char* help,
                   const DurationHistogram& histogram) {
  if (!histogram.empty()) series.add(families.histogram(name, help), histogram.collect());
}

std::string code_text(std::uint16_t code) {
  if (code == 0) return "none";
  return code == OperationSeries::kOtherCode ? kOtherLabel : std::to_string(code);
}

void add_requests(const OperationSeries& counted, LabelledSeries& series, Families& families) {
  for (const auto& row : counted.requests) {
    series.add(families.counter("aigw_requests_total",
                                "Requests that have ended, by the HTTP status that the client got (none: it left "
                                "before) and how they ended for it."),
               {{"code", code_text(row.code)}, {"outcome", name_of(row.outcome)}}, row.count.value());
  }
  if (counted.requests.empty()) return;
  series.add(families.counter("aigw_request_bytes_total", "Bytes of requests' bodies, as clients sent them."),
             counted.request_bytes.value());
  series.add(families.counter("aigw_response_bytes_total", "Bytes of answers' bodies that were sent to clients."),
             counted.response_bytes.value());
}

void add_operation(const OperationSeries& counted, LabelledSeries series, Families& families) {
  add_requests(counted, series, families);
  add_histogram(series, families, "aigw_request_duration_seconds",
                "Time from a request's arrival to its answer's last byte, queue and all attempts in it.",
                counted.duration);
  add_histogram(series, families, "aigw_upstream_duration_seconds",
                "Time that attempts at the upstream took, from the connection to the reply's last byte; those that got "
                "no connection left out.",
                counted.upstream_duration);
  add_histogram(series, families, "aigw_time_to_first_token_seconds",
                "Time from a request's arrival to the first content of its answer, of streams.", counted.first_token);
  add_histogram(series, families, "aigw_upstream_time_to_first_token_seconds",
                "Time from the last attempt's dispatch to the first content of its answer, of streams: without the "
                "queue and attempts that failed.",
                counted.upstream_first_token);
  add_histogram(series, families, "aigw_time_per_output_token_seconds",
                "Time for each output token after the first, of streams whose usage the provider reported.",
                counted.per_output_token);
}

void add_attempts(const TargetSeries& counted, LabelledSeries& series, Families& families) {
  for (std::size_t at = 0; at < counted.attempts.size(); ++at) {
    const auto fault = static_cast<Fault>(at);
    const bool usual = std::find(kUsualFaults.begin(), kUsualFaults.end(), fault) != kUsualFaults.end();
    if (!usual && !counted.attempts[at].any()) continue;
    series.add(families.counter("aigw_attempts_total",
                                "Attempts at the upstream by how they ended, retries and fallbacks among them; a "
                                "request may make several."),
               {{"result", name_of(fault)}}, counted.attempts[at].value());
  }
  series.add(families.counter("aigw_retries_total", "Further attempts at the same upstream after one that failed."),
             counted.retries.value());
  for (std::size_t at = 0; at < counted.streams.size(); ++at) {
    const auto end = static_cast<StreamEnd>(at);
    const bool usual = std::find(kUsualEnds.begin(), kUsualEnds.end(), end) != kUsualEnds.end();
    if (!usual && !counted.streams[at].any()) continue;
    series.add(families.counter("aigw_streams_total", "Streams that had begun, by how they ended."),
               {{"end", name_of(end)}}, counted.streams[at].value());
  }
}

void add_tokens(const TargetSeries& counted, LabelledSeries& series, Families& families) {
  auto tokens =
      families.counter("aigw_tokens_total",
                       "Tokens of requests (input) and answers (output), as the provider reported them; cached, "
                       "cache-write and reasoning ones are in them.");
  series.add(tokens, {{"type", "input"}}, counted.input.value());
  series.add(tokens, {{"type", "output"}}, counted.output.value());
  auto estimated = families.counter("aigw_estimated_tokens_total",
                                    "Tokens of requests whose provider did not report them to the end, estimated from "
                                    "sizes and from what it had reported; they are not in tokens_total.");
  series.add(estimated, {{"type", "input"}}, counted.estimated_input.value());
  series.add(estimated, {{"type", "output"}}, counted.estimated_output.value());
  series.add(families.counter("aigw_cached_input_tokens_total",
                              "Input tokens that the provider took from its cache: a part of tokens_total's input."),
             counted.cached_input.value());
  auto written =
      families.counter("aigw_cache_write_tokens_total",
                       "Input tokens that the provider wrote to its cache, by how long it keeps them: a part "
                       "of tokens_total's input.");
  series.add(written, {{"ttl", "5m"}}, counted.cache_write_5m.value());
  series.add(written, {{"ttl", "1h"}}, counted.cache_write_1h.value());
  series.add(families.counter("aigw_reasoning_tokens_total",
                              "Output tokens that the model spent on reasoning: a part of tokens_total's output."),
             counted.reasoning.value());
  for (std::size_t at = 0; at < counted.usage_sources.size(); ++at) {
    series.add(families.counter("aigw_usage_source_total",
                                "Requests that an upstream answered, by where their token counts are from: reported by "
                                "the provider, estimated from sizes, or missing (nothing was counted)."),
               {{"source", kUsageSourceNames[at]}}, counted.usage_sources[at].value());
  }
  series.add(families.counter("aigw_unpriced_tokens_total",
                              "Tokens, input and output, for which the price table has no price: their cost is not in "
                              "cost_usd_total."),
             counted.unpriced.value());
  if (!counted.priced) return;
  series.add(
      families.counter("aigw_cost_usd_total",
                       "Estimated cost in US dollars, of the reported tokens by the price table; absent where it "
                       "has no price."),
      counted.nano_usd.value() / kNanosInDollar);
}

void add_model_counters(const ModelSeries& counted, LabelledSeries& series, Families& families) {
  for (std::size_t at = 0; at < counted.queue_rejected.size(); ++at) {
    series.add(families.counter("aigw_queue_rejected_total",
                                "Requests that did not get one of the model's slots: its queue was full, the wait too "
                                "long, or the client left."),
               {{"reason", kRejectedNames[at]}}, counted.queue_rejected[at].value());
  }
  auto limited = families.counter("aigw_rate_limited_total",
                                  "Requests that ended by a rate limit: one of the config (local), or one of the "
                                  "providers of all targets that were tried (upstream).");
  series.add(limited, {{"source", "local"}}, counted.limited_here.value());
  series.add(limited, {{"source", "upstream"}}, counted.limited_upstream.value());
  series.add(families.counter("aigw_client_retries_total",
                              "Requests that a client's SDK made again after one that failed, as its header "
                              "x-stainless-retry-count says."),
             counted.client_retries.value());
  for (const auto status : kPriceStatuses) {
    series.add(
        families.counter("aigw_price_lookups_total",
                         "Requests with reported tokens by how their price was found: by the model's exact name, "
                         "a prefix, none for its tokens (unpriced), or no row at all (missing)."),
        {{"status", name_of(status)}}, counted.price_lookups[static_cast<std::size_t>(status)].value());
  }
}

}  // namespace

void add_model_series(const std::string& model, const ModelSeries& counted, Families& families) {
  LabelledSeries series{{"model", model}};
  if (counted.counted) add_model_counters(counted, series, families);
  add_histogram(series, families, "aigw_queue_wait_seconds",
                "Time that requests waited for one of the model's slots; those that did not wait left out.",
                counted.queue_wait);
}

void add_target_series(const std::string& model, const std::string& upstream, const TargetSeries& counted,
                       Families& families) {
  LabelledSeries series{{"model", model}, {"upstream", upstream}};
  if (counted.tried) add_attempts(counted, series, families);
  if (counted.metered) add_tokens(counted, series, families);
  if (counted.chunks.count > 0) {
    series.add(families.histogram("aigw_inter_chunk_seconds", "Time between two pieces of content of a stream."),
               counted.chunks.collect());
  }
  for (const auto operation : kOperations) {
    const auto& one = counted.operations[static_cast<std::size_t>(operation)];
    if (!one) continue;
    add_operation(*one, LabelledSeries{{"model", model}, {"upstream", upstream}, {"operation", name_of(operation)}},
                  families);
  }
}

void add_upstream_series(const std::string& upstream, const UpstreamSeries& counted, Families& families) {
  LabelledSeries series{{"upstream", upstream}};
  auto connections = families.counter(
      "aigw_upstream_connections_total",
      "Connections to the upstream that attempts used: kept from an earlier one (reused) or made anew.");
  series.add(connections, {{"reused", "true"}}, counted.reused_connections.value());
  series.add(connections, {{"reused", "false"}}, counted.new_connections.value());
  auto drains = families.counter("aigw_drains_total",
                                 "Answers whose client had left that were read on: to their end (whole), or not.");
  series.add(drains, {{"result", "whole"}}, counted.drained.value());
  series.add(drains, {{"result", "given_up"}}, counted.given_up.value());
}

void add_fallback(const GatewaySeries::FallbackKey& key, const GatewaySeries::FallbackReasons& reasons,
                  Families& families) {
  const auto& [model, from, to] = key;
  auto fallbacks = families.counter(
      "aigw_fallbacks_total",
      "Times that a request went on to another target, by the upstream that had failed or could not be tried, the next "
      "one, and why: how the attempt had ended, breaker_open or cooling_down.");
  for (const auto& [reason, count] : reasons) {
    fallbacks.add({{"model", model}, {"from", from}, {"to", to}, {"reason", reason}}, count.value());
  }
}

void add_common_series(const GatewaySeries& counted, Families& families) {
  for (const auto& [reason, count] : counted.refusals) {
    families
        .counter("aigw_refused_total",
                 "Requests that the gateway refused before it knew their model: bad or too large, no such path or "
                 "model, no key, no room.")
        .add({{"reason", reason}}, count.value());
  }
  for (const auto operation : kOperations) {
    LabelledSeries series{{"operation", name_of(operation)}};
    add_histogram(
        series, families, "aigw_overhead_seconds",
        "Time that the gateway itself took for a request: without its queue, upstreams, waits before retries, "
        "and the client's own slowness.",
        counted.overhead[static_cast<std::size_t>(operation)]);
  }
  families
      .counter("aigw_label_sets_folded_total",
               "Times that something was counted as model and upstream `other`, since there were too many sets of "
               "labels to take in another.")
      .add(counted.folded.value());
}

}  // namespace binnacle::gateway
