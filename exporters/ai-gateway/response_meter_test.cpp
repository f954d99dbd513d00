// SPDX-License-Identifier: Apache-2.0
#include "response_meter.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "test_replies.h"

using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kSse = "text/event-stream";
constexpr std::string_view kJson = "application/json; charset=utf-8";
const std::string kRole = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const std::string kWord = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
const std::string kError = "data: {\"error\":{\"message\":\"No.\",\"type\":\"server_error\"}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

ResponseMeter::Settings chat(std::string_view type = kSse, bool strip = false) {
  ResponseMeter::Settings settings;
  settings.protocol = &openai_chat();
  settings.content_type = type;
  settings.strip_usage = strip;
  settings.streamed = true;
  return settings;
}

Clock::time_point at(std::chrono::milliseconds time) { return Clock::time_point{} + time; }

}  // namespace

TEST_CASE("what comes before the first content is held back and comes with it", "[response_meter]") {
  ResponseMeter meter(chat(), at(0ms));
  CHECK(meter.streaming());
  CHECK(meter.feed(kRole, at(10ms)).empty());
  CHECK(meter.feed(": ping\n\n", at(20ms)).empty());
  CHECK(meter.holding());
  const auto half = kWord.substr(0, 20);
  CHECK(meter.feed(half, at(30ms)).empty());
  CHECK(meter.feed(kWord.substr(20), at(40ms)) == kRole + ": ping\n\n" + kWord);
  CHECK_FALSE(meter.holding());
  CHECK(meter.time_to_first_content() == 40ms);
  CHECK(meter.feed(kWord + kDone, at(50ms)) == kWord + kDone);
  CHECK(meter.ended());
  CHECK(meter.finish(true, at(60ms)).empty());
  CHECK_FALSE(meter.failed());
}

TEST_CASE("what is neither held nor stripped is not copied", "[response_meter]") {
  for (const bool strip : {false, true}) {
    CAPTURE(strip);
    ResponseMeter meter(chat(kSse, strip), at(0ms));
    meter.feed(kRole + kWord, at(1ms));
    const auto bytes = kWord + kWord;
    const auto out = meter.feed(bytes, at(2ms));
    CHECK(out.data() == bytes.data());
    CHECK(out.size() == bytes.size());
  }
}

TEST_CASE("an error before the first content goes nowhere, unless it is released", "[response_meter]") {
  for (const bool strip : {false, true}) {
    CAPTURE(strip);
    ResponseMeter meter(chat(kSse, strip), at(0ms));
    CHECK(meter.feed(kRole + kError, at(1ms)).empty());
    CHECK(meter.failed());
    CHECK(meter.holding());
    REQUIRE(meter.facts().error);
    CHECK(meter.facts().error->type == "server_error");
    CHECK(meter.feed(kWord, at(2ms)).empty());
    CHECK(meter.finish(true, at(3ms)).empty());
    meter.release();
    CHECK(meter.finish(true, at(3ms)) == kRole + kError + kWord);
  }
}

TEST_CASE("an error after the first content passes", "[response_meter]") {
  ResponseMeter meter(chat(), at(0ms));
  CHECK(meter.feed(kWord + kError, at(1ms)) == kWord + kError);
  CHECK(meter.failed());
  CHECK_FALSE(meter.holding());
  CHECK_FALSE(meter.ended());
}

TEST_CASE("holding back ends by the client's patience, and by bytes", "[response_meter]") {
  ResponseMeter waited(chat(), at(0ms));
  CHECK(waited.feed(kRole, at(1ms)).empty());
  waited.release();
  CHECK(waited.feed({}, at(2ms)) == kRole);
  CHECK(waited.feed(kError, at(3ms)) == kError);
  CHECK(waited.failed());

  for (const bool strip : {false, true}) {
    CAPTURE(strip);
    auto settings = chat(kSse, strip);
    settings.hold_back = 100;
    ResponseMeter bounded(settings, at(0ms));
    CHECK(bounded.feed(kRole, at(1ms)).empty());
    CHECK(bounded.feed(kRole, at(2ms)) == kRole + kRole);
    CHECK(bounded.feed(kError, at(3ms)) == kError);
    settings.hold_back = 0;
    ResponseMeter open(settings, at(0ms));
    CHECK(open.feed(kRole, at(1ms)) == kRole);
    CHECK_FALSE(open.holding());
  }
}

