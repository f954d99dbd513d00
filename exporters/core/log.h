// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

/// Structured logs on stderr: one line a message, logfmt or JSON, RFC 3339 UTC times.
///
/// The logger itself masks secrets in messages and values (see mask.h), so no caller can leak one by accident.
namespace binnacle::log {

enum class Level { debug, info, warn, error };
enum class Format { logfmt, json };

using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

struct Settings {
  Level level = Level::info;
  Format format = Format::logfmt;
  /// Also mask e-mail addresses, phone, card and social security numbers, and IP addresses.
  bool mask_pii = false;
};

void configure(const Settings& settings);
[[nodiscard]] bool enabled(Level level);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// The line that a message becomes, without its newline. Pure, for tests; `time` is RFC 3339.
std::string format_line(const Settings& settings, std::string_view time, Level level, std::string_view message,
                        Fields fields);

}  // namespace binnacle::log
