// SPDX-License-Identifier: Apache-2.0
#include "statsd.h"

#include <algorithm>
#include <utility>

#include "log.h"

namespace binnacle {

/// Hands everything to an exporter's own sink, and to the store the metrics that the sink does not own.
class Statsd::Both final : public EventSink {
 public:
  Both(EventSink& observer, EventSink& store) : observer_(observer), store_(store) {}

  void begin_batch(std::chrono::steady_clock::time_point now) override {
    observer_.begin_batch(now);
    store_.begin_batch(now);
  }
  void end_batch() override {
    store_.end_batch();
    observer_.end_batch();
  }
  void metric(const StatsdMetric& metric) override {
    observer_.metric(metric);
    if (!observer_.owns(metric.name)) store_.metric(metric);
  }
  void service_check(const StatsdCheck& check) override { observer_.service_check(check); }
  void event(const StatsdEvent& event) override { observer_.event(event); }

 private:
  EventSink& observer_;
  EventSink& store_;
};

Statsd::Statsd(std::vector<StatsdMapping> own, EventSink* observer) : own_(std::move(own)) {
  if (observer != nullptr) both_ = std::make_unique<Both>(*observer, store_);
}

Statsd::~Statsd() = default;

Statsd::Loaded Statsd::load(YamlMap& yaml, const std::vector<std::string>& given) {
  auto config = read_statsd_config(yaml);
  for (const auto& address : given) {
    parse_statsd_address(address);
    const bool known = std::find(config.listen.begin(), config.listen.end(), address) != config.listen.end();
    if (!known) config.listen.push_back(address);
  }
  auto mappings = config.mappings;
  mappings.insert(mappings.end(), own_.begin(), own_.end());
  auto mapper = std::make_shared<const StatsdMapper>(mappings, config.mapper);
  const std::lock_guard lock{mutex_};
  auto sockets = started_ ? bind(config) : Sockets{};
  const bool listens = !config.listen.empty();
  return {[this, config = std::move(config), mapper = std::move(mapper), sockets = std::move(sockets)] {
            const std::lock_guard applying{mutex_};
            store_.configure(mapper, config.store);
            config_ = config;
            if (started_) listen(sockets);
          },
          listens};
}

void Statsd::start() {
  const std::lock_guard lock{mutex_};
  if (started_) return;
  listen(bind(config_));
  started_ = true;
}

/// One socket for each address: those that are open already, and new ones.
Statsd::Sockets Statsd::bind(const StatsdConfig& config) const {
  Sockets sockets;
  for (const auto& text : config.listen) {
    const auto open =
        std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& socket) { return socket->text() == text; });
    sockets.push_back(open != sockets_.end()
                          ? *open
                          : std::make_shared<StatsdSocket>(parse_statsd_address(text), config.receive_buffer));
  }
  return sockets;
}

void Statsd::listen(Sockets sockets) {
  for (const auto& socket : sockets) socket->set_receive_buffer(config_.receive_buffer);
  if (sockets == sockets_) return;
  // Packets that come meanwhile wait in the sockets.
  listener_.reset();
  for (const auto& socket : sockets) {
    if (std::find(sockets_.begin(), sockets_.end(), socket) == sockets_.end()) {
      log::info("listening for StatsD", {{"address", socket->bound_to()}});
    }
  }
  sockets_ = std::move(sockets);
  EventSink& sink = both_ ? *both_ : static_cast<EventSink&>(store_);
  if (!sockets_.empty()) listener_ = std::make_unique<StatsdListener>(sockets_, sink, totals_);
}

std::vector<Statsd::SocketState> Statsd::sockets() const {
  const std::lock_guard lock{mutex_};
  std::vector<SocketState> states;
  for (const auto& socket : sockets_) {
    states.push_back({socket->text(), socket->packets, socket->received_bytes, socket->oversized, socket->errors,
                      socket->kernel_drops(), socket->receive_buffer()});
  }
  return states;
}

std::vector<std::string> Statsd::bound_to() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::string> addresses;
  for (const auto& socket : sockets_) addresses.push_back(socket->bound_to());
  return addresses;
}

}  // namespace binnacle
