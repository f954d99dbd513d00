// SPDX-License-Identifier: Apache-2.0
// What a server sends that ought to be RESP2, whole and in pieces, and the replies that are no text.
#include "core/redis/resp.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cache/info.h"
#include "cache/latency.h"
#include "cache/sentinel.h"
#include "cache/slowlog.h"
#include "core/redis/redis_link.h"
#include "families.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::cache;

constexpr ReplyReader::Limits kLimits{.bytes = 4096, .elements = 64};
constexpr std::size_t kDeepest = 16;

/// The replies up to the first byte that is at fault, if any is.
struct Conversation {
  std::vector<Reply> replies;
  bool refused = false;
};

Conversation read(std::string_view bytes, std::size_t step) {
  Conversation seen;
  ReplyReader reader{kLimits};
  try {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, step);
      bytes.remove_prefix(piece.size());
      reader.feed(piece);
      while (auto reply = reader.next()) seen.replies.push_back(*std::move(reply));
    }
  } catch (const ProtocolError&) {
    seen.refused = true;
  }
  return seen;
}

bool same(const Reply& one, const Reply& other) {
  return one.type == other.type && one.text == other.text && one.integer == other.integer &&
         std::equal(one.elements.begin(), one.elements.end(), other.elements.begin(), other.elements.end(), same);
}

struct Size {
  std::size_t elements = 0;
  std::size_t bytes = 0;
};

void measure(const Reply& reply, std::size_t depth, Size& size) {
  require(depth <= kDeepest, "nesting is bounded");
  require(reply.elements.empty() || reply.type == Reply::Type::array, "only arrays have elements");
  size.elements += 1;
  size.bytes += reply.text.size();
  for (const auto& element : reply.elements) measure(element, depth + 1, size);
}

void require_within_limits(const Reply& reply) {
  Size size;
  measure(reply, 0, size);
  require(size.elements <= kLimits.elements, "elements are bounded");
  require(size.bytes <= kLimits.bytes, "texts are bounded");
}

void read_answers(const Reply& reply) {
  static const Info info{"# Commandstats\ncmdstat_get:calls=3,usec=7\ncmdstat_config|get:calls=1,usec=1\n"};
  Families families;
  add_latency_spikes(reply, families);
  add_latency_histograms(reply, info, "redis_command_duration_seconds", "Help.", 1e6, families);
  add_slowlog(reply, parse_slowlog(reply), 0, families);
  const auto entries = parse_sentinel_entries(reply);
  for (const auto& entry : entries) {
    if (add_sentinel_settings(entry, families)) add_sentinel_health(entry, true, entries, entries, families);
  }
  require_sound(std::move(families));
  if (!reply.is_error()) return;
  refusal_of(reply.text);
  accepts([&] { throw RedisError(reply.text); });
}

/// Lines as the words of a command: what goes out is what a server reads.
void send(std::string_view text) {
  Command command;
  while (const auto line = next_line(text)) {
    command.emplace_back(*line);
    if (command.size() + 1 == kLimits.elements) break;
  }
  if (command.empty()) return;
  std::string wire;
  append_command(command, wire);
  ReplyReader reader;
  reader.feed(wire);
  const auto read_back = reader.next();
  require(read_back && !reader.next(), "a command is one array");
  require(std::equal(command.begin(), command.end(), read_back->elements.begin(), read_back->elements.end(),
                     [](const auto& word, const auto& element) {
                       return element.type == Reply::Type::string && element.text == word;
                     }),
          "a command's words arrive as they are");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text(data, std::min(size, kLimits.bytes));  // so that the limit does not depend on the pieces
  const auto whole = read(bytes, bytes.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const auto pieces = read(bytes, step);
    require(pieces.refused == whole.refused, "pieces do not change what is refused");
    require(std::equal(pieces.replies.begin(), pieces.replies.end(), whole.replies.begin(), whole.replies.end(), same),
            "pieces do not change the replies");
  }
  for (const auto& reply : whole.replies) {
    require_within_limits(reply);
    read_answers(reply);
  }
  send(bytes);
  return 0;
}
