// SPDX-License-Identifier: Apache-2.0
#include "source_families.h"

namespace binnacle::breaker {

void add_source(const SourceView& source, Families& families) {
  const LabelView name{"source", source.name};
  families
      .gauge("circuit_breaker_source_up",
             "1 when the last poll of the source succeeded; of push, while its sockets are open.")
      .add({name, {"kind", source.kind}}, source.up ? 1 : 0);
  families.gauge("circuit_breaker_source_breakers", "Breakers that the exporter knows of the source.")
      .add({name}, static_cast<double>(source.breakers.breakers));
  families
      .counter("circuit_breaker_observation_gaps_total",
               "Times that something may have happened at the source that nobody can tell any more: a ring of events "
               "that went round, a counter that began anew, packets that the kernel dropped.")
      .add({name}, static_cast<double>(source.gaps));
  families
      .counter("circuit_breaker_dropped_breakers_total",
               "Times that a breaker was not taken in since there are as many as the config's breakers.max.")
      .add({name}, static_cast<double>(source.breakers.dropped));
  families
      .counter("circuit_breaker_removed_breakers_total",
               "Breakers that were taken out since nothing was heard of them for the config's breakers.ttl.")
      .add({name}, static_cast<double>(source.breakers.removed));
}

void add_polls(const std::string& source, const PollRecord& record, Families& families) {
  const LabelView name{"source", source};
  families.counter("circuit_breaker_source_polls_total", "Polls of the source.")
      .add({name}, static_cast<double>(record.polls));
  auto failures = families.counter("circuit_breaker_source_failures_total", "Polls of the source that failed, by why.");
  for (std::size_t reason = 0; reason < kFailureNames.size(); ++reason) {
    failures.add({name, {"reason", kFailureNames[reason]}}, static_cast<double>(record.failures[reason]));
  }
  auto durations = record.durations.collect();
  durations.label = {{"source", source}};
  families.histogram("circuit_breaker_source_poll_duration_seconds", "How long polls of the source took.")
      .add(std::move(durations));
  if (!record.last_success) return;
  families
      .gauge("circuit_breaker_source_last_success_timestamp_seconds",
             "When the source could last be read, in Unix time.")
      .add({name}, std::chrono::duration<double>{record.last_success->time_since_epoch()}.count());
}

}  // namespace binnacle::breaker
