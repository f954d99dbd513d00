// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace binnacle {

/// The project's version: "0.1.0".
std::string_view version();
/// The commit that was built, or "unknown".
std::string_view revision();
/// The compiler that built it: "12.2.0".
std::string_view compiler();

}  // namespace binnacle
