// SPDX-License-Identifier: Apache-2.0
#include "memcached_link.h"

#include <array>

#include "core/text.h"
#include "memcached_stats.h"

namespace binnacle::cache {

namespace {

/// 64 slab classes with 30 numbers each are 100 KB.
constexpr std::size_t kLongestReply = 4U << 20U;
constexpr std::size_t kReadSize = 65'536;

[[noreturn]] void fail(std::string_view line) {
  if (line.find("unauthenticated") != std::string_view::npos) {
    throw MemcachedError("the server wants a login, which this exporter does not have for Memcached");
  }
  throw MemcachedError("the server answered " + quoted(line), line == "ERROR" || line.starts_with("CLIENT_ERROR"));
}

}  // namespace

std::string MemcachedLink::read_stats(Clock::time_point deadline) {
  std::size_t searched = 0;
  for (;;) {
    const auto end = find_stats_end(received_, searched);
    if (end.size != 0) {
      std::string body{end.body};
      const bool is_error = end.is_error;
      received_.erase(0, end.size);
      if (is_error) fail(body);
      return body;
    }
    searched = received_.size();
    receive(deadline);
  }
}

std::string MemcachedLink::read_line(Clock::time_point deadline) {
  for (;;) {
    const auto end = received_.find('\n');
    if (end != std::string::npos) {
      std::string line{trim(std::string_view{received_}.substr(0, end))};
      received_.erase(0, end + 1);
      const auto reply = find_stats_end(line + "\n");
      if (reply.is_error) fail(line);
      return line;
    }
    receive(deadline);
  }
}

void MemcachedLink::receive(Clock::time_point deadline) {
  if (received_.size() > kLongestReply) throw std::runtime_error("the server's reply is longer than 4 MiB");
  std::array<char, kReadSize> buffer{};
  const auto size = socket_.read_some(buffer, deadline);
  received_.append(buffer.data(), size);
}

}  // namespace binnacle::cache
