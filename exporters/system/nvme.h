// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace binnacle::system {

/// The namespace's number in a name like nvme0n1; nothing when `name` is no namespace's (nvme0c1n1 is a path to one).
std::optional<std::string_view> nvme_namespace_id(std::string_view name);

}  // namespace binnacle::system
