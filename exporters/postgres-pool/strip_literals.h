// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle::pgpool {

/// A statement's text without what may be somebody's data: each string, number and dollar-quoted text becomes `?`, a
/// comment nothing, and white space one blank. Quoted names and parameters ($1) stay. What is not ended is cut off.
std::string strip_literals(std::string_view sql);

}  // namespace binnacle::pgpool
