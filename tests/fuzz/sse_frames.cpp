// SPDX-License-Identifier: Apache-2.0
// A text/event-stream cut into frames, whole and in pieces.
#include "ai-gateway/sse_frames.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.h"

namespace {

using namespace binnacle::fuzz;
using namespace binnacle::gateway;

constexpr std::size_t kLimit = 64;

struct Seen {
  std::string bytes;  // of all frames
  std::vector<std::string> frames;
};

Seen read(std::string_view bytes, std::size_t step, std::size_t limit) {
  SseFrames frames(limit);
  Seen seen;
  const auto take = [&](const SseFrames::Frame& frame) {
    seen.bytes += frame.bytes;
    if (frame.tail) {
      require(frame.bytes == "\n" && frame.data.empty(), "a tail is a LF");
      return;
    }
    if (frame.more) {
      require(frame.cut, "only what is cut has more");
      return;
    }
    require(!frame.cut || frame.data.empty(), "what is cut has no data");
    require(frame.cut || frame.bytes.size() <= limit + 1, "what is looked at is bounded");
    seen.frames.push_back(frame.cut ? "cut" : std::string(frame.event) + "\n" + std::string(frame.data));
  };
  while (!bytes.empty()) {
    frames.feed(bytes.substr(0, step), take);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  frames.finish(take);
  return seen;
}

/// A frame whose data was replaced has that data, and the event it had.
void replace(const SseFrames::Frame& frame) {
  if (frame.data.empty() || frame.cut) return;
  // Within a stream a byte order mark is a part of a field's name; at its begin, where this one would be, it is not.
  if (frame.bytes.starts_with("\xEF\xBB\xBF")) return;
  const std::string data = "{\n}";
  const auto text = with_data(frame, data);
  SseFrames again(text.size() + 1);
  int frames = 0;
  const auto take = [&](const SseFrames::Frame& replaced) {
    ++frames;
    require(replaced.data == data, "the data is what it was replaced by");
    require(replaced.event == frame.event, "the event stays");
  };
  again.feed(text, take);
  again.finish(take);
  require(frames == 1, "one frame stays one");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text(data, size);
  for (const auto limit : {kLimit, std::size_t{1} << 20U}) {
    const auto whole = read(bytes, bytes.size(), limit);
    require(whole.bytes == bytes, "no byte is lost, added or moved");
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{7}}) {
      const auto pieces = read(bytes, step, limit);
      require(pieces.bytes == bytes, "no byte is lost, added or moved");
      require(pieces.frames == whole.frames, "pieces do not change the frames");
    }
  }
  SseFrames frames(bytes.size() + 1);
  frames.feed(bytes, replace);
  frames.finish(replace);
  return 0;
}
