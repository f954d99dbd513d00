// SPDX-License-Identifier: Apache-2.0
#include "litellm_prices.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/captured_stderr.h"
#include "core/strict_yaml.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::gateway;
using Catch::Matchers::Contains;

namespace {

/// As the file has it: some of its fields, in the file's order.
constexpr const char* kSample = R"({
  "sample_spec": {"input_cost_per_token": 0.0, "max_tokens": "legacy", "search_context_cost_per_query": {"high": 0.0},
                  "supported_regions": ["global", "us-west-2"], "supports_vision": true},
  "claude-sonnet": {"cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06,
    "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
    "cache_read_input_token_cost": 3e-07, "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
    "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
    "litellm_provider": "anthropic", "max_input_tokens": 200000, "mode": "chat", "supports_vision": true,
    "search_context_cost_per_query": {"search_context_size_high": 0.01}, "tool_use_system_prompt_tokens": 346},
  "gpt-5": {"input_cost_per_token": 1.25e-06, "input_cost_per_token_flex": 6.25e-07,
    "input_cost_per_token_priority": 2.5e-06, "input_cost_per_token_batches": 6.25e-07,
    "output_cost_per_token": 1e-05, "output_cost_per_token_flex": 5e-06, "output_cost_per_token_priority": 2e-05,
    "output_cost_per_token_above_272k_tokens_priority": 4e-05, "output_cost_per_reasoning_token": 1.1e-05,
    "input_cost_per_audio_token": 1.0, "input_cost_per_token_cache_hit": 9, "supported_endpoints": ["/v1/responses"]},
  "text-embedding-3-small": {"input_cost_per_token": 2e-08, "output_cost_per_token": 0.0, "mode": "embedding"},
  "dall-e-2": {"input_cost_per_pixel": 1.9e-08, "mode": "image_generation", "output_cost_per_pixel": 0.0},
  "ollama/llama2": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "mode": "chat"},
  "half-known": {"input_cost_per_token": 1e-06, "output_cost_per_token": null}
})";

PriceTable sample() {
  PriceTable table;
  table.add_litellm("prices.json", kSample);
  return table;
}

std::optional<std::int64_t> cost(const char* model, const Usage& usage, const char* service_tier = "") {
  return sample().price(model, "", "", usage, service_tier).nano_usd;
}