TEST_CASE("a stream that breaks off while it is held goes nowhere", "[response_meter]") {
  ResponseMeter broken(chat(), at(0ms));
  broken.feed(kRole, at(1ms));
  CHECK(broken.finish(false, at(2ms)).empty());
  CHECK(broken.holding());
  ResponseMeter whole(chat(), at(0ms));
  whole.feed(kRole, at(1ms));
  CHECK(whole.finish(true, at(2ms)) == kRole);
  CHECK_FALSE(whole.first_content());
  CHECK_FALSE(whole.ended());
}

TEST_CASE("a frame that is none of the protocol fails a stream before its first content", "[response_meter]") {
  ResponseMeter meter(chat(), at(0ms));
  CHECK(meter.feed("data: upstream is busy\n\n", at(1ms)).empty());
  CHECK(meter.failed());
  CHECK(meter.unread() == "frame");
  ResponseMeter late(chat(), at(0ms));
  late.feed(kWord, at(1ms));
  CHECK(late.feed("data: odd\n\n", at(1ms)) == "data: odd\n\n");
  CHECK_FALSE(late.failed());
}

TEST_CASE("times between chunks are those of their pieces", "[response_meter]") {
  ResponseMeter meter(chat(), at(0ms));
  meter.feed(kWord, at(100ms));
  meter.feed(kWord + kWord, at(103ms));
  meter.feed(kRole, at(150ms));
  meter.feed(kWord.substr(0, 30), at(160ms));
  meter.feed(kWord.substr(30), at(203ms));
  meter.feed(kWord, at(20s));
  const auto& times = meter.chunk_times();
  CHECK(meter.chunks() == 6);
  CHECK(times.counts[0] == 1);  // 0 s
  CHECK(times.counts[2] == 1);  // 3 ms
  CHECK(std::accumulate(times.counts.begin(), times.counts.end(), 0U) == 5);
  CHECK(times.counts.back() == 1);
  CHECK(times.sum_seconds == Approx(19.9));
  CHECK(meter.first_content() == at(100ms));
  CHECK(meter.last_content() == at(20s));
}

TEST_CASE("a frame over the limit passes as it comes, and is one chunk", "[response_meter]") {
  for (const bool strip : {false, true}) {
    CAPTURE(strip);
    auto settings = chat(kSse, strip);
    settings.frame_limit = 100;
    const auto long_frame = "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(500, 'x') + "\"}}]}\n\n";
    ResponseMeter meter(settings, at(0ms));
    CHECK(meter.feed(kRole + long_frame, at(1ms)) == kRole + long_frame);
    std::string out;
    for (const char byte : long_frame + kDone) out += meter.feed({&byte, 1}, at(2ms));
    CHECK(out == long_frame + kDone);
    CHECK(meter.unread().empty());
    CHECK(meter.chunks() == 2);
    const auto no_json = ": comment " + std::string(500, 'x') + "\n\ndata: " + std::string(500, 'x') + "\n\n";
    CHECK(meter.feed(no_json, at(3ms)) == no_json);
    CHECK(meter.unread() == "frame");
    CHECK(meter.chunks() == 3);
    CHECK(meter.ended());
  }
}

TEST_CASE("usage, errors and the end are found in a frame over the limit", "[response_meter]") {
  const std::string text(5000, 'x');
  const std::string usage = R"("usage":{"input_tokens":7,"output_tokens":9}}})";
  const auto frame_of = [&](const std::string& type) {
    return "event: response." + type + "\r\ndata: {\"type\":\"response." + type +
           "\",\r\ndata:\"response\":{\"model\":\"gpt-5\",\"output\":[{\"text\":\"" + text +
           "\\\"usage\\\":1\"}],\"error\":" + (type == "failed" ? R"({"code":"server_error"})" : "null") + "," + usage +
           "\r\n\r\n";
  };
  for (const std::string type : {"completed", "failed"}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
      CAPTURE(type, step);
      auto settings = chat();
      settings.protocol = &openai_responses();
      settings.frame_limit = 1000;
      ResponseMeter meter(settings, at(0ms));
      const auto body = "event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\n" + frame_of(type);
      std::string out;
      for (std::size_t from = 0; from < body.size(); from += step) out += meter.feed(body.substr(from, step), at(1ms));
      CHECK(out == body);
      CHECK(meter.facts().usage.input == 7);
      CHECK(meter.facts().usage.output == 9);
      CHECK(meter.facts().usage_final);
      CHECK(meter.facts().model == "gpt-5");
      CHECK(meter.ended() == (type == "completed"));
      CHECK(meter.failed() == (type == "failed"));
      CHECK(meter.chunks() == 1);
      CHECK(meter.unread().empty());
    }
  }
}

