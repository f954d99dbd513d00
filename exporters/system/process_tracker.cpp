// SPDX-License-Identifier: Apache-2.0
#include "process_tracker.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "core/log.h"

namespace binnacle::system {

namespace {

std::uint64_t page_size() {
  static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

/// How much a counter grew; 0 when the kernel's own rounding let it fall.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) { return now > before ? now - before : 0; }

ProcessState state_of(char letter) {
  switch (letter) {
    case 'R':
      return ProcessState::running;
    case 'S':
      return ProcessState::sleeping;
    case 'D':
      return ProcessState::waiting;
    case 'Z':
      return ProcessState::zombie;
    default:
      return ProcessState::other;
  }
}

/// Forgets what the last walk saw, and keeps what was added up.
void clear_present(ProcessGroup& group) {
  ProcessGroup kept;
  kept.name_template = std::move(group.name_template);
  kept.total = group.total;
  kept.io_hidden = group.io_hidden;
  kept.files_hidden = group.files_hidden;
  group = std::move(kept);
}

}  // namespace

ProcessTracker::ProcessTracker(const Paths& paths, const Options& options)
    : paths_(paths),
      options_(options),
      fd_size_tells_(fd_size_is_count(paths.procfs)),
      users_(paths.root("etc/passwd")) {}

void ProcessTracker::walk(const std::shared_ptr<const GroupRules>& rules) {
  if (!list_ids(paths_.procfs, pids_)) throw std::system_error(errno, std::generic_category(), paths_.procfs);
  ++walks_;
  users_.refresh();
  const bool new_rules = rules != rules_;
  if (new_rules) take_rules(rules);
  for (const int pid : pids_) see(pid);
  std::erase_if(processes_, [&](const auto& entry) { return entry.second.seen != walks_; });
  for (auto& [name, group] : groups_) clear_present(group);
  for (const int pid : pids_) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) continue;
    auto& process = found->second;
    if (options_.children && process.group == nullptr) process.group = inherited_group(process);
    if (process.group != nullptr) measure(pid, process);
  }
  if (new_rules) drop_unwanted_groups();
}

void ProcessTracker::take_rules(const std::shared_ptr<const GroupRules>& rules) {
  rules_ = rules;
  full_ = false;
  for (auto& [pid, process] : processes_) {
    // A process whose parent is gone cannot inherit its group again: it keeps it while that is wanted.
    const bool keeps =
        process.inherited && process.group != nullptr && rules_->has_template(process.group->name_template);
    if (!keeps) {
      process.group = nullptr;
      process.inherited = false;
    }
    process.comm.clear();  // has its group looked for again
  }
  for (const auto& name : rules_->fixed_names()) group_named(name, name);
}

void ProcessTracker::drop_unwanted_groups() {
  std::erase_if(groups_, [&](const auto& entry) {
    return entry.second.processes == 0 && !rules_->has_template(entry.second.name_template);
  });
}

ProcessGroup* ProcessTracker::group_named(const std::string& name, const std::string& name_template) {
  auto found = groups_.find(name);
  if (found == groups_.end()) {
    if (groups_.size() >= kMostGroups) {
      if (!std::exchange(full_, true)) {
        log::warn("there are too many groups of processes: new ones are left out",
                  {{"most", std::to_string(kMostGroups)}});
      }
      return nullptr;
    }
    found = groups_.try_emplace(name).first;
  }
  found->second.name_template = name_template;
  return &found->second;
}

const std::string& ProcessTracker::path(std::string_view file) {
  path_.assign(folder_).append("/").append(file);
  return path_;
}

void ProcessTracker::see(int pid) {
  folder_ = paths_.proc(std::to_string(pid));
  const auto text = try_read_file(path("stat"), buffer_);
  if (!text) return;
  const auto stat = parse_pid_stat(*text);
  if (!stat) {
    log::debug("a process is passed over: its stat is cut or of another form", {{"file", path_}});
    return;
  }
  auto& process = processes_[pid];
  if (process.created == 0 || process.start_ticks != stat->start_ticks) {
    process = Process{};
    process.start_ticks = stat->start_ticks;
    process.created = walks_;
  }
  process.seen = walks_;
  process.stat = *stat;
  const bool second_sight = process.created + 1 == walks_;
  const bool renamed = process.comm != stat->comm;
  if (renamed) process.comm = stat->comm;
  process.stat.comm = {};  // its text is in the buffer, which is used again
  if (renamed || second_sight) find_group(process);
}

void ProcessTracker::find_group(Process& process) {
  ProcessFacts facts;
  facts.comm = process.comm;
  if (const auto text = try_read_file(path("cmdline"), buffer_)) facts.words = parse_command_line(*text);
  if (rules_->uses_username()) {
    const auto text = try_read_file(path("status"), buffer_);
    const auto status = text ? parse_pid_status(*text) : std::nullopt;
    if (status) facts.username = users_.name(status->user);
  }
  const auto match = rules_->match(facts);
  if (match) {
    process.group = group_named(match->group, match->name_template);
    process.inherited = false;
  } else if (!process.inherited) {
    process.group = nullptr;
  }
}

