// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace binnacle::system {

/// What is wrong with a pattern that could not be compiled, in one line whatever is in it.
std::string pattern_error(const re2::RE2& pattern);

/// Compiles an RE2 regular expression (the syntax that node_exporter's flags have). Throws std::runtime_error with one
/// line that names the flag, the pattern and what is wrong with it.
std::unique_ptr<re2::RE2> compile_pattern(const std::string& pattern, const std::string& flag);

/// Which devices a collector reports: a pattern of what to leave out, or one of what to take, never both.
/// Patterns match anywhere in the name, as node_exporter's do; an empty one is not set.
class DeviceFilter {
 public:
  DeviceFilter();
  /// `exclude_flag` and `include_flag` are the flags' names, for messages. Throws std::runtime_error in one line.
  DeviceFilter(const std::string& exclude, const std::string& include, const std::string& exclude_flag,
               const std::string& include_flag);
  ~DeviceFilter();
  DeviceFilter(DeviceFilter&&) noexcept;
  DeviceFilter& operator=(DeviceFilter&&) noexcept;

  [[nodiscard]] bool ignores(std::string_view device) const;

 private:
  std::unique_ptr<re2::RE2> exclude_;
  std::unique_ptr<re2::RE2> include_;
};

}  // namespace binnacle::system
