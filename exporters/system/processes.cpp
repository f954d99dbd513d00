// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "pid_files.h"

namespace binnacle::system {

namespace {

/// How many there are in each state, by the state's letter.
using States = std::array<std::uint64_t, 128>;

void count_state(States& states, char state) {
  if (const auto letter = static_cast<unsigned char>(state); letter < states.size()) ++states[letter];
}

void add_states(Family family, std::string_view label, const States& states) {
  for (std::size_t letter = 0; letter < states.size(); ++letter) {
    if (states[letter] == 0) continue;
    const char name = static_cast<char>(letter);
    family.add({{label, std::string_view{&name, 1}}}, static_cast<double>(states[letter]));
  }
}

class ProcessesCollector final : public Collector {
 public:
  explicit ProcessesCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    if (!list_ids(paths_.procfs, pids_)) throw std::system_error(errno, std::generic_category(), paths_.procfs);
    States states{};
    States thread_states{};
    std::uint64_t processes = 0;
    std::uint64_t threads = 0;
    bool any_thread = false;
    for (const int pid : pids_) {
      path_ = paths_.proc(std::to_string(pid));
      const auto folder_length = path_.size();
      const auto stat = read_stat(path_.append("/stat"));
      if (!stat) continue;
      ++processes;
      threads += stat->threads;
      count_state(states, stat->state);
      path_.resize(folder_length);
      any_thread |= count_threads(pid, *stat, thread_states);
    }

    auto& families = out.families;
    families.gauge("node_processes_threads", "Threads of all processes, from /proc/<pid>/stat.")
        .add(static_cast<double>(threads));
    families
        .gauge("node_processes_max_threads", "Most threads that the kernel allows, from /proc/sys/kernel/threads-max.")
        .add(number_in("sys/kernel/threads-max"));
    add_states(families.gauge("node_processes_state", "Processes in each state, from /proc/<pid>/stat."), "state",
               states);
    if (any_thread) {
      add_states(
          families.gauge("node_processes_threads_state", "Threads in each state, from /proc/<pid>/task/<tid>/stat."),
          "thread_state", thread_states);
    }
    families.gauge("node_processes_pids", "Processes, by the folders in /proc.").add(static_cast<double>(processes));
    families.gauge("node_processes_max_processes", "Ids of processes end here, from /proc/sys/kernel/pid_max.")
        .add(number_in("sys/kernel/pid_max"));
  }

 private:
  double number_in(std::string_view file) {
    return static_cast<double>(require_u64(trim(read_file(paths_.proc(file), buffer_)), file));
  }

  /// Nothing for a process that has ended, or whose file is strange.
  std::optional<PidStat> read_stat(const std::string& path) {
    const auto text = try_read_file(path, buffer_);
    if (!text) return std::nullopt;
    auto stat = parse_pid_stat(*text);
    if (!stat) log::debug("a process is passed over: its stat is cut or of another form", {{"file", path}});
    return stat;
  }

  /// Counts the states of the process' threads, with path_ at its folder. A process with one thread is that thread, so
  /// nothing more is read for it. Returns whether its threads can be seen at all.
  bool count_threads(int pid, const PidStat& process, States& states) {
    const char own_state = process.state;
    const bool is_single = process.threads == 1;
    path_ += "/task";
    if (is_single) {
      if (!exists(path_)) return false;
      count_state(states, own_state);
      return true;
    }
    if (!list_ids(path_, tids_)) return false;
    const auto folder_length = path_.size();
    for (const int tid : tids_) {
      if (tid == pid) {
        count_state(states, own_state);
        continue;
      }
      path_.resize(folder_length);
      path_.append("/").append(std::to_string(tid)).append("/stat");
      if (const auto stat = read_stat(path_)) count_state(states, stat->state);
    }
    return !tids_.empty();
  }

  const Paths& paths_;
  std::string buffer_;
  std::string path_;
  std::vector<int> pids_;
  std::vector<int> tids_;
};

}  // namespace

std::unique_ptr<Collector> make_processes(const Paths& paths) { return std::make_unique<ProcessesCollector>(paths); }

}  // namespace binnacle::system
