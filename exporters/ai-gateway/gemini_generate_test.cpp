// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

namespace {

std::string frame(const std::string& parts, const std::string& finish, const std::string& usage) {
  return R"({"candidates":[{"content":{"parts":)" + parts + R"(,"role":"model"})" + finish +
         R"(,"index":0}],"usageMetadata":)" + usage + R"(,"modelVersion":"gemini-x-1"})";
}

const std::string kFirst = frame(R"([{"text":"a"}])", "", R"({"promptTokenCount":10,"totalTokenCount":10})");
const std::string kSecond =
    frame(R"([{"text":"b"}])", "", R"({"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13})");
const std::string kLast = frame(R"([{"text":"c"}])", R"(,"finishReason":"STOP")",
                                R"({"promptTokenCount":10,"candidatesTokenCount":7,"thoughtsTokenCount":5,)"
                                R"("cachedContentTokenCount":4,"toolUsePromptTokenCount":2,"totalTokenCount":24})");

std::optional<Usage> usage_of(const std::string& usage) {
  return gemini_generate().normalise(read_reply(gemini_generate(), "{\"usageMetadata\":" + usage + "}").usage);
}

}  // namespace

TEST_CASE("ai-gateway Gemini: usage counts from the start, so that the last one counts") {
  ReplyFacts facts;
  CHECK(read_frames(gemini_generate(), {{"", kFirst}, {"", kSecond}}, facts) == "CC");
  CHECK_FALSE(facts.usage_final);
  CHECK(gemini_generate().normalise(facts.usage) == Usage{10, 3});
  CHECK(read_frames(gemini_generate(), {{"", kLast}}, facts) == "C");
  CHECK(facts.usage_final);
  CHECK(facts.ended);
  CHECK(facts.choices_ended == 1);
  CHECK(facts.model == "gemini-x-1");
  CHECK(gemini_generate().normalise(facts.usage) == Usage{12, 12, 4, 0, 0, 5});
}

TEST_CASE("ai-gateway Gemini: the elements of an array are frames, and the array may be read as a whole") {
  const auto array = "[" + kFirst + "\r\n,\r\n" + kSecond + "," + kLast + "]";
  constexpr std::array<std::string_view, 1> kElements{"*"};
  JsonScan scan{kElements};
  ReplyFacts frames;
  std::string kinds;
  for (const char byte : array) {
    scan.feed({&byte, 1});
    for (const auto& element : scan.take_found()) kinds += read_frames(gemini_generate(), {{"", element.text}}, frames);
  }
  CHECK(kinds == "CCC");
  CHECK(frames.usage_final);
  const auto whole = read_reply(gemini_generate(), array);
  CHECK(counts_of(whole.usage) == counts_of(frames.usage));
  CHECK(whole.usage_final);
  CHECK(whole.model == "gemini-x-1");
  CHECK(counts_of(read_reply(gemini_generate(), kLast).usage) == counts_of(frames.usage));
  CHECK(text_of(read_reply(gemini_generate(), R"([{"error":{"code":503,"status":"UNAVAILABLE"}}])").error) ==
        "UNAVAILABLE//503");
}

TEST_CASE("ai-gateway Gemini: what is content, and what ends") {
  const auto kind = [](const std::string& data) {
    ReplyFacts facts;
    return read_frames(gemini_generate(), {{"", data}}, facts);
  };
  const std::string usage = R"({"promptTokenCount":10})";
  CHECK(kind(frame("[]", "", usage)) == "L");
  CHECK(kind(frame(R"([{"text":""}])", "", usage)) == "L");
  CHECK(kind(frame(R"([{"text":""},{"text":"x","thought":true}])", "", usage)) == "C");
  CHECK(kind(frame(R"([{"functionCall":{"name":"f"}}])", "", usage)) == "C");
  CHECK(kind(frame(R"([{"inlineData":{"data":")" + std::string(500'000, 'A') + R"("}}])", "", usage)) == "C");
  CHECK(kind(frame(R"([{"text":""}])", R"(,"finishReason":"STOP")", usage)) == ".");
  CHECK(kind(R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})") == ".");
  CHECK(kind(R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9}})") == ".");
  CHECK(kind(R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}})") == "E");
}

TEST_CASE("ai-gateway Gemini: the meaning of counts") {
  CHECK(usage_of(R"({"promptTokenCount":10,"thoughtsTokenCount":5,"totalTokenCount":15})") == Usage{10, 5, 0, 0, 0, 5});
  CHECK(usage_of(R"({"promptTokenCount":10,"totalTokenCount":15})") == Usage{10, 5});
  CHECK(usage_of(R"({"candidatesTokenCount":5,"totalTokenCount":15})") == Usage{10, 5});
  CHECK(usage_of(R"({"promptTokenCount":10,"cachedContentTokenCount":90})") == Usage{10, 0, 10});
  CHECK_FALSE(usage_of(R"({"totalTokenCount":15})"));
  CHECK_FALSE(usage_of("{}"));
}

TEST_CASE("ai-gateway Gemini: requests") {
  const auto facts =
      gemini_generate().read_request(R"({"contents":[],"generationConfig":{"maxOutputTokens":99,"candidateCount":2}})");
  CHECK(facts.model.empty());
  CHECK_FALSE(facts.model_at);
  CHECK(facts.usage_asked);
  CHECK(facts.max_output == 99);
  CHECK(facts.choices == 2);
  CHECK_FALSE(facts.stateful);
  CHECK(gemini_generate().read_request(R"({"generation_config":{"max_output_tokens":7}})").max_output == 7);
  CHECK(gemini_generate().read_request(R"({"cachedContent":"cachedContents/1"})").stateful);
  CHECK_THROWS_AS(gemini_generate().read_request("[]"), BadRequest);
}
