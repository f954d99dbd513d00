// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http_settings.h"
#include "source.h"

namespace binnacle::breaker {

/// GETs from one server, over a connection that is kept. Never follows a redirect, never asks a proxy, never sends
/// anything but GET, and takes no more than a limit. All calls are one thread's.
class HttpClient {
 public:
  static constexpr std::size_t kBodyLimit = std::size_t{16} << 20U;

  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The body of a 200, of at most `limit` bytes once it is inflated. `path_and_query` is put behind the URL as it is,
  /// so it has to be escaped. Throws SourceError, also when `context.stop` becomes readable.
  std::string get(std::string_view path_and_query, const PollContext& context, std::size_t limit = kBodyLimit);

  /// Reads a body that has no end, such as text/event-stream. The first call makes the request, later ones go on with
  /// it, whatever their path. Gives `take` all bytes that come, and returns once there was a 200 and `until` is past,
  /// or at once when `take` returns false; what has come since then waits for the next call. Throws SourceError when
  /// there is no 200 before context.deadline, or the body ends, and what `take` throws: the next call begins anew.
  void stream(std::string_view path_and_query, Clock::time_point until,
              const std::function<bool(std::string_view bytes)>& take, const PollContext& context);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace binnacle::breaker
