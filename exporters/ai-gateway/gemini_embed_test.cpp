// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

TEST_CASE("ai-gateway Gemini embeddings: usage, where there is any") {
  const auto facts =
      read_reply(gemini_embed(),
                 R"({"embedding":{"values":[0.1,-0.2]},"usageMetadata":{"promptTokenCount":6,"totalTokenCount":6}})");
  CHECK(facts.usage_final);
  CHECK(gemini_embed().normalise(facts.usage) == Usage{6, 0});
  const auto older = read_reply(gemini_embed(), R"({"embeddings":[{"values":[0.1]}]})");
  CHECK_FALSE(older.usage_final);
  CHECK_FALSE(gemini_embed().normalise(older.usage));
}

TEST_CASE("ai-gateway Gemini embeddings: the body names the model as the path does, in each of a batch") {
  const auto renamed = [](const std::string& body) {
    return gemini_embed().with_model(body, gemini_embed().read_request(body), "e-2");
  };
  CHECK(renamed(R"({"content":{"parts":[{"text":"x"}]}})") == R"({"content":{"parts":[{"text":"x"}]}})");
  CHECK(renamed(R"({"model":"models/e","content":{"model":"x"}})") ==
        R"({"model":"models/e-2","content":{"model":"x"}})");
  std::string batch = "{\"requests\":[";
  std::string expected = batch;
  for (int at = 0; at < 500; ++at) {
    const std::string comma = at > 0 ? "," : "";
    batch += comma + R"({"model":"models/e","content":{"parts":[{"text":"x"}]}})";
    expected += comma + R"({"model":"models/e-2","content":{"parts":[{"text":"x"}]}})";
  }
  const bool same = renamed(batch + "]}") == expected + "]}";
  CHECK(same);
}

TEST_CASE("ai-gateway Gemini embeddings: requests have no output") {
  CHECK(gemini_embed().read_request(R"({"content":{}})").max_output == 0);
  CHECK_THROWS_AS(gemini_embed().read_request("{"), BadRequest);
}
