// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exposition.h"

namespace binnacle {

/// The format to answer in, by the request's Accept header (RFC 9110, 12.5.1): OpenMetrics where the client prefers it
/// to text, text 0.0.4 for everybody else, whatever the header says.
const Exposition& negotiate_exposition(std::string_view accept);

/// Whether the request's Accept-Encoding header takes gzip (RFC 9110, 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace binnacle
