// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The files of one process below /proc/<pid>. Parsers give nothing for text that is cut or of another form: processes
/// end while they are read.
namespace binnacle::system {

/// What we use of /proc/<pid>/stat (and of /proc/<pid>/task/<tid>/stat).
struct PidStat {
  std::string_view comm;  ///< as long as the text is
  char state = '?';
  int parent = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t user_ticks = 0;  ///< in 1/100 s, of all threads
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names a process for good
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

std::optional<PidStat> parse_pid_stat(std::string_view text);

/// What we use of /proc/<pid>/status.
struct PidStatus {
  std::uint64_t swap_bytes = 0;          ///< 0 for kernel threads, which have no such line
  std::uint64_t voluntary_switches = 0;  ///< of this thread alone
  std::uint64_t involuntary_switches = 0;
  std::uint64_t user = 0;  ///< the effective uid
};

std::optional<PidStatus> parse_pid_status(std::string_view text);

/// What we use of /proc/<pid>/io: what went to and came from disks.
struct PidIo {
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
};

std::optional<PidIo> parse_pid_io(std::string_view text);

/// The soft limit of open files, from /proc/<pid>/limits; nothing when there is none ("unlimited").
std::optional<std::uint64_t> parse_open_files_limit(std::string_view text);

/// The words of /proc/<pid>/cmdline, which end with a NUL byte each. Empty for kernel threads and zombies.
std::vector<std::string> parse_command_line(std::string_view text);

/// The value of `btime` in /proc/stat: when the host booted, in Unix seconds.
std::optional<std::uint64_t> parse_boot_time(std::string_view text);

/// The ids that have a folder in `folder` (/proc, or /proc/<pid>/task), sorted into `ids`. Returns whether it could be
/// read.
bool list_ids(const std::string& folder, std::vector<int>& ids);

/// Whether this is a procfs that tells the number of open files as the size of /proc/<pid>/fd, to everybody: Linux 6.2
/// and later.
bool fd_size_is_count(const std::string& procfs);

/// How many files a process has open: by the folder's size when `size_is_count`, else by its entries, which only the
/// same user may list. Nothing when it may not be read.
std::optional<std::uint64_t> count_open_files(const std::string& fd_folder, bool size_is_count);

}  // namespace binnacle::system
