// SPDX-License-Identifier: Apache-2.0
#include "ai_gateway_exporter.h"

#include <stdexcept>
#include <utility>

#include "core/flags.h"
#include "core/log.h"
#include "core/strict_yaml.h"
#include "gateway_config.h"
#include "gateway_state.h"

namespace binnacle::gateway {

namespace {

constexpr const char* kNamespace = "aigw";
constexpr const char* kGateway = "gateway";
constexpr const char* kState = "state";

class GatewayCollector final : public Collector {
 public:
  GatewayCollector(std::shared_ptr<GatewayMetrics> metrics, std::shared_ptr<std::atomic<bool>> otel)
      : metrics_(std::move(metrics)), otel_(std::move(otel)) {}
  void collect(const ScrapeContext& /*scrape*/, Output& out) override { metrics_->collect(out.families, *otel_); }

 private:
  const std::shared_ptr<GatewayMetrics> metrics_;
  const std::shared_ptr<std::atomic<bool>> otel_;
};

class StateCollector final : public Collector {
 public:
  explicit StateCollector(std::shared_ptr<Gateway> gateway) : gateway_(std::move(gateway)) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto state = gateway_->state(scrape.deadline);
    if (!state) throw std::runtime_error("the proxy's thread did not answer in time");
    add_state(*state, Moment::now(), out);
  }

 private:
  const std::shared_ptr<Gateway> gateway_;
};

}  // namespace

AiGatewayExporter::AiGatewayExporter()
    : metrics_(std::make_shared<GatewayMetrics>()),
      gateway_(std::make_shared<Gateway>(*metrics_)),
      target_(std::make_shared<Target>()) {
  target_->collectors.push_back({kGateway, std::make_shared<GatewayCollector>(metrics_, otel_)});
  target_->collectors.push_back({kState, std::make_shared<StateCollector>(gateway_)});
}

ExporterInfo AiGatewayExporter::info() const {
  ExporterInfo info;
  info.name = "ai-gateway-exporter";
  info.description = "A proxy for LLM providers that meters, queues, limits and falls back.";
  info.metric_namespace = kNamespace;
  info.listen_address = ":9911";
  return info;
}

std::vector<CollectorKind> AiGatewayExporter::collectors() const {
  return {{kGateway, true, "What happened to requests: counts, tokens, cost, times."},
          {kState, true, "How models, upstreams and their breakers are just now."}};
}

std::vector<HealthRule> AiGatewayExporter::health_rules() const { return gateway_health_rules(); }

void AiGatewayExporter::add_flags(Flags& flags) {
  flags.group("Proxy");
  flags.add("proxy.listen-address", flag_addresses_,
            "Address to take requests at, in place of the config's: host:port; may be given more than once. By default "
            "127.0.0.1:8911.");
}

std::function<void()> AiGatewayExporter::load(YamlMap& config) {
  auto parsed = std::make_shared<GatewayConfig>(GatewayConfig::parse(config, flag_addresses_));
  // All that can fail, before anything changes.
  auto setup = Setup::make(parsed);
  return [this, setup = std::move(setup), parsed = std::move(parsed)] {
    if (serving_ && parsed->front.listen != addresses_) {
      log::warn("proxy.listen has changed: it counts from the next start on");
    }
    if (!serving_) addresses_ = parsed->front.listen;
    metrics_->configure(*parsed);
    *otel_ = parsed->otel;
    gateway_->apply(setup);
  };
}

void AiGatewayExporter::serve() {
  gateway_->start(addresses_);
  serving_ = true;
}

void AiGatewayExporter::stop() {
  stopping_ = true;
  gateway_->stop();
}

}  // namespace binnacle::gateway
