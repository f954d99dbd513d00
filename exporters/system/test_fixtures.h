// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "paths.h"

namespace binnacle::system {

/// The host recorded in tests/fixtures, or in a folder below it. The compiler names this file by a path from the build
/// folder on, which is where Meson runs tests: a test that is started by hand has to be started there too.
inline Paths fixture_paths(const std::string& folder = "") {
  const auto sources = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
  const auto fixtures = sources / "tests" / "fixtures" / folder;
  if (!std::filesystem::is_directory(fixtures)) {
    throw std::runtime_error("no fixtures at " + fixtures.string() + ": start the test in the build folder");
  }
  Paths paths;
  paths.procfs = (fixtures / "proc").string();
  paths.sysfs = (fixtures / "sys").string();
  paths.rootfs = (fixtures / "root").string();
  return paths;
}

}  // namespace binnacle::system
