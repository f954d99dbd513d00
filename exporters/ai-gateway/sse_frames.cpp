// SPDX-License-Identifier: Apache-2.0
#include "sse_frames.h"

#include <algorithm>

#include "core/text.h"

namespace binnacle::gateway {

namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// The lines of a frame. Each byte is looked at twice at most, whatever breaks the lines have.
class Lines {
 public:
  struct Line {
    std::string_view text;   // without its break
    std::string_view bytes;  // with it
  };

  explicit Lines(std::string_view text) : text_(text), lf_(text.find('\n')) {}

  std::optional<Line> next() {
    if (at_ == text_.size()) return std::nullopt;
    if (lf_ != kNone && lf_ < at_) lf_ = text_.find('\n', at_);
    const auto cr = text_.substr(0, lf_).find('\r', at_);
    const auto begin = at_;
    const auto end = std::min({cr, lf_, text_.size()});
    at_ = std::min(end + 1, text_.size());
    if (cr != kNone && lf_ == cr + 1) ++at_;
    return Line{text_.substr(begin, end - begin), text_.substr(begin, at_ - begin)};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t lf_;
};

/// The value of a line that is of this field.
std::optional<std::string_view> value_of(std::string_view line, std::string_view field) {
  if (!line.starts_with(field)) return std::nullopt;
  line.remove_prefix(field.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(line.starts_with(": ") ? 2 : 1);
  return line;
}

}  // namespace

void SseFrames::begin(std::string_view bytes) {
  piece_ = bytes;
  start_ = scanned_ = 0;
  next_cr_ = bytes.find('\r');
  next_lf_ = bytes.find('\n');
}

/// The next CR or LF. Each byte is searched once for each of them, whichever of them the stream uses.
std::optional<std::size_t> SseFrames::find_break() {
  if (next_cr_ != kNone && next_cr_ < scanned_) next_cr_ = piece_.find('\r', scanned_);
  if (next_lf_ != kNone && next_lf_ < scanned_) next_lf_ = piece_.find('\n', scanned_);
  const auto at = std::min(next_cr_, next_lf_);
  if (at == kNone) return std::nullopt;
  return at;
}

/// Whether the frame under way ends in the piece: then scanned_ is behind the first byte of its empty line's break.
bool SseFrames::find_end() {
  while (const auto at = find_break()) {
    const bool lf_of_cr = after_cr_ && *at == scanned_ && piece_[*at] == '\n';
    if (*at > scanned_) line_empty_ = false;
    scanned_ = *at + 1;
    after_cr_ = piece_[*at] == '\r';
    if (lf_of_cr) continue;
    if (line_empty_) return true;
    line_empty_ = true;
  }
  if (scanned_ < piece_.size()) line_empty_ = after_cr_ = false;
  scanned_ = piece_.size();
  return false;
}

std::optional<SseFrames::Frame> SseFrames::next() {
  if (clear_kept_) kept_.clear();
  clear_kept_ = false;
  if (start_ == piece_.size()) return std::nullopt;
  if (tail_due_) {
    tail_due_ = false;
    if (piece_.front() == '\n') {
      start_ = scanned_ = 1;
      Frame frame;
      frame.bytes = piece_.substr(0, 1);
      frame.tail = true;
      return frame;
    }
  }
  if (find_end()) return end_frame();
  return keep_rest();
}

SseFrames::Frame SseFrames::end_frame() {
  cutting_ = cutting_ || kept_.size() + (scanned_ - start_) > limit_;
  if (after_cr_) {
    tail_due_ = scanned_ == piece_.size();
    if (!tail_due_ && piece_[scanned_] == '\n') ++scanned_;
    after_cr_ = false;
  }
  if (cutting_) return cut_frame(false);
  Frame frame;
  frame.bytes = take_kept(scanned_);
  read_fields(frame);
  return frame;
}

std::optional<SseFrames::Frame> SseFrames::keep_rest() {
  cutting_ = cutting_ || kept_.size() + (scanned_ - start_) > limit_;
  if (cutting_) return cut_frame(true);
  kept_ += piece_.substr(start_);
  start_ = scanned_;
  return std::nullopt;
}

SseFrames::Frame SseFrames::cut_frame(bool more) {
  Frame frame;
  frame.bytes = take_kept(scanned_);
  frame.cut = true;
  frame.more = more;
  cutting_ = more;
  first_ = false;
  return frame;
}

/// What was kept and the piece from start_ to `end`, which becomes start_.
std::string_view SseFrames::take_kept(std::size_t end) {
  const auto bytes = piece_.substr(start_, end - start_);
  start_ = end;
  if (kept_.empty()) return bytes;
  kept_ += bytes;
  clear_kept_ = true;
  return kept_;
}

std::optional<SseFrames::Frame> SseFrames::last() {
  begin({});
  if (clear_kept_) kept_.clear();
  clear_kept_ = false;
  if (kept_.empty()) return std::nullopt;
  Frame frame;
  frame.bytes = take_kept(0);
  read_fields(frame);
  line_empty_ = true;
  after_cr_ = false;
  return frame;
}

void SseFrames::read_fields(Frame& frame) {
  auto rest = frame.bytes;
  if (first_ && rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  first_ = false;
  bool has_data = false;
  bool joined = false;
  Lines lines(rest);
  while (const auto line = lines.next()) {
    if (const auto event = value_of(line->text, "event")) frame.event = *event;
    const auto data = value_of(line->text, "data");
    if (!data) continue;
    if (!has_data) {
      frame.data = *data;
    } else {
      if (!joined) joined_ = frame.data;
      joined = true;
      joined_ += '\n';
      joined_ += *data;
    }
    has_data = true;
  }
  if (joined) frame.data = joined_;
}

std::string with_data(const SseFrames::Frame& frame, std::string_view data) {
  std::string text;
  text.reserve(frame.bytes.size() + data.size());
  bool written = false;
  auto rest = frame.bytes;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  Lines lines(rest);
  while (const auto line = lines.next()) {
    if (!value_of(line->text, "data")) {
      text += line->bytes;
      continue;
    }
    if (written) continue;
    written = true;
    const auto line_break = line->bytes.substr(line->text.size());
    while (const auto part = next_line(data)) {
      text += "data: ";
      text += *part;
      text += data.empty() ? line_break : std::string_view("\n");
    }
  }
  return text;
}

}  // namespace binnacle::gateway
