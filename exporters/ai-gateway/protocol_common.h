// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json_scan.h"
#include "protocol.h"

namespace binnacle::gateway {

/// Bytes of a value that are kept to be read: nothing that a protocol reads is longer. Longer content is content still.
inline constexpr std::size_t kValueLimit = 1024;

/// What a value in a reply tells.
enum class Part : std::uint8_t {
  input,  ///< a count, and so on to tool_input
  output,
  total,
  cached_input,
  cache_write,
  cache_write_5m,
  cache_write_1h,
  reasoning,
  tool_input,
  model,
  service_tier,
  type,         ///< of an event, as its data repeats it
  error,        ///< the error itself: there is one unless it is null, false, "" or 0
  error_type,   ///< parts of it
  error_code,   ///< a text, or a number that is an HTTP status
  retry_delay,  ///< "17s"
  choice,       ///< one of the answers
  finish,       ///< why one of them ended; null: it goes on
  content,      ///< content where it is not empty
  block_type,   ///< of Anthropic's content blocks
};

/// Where in a reply something stands, as a path of JsonScan.
struct PartPath {
  std::string_view path;
  Part part;
};

template <std::size_t size>
constexpr std::array<std::string_view, size> paths_of(const std::array<PartPath, size>& rows) {
  std::array<std::string_view, size> paths{};
  for (std::size_t at = 0; at < size; ++at) paths[at] = rows[at].path;
  return paths;
}

template <std::size_t first, std::size_t second>
constexpr std::array<PartPath, first + second> joined(const std::array<PartPath, first>& rows,
                                                      const std::array<PartPath, second>& more) {
  std::array<PartPath, first + second> all{};
  for (std::size_t at = 0; at < first; ++at) all[at] = rows[at];
  for (std::size_t at = 0; at < second; ++at) all[first + at] = more[at];
  return all;
}

/// Errors as all dialects write them.
inline constexpr std::array kErrorParts{PartPath{"error", Part::error},
                                        PartPath{"error.type", Part::error_type},
                                        PartPath{"error.status", Part::error_type},
                                        PartPath{"error.code", Part::error_code},
                                        PartPath{"error.details.error_code", Part::error_code},
                                        PartPath{"error.details.*.retryDelay", Part::retry_delay}};

/// What else was seen in a reply or a frame, beside what ReplyFacts takes.
struct Seen {
  bool whole = false;  ///< it was one JSON text
  bool usage = false;  ///< a count was among it
  bool error = false;
  UpstreamError details;  ///< of an error, if it is one
  bool content = false;
  std::size_t choices = 0;
  std::uint64_t finished = 0;
  std::string type;
  std::string block_type;
};

/// Reads the values into `facts`: counts (those that are no whole numbers from 0 to 10^12 are passed over), model and
/// tier. Errors are only seen.
Seen read_parts(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts);
/// The same of one whole JSON text.
Seen read_found(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts);
/// The same of a frame's data, where that is one JSON text. `rows` and `paths` belong together.
Seen read_data(std::span<const PartPath> rows, std::span<const std::string_view> paths, std::string_view data,
               ReplyFacts& facts);
/// The same of a whole reply, whose usage is the final one, and whose error is told at once.
void read_whole(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts);

/// Whether a frame is an error, whatever the protocol: by its event, its type, or what it has.
bool is_error(std::string_view event, const Seen& seen);
/// The error goes to the facts, if it is the first.
FrameKind fail(ReplyFacts& facts, const Seen& seen);

/// Whether the bytes may have a member of this name whose value is not null, or a key that is written with escapes, so
/// that a closer look is needed.
bool may_have(std::string_view data, std::string_view name);
/// Whether the bytes may tell of an error.
bool may_fail(std::string_view data);

/// The text of a JSON string; nothing for other values, longer ones, and what is no UTF-8.
std::optional<std::string> string_of(const JsonScan::Found& value);
/// Neither null nor false nor empty.
bool is_filled(const JsonScan::Found& value);

/// What a value in a request tells.
enum class Ask : std::uint8_t {
  model,
  stream,
  include_usage,
  max_output,  ///< the largest counts
  choices,     ///< likewise
  bound,       ///< names what only one upstream has; null does not
  background,  ///< true: the answer comes later
};
struct AskPath {
  std::string_view path;
  Ask ask;
};

/// Reads a request's body. Throws BadRequest when it is no JSON object, or when a model or a `stream` is there twice or
/// of another type: servers differ in which of two counts.
RequestFacts read_asks(std::span<const AskPath> rows, std::string_view body);
/// Throws BadRequest where the body names no model.
void require_model(const RequestFacts& facts);

/// What is read of a JSON text, and the same as a JsonScan wants it. Both live as long as the protocol.
struct PartTable {
  std::span<const PartPath> rows;
  std::span<const std::string_view> paths;
};

/// A protocol whose frames and whole replies are read by a table each.
class TableProtocol : public Protocol {
 public:
  FrameKind read_frame(std::string_view event, std::string_view data, bool begun, ReplyFacts& facts) const override;
  [[nodiscard]] std::span<const std::string_view> frame_paths() const override { return frames_.paths; }
  FrameKind read_long_frame(std::string_view event, std::span<const JsonScan::Found> found,
                            ReplyFacts& facts) const override;
  [[nodiscard]] std::span<const std::string_view> captured_paths() const override { return replies_.paths; }
  void read_reply(std::span<const JsonScan::Found> found, ReplyFacts& facts) const override;
  void read_error(std::string_view body, ReplyFacts& facts) const override;

 protected:
  TableProtocol(PartTable frames, PartTable replies) : frames_(frames), replies_(replies) {}

  /// Whether a frame after the first content is more of it, so that nobody has to look inside.
  [[nodiscard]] virtual bool is_plain(std::string_view event, std::string_view data) const;
  virtual FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const = 0;

 private:
  PartTable frames_;
  PartTable replies_;
};

/// A protocol whose replies tell their usage unasked.
class UnaskedProtocol : public TableProtocol {
 public:
  [[nodiscard]] std::optional<std::string> ask_for_usage(std::string_view body) const override;
  [[nodiscard]] std::optional<std::string> strip_usage(std::string_view data) const override;

 protected:
  using TableProtocol::TableProtocol;
};

/// The body of a reply of status 400 or above, of whatever dialect.
void read_error_body(std::string_view body, ReplyFacts& facts);

/// a + b, or the largest number there is.
std::uint64_t add_counts(std::uint64_t a, std::uint64_t b);
/// With subsets no larger than what they are subsets of.
Usage clamped(Usage usage);

}  // namespace binnacle::gateway