std::string error_of(std::string_view text) {
  try {
    read_litellm(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("LiteLLM's file is read", "[litellm_prices]") {
  CHECK(sample().size() == 5);
  const Usage usage{
      .input = 13'000, .output = 100, .cached_input = 1'000, .cache_write_5m = 1'000, .cache_write_1h = 1'000};
  CHECK(cost("claude-sonnet", usage) == 10'000 * 3'000 + 300'000 + 3'750'000 + 6'000'000 + 1'500'000);
  CHECK(cost("claude-sonnet", {.input = 200'001, .output = 1, .cached_input = 1, .cache_write_1h = 100'000}) ==
        100'000LL * 6'000 + 300 + 100'000LL * 12'000 + 22'500);
  CHECK(cost("text-embedding-3-small", {.input = 8}) == 160);
}

TEST_CASE("service tiers have prices of their own", "[litellm_prices]") {
  const Usage usage{.input = 1'000, .output = 100, .reasoning = 50};
  CHECK(cost("gpt-5", usage) == 1'250'000 + 500'000 + 550'000);
  CHECK(cost("gpt-5", usage, "default") == 1'250'000 + 500'000 + 550'000);
  CHECK(cost("gpt-5", {.input = 1'000, .output = 100}, "flex") == 625'000 + 500'000);
  CHECK(cost("gpt-5", {.input = 1'000, .output = 100}, "priority") == 2'500'000 + 2'000'000);
  CHECK(cost("gpt-5", {.input = 1'000, .output = 100}, "batch") == 625'000 + 1'000'000);
  CHECK(cost("gpt-5", {.input = 272'001, .output = 100}, "priority") == 272'001LL * 2'500 + 4'000'000);
  CHECK(cost("gpt-5", {.input = 272'001, .output = 100}) == 272'001LL * 1'250 + 1'000'000);
}

TEST_CASE("nothing is guessed", "[litellm_prices]") {
  const auto status = [](const char* model) {
    return sample().price(model, "", "", {.input = 1, .output = 1}, "").status;
  };
  CHECK(status("ollama/llama2") == PriceStatus::unpriced);
  CHECK(status("half-known") == PriceStatus::unpriced);
  CHECK(status("llama2") == PriceStatus::missing);
  CHECK(status("claude-sonnet-4") == PriceStatus::missing);
  CHECK(status("anthropic/claude-sonnet") == PriceStatus::missing);
  CHECK(status("dall-e-2") == PriceStatus::missing);
  CHECK(status("sample_spec") == PriceStatus::missing);
}

TEST_CASE("bad rows are left out and counted", "[litellm_prices]") {
  const auto prices = read_litellm(
      R"({"good": {"input_cost_per_token": 1e-6}, "negative": {"input_cost_per_token": -1e-6},
          "text": {"output_cost_per_token": "2e-6"}, "list": [{"input_cost_per_token": 1}], "number": 5,
          "nested": {"input_cost_per_token": {"usd": 1}}, "dear": {"input_cost_per_token": 5},
          "tiny": {"input_cost_per_token_flex": 1e-20}, "yes": {"input_cost_per_token": true}, "null": null})");
  CHECK(prices.rows.size() == 1);
  CHECK(prices.rows.count("good") == 1);
  CHECK(prices.bad_rows == 9);
  CHECK(prices.first_bad == "negative");

  const CapturedStderr log;
  PriceTable table;
  table.add_litellm("p.json", R"({"a": {"input_cost_per_token": 1e-6}, "b": 1, "c": 2})");
  REQUIRE(log.lines().size() == 1);
  CHECK_THAT(log.lines()[0], Contains("rows=2") && Contains("p.json") && Contains("b"));
}

TEST_CASE("of two of one name the last counts", "[litellm_prices]") {
  const auto prices = read_litellm(
      R"({"a": {"input_cost_per_token": 1e-6}, "a": {"input_cost_per_token": 2e-6},
          "b": {"input_cost_per_token": 1e-6}, "b": {"input_cost_per_token": -1},
          "c": {"input_cost_per_token": 1e-6, "input_cost_per_token": 3e-6},
          "d": {"input_cost_per_token": 1e-6}, "d": {"mode": "chat"}})");
  CHECK(prices.rows.size() == 2);
  CHECK(prices.rows.at("a").prices.base.input == 2'000'000'000);
  CHECK(prices.rows.at("c").prices.base.input == 3'000'000'000);
}

TEST_CASE("what is no such file is refused in one line", "[litellm_prices]") {
  CHECK(error_of("[]") == "expected a JSON object of models");
  CHECK(error_of("5") == "expected a JSON object of models");
  CHECK(error_of("") == "expected JSON; it is wrong at byte 1");
  CHECK_THAT(error_of("{\"a\": {"), Contains("expected JSON; it is wrong at byte"));
  CHECK_THAT(error_of("{\"a\": {\"input_cost_per_token\": NaN}}"), Contains("expected JSON"));
  CHECK_THAT(error_of("{} x"), Contains("expected JSON"));
  CHECK_THAT(error_of("{\"a\": {\"input_cost_per_token\": 1e999}}"), Contains("expected JSON"));
  CHECK_THAT(error_of("{\"a\xff\": 1}"), Contains("expected JSON"));
  CHECK(error_of(R"({"a": )" + std::string(100, '[')) == "expected at most 64 levels of JSON");
  CHECK(error_of("{}") == "no error");
  std::string many = "{\"x\":1";
  for (int row = 0; row <= 100'000; ++row) many += ",\"" + std::to_string(row) + "\":{\"input_cost_per_token\":1e-6}";
  CHECK(error_of(many + "}") == "expected at most 100000 rows");

  std::string tiers = "{\"a\":{\"input_cost_per_token\":1e-6";
  for (int tier = 1; tier <= 17; ++tier) {
    tiers += ",\"input_cost_per_token_above_" + std::to_string(tier) + "k_tokens\":1e-6";
  }
  CHECK(read_litellm(tiers + "}}").bad_rows == 1);
  CHECK(read_litellm("{\"" + std::string(300, 'n') + "\":{\"input_cost_per_token\":1e-6}}").bad_rows == 1);
  CHECK(error_of(std::string((16U << 20U) + 1, ' ')) == "expected at most 16 MiB");
}

TEST_CASE("the config's rows count before the file's, and a bad file is an error", "[litellm_prices]") {
  const TestFolder folder;
  const auto file = folder.write("prices.json", kSample);
  const auto load = [](const std::string& yaml) {
    auto config = YamlMap::from_text(yaml, "c.yml");
    auto table = PriceTable::parse(config);
    config.finish();
    return table;
  };
  const auto table =
      load("price_file: " + file + "\nprices:\n- {model: 'claude-*', input: 1}\n- {model: mine, input: 7}\n");
  CHECK(table.size() == 7);
  const auto look = [&](const char* reply, const char* model) {
    const auto price = table.price(reply, "", model, {.input = 1}, "");
    return std::string{name_of(price.status)} + " " + std::to_string(price.nano_usd.value_or(-1));
  };
  CHECK(look("claude-sonnet", "") == "prefix 1000");
  CHECK(look("gpt-5", "") == "exact 1250");
  CHECK(look("gpt-5", "mine") == "exact 7000");
  CHECK(look("gpt-6", "gpt-5") == "exact 1250");

  CHECK_THROWS_WITH(load("price_file: " + folder.path("absent")),
                    Contains("c.yml:1: price_file: ") && Contains("absent"));
  folder.write("bad.json", "{\"a\": {\"mode\": \"chat\"}}");
  CHECK_THROWS_WITH(load("price_file: " + folder.path("bad.json")),
                    Contains("bad.json: expected prices as LiteLLM has"));
  folder.write("bad.json", "{");
  CHECK_THROWS_AS(load("price_file: " + folder.path("bad.json")), ConfigError);
}
