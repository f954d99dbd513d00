// SPDX-License-Identifier: Apache-2.0
// Memcached's replies to its stats commands, whole and in pieces.
#include <string>
#include <utility>

#include "cache/memcached_server.h"
#include "cache/memcached_settings.h"
#include "cache/memcached_slabs.h"
#include "cache/memcached_stats.h"
#include "families.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::cache;

void find_end(std::string_view text) {
  const auto whole = find_stats_end(text);
  require(whole.size <= text.size() && whole.body.size() <= whole.size, "a reply is of what was received");
  require(whole.size == 0 || text[whole.size - 1] == '\n', "a reply ends with a line");
  const std::size_t step = 1 + text.size() / 64;
  std::size_t searched = 0;
  while (searched < text.size()) {
    const auto received = text.substr(0, searched + step);
    const auto pieces = find_stats_end(received, searched);
    searched = received.size();
    if (pieces.size == 0) continue;
    require(pieces.size == whole.size && pieces.is_error == whole.is_error && pieces.body == whole.body,
            "pieces do not change where a reply ends");
    return;
  }
  require(whole.size == 0, "pieces do not hide the end of a reply");
}

void collect(std::string_view reply) {
  const auto stats = parse_stats(reply);
  Output server;
  add_memcached_server(stats, server);
  for (const auto& fact : server.facts) require(fact.value == fact.value, "a fact that is unknown is absent");
  require_sound(std::move(server.families));
  Families settings;
  add_memcached_settings(stats, settings);
  require_sound(std::move(settings));
  Families slabs;
  add_memcached_items(reply, slabs);
  add_memcached_slabs(reply, slabs);
  require_sound(std::move(slabs));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  find_end(text);
  collect(text);
  return 0;
}
