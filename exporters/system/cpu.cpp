// SPDX-License-Identifier: Apache-2.0
#include "cpu.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "collectors.h"
#include "core/flags.h"
#include "core/log.h"
#include "core/text.h"
#include "cpu_info.h"
#include "cpu_topology.h"
#include "device_filter.h"
#include "source.h"

namespace binnacle::system {

namespace {

/// The modes that every kernel since 2.4 has.
constexpr std::size_t kLeastModes = 4;

constexpr auto kHotplugTicks = static_cast<std::uint64_t>(3.0 * kTicksPerSecond);

constexpr std::array<std::pair<std::string_view, CpuMode>, 8> kModes{{
    {"idle", CpuMode::idle},
    {"iowait", CpuMode::iowait},
    {"irq", CpuMode::irq},
    {"nice", CpuMode::nice},
    {"softirq", CpuMode::softirq},
    {"steal", CpuMode::steal},
    {"system", CpuMode::system},
    {"user", CpuMode::user},
}};

double seconds(const CpuTimes& cpu, CpuMode mode) { return static_cast<double>(cpu[mode]) / kTicksPerSecond; }

CpuTimes parse_cpu_line(std::string_view id, std::string_view rest) {
  CpuTimes cpu;
  cpu.cpu = field_u64(id, "stat", "cpu");
  for (std::size_t mode = 0; mode < kCpuModes; ++mode) {
    const auto field = next_field(rest);
    if (field.empty() && mode >= kLeastModes) break;
    cpu.ticks[mode] = field_u64(field, "stat", "cpu times");
  }
  return cpu;
}

const CpuTimes* find_cpu(const std::vector<CpuTimes>& cpus, std::uint64_t cpu, std::size_t likely) {
  if (likely < cpus.size() && cpus[likely].cpu == cpu) return &cpus[likely];
  const auto found = std::find_if(cpus.begin(), cpus.end(), [&](const CpuTimes& known) { return known.cpu == cpu; });
  return found == cpus.end() ? nullptr : &*found;
}

/// The words of a field of cpuinfo that a pattern picks.
class PickedWords {
 public:
  void set_pattern(const std::string& pattern, const std::string& flag) {
    if (!pattern.empty()) pattern_ = compile_pattern(pattern, flag);
  }
  [[nodiscard]] bool wanted() const { return pattern_ != nullptr; }

  const std::vector<std::string>& of(std::string_view words) {
    if (words == words_) return picked_;
    words_ = words;
    picked_.clear();
    for (auto word = next_field(words); !word.empty(); word = next_field(words)) {
      if (re2::RE2::PartialMatch(re2::StringPiece{word.data(), word.size()}, *pattern_)) picked_.emplace_back(word);
    }
    return picked_;
  }

 private:
  std::unique_ptr<re2::RE2> pattern_;
  std::string words_;
  std::vector<std::string> picked_;
};

class CpuCollector final : public Collector {
 public:
  explicit CpuCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add("collector.cpu.guest", guest_, "Export node_cpu_guest_seconds_total.");
    flags.add("collector.cpu.info", info_, "Export node_cpu_info and the clock of each CPU.");
    flags.add(kFlagsInclude, flags_include_, "Regular expression of the CPU flags to export; sets collector.cpu.info.");
    flags.add(kBugsInclude, bugs_include_, "Regular expression of the CPU bugs to export; sets collector.cpu.info.");
  }

  void start() override {
    picked_flags_.set_pattern(flags_include_, std::string{"--"} + kFlagsInclude);
    picked_bugs_.set_pattern(bugs_include_, std::string{"--"} + kBugsInclude);
    info_ = info_ || picked_flags_.wanted() || picked_bugs_.wanted();
    read_isolated();
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    if (info_) collect_info(out.families);
    collect_times(out.families);
    collect_isolated(out.families);
    collect_topology(out.families);
  }

 private:
  static constexpr auto* kFlagsInclude = "collector.cpu.info.flags-include";
  static constexpr auto* kBugsInclude = "collector.cpu.info.bugs-include";

  void read_isolated() {
    const auto text = try_read_file(paths_.sys("devices/system/cpu/isolated"), buffer_);
    if (!text) return;
    try {
      isolated_ = parse_cpu_list(*text);
    } catch (const std::runtime_error& error) {
      log::warn("the list of isolated CPUs is not understood", {{"error", error.what()}});
    }
  }

  void collect_times(Families& families) {
    cpus_ = without_steps_back(cpus_, parse_cpu_times(read_file(paths_.proc("stat"), buffer_)));
    auto times = families.counter("node_cpu_seconds_total",
                                  "Seconds that each CPU has spent in each mode since boot, from /proc/stat.");
    for (const auto& cpu : cpus_) {
      const auto number = std::to_string(cpu.cpu);
      for (const auto& [name, mode] : kModes) times.add({{"cpu", number}, {"mode", name}}, seconds(cpu, mode));
    }
    if (!guest_) return;
    auto guest = families.counter("node_cpu_guest_seconds_total",
                                  "Seconds that each CPU has run virtual machines, which its user and nice modes count "
                                  "too, from /proc/stat.");
    for (const auto& cpu : cpus_) {
      const auto number = std::to_string(cpu.cpu);
      guest.add({{"cpu", number}, {"mode", "nice"}}, seconds(cpu, CpuMode::guest_nice));
      guest.add({{"cpu", number}, {"mode", "user"}}, seconds(cpu, CpuMode::guest));
    }
  }

