// SPDX-License-Identifier: Apache-2.0
#include "commandstats.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr std::string_view kCommand = "cmdstat_";
constexpr std::string_view kPercentiles = "latency_percentiles_usec_";
constexpr std::string_view kError = "errorstat_";

/// What a summary's count can hold.
constexpr bool is_count(double value) { return value >= 0 && value < 0x1p64; }

/// "p50=0.001,p99=1.003,p99.9=4.015"; parts of any other form are skipped.
std::vector<prometheus::ClientMetric::Quantile> parse_percentiles(std::string_view value) {
  std::vector<prometheus::ClientMetric::Quantile> quantiles;
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto part = value.substr(0, comma);
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || !part.starts_with('p')) continue;
    const auto percentile = info_number(part.substr(1, equals - 1));
    const auto usec = info_number(part.substr(equals + 1));
    if (!percentile || !usec) continue;
    const bool repeated =
        std::any_of(quantiles.begin(), quantiles.end(), [&](const auto& one) { return one.quantile == *percentile; });
    if (!repeated) quantiles.push_back({*percentile, *usec});
  }
  return quantiles;
}

/// Whether it is a word such as the server's own: ERR, NOAUTH, WRONGPASS, CROSSSLOT.
bool is_error_word(std::string_view word) {
  constexpr std::size_t kLongest = 24;
  return word.size() <= kLongest && std::all_of(word.begin(), word.end(), [](unsigned char byte) {
           return std::isupper(byte) != 0 || std::isdigit(byte) != 0 || byte == '_';
         });
}

using Add = void (*)(const Info&, Families&);

class InfoSection final : public Collector {
 public:
  InfoSection(const RedisParts& parts, Add add) : session_(parts.session), add_(add) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    add_(*session_->info(scrape.deadline), out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
  const Add add_;
};

}  // namespace

void add_commandstats(const Info& info, Families& families) {
  struct Part {
    std::string_view name;
    const char* metric;
    const char* help;
    double per_unit;
  };
  constexpr Part kParts[] = {
      {"calls", "redis_commands_total", "Calls that ran, by command.", 1},
      {"usec", "redis_commands_duration_seconds_total",
       "Time that they took, by command; without waiting, of the client or in the server.", 1e6},
      {"rejected_calls", "redis_commands_rejected_calls_total", "Calls refused before they ran, by command.", 1},
      {"failed_calls", "redis_commands_failed_calls_total", "Calls that ran and ended in an error, by command.", 1},
  };
  for (const auto& part : kParts) {
    for (const auto& field : info.fields()) {
      const auto command = after_prefix(field.key, kCommand);
      if (!command) continue;
      if (const auto value = number_part(field.value, part.name)) {
        families.counter(part.metric, part.help).add({{"cmd", *command}}, *value / part.per_unit);
      }
    }
  }
}

void add_latencystats(const Info& info, Families& families) {
  for (const auto& field : info.fields()) {
    const auto command = after_prefix(field.key, kPercentiles);
    if (!command) continue;
    auto quantiles = parse_percentiles(field.value);
    const auto stats = info.get(std::string{kCommand} + std::string{*command});
    const auto calls = number_part(stats, "calls");
    const auto usec = number_part(stats, "usec");
    if (quantiles.empty() || !calls || !usec || !is_count(*calls)) continue;
    prometheus::ClientMetric metric;
    metric.label.push_back({"cmd", std::string{*command}});
    metric.summary.sample_count = static_cast<std::uint64_t>(*calls);
    metric.summary.sample_sum = *usec;
    metric.summary.quantile = std::move(quantiles);
    families
        .family("redis_latency_percentiles_usec",
                "Percentiles of the time of calls since the server started, in microseconds, by command. Quantiles are "
                "written as percent, as redis_exporter does.",
                prometheus::MetricType::Summary)
        .add(std::move(metric));
  }
}

void add_errorstats(const Info& info, Families& families) {
  std::optional<double> other;
  for (const auto& field : info.fields()) {
    const auto word = after_prefix(field.key, kError);
    const auto count = word ? number_part(field.value, "count") : std::nullopt;
    if (!count) continue;
    if (is_error_word(*word)) {
      families.counter("redis_errors_total", "Error replies, by their first word.").add({{"err", *word}}, *count);
    } else {
      other = other.value_or(0) + *count;
    }
  }
  if (other)
    families.counter("redis_errors_total", "Error replies, by their first word.").add({{"err", "other"}}, *other);
}

std::unique_ptr<Collector> make_commandstats(const RedisParts& parts) {
  return std::make_unique<InfoSection>(parts, add_commandstats);
}
std::unique_ptr<Collector> make_latencystats(const RedisParts& parts) {
  return std::make_unique<InfoSection>(parts, add_latencystats);
}
std::unique_ptr<Collector> make_errorstats(const RedisParts& parts) {
  return std::make_unique<InfoSection>(parts, add_errorstats);
}

}  // namespace binnacle::cache
