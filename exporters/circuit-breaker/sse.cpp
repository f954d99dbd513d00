// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include "core/text.h"
#include "source.h"

namespace binnacle::breaker {

void SseParser::feed(std::string_view bytes, const std::function<void(const SseEvent& event)>& take) {
  if (bytes.empty()) return;
  if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
  after_cr_ = false;
  for (;;) {
    const auto end = bytes.find_first_of("\r\n");
    const auto piece = bytes.substr(0, end);
    require_room(piece.size());
    line_ += piece;
    if (end == std::string_view::npos) return;
    const bool cr = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(take);
    if (!cr) continue;
    after_cr_ = bytes.empty();
    if (bytes.starts_with('\n')) bytes.remove_prefix(1);
  }
}

void SseParser::end_line(const std::function<void(const SseEvent& event)>& take) {
  std::string_view line = line_;
  if (first_line_ && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  first_line_ = false;
  if (line.empty()) {
    if (has_data_) take(event_);
    has_data_ = false;
    event_ = {};
  } else {
    auto value = line;
    const auto field = take_until(value, ':');  // of a comment empty
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
      require_room(1);
      if (has_data_) event_.data += '\n';
      event_.data += value;
      has_data_ = true;
    } else if (field == "event") {
      event_.type = value;
    }
  }
  line_.clear();
}

void SseParser::require_room(std::size_t more) const {
  if (line_.size() + event_.data.size() + event_.type.size() + more <= limit_) return;
  throw SourceError(Failure::too_large, "an event of the stream is longer than " + std::to_string(limit_) + " bytes");
}

}  // namespace binnacle::breaker
