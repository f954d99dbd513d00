// SPDX-License-Identifier: Apache-2.0
// What most sources include, by themselves or by way of core's headers: parsed once for each library. A source still
// includes what it uses: the release build of ./binnacle test is one without precompiled headers.
#include <prometheus/metric_family.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
