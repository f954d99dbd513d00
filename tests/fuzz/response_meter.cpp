// SPDX-License-Identifier: Apache-2.0
// A reply of any protocol, whole and in pieces, plain and compressed. The first two bytes choose what it is.
#include "ai-gateway/response_meter.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/gzip.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::gateway;

constexpr std::array kTypes{"text/event-stream", "application/json", "text/event-stream; charset=utf-8",
                            "application/problem+json"};
constexpr std::array kEncodings{"", "gzip", "br", "deflate"};

struct Seen {
  std::string out;
  UsageFields usage;
  std::string texts;
  std::array<std::uint64_t, 9> numbers{};
};

Seen run(const ResponseMeter::Settings& settings, bool whole, std::string_view bytes, std::size_t step) {
  ResponseMeter meter(settings, {});
  Seen seen;
  bool was_holding = meter.holding();
  while (!bytes.empty()) {
    const auto out = meter.feed(bytes.substr(0, step), {});
    bytes.remove_prefix(std::min(step, bytes.size()));
    require(out.empty() || !meter.holding(), "nothing goes out while all is held");
    require(was_holding || !meter.holding() || seen.out.empty(), "what has gone out is not held again");
    was_holding = meter.holding();
    seen.out += out;
  }
  seen.out += meter.finish(whole, {});
  const auto& facts = meter.facts();
  seen.usage = facts.usage;
  seen.texts = facts.model + "\n" + facts.service_tier + "\n" + std::string(meter.unread()) + "\n";
  if (facts.error) seen.texts += facts.error->type + "\n" + facts.error->code;
  seen.numbers = {facts.usage_final ? 1U : 0U,     meter.failed() ? 1U : 0U, meter.ended() ? 1U : 0U,
                  meter.holding() ? 1U : 0U,       meter.chunks(),           meter.content_bytes(),
                  meter.first_content() ? 1U : 0U, facts.choices_ended,      facts.error ? 1U : 0U};
  require(meter.chunks() > 0 || !meter.first_content(), "first content is a chunk");
  if (settings.protocol == nullptr) return seen;
  if (const auto usage = settings.protocol->normalise(facts.usage)) {
    require(usage->cached_input <= usage->input && usage->reasoning <= usage->output,
            "a part is not more than the whole");
  }
  return seen;
}

bool same_usage(const UsageFields& a, const UsageFields& b) {
  return a.input == b.input && a.output == b.output && a.total == b.total && a.cached_input == b.cached_input &&
         a.cache_write == b.cache_write && a.cache_write_5m == b.cache_write_5m &&
         a.cache_write_1h == b.cache_write_1h && a.reasoning == b.reasoning && a.tool_input == b.tool_input;
}

void require_same(const Seen& a, const Seen& b) {
  require(same_usage(a.usage, b.usage), "pieces do not change usage");
  require(a.texts == b.texts, "pieces do not change what is told");
  require(a.numbers == b.numbers, "pieces do not change what is counted");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0];
  const unsigned more = data[1];
  const auto body = as_text(data + 2, size - 2);
  ResponseMeter::Settings settings;
  settings.protocol = protocol_of(kOperations.at(choice & 7U));
  settings.content_type = kTypes.at((choice >> 3U) & 3U);
  settings.strip_usage = (choice & 32U) != 0;
  settings.streamed = (choice & 64U) != 0;
  settings.status = (choice & 128U) != 0 ? 429 : 200;
  const bool whole = (more & 1U) != 0;
  if ((more & 2U) != 0) settings.hold_back = 100;
  if ((more & 4U) != 0) settings.frame_limit = 200;

  const auto plain = run(settings, whole, body, body.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}}) {
    const auto pieces = run(settings, whole, body, step);
    require_same(plain, pieces);
    require(plain.out == pieces.out, "pieces do not change what goes out");
  }
  const bool nothing_held = (plain.numbers[3] == 0);
  const bool stripped = settings.strip_usage && settings.content_type.starts_with("text/");
  if (nothing_held && !stripped) require(plain.out == body, "what is not stripped passes as it came");

  // Bytes that are said to be compressed, and most likely are not.
  settings.decoded_limit = std::size_t{1} << 20U;
  for (const auto* const encoding : kEncodings) {
    settings.content_encoding = encoding;
    run(settings, whole, body, body.size());
  }
  settings.content_encoding = "gzip";
  settings.hold_back = std::size_t{1} << 20U;
  const auto packed = gzip(body);
  const auto inflated = run(settings, whole, packed, packed.size());
  require_same(inflated, run(settings, whole, packed, 1));
  settings.content_encoding = "";
  require_same(inflated, run(settings, whole, body, body.size()));
  return 0;
}
