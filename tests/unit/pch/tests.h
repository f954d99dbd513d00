// SPDX-License-Identifier: Apache-2.0
// What nearly every unit test includes: parsed once for all of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
