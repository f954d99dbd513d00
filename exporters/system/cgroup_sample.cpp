// SPDX-License-Identifier: Apache-2.0
#include "cgroup_sample.h"

#include <algorithm>
#include <exception>
#include <span>
#include <unordered_map>

#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "psi.h"

namespace binnacle::system {

namespace {

using Value = CgroupValue;

// Numbers are divided by their scale: multiplying by 1e-6 would not give the nearest double.
constexpr double kMicro = 1e6;
constexpr double kNano = 1e9;
constexpr double kTick = 100;  ///< cpuacct.stat counts in USER_HZ, which is 100 everywhere

/// A file with one number.
struct NumberFile {
  std::string_view file;
  Value value;
  double scale;
};

/// A file with one number, or a word for "no limit".
struct LimitFile {
  std::string_view file;
  Value value;
};

/// A key in a file of "key value" lines.
struct KeyTarget {
  std::string_view key;
  Value value;
  double scale;
};

/// A memory.stat key that is a number of bytes, and the type that it is shown as.
struct StatType {
  std::string_view key;
  std::string_view type;
};

constexpr NumberFile kV2MemoryNumbers[] = {
    {"memory.current", Value::memory_usage, 1},
    {"memory.peak", Value::memory_peak, 1},
    {"memory.swap.current", Value::swap_usage, 1},
    {"memory.zswap.current", Value::zswap_usage, 1},
};
constexpr LimitFile kV2MemoryLimits[] = {
    {"memory.max", Value::memory_limit}, {"memory.high", Value::memory_high},    {"memory.low", Value::memory_low},
    {"memory.min", Value::memory_min},   {"memory.swap.max", Value::swap_limit},
};
constexpr NumberFile kV1MemoryNumbers[] = {
    {"memory.usage_in_bytes", Value::memory_usage, 1},
    {"memory.max_usage_in_bytes", Value::memory_peak, 1},
    {"memory.failcnt", Value::memory_limit_hits, 1},
};
constexpr NumberFile kCpuWeight[] = {{"cpu.weight", Value::cpu_weight, 1}};
constexpr NumberFile kCpuShares[] = {{"cpu.shares", Value::cpu_shares, 1}};
constexpr NumberFile kCpuacctUsage[] = {{"cpuacct.usage", Value::cpu_usage, kNano}};
constexpr NumberFile kPidsNumbers[] = {{"pids.current", Value::pids, 1}, {"pids.peak", Value::pids_peak, 1}};
constexpr LimitFile kPidsLimits[] = {{"pids.max", Value::pids_limit}};
constexpr KeyTarget kV2CpuStat[] = {
    {"usage_usec", Value::cpu_usage, kMicro},
    {"user_usec", Value::cpu_user, kMicro},
    {"system_usec", Value::cpu_system, kMicro},
    {"nr_periods", Value::cpu_periods, 1},
    {"nr_throttled", Value::cpu_throttled_periods, 1},
    {"throttled_usec", Value::cpu_throttled, kMicro},
    {"nr_bursts", Value::cpu_bursts, 1},
    {"burst_usec", Value::cpu_burst, kMicro},
};
constexpr KeyTarget kV1CpuStat[] = {
    {"nr_periods", Value::cpu_periods, 1},           {"nr_throttled", Value::cpu_throttled_periods, 1},
    {"throttled_time", Value::cpu_throttled, kNano}, {"nr_bursts", Value::cpu_bursts, 1},
    {"burst_time", Value::cpu_burst, kNano},
};
constexpr KeyTarget kV1CpuacctStat[] = {{"user", Value::cpu_user, kTick}, {"system", Value::cpu_system, kTick}};
constexpr KeyTarget kPidsEvents[] = {{"max", Value::pids_limit_hits, 1}};
constexpr KeyTarget kCgroupStat[] = {
    {"nr_descendants", Value::descendants, 1},
    {"nr_dying_descendants", Value::dying_descendants, 1},
};
constexpr KeyTarget kV2MemoryCounters[] = {
    {"pgfault", Value::page_faults, 1},
    {"pgmajfault", Value::major_page_faults, 1},
    {"pgscan", Value::pages_scanned, 1},
    {"pgsteal", Value::pages_stolen, 1},
};
constexpr KeyTarget kV1MemoryCounters[] = {
    {"total_pgfault", Value::page_faults, 1},
    {"total_pgmajfault", Value::major_page_faults, 1},
    {"total_swap", Value::swap_usage, 1},
};
constexpr StatType kV2MemoryStat[] = {
    {"anon", "anon"},
    {"file", "file"},
    {"kernel", "kernel"},
    {"kernel_stack", "kernel_stack"},
    {"pagetables", "pagetables"},
    {"percpu", "percpu"},
    {"sock", "sock"},
    {"vmalloc", "vmalloc"},
    {"shmem", "shmem"},
    {"zswap", "zswap"},
    {"zswapped", "zswapped"},
    {"file_mapped", "file_mapped"},
    {"file_dirty", "file_dirty"},
    {"file_writeback", "file_writeback"},
    {"swapcached", "swapcached"},
    {"anon_thp", "anon_thp"},
    {"inactive_anon", "inactive_anon"},
    {"active_anon", "active_anon"},
    {"inactive_file", "inactive_file"},
    {"active_file", "active_file"},
    {"unevictable", "unevictable"},
    {"slab_reclaimable", "slab_reclaimable"},
    {"slab_unreclaimable", "slab_unreclaimable"},
    {"slab", "slab"},
};
constexpr StatType kV1MemoryStat[] = {
    {"total_rss", "anon"},
    {"total_cache", "file"},
    {"total_shmem", "shmem"},
    {"total_mapped_file", "file_mapped"},
    {"total_dirty", "file_dirty"},
    {"total_writeback", "file_writeback"},
    {"total_swapcached", "swapcached"},
    {"total_rss_huge", "anon_thp"},
    {"total_inactive_anon", "inactive_anon"},
    {"total_active_anon", "active_anon"},
    {"total_inactive_file", "inactive_file"},
    {"total_active_file", "active_file"},
    {"total_unevictable", "unevictable"},
};
constexpr StatType kV2Refaults[] = {
    {"workingset_refault_anon", "anon"},
    {"workingset_refault_file", "file"},
    {"workingset_refault", "file"},  // before Linux 5.9, when only the page cache was counted
};
constexpr StatType kV1Refaults[] = {
    {"total_workingset_refault_anon", "anon"},
    {"total_workingset_refault_file", "file"},
    {"total_workingset_refault", "file"},
};

struct PressureFile {
  std::string_view file;
  Value waiting;
  Value stalled;
};
constexpr PressureFile kPressure[] = {
    {"cpu.pressure", Value::cpu_waiting, Value::cpu_stalled},
    {"memory.pressure", Value::memory_waiting, Value::memory_stalled},
    {"io.pressure", Value::io_waiting, Value::io_stalled},
    {"irq.pressure", Value::count, Value::irq_stalled},  // the kernel tells `full` only
};

/// What a memory.stat key means.
struct MemoryKey {
  enum class Kind { bytes, refaults, counter, hierarchical_limit } kind;
  std::string_view type;
  Value value;
};
using MemoryKeys = std::unordered_map<std::string_view, MemoryKey>;

MemoryKeys memory_keys(std::span<const StatType> types, std::span<const StatType> refaults,
                       std::span<const KeyTarget> counters) {
  MemoryKeys keys;
  for (const auto& [key, type] : types) keys[key] = {MemoryKey::Kind::bytes, type, Value::count};
  for (const auto& [key, type] : refaults) keys[key] = {MemoryKey::Kind::refaults, type, Value::count};
  for (const auto& counter : counters) keys[counter.key] = {MemoryKey::Kind::counter, {}, counter.value};
  keys["hierarchical_memory_limit"] = {MemoryKey::Kind::hierarchical_limit, {}, Value::count};
  return keys;
}

double number(std::uint64_t value) { return static_cast<double>(value); }

/// Reads the files of one cgroup's folder into a sample.
class Reader {
 public:
  Reader(std::string folder, CgroupSample& sample, std::string& buffer)
      : path_(std::move(folder)), folder_length_(path_.size()), sample_(sample), buffer_(buffer) {}

