// SPDX-License-Identifier: Apache-2.0
#include "user_names.h"

#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

std::map<std::uint64_t, std::string> parse_passwd(std::string_view text) {
  std::map<std::uint64_t, std::string> names;
  while (auto line = next_line(text)) {
    const auto name = take_until(*line, ':');
    take_until(*line, ':');  // the password's place
    const auto user = to_u64(take_until(*line, ':'));
    if (user && !name.empty()) names.try_emplace(*user, name);
  }
  return names;
}

std::string UserNames::name(std::uint64_t user) {
  if (const auto known = names_.find(user); known != names_.end()) return known->second;
  if (!read_) {
    read_ = true;
    std::string buffer;
    if (const auto text = try_read_file(file_, buffer)) names_ = parse_passwd(*text);
    if (const auto found = names_.find(user); found != names_.end()) return found->second;
  }
  return std::to_string(user);
}

}  // namespace binnacle::system
