// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

namespace {

std::string chunk(const std::string& delta, const std::string& rest = "") {
  return R"({"id":"c","object":"chat.completion.chunk","model":"gpt-x-1","choices":[{"index":0,"delta":)" + delta +
         R"(,"finish_reason":null}])" + rest + "}";
}

const std::string kUsage = R"("usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,)"
                           R"("prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":0},)"
                           R"("completion_tokens_details":{"reasoning_tokens":15,"accepted_prediction_tokens":0}})";
const std::string kRole = chunk(R"({"role":"assistant","content":"","refusal":null})");
const std::string kFinish = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null})";

std::optional<Usage> usage_of(const std::string& usage) {
  ReplyFacts facts;
  openai_chat().read_frame("", R"({"choices":[],"usage":)" + usage + "}", false, facts);
  return openai_chat().normalise(facts.usage);
}

std::string asked(std::string_view body) { return openai_chat().ask_for_usage(body).value_or("-"); }
std::string stripped(std::string_view data) { return openai_chat().strip_usage(data).value_or("-"); }

}  // namespace

TEST_CASE("ai-gateway OpenAI chat: what a request says") {
  const auto facts = openai_chat().read_request(
      R"({"model":"m","stream":true,"max_tokens":10,"max_completion_tokens":50,"n":3,"stream_options":{"include_usage":true},"store":true})");
  CHECK(facts.stream);
  CHECK(facts.usage_asked);
  CHECK(facts.max_output == 50);
  CHECK(facts.choices == 3);
  CHECK_FALSE(facts.stateful);
  for (const std::string n : {"0", "-1", "1.5", "null", "\"2\"", "1e30"}) {
    INFO(n);
    const auto odd = openai_chat().read_request(R"({"model":"m","n":)" + n + R"(,"max_tokens":)" + n + "}");
    CHECK(odd.choices == 1);
    CHECK(odd.max_output.value_or(0) == 0);
  }
  CHECK(openai_chat().read_request(R"({"model":"m","n":999999999999})").choices == 1024);
  CHECK_FALSE(openai_chat().read_request(R"({"model":"m","stream":true})").usage_asked);
  CHECK_FALSE(openai_chat().read_request(R"({"model":"m","stream_options":{"include_usage":false}})").usage_asked);
}

TEST_CASE("ai-gateway OpenAI chat: usage is asked for without touching the rest") {
  CHECK(asked(R"({ "model":"m", "stream" : true })") ==
        R"({ "model":"m", "stream" : true ,"stream_options":{"include_usage":true}})");
  CHECK(asked(R"({"stream":true,"stream_options":{},"seed":12345678901234567890})") ==
        R"({"stream":true,"stream_options":{"include_usage":true},"seed":12345678901234567890})");
  CHECK(asked(R"({"stream":true,"stream_options":{ }})") ==
        R"({"stream":true,"stream_options":{"include_usage":true }})");
  CHECK(asked(R"({"stream":true,"stream_options":{"x":1}})") ==
        R"({"stream":true,"stream_options":{"include_usage":true,"x":1}})");
  CHECK(asked(R"({"stream":true,"stream_options":{"include_usage":false,"x":1}})") ==
        R"({"stream":true,"stream_options":{"include_usage":true,"x":1}})");
  CHECK(asked(R"({"stream":true,"stream_options":{"include_usage": null }})") ==
        R"({"stream":true,"stream_options":{"include_usage": true }})");
  CHECK(asked(R"({"stream_options":null,"stream":true})") ==
        R"({"stream_options":{"include_usage":true},"stream":true})");
  for (const std::string_view body :
       {R"({"model":"m"})", R"({"stream":false})", R"({"stream":true,"stream_options":{"include_usage":true}})",
        R"({"stream":true,"stream_options":1})", R"({"stream":true,"stream_options":{},"stream_options":{}})",
        R"({"stream":true,"stream":true})", R"([{"stream":true}])", R"({"stream":true)", ""}) {
    INFO(body);
    CHECK(asked(body) == "-");
  }
}

