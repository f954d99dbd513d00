// SPDX-License-Identifier: Apache-2.0
#include "long_frame.h"

#include <algorithm>

#include "protocol_common.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kLongestName = 12;  // of a field that is read, with a byte order mark; others may be longer
constexpr std::size_t kLongestEvent = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

LongFrame::LongFrame(std::span<const std::string_view> paths) : scan_(paths, kValueLimit) {}

void LongFrame::feed(std::string_view bytes) {
  // Each byte is looked at twice at most, whatever breaks the lines have.
  auto cr = bytes.find('\r');
  auto lf = bytes.find('\n');
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (cr != std::string_view::npos && cr < at) cr = bytes.find('\r', at);
    if (lf != std::string_view::npos && lf < at) lf = bytes.find('\n', at);
    const auto end = std::min({cr, lf, bytes.size()});
    take(bytes.substr(at, end - at));
    if (end == bytes.size()) return;
    end_line();
    at = end + 1;
  }
}

void LongFrame::end_line() {
  // Lines of data are joined by newlines, which JSON takes for white space.
  if (line_ == Line::data || line_ == Line::before_data) scan_.feed("\n");
  line_ = Line::name;
  name_.clear();
}

void LongFrame::end_name() {
  line_ = Line::other;
  if (name_.starts_with(kByteOrderMark)) name_.erase(0, kByteOrderMark.size());
  if (name_ == "data") line_ = Line::before_data;
  if (name_ != "event") return;
  line_ = Line::before_event;
  event_.clear();
}

void LongFrame::take(std::string_view text) {
  if (line_ == Line::name) {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    name_ += name.substr(0, kLongestName - std::min(kLongestName, name_.size()));
    if (colon == std::string_view::npos) return;
    text.remove_prefix(colon + 1);
    end_name();
  }
  if (text.empty()) return;
  if (line_ == Line::before_data || line_ == Line::before_event) {
    if (text.front() == ' ') text.remove_prefix(1);
    line_ = line_ == Line::before_data ? Line::data : Line::event;
  }
  if (line_ == Line::data) {
    has_data_ = true;
    scan_.feed(text);
  }
  if (line_ == Line::event) event_ += text.substr(0, kLongestEvent - std::min(kLongestEvent, event_.size()));
}

}  // namespace binnacle::gateway