TEST_CASE("what is held back is counted, and where there is no room nothing is held", "[response_meter]") {
  std::size_t total = 100;
  auto settings = chat();
  settings.held_total = &total;
  settings.held_limit = 100 + 2 * kRole.size();
  {
    ResponseMeter meter(settings, at(0ms));
    CHECK(meter.feed(kRole, at(0ms)).empty());
    CHECK(total == 100 + kRole.size());
    CHECK(meter.feed("data: {", at(0ms)).empty());  // that is kept twice: as a frame, and for the client
    CHECK(total == 100 + kRole.size() + 2 * 7);
    CHECK(meter.feed(kWord.substr(7), at(0ms)) == kRole + kWord);
    CHECK(total == 100);
    CHECK(meter.feed("data: {", at(0ms)) == "data: {");
    CHECK(total == 107);
  }
  CHECK(total == 100);
  ResponseMeter meter(settings, at(0ms));
  CHECK(meter.feed(kRole, at(0ms)).empty());
  total += kRole.size();  // somebody else's
  CHECK(meter.holding());
  CHECK(meter.feed(kRole, at(0ms)) == kRole + kRole);
  CHECK_FALSE(meter.holding());
  CHECK(total == 100 + kRole.size());
}

TEST_CASE("what cannot be looked at passes, and says why", "[response_meter]") {
  auto settings = chat("text/html");
  ResponseMeter html(settings, at(0ms));
  CHECK(html.feed("<html>", at(1ms)) == "<html>");
  CHECK(html.finish(true, at(1ms)).empty());
  CHECK(html.unread() == "content_type");
  CHECK_FALSE(html.failed());
  CHECK_FALSE(html.streaming());
  CHECK(html.ended());

  settings = chat(kSse, true);
  settings.content_encoding = "zstd";
  ResponseMeter zstd(settings, at(0ms));
  CHECK(zstd.feed(kRole, at(1ms)) == kRole);
  CHECK(zstd.unread() == "encoding");
  CHECK(zstd.streaming());
  CHECK_FALSE(zstd.decodes());
  CHECK_FALSE(zstd.strips());

  settings = chat();
  settings.content_encoding = "gzip";
  ResponseMeter lie(settings, at(0ms));
  CHECK(lie.feed(kRole, at(1ms)) == kRole);
  CHECK(lie.unread() == "encoding");
  CHECK_FALSE(lie.failed());
  CHECK(lie.feed(kError, at(1ms)) == kError);

  settings.protocol = nullptr;
  ResponseMeter other(settings, at(0ms));
  CHECK(other.feed(kError, at(1ms)) == kError);
  CHECK(other.unread().empty());
  CHECK_FALSE(other.failed());
}

TEST_CASE("a body that has to be decoded and cannot be fails", "[response_meter]") {
  auto settings = chat(kSse, true);
  settings.content_encoding = "gzip";
  ResponseMeter meter(settings, at(0ms));
  CHECK(meter.decodes());
  CHECK(meter.changes_length());
  const auto good = encode_pieces("gzip", {kRole + kWord, kWord, kDone});
  CHECK(meter.feed(good[0], at(1ms)) == kRole + kWord);
  CHECK(meter.feed("\xff\xff\xff\xff", at(2ms)).empty());
  CHECK(meter.failed());
  CHECK(meter.unread() == "encoding");
  CHECK(meter.feed(good[1], at(3ms)).empty());
}

