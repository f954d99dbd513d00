// SPDX-License-Identifier: Apache-2.0
#include "response_meter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"
#include "held_bytes.h"
#include "inflater.h"
#include "json_scan.h"
#include "long_frame.h"
#include "outgoing.h"
#include "sse_frames.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kErrorLimit = std::size_t{64} << 10U;
constexpr std::size_t kCaptureLimit = std::size_t{64} << 10U;
constexpr std::array<std::string_view, 1> kElements{"*"};
constexpr std::string_view kBadJson = "json";

/// What a body is looked at as.
enum class Mode : std::uint8_t { pass, error, json, sse };

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view media_type(std::string_view content_type) { return trim(take_until(content_type, ';')); }
bool is_sse(std::string_view type) { return equal_without_case(type, "text/event-stream"); }
bool is_json(std::string_view type) {
  constexpr std::string_view kSuffix = "+json";
  return equal_without_case(type, "application/json") ||
         (type.size() > kSuffix.size() && equal_without_case(type.substr(type.size() - kSuffix.size()), kSuffix));
}

/// Bytes that may stand before a JSON text: white space and a byte order mark.
bool before_json(char byte) { return std::string_view(" \t\r\n\xef\xbb\xbf").find(byte) != std::string_view::npos; }

/// Frames of every protocol hold a JSON object, or "[DONE]".
bool may_be_frame(std::string_view data) {
  data = trim(data);
  return data.empty() || data.front() == '{' || data.front() == '[';
}

bool ok_with_body(int status) { return status >= 200 && status < 300 && status != 204 && status != 205; }

}  // namespace

struct ResponseMeter::State {
  State(Settings given, Clock::time_point at);

  std::string_view feed(std::string_view bytes, Clock::time_point at);
  std::string_view finish(bool whole, Clock::time_point at);
  void release();

  void look(std::string_view bytes);
  void read(std::string_view decoded);
  void read_json(std::string_view decoded);
  void read_elements(const std::vector<JsonScan::Found>& elements);
  void read_found();
  void take(const SseFrames::Frame& frame, bool complete = true);
  void take_data(std::string_view event, std::string_view data);
  void take_part(const SseFrames::Frame& part);
  void take_unread();
  void judge(FrameKind kind);
  void pass_on(const SseFrames::Frame& frame);
  void content();
  void reached(std::size_t position);
  void give_up();
  std::string_view give();
  bool count_held();

  Settings settings;
  Clock::time_point dispatched;
  Clock::time_point now;
  Mode mode = Mode::pass;
  bool strips = false;
  bool holding = false;
  bool failed = false;
  bool ended = false;
  bool streaming = false;
  bool finished = false;
  bool dead = false;  // decoding for the client has failed
  std::string_view unread;

  ReplyFacts facts;
  std::optional<Clock::time_point> first_content;
  std::optional<Clock::time_point> last_content;
  ChunkTimes chunk_times;
  std::uint64_t chunks = 0;
  std::uint64_t content_bytes = 0;

  Outgoing outgoing;
  std::unique_ptr<Inflater> inflater;
  SseFrames frames;
  std::optional<LongFrame> long_frame;  // that is under way
  std::optional<HeldPart> held;
  std::optional<JsonScan> scan;  // from the JSON text's first byte on
  bool array = false;            // that text is Gemini's stream
  std::string error_body;
  std::size_t fed = 0;          // bytes, as they came
  std::size_t position = 0;     // decoded bytes up to the last frame's end
  std::size_t before_text = 0;  // decoded bytes before the JSON text
  bool dropped = false;         // the last frame was
};

ResponseMeter::State::State(Settings given, Clock::time_point at)
    : settings(std::move(given)), dispatched(at), now(at), frames(settings.frame_limit) {
  if (settings.held_total != nullptr) held.emplace(*settings.held_total);
  const auto type = media_type(settings.content_type);
  const bool good = ok_with_body(settings.status);
  const bool generate =
      settings.protocol != nullptr && settings.protocol->operation() == Operation::generate_content && is_json(type);
  streaming = good && (is_sse(type) || (generate && settings.streamed));
  if (settings.protocol == nullptr || (!good && settings.status < 400)) return;
  if (!Inflater::is_identity(trim(settings.content_encoding))) {
    inflater = Inflater::make(trim(settings.content_encoding), settings.decoded_limit);
    if (!inflater) {
      unread = "encoding";
      return;
    }
  }
  if (!good) {
    mode = Mode::error;
  } else if (is_sse(type)) {
    mode = Mode::sse;
    strips = settings.strip_usage;
    holding = settings.hold_back > 0;
  } else if (is_json(type)) {
    mode = Mode::json;
    holding = settings.hold_back > 0 && (settings.streamed || generate);
  } else {
    unread = "content_type";
  }
}

