// SPDX-License-Identifier: Apache-2.0
// Price files in LiteLLM's format, and what requests cost by them.
#include "ai-gateway/litellm_prices.h"
#include "fuzz.h"

namespace {

using namespace binnacle::gateway;
using namespace binnacle::fuzz;

void check(const TokenPrices& prices) {
  for (const auto kind : kTokenPrices) {
    const auto price = prices.*kind;
    require(!price || (*price >= 0 && *price <= kMostTokenPrice), "a price is 0 or more, and bounded");
  }
}

void check(const PriceSet& set) {
  check(set.base);
  require(set.tiers.size() <= 16, "tiers are bounded");
  for (std::size_t at = 0; at < set.tiers.size(); ++at) {
    check(set.tiers[at].prices);
    require(at == 0 || set.tiers[at - 1].above_input < set.tiers[at].above_input, "tiers ascend");
  }
}

void check(const PriceRow& row) {
  check(row.prices);
  for (const auto& service : row.services) check(service.second);
  for (const std::uint64_t tokens : {0ULL, 1ULL, 200'001ULL, ~0ULL}) {
    const Usage all{tokens, tokens, tokens / 4, tokens / 4, tokens / 4, tokens / 2};
    for (const auto* service : {"", "batch", "flex"}) {
      const auto cost = cost_of(row, all, service);
      require(!row.unpriced || !cost, "what is unpriced costs nothing that is known");
      require(!cost || *cost >= 0, "a cost is 0 or more");
      require(row.unpriced || tokens > 0 || cost == 0, "no tokens cost nothing");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  accepts([&] {
    const auto prices = read_litellm(as_text(data, size));
    require(prices.rows.count("sample_spec") == 0, "documentation is no row");
    for (const auto& [name, row] : prices.rows) {
      require(name.size() <= 256, "names are bounded");
      check(row);
    }
  });
  return 0;
}
