// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/collector.h"
#include "session.h"

namespace binnacle::pgpool {

/// A SHOW command of PgBouncer's console, and what is made of its answer.
struct ShowCommand {
  std::string statement;  ///< "SHOW POOLS"
  int since = 0;          ///< the first version that has it: 11900 is PgBouncer 1.19
  std::function<void(const Rows& rows, Output& out)> add;
};

/// A collector that runs one SHOW command. It is not applicable where PgBouncer is too old for the command, or where
/// the login may not run it.
std::unique_ptr<Collector> make_show_collector(std::shared_ptr<Session> session, ShowCommand command);

}  // namespace binnacle::pgpool
