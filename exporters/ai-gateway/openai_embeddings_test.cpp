// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

TEST_CASE("ai-gateway OpenAI embeddings: usage is found behind vectors of any form") {
  const std::string usage = R"("model":"e-1","usage":{"prompt_tokens":8,"total_tokens":8}})";
  for (const std::string& vector :
       {std::string{"[0.1,-2.5e-3]"}, "\"" + std::string(100'000, 'A') + "\"", std::string{"[]"}}) {
    const auto facts =
        read_reply(openai_embeddings(), R"({"object":"list","data":[{"index":0,"embedding":)" + vector + "}]," + usage);
    CHECK(facts.usage_final);
    CHECK(facts.model == "e-1");
    CHECK(openai_embeddings().normalise(facts.usage) == Usage{8, 0});
  }
  const auto total = read_reply(openai_embeddings(), R"({"usage":{"total_tokens":9}})");
  CHECK(openai_embeddings().normalise(total.usage) == Usage{9, 0});
  CHECK_FALSE(openai_embeddings().normalise(read_reply(openai_embeddings(), R"({"usage":null})").usage));
}

TEST_CASE("ai-gateway OpenAI embeddings: a request has no output, and no usage to ask for") {
  const std::string body = R"({"model":"e","input":["a","b"],"encoding_format":"base64"})";
  const auto facts = openai_embeddings().read_request(body);
  CHECK(facts.max_output == 0);
  CHECK(facts.usage_asked);
  CHECK_FALSE(openai_embeddings().ask_for_usage(body));
  CHECK(openai_embeddings().strip_usage(R"({"usage":null})") == R"({"usage":null})");
}
