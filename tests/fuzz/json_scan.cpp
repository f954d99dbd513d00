// SPDX-License-Identifier: Apache-2.0
// The scan for a few values in a JSON text: the same in pieces of any size, and what a whole parser finds.
#include "ai-gateway/json_scan.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz.h"

namespace {

using namespace binnacle::fuzz;
using namespace binnacle::gateway;
using Json = nlohmann::json;

constexpr std::array<std::string_view, 8> kPaths{"a", "usage", "usage.a", "b.*", "b.*.a", "*", "*.a", "a.a.a"};
constexpr std::size_t kLimit = 64;

JsonScan scan(std::string_view text, std::size_t step) {
  JsonScan scan{kPaths, kLimit};
  for (auto rest = text; !rest.empty(); rest.remove_prefix(std::min(step, rest.size())))
    scan.feed(rest.substr(0, step));
  return scan;
}

/// What nlohmann's parser finds at a path without arrays, the last of two keys of one name.
const Json* find(const Json& json, std::string_view path) {
  const auto dot = path.find('.');
  if (!json.is_object()) return nullptr;
  const auto found = json.find(path.substr(0, dot));
  if (found == json.end()) return nullptr;
  return dot == std::string_view::npos ? &*found : find(*found, path.substr(dot + 1));
}

/// The last value found at each path, as a whole parser sees it.
void compare(const JsonScan& scan, const Json& json) {
  std::size_t elements = 0;
  for (std::size_t path = 0; path < kPaths.size(); ++path) {
    const JsonScan::Found* last = nullptr;
    for (const auto& found : scan.found()) {
      if (found.path == path) last = &found;
    }
    if (kPaths.at(path) == "*") {
      for (const auto& found : scan.found()) elements += found.path == path ? 1 : 0;
      const auto expected = json.is_array() ? json.size() : 0;
      require(elements == expected || scan.found().size() >= JsonScan::kFoundLimit, "each element is found");
    }
    if (kPaths.at(path).find('.') != std::string_view::npos || kPaths.at(path) == "*") continue;
    const auto* const expected = find(json, kPaths.at(path));
    require((expected != nullptr) == (last != nullptr), "what is there is found");
    if (last != nullptr && !last->too_long) {
      require(Json::parse(last->text, nullptr, false) == *expected, "a value is the same");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  const auto whole = scan(text, text.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{7}}) {
    const auto pieces = scan(text, step);
    require(pieces.state() == whole.state() && pieces.end_bracket() == whole.end_bracket(), "pieces end the same");
    require(pieces.found().size() == whole.found().size(), "pieces find as many");
    for (std::size_t at = 0; at < whole.found().size(); ++at) {
      const auto& one = whole.found()[at];
      const auto& other = pieces.found()[at];
      require(one.path == other.path && one.key == other.key && one.value == other.value && one.text == other.text &&
                  one.too_long == other.too_long,
              "pieces find the same");
    }
  }
  require(whole.found().size() <= JsonScan::kFoundLimit + 2 * kPaths.size(), "what is kept is bounded");
  for (const auto& found : whole.found()) {
    require(found.value.end <= size && found.value.begin < found.value.end, "a value is within the text");
    require(found.too_long == (found.value.size() > kLimit), "a long value is not kept");
    if (!found.too_long) {
      require(text.substr(found.value.begin, found.value.size()) == found.text, "a value is where it stands");
    }
  }
  // The other parser takes a NUL for the text's end.
  if (size > 100'000 || text.find('\0') != std::string_view::npos) return 0;
  int depth = 0;
  const Json::parser_callback_t follow = [&depth](int at, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    depth = std::max(depth, at);
    return true;
  };
  const auto json = Json::parse(text, follow, false);
  if (json.is_structured() && depth < static_cast<int>(JsonScan::kDepthLimit)) {
    require(whole.state() == JsonScan::State::whole, "JSON is taken");
    compare(whole, json);
  }
  return 0;
}
