// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cgroup_families.h"
#include "cgroup_sample.h"
#include "cgroup_tree.h"
#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"

namespace binnacle::system {

namespace {

using Value = CgroupValue;

constexpr int kDefaultMost = 100;
constexpr std::size_t kMostFolders = 20'000;
constexpr double kFewPeriods = 10;

class CgroupCollector final : public Collector {
 public:
  explicit CgroupCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add(
        "collector.cgroup.include", include_,
        "Glob of cgroup paths to report besides the exporter's own and its ancestors, as /system.slice/*.service; "
        "repeatable. * stays within a part, ** stands for any number of parts.");
    flags.add("collector.cgroup.max", most_, 1, 100'000,
              "Most cgroups to report; what is beyond is counted in node_cgroup_dropped_cgroups.");
  }

  void start() override {
    for (const auto& pattern : include_) check_cgroup_pattern(pattern);
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    find_hierarchies();
    samples_.clear();
    const auto text = try_read_file(paths_.proc("self/cgroup"), buffer_);
    if (!text) throw NotApplicable("this kernel has no control groups: /proc/self/cgroup is absent");
    const auto memberships = parse_cgroup_memberships(*text);

    std::map<std::string, bool> reported;  // path, whether it is the exporter's own
    std::vector<std::optional<std::string>> own;
    for (const auto& hierarchy : hierarchies_) {
      own.push_back(self_path(hierarchy, memberships));
      const std::string path = own.back().value_or("/");
      for (auto up = parent_path(path); !up.empty(); up = parent_path(up)) reported.try_emplace(std::string{up}, false);
      reported.try_emplace(path, false).first->second |= own.back().has_value();
    }
    const auto dropped = add_included(reported);

    CgroupFamilies families{out.families, paths_.sys("dev/block")};
    for (const auto& [path, is_self] : reported) {
      auto& sample = sample_of(path);
      if (sample.manages_cpu) sample.set(Value::cpu_effective_limit, tightest(path, Value::cpu_limit));
      if (sample.manages_memory) sample.set(Value::memory_effective_limit, tightest_memory(path));
      if (sample.manages_pids) sample.set(Value::pids_effective_limit, tightest(path, Value::pids_limit));
      families.add(path, is_self, sample);
    }
    families.finish(dropped);
    add_facts(own, out);
  }

 private:
  void find_hierarchies() {
    const bool stale = std::any_of(hierarchies_.begin(), hierarchies_.end(),
                                   [](const auto& hierarchy) { return !exists(hierarchy.folder); });
    if (!hierarchies_.empty() && !stale) return;
    hierarchies_.clear();
    const auto text = try_read_file(paths_.proc("self/mountinfo"), buffer_);
    if (text) hierarchies_ = locate_hierarchies(parse_cgroup_mounts(*text), paths_.sysfs);
    if (hierarchies_.empty()) throw NotApplicable("no cgroup file system is mounted");
  }

  /// Adds what the patterns match, as far as the cap allows; returns how many did not fit.
  std::size_t add_included(std::map<std::string, bool>& reported) {
    std::vector<std::string> matches;
    for (const auto& pattern : include_) {
      for (const auto& hierarchy : hierarchies_) {
        for (auto& path : matching_cgroups(hierarchy, pattern, kMostFolders)) {
          if (!reported.contains(path)) matches.push_back(std::move(path));
        }
      }
    }
    std::sort(matches.begin(), matches.end());
    matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
    const auto most = static_cast<std::size_t>(most_);
    const auto room = most > reported.size() ? most - reported.size() : 0;
    const auto fitting = std::min(room, matches.size());
    for (std::size_t i = 0; i < fitting; ++i) reported.try_emplace(std::move(matches[i]), false);
    return matches.size() - fitting;
  }

  CgroupSample& sample_of(const std::string& path) {
    const auto [entry, added] = samples_.try_emplace(path);
    if (added) {
      for (const auto& hierarchy : hierarchies_) read_cgroup(hierarchy, path, entry->second, buffer_);
    }
    return entry->second;
  }

