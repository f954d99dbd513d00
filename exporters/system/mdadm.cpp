// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "mdstat.h"
#include "source.h"

namespace binnacle::system {

namespace {

/// The label's value, and what parse_mdstat calls the state.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kStates{{{"active", "active"},
                                                                                {"check", "checking"},
                                                                                {"inactive", "inactive"},
                                                                                {"recovering", "recovering"},
                                                                                {"resync", "resyncing"}}};

class MdadmCollector final : public Collector {
 public:
  explicit MdadmCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto mdstat = parse_mdstat(read_source(paths_.proc("mdstat"), buffer_));
    for (const auto& problem : mdstat.problems) log::debug("RAID array left out", {{"error", problem}});
    std::map<std::string, bool> degraded;
    for (const auto& array : mdstat.arrays) {
      write(out.families, array);
      degraded[array.name] = array.disks_active < array.disks_required;
    }
    for (const auto& name : try_list_directory(paths_.sys("block")).value_or(std::vector<std::string>{})) {
      if (name.starts_with("md")) write_sysfs(out.families, name, degraded);
    }
    for (const auto& [name, is_degraded] : degraded) out.fact("raid_degraded", is_degraded ? 1 : 0, name);
  }

 private:
  static void write(Families& families, const MdArray& array) {
    auto state = families.gauge("node_md_state", "1 for the state that the RAID array is in, from /proc/mdstat.");
    for (const auto& [label, name] : kStates) {
      state.add({{"device", array.name}, {"state", label}}, array.state == name ? 1 : 0);
    }
    auto disks = families.gauge("node_md_disks", "Disks of the RAID array, by their state, from /proc/mdstat.");
    disks.add({{"device", array.name}, {"state", "active"}}, static_cast<double>(array.disks_active));
    disks.add({{"device", array.name}, {"state", "failed"}}, static_cast<double>(array.disks_failed));
    disks.add({{"device", array.name}, {"state", "spare"}}, static_cast<double>(array.disks_spare));
    families.gauge("node_md_disks_required", "Disks that the RAID array has when it is whole, from /proc/mdstat.")
        .add({{"device", array.name}}, static_cast<double>(array.disks_required));
    families.gauge("node_md_blocks", "Blocks of 1 KiB that the RAID array holds, from /proc/mdstat.")
        .add({{"device", array.name}}, static_cast<double>(array.blocks));
    families
        .gauge("node_md_blocks_synced",
               "Blocks of 1 KiB that are in sync: all of them while the array does not sync, from /proc/mdstat.")
        .add({{"device", array.name}}, static_cast<double>(array.blocks_synced));
  }

  void write_sysfs(Families& families, const std::string& name, std::map<std::string, bool>& degraded) {
    const auto folder = paths_.sys("block/" + name + "/md/");
    const auto level = try_read_line(folder + "level");
    if (!level) return;
    if (const auto disks = raid_disks(folder, *level)) {
      families.gauge("node_md_raid_disks", "Disks of the RAID array, from /sys/block/<device>/md/raid_disks.")
          .add({{"device", name}}, static_cast<double>(*disks));
    }
    const auto missing = degraded_disks(folder, *level);
    if (!missing) return;
    families.gauge("node_md_degraded", "Disks that the RAID array lacks, from /sys/block/<device>/md/degraded.")
        .add({{"device", name}}, static_cast<double>(*missing));
    degraded[name] = degraded[name] || *missing > 0;
  }

  static std::optional<std::uint64_t> raid_disks(const std::string& folder, std::string_view level) {
    if (level.empty() || level == "container" || level == "imsm" || level == "ddf") return std::nullopt;
    const auto text = try_read_line(folder + "raid_disks");
    if (!text) return std::nullopt;
    std::string_view rest = *text;  // "11 (10)" while it is reshaped: the number now, and before
    return to_u64(next_field(rest));
  }

  /// Nothing when a level that has the number does not tell it.
  static std::optional<std::uint64_t> degraded_disks(const std::string& folder, std::string_view level) {
    constexpr std::array<std::string_view, 5> kRedundant{"raid1", "raid4", "raid5", "raid6", "raid10"};
    if (std::find(kRedundant.begin(), kRedundant.end(), level) == kRedundant.end()) return 0;
    const auto text = try_read_line(folder + "degraded");
    return text ? to_u64(*text) : std::nullopt;
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_mdadm(const Paths& paths) { return std::make_unique<MdadmCollector>(paths); }

}  // namespace binnacle::system