  void read_v2(const CgroupHierarchy& hierarchy);
  void read_v1(const CgroupHierarchy& hierarchy);

 private:
  /// Hands the file's text to `use(text, name)`. One strange file must not hide the others.
  template <typename Use>
  void with(std::string_view file, Use use) {
    path_.resize(folder_length_);
    path_.append("/").append(file);
    try {
      if (const auto text = try_read_file(path_, buffer_)) use(*text, file);
    } catch (const std::exception& error) {
      log::debug("a cgroup's file is passed over", {{"file", path_}, {"error", error.what()}});
    }
  }

  void set(Value value, std::optional<double> number) {
    if (number && !sample_.get(value)) sample_.set(value, number);
  }

  void read_numbers(std::span<const NumberFile> files) {
    for (const auto& entry : files) {
      with(entry.file,
           [&](auto text, auto name) { set(entry.value, number(require_u64(trim(text), name)) / entry.scale); });
    }
  }

  void read_limits(std::span<const LimitFile> files) {
    for (const auto& entry : files) {
      with(entry.file, [&](auto text, auto name) {
        if (const auto limit = parse_limit(text, name)) set(entry.value, number(*limit));
      });
    }
  }

  void read_keys(std::string_view file, std::span<const KeyTarget> targets) {
    with(file, [&](auto text, auto name) {
      parse_flat_keyed(text, name, pairs_);
      for (const auto& [key, value] : pairs_) {
        for (const auto& target : targets) {
          if (target.key == key) set(target.value, number(value) / target.scale);
        }
      }
    });
  }

