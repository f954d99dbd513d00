// SPDX-License-Identifier: Apache-2.0
#include "cpu_topology.h"

#include <algorithm>
#include <stdexcept>

#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

namespace {

/// Far above what Linux can be built for, and small enough that a broken list cannot fill the memory.
constexpr std::uint64_t kMaxCpu = 65'535;

std::uint32_t parse_cpu(std::string_view text) {
  const auto cpu = require_u64(text, "list of CPUs");
  if (cpu > kMaxCpu) throw std::runtime_error("list of CPUs: no CPU can have the number " + quoted(text));
  return static_cast<std::uint32_t>(cpu);
}

/// An unsigned number of a sysfs file as text; empty when there is none.
std::string read_id(const std::string& path) {
  const auto text = try_read_line(path);
  return text && to_u64(*text) ? *text : std::string{};
}

void add_counter(std::vector<ThrottleCounter>& counters, const std::string& package, const std::string& core,
                 std::string path) {
  const bool known = std::any_of(counters.begin(), counters.end(), [&](const ThrottleCounter& counter) {
    return counter.package == package && counter.core == core;
  });
  if (!known && exists(path)) counters.push_back({package, core, std::move(path)});
}

}  // namespace

std::vector<std::uint32_t> parse_cpu_list(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  text = trim(text);
  while (!text.empty()) {
    auto range = take_until(text, ',');
    const auto first = parse_cpu(take_until(range, '-'));
    const auto last = range.empty() ? first : parse_cpu(range);
    if (last < first) throw std::runtime_error("list of CPUs: a range ends before it starts");
    for (auto cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

CpuTopology read_cpu_topology(const Paths& paths) {
  CpuTopology topology;
  const auto folder = paths.sys("devices/system/cpu/");
  for (const auto& name : try_list_directory(folder).value_or(std::vector<std::string>{})) {
    if (!name.starts_with("cpu")) continue;
    const auto cpu = to_u64(std::string_view{name}.substr(3));
    if (!cpu || *cpu > kMaxCpu) continue;
    const auto path = folder + name;
    if (topology.cpus.empty()) topology.hotplug = exists(path + "/online");
    topology.cpus.push_back(static_cast<std::uint32_t>(*cpu));

    const auto package = read_id(path + "/topology/physical_package_id");
    const auto core = read_id(path + "/topology/core_id");
    if (package.empty() || core.empty()) continue;
    add_counter(topology.core_throttles, package, core, path + "/thermal_throttle/core_throttle_count");
    add_counter(topology.package_throttles, package, "", path + "/thermal_throttle/package_throttle_count");
  }
  return topology;
}

}  // namespace binnacle::system
