// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::gateway {

/// The header fields of a message, in their order and as they are written.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  /// The first one's value; names are compared without case. Null where there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  /// As find(), empty where there is none.
  [[nodiscard]] std::string_view value(std::string_view name) const;
  [[nodiscard]] const std::vector<Field>& all() const { return fields_; }
  void clear() { fields_.clear(); }
  void reserve(std::size_t fields) { fields_.reserve(fields); }

 private:
  std::vector<Field> fields_;
};

/// Whether two ASCII names are the same but for their case.
bool same_name(std::string_view a, std::string_view b);

/// Whether a field belongs to one connection (RFC 9110 section 7.6.1) and must not be passed on: Connection and those
/// it names, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

/// Reads one HTTP/1.x message as its bytes come, by Boost.Beast's parser.
template <bool IsRequest>
class MessageParser : public boost::beast::http::basic_parser<IsRequest> {
 public:
  /// `header_limit`, `body_limit`: bytes.
  MessageParser(std::size_t header_limit, std::optional<std::uint64_t> body_limit);

  enum class Progress {
    more,         ///< more bytes are needed
    done,         ///< the message is whole
    headers_big,  ///< beyond the limit
    body_big,     ///< beyond the limit
    bad,          ///< no HTTP, or such as servers understand in different ways
  };
  /// Takes bytes from the front of `bytes` and leaves those that it has not used: of a header that is not whole yet, or
  /// of the next message. body() has the new part of the body.
  Progress feed(std::string_view& bytes);
  /// The connection has ended. done: so has the message; else it was cut.
  Progress end();

  /// The pieces of the body that the last feed() found. Good as long as its bytes.
  [[nodiscard]] const std::vector<std::string_view>& body() const { return body_; }

  [[nodiscard]] std::string_view method() const { return method_; }
  [[nodiscard]] std::string_view target() const { return target_; }
  [[nodiscard]] bool http_1_0() const { return version_ < 11; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view reason() const { return reason_; }
  [[nodiscard]] const Headers& headers() const { return headers_; }
  [[nodiscard]] Headers& headers() { return headers_; }

 private:
  using Base = boost::beast::http::basic_parser<IsRequest>;
  using View = boost::beast::string_view;
  using Code = boost::beast::error_code;
  using Verb = boost::beast::http::verb;
  using FieldName = boost::beast::http::field;
  using ChunkKind = boost::optional<std::uint64_t>;

  void on_request_impl(Verb verb, View method, View target, int version, Code& error) override;
  void on_response_impl(int status, View reason, int version, Code& error) override;
  void on_field_impl(FieldName name, View text, View value, Code& error) override;
  void on_header_impl(Code& error) override;
  void on_body_init_impl(const ChunkKind& length, Code& error) override;
  std::size_t on_body_impl(View body, Code& error) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, Code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, View body, Code& error) override;
  void on_finish_impl(Code& error) override;

  std::string method_;
  std::string target_;
  std::string reason_;
  int status_ = 0;
  int version_ = 11;
  Headers headers_;
  std::vector<std::string_view> body_;
};

using RequestParser = MessageParser<true>;
using ReplyParser = MessageParser<false>;

/// "Name: value\r\n"
void append_field(std::string& head, std::string_view name, std::string_view value);
/// "HTTP/1.1 200 OK\r\n"
void append_status(std::string& head, int status, std::string_view reason = {});

}  // namespace binnacle::gateway
