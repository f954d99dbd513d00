// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "conninfo.h"
#include "session.h"

namespace binnacle::pgpool {

/// Connections to PgBouncer's admin console: plain libpq, since the console knows no extended protocol and libpqxx
/// takes its version for a PostgreSQL that is too old. Nothing blocks past a deadline.
std::unique_ptr<Connector> make_console_connector(Conninfo conninfo);

}  // namespace binnacle::pgpool
