// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "conninfo.h"
#include "core/target_list.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::pgpool {

enum class Kind { postgres, pgbouncer };

/// Checkouts shorter than this, or more often, would be load and no probe.
inline constexpr std::chrono::milliseconds kLeastCheckoutTime{100};

/// A target's section `checkout`: the connection to check out, as an application does.
struct CheckoutSpec {
  Conninfo conninfo;
  std::optional<std::chrono::milliseconds> interval;  ///< nothing: as the flag says
  std::optional<std::chrono::milliseconds> timeout;

  bool operator==(const CheckoutSpec&) const = default;
};

/// A server to read, as flags, environment or config name it.
struct TargetSpec {
  std::string name;  ///< empty: the only one, whose series have no label `target`
  Kind kind = Kind::postgres;
  Conninfo conninfo;
  std::optional<CheckoutSpec> checkout = std::nullopt;

  bool operator==(const TargetSpec&) const = default;
};

/// Connection strings from the command line.
struct DsnFlags {
  std::vector<std::string> postgres;
  std::vector<std::string> pgbouncer;
  std::string pgbouncer_exporter;  ///< the flag of pgbouncer_exporter's own name
};

/// The targets of flags and environment; of the latter, the variables of postgres_exporter and pgbouncer_exporter. A
/// flag for a kind of server makes the environment's for that kind count no more. None is named yet. Throws
/// std::runtime_error that names the flag or the variable.
std::vector<TargetSpec> given_targets(const DsnFlags& flags, const Environment& environment);

/// The sections `targets` and `credentials` of the config file. Throws ConfigError.
std::vector<TargetSpec> parse_targets(YamlMap& config);

/// All targets together: each gets a name when there are several. Throws std::runtime_error when there is none, or two
/// of one name.
std::vector<TargetSpec> name_targets(std::vector<TargetSpec> given, const std::vector<TargetSpec>& configured);

}  // namespace binnacle::pgpool
