// SPDX-License-Identifier: Apache-2.0
#include "otel_metrics.h"

#include <algorithm>
#include <chrono>

#include "core/labelled_series.h"

namespace binnacle::gateway {

namespace {

constexpr const char* kOtherModel = "other";

void observe(DurationHistogram& histogram, double value) { histogram.observe(std::chrono::duration<double>{value}); }

}  // namespace

std::optional<std::string_view> otel_operation(Operation operation) {
  switch (operation) {
    case Operation::chat:
    case Operation::responses:
    case Operation::messages:
      return "chat";
    case Operation::completions:
      return "text_completion";
    case Operation::embeddings:
    case Operation::embed_content:
      return "embeddings";
    case Operation::generate_content:
      return "generate_content";
    case Operation::other:
      break;
  }
  return std::nullopt;
}

std::string_view otel_provider(std::string_view dialect) {
  if (dialect == "openai") return "openai";
  if (dialect == "anthropic") return "anthropic";
  if (dialect == "gemini") return "gcp.gemini";
  return "_OTHER";
}

OtelMetrics::Set& OtelMetrics::set_of(const RequestRecord& record, std::string_view operation) {
  const auto provider = otel_provider(record.provider);
  const auto found = sets_.find(KeyView{operation, provider, record.labels.model});
  if (found != sets_.end()) return found->second;
  return sets_[Key{operation, provider, sets_.size() < kMostSets ? record.labels.model : kOtherModel}];
}

void OtelMetrics::record(const RequestRecord& record) {
  const auto operation = otel_operation(record.labels.operation);
  if (!operation) return;
  auto& set = set_of(record, *operation);
  auto& durations = set.durations[record.outcome];
  observe(durations.server, record.duration_seconds);
  if (record.upstream_seconds) observe(durations.client, *record.upstream_seconds);
  if (record.first_token_seconds) observe(set.first_token, *record.first_token_seconds);
  if (record.per_output_token_seconds) observe(set.per_output_token, *record.per_output_token_seconds);
  if (!record.usage || record.usage_source != UsageSource::reported) return;
  observe(set.input, static_cast<double>(record.usage->input));
  observe(set.output, static_cast<double>(record.usage->output));
}

void OtelMetrics::collect(const Key& key, const Set& set, Families& families) {
  const auto& [operation, provider, model] = key;
  LabelledSeries series{
      {"gen_ai_operation_name", operation}, {"gen_ai_provider_name", provider}, {"gen_ai_request_model", model}};
  const auto add = [&](const char* name, const char* help, const DurationHistogram& histogram, LabelView more = {}) {
    if (histogram.empty()) return;
    auto family = families.histogram(name, help);
    if (more.first.empty()) {
      series.add(family, histogram.collect());
    } else {
      series.add(family, {more}, histogram.collect());
    }
  };
  constexpr auto kTokenName = "gen_ai_client_token_usage";
  constexpr auto kTokenHelp =
      "Tokens of requests by OpenTelemetry's conventions: input has the cached ones in it, output the reasoning ones.";
  add(kTokenName, kTokenHelp, set.input, {"gen_ai_token_type", "input"});
  add(kTokenName, kTokenHelp, set.output, {"gen_ai_token_type", "output"});
  for (const auto& [outcome, durations] : set.durations) {
    const auto error = outcome == Outcome::ok ? LabelView{} : LabelView{"error_type", name_of(outcome)};
    add("gen_ai_client_operation_duration_seconds",
        "Time that the gateway waited for the provider, of the last attempt of each request.", durations.client, error);
    add("gen_ai_server_request_duration_seconds",
        "Time from a request's arrival to its answer's last byte, queue and all attempts in it.", durations.server,
        error);
  }
  add("gen_ai_server_time_to_first_token_seconds",
      "Time from a request's arrival to the first content of its answer, of streams.", set.first_token);
  add("gen_ai_server_time_per_output_token_seconds",
      "Time for each output token after the first, of streams whose usage the provider reported.",
      set.per_output_token);
}

}  // namespace binnacle::gateway
