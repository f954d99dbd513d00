// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// pg_settings: the settings that matter most, or all that are booleans or numbers; without those that our session
/// sets for itself, such as statement_timeout.
std::string settings_sql(bool all);

/// Adds pg_settings_NAME from rows of name, setting, unit and vartype. Names and units are postgres_exporter's: a
/// setting of a time ends with _seconds, of a size with _bytes; what stands for "off" or "default" (-1) stays -1. A
/// setting of a unit that is not known is left out.
void add_settings(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
