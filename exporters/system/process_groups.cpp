// SPDX-License-Identifier: Apache-2.0
#include "process_groups.h"

#include <array>
#include <string_view>
#include <utility>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "process_tracker.h"

namespace binnacle::system {

namespace {

constexpr double kTicksPerSecond = 100;  // USER_HZ, the same everywhere

constexpr std::array<std::pair<ProcessState, std::string_view>, 5> kStates{{
    {ProcessState::running, "Running"},
    {ProcessState::sleeping, "Sleeping"},
    {ProcessState::waiting, "Waiting"},
    {ProcessState::zombie, "Zombie"},
    {ProcessState::other, "Other"},
}};

double number(std::uint64_t value) { return static_cast<double>(value); }
double seconds(std::uint64_t ticks) { return number(ticks) / kTicksPerSecond; }

/// The families of all groups, in process-exporter's names.
class GroupFamilies {
 public:
  GroupFamilies(Families& families, bool with_switches, std::optional<std::uint64_t> boot_time)
      : families_(families), with_switches_(with_switches), boot_time_(boot_time) {}

  void add(std::string_view name, const ProcessGroup& group) {
    add_counters(name, group);
    add_gauges(name, group);
  }

 private:
  void add_counters(std::string_view name, const ProcessGroup& group) {
    const auto& total = group.total;
    auto cpu = families_.counter("namedprocess_namegroup_cpu_seconds_total",
                                 "CPU time of the group's processes, from /proc/<pid>/stat.");
    cpu.add({{"groupname", name}, {"mode", "user"}}, seconds(total.user_ticks));
    cpu.add({{"groupname", name}, {"mode", "system"}}, seconds(total.system_ticks));
    if (!group.io_hidden) {
      families_
          .counter("namedprocess_namegroup_read_bytes_total",
                   "Bytes read from disks, from /proc/<pid>/io. Absent while a process of the group hides it.")
          .add({{"groupname", name}}, number(total.read_bytes));
      families_
          .counter("namedprocess_namegroup_write_bytes_total",
                   "Bytes written to disks, from /proc/<pid>/io. Absent while a process of the group hides it.")
          .add({{"groupname", name}}, number(total.write_bytes));
    }
    families_
        .counter("namedprocess_namegroup_major_page_faults_total",
                 "Page faults that had to read from disk, from /proc/<pid>/stat.")
        .add({{"groupname", name}}, number(total.major_faults));
    families_
        .counter("namedprocess_namegroup_minor_page_faults_total",
                 "Page faults that needed no disk, from /proc/<pid>/stat.")
        .add({{"groupname", name}}, number(total.minor_faults));
    if (!with_switches_) return;
    auto switches = families_.counter("namedprocess_namegroup_context_switches_total",
                                      "Context switches of all threads, from /proc/<pid>/task/<tid>/status.");
    switches.add({{"groupname", name}, {"ctxswitchtype", "voluntary"}}, number(total.voluntary_switches));
    switches.add({{"groupname", name}, {"ctxswitchtype", "nonvoluntary"}}, number(total.involuntary_switches));
  }

  void add_gauges(std::string_view name, const ProcessGroup& group) {
    families_.gauge("namedprocess_namegroup_num_procs", "Processes in the group.")
        .add({{"groupname", name}}, number(group.processes));
    families_.gauge("namedprocess_namegroup_num_threads", "Threads in the group, from /proc/<pid>/stat.")
        .add({{"groupname", name}}, number(group.threads));
    auto memory = families_.gauge("namedprocess_namegroup_memory_bytes",
                                  "Memory by type, summed over processes: what they share counts for each. From "
                                  "/proc/<pid>/stat and status.");
    memory.add({{"groupname", name}, {"memtype", "resident"}}, number(group.resident_bytes));
    memory.add({{"groupname", name}, {"memtype", "virtual"}}, number(group.virtual_bytes));
    memory.add({{"groupname", name}, {"memtype", "swapped"}}, number(group.swapped_bytes));
    if (!group.files_hidden) {
      families_
          .gauge("namedprocess_namegroup_open_filedesc",
                 "Open files, from /proc/<pid>/fd. Absent while a process of the group hides them.")
          .add({{"groupname", name}}, number(group.open_files));
      families_
          .gauge("namedprocess_namegroup_worst_fd_ratio",
                 "Open files against the soft limit, of the process that is nearest to it. From /proc/<pid>/limits.")
          .add({{"groupname", name}}, group.worst_open_files_ratio);
    }
    if (group.oldest_start_ticks && boot_time_) {
      families_
          .gauge("namedprocess_namegroup_oldest_start_time_seconds",
                 "When the oldest process started, in Unix seconds. Absent without a process.")
          .add({{"groupname", name}}, number(*boot_time_ + *group.oldest_start_ticks / 100));
    }
    auto states = families_.gauge("namedprocess_namegroup_states",
                                  "Processes by the state of their main thread, from /proc/<pid>/stat.");
    for (const auto& [state, label] : kStates) {
      states.add({{"groupname", name}, {"state", label}}, number(group.states[static_cast<std::size_t>(state)]));
    }
  }

  Families& families_;
  bool with_switches_;
  std::optional<std::uint64_t> boot_time_;
};

class ProcessGroupsCollector final : public Collector {
 public:
  ProcessGroupsCollector(const Paths& paths, const ProcessGroups& groups) : paths_(paths), groups_(groups) {}

  void add_flags(Flags& flags) override {
    flags.add("collector.process_groups.children", options_.children,
              "Count a process that no group matches with the group of its nearest ancestor that has one.");
    flags.add("collector.process_groups.threads", options_.threads,
              "Count context switches, which reads a file for each thread of the groups' processes.");
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto rules = groups_.get();
    if (rules->empty()) {
      tracker_.reset();
      return;
    }
    if (!tracker_) tracker_.emplace(paths_, options_);
    if (!boot_time_) {
      if (const auto text = try_read_file(paths_.proc("stat"), buffer_)) boot_time_ = parse_boot_time(*text);
    }
    tracker_->walk(rules);
    GroupFamilies families{out.families, options_.threads, boot_time_};
    for (const auto& [name, group] : tracker_->groups()) families.add(name, group);
  }

 private:
  const Paths& paths_;
  const ProcessGroups& groups_;
  ProcessTracker::Options options_;
  std::optional<ProcessTracker> tracker_;
  std::optional<std::uint64_t> boot_time_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_process_groups(const Paths& paths, ProcessGroups& groups) {
  return std::make_unique<ProcessGroupsCollector>(paths, groups);
}

}  // namespace binnacle::system
