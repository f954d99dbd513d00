// SPDX-License-Identifier: Apache-2.0
#include "http_message.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace binnacle::gateway {

namespace http = boost::beast::http;

namespace {

constexpr std::array<std::string_view, 8> kHopByHop{
    "connection", "keep-alive", "proxy-connection",  "te",
    "trailer",    "upgrade",    "transfer-encoding", "proxy-authenticate"};

/// Room for so many at once: an SDK sends about 15.
constexpr std::size_t kUsualFields = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool list_has(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (same_name(trimmed(list.substr(0, comma)), name)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& field : fields_) {
    if (same_name(field.first, name)) return &field.second;
  }
  return nullptr;
}

std::string_view Headers::value(std::string_view name) const {
  const auto* const found = find(name);
  return found == nullptr ? std::string_view{} : std::string_view{*found};
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
  return std::any_of(kHopByHop.begin(), kHopByHop.end(), [&](auto hop) { return same_name(hop, name); }) ||
         (!connection.empty() && list_has(connection, name));
}

template <bool IsRequest>
MessageParser<IsRequest>::MessageParser(std::size_t header_limit, std::optional<std::uint64_t> body_limit) {
  this->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(header_limit, 1U << 30U)));
  if (body_limit) {
    this->body_limit(*body_limit);
  } else {
    this->body_limit(boost::none);
  }
  this->eager(true);
  headers_.reserve(kUsualFields);
}

template <bool IsRequest>
typename MessageParser<IsRequest>::Progress MessageParser<IsRequest>::feed(std::string_view& bytes) {
  body_.clear();
  while (!this->is_done() && !bytes.empty()) {
    boost::beast::error_code error;
    const auto used = this->put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more) return Progress::more;
    if (error == http::error::header_limit) return Progress::headers_big;
    if (error == http::error::body_limit) return Progress::body_big;
    if (error) return Progress::bad;
    if (used == 0) break;
  }
  return this->is_done() ? Progress::done : Progress::more;
}

template <bool IsRequest>
typename MessageParser<IsRequest>::Progress MessageParser<IsRequest>::end() {
  body_.clear();
  if (!this->got_some()) return Progress::bad;
  boost::beast::error_code error;
  this->put_eof(error);
  return !error && this->is_done() ? Progress::done : Progress::bad;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_request_impl(Verb /*verb*/, View method, View target, int version, Code& /*error*/) {
  version_ = version;
  method_.assign(method.data(), method.size());
  target_.assign(target.data(), target.size());
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_response_impl(int status, View reason, int /*version*/, Code& /*error*/) {
  status_ = status;
  reason_.assign(reason.data(), reason.size());
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_field_impl(FieldName /*name*/, View text, View value, Code& /*error*/) {
  // Fields of a trailer come after the body: they are not passed on.
  if (!this->is_header_done()) headers_.add({text.data(), text.size()}, {value.data(), value.size()});
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_header_impl(Code& /*error*/) {}

template <bool IsRequest>
void MessageParser<IsRequest>::on_body_init_impl(const ChunkKind& /*length*/, Code& /*error*/) {}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::on_body_impl(View body, Code& /*error*/) {
  if (!body.empty()) body_.emplace_back(body.data(), body.size());
  return body.size();
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, Code& /*error*/) {}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::on_chunk_body_impl(std::uint64_t /*remain*/, View body, Code& /*error*/) {
  if (!body.empty()) body_.emplace_back(body.data(), body.size());
  return body.size();
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_finish_impl(Code& /*error*/) {}

template class MessageParser<true>;
template class MessageParser<false>;

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void append_status(std::string& head, int status, std::string_view reason) {
  if (reason.empty()) {
    const auto known = http::obsolete_reason(static_cast<http::status>(status));
    reason = {known.data(), known.size()};
  }
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason).append("\r\n");
}

}  // namespace binnacle::gateway
