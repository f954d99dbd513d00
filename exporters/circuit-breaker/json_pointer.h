// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json_text.h"

namespace binnacle::breaker {

/// Where in a JSON document a value is: a JSON pointer (RFC 6901). The empty one is the document itself.
class JsonPointer {
 public:
  /// Throws std::runtime_error with one line that does not repeat the text.
  explicit JsonPointer(std::string_view text);

  /// Null where there is nothing there, or JSON's null.
  [[nodiscard]] const Json* find(const Json& document) const;

 private:
  std::vector<std::string> steps_;
};

}  // namespace binnacle::breaker
