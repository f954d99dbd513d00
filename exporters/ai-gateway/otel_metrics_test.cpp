// SPDX-License-Identifier: Apache-2.0
#include "otel_metrics.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::gateway;

namespace {

RequestRecord answered() {
  RequestRecord record;
  record.labels = {"fast", "main", Operation::messages};
  record.status = 200;
  record.duration_seconds = 4;
  record.upstream_seconds = 3;
  record.first_token_seconds = 0.05;
  record.per_output_token_seconds = 0.02;
  record.usage = Usage{.input = 1000, .output = 50};
  record.usage_source = UsageSource::reported;
  record.provider = "anthropic";
  return record;
}

Families show(const OtelMetrics& metrics) {
  Families families;
  for (const auto& [key, set] : metrics.sets()) OtelMetrics::collect(key, set, families);
  return families;
}

/// The labels of a family's only series, as text.
std::string labels_of(const Families& families, std::string_view name, std::size_t at = 0) {
  const auto* family = find_family(families, name);
  if (family == nullptr || family->series().size() <= at) return "none";
  std::string text;
  for (const auto& label : family->series()[at].label) text += label.name + "=" + label.value + " ";
  return text;
}

const prometheus::ClientMetric::Histogram& histogram(const Families& families, std::string_view name) {
  const auto* family = find_family(families, name);
  REQUIRE(family != nullptr);
  return family->series()[0].histogram;
}

}  // namespace

TEST_CASE("a request in OpenTelemetry's histograms", "[otel_metrics]") {
  OtelMetrics metrics;
  metrics.record(answered());
  const auto page = show(metrics);
  const std::string common = "gen_ai_operation_name=chat gen_ai_provider_name=anthropic gen_ai_request_model=fast ";
  CHECK(labels_of(page, "gen_ai_client_token_usage", 0) == common + "gen_ai_token_type=input ");
  CHECK(labels_of(page, "gen_ai_client_token_usage", 1) == common + "gen_ai_token_type=output ");
  CHECK(histogram(page, "gen_ai_client_token_usage").sample_sum == 1000);
  CHECK(histogram(page, "gen_ai_client_token_usage").bucket.size() == 15);
  CHECK(histogram(page, "gen_ai_client_token_usage").bucket[4].cumulative_count == 0);  // 256
  CHECK(histogram(page, "gen_ai_client_token_usage").bucket[5].cumulative_count == 1);  // 1024
  CHECK(labels_of(page, "gen_ai_client_operation_duration_seconds") == common);
  CHECK(histogram(page, "gen_ai_client_operation_duration_seconds").sample_sum == 3);
  CHECK(histogram(page, "gen_ai_server_request_duration_seconds").sample_sum == 4);
  CHECK(histogram(page, "gen_ai_server_request_duration_seconds").bucket.size() == 15);
  CHECK(histogram(page, "gen_ai_server_time_to_first_token_seconds").sample_sum == 0.05);
  CHECK(histogram(page, "gen_ai_server_time_to_first_token_seconds").bucket.size() == 17);
  CHECK(histogram(page, "gen_ai_server_time_per_output_token_seconds").sample_sum == 0.02);
  CHECK(histogram(page, "gen_ai_server_time_per_output_token_seconds").bucket.size() == 14);
}

TEST_CASE("errors have their type on durations, and tell no tokens that are not known", "[otel_metrics]") {
  OtelMetrics metrics;
  auto failed = answered();
  failed.outcome = Outcome::upstream_error;
  failed.usage.reset();
  failed.first_token_seconds.reset();
  failed.per_output_token_seconds.reset();
  metrics.record(failed);
  failed.outcome = Outcome::queue_full;
  failed.upstream_seconds.reset();
  failed.provider.clear();
  metrics.record(failed);
  const auto page = show(metrics);
  CHECK(find_family(page, "gen_ai_client_token_usage") == nullptr);
  CHECK(find_family(page, "gen_ai_server_time_to_first_token_seconds") == nullptr);
  CHECK(series_of(page, "gen_ai_client_operation_duration_seconds") == 1);
  CHECK(series_of(page, "gen_ai_server_request_duration_seconds") == 2);
  CHECK(labels_of(page, "gen_ai_server_request_duration_seconds", 0) ==
        "gen_ai_operation_name=chat gen_ai_provider_name=_OTHER gen_ai_request_model=fast error_type=queue_full ");
  CHECK(labels_of(page, "gen_ai_client_operation_duration_seconds", 0) ==
        "gen_ai_operation_name=chat gen_ai_provider_name=anthropic gen_ai_request_model=fast "
        "error_type=upstream_error ");
}

TEST_CASE("OpenTelemetry's names of operations and providers", "[otel_metrics]") {
  CHECK(otel_operation(Operation::chat) == "chat");
  CHECK(otel_operation(Operation::responses) == "chat");
  CHECK(otel_operation(Operation::messages) == "chat");
  CHECK(otel_operation(Operation::completions) == "text_completion");
  CHECK(otel_operation(Operation::embeddings) == "embeddings");
  CHECK(otel_operation(Operation::embed_content) == "embeddings");
  CHECK(otel_operation(Operation::generate_content) == "generate_content");
  CHECK_FALSE(otel_operation(Operation::other));
  for (const auto dialect : kDialects) CHECK(otel_provider(name_of(dialect)) != "_OTHER");
  CHECK(otel_provider("gemini") == "gcp.gemini");

  OtelMetrics metrics;
  auto passed = answered();
  passed.labels.operation = Operation::other;
  metrics.record(passed);
  CHECK(metrics.sets().empty());
}

TEST_CASE("OpenTelemetry's sets of labels are bounded", "[otel_metrics]") {
  OtelMetrics metrics;
  auto record = answered();
  for (std::size_t one = 0; one < OtelMetrics::kMostSets + 10; ++one) {
    record.labels.model = "model-" + std::to_string(one);
    metrics.record(record);
  }
  CHECK(metrics.sets().size() == OtelMetrics::kMostSets + 1);
  const auto& other = metrics.sets().at(OtelMetrics::Key{"chat", "anthropic", "other"});
  CHECK(other.input.count() == 10);
}
