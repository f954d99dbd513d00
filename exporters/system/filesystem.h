// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "core/collector.h"
#include "paths.h"

struct statfs;

namespace binnacle::system {

/// Asks how full the file system at `path` is. Returns 0, or an errno. May block for ever.
using StatfsFunction = std::function<int(const char* path, struct statfs& result)>;

/// The filesystem collector on another statfs than the kernel's, for tests.
std::unique_ptr<Collector> make_filesystem(const Paths& paths, StatfsFunction statfs_function);

}  // namespace binnacle::system
