// SPDX-License-Identifier: Apache-2.0
#include "pid_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

#include "core/text.h"
#include "core/unique_fd.h"

namespace binnacle::system {

namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

/// The number that stands behind `name` at the start of `line`, in kB when the line says so.
bool take_number(std::string_view line, std::string_view name, std::uint64_t& value) {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(name.size());
  const auto number = to_u64(next_field(line));
  if (number) value = *number;
  return number.has_value();
}

}  // namespace

std::optional<PidStat> parse_pid_stat(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');  // a name may have parentheses and blanks in it
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  PidStat stat;
  stat.comm = text.substr(open + 1, close - open - 1);
  auto rest = text.substr(close + 1);
  const auto state = next_field(rest);
  if (state.size() != 1) return std::nullopt;
  stat.state = state.front();
  const auto parent = to_u64(next_field(rest));
  if (!parent || *parent > INT_MAX) return std::nullopt;
  stat.parent = static_cast<int>(*parent);
  // Fields 5 to 24 of proc(5); null for those that are not used.
  const std::array<std::uint64_t*, 20> fields{
      nullptr,             // pgrp
      nullptr,             // session
      nullptr,             // tty_nr
      nullptr,             // tpgid
      nullptr,             // flags
      &stat.minor_faults,  //
      nullptr,             // cminflt
      &stat.major_faults,  //
      nullptr,             // cmajflt
      &stat.user_ticks,    //
      &stat.system_ticks,  //
      nullptr,             // cutime
      nullptr,             // cstime
      nullptr,             // priority
      nullptr,             // nice
      &stat.threads,       //
      nullptr,             // itrealvalue
      &stat.start_ticks,   //
      &stat.virtual_bytes,
      &stat.resident_pages,
  };
  for (auto* field : fields) {
    const auto word = next_field(rest);
    if (field == nullptr) continue;
    const auto number = to_u64(word);
    if (!number) return std::nullopt;
    *field = *number;
  }
  return stat;
}

std::optional<PidStatus> parse_pid_status(std::string_view text) {
  PidStatus status;
  std::uint64_t swap_kib = 0;
  bool has_user = false;
  bool has_switches = false;
  while (auto line = next_line(text)) {
    if (line->starts_with("Uid:")) {
      next_field(*line);
      next_field(*line);  // the real uid
      has_user = take_number(*line, "", status.user);
    } else if (!take_number(*line, "VmSwap:", swap_kib) &&
               !take_number(*line, "voluntary_ctxt_switches:", status.voluntary_switches)) {
      has_switches |= take_number(*line, "nonvoluntary_ctxt_switches:", status.involuntary_switches);
    }
  }
  if (!has_user || !has_switches) return std::nullopt;
  status.swap_bytes = swap_kib * 1024;
  return status;
}

std::optional<PidIo> parse_pid_io(std::string_view text) {
  PidIo io;
  bool has_read = false;
  bool has_write = false;
  while (const auto line = next_line(text)) {
    has_read |= take_number(*line, "read_bytes:", io.read_bytes);
    has_write |= take_number(*line, "write_bytes:", io.write_bytes);
  }
  if (!has_read || !has_write) return std::nullopt;
  return io;
}

std::optional<std::uint64_t> parse_open_files_limit(std::string_view text) {
  std::uint64_t limit = 0;
  while (const auto line = next_line(text)) {
    if (take_number(*line, "Max open files", limit)) return limit;
  }
  return std::nullopt;
}

std::vector<std::string> parse_command_line(std::string_view text) {
  while (text.ends_with('\0')) text.remove_suffix(1);
  std::vector<std::string> words;
  while (!text.empty()) words.emplace_back(take_until(text, '\0'));
  return words;
}

std::optional<std::uint64_t> parse_boot_time(std::string_view text) {
  std::uint64_t time = 0;
  while (const auto line = next_line(text)) {
    if (take_number(*line, "btime ", time)) return time;
  }
  return std::nullopt;
}

bool list_ids(const std::string& folder, std::vector<int>& ids) {
  ids.clear();
  const Folder handle{::opendir(folder.c_str()), ::closedir};
  if (!handle) return false;
  while (const dirent* entry = ::readdir(handle.get())) {
    const auto id = to_u64(std::string_view{entry->d_name});
    if (id && *id <= INT_MAX) ids.push_back(static_cast<int>(*id));
  }
  std::sort(ids.begin(), ids.end());
  return true;
}

bool fd_size_is_count(const std::string& procfs) {
  struct statfs system {};
  if (::statfs(procfs.c_str(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return false;
  struct stat folder {};
  const UniqueFd held{::open("/dev/null", O_RDONLY | O_CLOEXEC)};  // so that the count is not 0
  return ::stat((procfs + "/self/fd").c_str(), &folder) == 0 && folder.st_size > 0;
}

std::optional<std::uint64_t> count_open_files(const std::string& fd_folder, bool size_is_count) {
  if (size_is_count) {
    struct stat folder {};
    if (::stat(fd_folder.c_str(), &folder) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(folder.st_size);
  }
  const Folder handle{::opendir(fd_folder.c_str()), ::closedir};
  if (!handle) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(handle.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

}  // namespace binnacle::system
