// SPDX-License-Identifier: Apache-2.0
#include "memcached_slabs.h"

#include <array>
#include <string>

#include "memcached_metrics.h"

namespace binnacle::cache {

namespace {

// All names down to lru_hits_total are memcached_exporter's, also where a counter's does not end as one.
constexpr std::array kItems{
    StatMetric{"number", "memcached_slab_current_items", kStatGauge, "Items of the slab class."},
    StatMetric{"age", "memcached_slab_items_age_seconds", kStatGauge,
               "How long the item that comes next to be evicted has not been used, in seconds."},
    StatMetric{"mem_requested", "memcached_slab_mem_requested_bytes", kStatGauge,
               "Memory that the items asked for, in bytes; the rest of their chunks is waste (a counter in "
               "memcached_exporter, though it falls)."},
    StatMetric{"crawler_reclaimed", "memcached_slab_items_crawler_reclaimed_total", kStatCounter,
               "Expired items that the LRU crawler freed."},
    StatMetric{"evicted", "memcached_slab_items_evicted_total", kStatCounter,
               "Items that were thrown out before their time, to make room."},
    StatMetric{"evicted_nonzero", "memcached_slab_items_evicted_nonzero_total", kStatCounter,
               "Evicted items that had an expiry time."},
    StatMetric{
        "evicted_time", "memcached_slab_items_evicted_time_seconds", kStatGauge,
        "How long the item evicted last had not been used, in seconds (a counter in memcached_exporter, though it "
        "falls)."},
    StatMetric{"evicted_unfetched", "memcached_slab_items_evicted_unfetched_total", kStatCounter,
               "Evicted items that nobody had read since they were stored."},
    StatMetric{"expired_unfetched", "memcached_slab_items_expired_unfetched_total", kStatCounter,
               "Expired items that nobody had read since they were stored."},
    StatMetric{"outofmemory", "memcached_slab_items_outofmemory_total", kStatCounter,
               "Items that could not be stored because no memory could be found."},
    StatMetric{"reclaimed", "memcached_slab_items_reclaimed_total", kStatCounter,
               "Items that were stored in the place of one that had expired."},
    StatMetric{"tailrepairs", "memcached_slab_items_tailrepairs_total", kStatCounter,
               "Items that were freed though somebody seemed to use them still."},
    StatMetric{"moves_to_cold", "memcached_slab_items_moves_to_cold", kStatCounter,
               "Items that moved from the hot or the warm list to the cold one."},
    StatMetric{"moves_to_warm", "memcached_slab_items_moves_to_warm", kStatCounter,
               "Items that moved from the cold list to the warm one."},
    StatMetric{"moves_within_lru", "memcached_slab_items_moves_within_lru", kStatCounter,
               "Items that moved within the hot or the warm list."},
    StatMetric{"number_hot", "memcached_slab_hot_items", kStatGauge, "Items on the hot list."},
    StatMetric{"number_warm", "memcached_slab_warm_items", kStatGauge, "Items on the warm list."},
    StatMetric{"number_cold", "memcached_slab_cold_items", kStatGauge, "Items on the cold list."},
    StatMetric{"number_temp", "memcached_slab_temporary_items", kStatGauge, "Items on the list of the short-lived."},
    StatMetric{"age_hot", "memcached_slab_hot_age_seconds", kStatGauge,
               "How long the last item of the hot list has not been used, in seconds."},
    StatMetric{"age_warm", "memcached_slab_warm_age_seconds", kStatGauge,
               "How long the last item of the warm list has not been used, in seconds."},
    // Ours
    StatMetric{"evicted_active", "memcached_slab_items_evicted_active_total", kStatCounter,
               "Evicted items that had been read a short time before."},
    StatMetric{"direct_reclaims", "memcached_slab_items_direct_reclaims_total", kStatCounter,
               "How often a request had to make room for its item itself."},
    StatMetric{"crawler_items_checked", "memcached_slab_items_crawler_checked_total", kStatCounter,
               "Items that the LRU crawler looked at."},
    StatMetric{"lrutail_reflocked", "memcached_slab_items_tail_locked_total", kStatCounter,
               "Items at the end of a list that could not be evicted because they were in use."},
};

constexpr std::array kSlabs{
    StatMetric{"chunk_size", "memcached_slab_chunk_size_bytes", kStatGauge,
               "What each item of the slab class takes, in bytes."},
    StatMetric{"chunks_per_page", "memcached_slab_chunks_per_page", kStatGauge, "Chunks in a page."},
    StatMetric{"total_pages", "memcached_slab_current_pages", kStatGauge, "Pages that the slab class has."},
    StatMetric{"total_chunks", "memcached_slab_current_chunks", kStatGauge, "Chunks that the slab class has."},
    StatMetric{"used_chunks", "memcached_slab_chunks_used", kStatGauge, "Chunks with an item."},
    StatMetric{"free_chunks", "memcached_slab_chunks_free", kStatGauge, "Chunks without an item."},
    StatMetric{"free_chunks_end", "memcached_slab_chunks_free_end", kStatGauge,
               "Chunks at the end of the last page that were never used (0 since 1.4.20)."},
    StatMetric{"mem_requested", "memcached_slab_mem_requested_bytes", kStatGauge,
               "Memory that the items asked for, in bytes; the rest of their chunks is waste."},
};

constexpr std::array kTotals{
    StatMetric{"total_malloced", "memcached_malloced_bytes", kStatGauge,
               "Memory that was given to slab classes, in bytes."},
    StatMetric{"active_slabs", "memcached_slab_classes", kStatGauge, "Slab classes that have memory."},
};

struct LruStat {
  std::string_view stat;
  std::string_view lru;
};
constexpr std::array kLruHits{LruStat{"hits_to_hot", "hot"}, LruStat{"hits_to_warm", "warm"},
                              LruStat{"hits_to_cold", "cold"}, LruStat{"hits_to_temp", "temporary"}};

}  // namespace

void add_memcached_items(std::string_view reply, Families& families) {
  for (const auto& [number, stats] : parse_class_stats(reply, "items:")) {
    const auto slab = std::to_string(number);
    const std::array labels{LabelView{"slab", slab}};
    add_stats(stats, kItems, labels, families);
    for (const auto& row : kLruHits) {
      const auto hits = stats.number(row.stat);
      if (!hits) continue;
      families.counter("memcached_slab_lru_hits_total", "Hits, by the list that the item was on.")
          .add({{"slab", slab}, {"lru", row.lru}}, *hits);
    }
  }
}

void add_memcached_slabs(std::string_view reply, Families& families) {
  for (const auto& [number, stats] : parse_class_stats(reply, "")) {
    const auto slab = std::to_string(number);
    const std::array labels{LabelView{"slab", slab}};
    add_stats(stats, kSlabs, labels, families);
    add_commands(stats, false, labels,
                 families.counter("memcached_slab_commands_total",
                                  "Commands on items of the slab class, by what they are and how they went."));
  }
  add_stats(parse_stats(reply), kTotals, {}, families);
}

}  // namespace binnacle::cache