TEST_CASE("an error as JSON of status 200 fails a stream before anything is sent", "[response_meter]") {
  const std::string body = R"({"error":{"message":"No.","type":"overloaded_error","code":503}})";
  ResponseMeter meter(chat(kJson), at(0ms));
  CHECK(meter.feed(body.substr(0, 30), at(1ms)).empty());
  CHECK(meter.feed(body.substr(30), at(1ms)).empty());
  CHECK(meter.failed());
  CHECK(meter.holding());
  REQUIRE(meter.facts().error);
  CHECK(meter.facts().error->type == "overloaded_error");
  auto settings = chat(kJson);
  settings.streamed = false;
  ResponseMeter asked_whole(settings, at(0ms));
  CHECK(asked_whole.feed(body, at(1ms)) == body);
  CHECK(asked_whole.failed());
}

TEST_CASE("a whole reply on a request for a stream passes when it is whole", "[response_meter]") {
  const auto body = reply_file("openai-chat.json");
  ResponseMeter meter(chat(kJson), at(0ms));
  CHECK(meter.feed(std::string_view(body).substr(0, 100), at(1ms)).empty());
  CHECK(meter.feed(std::string_view(body).substr(100), at(2ms)) == body);
  CHECK(meter.ended());
  CHECK_FALSE(meter.failed());
  CHECK_FALSE(meter.first_content());
}

TEST_CASE("JSON that is none, or not whole, passes and says so", "[response_meter]") {
  auto settings = chat(kJson);
  settings.streamed = false;
  for (const std::string& body :
       {std::string{"{\"usage\":]"}, std::string{"{\"usage\":{\"prompt_tokens\":7}"}, std::string{}}) {
    CAPTURE(body);
    ResponseMeter meter(settings, at(0ms));
    CHECK(meter.feed(body, at(1ms)) == body);
    meter.finish(true, at(1ms));
    CHECK(meter.unread() == "json");
    CHECK_FALSE(meter.ended());
  }
}

TEST_CASE("errors by status are read, whatever encodes them", "[response_meter]") {
  struct Row {
    const Protocol* protocol;
    std::string file;
    std::string type;
  };
  for (const auto& row : {Row{&openai_chat(), "openai-error.json", "insufficient_quota"},
                          Row{&anthropic_messages(), "anthropic-error.json", "overloaded_error"},
                          Row{&gemini_generate(), "gemini-error.json", "RESOURCE_EXHAUSTED"}}) {
    for (const auto* const encoding : {"", "gzip", "br"}) {
      CAPTURE(row.file, encoding);
      ResponseMeter::Settings settings;
      settings.protocol = row.protocol;
      settings.status = 429;
      settings.content_type = kJson;
      settings.content_encoding = encoding;
      const auto body = encoded(encoding, reply_file(row.file));
      ResponseMeter meter(settings, at(0ms));
      CHECK(meter.feed(body, at(1ms)) == body);
      meter.finish(true, at(1ms));
      REQUIRE(meter.facts().error);
      CHECK(meter.facts().error->type == row.type);
      CHECK_FALSE(meter.holding());
      CHECK(meter.ended());
    }
  }
}

TEST_CASE("an error's body that is none passes", "[response_meter]") {
  auto settings = chat("text/html");
  settings.status = 502;
  ResponseMeter meter(settings, at(0ms));
  const std::string body(200'000, '<');
  CHECK(meter.feed(body, at(1ms)) == body);
  meter.finish(true, at(1ms));
  CHECK_FALSE(meter.facts().error);
}

TEST_CASE("Gemini's array is a stream", "[response_meter]") {
  const auto body = reply_file("gemini-array.json");
  for (const bool told : {false, true}) {
    CAPTURE(told);
    ResponseMeter::Settings settings;
    settings.protocol = &gemini_generate();
    settings.content_type = kJson;
    settings.streamed = told;
    ResponseMeter meter(settings, at(0ms));
    CHECK(meter.streaming() == told);
    CHECK(meter.feed("[", at(1ms)).empty());
    CHECK(meter.streaming());
    CHECK(meter.feed(std::string_view(body).substr(1), at(2ms)) == body);
    CHECK(meter.chunks() >= 3);
    CHECK(meter.ended());
  }
}
