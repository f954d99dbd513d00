// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/file.h"
#include "test_encodings.h"

namespace binnacle::gateway {

/// A file of tests/fixtures/ai-gateway; the compiler names this one by a path from the build folder on, where Meson
/// runs tests.
inline std::string reply_file(const std::string& name) {
  const auto sources = std::filesystem::path(__FILE__).parent_path() / "../..";
  return read_file((sources / "tests/fixtures/ai-gateway" / name).string());
}

inline std::string encoded(std::string_view encoding, const std::string& body) {
  return encoding.empty() ? body : encode(encoding, {body});
}

}  // namespace binnacle::gateway
