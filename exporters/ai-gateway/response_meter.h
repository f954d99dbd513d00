// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol.h"

namespace binnacle::gateway {

using Clock = std::chrono::steady_clock;

/// Bounds of the time between two chunks, in seconds.
inline constexpr std::array kChunkBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

/// Times between chunks of one answer, counted by kChunkBounds (the last is what is beyond).
struct ChunkTimes {
  std::array<std::uint32_t, kChunkBounds.size() + 1> counts{};
  double sum_seconds = 0;
};

/// Follows one reply of an upstream as its bytes pass: finds usage, model, errors and times, holds back what comes
/// before the first content, and strips the usage that the gateway asked for. Knows nothing of sockets.
///
/// What it learns does not depend on how the bytes are cut into pieces.
class ResponseMeter {
 public:
  struct Settings {
    const Protocol* protocol = nullptr;  ///< null: nothing is looked at
    int status = 200;
    std::string content_type;
    std::string content_encoding;
    bool strip_usage = false;  ///< the client did not ask for it
    /// The request asked for a stream. Then one JSON text may be an error of status 200, and is held back like a
    /// stream's beginning; of Gemini a JSON array is the stream itself (that is also seen without being told).
    bool streamed = false;
    /// Keep what comes before the first content, up to so many bytes, for a stream that may still fail. 0: hold
    /// nothing.
    std::size_t hold_back = std::size_t{256} << 10U;
    /// A longer frame of SSE is not kept: usage, errors and the answer's end are looked for as it passes. A longer
    /// element of Gemini's array passes unread.
    std::size_t frame_limit = std::size_t{16} << 20U;
    std::size_t decoded_limit = std::size_t{1} << 30U;  ///< of a compressed reply
    /// A sum that what is kept here is a part of; it lives longer. Beyond the limit nothing is held back.
    std::size_t* held_total = nullptr;
    std::size_t held_limit = 0;
  };
  ResponseMeter(Settings settings, Clock::time_point dispatched);
  ~ResponseMeter();
  ResponseMeter(const ResponseMeter&) = delete;
  ResponseMeter& operator=(const ResponseMeter&) = delete;

  /// Takes bytes of the body (without its chunked framing) and returns those to be sent on now: often the same ones,
  /// not copied; empty while all is held back. Good until the next call.
  std::string_view feed(std::string_view bytes, Clock::time_point now);
  /// The body has ended; `whole`: as HTTP says it has to. Returns the last bytes to be sent on: none where all is held
  /// back and the reply failed or is not whole, until release() was called and finish() again.
  std::string_view finish(bool whole, Clock::time_point now);
  /// Ends holding back: what is held comes with the next call of feed() or finish(). For a client that has waited long,
  /// and for an error that is to be passed on after all.
  void release();

  /// A stream of frames, by its type: SSE, or Gemini's array. Also where it cannot be read.
  [[nodiscard]] bool streaming() const;
  /// Nothing has to go to the client yet.
  [[nodiscard]] bool holding() const;
  /// The reply has to be decoded for the client, too: send it without Content-Encoding (usage is stripped from it).
  [[nodiscard]] bool decodes() const;
  /// The body's length differs from the upstream's Content-Length, or may do so.
  [[nodiscard]] bool changes_length() const { return decodes() || strips(); }
  [[nodiscard]] bool strips() const;

  /// An error came in a reply of status 2xx, or a frame before the first content that cannot be one of this protocol;
  /// while holding() the reply may be dropped for another upstream's. Also: decodes(), and the body cannot be decoded;
  /// then nothing more comes out.
  [[nodiscard]] bool failed() const;
  [[nodiscard]] const ReplyFacts& facts() const;
  /// The answer said that it is whole ([DONE], message_stop …), or was a whole JSON text. Of an error and of what is
  /// not looked at: HTTP said so.
  [[nodiscard]] bool ended() const;
  /// Of streams: when the first and the latest frame of content was there.
  [[nodiscard]] std::optional<Clock::time_point> first_content() const;
  [[nodiscard]] std::optional<Clock::time_point> last_content() const;
  /// From the dispatch to the first content.
  [[nodiscard]] std::optional<Clock::duration> time_to_first_content() const;
  /// Between frames of content; 0 between those that came in one call of feed().
  [[nodiscard]] const ChunkTimes& chunk_times() const;
  [[nodiscard]] std::uint64_t chunks() const;  ///< frames of content
  /// Bytes of a whole (not streamed) reply, decoded: what an estimate of tokens is made from where it broke off.
  [[nodiscard]] std::uint64_t content_bytes() const;
  /// Why usage may be missing: "encoding", "content_type", "frame" (too long, and no JSON; or none of this protocol) or
  /// "json"; empty when all was read.
  [[nodiscard]] std::string_view unread() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace binnacle::gateway
