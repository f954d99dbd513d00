// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace binnacle::pgpool {

/// "16/B374D848" as bytes from the start of the WAL; nothing for what is no LSN.
std::optional<double> lsn_bytes(std::string_view text);

}  // namespace binnacle::pgpool
