// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "attempt_plan.h"
#include "core/circuit_breaker.h"
#include "core/secret.h"
#include "model_gate.h"
#include "prices.h"
#include "protocol.h"
#include "rate_limits.h"
#include "shared_limits.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::gateway {

using std::chrono::milliseconds;

/// Where requests go. The section `upstreams`.
struct UpstreamConfig {
  std::string name;
  Dialect dialect = Dialect::openai;
  bool tls = false;
  std::string host;  ///< a name or an address, without brackets
  std::string port;
  std::string path;           ///< put before the request's path: "" or "/openai"; no slash at its end
  std::optional<Secret> key;  ///< sent instead of the client's; nothing: the client's own passes
  /// The header that the key goes to, never empty; in Authorization "Bearer " stands before it. By default that one
  /// (OpenAI), x-api-key (Anthropic) or x-goog-api-key (Gemini).
  std::string key_header;
  std::vector<std::pair<std::string, std::string>> headers;  ///< set on every request, secrets not among them
  std::string ca_file;                                       ///< instead of the system's
  std::string server_name;                                   ///< for TLS; the host where empty
  bool ask_usage = true;                                     ///< ask for usage in streams where the client did not
  bool other_paths = false;                                  ///< paths that are no known operation pass, unmetered
  enum class OnAbort : std::uint8_t { cancel, drain };
  OnAbort on_client_abort = OnAbort::cancel;
  milliseconds drain_time{60'000};  ///< at most, after the client left
  std::uint64_t drain_bytes = std::uint64_t{10} << 20U;
  std::size_t drains = 100;  ///< at a time; more are cancelled
  milliseconds connect_timeout{5'000};
  milliseconds header_timeout{300'000};   ///< from the request's last byte to the reply's headers
  milliseconds content_timeout{300'000};  ///< to the first content of a stream
  milliseconds idle_timeout{120'000};     ///< between two bytes of a reply
  std::size_t idle_connections = 64;
  milliseconds idle_connection_time{30'000};
  /// Answers may take minutes: no call is a slow one but by the config.
  CircuitBreaker::Settings breaker{.window = {.time = std::chrono::seconds{60}},
                                   .minimum_calls = 20,
                                   .failure_ratio = 0.5,
                                   .slow_ratio = 1,
                                   .slow_call = std::chrono::seconds{3'600},
                                   .open_time = std::chrono::seconds{30},
                                   .half_open_calls = 3};
  milliseconds cool_down{5'000};  ///< after a 429 that does not say how long
  double retry_ratio = 0.2;
  std::string probe_path;  ///< empty: no probe
  milliseconds probe_interval{30'000};
};

/// A model that clients may ask for. The section `models`.
struct ModelConfig {
  std::string name;
  std::vector<std::string> aliases;
  struct Target {
    std::size_t upstream = 0;  ///< index in upstreams
    std::string model;         ///< its name there
  };
  std::vector<Target> targets;  ///< the first, and the others to fall back to
  ModelGate::Settings gate;
  std::vector<RateLimit> limits;
  std::uint64_t output_reserve = 1024;  ///< tokens to reserve for an answer where the request sets no maximum
  AttemptPolicy attempts;
};

/// All of the config file that is the gateway's own.
struct GatewayConfig {
  struct Front {
    std::vector<std::string> listen;  ///< HOST:PORT, :PORT or [IPV6]:PORT; of flags, where there are any
    std::size_t max_connections = 2'000;
    std::size_t max_header_bytes = std::size_t{64} << 10U;
    std::size_t max_body_bytes = std::size_t{32} << 20U;
    std::size_t max_held_bytes = std::size_t{512} << 20U;  ///< of all requests' bodies together
    milliseconds header_time{30'000};     ///< for a request's headers, and then for its body between two pieces
    milliseconds idle_time{75'000};       ///< of a connection between requests
    milliseconds write_time{60'000};      ///< that a client may leave an answer untaken
    milliseconds deadline{600'000};       ///< of a request, queue and attempts and all, to its first byte
    milliseconds total_time{3'600'000};   ///< of a request to its last byte
    milliseconds shutdown_grace{30'000};  ///< that requests under way have after SIGTERM
    std::vector<Secret> client_keys;      ///< one of them must come with each request; none: all may
  };
  Front front;
  std::vector<UpstreamConfig> upstreams;
  std::vector<ModelConfig> models;
  /// Models that the config does not know go, unnamed (`other`), to this upstream of their dialect; nothing: 404.
  std::map<Dialect, std::size_t> unknown_models;
  PriceTable prices;
  std::optional<SharedLimits::Settings> shared;
  std::optional<double> daily_budget_usd;
  bool otel = false;  ///< the gen_ai_* histograms, too
  std::string via;    ///< a name for x-aigw-* headers; empty: they are not sent

  /// The model of that name or alias; null where there is none. Names are matched exactly.
  [[nodiscard]] const ModelConfig* find_model(std::string_view name) const;

  /// Reads all keys. Throws ConfigError, or std::runtime_error for a flag. `listen`: by flags, in place of the
  /// config's. Logs a warning of what works but is hardly meant.
  static GatewayConfig parse(YamlMap& config, const std::vector<std::string>& listen);
  /// Lets find_model() know `models`, for those who did not get them from parse().
  void index_models();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, std::size_t, NameHash, std::equal_to<>> by_name_;  // aliases, too
};

}  // namespace binnacle::gateway
