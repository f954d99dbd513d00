// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "health.h"
#include "http_server.h"
#include "scrape.h"

namespace binnacle {

class Flags;
class YamlMap;

/// What an exporter is called.
struct ExporterInfo {
  std::string name;              ///< the binary: "system-exporter"
  std::string description;       ///< one line for --help and the landing page
  std::string metric_namespace;  ///< the first word of its self metrics: "node" makes node_up
  std::string listen_address;    ///< the default of --web.listen-address: ":9100"
  /// How long a collector may hold up the others of its target; very long where they share a connection.
  std::chrono::milliseconds stall{250};
  /// What one collector may have; more are dropped and counted.
  std::size_t series_cap = Families::kDefaultSeriesCap;
};

/// A kind of collector that an exporter has, whatever the number of targets it runs for.
struct CollectorKind {
  std::string name;  ///< makes --collector.NAME, ?collect[]=NAME and /metrics/NAME
  bool enabled_by_default = true;
  std::string help;  ///< one line for --help
};

/// All that core needs to know of an exporter. Core calls it in the order of the functions below.
class Exporter {
 public:
  Exporter() = default;
  virtual ~Exporter() = default;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  [[nodiscard]] virtual ExporterInfo info() const = 0;
  [[nodiscard]] virtual std::vector<CollectorKind> collectors() const = 0;
  [[nodiscard]] virtual std::vector<HealthRule> health_rules() const = 0;

  /// Declares flags beyond those that every exporter has.
  virtual void add_flags(Flags& /*flags*/) {}

  /// Called once, when the flags are read; `enabled` tells which collectors run. Throws std::runtime_error with one
  /// line.
  virtual void start(const std::function<bool(const std::string& collector)>& /*enabled*/) {}

  /// Reads the exporter's own keys of the config file (an empty mapping where there is none), at the start and at each
  /// reload. Throws ConfigError with nothing changed; else returns what applies the new values.
  virtual std::function<void()> load(YamlMap& /*config*/) {
    return [] {};
  }

  /// What /metrics collects. Asked for at each scrape, and once more after its targets were read, for those that they
  /// led to (Target::found_by): cheap, and a target that stays is the same object. Never called while what load()
  /// returned runs, nor twice at once.
  virtual std::vector<std::shared_ptr<Target>> targets() = 0;

  /// Called once, before the HTTP server starts, of a process that is to serve (and not only to check its config or to
  /// print one scrape): the time to bind sockets of its own. Throws std::runtime_error with one line.
  virtual void serve() {}

  /// Called once, of a process that has served and is to end, while the HTTP server still answers: the time to let
  /// finish what is under way.
  virtual void stop() {}

  /// What /health/detailed tells beyond the checks: members of its JSON object, each a name and a JSON text.
  virtual std::map<std::string, std::string> health_details(const HttpRequest& /*request*/) { return {}; }

  /// Why /health/ready is 503 just now, in one line; empty: it is 200. Never called while what load() returned runs.
  virtual std::string not_ready() { return {}; }

  /// Answers paths of the exporter's own; nothing for a path that it does not know.
  virtual std::optional<HttpResponse> handle(const HttpRequest& /*request*/) { return std::nullopt; }
};

/// Runs an exporter: flags, config, server, signals. Returns the process's exit code: 0 after a clean stop, 1 with one
/// line on stderr for bad flags, a bad config or an address in use.
int run(Exporter& exporter, int argc, char** argv);

}  // namespace binnacle
