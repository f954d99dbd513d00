// SPDX-License-Identifier: Apache-2.0
#include "stat.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

struct Line {
  std::string_view name;
  std::uint64_t KernelStat::*target;
};

constexpr std::array kLines{
    Line{"intr", &KernelStat::interrupts},
    Line{"ctxt", &KernelStat::context_switches},
    Line{"btime", &KernelStat::boot_time},
    Line{"processes", &KernelStat::forks},
    Line{"procs_running", &KernelStat::procs_running},
    Line{"procs_blocked", &KernelStat::procs_blocked},
};

std::vector<std::uint64_t> parse_softirqs(std::string_view rest) {
  next_field(rest);  // the sum of all
  std::vector<std::uint64_t> counts;
  for (const auto vector : kSoftirqVectors) {
    const auto field = next_field(rest);
    if (field.empty()) break;
    counts.push_back(field_u64(field, "stat: softirq", vector));
  }
  return counts;
}

class StatCollector final : public Collector {
 public:
  explicit StatCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add("collector.stat.softirq", softirq_, "Export the number of soft interrupts for each vector.");
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto stat = parse_stat(read_file(paths_.proc("stat"), buffer_));
    const auto value = [](std::uint64_t number) { return static_cast<double>(number); };
    auto& families = out.families;
    families.counter("node_intr_total", "Interrupts served since boot, from /proc/stat.").add(value(stat.interrupts));
    families.counter("node_context_switches_total", "Context switches since boot, from /proc/stat.")
        .add(value(stat.context_switches));
    families.counter("node_forks_total", "Processes and threads started since boot, from /proc/stat.")
        .add(value(stat.forks));
    families.gauge("node_boot_time_seconds", "When the machine was booted, in seconds since 1970, from /proc/stat.")
        .add(value(stat.boot_time));
    families.gauge("node_procs_running", "Tasks that run or wait for a CPU, from /proc/stat.")
        .add(value(stat.procs_running));
    families.gauge("node_procs_blocked", "Tasks that wait for a disk or another device, from /proc/stat.")
        .add(value(stat.procs_blocked));
    if (!softirq_) return;
    auto softirqs = families.counter("node_softirqs_total", "Soft interrupts since boot, from /proc/stat.");
    for (std::size_t i = 0; i < stat.softirqs.size(); ++i) {
      softirqs.add({{"vector", kSoftirqVectors[i]}}, value(stat.softirqs[i]));
    }
  }

 private:
  const Paths& paths_;
  std::string buffer_;
  bool softirq_ = false;
};

}  // namespace

KernelStat parse_stat(std::string_view text) {
  KernelStat stat;
  std::array<bool, kLines.size()> seen{};
  while (auto line = next_line(text)) {
    const auto name = next_field(*line);
    if (name == "softirq") {
      stat.softirqs = parse_softirqs(*line);
      continue;
    }
    for (std::size_t i = 0; i < kLines.size(); ++i) {
      if (name != kLines[i].name) continue;
      stat.*kLines[i].target = field_u64(next_field(*line), "stat", name);
      seen[i] = true;
    }
  }
  for (std::size_t i = 0; i < kLines.size(); ++i) {
    if (!seen[i]) throw std::runtime_error("stat: no line " + std::string{kLines[i].name});
  }
  return stat;
}

std::unique_ptr<Collector> make_stat(const Paths& paths) { return std::make_unique<StatCollector>(paths); }

}  // namespace binnacle::system
