// SPDX-License-Identifier: Apache-2.0
// Targets of requests. The first line is the method, the rest the target.
#include "ai-gateway/route.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "fuzz.h"

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::gateway;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto target = as_text(data, size);
  const auto method = next_line(target).value_or("");
  const auto redacted = redact_query(target);
  require(redacted.size() <= 3 * target.size() + 3, "a redacted target is not much longer");
  require(redacted.find_first_of("\r\n") == std::string::npos, "a redacted target is one line");
  for (const bool anthropic : {false, true}) {
    const auto found = route(method, target, anthropic);
    require(found.model_at.begin <= found.model_at.end && found.model_at.end <= target.size(),
            "a model is in the path");
    require((found.operation != Operation::other) ==
                (found.kind == Route::Kind::metered ||
                 (found.kind == Route::Kind::bad_method && found.operation != Operation::other)),
            "what is metered has an operation");
    if (found.kind == Route::Kind::metered) {
      require(method == "POST", "only POST is metered");
      const auto* const protocol = protocol_of(found.operation);
      require(protocol != nullptr && protocol->dialect() == found.dialect, "an operation is of its dialect");
      require(found.model.empty() == (found.dialect != Dialect::gemini), "Gemini's path names the model");
    }
    if (found.kind == Route::Kind::bad_path) continue;
    const auto path = target.substr(0, target.find('?'));
    require(path.starts_with('/') && path.find("//") == std::string_view::npos, "a path is one");
    require(path.find("/../") == std::string_view::npos && !path.ends_with("/.."), "a path does not climb");
    require(std::all_of(target.begin(), target.end(), [](char byte) { return byte > ' ' && byte < '\x7F'; }),
            "a target is printable");
  }
  return 0;
}
