// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "gateway_config.h"
#include "model_gate.h"
#include "rate_limits.h"
#include "shared_limits.h"
#include "upstream.h"

namespace binnacle::gateway {

/// A model at run time: its queue and its limits stay when the config is read again. For the proxy's thread.
struct Model {
  explicit Model(ModelConfig model)
      : config(std::move(model)),
        gate(std::make_shared<ModelGate>(config.gate)),
        limits(std::make_shared<RateLimits>(config.limits)) {}

  /// Takes over the queue and the counts of the one of the same name that this one replaces.
  void inherit(const Model& old, Clock::time_point now) {
    gate = old.gate;
    gate->settings(config.gate, now);
    limits = old.limits;
    limits->limits(config.limits);
  }

  const ModelConfig config;
  std::shared_ptr<ModelGate> gate;
  std::shared_ptr<RateLimits> limits;
};

/// A config with all that runs by it. A request keeps the one that it began with.
struct Setup {
  std::shared_ptr<const GatewayConfig> config;
  std::vector<std::shared_ptr<Upstream>> upstreams;   ///< as in the config
  std::vector<std::shared_ptr<Model>> models;         ///< as in the config
  std::map<Dialect, std::shared_ptr<Model>> unknown;  ///< for models that the config does not name: "other"
  std::shared_ptr<SharedLimits> shared;               ///< null: limits are this process's own

  /// Throws std::runtime_error: a file that cannot be used.
  static std::shared_ptr<Setup> make(std::shared_ptr<const GatewayConfig> config);
  /// On the proxy's thread, before it is used.
  void inherit(const Setup& old, Clock::time_point now);
  /// Null where such models are refused.
  [[nodiscard]] std::shared_ptr<Model> find_model(std::string_view name, Dialect dialect) const;
};

/// The label of models that the config does not name.
inline constexpr const char* kOtherModel = "other";

}  // namespace binnacle::gateway
