// SPDX-License-Identifier: Apache-2.0
#include "cgroup_sample.h"

#include <algorithm>
#include <exception>
#include <span>
#include <unordered_map>

#include "cgroup_files.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "psi.h"

namespace binnacle::system {

namespace {

using namespace cgroup_files;

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
