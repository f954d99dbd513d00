// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace binnacle::breaker {

/// An event of a stream.
struct SseEvent {
  std::string type;  ///< `event:`; empty where the stream does not say
  std::string data;  ///< the lines of `data:`, with newlines between them
};

/// Makes events from the bytes of a text/event-stream, as they come. The rules are the HTML standard's: lines end with
/// CR, LF or both, those that begin with a colon are comments, an event ends with an empty line and counts only when it
/// has data. `id:` and `retry:` mean nothing to us: nobody repeats what was lost.
class SseParser {
 public:
  static constexpr std::size_t kLimit = std::size_t{1} << 20U;

  /// `limit`: the bytes of an event's data and of the line under way, together.
  explicit SseParser(std::size_t limit = kLimit) : limit_(limit) {}

  /// Calls `take` with each event that these bytes complete. Throws SourceError (too_large).
  void feed(std::string_view bytes, const std::function<void(const SseEvent& event)>& take);

 private:
  void end_line(const std::function<void(const SseEvent& event)>& take);
  void require_room(std::size_t more) const;

  std::size_t limit_;
  std::string line_;        // so far
  bool first_line_ = true;  // which may begin with a byte order mark
  bool after_cr_ = false;   // a LF now is part of the line's end
  bool has_data_ = false;
  SseEvent event_;
};

}  // namespace binnacle::breaker
