// SPDX-License-Identifier: Apache-2.0
#include "process_api.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

using namespace binnacle::gateway;
using Json = nlohmann::json;

namespace {

std::string refusal(std::string_view body) {
  try {
    parse_process_request(body);
  } catch (const BadRequest& error) {
    return error.what();
  }
  return "taken";
}

ProcessRequest conversation() {
  return parse_process_request(R"({"model":"m","system":"Be \"brief\".","max_tokens":7,"temperature":0.5,"messages":[
      {"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"Caf\u00e9?"}]})");
}

Json body_of(const ProcessRequest& request, Dialect dialect) {
  return Json::parse(process_call(request, dialect, "up/m").body);
}

ProcessReply reply(Dialect dialect, std::string_view body) {
  const auto parsed = parse_process_reply(dialect, body);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("a prompt is one message of the user", "[process_api]") {
  const auto request = parse_process_request(R"( {"model":"m","prompt":"Hi"} )");
  CHECK(request.model == "m");
  REQUIRE(request.messages.size() == 1);
  CHECK(request.messages.front().role == "user");
  CHECK(request.messages.front().content == "Hi");
  CHECK(request.system.empty());
  CHECK_FALSE(request.max_tokens);
  CHECK_FALSE(request.temperature);
}

TEST_CASE("a conversation", "[process_api]") {
  const auto request = conversation();
  CHECK(request.system == "Be \"brief\".");
  CHECK(request.max_tokens == 7U);
  CHECK(request.temperature == 0.5);
  REQUIRE(request.messages.size() == 3);
  CHECK(request.messages[1].role == "assistant");
  CHECK(request.messages[2].content == "Caf\xc3\xa9?");
}

TEST_CASE("process requests that cannot be read say why", "[process_api]") {
  CHECK(refusal("") == "the body is no JSON");
  CHECK(refusal("{\"model\":\"m\",") == "the body is no JSON");
  CHECK(refusal("{\"model\":\"\xff\",\"prompt\":\"a\"}") == "the body is no JSON");
  CHECK(refusal("[]") == "the body has to be a JSON object");
  CHECK(refusal(std::string(100'000, '[')) == "the body is nested too deeply, or has too many values");
  CHECK(refusal("[" + std::string(2'000'000, ',') + "]") == "the body is nested too deeply, or has too many values");
  CHECK(refusal(R"({"prompt":"a"})") == "model is missing");
  CHECK(refusal(R"({"model":"","prompt":"a"})") == "model is empty");
  CHECK(refusal(R"({"model":7,"prompt":"a"})") == "model has to be a text");
  CHECK(refusal(R"({"model":"a","model":"b","prompt":"a"})") == "a key comes twice");
  CHECK(refusal(R"({"model":"m"})") == "expected either prompt or messages");
  CHECK(refusal(R"({"model":"m","prompt":"a","messages":[]})") == "expected either prompt or messages");
  CHECK(refusal(R"({"model":"m","prompt":["a"]})") == "prompt has to be a text");
  CHECK(refusal(R"({"model":"m","messages":[]})") == "messages has to be a list of at least one");
  CHECK(refusal(R"({"model":"m","messages":["a"]})") == "each of messages has to be an object");
  CHECK(refusal(R"({"model":"m","messages":[{"role":"user"}]})") == "each of messages needs role and content");
  CHECK(refusal(R"({"model":"m","messages":[{"role":"system","content":"a"}]})") == "role has to be user or assistant");
  CHECK(refusal(R"({"model":"m","messages":[{"role":"user","content":"a","name":"x"}]})") ==
        "unknown key \"name\" in messages");
  CHECK(refusal(R"({"model":"m","prompt":"a","stream":true})") == "unknown key \"stream\"");
  CHECK(refusal(R"({"model":"m","prompt":"a","a\nb":1})") == "unknown key \"a?b\"");
  CHECK(refusal(R"({"model":"m","prompt":"a","system":null})") == "system has to be a text");
  for (const auto* const tokens : {"0", "-1", "1.5", "\"7\"", "1e30", "null", "99999999999999999999"}) {
    CAPTURE(tokens);
    CHECK(refusal(std::string(R"({"model":"m","prompt":"a","max_tokens":)") + tokens + "}") ==
          "max_tokens has to be a whole number above 0");
  }
  for (const auto* const temperature : {"-0.1", "2.1", "\"1\"", "null", "1e300"}) {
    CAPTURE(temperature);
    CHECK(refusal(std::string(R"({"model":"m","prompt":"a","temperature":)") + temperature + "}") ==
          "temperature has to be a number from 0 to 2");
  }
}

TEST_CASE("a process request as a call of each dialect", "[process_api]") {
  const auto request = conversation();
  const auto openai = process_call(request, Dialect::openai, "up/m");
  CHECK(process_operation(Dialect::openai) == Operation::chat);
  CHECK(openai.target == "/v1/chat/completions");
  CHECK(Json::parse(openai.body) == Json::parse(R"({"model":"up/m","max_completion_tokens":7,"temperature":0.5,
      "messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"Hi"},
                  {"role":"assistant","content":"Hello"},{"role":"user","content":"Café?"}]})"));

  const auto anthropic = process_call(request, Dialect::anthropic, "up/m");
  CHECK(process_operation(Dialect::anthropic) == Operation::messages);
  CHECK(anthropic.target == "/v1/messages");
  CHECK(Json::parse(anthropic.body) == Json::parse(R"({"model":"up/m","max_tokens":7,"temperature":0.5,
      "system":"Be \"brief\".","messages":[{"role":"user","content":"Hi"},
                  {"role":"assistant","content":"Hello"},{"role":"user","content":"Café?"}]})"));

  const auto gemini = process_call(request, Dialect::gemini, "up/m?x#é");
  CHECK(process_operation(Dialect::gemini) == Operation::generate_content);
  CHECK(gemini.target == "/v1beta/models/up%2Fm%3Fx%23%C3%A9:generateContent");
  CHECK(Json::parse(gemini.body) == Json::parse(R"({"systemInstruction":{"parts":[{"text":"Be \"brief\"."}]},
      "generationConfig":{"maxOutputTokens":7,"temperature":0.5},
      "contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello"}]},
                  {"role":"user","parts":[{"text":"Café?"}]}]})"));
}

