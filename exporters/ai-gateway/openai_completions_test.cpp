// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

TEST_CASE("ai-gateway OpenAI completions: a stream and its usage") {
  ReplyFacts facts;
  CHECK(read_frames(openai_completions(),
                    {{"", R"({"model":"d-1","choices":[{"index":0,"text":"","finish_reason":null}]})"},
                     {"", R"({"model":"d-1","choices":[{"index":0,"text":"x","finish_reason":null}]})"},
                     {"", R"({"choices":[{"text":"y","finish_reason":"length"}],"usage":null})"},
                     {"", R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})"},
                     {"", "[DONE]"}},
                    facts) == "LCCU.");
  CHECK(facts.model == "d-1");
  CHECK(facts.usage_final);
  CHECK(facts.choices_ended == 1);
  CHECK(openai_completions().normalise(facts.usage) == Usage{5, 2});
}

TEST_CASE("ai-gateway OpenAI completions: requests") {
  const std::string body = R"({"model":"d","prompt":["a","b"],"stream":true,"max_tokens":16,"n":2,"best_of":4})";
  const auto facts = openai_completions().read_request(body);
  CHECK(facts.stream);
  CHECK(facts.max_output == 16);
  CHECK(facts.choices == 4);
  CHECK(openai_completions().ask_for_usage(body) ==
        body.substr(0, body.size() - 1) + R"(,"stream_options":{"include_usage":true}})");
}
