// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/collector.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

/// A field's name for a message: cut, since a damaged file may have a name of any length.
inline std::string named(std::string_view field) {
  constexpr std::size_t kLimit = 40;
  return std::string{field.substr(0, kLimit)};
}

/// As read_file, for a file that a kernel may lack: throws NotApplicable when it is absent or may not be read.
inline std::string_view read_source(const std::string& path, std::string& buffer) {
  if (const auto text = try_read_file(path, buffer)) return *text;
  throw NotApplicable(path + " is absent or not readable");
}

/// A file's field as a number. Throws std::runtime_error that names the file and the field.
inline std::uint64_t field_u64(std::string_view text, std::string_view file, std::string_view field) {
  if (const auto value = to_u64(text)) return *value;
  throw std::runtime_error(std::string{file} + ": " + named(field) + ": expected a number, got " + quoted(text));
}

/// As field_u64, for hexadecimal digits without a prefix.
inline std::uint64_t field_hex(std::string_view text, std::string_view file, std::string_view field) {
  if (const auto value = to_u64(text, 16)) return *value;
  throw std::runtime_error(std::string{file} + ": " + named(field) + ": expected a hexadecimal number, got " +
                           quoted(text));
}

}  // namespace binnacle::system