TEST_CASE("ai-gateway OpenAI chat: a stream's frames and its usage") {
  ReplyFacts facts;
  CHECK(read_frames(openai_chat(),
                    {{"", kRole},
                     {"", chunk(R"({"content":"Hello"})", R"(,"usage":null,"service_tier":"default")")},
                     {"", chunk(R"({"content":" \"usage\":{\"prompt_tokens\":7}"})")},
                     {"", kFinish},
                     {"", R"({"model":"gpt-x-1","choices":[],)" + kUsage + "}"},
                     {"", "[DONE]"}},
                    facts) == "LCCLU.");
  CHECK(facts.model == "gpt-x-1");
  CHECK(facts.service_tier == "default");
  CHECK(facts.usage_final);
  CHECK(facts.ended);
  CHECK(facts.choices_ended == 1);
  CHECK(openai_chat().normalise(facts.usage) == Usage{100, 20, 60, 10, 0, 15});
}

TEST_CASE("ai-gateway OpenAI chat: what is content") {
  for (const std::string delta :
       {R"({"content":"x"})", R"({"role":"assistant","content":"x"})", R"({"reasoning":"x"})",
        R"({"content":"","reasoning_content":"x"})", R"({"tool_calls":[{"index":0}]})", R"({"refusal":"x"})",
        R"({"audio":{"id":"a"}})", R"({"function_call":{"name":"f"}})", R"({"images":[{}]})"}) {
    INFO(delta);
    ReplyFacts facts;
    CHECK(read_frames(openai_chat(), {{"", chunk(delta)}}, facts) == "C");
  }
  for (const std::string delta : {"{}", R"({"content":null})", R"({"content":""})", R"({"tool_calls":[ ]})", "null",
                                  R"({"role":"assistant"})", R"({"content":"","tool_calls":null,"audio":{}})"}) {
    INFO(delta);
    ReplyFacts facts;
    CHECK(read_frames(openai_chat(), {{"", chunk(delta)}}, facts) == "L");
  }
  ReplyFacts facts;
  CHECK(read_frames(openai_chat(), {{"", chunk(R"({"content":")" + std::string(1'000'000, 'x') + R"("})")}}, facts) ==
        "C");
  CHECK(read_frames(openai_chat(), {{"", R"({"choices":[],"prompt_filter_results":[]})"}}, facts) == "L");
}

TEST_CASE("ai-gateway OpenAI chat: usage on other chunks than its own") {
  ReplyFacts finish;
  CHECK(read_frames(openai_chat(),
                    {{"", chunk(R"({"content":"x"})")},
                     {"", R"({"choices":[{"delta":{},"finish_reason":"stop"}],)" + kUsage + "}"}},
                    finish) == "CL");
  CHECK(finish.usage_final);
  CHECK(finish.usage.input == 100);

  ReplyFacts so_far;
  read_frames(openai_chat(),
              {{"", chunk(R"({"content":"x"})", R"(,"usage":{"prompt_tokens":100,"completion_tokens":1})")},
               {"", chunk(R"({"content":"y"})", R"(,"usage":{"prompt_tokens":100,"completion_tokens":2})")}},
              so_far);
  CHECK_FALSE(so_far.usage_final);
  CHECK(openai_chat().normalise(so_far.usage) == Usage{100, 2});

  ReplyFacts groq;
  read_frames(
      openai_chat(),
      {{"",
        R"({"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}})"}},
      groq);
  CHECK(groq.usage_final);
  CHECK(openai_chat().normalise(groq.usage) == Usage{3, 4});

  ReplyFacts choices;
  read_frames(
      openai_chat(),
      {{"",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{"content":"a"},"finish_reason":null}]})"},
       {"", R"({"choices":[{"index":1,"delta":{},"finish_reason" : "length"}]})"}},
      choices);
  CHECK(choices.choices_ended == 2);
}

