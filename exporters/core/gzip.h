// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle {

/// `text` as a gzip member (RFC 1952), at the fastest level: on exposition text it is nearly as small as the slower
/// ones. Throws std::bad_alloc.
std::string gzip(std::string_view text);

}  // namespace binnacle
