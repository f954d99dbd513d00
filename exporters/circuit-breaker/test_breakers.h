// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "breaker_policy.h"
#include "breaker_table.h"
#include "core/state_history.h"
#include "core/strict_yaml.h"

namespace binnacle::breaker {

/// A time that tests can name.
inline Moment at(std::chrono::seconds time) {
  using namespace std::chrono_literals;
  return {Clock::time_point{1h + time}, std::chrono::system_clock::time_point{1'000'000s + time}};
}

/// The policy that the section `breakers` with these lines makes; they are in YAML's form for a block.
inline std::shared_ptr<const BreakerPolicy> policy(const std::string& lines) {
  std::string text = "breakers:\n  max: 1000\n";
  if (lines.find("max:") != std::string::npos) text = "breakers:\n";
  std::size_t from = 0;
  while (from < lines.size()) {
    const auto end = std::min(lines.find('\n', from), lines.size());
    text += "  " + lines.substr(from, end - from) + "\n";
    from = end + 1;
  }
  auto config = YamlMap::from_text(text, "test.yml");
  auto made = std::make_shared<const BreakerPolicy>(BreakerPolicy::parse(config));
  config.finish();
  return made;
}

inline std::shared_ptr<BreakerCount> counter() { return std::make_shared<BreakerCount>(0); }

}  // namespace binnacle::breaker
