// SPDX-License-Identifier: Apache-2.0
#include "circuit_breaker_exporter.h"

#include <stdexcept>
#include <utility>

#include "breaker_families.h"
#include "core/flags.h"
#include "core/statsd_collector.h"
#include "core/strict_yaml.h"
#include "core/target_list.h"

namespace binnacle::breaker {

namespace {

constexpr const char* kNamespace = "circuit_breaker";
constexpr const char* kBreakers = "breakers";
constexpr const char* kSources = "sources";
constexpr const char* kStatsd = "statsd";
/// 10,000 breakers, with a histogram each, have 500,000 series.
constexpr std::size_t kSeriesCap = 2'000'000;

class BreakersCollector final : public Collector {
 public:
  explicit BreakersCollector(std::shared_ptr<WatchedSources> sources) : sources_(std::move(sources)) {}
  void collect(const ScrapeContext& scrape, Output& out) override { sources_->add_breakers(scrape.deadline, out); }

 private:
  const std::shared_ptr<WatchedSources> sources_;
};

class SourcesCollector final : public Collector {
 public:
  SourcesCollector(std::shared_ptr<WatchedSources> sources, std::shared_ptr<PushSink> push,
                   std::shared_ptr<Statsd> statsd)
      : sources_(std::move(sources)), push_(std::move(push)), statsd_(std::move(statsd)) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto sockets = statsd_->sockets();
    std::uint64_t lost = 0;
    for (const auto& socket : sockets) lost += socket.kernel_drops.value_or(0) + socket.oversized;
    sources_->add_sources(!sockets.empty(), lost, scrape.deadline, out);
    if (!sockets.empty()) push_->report(out.families);
  }

 private:
  const std::shared_ptr<WatchedSources> sources_;
  const std::shared_ptr<PushSink> push_;
  const std::shared_ptr<Statsd> statsd_;
};

}  // namespace

CircuitBreakerExporter::CircuitBreakerExporter()
    : sources_(std::make_shared<WatchedSources>()),
      push_(std::make_shared<PushSink>(*sources_->pushed())),
      statsd_(std::make_shared<Statsd>(std::vector<StatsdMapping>{}, push_.get())),
      target_(std::make_shared<Target>()),
      addresses_(source_kinds().size()) {
  target_->collectors.push_back({kBreakers, std::make_shared<BreakersCollector>(sources_)});
  target_->collectors.push_back({kSources, std::make_shared<SourcesCollector>(sources_, push_, statsd_)});
  target_->collectors.push_back({kStatsd, std::make_shared<StatsdCollector>(kNamespace, statsd_)});
}

ExporterInfo CircuitBreakerExporter::info() const {
  using namespace std::chrono_literals;
  ExporterInfo info;
  info.name = "circuit-breaker-exporter";
  info.description = "State, transitions and calls of circuit breakers, wherever they live.";
  info.metric_namespace = kNamespace;
  info.listen_address = ":9910";
  info.series_cap = kSeriesCap;
  return info;
}

std::vector<CollectorKind> CircuitBreakerExporter::collectors() const {
  return {{kBreakers, true, "Breakers of all sources."},
          {kSources, true, "Sources: whether they can be read, and what got lost."},
          {kStatsd, true, "The listener for DogStatsD, where the config or a flag says to listen."}};
}

std::vector<HealthRule> CircuitBreakerExporter::health_rules() const {
  return {
      // fact, collector, warn, critical, weight. The first two never reach `critical`: they lower the score, and make
      // nothing unhealthy.
      {kOpenFact, kBreakers, 0.5, 2, 2},
      {"source_down", kSources, 0.5, 2, 1},
      {kReadinessFact, kBreakers, 0.5, 1, 2},
  };
}

void CircuitBreakerExporter::add_flags(Flags& flags) {
  flags.group("Sources");
  for (std::size_t kind = 0; kind < source_kinds().size(); ++kind) {
    flags.add("source." + std::string{source_kinds()[kind].name}, addresses_[kind],
              std::string{source_kinds()[kind].help} + " May be given more than once.");
  }
  flags.add(
      "statsd.listen", statsd_addresses_,
      "Address to take DogStatsD from applications at, beside the config's: host:port or unixgram:///path; may be "
      "given more than once.");
}

void CircuitBreakerExporter::start(const std::function<bool(const std::string& collector)>& /*enabled*/) {
  for (std::size_t kind = 0; kind < source_kinds().size(); ++kind) {
    const auto& addresses = addresses_[kind];
    for (std::size_t at = 0; at < addresses.size(); ++at) {
      given_.push_back(given_source(source_kinds()[kind], addresses[at]));
      if (addresses.size() > 1) given_.back().name += "-" + std::to_string(at + 1);
    }
  }
}

std::function<void()> CircuitBreakerExporter::load(YamlMap& config) {
  auto specs = given_;
  for (auto& spec : parse_sources(config)) {
    if (spec.name == WatchedSources::kPush) {
      throw config.error("sources", "the name push is for what applications push; expected another");
    }
    specs.push_back(std::move(spec));
  }
  check_names_differ(specs);
  auto listen = statsd_->load(config, statsd_addresses_);
  if (specs.empty() && !listen.listens) {
    throw std::runtime_error(
        "there is nothing to read: expected --source.KIND, --statsd.listen, or sources or statsd in "
        "--config.file");
  }
  return [apply = sources_->load(std::move(specs), BreakerPolicy::parse(config)), listen = std::move(listen)] {
    listen.apply();
    apply();
  };
}

void CircuitBreakerExporter::serve() {
  statsd_->start();
  sources_->start();
}

}  // namespace binnacle::breaker
