// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/credentials.h"
#include "http_settings.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// A stream of events as Hystrix has it (text/event-stream), and as Turbine, Vert.x and opossum-hystrix copy it.
///
/// A poll reads the stream for a second, so that changes in it have their times, and gives all breakers that the stream
/// told of in the last minute. Turbine is silent for 3 s where nothing changes.
struct HystrixSettings {
  HttpSettings http;  ///< with the stream's path: http://host:port/hystrix.stream
  std::string query;  ///< behind the path: "cluster=orders" for Turbine; it may hold a token, so it is never shown
  std::chrono::milliseconds silence{10'000};  ///< so long without a byte, and the connection is dead

  bool operator==(const HystrixSettings&) const = default;
};

/// A URL, with a query or without.
HystrixSettings hystrix_from_address(const std::string& address);
/// Reads the keys of all HTTP sources, and `query` and `silence`.
HystrixSettings parse_hystrix(YamlMap& source, const CredentialModules& modules);
std::unique_ptr<Source> make_source(const HystrixSettings& settings);

}  // namespace binnacle::breaker
