// SPDX-License-Identifier: Apache-2.0
#include "process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "file.h"
#include "text.h"

namespace binnacle {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// When this process started, in seconds since the epoch; read once.
std::optional<double> start_time() {
  std::string buffer;
  const auto boot = try_read_file("/proc/stat", buffer);
  if (!boot) return std::nullopt;
  const auto line = boot->find("\nbtime ");
  if (line == std::string_view::npos) return std::nullopt;
  std::string_view rest = boot->substr(line + 7);
  const auto booted = to_double(trim(take_until(rest, '\n')));

  const auto stat = try_read_file("/proc/self/stat", buffer);
  if (!stat || !booted) return std::nullopt;
  constexpr int kFieldsFromStateToStart = 19;  // proc(5): field 22, after the name's closing parenthesis
  std::string_view fields = stat->substr(stat->rfind(')') + 1);
  std::string_view field;
  for (int i = 0; i <= kFieldsFromStateToStart; ++i) field = next_field(fields);
  const auto ticks = to_double(field);
  if (!ticks) return std::nullopt;
  return *booted + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

void add_process_metrics(Families& families) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    families.counter("process_cpu_seconds_total", "User and system CPU time of this exporter, in seconds.")
        .add(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }

  static const auto started = start_time();
  if (started) {
    families.gauge("process_start_time_seconds", "When this exporter started, in seconds since the Unix epoch.")
        .add(*started);
  }

  std::string buffer;
  if (const auto statm = try_read_file("/proc/self/statm", buffer)) {
    std::string_view rest = *statm;
    const auto virtual_pages = to_double(next_field(rest));
    const auto resident_pages = to_double(next_field(rest));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    if (virtual_pages && resident_pages) {
      families.gauge("process_virtual_memory_bytes", "Address space of this exporter, in bytes.")
          .add(*virtual_pages * page);
      families.gauge("process_resident_memory_bytes", "Resident memory of this exporter, in bytes.")
          .add(*resident_pages * page);
    }
  }

  if (const auto open = try_list_directory("/proc/self/fd")) {
    constexpr double kTheListingItself = 1;
    families.gauge("process_open_fds", "Open file descriptors of this exporter.")
        .add(static_cast<double>(open->size()) - kTheListingItself);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    families.gauge("process_max_fds", "How many file descriptors this exporter may open.")
        .add(static_cast<double>(limit.rlim_cur));
  }
  if (const auto threads = try_list_directory("/proc/self/task")) {
    families.gauge("process_threads", "Threads of this exporter.").add(static_cast<double>(threads->size()));
  }
}

}  // namespace binnacle
