// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hiredis/read.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle {

/// A server's answer in RESP2.
struct Reply {
  enum class Type { nil, string, status, error, integer, array };
  Type type = Type::nil;
  std::string text;  ///< of a string, a status or an error
  long long integer = 0;
  std::vector<Reply> elements;

  [[nodiscard]] bool is_error() const { return type == Type::error; }
  /// The element at `index`; null where there is none.
  [[nodiscard]] const Reply* at(std::size_t index) const {
    return index < elements.size() ? &elements[index] : nullptr;
  }
};

/// What a server sent is no RESP2, or more than the limits allow: nothing further on that connection makes sense.
class ProtocolError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Makes replies from a connection's bytes. Memory is bounded by what was really sent, whatever lengths are announced.
class ReplyReader {
 public:
  struct Limits {
    std::size_t bytes = std::size_t{64} << 20U;  ///< of one reply
    std::size_t elements = 1'000'000;            ///< of one reply, those of nested arrays included
  };
  ReplyReader() : ReplyReader(Limits{}) {}
  explicit ReplyReader(Limits limits);

  /// Throws ProtocolError when the reply under way is too long.
  void feed(std::string_view bytes);
  /// The next whole reply, or nothing while one is incomplete. Throws ProtocolError.
  std::optional<Reply> next();

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  Limits limits_;
  std::unique_ptr<std::size_t> elements_left_;  // has an address of its own: the reader's callbacks count in it
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::size_t fed_ = 0;  // since the last whole reply
};

/// A command's name and its arguments.
using Command = std::vector<std::string>;

/// Appends a command to `out` as it goes over the wire.
void append_command(const Command& command, std::string& out);

}  // namespace binnacle
