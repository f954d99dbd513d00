// SPDX-License-Identifier: Apache-2.0
// What Envoy's admin interface says. Each line is both of its pages at one poll: an object with the keys of either.
#include <cmath>
#include <string>

#include "circuit-breaker/envoy_breakers.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

constexpr int kPolls = 8;
constexpr double kMost = 1e20;  // the sum of some numbers of 64 bits

void check(const std::optional<double>& number) {
  require(!number || (*number >= 0 && *number <= kMost), "numbers are finite, and not negative");
}

void check(const Observation& breaker) {
  require(!breaker.id.breaker.empty(), "a breaker has a name");
  require(!breaker.path.empty() && breaker.path.size() <= 2, "there is a state, and at most one before it");
  for (const auto& number : breaker.numbers) check(number);
  for (const auto& count : breaker.calls_total) check(count);
  for (const auto& resource : breaker.resources) {
    check(resource.limit);
    check(resource.remaining);
    check(resource.overflows);
    require(!resource.remaining || resource.limit, "of what is unlimited nothing remains");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = as_text(data, size);
  EnvoyBreakers breakers{true};
  for (int poll = 0; poll < kPolls; ++poll) {
    const auto page = next_line(rest);
    if (!page) break;
    EnvoyStats stats;
    std::vector<EnvoyCluster> clusters;
    accepts([&] { stats = parse_envoy_stats(*page); });
    accepts([&] { clusters = parse_envoy_clusters(*page); });
    for (const auto& cluster : clusters) {
      for (const auto& host : cluster.hosts) require(!host.address.empty(), "a host has an address");
    }
    for (const auto& breaker : breakers.observe(stats, clusters).breakers) check(breaker);
  }
  return 0;
}
