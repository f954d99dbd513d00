// SPDX-License-Identifier: Apache-2.0
#include "prices.h"

#include <algorithm>
#include <cmath>

namespace binnacle::gateway {

namespace {

__extension__ using Int128 = __int128;

constexpr double kUnitsInDollar = 1e15;
/// Millionths (of multipliers) times millionths: from 10^-15 dollars to 10^-9.
constexpr std::int64_t kUnitsInNano = 1'000'000;
constexpr std::int64_t kMillion = 1'000'000;
/// No request has more of one kind. It keeps the sum far from where 128 bits end.
constexpr std::uint64_t kMostTokens = 1'000'000'000'000;
constexpr std::int64_t kMostNanoUsd = 1'000'000'000'000'000'000;

/// Puts what `above` gives over what is there.
void overlay(TokenPrices& prices, const TokenPrices& above) {
  for (const auto kind : kTokenPrices) {
    if (above.*kind) prices.*kind = above.*kind;
  }
}

void overlay(TokenPrices& prices, const PriceSet& set, std::uint64_t input) {
  overlay(prices, set.base);
  for (const auto& tier : set.tiers) {
    if (input > tier.above_input) overlay(prices, tier.prices);
  }
}

/// Adds up products; knows whether one had no price.
class Sum {
 public:
  void add(std::uint64_t tokens, const std::optional<TokenPrice>& price) {
    if (tokens == 0) return;
    if (!price) {
      priced_ = false;
      return;
    }
    sum_ += static_cast<Int128>(std::min(tokens, kMostTokens)) * *price;
  }
  /// In billionths of a dollar, times `millionths` of a million.
  [[nodiscard]] std::optional<std::int64_t> nano_usd(std::int64_t millionths) const {
    if (!priced_) return std::nullopt;
    constexpr Int128 kDivisor = static_cast<Int128>(kUnitsInNano) * kMillion;
    const Int128 rounded = (sum_ * millionths + kDivisor / 2) / kDivisor;
    return static_cast<std::int64_t>(std::min<Int128>(rounded, kMostNanoUsd));
  }

 private:
  Int128 sum_ = 0;
  bool priced_ = true;
};

std::optional<TokenPrice> either(const std::optional<TokenPrice>& price, const std::optional<TokenPrice>& other) {
  return price ? price : other;
}

}  // namespace

std::string_view name_of(PriceStatus status) {
  switch (status) {
    case PriceStatus::exact:
      return "exact";
    case PriceStatus::prefix:
      return "prefix";
    case PriceStatus::unpriced:
      return "unpriced";
    case PriceStatus::missing:
      break;
  }
  return "missing";
}

std::optional<TokenPrice> token_price(double usd_for_one) {
  const double units = std::round(usd_for_one * kUnitsInDollar);
  if (!(usd_for_one >= 0) || units > static_cast<double>(kMostTokenPrice)) return std::nullopt;
  if (usd_for_one > 0 && units < 1) return std::nullopt;
  return static_cast<TokenPrice>(units);
}

TokenPrices& PriceSet::tier(std::uint64_t above_input) {
  auto at = std::find_if(tiers.begin(), tiers.end(), [&](const Tier& tier) { return tier.above_input >= above_input; });
  if (at == tiers.end() || at->above_input != above_input) at = tiers.insert(at, Tier{above_input, {}});
  return at->prices;
}

std::optional<std::int64_t> cost_of(const PriceRow& row, const Usage& usage, std::string_view service_tier) {
  if (row.unpriced) return std::nullopt;
  if (row.free) return 0;
  TokenPrices prices;
  overlay(prices, row.prices, usage.input);
  if (const auto service = row.services.find(service_tier); service != row.services.end()) {
    overlay(prices, service->second, usage.input);
  }
  // Parts are in the whole; where a provider says otherwise none is counted twice.
  const auto cached = std::min(usage.cached_input, usage.input);
  const auto write_5m = std::min(usage.cache_write_5m, usage.input - cached);
  const auto write_1h = std::min(usage.cache_write_1h, usage.input - cached - write_5m);
  const auto reasoning = std::min(usage.reasoning, usage.output);
  const auto price_5m = either(prices.cache_write_5m, prices.input);
  Sum sum;
  sum.add(usage.input - cached - write_5m - write_1h, prices.input);
  sum.add(cached, either(prices.cached_input, prices.input));
  sum.add(write_5m, price_5m);
  sum.add(write_1h, either(prices.cache_write_1h, price_5m));
  sum.add(usage.output - reasoning, prices.output);
  sum.add(reasoning, either(prices.reasoning, prices.output));
  const auto factor = row.multipliers.find(service_tier);
  const auto tokens = sum.nano_usd(factor == row.multipliers.end() ? kMillion : factor->second);
  if (!tokens) return std::nullopt;
  return *tokens + row.nano_usd_per_request;
}

PriceTable::Found PriceTable::find(const std::array<std::string_view, 3>& names) const {
  const auto by_name = [&](const Rows& rows) -> const PriceRow* {
    for (const auto name : names) {
      if (name.empty()) continue;
      if (const auto row = rows.find(name); row != rows.end()) return &row->second;
    }
    return nullptr;
  };
  if (const auto* const row = by_name(exact_)) return {row, PriceStatus::exact};
  for (const auto name : names) {
    if (name.empty()) continue;
    for (const auto& [prefix, row] : prefixes_) {
      if (name.starts_with(prefix)) return {&row, PriceStatus::prefix};
    }
  }
  if (const auto* const row = by_name(file_)) return {row, PriceStatus::exact};
  return {};
}

Price PriceTable::price(std::string_view reply_model, std::string_view upstream_model, std::string_view model,
                        const Usage& usage, std::string_view service_tier) const {
  const auto found = find({reply_model, upstream_model, model});
  if (found.row == nullptr) return {};
  const auto cost = cost_of(*found.row, usage, service_tier);
  if (!cost) return {PriceStatus::unpriced, std::nullopt};
  return {found.status, cost};
}

}  // namespace binnacle::gateway
