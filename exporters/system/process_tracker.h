// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "paths.h"
#include "pid_files.h"
#include "process_groups.h"
#include "user_names.h"

namespace binnacle::system {

/// What processes have used, summed over those of a group. Ticks are of 1/100 s.
struct ProcessCounters {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};

enum class ProcessState : std::size_t { running, sleeping, waiting, zombie, other, count };

/// A group at the time of the last walk.
struct ProcessGroup {
  std::string name_template;  ///< of the item that made it
  ProcessCounters total;      ///< since the exporter started; never goes down, whoever ends
  std::uint64_t processes = 0;
  std::uint64_t threads = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t swapped_bytes = 0;
  std::uint64_t open_files = 0;
  double worst_open_files_ratio = 0;  ///< of open files to the soft limit, over the group's processes
  std::array<std::uint64_t, static_cast<std::size_t>(ProcessState::count)> states{};
  std::optional<std::uint64_t> oldest_start_ticks;
  /// Whether a process of the last walk that had any kept this from us. Stays while the group has no process.
  bool io_hidden = false;
  bool files_hidden = false;
};

/// Sorts the host's processes into groups, and sums up what each group uses.
///
/// A process is known by its pid and start time. Its group is found once, and again when its name changes and at the
/// second sight of it: a process that was just forked still looks like its parent. Processes that ran before the first
/// walk count from then on, later ones from their start, so that a restart of the exporter makes no jump in the
/// counters.
class ProcessTracker {
 public:
  struct Options {
    /// Whether a process that no rule matches belongs to the group of its nearest ancestor that has one.
    bool children = true;
    /// Whether context switches are counted, which takes reading a file for each thread.
    bool threads = true;
  };

  ProcessTracker(const Paths& paths, const Options& options);

  /// Walks over /proc. Throws std::system_error when it cannot be listed. Keeps the totals of groups that other rules
  /// than last time still have.
  void walk(const std::shared_ptr<const GroupRules>& rules);

  [[nodiscard]] const std::map<std::string, ProcessGroup>& groups() const { return groups_; }

  static constexpr std::size_t kMostGroups = 1000;

 private:
  struct Switches {
    int tid = 0;
    std::uint64_t voluntary = 0;
    std::uint64_t involuntary = 0;
  };
  struct Process {
    std::uint64_t start_ticks = 0;
    std::uint64_t created = 0;  ///< the number of the walk that saw it first
    std::uint64_t seen = 0;
    std::uint64_t climbed = 0;
    std::string comm;
    PidStat stat;
    ProcessGroup* group = nullptr;
    bool inherited = false;
    std::optional<PidStat> counted;  ///< as it was when its counters were last added to a group
    std::optional<PidIo> counted_io;
    std::vector<Switches> switches;
    bool switches_known = false;
  };

  void take_rules(const std::shared_ptr<const GroupRules>& rules);
  void drop_unwanted_groups();
  ProcessGroup* group_named(const std::string& name, const std::string& name_template);
  void see(int pid);
  void find_group(Process& process);
  ProcessGroup* inherited_group(Process& process);
  void measure(int pid, Process& process);
  bool measure_io(ProcessGroup& group, Process& process, bool from_start);
  bool measure_files(ProcessGroup& group);
  void measure_switches(int pid, ProcessGroup& group, Process& process, const PidStatus& own, bool from_start);
  const std::string& path(std::string_view file);

  const Paths& paths_;
  Options options_;
  bool fd_size_tells_;
  UserNames users_;
  std::shared_ptr<const GroupRules> rules_;
  std::map<std::string, ProcessGroup> groups_;
  std::unordered_map<int, Process> processes_;
  std::uint64_t walks_ = 0;
  bool full_ = false;
  std::vector<int> pids_;
  std::vector<int> tids_;
  std::vector<Switches> switches_;
  std::string folder_;
  std::string path_;
  std::string buffer_;
};

}  // namespace binnacle::system
