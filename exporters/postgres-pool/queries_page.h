// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rows.h"

namespace binnacle::pgpool {

/// What one target answered when it was asked for its slow statements.
struct TargetQueries {
  std::string target;
  Rows rows;          ///< as SlowQueries::with_text() gives them
  std::string error;  ///< why there are none; empty: there was an answer
};

/// A JSON text: by target, each slow statement with its text, literals stripped.
std::string queries_json(const std::vector<TargetQueries>& targets);

}  // namespace binnacle::pgpool
