// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::gateway {

/// Cuts the bytes of a text/event-stream into its frames, each with all its bytes, so that frames can be held back,
/// dropped or passed on as they came. Lines end with CR, LF or both; a frame ends with its empty line. A frame that
/// lies within the bytes of one feed() is not copied.
class SseFrames {
 public:
  struct Frame {
    std::string_view bytes;  ///< all of it, with the line breaks that end it
    std::string_view event;  ///< `event:`; empty where there is none
    std::string_view data;   ///< the lines of `data:`, joined by newlines; empty for comments
    bool cut = false;        ///< longer than the limit: `bytes` is a part of it, and event and data are empty
    bool more = false;       ///< of a cut one: further parts follow
    /// The LF of a frame that ended with CR LF, when that frame was handed on before the LF had come: it goes the way
    /// that frame went.
    bool tail = false;
  };

  /// `limit`: bytes of a frame that are kept to be looked at; a longer one is handed on in parts.
  explicit SseFrames(std::size_t limit) : limit_(limit) {}

  /// Calls `take(const Frame&)` for each frame that these bytes complete, in order. Views are good within the call.
  template <typename Take>
  void feed(std::string_view bytes, Take&& take) {
    begin(bytes);
    while (const auto frame = next()) take(*frame);
  }
  /// Bytes of an unfinished frame that are kept.
  [[nodiscard]] std::size_t kept() const { return clear_kept_ ? 0 : kept_.size(); }
  /// What is left over at the stream's end, as one last frame.
  template <typename Take>
  void finish(Take&& take) {
    if (const auto frame = last()) take(*frame);
  }

 private:
  void begin(std::string_view bytes);
  std::optional<Frame> next();
  std::optional<Frame> last();
  std::optional<std::size_t> find_break();
  bool find_end();
  Frame end_frame();
  std::optional<Frame> keep_rest();
  Frame cut_frame(bool more);
  std::string_view take_kept(std::size_t end);
  void read_fields(Frame& frame);

  std::size_t limit_;
  std::string_view piece_;   // that is being fed
  std::size_t start_ = 0;    // of the frame under way in it
  std::size_t scanned_ = 0;  // how far it was searched for the frame's end
  std::size_t next_cr_ = 0;  // where the next CR and LF are from there on, once looked for
  std::size_t next_lf_ = 0;
  std::string kept_;         // the beginning of a frame that earlier pieces left unfinished
  bool clear_kept_ = false;  // it was handed on
  std::string joined_;       // data of several lines
  bool line_empty_ = true;   // nothing stands in the line under way
  bool after_cr_ = false;    // a LF now is part of a line's end
  bool tail_due_ = false;    // and of the end of a frame that was handed on
  bool cutting_ = false;     // the frame under way is longer than the limit
  bool first_ = true;        // the frame under way may begin with a byte order mark
};

/// The frame with other data: all its lines but those of `data:`, and then these.
std::string with_data(const SseFrames::Frame& frame, std::string_view data);

}  // namespace binnacle::gateway