std::string_view ResponseMeter::State::feed(std::string_view bytes, Clock::time_point at) {
  if (mode == Mode::pass && outgoing.empty()) return bytes;
  now = at;
  fed += bytes.size();
  // What is decoded for the client does not lie in the piece.
  outgoing.begin(strips && inflater ? std::string_view{} : bytes);
  look(bytes);
  if (!strips) outgoing.add(bytes);
  if (fed > settings.hold_back && !failed) holding = false;
  return give();
}

std::string_view ResponseMeter::State::finish(bool whole, Clock::time_point at) {
  now = at;
  outgoing.begin({});
  if (!std::exchange(finished, true)) {
    if (mode == Mode::sse) frames.finish([&](const auto& frame) { take(frame, whole); });
    if (mode == Mode::error) settings.protocol->read_error(error_body, facts);
    if (mode == Mode::error || mode == Mode::pass) ended = whole;
    read_found();
    const bool whole_text = scan && scan->state() == JsonScan::State::whole;
    if (mode == Mode::json && whole && !whole_text && unread.empty()) unread = kBadJson;
  }
  if (whole && !failed) holding = false;
  return give();
}

/// What goes out now: all that is there, unless it is held back and there is room for it.
std::string_view ResponseMeter::State::give() {
  if (holding) {
    outgoing.keep();
    if (count_held() || failed) return {};
    holding = false;
  }
  const auto bytes = outgoing.take();
  count_held();
  return bytes;
}

/// False where there is no more room.
bool ResponseMeter::State::count_held() {
  return !held || held->set(outgoing.kept() + frames.kept() + error_body.size(), settings.held_limit);
}

void ResponseMeter::State::look(std::string_view bytes) {
  if (mode == Mode::pass || dead) return;
  if (!inflater) {
    read(bytes);
    return;
  }
  if (!inflater->feed(bytes, [&](std::string_view decoded) { read(decoded); })) give_up();
}

/// The rest cannot be decoded: it passes unread, or, where the client would need it decoded, not at all.
void ResponseMeter::State::give_up() {
  unread = "encoding";
  if (strips) {
    dead = failed = true;
    return;
  }
  mode = Mode::pass;
  if (!failed) holding = false;
}

void ResponseMeter::State::read(std::string_view decoded) {
  switch (mode) {
    case Mode::pass:
      return;
    case Mode::error:
      error_body += decoded.substr(0, kErrorLimit - error_body.size());
      return;
    case Mode::sse:
      frames.feed(decoded, [&](const auto& frame) { take(frame); });
      return;
    case Mode::json:
      read_json(decoded);
      return;
  }
}

void ResponseMeter::State::read_json(std::string_view decoded) {
  if (!scan) {
    const auto* const start = std::find_if_not(decoded.begin(), decoded.end(), before_json);
    before_text += static_cast<std::size_t>(start - decoded.begin());
    decoded.remove_prefix(static_cast<std::size_t>(start - decoded.begin()));
    if (decoded.empty()) return;
    array = decoded.front() == '[' && settings.protocol->operation() == Operation::generate_content;
    streaming = array;
    if (array) {
      scan.emplace(kElements, settings.frame_limit);
    } else {
      scan.emplace(settings.protocol->captured_paths(), kCaptureLimit);
      if (!settings.streamed) holding = false;
    }
  }
  const bool was_open = !scan->end_bracket();
  const auto state = scan->feed(decoded);
  if (array) {
    read_elements(scan->take_found());
  } else {
    content_bytes += decoded.size();
    if (was_open && scan->end_bracket()) {
      reached(before_text + *scan->end_bracket() + 1);
      read_found();
      ended = !failed;
      if (!failed) holding = false;
    }
  }
  if (state == JsonScan::State::broken) {
    unread = kBadJson;
    if (!failed) holding = false;
  }
}

void ResponseMeter::State::read_elements(const std::vector<JsonScan::Found>& elements) {
  for (const auto& element : elements) {
    reached(before_text + element.value.end);
    if (element.too_long) {
      take_unread();
    } else {
      take_data({}, element.text);
    }
  }
}

/// What a whole reply, or as much of it as came, has told.
void ResponseMeter::State::read_found() {
  if (!scan || array) return;
  const auto found = scan->take_found();
  if (found.empty()) return;
  settings.protocol->read_reply(found, facts);
  if (facts.error) failed = true;
}

/// A frame of SSE; of one that is not complete the bytes alone count.
void ResponseMeter::State::take(const SseFrames::Frame& frame, bool complete) {
  if (!frame.tail) {
    // Whether the LF of a last CR LF is here yet must not matter.
    const auto end = frame.bytes.size() - (frame.bytes.ends_with("\r\n") ? 1 : 0);
    reached(position + end);
    if (frame.cut) {
      take_part(frame);
    } else if (complete && !frame.data.empty()) {
      take_data(frame.event, frame.data);
    }
  }
  position += frame.bytes.size();
  if (strips) pass_on(frame);
}

