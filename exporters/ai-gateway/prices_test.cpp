// SPDX-License-Identifier: Apache-2.0
#include "prices.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::gateway;
using Catch::Matchers::Contains;

namespace {

PriceTable table(const std::string& yaml) {
  auto config = YamlMap::from_text(yaml, "c.yml");
  auto prices = PriceTable::parse(config);
  config.finish();
  return prices;
}

std::string error_of(const std::string& yaml) {
  try {
    table(yaml);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

Price price_of(const std::string& row, const Usage& usage, const std::string& service_tier = "") {
  return table("prices: [{model: m, " + row + "}]").price("", "", "m", usage, service_tier);
}

std::optional<std::int64_t> cost(const std::string& row, const Usage& usage, const std::string& service_tier = "") {
  return price_of(row, usage, service_tier).nano_usd;
}

}  // namespace

TEST_CASE("names of statuses", "[prices]") {
  CHECK(name_of(PriceStatus::exact) == "exact");
  CHECK(name_of(PriceStatus::prefix) == "prefix");
  CHECK(name_of(PriceStatus::unpriced) == "unpriced");
  CHECK(name_of(PriceStatus::missing) == "missing");
}

TEST_CASE("what was written to the cache is charged once, and what is not given costs as documented", "[prices]") {
  // Anthropic's console says $0.05439 for 3 new, 12304 written and 550 output tokens; with the cache counted twice it
  // would be $0.0913.
  const Usage written{.input = 12307, .output = 550, .cache_write_5m = 12304};
  CHECK(cost("input: 3, output: 15, cached_input: 0.3, cache_write_5m: 3.75, cache_write_1h: 6", written) ==
        54'399'000);
  // And so when they are read again.
  const Usage read{.input = 12307, .output = 550, .cached_input = 12304};
  CHECK(cost("input: 3, output: 15, cached_input: 0.3, cache_write_5m: 3.75", read) == 9'000 + 3'691'200 + 8'250'000);
  const Usage hour{.input = 1000, .cache_write_1h = 1000};
  CHECK(cost("input: 3, output: 15, cache_write_5m: 3.75, cache_write_1h: 6", hour) == 6'000'000);

  CHECK(cost("input: 3, output: 15, cache_write_5m: 3.75", hour) == 3'750'000);
  CHECK(cost("input: 3, output: 15", hour) == 3'000'000);
  CHECK(cost("input: 3, output: 15", written) == 12307 * 3'000 + 550 * 15'000);
  CHECK(cost("input: 3, output: 15", read) == 12307 * 3'000 + 550 * 15'000);
  const Usage thought{.input = 10, .output = 100, .reasoning = 60};
  CHECK(cost("input: 1, output: 10", thought) == 10'000 + 1'000'000);
  CHECK(cost("input: 1, output: 10, reasoning: 20", thought) == 10'000 + 400'000 + 1'200'000);
}

TEST_CASE("a tier counts for the whole request, and gives what it gives", "[prices]") {
  const std::string row =
      "input: 1.25, output: 10, cached_input: 0.125, tiers: [{above_input: 200000, input: 2.5, output: 15}, "
      "{above_input: 400000, input: 5}]";
  CHECK(cost(row, {.input = 200'000, .output = 1}) == 200'000 * 1'250 + 10'000);
  CHECK(cost(row, {.input = 200'001, .output = 1}) == 200'001LL * 2'500 + 15'000);
  CHECK(cost(row, {.input = 200'001, .cached_input = 200'000}) == 2'500 + 200'000 * 125);
  CHECK(cost(row, {.input = 400'001, .output = 1}) == 400'001LL * 5'000 + 15'000);
  // Cached input is part of the size.
  CHECK(cost("input: 1, output: 0, tiers: [{above_input: 10, input: 2}]", {.input = 11, .cached_input = 11}) == 22'000);
}

TEST_CASE("service tiers have factors, which are not of requests", "[prices]") {
  const Usage usage{.input = 1000, .output = 100};
  const std::string row = "input: 2, output: 8, per_request: 0.01, multipliers: {batch: 0.5, priority: 2}";
  CHECK(cost(row, usage) == 10'000'000 + 2'800'000);
  CHECK(cost(row, usage, "batch") == 10'000'000 + 1'400'000);
  CHECK(cost(row, usage, "priority") == 10'000'000 + 5'600'000);
  CHECK(cost(row, usage, "default") == 10'000'000 + 2'800'000);
  CHECK(cost("input: 2, output: 8, multipliers: {flex: 0}", usage, "flex") == 0);
}

TEST_CASE("sums are exact and rounded once, half up", "[prices]") {
  // 0.0005 dollars for a million: half a billionth for one.
  CHECK(cost("input: 0.0005, output: 0", {.input = 1}) == 1);
  CHECK(cost("input: 0.0004, output: 0", {.input = 1}) == 0);
  CHECK(cost("input: 0.0005, output: 0.0005", {.input = 1, .output = 1}) == 1);
  CHECK(cost("input: 0.0005, output: 0", {.input = 3}) == 2);
  CHECK(cost("input: 0.1, output: 0.2", {.input = 3, .output = 3}) == 900);
  CHECK(cost("input: 1.1, output: 2.2, multipliers: {flex: 0.333333}", {.input = 7, .output = 3}, "flex") == 4'767);
  CHECK(cost("input: 0.000000001, output: 0", {.input = 499'999'999}) == 500);
  CHECK(cost("input: 0.03, output: 0.06, per: 1000", {.input = 7, .output = 9}) == 7 * 30'000 + 9 * 60'000);

  std::mt19937_64 random{7};
  for (int round = 0; round < 1000; ++round) {
    const auto input = random() % 1'000'000;
    const auto cached = random() % (input + 1);
    const auto output = random() % 100'000;
    const auto expected = (input - cached) * 3'000 + cached * 300 + output * 15'000;
    CHECK(cost("input: 3, output: 15, cached_input: 0.3", {.input = input, .output = output, .cached_input = cached}) ==
          static_cast<std::int64_t>(expected));
  }
}

TEST_CASE("counts that cannot be neither overflow nor count twice", "[prices]") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const Usage all{.input = kMost,
                  .output = kMost,
                  .cached_input = kMost,
                  .cache_write_5m = kMost,
                  .cache_write_1h = kMost,
                  .reasoning = kMost};
  CHECK(cost("input: 1000000, output: 1000000, multipliers: {x: 100}", all, "x") == 1'000'000'000'000'000'000);
  CHECK(cost("input: 1, output: 1", {.input = 5, .output = 5, .cached_input = 9, .reasoning = 9}) == 10'000);
  CHECK(cost("input: 1, output: 1, cached_input: 2, cache_write_5m: 4",
             {.input = 5, .cached_input = 4, .cache_write_5m = 4, .cache_write_1h = 4}) == 4 * 2'000 + 4'000);
}

TEST_CASE("what has no price is unpriced, and free is exactly 0", "[prices]") {
  const Usage usage{.input = 10, .output = 10};
  CHECK(price_of("unpriced: true", usage).status == PriceStatus::unpriced);
  CHECK_FALSE(price_of("unpriced: true", usage).nano_usd);
  CHECK(price_of("free: true", usage).status == PriceStatus::exact);
  CHECK(cost("free: true", usage) == 0);
  CHECK(cost("input: 0, output: 0", usage) == 0);
  CHECK(price_of("input: 1", usage).status == PriceStatus::unpriced);
  CHECK_FALSE(price_of("input: 1", usage).nano_usd);
  CHECK(cost("input: 1", {.input = 10}) == 10'000);
  CHECK(price_of("output: 1", usage).status == PriceStatus::unpriced);
  CHECK(cost("cached_input: 1, output: 1", {.input = 10, .output = 1, .cached_input = 10}) == 11'000);
  CHECK(price_of("per_request: 0.5", usage).status == PriceStatus::unpriced);
  CHECK(cost("per_request: 0.5, input: 0, output: 0", usage) == 500'000'000);
  CHECK(cost("input: 1", {}) == 0);
}

TEST_CASE("the reply's own name counts first, whole names before beginnings", "[prices]") {
  const auto prices = table(
      "prices:\n"
      "- {model: gpt-4o-2024-08-06, input: 1}\n"
      "- {model: gpt-4o, input: 2}\n"
      "- {model: fast, input: 3}\n"
      "- {model: 'gpt-*', input: 4}\n"
      "- {model: 'gpt-4o*', input: 5}\n"
      "- {model: 'my-*', unpriced: true}\n");
  CHECK(prices.size() == 6);
  const auto look = [&](const char* reply, const char* upstream, const char* model) {
    const auto price = prices.price(reply, upstream, model, {.input = 1}, "");
    return std::string{name_of(price.status)} + " " + std::to_string(price.nano_usd.value_or(-1));
  };
  CHECK(look("gpt-4o-2024-08-06", "gpt-4o", "fast") == "exact 1000");
  CHECK(look("gpt-4o-2024-11-20", "gpt-4o", "fast") == "exact 2000");
  CHECK(look("unknown", "unknown", "fast") == "exact 3000");
  CHECK(look("gpt-4o-2024-11-20", "", "") == "prefix 5000");
  CHECK(look("gpt-4o", "", "") == "exact 2000");
  CHECK(look("gpt-3", "gpt-4o-x", "") == "prefix 4000");
  CHECK(look("", "gpt-4o-x", "gpt-3") == "prefix 5000");
  CHECK(look("my-llama", "", "") == "unpriced -1");
  CHECK(look("gpt", "", "") == "missing -1");
  CHECK(look("", "", "") == "missing -1");
}

TEST_CASE("a row * takes all that has a name", "[prices]") {
  const auto prices = table("prices: [{model: '*', input: 1}]");
  CHECK(prices.price("", "", "any", {.input = 1}, "").status == PriceStatus::prefix);
  CHECK(prices.price("", "", "", {.input = 1}, "").status == PriceStatus::missing);
}

TEST_CASE("prices of one token", "[prices]") {
  CHECK(token_price(2.5e-06) == 2'500'000'000);
  CHECK(token_price(7.5e-08) == 75'000'000);
  CHECK(token_price(5.46875e-07) == 546'875'000);
  CHECK(token_price(0) == 0);
  CHECK(token_price(1) == kMostTokenPrice);
  CHECK_FALSE(token_price(1.0001));
  CHECK_FALSE(token_price(-1e-9));
  CHECK_FALSE(token_price(1e-16));
  CHECK_FALSE(token_price(std::nan("")));
  CHECK_FALSE(token_price(std::numeric_limits<double>::infinity()));
}

TEST_CASE("a bad row says where and what was expected", "[prices]") {
  CHECK(error_of("prices:\n- {input: 1}\n") ==
        "c.yml:2: prices[0].model: expected a name of 1 to 200 ASCII characters without blanks");
  CHECK_THAT(error_of("prices: [{model: 'a*b', input: 1}]"),
             Contains("prices[0].model: expected a name, or the begin"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1}, {model: a, input: 2}]"),
             Contains("prices[1].model: another row"));
  CHECK_THAT(error_of("prices: [{model: 'a*', input: 1}, {model: 'a*', free: true}]"), Contains("[1].model: another"));
  CHECK(error_of("prices: [{model: 'a*', input: 1}, {model: a, input: 2}]") == "no error");
  CHECK_THAT(error_of("prices: [{model: a}]"), Contains("prices[0]: expected either prices, or free: true, or unpr"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, free: true}]"), Contains("prices[0]: expected either"));
  CHECK_THAT(error_of("prices: [{model: a, free: true, unpriced: true}]"), Contains("prices[0]: expected either"));
  CHECK_THAT(error_of("prices: [{model: a, per_request: 1, unpriced: true}]"), Contains("expected either"));
  CHECK_THAT(error_of("prices: [{model: a, input: -1}]"), Contains("prices[0].input: expected dollars, 0 or more"));
  CHECK_THAT(error_of("prices: [{model: a, output: 2, per: 1}]"), Contains("prices[0].output: expected dollars"));
  CHECK_THAT(error_of("prices: [{model: a, output: cheap}]"), Contains("prices[0].output: expected a number"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, per: 0}]"), Contains("prices[0].per: expected 1 to"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, per_request: -1}]"), Contains("prices[0].per_request"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, multipliers: {x: -1}}]"),
             Contains("prices[0].multipliers.x: exp"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, tiers: [{input: 1}]}]"),
             Contains("tiers[0].above_input: expected"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, tiers: [{above_input: 5}]}]"),
             Contains("tiers[0]: expected a pr"));
  CHECK_THAT(
      error_of("prices: [{model: a, input: 1, tiers: [{above_input: 5, input: 1}, {above_input: 5, input: 2}]}]"),
      Contains("tiers[1].above_input: expected more than in the tier before"));
  CHECK_THAT(error_of("prices: [{model: a, input: 1, inptu: 2}]"), Contains("prices[0].inptu: unknown key"));
}