TEST_CASE("ai-gateway OpenAI chat: usage that was asked for is stripped") {
  CHECK(stripped(R"({"choices":[],)" + kUsage + "}") == "-");
  CHECK(stripped(R"({"choices":null,"usage":{}})") == "-");
  CHECK(stripped(R"({"model":"m","us\u0061ge":{"prompt_tokens":1}})") == "-");
  CHECK(stripped(R"({"choices":[{"delta":{"content":"x"}}],"usage":null})") ==
        R"({"choices":[{"delta":{"content":"x"}}]})");
  CHECK(stripped(R"({"usage": null, "choices":[{}], "usage": null})") == R"({"choices":[{}]})");
  CHECK(stripped(R"({"choices":[],"usage":null,"prompt_filter_results":[]})") ==
        R"({"choices":[],"prompt_filter_results":[]})");
  for (const std::string& same :
       {std::string{R"({"choices":[{"delta":{"usage":null,"content":"usage"}}]})"},
        R"({"choices":[{"delta":{},"finish_reason":"stop"}],)" + kUsage + "}",
        R"({"choices":[],"error":{"code":502},)" + kUsage + "}", std::string{"[DONE]"}, std::string{""},
        std::string{"usage"}, std::string{R"({"choices":[],"usage":{)"}, std::string{R"(["usage",null])"}}) {
    INFO(same);
    CHECK(stripped(same) == same);
  }
}

TEST_CASE("ai-gateway OpenAI chat: counts that are none are passed over") {
  for (const std::string value :
       {"null", "\"12\"", "-1", "1.5", "1e30", "1e999", "18446744073709551616", "[]", "{}", "true", "9999999999999"}) {
    INFO(value);
    const auto usage = usage_of(R"({"prompt_tokens":)" + value + R"(,"completion_tokens":5})");
    REQUIRE(usage);
    CHECK(*usage == Usage{0, 5});
    CHECK_FALSE(usage_of(value));
  }
  CHECK(usage_of(R"({"prompt_tokens":1,"prompt_tokens":2,"prompt_tokens":null})") == Usage{2, 0});
}

TEST_CASE("ai-gateway OpenAI chat: the meaning of counts") {
  CHECK(usage_of(R"({"prompt_tokens":10,"total_tokens":298})") == Usage{10, 288});
  CHECK(usage_of(R"({"completion_tokens":8,"total_tokens":18})") == Usage{10, 8});
  CHECK(usage_of(R"({"prompt_tokens":4,"completion_tokens":6,"total_tokens":298})") == Usage{4, 6});
  CHECK(usage_of(R"({"prompt_tokens":10,"total_tokens":3})") == Usage{10, 0});
  CHECK_FALSE(usage_of(R"({"total_tokens":3})"));
  CHECK_FALSE(usage_of("{}"));
  const std::string details = R"(,"completion_tokens_details":{"reasoning_tokens":7})";
  CHECK(usage_of(R"({"prompt_tokens":4,"completion_tokens":9,"total_tokens":13)" + details + "}") ==
        Usage{4, 9, 0, 0, 0, 7});
  CHECK(usage_of(R"({"prompt_tokens":4,"completion_tokens":9,"total_tokens":20)" + details + "}") ==
        Usage{4, 16, 0, 0, 0, 7});
  CHECK(usage_of(R"({"prompt_tokens":4,"completion_tokens":9,"prompt_cache_hit_tokens":3})") == Usage{4, 9, 3});
  CHECK(usage_of(R"({"prompt_tokens":4,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":9})" + details +
                 "}") == Usage{4, 2, 4, 0, 0, 2});
}

TEST_CASE("ai-gateway OpenAI chat: a whole reply") {
  const auto facts = read_reply(
      openai_chat(),
      R"({"id":"c","model":"gpt-x-1","choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":1}"}}],)" + kUsage +
          R"(,"service_tier":"flex"})");
  CHECK(facts.usage_final);
  CHECK(facts.model == "gpt-x-1");
  CHECK(facts.service_tier == "flex");
  CHECK_FALSE(facts.error);
  CHECK(openai_chat().normalise(facts.usage) == Usage{100, 20, 60, 10, 0, 15});
  const auto failed = read_reply(openai_chat(), R"({"error":{"message":"m","code":502}})");
  CHECK(text_of(failed.error) == "//502");
  CHECK_FALSE(failed.usage_final);
}