void ResponseMeter::State::take_data(std::string_view event, std::string_view data) {
  const bool begun = first_content.has_value();
  if (!begun && event.empty() && !may_be_frame(data)) {
    unread = "frame";
    failed = true;
    return;
  }
  judge(settings.protocol->read_frame(event, data, begun, facts));
}

void ResponseMeter::State::judge(FrameKind kind) {
  switch (kind) {
    case FrameKind::lifecycle:
      return;
    case FrameKind::content:
      content();
      break;
    case FrameKind::usage:
      break;
    case FrameKind::error:
      failed = true;
      return;
    case FrameKind::end:
      ended = true;
      break;
  }
  if (!failed) holding = false;
}

/// A part of a frame that is too long to be kept.
void ResponseMeter::State::take_part(const SseFrames::Frame& part) {
  if (!failed) holding = false;
  if (!long_frame) long_frame.emplace(settings.protocol->frame_paths());
  long_frame->feed(part.bytes);
  if (part.more) return;
  const auto frame = *std::exchange(long_frame, std::nullopt);
  if (!frame.has_data()) return;
  const bool whole = frame.scan().state() == JsonScan::State::whole && frame.scan().end_bracket();
  if (!whole) return take_unread();
  judge(settings.protocol->read_long_frame(frame.event(), frame.scan().found(), facts));
}

/// A frame that cannot be looked at. Only content is so long.
void ResponseMeter::State::take_unread() {
  unread = "frame";
  if (!failed) holding = false;
  content();
}

void ResponseMeter::State::content() {
  if (last_content) {
    const double gap = std::chrono::duration<double>(now - *last_content).count();
    const auto* const bound = std::lower_bound(kChunkBounds.begin(), kChunkBounds.end(), gap);
    ++chunk_times.counts.at(static_cast<std::size_t>(bound - kChunkBounds.begin()));
    chunk_times.sum_seconds += gap;
  } else {
    first_content = now;
  }
  last_content = now;
  ++chunks;
}

/// A frame ends there: if that is beyond what may be held back, the client has had all before it.
void ResponseMeter::State::reached(std::size_t end) {
  if (end > settings.hold_back && !failed) holding = false;
}

/// For a client that did not ask for usage.
void ResponseMeter::State::pass_on(const SseFrames::Frame& frame) {
  if (frame.tail) {
    if (!dropped) outgoing.add(frame.bytes);
    return;
  }
  dropped = false;
  if (frame.data.find("\"usage\"") == std::string_view::npos) {
    outgoing.add(frame.bytes);
    return;
  }
  const auto stripped = settings.protocol->strip_usage(frame.data);
  if (!stripped) {
    dropped = true;
  } else if (*stripped == frame.data) {
    outgoing.add(frame.bytes);
  } else {
    outgoing.add(with_data(frame, *stripped));
  }
}

void ResponseMeter::State::release() { holding = false; }

ResponseMeter::ResponseMeter(Settings settings, Clock::time_point dispatched)
    : state_(std::make_unique<State>(std::move(settings), dispatched)) {}
ResponseMeter::~ResponseMeter() = default;

std::string_view ResponseMeter::feed(std::string_view bytes, Clock::time_point now) { return state_->feed(bytes, now); }
std::string_view ResponseMeter::finish(bool whole, Clock::time_point now) { return state_->finish(whole, now); }
void ResponseMeter::release() { state_->release(); }
bool ResponseMeter::streaming() const { return state_->streaming; }
bool ResponseMeter::holding() const { return state_->holding; }
bool ResponseMeter::decodes() const { return state_->strips && state_->inflater; }
bool ResponseMeter::strips() const { return state_->strips; }
bool ResponseMeter::failed() const { return state_->failed; }
const ReplyFacts& ResponseMeter::facts() const { return state_->facts; }
bool ResponseMeter::ended() const { return state_->ended || state_->facts.ended; }
std::optional<Clock::time_point> ResponseMeter::first_content() const { return state_->first_content; }
std::optional<Clock::time_point> ResponseMeter::last_content() const { return state_->last_content; }
std::optional<Clock::duration> ResponseMeter::time_to_first_content() const {
  if (!state_->first_content) return std::nullopt;
  return *state_->first_content - state_->dispatched;
}
const ChunkTimes& ResponseMeter::chunk_times() const { return state_->chunk_times; }
std::uint64_t ResponseMeter::chunks() const { return state_->chunks; }
std::uint64_t ResponseMeter::content_bytes() const { return state_->content_bytes; }
std::string_view ResponseMeter::unread() const { return state_->unread; }

}  // namespace binnacle::gateway
