// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "prices.h"

namespace binnacle::gateway {

/// What a file in LiteLLM's format tells.
struct LitellmPrices {
  std::map<std::string, PriceRow, std::less<>> rows;
  std::size_t bad_rows = 0;  ///< left out: no object, or a price that is none
  std::string first_bad;     ///< the name of the first of them
};

/// Reads a JSON object of models by name, with dollars for one token: input_cost_per_token, output_cost_per_token,
/// cache_read_input_token_cost, cache_creation_input_token_cost (also with _above_1hr) and
/// output_cost_per_reasoning_token, each also with _above_200k_tokens (any number) and then _batches, _flex, _priority,
/// _fast or _ultrafast. Those of a service tier are prices of their own, not factors.
///
/// Rows without any of them (images, audio) are passed over, as is the key sample_spec, which is documentation. A row
/// whose prices are all 0 is `unpriced`: the file says 0 also where nobody knows. Of two rows of one name the last
/// counts. Throws std::runtime_error with one line: no JSON object, more than 100,000 rows, 64 levels or 16 MiB.
LitellmPrices read_litellm(std::string_view text);

}  // namespace binnacle::gateway
