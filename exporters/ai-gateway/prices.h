// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "usage.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::gateway {

/// How a price was found. The label `status` of aigw_price_lookups_total.
enum class PriceStatus : std::uint8_t {
  exact,     ///< a row has the model's own name
  prefix,    ///< the longest row that ends with * and begins like it
  unpriced,  ///< a row says that it has no price, or has none for tokens that were used
  missing,   ///< no row
};
inline constexpr std::size_t kPriceStatusCount = 4;
inline constexpr std::array kPriceStatuses{PriceStatus::exact, PriceStatus::prefix, PriceStatus::unpriced,
                                           PriceStatus::missing};
std::string_view name_of(PriceStatus status);

/// Of one token, in 10^-15 US dollars: $0.000001 for a million tokens is 1000. Whole numbers, so that sums are exact.
using TokenPrice = std::int64_t;
/// A dollar for one token: more is taken for a mistake.
inline constexpr TokenPrice kMostTokenPrice = 1'000'000'000'000'000;
/// Nothing for what is negative, no number, or above kMostTokenPrice, and for what is not 0 but too little to count.
std::optional<TokenPrice> token_price(double usd_for_one);

/// Prices by kind of token. One that is not given: cached input and cache writes of 5 minutes cost as input does, cache
/// writes of an hour as those of 5 minutes, reasoning as output.
struct TokenPrices {
  std::optional<TokenPrice> input;
  std::optional<TokenPrice> output;
  std::optional<TokenPrice> cached_input;
  std::optional<TokenPrice> cache_write_5m;
  std::optional<TokenPrice> cache_write_1h;
  std::optional<TokenPrice> reasoning;
  bool operator==(const TokenPrices&) const = default;
};
/// All of its kinds, for loops.
inline constexpr std::array kTokenPrices{&TokenPrices::input,          &TokenPrices::output,
                                         &TokenPrices::cached_input,   &TokenPrices::cache_write_5m,
                                         &TokenPrices::cache_write_1h, &TokenPrices::reasoning};

/// Prices that depend on the request's size.
struct PriceSet {
  TokenPrices base;
  /// With more input tokens than that in the whole request these count for all its tokens; what a tier does not give is
  /// as below it. Ascending.
  struct Tier {
    std::uint64_t above_input = 0;
    TokenPrices prices;
    bool operator==(const Tier&) const = default;
  };
  std::vector<Tier> tiers;

  /// The tier of that bound, made where there is none.
  TokenPrices& tier(std::uint64_t above_input);
  bool operator==(const PriceSet&) const = default;
};

struct PriceRow {
  PriceSet prices;
  /// Other prices by service tier ("batch", "flex", "priority"); what they do not give is as in `prices`.
  std::map<std::string, PriceSet, std::less<>> services;
  /// Factors of all token prices by service tier, in millionths.
  std::map<std::string, std::int64_t, std::less<>> multipliers;
  std::int64_t nano_usd_per_request = 0;
  bool free = false;
  bool unpriced = false;
  bool operator==(const PriceRow&) const = default;
};

/// What a request of so many tokens costs, in billionths of a dollar: the exact sum, rounded once, half up. Nothing
/// where tokens were used that have no price. A service tier that the row does not know costs as the default one.
std::optional<std::int64_t> cost_of(const PriceRow& row, const Usage& usage, std::string_view service_tier);

struct Price {
  PriceStatus status = PriceStatus::missing;
  /// In billionths of a dollar; nothing unless exact or prefix.
  std::optional<std::int64_t> nano_usd;
};

/// A table of prices by model. Immutable once made.
class PriceTable {
 public:
  /// The config's `prices` (a list of rows) and `price_file`. Throws ConfigError with the key, or the file and what is
  /// wrong with it.
  static PriceTable parse(YamlMap& config);
  /// Adds the rows of a file in LiteLLM's format, which count where the config has none for a model. One warning tells
  /// how many of them are no good. Throws std::runtime_error with one line: no JSON object, not one row with a price.
  void add_litellm(const std::string& path, std::string_view text);

  /// What a request cost. The config's rows are looked at first: by the whole names reply_model, upstream_model and
  /// model, then by the longest beginning of the first of them that has one; then the file's, by whole names only.
  [[nodiscard]] Price price(std::string_view reply_model, std::string_view upstream_model, std::string_view model,
                            const Usage& usage, std::string_view service_tier) const;
  [[nodiscard]] std::size_t size() const { return exact_.size() + prefixes_.size() + file_.size(); }

 private:
  struct Found {
    const PriceRow* row = nullptr;
    PriceStatus status = PriceStatus::missing;
  };
  [[nodiscard]] Found find(const std::array<std::string_view, 3>& names) const;

  using Rows = std::map<std::string, PriceRow, std::less<>>;
  Rows exact_;
  std::vector<std::pair<std::string, PriceRow>> prefixes_;  // longest first
  Rows file_;
};

}  // namespace binnacle::gateway
