// SPDX-License-Identifier: Apache-2.0
#include "gemini_common.h"

#include <algorithm>
#include <vector>

#include "body_edit.h"

namespace binnacle::gateway {

std::string with_gemini_model(std::string_view body, std::string_view model) {
  constexpr std::array<std::string_view, 2> kPaths{"model", "requests.*.model"};
  constexpr std::size_t kPiece = 8 * JsonScan::kFoundLimit;  // in so few bytes there are no more names than it keeps
  JsonScan scan{kPaths, kValueLimit};
  std::vector<Span> names;
  for (auto rest = body; !rest.empty(); rest.remove_prefix(std::min(kPiece, rest.size()))) {
    scan.feed(rest.substr(0, kPiece));
    for (const auto& value : scan.take_found()) {
      if (body[value.value.begin] == '"') names.push_back(value.value);
    }
  }
  std::string edited;
  const auto name = json_string("models/" + std::string{model});
  std::size_t copied = 0;
  for (const auto& at : names) {
    edited += body.substr(copied, at.begin - copied);
    edited += name;
    copied = at.end;
  }
  edited += body.substr(copied);
  return edited;
}

}  // namespace binnacle::gateway
