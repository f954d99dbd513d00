// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "breaker_table.h"
#include "core/families.h"
#include "poller.h"

namespace binnacle::breaker {

/// What is shown of a source, whatever its kind.
struct SourceView {
  std::string name;
  std::string kind;
  bool up = false;
  std::uint64_t gaps = 0;
  BreakerTable::Counts breakers;
};

/// Adds circuit_breaker_source_* that every source has. Pure.
void add_source(const SourceView& source, Families& families);

/// Adds how the polls of a source went. Pure.
void add_polls(const std::string& source, const PollRecord& record, Families& families);

}  // namespace binnacle::breaker
