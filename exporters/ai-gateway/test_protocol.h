// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "protocol_common.h"

namespace binnacle::gateway {

struct TestFrame {
  std::string_view event;
  std::string data;
};

inline auto counts_of(const UsageFields& usage) {
  return std::tuple{usage.input,          usage.output,         usage.total,     usage.cached_input, usage.cache_write,
                    usage.cache_write_5m, usage.cache_write_1h, usage.reasoning, usage.tool_input};
}

/// All that must not depend on whether content was seen before.
inline auto lasting_facts(FrameKind kind, const ReplyFacts& facts) {
  return std::tuple{counts_of(facts.usage),
                    facts.usage_final,
                    facts.choices_ended,
                    facts.ended,
                    facts.error ? facts.error->type + "/" + facts.error->code : "none",
                    facts.error ? facts.error->status : std::nullopt,
                    kind == FrameKind::error,
                    kind == FrameKind::end};
}

/// Reads a stream's frames into `facts`; a letter for each: Lifecycle, Content, Usage, Error or End (".").
inline std::string read_frames(const Protocol& protocol, const std::vector<TestFrame>& frames, ReplyFacts& facts) {
  std::string kinds;
  bool begun = false;
  for (const auto& [event, data] : frames) {
    INFO(event << ": " << data);
    auto fresh = facts;
    auto later = facts;
    const auto at_start = protocol.read_frame(event, data, false, fresh);
    const auto after_content = protocol.read_frame(event, data, true, later);
    CHECK(lasting_facts(at_start, fresh) == lasting_facts(after_content, later));
    JsonScan scan{protocol.frame_paths(), kValueLimit};
    // The one frame without JSON is never a long one.
    if (data.find("[DONE]") == std::string::npos && scan.feed(data) == JsonScan::State::whole) {
      auto scanned = facts;
      CHECK(protocol.read_long_frame(event, scan.found(), scanned) == at_start);
      CHECK(lasting_facts(at_start, scanned) == lasting_facts(at_start, fresh));
    }
    const auto kind = begun ? after_content : at_start;
    facts = begun ? later : fresh;
    begun = begun || kind == FrameKind::content;
    kinds += std::string_view{"LCUE."}[static_cast<std::size_t>(kind)];
  }
  return kinds;
}

/// What a whole reply tells, which comes byte for byte.
inline ReplyFacts read_reply(const Protocol& protocol, std::string_view body) {
  JsonScan scan{protocol.captured_paths()};
  for (const char byte : body) scan.feed({&byte, 1});
  REQUIRE(scan.state() == JsonScan::State::whole);
  ReplyFacts facts;
  protocol.read_reply(scan.found(), facts);
  return facts;
}

inline ReplyFacts read_error(const Protocol& protocol, std::string_view body) {
  ReplyFacts facts;
  protocol.read_error(body, facts);
  return facts;
}

/// "type/code/status", or "none".
inline std::string text_of(const std::optional<UpstreamError>& error) {
  if (!error) return "none";
  return error->type + "/" + error->code + "/" + (error->status ? std::to_string(*error->status) : "");
}

}  // namespace binnacle::gateway
