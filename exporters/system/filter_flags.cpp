// SPDX-License-Identifier: Apache-2.0
#include "filter_flags.h"

#include <stdexcept>
#include <utility>

#include "core/flags.h"
#include "core/log.h"

namespace binnacle::system {

FilterFlags::FilterFlags(Names names, std::string default_exclude)
    : names_(std::move(names)), default_exclude_(std::move(default_exclude)), exclude_(default_exclude_) {}

void FilterFlags::add_to(Flags& flags, const std::string& what) {
  flags.add(names_.exclude, exclude_, "Regular expression of " + what + " to leave out.");
  flags.add(names_.include, include_, "Regular expression of " + what + " to take; all others are left out.");
  if (!names_.old_exclude.empty()) {
    flags.add(names_.old_exclude, old_exclude_, "Deprecated name of --" + names_.exclude + ".");
  }
}

DeviceFilter FilterFlags::compile() const {
  const std::string exclude_flag = "--" + names_.exclude;
  const std::string include_flag = "--" + names_.include;
  std::string exclude = exclude_;
  if (!old_exclude_.empty()) {
    const std::string old_flag = "--" + names_.old_exclude;
    if (exclude_ != default_exclude_) {
      throw std::runtime_error(old_flag + " and " + exclude_flag + " exclude each other: set one of them");
    }
    log::warn("deprecated flag", {{"flag", old_flag}, {"use", exclude_flag}});
    exclude = old_exclude_;
  } else if (!include_.empty() && exclude_ == default_exclude_) {
    exclude.clear();
  }
  return DeviceFilter{exclude, include_, exclude_flag, include_flag};
}

}  // namespace binnacle::system
