// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::gateway {

/// A stretch of a body: where a value stands, to be replaced or cut out without touching the rest.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
  bool operator==(const Span&) const = default;
};

/// Finds the values of a few keys in a JSON text of any size that comes in pieces, without keeping or parsing the rest.
/// What it finds does not depend on how the text is cut.
///
/// A path is keys joined by dots from the top ("usage", "response.usage"); `*` stands for each element of an array
/// ("*.usageMetadata"). Keys are compared unescaped; a path's are ASCII. What is skipped is not validated, but nesting
/// (at most kDepthLimit levels), strings and brackets are followed, so that no text within a string is taken for a key.
/// A byte order mark at the start is skipped.
class JsonScan {
 public:
  struct Found {
    std::size_t path = 0;  ///< its index in the paths
    Span key;              ///< the key's string with its quotes; empty for an array's element. Offsets from the start
    Span value;            ///< of the value, without white space around it
    std::string text;      ///< the value's bytes, where it is not longer than the limit
    bool too_long = false;
  };
  enum class State : std::uint8_t {
    going,   ///< the text goes on
    whole,   ///< one value has ended; only white space may follow
    broken,  ///< this is no JSON
  };

  static constexpr std::size_t kDepthLimit = 64;
  static constexpr std::size_t kPathLimit = 64;
  /// Values that are kept in found(). Beyond it, a path that has two keeps its first ones and the last.
  static constexpr std::size_t kFoundLimit = 64;

  /// `paths` (at most kPathLimit) must live longer. `limit`: bytes of a value to keep. Throws std::logic_error.
  explicit JsonScan(std::span<const std::string_view> paths, std::size_t limit = std::size_t{64} << 10U);

  /// Takes the next bytes.
  State feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  /// In the order of their ends; one path may be found more than once.
  [[nodiscard]] const std::vector<Found>& found() const { return found_; }
  /// The same, given away: for texts that go on and on, such as a streamed array's elements (path "*").
  [[nodiscard]] std::vector<Found> take_found() { return std::exchange(found_, {}); }
  /// Where the outermost value's closing bracket stands; nothing before it came.
  [[nodiscard]] std::optional<std::size_t> end_bracket() const { return end_bracket_; }

 private:
  static constexpr std::size_t kKeyLimit = 64;  // longer keys are in no path

  enum class Expect : std::uint8_t { value, value_or_end, key, key_or_end, colon, comma_or_end, nothing };
  enum class Mode : std::uint8_t { structure, key, text, scalar, skip, skipped_text };
  enum class Escape : std::uint8_t { none, begun, u0, u1, u2, u3 };

  struct Level {
    std::uint64_t paths = 0;  // a bit for each whose keys lead here, and further
    std::size_t prefix = 0;   // bytes of those keys in the path, with their dots
    bool array = false;
  };
  struct Capture {
    std::size_t depth = 0;
    std::size_t from = 0;  // in the piece that is fed
    Found found;
  };

  void read_structure(char byte);
  void read_key(std::string_view bytes);
  void unescape(char byte);
  void read_text(std::string_view bytes);
  void read_scalar(std::string_view bytes);
  void skip(std::string_view bytes);
  void begin_value(char byte);
  Level match(const Level& level);
  void begin_container(Level inside);
  void end_container(bool array);
  void end_value(std::size_t end);
  void append_key(std::string_view bytes);
  void keep(Found found);
  [[nodiscard]] std::size_t offset() const { return offset_ + at_; }

  std::span<const std::string_view> paths_;
  std::size_t limit_;
  State state_ = State::going;
  Expect expect_ = Expect::value;
  Mode mode_ = Mode::structure;
  Escape escape_ = Escape::none;
  std::uint32_t code_unit_ = 0;
  std::size_t mark_ = 0;       // bytes of a byte order mark
  std::size_t offset_ = 0;     // of the piece that is fed
  std::size_t at_ = 0;         // in it
  std::string_view piece_;     // only within feed()
  std::size_t skip_from_ = 0;  // the depth at which skipping began
  std::size_t depth_ = 0;
  std::array<Level, kDepthLimit> levels_{};
  std::string key_;
  Span key_at_;
  std::vector<Capture> captures_;  // under way, from the outermost to the innermost
  std::vector<Found> found_;
  std::optional<std::size_t> end_bracket_;
};

}  // namespace binnacle::gateway