  void collect_info(Families& families) {
    const auto cpus = parse_cpu_info(read_file(paths_.proc("cpuinfo"), buffer_));
    auto info = families.gauge("node_cpu_info", "Always 1; the labels tell what /proc/cpuinfo says of each CPU.");
    for (const auto& cpu : cpus) {
      info.add({{"cachesize", cpu.cache_size},
                {"core", cpu.core},
                {"cpu", cpu.cpu},
                {"family", cpu.family},
                {"microcode", cpu.microcode},
                {"model", cpu.model},
                {"model_name", cpu.model_name},
                {"package", cpu.package},
                {"stepping", cpu.stepping},
                {"vendor", cpu.vendor}},
               1);
    }
    for (const auto& cpu : cpus) {
      if (!cpu.mhz) continue;
      families.gauge("node_cpu_frequency_hertz", "Clock of each CPU in hertz, from /proc/cpuinfo.")
          .add({{"core", cpu.core}, {"cpu", cpu.cpu}, {"package", cpu.package}}, *cpu.mhz * 1e6);
    }
    if (picked_flags_.wanted()) {
      for (const auto& flag : picked_flags_.of(cpus.front().flags)) {
        families.gauge("node_cpu_flag_info", "Always 1; a flag of the first CPU, from /proc/cpuinfo.")
            .add({{"flag", flag}}, 1);
      }
    }
    if (picked_bugs_.wanted()) {
      for (const auto& bug : picked_bugs_.of(cpus.front().bugs)) {
        families.gauge("node_cpu_bug_info", "Always 1; a bug of the first CPU, from /proc/cpuinfo.")
            .add({{"bug", bug}}, 1);
      }
    }
  }

  void collect_isolated(Families& families) const {
    for (const auto cpu : isolated_) {
      families
          .gauge("node_cpu_isolated",
                 "Always 1, for CPUs that the scheduler leaves alone, from /sys/devices/system/cpu/isolated.")
          .add({{"cpu", std::to_string(cpu)}}, 1);
    }
  }

  void collect_topology(Families& families) {
    // Folders and counters of a CPU come and go with its being online only, so that one small file tells when to look.
    const auto online = try_read_file(paths_.sys("devices/system/cpu/online"), buffer_);
    if (!online || !topology_ || *online != online_text_) {
      online_text_ = online.value_or("");
      online_ = parse_cpu_list(online_text_);
      topology_ = read_cpu_topology(paths_);
    }
    add_throttles(topology_->package_throttles, families);
    add_throttles(topology_->core_throttles, families);
    if (!topology_->hotplug || online_.empty()) return;
    auto state = families.gauge("node_cpu_online",
                                "1 if the CPU is online and runs tasks, else 0, from "
                                "/sys/devices/system/cpu/online.");
    for (const auto cpu : topology_->cpus) {
      const bool is_online = std::binary_search(online_.begin(), online_.end(), cpu);
      state.add({{"cpu", std::to_string(cpu)}}, is_online ? 1 : 0);
    }
  }

  void add_throttles(const std::vector<ThrottleCounter>& counters, Families& families) {
    for (const auto& counter : counters) {
      const auto text = try_read_file(counter.path, buffer_);
      const auto count = text ? to_u64(trim(*text)) : std::nullopt;
      if (!count) continue;
      const auto value = static_cast<double>(*count);
      if (counter.core.empty()) {
        families
            .counter("node_cpu_package_throttles_total",
                     "Times that the CPU package was slowed down for heat, from /sys/devices/system/cpu.")
            .add({{"package", counter.package}}, value);
      } else {
        families
            .counter("node_cpu_core_throttles_total",
                     "Times that the CPU core was slowed down for heat, from /sys/devices/system/cpu.")
            .add({{"core", counter.core}, {"package", counter.package}}, value);
      }
    }
  }

  const Paths& paths_;
  std::string buffer_;

  bool guest_ = true;
  bool info_ = false;
  std::string flags_include_;
  std::string bugs_include_;
  PickedWords picked_flags_;
  PickedWords picked_bugs_;

  std::vector<CpuTimes> cpus_;
  std::vector<std::uint32_t> isolated_;
  std::string online_text_;
  std::vector<std::uint32_t> online_;
  std::optional<CpuTopology> topology_;
};

}  // namespace

std::vector<CpuTimes> parse_cpu_times(std::string_view text) {
  std::vector<CpuTimes> cpus;
  while (auto line = next_line(text)) {
    auto name = next_field(*line);
    if (!name.starts_with("cpu")) {
      // The CPUs stand together at the front; what follows them (a very long line of interrupts) need not be looked at.
      if (!cpus.empty()) break;
      continue;
    }
    name.remove_prefix(3);
    if (!name.empty()) cpus.push_back(parse_cpu_line(name, *line));
  }
  if (cpus.empty()) throw std::runtime_error("stat: no line of a CPU");
  return cpus;
}

std::vector<CpuTimes> without_steps_back(const std::vector<CpuTimes>& before, std::vector<CpuTimes> now) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    auto& cpu = now[i];
    const auto* old = find_cpu(before, cpu.cpu, i);
    if (old == nullptr || (*old)[CpuMode::idle] >= cpu[CpuMode::idle] + kHotplugTicks) continue;
    for (std::size_t mode = 0; mode < kCpuModes; ++mode) {
      cpu.ticks[mode] = std::max(cpu.ticks[mode], old->ticks[mode]);
    }
  }
  return now;
}

std::unique_ptr<Collector> make_cpu(const Paths& paths) { return std::make_unique<CpuCollector>(paths); }

}  // namespace binnacle::system
