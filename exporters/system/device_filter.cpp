// SPDX-License-Identifier: Apache-2.0
#include "device_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>

#include "core/text.h"

namespace binnacle::system {

namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string pattern_error(const re2::RE2& pattern) {
  std::string text = pattern.error();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return text;
}

std::unique_ptr<re2::RE2> compile_pattern(const std::string& pattern, const std::string& flag) {
  auto regex = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
  if (!regex->ok()) {
    throw std::runtime_error(flag + ": bad regular expression " + quoted(pattern) + ": " + pattern_error(*regex));
  }
  return regex;
}

DeviceFilter::DeviceFilter() = default;
DeviceFilter::~DeviceFilter() = default;
DeviceFilter::DeviceFilter(DeviceFilter&&) noexcept = default;
DeviceFilter& DeviceFilter::operator=(DeviceFilter&&) noexcept = default;

DeviceFilter::DeviceFilter(const std::string& exclude, const std::string& include, const std::string& exclude_flag,
                           const std::string& include_flag) {
  if (!exclude.empty() && !include.empty()) {
    throw std::runtime_error(exclude_flag + " and " + include_flag + " exclude each other: set one of them to \"\"");
  }
  if (!exclude.empty()) exclude_ = compile_pattern(exclude, exclude_flag);
  if (!include.empty()) include_ = compile_pattern(include, include_flag);
}

bool DeviceFilter::ignores(std::string_view device) const {
  if (exclude_ && re2::RE2::PartialMatch(piece(device), *exclude_)) return true;
  return include_ && !re2::RE2::PartialMatch(piece(device), *include_);
}

}  // namespace binnacle::system
