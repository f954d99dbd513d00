// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace binnacle::system {

/// The names of users by their number, from the text of an /etc/passwd. Lines of another form are passed over; of two
/// names for one number the first counts, as for the C library.
std::map<std::uint64_t, std::string> parse_passwd(std::string_view text);

/// Looks users up in the passwd file of the host. Name services over the network are not asked: they may block.
class UserNames {
 public:
  explicit UserNames(std::string passwd_file) : file_(std::move(passwd_file)) {}

  /// The user's name, or the number itself when the file does not have it.
  std::string name(std::uint64_t user);
  /// Lets the next unknown user have the file read again. Call it once a scrape.
  void refresh() { read_ = false; }

 private:
  std::string file_;
  bool read_ = false;
  std::map<std::uint64_t, std::string> names_;
};

}  // namespace binnacle::system
