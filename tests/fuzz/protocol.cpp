// SPDX-License-Identifier: Apache-2.0
// Requests, whole replies, errors and frames of all protocols. The first byte chooses the protocol (0 to 6); the first
// line is the event's name, the rest the data.
#include "ai-gateway/protocol.h"

#include <nlohmann/json.hpp>
#include <string>

#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::gateway;
using Json = nlohmann::json;

void check(const Protocol& protocol, const ReplyFacts& facts) {
  require(facts.model.size() <= 200 && is_utf8(facts.model), "a model's name is bounded");
  require(facts.service_tier.size() <= 32 && is_utf8(facts.service_tier), "a tier is bounded");
  if (facts.error) {
    for (const auto* const text : {&facts.error->type, &facts.error->code}) {
      require(text->size() <= 64 && is_ascii(*text), "an error's names are bounded");
      require(text->find_first_of(" \n\"<") == std::string::npos, "an error's names are plain");
    }
    require(facts.error->status.value_or(400) >= 400 && facts.error->status.value_or(400) < 600, "a status is one");
    require(facts.error->retry_after_seconds.value_or(0) >= 0, "a wait is not negative");
  }
  const auto usage = protocol.normalise(facts.usage);
  if (!usage) return;
  require(usage->cached_input <= usage->input && usage->cache_write() <= usage->input - usage->cached_input,
          "the cache is part of the input");
  require(usage->reasoning <= usage->output, "reasoning is part of the output");
}

bool same(const UsageFields& a, const UsageFields& b) {
  return a.input == b.input && a.output == b.output && a.total == b.total && a.cached_input == b.cached_input &&
         a.cache_write == b.cache_write && a.cache_write_5m == b.cache_write_5m &&
         a.cache_write_1h == b.cache_write_1h && a.reasoning == b.reasoning && a.tool_input == b.tool_input;
}

void read_frame(const Protocol& protocol, std::string_view event, std::string_view data) {
  ReplyFacts fresh;
  ReplyFacts later;
  const auto at_start = protocol.read_frame(event, data, false, fresh);
  const auto begun = protocol.read_frame(event, data, true, later);
  check(protocol, fresh);
  require((at_start == FrameKind::error) == (begun == FrameKind::error), "an error is one at any time");
  require((at_start == FrameKind::end) == (begun == FrameKind::end), "an end is one at any time");
  require(same(fresh.usage, later.usage) && fresh.usage_final == later.usage_final, "usage is the same at any time");
  require(fresh.ended == later.ended && fresh.choices_ended == later.choices_ended, "ends are the same at any time");
  require(fresh.error.has_value() == (at_start == FrameKind::error), "an error is told");
}

void strip(const Protocol& protocol, std::string_view data) {
  const auto stripped = protocol.strip_usage(data);
  if (!stripped) return;
  require(stripped->size() <= data.size(), "stripping adds nothing");
  if (Json::accept(data)) require(Json::accept(*stripped), "what was JSON stays JSON");
}

void read_request(const Protocol& protocol, std::string_view body) {
  accepts([&] {
    const auto facts = protocol.read_request(body);
    require(facts.choices >= 1 && facts.choices <= 1024, "choices are bounded");
    require(facts.bytes == body.size(), "a body has its size");
    if (facts.model_at) require(facts.model_at->end <= body.size(), "the model is in the body");
    const auto renamed = protocol.with_model(body, facts, "n\"w");
    if (Json::accept(body)) require(Json::accept(renamed), "a renamed body is JSON");
    if (facts.model_at) require(protocol.read_request(renamed).model == "n\"w", "a renamed body has the new name");
    const auto asked = protocol.ask_for_usage(body);
    if (!asked) return;
    require(facts.stream && !facts.usage_asked, "usage is asked for where it is not");
    const auto again = protocol.read_request(*asked);
    require(again.usage_asked && again.model == facts.model, "it is asked for");
    require(!protocol.ask_for_usage(*asked), "it is asked for once");
    if (!Json::accept(body)) return;
    auto before = Json::parse(body);
    auto after = Json::parse(*asked);
    before.erase("stream_options");
    after.erase("stream_options");
    require(before == after, "nothing else changes");
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  const auto& protocol = *protocol_of(kOperations.at((data[0] + 1U) % (kOperationCount - 1)));
  auto rest = as_text(data + 1, size - 1);
  const auto event = next_line(rest).value_or("");
  read_frame(protocol, event, rest);
  read_frame(protocol, "", rest);
  strip(protocol, rest);
  read_request(protocol, rest);
  ReplyFacts facts;
  JsonScan scan{protocol.captured_paths()};
  scan.feed(rest);
  protocol.read_reply(scan.found(), facts);
  check(protocol, facts);
  ReplyFacts failed;
  protocol.read_error(rest, failed);
  check(protocol, failed);
  return 0;
}
