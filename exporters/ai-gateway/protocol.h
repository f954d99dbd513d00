// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json_scan.h"
#include "usage.h"

namespace binnacle::gateway {

/// Whose API a client speaks. An upstream speaks one of them.
enum class Dialect : std::uint8_t { openai, anthropic, gemini };
inline constexpr std::array kDialects{Dialect::openai, Dialect::anthropic, Dialect::gemini};
std::string_view name_of(Dialect dialect);
std::optional<Dialect> dialect_of(std::string_view name);

/// What is asked for. The label `operation`.
enum class Operation : std::uint8_t {
  chat,              ///< POST …/chat/completions
  completions,       ///< POST …/completions
  embeddings,        ///< POST …/embeddings
  responses,         ///< POST …/responses
  messages,          ///< POST …/v1/messages
  generate_content,  ///< POST …/models/M:generateContent, :streamGenerateContent
  embed_content,     ///< POST …/models/M:embedContent, :batchEmbedContents
  other,             ///< passed through unmetered
};
inline constexpr std::size_t kOperationCount = 8;
inline constexpr std::array<Operation, kOperationCount> kOperations{
    Operation::chat,     Operation::completions,      Operation::embeddings,    Operation::responses,
    Operation::messages, Operation::generate_content, Operation::embed_content, Operation::other};
std::string_view name_of(Operation operation);

/// A request that cannot be read as one of its protocol. The message is for the client, in one line, with nothing of
/// the body in it but names of keys.
class BadRequest : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a gateway has to know of a request's body.
struct RequestFacts {
  std::string model;             ///< as the client wrote it (unescaped); of Gemini the path has it, then it is empty
  std::optional<Span> model_at;  ///< the JSON string in the body, quotes included
  bool stream = false;           ///< `stream: true`
  bool usage_asked = false;      ///< the answer's stream will have its usage without our help
  bool stateful = false;         ///< bound to one upstream, or not to be repeated: no retry, no fallback
  bool background = false;       ///< the answer is not the result
  /// Tokens that the answer may have at most, of one choice; 0 for embeddings, which have none. At most 10^12.
  std::optional<std::uint64_t> max_output;
  std::uint64_t choices = 1;  ///< `n`, from 1 to 1024
  std::size_t bytes = 0;      ///< of the body
};

/// Why an upstream failed, as its reply's body or an error frame says.
struct UpstreamError {
  std::string type;           ///< `error.type`, `error.status` (Gemini), at most 64 bytes of [A-Za-z0-9_.-]
  std::string code;           ///< `error.code` where it is a text, or Anthropic's `error.details.error_code`; likewise
  std::optional<int> status;  ///< the HTTP status it stands for, where type or code tells
  std::optional<double> retry_after_seconds;  ///< Gemini's RetryInfo
};

/// What a frame of a stream is for.
enum class FrameKind : std::uint8_t {
  lifecycle,  ///< no content: created, in_progress, the role's chunk, message_start, ping, what is unknown
  content,    ///< the first or a further part of the answer
  usage,      ///< nothing but usage: OpenAI's chunk of no choices
  error,      ///< the answer ends here, and failed
  end,        ///< the answer is whole: [DONE], message_stop, response.completed, Gemini's finishReason with no parts
};

/// Facts that replies tell, collected over all frames of one reply.
struct ReplyFacts {
  UsageFields usage;
  /// The usage is the final one, and not a placeholder or a count so far: a whole reply's, OpenAI's usage chunk,
  /// message_delta's, response.completed's, Gemini's with its finishReason.
  bool usage_final = false;
  std::string model;         ///< the model that answered, as it says; a name beyond 200 bytes is not taken
  std::string service_tier;  ///< "default", "flex", "priority", "batch" …; likewise beyond 32 bytes
  std::optional<UpstreamError> error;
  std::uint64_t choices_ended = 0;
  /// The answer said that it is whole. Gemini's last frame says so beside its content: it is FrameKind::content then.
  bool ended = false;
};

/// One way to ask and to answer: the paths, requests, replies and frames of one operation of one dialect.
/// All of it is pure, keeps no state and is used by one thread or many.
class Protocol {
 public:
  Protocol() = default;
  virtual ~Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

  [[nodiscard]] virtual Operation operation() const = 0;
  [[nodiscard]] virtual Dialect dialect() const = 0;

  /// Throws BadRequest: no JSON object, two keys `model`, a model that is no string …
  [[nodiscard]] virtual RequestFacts read_request(std::string_view body) const = 0;
  /// The body as it is sent to an upstream that has another name for the model; `facts` are the same body's. The same
  /// bytes where the body does not name it.
  [[nodiscard]] virtual std::string with_model(std::string_view body, const RequestFacts& facts,
                                               std::string_view model) const;
  /// The body with what makes the provider tell its usage in the stream; nothing where there is no such thing or it is
  /// asked for already. The other bytes stay as they are.
  [[nodiscard]] virtual std::optional<std::string> ask_for_usage(std::string_view body) const = 0;
  /// A frame of a stream that was asked for usage on the client's behalf, as the client would have got it else: nothing
  /// to drop it whole, the same text where there is nothing to strip. `data` is the JSON alone.
  [[nodiscard]] virtual std::optional<std::string> strip_usage(std::string_view data) const = 0;

  /// Reads one frame: of SSE, or an element of the array that Gemini streams without alt=sse (JsonScan's path "*").
  /// `event` is the SSE event's name (often empty). `begun`: the first content was seen before, so that frames without
  /// usage, errors and ends need no look inside, and count as content.
  virtual FrameKind read_frame(std::string_view event, std::string_view data, bool begun, ReplyFacts& facts) const = 0;

  /// The paths for a JsonScan over the data of a frame that is too long to be kept. They live as long as the protocol.
  [[nodiscard]] virtual std::span<const std::string_view> frame_paths() const = 0;
  /// Reads what such a scan has found in one whole JSON text, as read_frame() would read it.
  virtual FrameKind read_long_frame(std::string_view event, std::span<const JsonScan::Found> found,
                                    ReplyFacts& facts) const = 0;

  /// The paths for a JsonScan over a whole (not streamed) reply. They live as long as the protocol.
  [[nodiscard]] virtual std::span<const std::string_view> captured_paths() const = 0;
  /// Reads all that a JsonScan over captured_paths() has found of such a reply. A reply that broke off may be read as
  /// far as it came: usage that was found is the final one.
  virtual void read_reply(std::span<const JsonScan::Found> found, ReplyFacts& facts) const = 0;
  /// Reads the body of a reply of status 400 or above into facts.error, which stays empty where the body is none of
  /// this dialect's errors (HTML, nothing, cut off).
  virtual void read_error(std::string_view body, ReplyFacts& facts) const = 0;

  /// Gives counts of this provider their one meaning. Nothing where not even input or output is known.
  [[nodiscard]] virtual std::optional<Usage> normalise(const UsageFields& fields) const = 0;
};

/// The protocol of an operation; `other` has none: null.
const Protocol* protocol_of(Operation operation);

/// Every protocol's own instance, each in a file of its own.
const Protocol& openai_chat();
const Protocol& openai_completions();
const Protocol& openai_embeddings();
const Protocol& openai_responses();
const Protocol& anthropic_messages();
const Protocol& gemini_generate();
const Protocol& gemini_embed();

}  // namespace binnacle::gateway
