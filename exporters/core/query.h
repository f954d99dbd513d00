// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// The parameters of a raw query string, percent-decoded, in order. A bad escape stays as it is.
QueryParameters parse_query(std::string_view query);

/// All values of one parameter.
std::vector<std::string> values_of(const QueryParameters& parameters, std::string_view name);

}  // namespace binnacle