  void read_events(std::string_view file, std::vector<std::pair<std::string, double>>& events) {
    with(file, [&](auto text, auto name) {
      parse_flat_keyed(text, name, pairs_);
      for (const auto& [key, value] : pairs_) events.emplace_back(key, number(value));
    });
  }

  void read_memory_stat(const MemoryKeys& keys, std::string_view inactive_file_key);
  void read_cpuset(std::string_view file) {
    with(file, [&](auto text, auto name) { set(Value::cpuset_cpus, number(count_cpus(text, name))); });
  }
  void read_pids();
  void read_v2_memory();
  void read_v1_cpu();
  void read_v1_memory();
  void read_v1_blkio();

  std::string path_;
  std::size_t folder_length_;
  CgroupSample& sample_;
  std::string& buffer_;
  std::vector<KeyValue> pairs_;
};

void Reader::read_memory_stat(const MemoryKeys& keys, std::string_view inactive_file_key) {
  with("memory.stat", [&](auto text, auto name) {
    parse_flat_keyed(text, name, pairs_);
    for (const auto& [key, value] : pairs_) {
      if (key == inactive_file_key) {
        if (const auto usage = sample_.get(Value::memory_usage)) {
          set(Value::memory_working_set, std::max(0.0, *usage - number(value)));
        }
      }
      const auto meaning = keys.find(key);
      if (meaning == keys.end()) continue;
      switch (meaning->second.kind) {
        case MemoryKey::Kind::bytes:
          sample_.memory_stat.emplace_back(meaning->second.type, number(value));
          break;
        case MemoryKey::Kind::refaults:
          sample_.workingset_refaults.emplace_back(meaning->second.type, number(value));
          break;
        case MemoryKey::Kind::counter:
          set(meaning->second.value, number(value));
          break;
        case MemoryKey::Kind::hierarchical_limit:
          const auto limit = v1_limit(value);
          sample_.hierarchical_memory_limit =
              limit ? std::optional<double>{number(*limit)} : std::optional<double>{std::nullopt};
          break;
      }
    }
  });
}

void Reader::read_pids() {
  read_numbers(kPidsNumbers);
  read_limits(kPidsLimits);
  read_keys("pids.events", kPidsEvents);
}

void Reader::read_v2_memory() {
  static const MemoryKeys keys = memory_keys(kV2MemoryStat, kV2Refaults, kV2MemoryCounters);
  read_numbers(kV2MemoryNumbers);
  read_limits(kV2MemoryLimits);
  read_memory_stat(keys, "inactive_file");
  read_events("memory.events", sample_.memory_events);
  read_events("memory.events.local", sample_.memory_local_events);
}

void Reader::read_v2(const CgroupHierarchy& hierarchy) {
  // v2 always has a cpu.stat; beside v1's cpuacct it counts another cgroup of the same name.
  if (hierarchy.has("cpuacct")) read_keys("cpu.stat", kV2CpuStat);
  if (hierarchy.has("cpu")) {
    with("cpu.max", [&](auto text, auto name) { set(Value::cpu_limit, parse_cpu_max(text, name)); });
    read_numbers(kCpuWeight);
  }
  if (hierarchy.has("cpuset")) read_cpuset("cpuset.cpus.effective");
  if (hierarchy.has("memory")) read_v2_memory();
  if (hierarchy.has("pids")) read_pids();
  if (hierarchy.has("blkio")) {
    with("io.stat", [&](auto text, auto name) { sample_.io = parse_io_stat(text, name); });
  }
  read_keys("cgroup.stat", kCgroupStat);
  for (const auto& entry : kPressure) {
    with(entry.file, [&](auto text, auto name) {
      const auto psi = parse_psi(text, name);
      if (psi.some && entry.waiting != Value::count) set(entry.waiting, number(psi.some->total_us) / kMicro);
      if (psi.full) set(entry.stalled, number(psi.full->total_us) / kMicro);
    });
  }
}

void Reader::read_v1_cpu() {
  read_keys("cpu.stat", kV1CpuStat);
  std::optional<std::uint64_t> quota;
  with("cpu.cfs_quota_us", [&](auto text, auto name) { quota = parse_v1_limit(text, name); });
  if (quota) {
    with("cpu.cfs_period_us", [&](auto text, auto name) {
      const auto period = require_u64(trim(text), name);
      if (period > 0) set(Value::cpu_limit, number(*quota) / number(period));
    });
  }
  read_numbers(kCpuShares);
}

void Reader::read_v1_memory() {
  static const MemoryKeys keys = memory_keys(kV1MemoryStat, kV1Refaults, kV1MemoryCounters);
  read_numbers(kV1MemoryNumbers);
  with("memory.limit_in_bytes", [&](auto text, auto name) {
    if (const auto limit = parse_v1_limit(text, name)) set(Value::memory_limit, number(*limit));
  });
  read_memory_stat(keys, "total_inactive_file");
  with("memory.oom_control", [&](auto text, auto name) {
    parse_flat_keyed(text, name, pairs_);
    for (const auto& [key, value] : pairs_) {
      if (key == "oom_kill") sample_.memory_events.emplace_back(key, number(value));
    }
  });
}

void Reader::read_v1_blkio() {
  const auto read = [&](bool operations, std::string_view recursive, std::string_view own) {
    bool found = false;
    const auto parse = [&](auto text, auto name) {
      found = true;
      parse_blkio(text, name, operations, sample_.io);
    };
    with(recursive, parse);
    if (!found) with(own, parse);
  };
  read(false, "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes");
  read(true, "blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced");
}

void Reader::read_v1(const CgroupHierarchy& hierarchy) {
  if (hierarchy.has("cpu")) read_v1_cpu();
  if (hierarchy.has("cpuacct")) {
    read_numbers(kCpuacctUsage);
    read_keys("cpuacct.stat", kV1CpuacctStat);
  }
  if (hierarchy.has("cpuset")) {
    read_cpuset("cpuset.effective_cpus");
    if (!sample_.get(Value::cpuset_cpus)) read_cpuset("cpuset.cpus");
  }
  if (hierarchy.has("memory")) read_v1_memory();
  if (hierarchy.has("pids")) read_pids();
  if (hierarchy.has("blkio")) read_v1_blkio();
}

}  // namespace

bool read_cgroup(const CgroupHierarchy& hierarchy, std::string_view path, CgroupSample& sample, std::string& buffer) {
  auto folder = hierarchy.folder_of(path);
  if (!exists(folder)) return false;
  sample.manages_cpu |= hierarchy.has("cpu");
  sample.manages_memory |= hierarchy.has("memory");
  sample.manages_pids |= hierarchy.has("pids");
  Reader reader{std::move(folder), sample, buffer};
  if (hierarchy.version == 2) {
    sample.in_v2 = true;
    reader.read_v2(hierarchy);
  } else {
    sample.in_v1 = true;
    reader.read_v1(hierarchy);
  }
  return true;
}

}  // namespace binnacle::system
