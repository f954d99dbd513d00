// SPDX-License-Identifier: Apache-2.0
// The files of one process, and the host's users.
#include "fuzz.h"
#include "system/pid_files.h"
#include "system/user_names.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using namespace binnacle::system;
  const auto text = as_text(data, size);
  if (const auto stat = parse_pid_stat(text)) require(stat->comm.size() <= text.size(), "a name is of the text");
  parse_pid_status(text);
  parse_pid_io(text);
  parse_open_files_limit(text);
  std::size_t length = 0;
  for (const auto& word : parse_command_line(text)) length += word.size();
  require(length <= text.size(), "words are not longer than the text");
  parse_boot_time(text);
  parse_passwd(text);
  return 0;
}
