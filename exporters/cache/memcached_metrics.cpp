// SPDX-License-Identifier: Apache-2.0
#include "memcached_metrics.h"

#include <algorithm>
#include <array>
#include <vector>

namespace binnacle::cache {

namespace {

constexpr std::array kCommands{
    CommandStat{"get_hits", "get", "hit"},        CommandStat{"get_misses", "get", "miss"},
    CommandStat{"delete_hits", "delete", "hit"},  CommandStat{"delete_misses", "delete", "miss"},
    CommandStat{"incr_hits", "incr", "hit"},      CommandStat{"incr_misses", "incr", "miss"},
    CommandStat{"decr_hits", "decr", "hit"},      CommandStat{"decr_misses", "decr", "miss"},
    CommandStat{"cas_hits", "cas", "hit"},        CommandStat{"cas_misses", "cas", "miss"},
    CommandStat{"cas_badval", "cas", "badval"},   CommandStat{"touch_hits", "touch", "hit"},
    CommandStat{"touch_misses", "touch", "miss"}, CommandStat{"cmd_flush", "flush", "hit"},
};

}  // namespace

void add_stats(const Stats& stats, std::span<const StatMetric> metrics, std::span<const LabelView> labels,
               Families& families) {
  for (const auto& row : metrics) {
    const auto value = stats.number(row.stat);
    if (value) families.family(row.metric, row.help, row.type).add(labels, *value * row.scale);
  }
}

void add_commands(const Stats& stats, bool cas_misses, std::span<const LabelView> labels, Family family) {
  std::vector<LabelView> all{labels.begin(), labels.end()};
  const auto add = [&](std::string_view command, std::string_view status, double value) {
    all.resize(labels.size());
    all.emplace_back("command", command);
    all.emplace_back("status", status);
    family.add(all, value);
  };
  for (const auto& row : kCommands) {
    if (const auto value = stats.number(row.stat)) add(row.command, row.status, *value);
  }
  const auto set = stats.number("cmd_set");
  const auto hits = stats.number("cas_hits");
  const auto bad = stats.number("cas_badval");
  const auto misses = cas_misses ? stats.number("cas_misses") : 0;
  // The threads' numbers are not added up at one moment, so that the rest may be a little less than nothing.
  if (set && hits && bad && misses) add("set", "hit", std::max(0.0, *set - *hits - *bad - *misses));
}

}  // namespace binnacle::cache
