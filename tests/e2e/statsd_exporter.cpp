// SPDX-License-Identifier: Apache-2.0
// The least exporter that listens for StatsD: shows that core does all of it, and that core knows no cache.
// The flag --statsd.listen-address and the config's `statsd:` section say where and what.
#include "core/exporter.h"
#include "core/flags.h"
#include "core/statsd_collector.h"

namespace {

using namespace binnacle;

class StatsdExporter final : public Exporter {
 public:
  [[nodiscard]] ExporterInfo info() const override {
    return {"statsd-exporter", "What StatsD clients send.", "test", "127.0.0.1:0"};
  }
  [[nodiscard]] std::vector<CollectorKind> collectors() const override {
    return {{"statsd", true, "What came over StatsD."}};
  }
  [[nodiscard]] std::vector<HealthRule> health_rules() const override { return {}; }

  void add_flags(Flags& flags) override {
    flags.add("statsd.listen-address", listen_, "Where to listen: udp://HOST:PORT or unixgram:///PATH.");
  }
  std::function<void()> load(YamlMap& config) override { return statsd_->load(config, listen_).apply; }
  void serve() override { statsd_->start(); }
  std::vector<std::shared_ptr<Target>> targets() override { return {target_}; }

  StatsdExporter() { target_->collectors.push_back({"statsd", std::make_shared<StatsdCollector>("test", statsd_)}); }

 private:
  std::vector<std::string> listen_;
  std::shared_ptr<Statsd> statsd_ = std::make_shared<Statsd>();
  std::shared_ptr<Target> target_ = std::make_shared<Target>();
};

}  // namespace

int main(int argc, char** argv) {
  StatsdExporter exporter;
  return run(exporter, argc, argv);
}
