// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "config_values.h"
#include "core/file.h"
#include "core/strict_yaml.h"
#include "prices.h"

namespace binnacle::gateway {

namespace {

constexpr double kMillion = 1e6;
constexpr double kNanosInDollar = 1e9;
constexpr double kMostPerRequest = 1'000;
constexpr double kMostMultiplier = 100;
constexpr long kMostTierTokens = 1'000'000'000;

struct Key {
  const char* name;
  std::optional<TokenPrice> TokenPrices::*kind;
};
constexpr std::array<Key, 6> kKeys{{
    {"input", &TokenPrices::input},
    {"output", &TokenPrices::output},
    {"cached_input", &TokenPrices::cached_input},
    {"cache_write_5m", &TokenPrices::cache_write_5m},
    {"cache_write_1h", &TokenPrices::cache_write_1h},
    {"reasoning", &TokenPrices::reasoning},
}};

TokenPrices parse_token_prices(YamlMap& section, double per) {
  TokenPrices prices;
  for (const auto& key : kKeys) {
    const auto price = section.number(key.name);
    if (!price) continue;
    prices.*(key.kind) = token_price(*price / per);
    if (!(prices.*(key.kind))) throw section.error(key.name, "expected dollars, 0 or more and at most 1 for one token");
  }
  return prices;
}

PriceSet parse_price_set(YamlMap& section, double per) {
  PriceSet set;
  set.base = parse_token_prices(section, per);
  auto tiers = section.maps("tiers");
  if (!tiers) return set;
  for (auto& tier : *tiers) {
    const auto above = tier.integer("above_input").value_or(0);
    if (above < 1 || above > kMostTierTokens) throw tier.error("above_input", "expected 1 to 1000000000 tokens");
    if (!set.tiers.empty() && static_cast<std::uint64_t>(above) <= set.tiers.back().above_input) {
      throw tier.error("above_input", "expected more than in the tier before");
    }
    auto prices = parse_token_prices(tier, per);
    if (prices == TokenPrices{}) throw tier.error("", "expected a price");
    set.tiers.push_back({static_cast<std::uint64_t>(above), prices});
  }
  return set;
}

void parse_multipliers(YamlMap& section, PriceRow& row) {
  auto multipliers = section.map("multipliers");
  if (!multipliers) return;
  for (const auto& service : multipliers->keys()) {
    const auto factor = multipliers->number(service);
    if (!factor || !(*factor >= 0) || *factor > kMostMultiplier) {
      throw multipliers->error(service, "expected a factor, 0 to 100");
    }
    row.multipliers[service] = std::llround(*factor * kMillion);
  }
}

PriceRow parse_price_row(YamlMap& section) {
  PriceRow row;
  const auto per = section.number("per").value_or(kMillion);
  if (!(per >= 1) || per > kNanosInDollar) throw section.error("per", "expected 1 to 1000000000 tokens");
  row.prices = parse_price_set(section, per);
  parse_multipliers(section, row);
  const auto per_request = section.number("per_request");
  if (per_request && (!(*per_request >= 0) || *per_request > kMostPerRequest)) {
    throw section.error("per_request", "expected dollars, 0 to 1000");
  }
  row.nano_usd_per_request = std::llround(per_request.value_or(0) * kNanosInDollar);
  row.free = section.boolean("free").value_or(false);
  row.unpriced = section.boolean("unpriced").value_or(false);
  const bool priced = !(row.prices == PriceSet{}) || per_request;
  if ((priced ? 1 : 0) + (row.free ? 1 : 0) + (row.unpriced ? 1 : 0) != 1) {
    throw section.error("", "expected either prices, or free: true, or unpriced: true");
  }
  return row;
}

}  // namespace

PriceTable PriceTable::parse(YamlMap& config) {
  PriceTable table;
  if (auto rows = config.maps("prices")) {
    for (auto& section : *rows) {
      auto name = section.text("model").value_or("");
      check_model_name(section, "model", name);
      const auto star = name.find('*');
      if (star != std::string::npos && star + 1 != name.size()) {
        throw section.error("model", "expected a name, or the beginning of one and then a *");
      }
      auto row = parse_price_row(section);
      bool fresh = false;
      if (star == std::string::npos) {
        fresh = table.exact_.emplace(std::move(name), std::move(row)).second;
      } else {
        name.pop_back();
        fresh = std::none_of(table.prefixes_.begin(), table.prefixes_.end(),
                             [&](const auto& other) { return other.first == name; });
        table.prefixes_.emplace_back(std::move(name), std::move(row));
      }
      if (!fresh) throw section.error("model", "another row has this name");
    }
  }
  std::stable_sort(table.prefixes_.begin(), table.prefixes_.end(),
                   [](const auto& left, const auto& right) { return left.first.size() > right.first.size(); });
  if (const auto path = config.text("price_file")) {
    std::string text;
    try {
      text = read_file(*path);
    } catch (const std::runtime_error& error) {
      throw config.error("price_file", error.what());
    }
    try {
      table.add_litellm(*path, text);
    } catch (const std::runtime_error& error) {
      throw config.error("price_file", *path + ": " + error.what());
    }
  }
  return table;
}

}  // namespace binnacle::gateway
