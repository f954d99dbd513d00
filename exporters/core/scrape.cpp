// SPDX-License-Identifier: Apache-2.0
#include "scrape.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace binnacle {

namespace {

/// One collector of a run. Its job may outlive the run, so both share it.
struct Slot {
  Slot(std::shared_ptr<const Target> of, const Target::Entry& wanted) : target(std::move(of)), entry(wanted) {}

  const std::shared_ptr<const Target> target;
  const Target::Entry& entry;  // the target's
  std::mutex mutex;
  std::optional<Clock::time_point> started;
  std::optional<CollectorResult> result;
};

void collect_into(CollectorResult& result, const Slot& slot, const ScrapeContext& context, std::size_t series_cap) {
  auto output = slot.entry.outputs->take(series_cap, slot.target->name);
  try {
    slot.entry.collector->collect(context, *output);
    result.state = CollectorState::ok;
    result.output = std::move(output);
  } catch (const NotApplicable& reason) {
    result.state = CollectorState::not_applicable;
    result.message = reason.what();
  } catch (const std::exception& error) {
    result.state = CollectorState::failed;
    result.message = error.what();
  } catch (...) {
    result.state = CollectorState::failed;
    result.message = "an error of unknown type";
  }
}

void run_slot(Slot& slot, const ScrapeContext& context, std::size_t series_cap) {
  const auto started = Clock::now();
  {
    const std::scoped_lock lock{slot.mutex};
    slot.started = started;
  }
  CollectorResult result;
  collect_into(result, slot, context, series_cap);
  result.duration = Clock::now() - started;
  result.finished = std::chrono::system_clock::now();
  const std::scoped_lock lock{slot.mutex};
  slot.result = std::move(result);
}

/// What a scrape that waits no longer may say of a collector.
CollectorResult peek(Slot& slot) {
  const std::scoped_lock lock{slot.mutex};
  if (slot.result) return *slot.result;
  CollectorResult overran;
  overran.finished = std::chrono::system_clock::now();
  if (slot.started) {
    overran.duration = Clock::now() - *slot.started;
    overran.message = "did not finish before the scrape's deadline";
  } else {
    overran.message = "was not started: it is still blocked since an earlier scrape, or others took all of the time";
  }
  return overran;
}

bool includes(const std::vector<const Collector*>& whole, const std::vector<const Collector*>& part) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool overlaps(const std::vector<const Collector*>& left, const std::vector<const Collector*>& right) {
  return std::any_of(left.begin(), left.end(),
                     [&](const auto* one) { return std::binary_search(right.begin(), right.end(), one); });
}

}  // namespace

std::string_view state_name(CollectorState state) {
  switch (state) {
    case CollectorState::ok:
      return "ok";
    case CollectorState::failed:
      return "failed";
    case CollectorState::timeout:
      return "timeout";
    case CollectorState::not_applicable:
      break;
  }
  return "not_applicable";
}

std::vector<TargetResults> by_target(const ScrapeResult& results) {
  std::vector<TargetResults> targets;
  for (auto first = results.begin(); first != results.end();) {
    const auto last = std::find_if(first, results.end(), [&](const auto& result) {
      return result.target != first->target || result.metric_namespace != first->metric_namespace;
    });
    targets.emplace_back(first, last);
    first = last;
  }
  return targets;
}

bool has_failed(const CollectorResult& result) {
  return result.state == CollectorState::failed || result.state == CollectorState::timeout;
}

bool is_up(TargetResults results) {
  const auto worked = [](const auto& result) { return !has_failed(result); };
  const auto decides = [](const auto& result) { return result.decides_up; };
  if (std::none_of(results.begin(), results.end(), decides)) return std::any_of(results.begin(), results.end(), worked);
  return std::any_of(results.begin(), results.end(),
                     [&](const auto& result) { return decides(result) && worked(result); });
}

struct ScrapeRunner::Run {
  std::vector<std::shared_ptr<Slot>> slots;
  std::vector<const Collector*> collectors;   // sorted
  std::shared_ptr<const ScrapeResult> ended;  // guarded by ScrapeRunner::mutex_

  explicit Run(const Request& request) {
    for (const auto& target : request.targets) {
      for (const auto& entry : target->collectors) {
        if (!request.wants(entry.name)) continue;
        slots.push_back(std::make_shared<Slot>(target, entry));
        collectors.push_back(entry.collector.get());
      }
    }
    std::sort(collectors.begin(), collectors.end());
  }

  [[nodiscard]] std::shared_ptr<const ScrapeResult> snapshot() const {
    auto results = std::make_shared<ScrapeResult>();
    results->reserve(slots.size());
    for (const auto& slot : slots) {
      auto& result = results->emplace_back(peek(*slot));
      result.target = slot->target->name;
      result.metric_namespace = slot->target->metric_namespace;
      result.collector = slot->entry.name;
      result.decides_up = slot->target->up_collector.empty() || slot->target->up_collector == slot->entry.name;
    }
    return results;
  }
};

ScrapeRunner::ScrapeRunner(Settings settings) : settings_(settings), jobs_({.stall = settings.stall}) {}

std::shared_ptr<const ScrapeResult> ScrapeRunner::scrape(const Request& request) {
  auto run = std::make_shared<Run>(request);
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto same = std::find_if(under_way_.begin(), under_way_.end(), [&](const auto& other) {
      return other->collectors.size() == run->collectors.size() && includes(other->collectors, run->collectors);
    });
    if (same != under_way_.end()) {
      const auto joined = *same;
      lock.unlock();
      return follow(joined, request.deadline);
    }
    const bool busy = std::any_of(under_way_.begin(), under_way_.end(),
                                  [&](const auto& other) { return overlaps(other->collectors, run->collectors); });
    if (!busy) break;
    if (run_ended_.wait_until(lock, request.deadline) == std::cv_status::timeout) return run->snapshot();
  }
  under_way_.push_back(run);
  lock.unlock();
  return lead(run, request.deadline);
}

std::shared_ptr<const ScrapeResult> ScrapeRunner::lead(const std::shared_ptr<Run>& run, Clock::time_point deadline) {
  std::vector<Job> jobs;
  jobs.reserve(run->slots.size());
  for (const auto& slot : run->slots) {
    jobs.push_back(
        {slot->target->name + '\n' + slot->entry.name, slot->target->name,
         [slot, context = ScrapeContext{deadline}, cap = settings_.series_cap] { run_slot(*slot, context, cap); }});
  }
  jobs_.run(std::move(jobs), deadline);
  auto results = run->snapshot();
  const std::scoped_lock lock{mutex_};
  run->ended = results;
  under_way_.remove(run);
  run_ended_.notify_all();
  return results;
}

std::shared_ptr<const ScrapeResult> ScrapeRunner::follow(const std::shared_ptr<Run>& run, Clock::time_point deadline) {
  std::unique_lock lock{mutex_};
  run_ended_.wait_until(lock, deadline, [&] { return run->ended != nullptr; });
  return run->ended ? run->ended : run->snapshot();
}

}  // namespace binnacle