ProcessGroup* ProcessTracker::inherited_group(Process& process) {
  std::vector<Process*> line{&process};
  ProcessGroup* group = nullptr;
  process.climbed = walks_;
  for (;;) {
    const auto parent = processes_.find(line.back()->stat.parent);
    if (parent == processes_.end()) break;
    if (parent->second.group != nullptr) {
      group = parent->second.group;
      break;
    }
    if (parent->second.climbed == walks_) break;  // looked at already, in vain
    parent->second.climbed = walks_;
    line.push_back(&parent->second);
  }
  if (group == nullptr) return nullptr;
  for (auto* descendant : line) {
    descendant->group = group;
    descendant->inherited = true;
  }
  return group;
}

void ProcessTracker::measure(int pid, Process& process) {
  folder_ = paths_.proc(std::to_string(pid));
  const auto text = try_read_file(path("status"), buffer_);
  const auto status = text ? parse_pid_status(*text) : std::nullopt;
  if (!status) return;  // it has ended since
  const auto& stat = process.stat;
  auto& group = *process.group;

  // One that was seen first in this walk or, unsettled after its fork, in the one before, started after the first walk.
  const bool from_start = process.created > 1 && process.created + 1 >= walks_;
  const bool has_files = stat.state != 'Z';
  const bool io_read = !has_files || measure_io(group, process, from_start);
  const bool files_read = !has_files || measure_files(group);
  if (!(io_read && files_read) && !exists(path("stat"))) return;
  if (group.processes == 0) {
    group.io_hidden = false;
    group.files_hidden = false;
  }
  group.io_hidden |= !io_read;
  group.files_hidden |= !files_read;

  const PidStat before = process.counted.value_or(from_start ? PidStat{} : stat);
  group.total.user_ticks += grown(stat.user_ticks, before.user_ticks);
  group.total.system_ticks += grown(stat.system_ticks, before.system_ticks);
  group.total.minor_faults += grown(stat.minor_faults, before.minor_faults);
  group.total.major_faults += grown(stat.major_faults, before.major_faults);
  if (options_.threads) measure_switches(pid, group, process, *status, from_start);
  process.counted = stat;

  ++group.processes;
  group.threads += stat.threads;
  group.resident_bytes += stat.resident_pages * page_size();
  group.virtual_bytes += stat.virtual_bytes;
  group.swapped_bytes += status->swap_bytes;
  ++group.states[static_cast<std::size_t>(state_of(stat.state))];
  group.oldest_start_ticks = std::min(group.oldest_start_ticks.value_or(stat.start_ticks), stat.start_ticks);
}

bool ProcessTracker::measure_io(ProcessGroup& group, Process& process, bool from_start) {
  const auto text = try_read_file(path("io"), buffer_);
  const auto io = text ? parse_pid_io(*text) : std::nullopt;
  if (!io) return false;
  const PidIo before = process.counted_io.value_or(from_start ? PidIo{} : *io);
  group.total.read_bytes += grown(io->read_bytes, before.read_bytes);
  group.total.write_bytes += grown(io->write_bytes, before.write_bytes);
  process.counted_io = io;
  return true;
}

bool ProcessTracker::measure_files(ProcessGroup& group) {
  const auto open = count_open_files(path("fd"), fd_size_tells_);
  if (!open) return false;
  const auto text = try_read_file(path("limits"), buffer_);
  if (!text) return false;
  group.open_files += *open;
  if (const auto limit = parse_open_files_limit(*text); limit && *limit > 0) {
    const double ratio = static_cast<double>(*open) / static_cast<double>(*limit);
    group.worst_open_files_ratio = std::max(group.worst_open_files_ratio, ratio);
  }
  return true;
}

void ProcessTracker::measure_switches(int pid, ProcessGroup& group, Process& process, const PidStatus& own,
                                      bool from_start) {
  switches_.assign(1, {pid, own.voluntary_switches, own.involuntary_switches});
  if (process.stat.threads > 1 && list_ids(path("task"), tids_)) {
    for (const int tid : tids_) {
      if (tid == pid) continue;
      const auto text = try_read_file(path("task/" + std::to_string(tid) + "/status"), buffer_);
      const auto status = text ? parse_pid_status(*text) : std::nullopt;
      if (status) switches_.push_back({tid, status->voluntary_switches, status->involuntary_switches});
    }
    std::sort(switches_.begin(), switches_.end(), [](const auto& a, const auto& b) { return a.tid < b.tid; });
  }
  // Each thread is compared with itself: the sum falls when a thread ends.
  const bool new_count = from_start || process.switches_known;
  auto before = process.switches.begin();
  for (const auto& now : switches_) {
    while (before != process.switches.end() && before->tid < now.tid) ++before;
    const bool known = before != process.switches.end() && before->tid == now.tid;
    if (!known && !new_count) continue;
    group.total.voluntary_switches += grown(now.voluntary, known ? before->voluntary : 0);
    group.total.involuntary_switches += grown(now.involuntary, known ? before->involuntary : 0);
  }
  process.switches = switches_;
  process.switches_known = true;
}

}  // namespace binnacle::system
