// SPDX-License-Identifier: Apache-2.0
#include "schedstat.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

/// Numbers between a CPU's name and its times.
constexpr int kOtherNumbers = 6;

class SchedstatCollector final : public Collector {
 public:
  explicit SchedstatCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto cpus = parse_schedstat(read_source(paths_.proc("schedstat"), buffer_));
    auto running = out.families.counter("node_schedstat_running_seconds_total",
                                        "Seconds that each CPU ran tasks, from /proc/schedstat.");
    auto waiting = out.families.counter("node_schedstat_waiting_seconds_total",
                                        "Seconds that tasks waited for each CPU, from /proc/schedstat.");
    auto timeslices = out.families.counter("node_schedstat_timeslices_total",
                                           "Slices of time that each CPU gave to tasks, from /proc/schedstat.");
    for (const auto& cpu : cpus) {
      running.add({{"cpu", cpu.cpu}}, static_cast<double>(cpu.running_ns) / 1e9);
      waiting.add({{"cpu", cpu.cpu}}, static_cast<double>(cpu.waiting_ns) / 1e9);
      timeslices.add({{"cpu", cpu.cpu}}, static_cast<double>(cpu.timeslices));
    }
  }

 private:
  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::vector<CpuSchedule> parse_schedstat(std::string_view text) {
  std::vector<CpuSchedule> cpus;
  while (auto line = next_line(text)) {
    auto name = next_field(*line);
    if (!name.starts_with("cpu")) continue;
    name.remove_prefix(3);
    field_u64(name, "schedstat", "cpu");
    CpuSchedule cpu{.cpu = name};
    for (int i = 0; i < kOtherNumbers; ++i) next_field(*line);
    cpu.running_ns = field_u64(next_field(*line), "schedstat", "running time");
    cpu.waiting_ns = field_u64(next_field(*line), "schedstat", "waiting time");
    cpu.timeslices = field_u64(next_field(*line), "schedstat", "timeslices");
    cpus.push_back(cpu);
  }
  if (cpus.empty()) throw std::runtime_error("schedstat: no line of a CPU");
  return cpus;
}

std::unique_ptr<Collector> make_schedstat(const Paths& paths) { return std::make_unique<SchedstatCollector>(paths); }

}  // namespace binnacle::system
