// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>

#include "mask.h"
#include "text.h"
#include "time_text.h"

namespace binnacle::log {

namespace {

constexpr std::size_t kValueLimit = 4096;
constexpr std::string_view kCutMark = "\xE2\x80\xA6(cut)";

std::atomic<Level> current_level{Level::info};
std::atomic<Format> current_format{Format::logfmt};
std::atomic<bool> current_mask_pii{false};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("binnacle", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);               // the level is decided before a line is made
    made->set_error_handler([](const std::string&) {});  // nowhere to say that stderr is broken
    return made;
  }();
  return *instance;
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      break;
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(Level level) {
  constexpr std::array kLevels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kLevels.at(static_cast<std::size_t>(level));
}

/// What is left of a value for a reader: masked, valid UTF-8, cut at a character's end.
std::string readable(const Settings& settings, std::string_view value) {
  std::string text = mask_secrets(value);
  if (settings.mask_pii) text = mask_pii(text);
  if (text.size() > kValueLimit) {
    std::size_t end = kValueLimit;
    for (int i = 0; i < 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U; ++i) --end;
    text.resize(end);
    text += kCutMark;
  }
  return is_utf8(text) ? text : to_utf8(text);
}

/// Appends valid UTF-8 in double quotes, with escapes that are right in both formats. No control characters are left,
/// neither the ASCII ones nor U+0080 to U+009F, which terminals obey as well.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool second_control = byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte == '"' || byte == '\\') {
      line += '\\';
      line += text[i];
    } else if (byte == '\n') {
      line += "\\n";
    } else if (byte == '\t') {
      line += "\\t";
    } else if (byte == '\r') {
      line += "\\r";
    } else if (byte < 0x20 || byte == 0x7F || second_control) {
      const unsigned code = second_control ? static_cast<unsigned char>(text[++i]) : byte;
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", code);
      line += escape.data();
    } else {
      line += text[i];
    }
  }
  line += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '=' || byte == '\\') return true;
  }
  return false;
}

void append_field(std::string& line, Format format, std::string_view key, std::string_view value, bool always_quoted) {
  if (format == Format::json) {
    line += line.empty() ? '{' : ',';
    append_quoted(line, to_utf8(key));
    line += ':';
    append_quoted(line, value);
    return;
  }
  if (!line.empty()) line += ' ';
  for (const char c : key) line += needs_quotes({&c, 1}) ? '_' : c;
  line += '=';
  if (always_quoted || needs_quotes(value)) {
    append_quoted(line, value);
  } else {
    line += value;
  }
}

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const Settings settings{current_level, current_format, current_mask_pii};
  const auto line = format_line(settings, rfc3339(std::chrono::system_clock::now()), level, message, fields);
  logger().log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace

void configure(const Settings& settings) {
  current_level = settings.level;
  current_format = settings.format;
  current_mask_pii = settings.mask_pii;
}

bool enabled(Level level) { return level >= current_level.load(std::memory_order_relaxed); }

void debug(std::string_view message, Fields fields) { write(Level::debug, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::info, message, fields); }
void warn(std::string_view message, Fields fields) { write(Level::warn, message, fields); }
void error(std::string_view message, Fields fields) { write(Level::error, message, fields); }

std::string format_line(const Settings& settings, std::string_view time, Level level, std::string_view message,
                        Fields fields) {
  std::string line;
  append_field(line, settings.format, "time", time, false);
  append_field(line, settings.format, "level", level_name(level), false);
  append_field(line, settings.format, "msg", readable(settings, message), true);
  for (const auto& [key, value] : fields) {
    append_field(line, settings.format, key, is_secret_key(key) ? "***" : readable(settings, value), false);
  }
  if (settings.format == Format::json) line += '}';
  return line;
}

}  // namespace binnacle::log