TEST_CASE("a call has only what the process request says", "[process_api]") {
  const auto request = parse_process_request(R"({"model":"m","prompt":"Hi"})");
  CHECK(body_of(request, Dialect::openai) ==
        Json::parse(R"({"model":"up/m","messages":[{"role":"user","content":"Hi"}]})"));
  CHECK(body_of(request, Dialect::anthropic) ==
        Json::parse(R"({"model":"up/m","max_tokens":1024,"messages":[{"role":"user","content":"Hi"}]})"));
  CHECK(body_of(request, Dialect::gemini) == Json::parse(R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})"));
}

TEST_CASE("an OpenAI reply's text", "[process_api]") {
  const auto text =
      reply(Dialect::openai, R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hi \u00e9"},
      "finish_reason":"stop"},{"message":{"content":"second"}}]})");
  CHECK(text.text == "Hi \xc3\xa9");
  CHECK(text.finish_reason == "stop");
  const auto parts = reply(Dialect::openai, R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},
      {"type":"image_url"},{"type":"text","text":"b"}]},"finish_reason":"length"}]})");
  CHECK(parts.text == "ab");
  CHECK(parts.finish_reason == "length");
  const auto refused = reply(Dialect::openai, R"({"choices":[{"message":{"content":null,"refusal":"No."},
      "finish_reason":"content_filter"}]})");
  CHECK(refused.text == "No.");
  CHECK(refused.finish_reason == "filter");
  CHECK(reply(Dialect::openai, R"({"choices":[{"message":{},"finish_reason":"tool_calls"}]})").finish_reason == "tool");
  CHECK(reply(Dialect::openai, R"({"choices":[{"message":{},"finish_reason":7}]})").finish_reason == "other");
}

TEST_CASE("an Anthropic reply's text", "[process_api]") {
  const auto text = reply(Dialect::anthropic, R"({"type":"message","content":[{"type":"thinking","thinking":"hm"},
      {"type":"text","text":"a"},{"type":"tool_use","input":{}},{"type":"text","text":"b"}],"stop_reason":"end_turn"})");
  CHECK(text.text == "ab");
  CHECK(text.finish_reason == "stop");
  CHECK(reply(Dialect::anthropic, R"({"content":[],"stop_reason":"max_tokens"})").finish_reason == "length");
  CHECK(reply(Dialect::anthropic, R"({"content":[],"stop_reason":"tool_use"})").finish_reason == "tool");
  CHECK(reply(Dialect::anthropic, R"({"content":[],"stop_reason":"pause_turn"})").finish_reason == "other");
}

