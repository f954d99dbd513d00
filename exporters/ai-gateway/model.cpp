// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <algorithm>

namespace binnacle::gateway {

std::shared_ptr<Setup> Setup::make(std::shared_ptr<const GatewayConfig> config) {
  auto setup = std::make_shared<Setup>();
  setup->config = std::move(config);
  for (const auto& upstream : setup->config->upstreams) {
    setup->upstreams.push_back(std::make_shared<Upstream>(upstream));
  }
  for (const auto& model : setup->config->models) setup->models.push_back(std::make_shared<Model>(model));
  for (const auto& [dialect, upstream] : setup->config->unknown_models) {
    ModelConfig other;
    other.name = kOtherModel;
    other.targets.push_back({upstream, {}});
    setup->unknown.emplace(dialect, std::make_shared<Model>(std::move(other)));
  }
  return setup;
}

void Setup::inherit(const Setup& old, Clock::time_point now) {
  for (const auto& upstream : upstreams) {
    const auto before = std::find_if(old.upstreams.begin(), old.upstreams.end(), [&](const auto& other) {
      return other->config().name == upstream->config().name;
    });
    if (before != old.upstreams.end()) upstream->inherit(**before);
  }
  for (const auto& model : models) {
    const auto before = std::find_if(old.models.begin(), old.models.end(),
                                     [&](const auto& other) { return other->config.name == model->config.name; });
    if (before != old.models.end()) model->inherit(**before, now);
  }
  if (!config->shared) return;
  shared = old.shared && old.shared->settings() == *config->shared ? old.shared
                                                                   : std::make_shared<SharedLimits>(*config->shared);
}

std::shared_ptr<Model> Setup::find_model(std::string_view name, Dialect dialect) const {
  if (const auto* const known = config->find_model(name); known != nullptr) {
    return models[static_cast<std::size_t>(known - config->models.data())];
  }
  const auto other = unknown.find(dialect);
  return other == unknown.end() ? nullptr : other->second;
}

}  // namespace binnacle::gateway