  /// Calls `use` with the samples of a cgroup and of all its ancestors that can be seen.
  template <typename Use>
  void up_from(const std::string& path, Use use) {
    for (std::string_view up = path; !up.empty(); up = parent_path(up)) use(sample_of(std::string{up}));
  }

  std::optional<double> tightest(const std::string& path, Value limit) {
    std::optional<double> least;
    up_from(path, [&](const CgroupSample& sample) {
      const auto own = sample.get(limit);
      if (own && (!least || *own < *least)) least = own;
    });
    return least;
  }

  /// v1 sums its limits up itself, over ancestors that cannot be seen from here too.
  std::optional<double> tightest_memory(const std::string& path) {
    const auto& sample = sample_of(path);
    if (sample.hierarchical_memory_limit) return *sample.hierarchical_memory_limit;
    return tightest(path, Value::memory_limit);
  }

  /// The path of the exporter in the hierarchy that manages this resource.
  std::optional<std::string> own_path(const std::vector<std::optional<std::string>>& own,
                                      std::string_view controller) const {
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
      if (hierarchies_[i].has(controller)) return own[i];
    }
    return std::nullopt;
  }

  std::optional<double> fullness(const CgroupSample& sample, Value used, Value limit) {
    const auto amount = sample.get(used);
    const auto bound = sample.get(limit);
    if (!amount || !bound || *bound <= 0) return std::nullopt;
    return *amount / *bound;
  }

  /// The most that `used` fills `limit`, here or in an ancestor: the limit that would be hit first.
  std::optional<double> fullest(const std::string& path, Value used, Value limit) {
    std::optional<double> most;
    up_from(path, [&](const CgroupSample& sample) { most = std::max(most, fullness(sample, used, limit)); });
    return most;
  }

  void add_facts(const std::vector<std::optional<std::string>>& own, Output& out) {
    if (const auto path = own_path(own, "memory")) {
      // The tightest limit may be of an ancestor that is out of sight, whose usage is unknown: at least ours counts.
      const auto ratio = std::max(fullest(*path, Value::memory_working_set, Value::memory_limit),
                                  fullness(sample_of(*path), Value::memory_working_set, Value::memory_effective_limit));
      if (ratio) out.fact("cgroup_memory_used_ratio", *ratio);
    }
    if (const auto path = own_path(own, "pids")) {
      if (const auto ratio = fullest(*path, Value::pids, Value::pids_limit)) out.fact("cgroup_pids_used_ratio", *ratio);
    }
    if (const auto path = own_path(own, "cpu")) {
      if (const auto ratio = throttled(*path)) out.fact("cgroup_cpu_throttled_ratio", *ratio);
    }
  }

  /// The share of periods throttled since the collection before, where a quota is set at this cgroup or above it.
  std::optional<double> throttled(const std::string& path) {
    std::unordered_map<std::string, Periods> now;
    std::optional<double> most;
    for (std::string_view up = path; !up.empty(); up = parent_path(up)) {
      const std::string at{up};
      const auto& sample = sample_of(at);
      const auto all = sample.get(Value::cpu_periods);
      const auto slowed = sample.get(Value::cpu_throttled_periods);
      if (!all || !slowed) continue;
      now[at] = {*all, *slowed};
      const auto before = periods_.find(at);
      if (before == periods_.end()) continue;
      const double passed = *all - before->second.all;
      const double lost = *slowed - before->second.throttled;
      if (passed >= kFewPeriods && lost >= 0) most = std::max(most.value_or(0), std::min(1.0, lost / passed));
    }
    periods_ = std::move(now);
    return most;
  }

  struct Periods {
    double all = 0;
    double throttled = 0;
  };

  const Paths& paths_;
  std::vector<std::string> include_;
  int most_ = kDefaultMost;
  std::string buffer_;
  std::vector<CgroupHierarchy> hierarchies_;
  std::unordered_map<std::string, CgroupSample> samples_;
  std::unordered_map<std::string, Periods> periods_;
};

}  // namespace

std::unique_ptr<Collector> make_cgroup(const Paths& paths) { return std::make_unique<CgroupCollector>(paths); }

}  // namespace binnacle::system