TEST_CASE("a Gemini reply's text", "[process_api]") {
  const auto text = reply(Dialect::gemini, R"({"candidates":[{"content":{"role":"model","parts":[
      {"text":"hm","thought":true},{"text":"a"},{"inlineData":{}},{"text":"b"}]},"finishReason":"MAX_TOKENS"}]})");
  CHECK(text.text == "ab");
  CHECK(text.finish_reason == "length");
  CHECK(reply(Dialect::gemini, R"({"promptFeedback":{"blockReason":"SAFETY"}})").finish_reason == "filter");
  CHECK(reply(Dialect::gemini, R"({"candidates":[{"finishReason":"RECITATION"}]})").text.empty());
}

TEST_CASE("what is no reply has no text", "[process_api]") {
  for (const auto dialect : kDialects) {
    for (const std::string& body :
         {std::string{}, std::string{"<html>"}, std::string{"[]"}, std::string{"{}"},
          std::string{R"({"choices":[],"candidates":[],"content":"a"})"},
          std::string{R"({"choices":{"message":1},"candidates":7,"content":null})"}, std::string(1000, '[')}) {
      CAPTURE(body);
      CHECK_FALSE(parse_process_reply(dialect, body));
    }
  }
}

TEST_CASE("the one shape of results", "[process_api]") {
  ProcessResult result;
  result.model = "m \"x\"";
  result.upstream = "up";
  result.reply = {"line\n\xff", "stop"};
  result.usage =
      Usage{.input = 10, .output = 5, .cached_input = 4, .cache_write_5m = 2, .cache_write_1h = 1, .reasoning = 3};
  result.cost_usd = 0.25;
  result.attempts = 2;
  result.duration_seconds = 1.5;
  CHECK(process_json(result) ==
        R"({"model":"m \"x\"","upstream":"up","text":"line\n)"
        "\xef\xbf\xbd"
        R"(","finish_reason":"stop","usage":{"input":10,"output":5,"cached_input":4,"cache_write":3,"reasoning":3},)"
        R"("cost_usd":0.25,"attempts":2,"duration_seconds":1.5})");
  const auto unknown = Json::parse(process_json({}));
  CHECK(unknown.at("usage").is_null());
  CHECK(unknown.at("cost_usd").is_null());
  CHECK(process_error("queue_full", "No \"room\".") == R"({"error":{"code":"queue_full","message":"No \"room\"."}})");
}

TEST_CASE("the models with their state", "[process_api]") {
  CHECK(process_list_json({}) == R"({"models":[]})");
  CHECK(
      process_list_json({{"m", Dialect::gemini, "degraded", {"a", "b"}, 3, 4}}) ==
      R"({"models":[{"name":"m","dialect":"gemini","state":"degraded","upstreams":["a","b"],"in_flight":3,"queued":4}]})");
  CHECK(Json::parse(process_list_json({{"m", Dialect::openai, "available", {"a"}, 0, 0}}))
            .at("models")
            .at(0)
            .at("upstreams") == Json::array({"a"}));
}

TEST_CASE("the models as each dialect lists them", "[process_api]") {
  const std::vector<ModelState> models{{"gpt \"x\"", Dialect::openai, "available", {}, 0, 0},
                                       {"caf\xc3\xa9", Dialect::openai, "available", {}, 0, 0}};
  CHECK(Json::parse(models_json(Dialect::openai, models)) == Json::parse(R"({"object":"list","data":[
      {"id":"gpt \"x\"","object":"model","created":0,"owned_by":"ai-gateway"},
      {"id":"café","object":"model","created":0,"owned_by":"ai-gateway"}]})"));
  CHECK(Json::parse(models_json(Dialect::anthropic, models)) == Json::parse(R"({"data":[
      {"type":"model","id":"gpt \"x\"","display_name":"gpt \"x\"","created_at":"1970-01-01T00:00:00Z"},
      {"type":"model","id":"café","display_name":"café","created_at":"1970-01-01T00:00:00Z"}],
      "has_more":false,"first_id":"gpt \"x\"","last_id":"café"})"));
  const auto gemini = Json::parse(models_json(Dialect::gemini, models));
  CHECK(gemini.at("models").at(1).at("name") == "models/café");
  CHECK(gemini.at("models").at(1).at("supportedGenerationMethods").at(0) == "generateContent");
  CHECK(models_json(Dialect::openai, {}) == R"({"object":"list","data":[]})");
  CHECK(models_json(Dialect::anthropic, {}) == R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
  CHECK(models_json(Dialect::gemini, {}) == R"({"models":[]})");
}
