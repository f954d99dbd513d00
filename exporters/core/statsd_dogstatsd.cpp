// SPDX-License-Identifier: Apache-2.0
// Service checks and events, which only DogStatsD has.
#include <algorithm>
#include <optional>
#include <utility>

#include "statsd_parser.h"
#include "text.h"

namespace binnacle {

namespace {

constexpr std::string_view kEventStart = "_e{";
constexpr std::string_view kCheckStart = "_sc|";

/// How a client may have counted the lengths of an event's texts.
enum class Unit { bytes, utf16, code_points };

/// The number of bytes at the front of `text` that `length` units take, or nothing when there are not so many.
std::optional<std::size_t> bytes_of(std::string_view text, std::uint64_t length, Unit unit) {
  if (length > text.size()) return std::nullopt;
  if (unit == Unit::bytes) return length;
  std::size_t bytes = 0;
  std::uint64_t units = 0;
  while (bytes < text.size() && units < length) {
    const auto first = static_cast<unsigned char>(text[bytes]);
    units += unit == Unit::utf16 && first >= 0xF0 ? 2 : 1;
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) ++bytes;
  }
  return units == length ? std::optional{bytes} : std::nullopt;
}

bool ends_text(std::string_view rest) { return rest.empty() || rest[0] == '|' || rest[0] == '\n' || rest[0] == '\r'; }

struct EventTexts {
  std::string_view title;
  std::string_view text;
};

/// Title and text by their lengths, where delimiters stand right behind both.
std::optional<EventTexts> split_by_length(std::string_view body, std::uint64_t title, std::uint64_t text, Unit unit) {
  const auto title_bytes = bytes_of(body, title, unit);
  if (!title_bytes || *title_bytes >= body.size() || body[*title_bytes] != '|') return std::nullopt;
  const auto behind = body.substr(*title_bytes + 1);
  const auto text_bytes = bytes_of(behind, text, unit);
  if (!text_bytes || !ends_text(behind.substr(*text_bytes))) return std::nullopt;
  return EventTexts{body.substr(0, *title_bytes), behind.substr(0, *text_bytes)};
}

/// Whether an event's field begins here: a letter and ':', or the tags.
bool is_event_field(std::string_view text) {
  if (text.starts_with('#')) return true;
  return text.size() >= 2 && text[1] == ':' && std::string_view{"dhkpstce"}.find(text[0]) != std::string_view::npos;
}

/// Title and text by the delimiters of the first line: the text ends where the first field begins.
std::optional<EventTexts> split_by_delimiter(std::string_view line) {
  const auto title_end = line.find('|');
  if (title_end == std::string_view::npos) return std::nullopt;
  const auto behind = line.substr(title_end + 1);
  auto text_end = behind.find('|');
  while (text_end != std::string_view::npos && !is_event_field(behind.substr(text_end + 1))) {
    text_end = behind.find('|', text_end + 1);
  }
  return EventTexts{line.substr(0, title_end), behind.substr(0, text_end)};
}

/// Takes the field of that kind behind the message off its end; some clients put it there.
void drop_trailing_field(std::string_view& message, std::string_view start) {
  const auto bar = message.rfind('|');
  if (bar != std::string_view::npos && message.substr(bar + 1).starts_with(start)) message = message.substr(0, bar);
}

}  // namespace

StatsdError parse_statsd_check(std::string_view text, StatsdCheck& check) {
  text.remove_prefix(std::min(kCheckStart.size(), text.size()));
  check.name = take_until(text, '|');
  const auto status = take_until(text, '|');
  if (check.name.empty() || status.size() != 1 || status[0] < '0' || status[0] > '3') return StatsdError::check;
  check.status = static_cast<StatsdCheck::Status>(status[0] - '0');
  while (!text.empty()) {
    if (text.starts_with("m:")) {
      check.message = text.substr(2);
      for (const std::string_view start : {"card:", "e:", "c:"}) drop_trailing_field(check.message, start);
      return StatsdError::none;
    }
    const auto field = take_until(text, '|');
    if (field.starts_with('#')) check.tags = field.substr(1);
    if (field.starts_with("h:")) check.host = field.substr(2);
  }
  return StatsdError::none;
}

StatsdError parse_statsd_event(std::string_view text, StatsdEvent& event, std::size_t& length) {
  const auto line = text.substr(0, text.find('\n'));
  const auto head_end = line.find("}:");
  if (head_end == std::string_view::npos || !text.starts_with(kEventStart)) return StatsdError::event;
  auto lengths = line.substr(kEventStart.size(), head_end - kEventStart.size());
  const auto title = to_u64(take_until(lengths, ','));
  const auto body_length = to_u64(lengths);
  if (!title || !body_length) return StatsdError::event;

  auto first_line = line.substr(head_end + 2);
  if (first_line.ends_with('\r')) first_line.remove_suffix(1);
  // Only bytes may lead beyond the line: counting units there would take a packet of many bad events quadratic time.
  auto texts = split_by_length(text.substr(head_end + 2), *title, *body_length, Unit::bytes);
  if (!texts) texts = split_by_length(first_line, *title, *body_length, Unit::utf16);
  if (!texts) texts = split_by_length(first_line, *title, *body_length, Unit::code_points);
  if (!texts) texts = split_by_delimiter(first_line);
  if (!texts) return StatsdError::event;
  event.title = texts->title;
  event.text = texts->text;

  const auto fields_start = static_cast<std::size_t>(texts->text.data() + texts->text.size() - text.data());
  auto fields = text.substr(fields_start);
  fields = fields.substr(0, fields.find('\n'));
  length = fields_start + fields.size();
  if (fields.ends_with('\r')) fields.remove_suffix(1);
  while (!fields.empty()) {
    const auto field = take_until(fields, '|');
    if (field.starts_with('#')) event.tags = field.substr(1);
    if (field.starts_with("h:")) event.host = field.substr(2);
    if (field.starts_with("t:")) event.alert_type = field.substr(2);
  }
  return StatsdError::none;
}

}  // namespace binnacle
