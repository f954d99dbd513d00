// SPDX-License-Identifier: Apache-2.0
#include "job_runner.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

namespace binnacle {

namespace {

/// Threads that wait for work are kept up to this number: more are only needed while jobs are slow.
constexpr std::size_t kIdleThreads = 1;

enum class Progress { pending, running, done, blocked };

struct Lane {
  std::vector<std::size_t> jobs;  // indices into Batch::jobs
  std::size_t next = 0;
  /// Counts how often the lane was handed to another thread; a worker with an older number leaves it alone.
  unsigned owner = 0;
  bool working = false;
  Clock::time_point started;
};

struct Batch {
  std::vector<Job> jobs;
  std::vector<Progress> progress;
  std::vector<Lane> lanes;
  std::size_t unfinished = 0;
  std::condition_variable changed;
};

/// A lane of a batch, to be worked off by one thread.
struct Assignment {
  std::shared_ptr<Batch> batch;
  std::size_t lane = 0;
  unsigned owner = 0;
};

std::shared_ptr<Batch> make_batch(std::vector<Job> jobs) {
  auto batch = std::make_shared<Batch>();
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto lane = static_cast<std::size_t>(std::find(names.begin(), names.end(), jobs[i].lane) - names.begin());
    if (lane == names.size()) {
      names.push_back(jobs[i].lane);
      batch->lanes.emplace_back();
    }
    batch->lanes[lane].jobs.push_back(i);
  }
  batch->progress.assign(jobs.size(), Progress::pending);
  batch->unfinished = jobs.size();
  batch->jobs = std::move(jobs);
  return batch;
}

JobOutcome outcome_of(Progress progress) {
  switch (progress) {
    case Progress::done:
      return JobOutcome::done;
    case Progress::blocked:
      return JobOutcome::blocked;
    case Progress::running:
      return JobOutcome::overran;
    case Progress::pending:
      break;
  }
  return JobOutcome::skipped;
}

}  // namespace

struct JobRunner::State {
  explicit State(Settings given) : settings(given) {}

  const Settings settings;
  std::mutex mutex;
  std::condition_variable work_to_do;
  std::condition_variable thread_ended;
  std::deque<Assignment> queue;
  std::unordered_set<std::string> running_keys;
  std::size_t idle = 0;
  std::size_t threads_outside_jobs = 0;
  bool stopping = false;

  void assign(const std::shared_ptr<State>& self, Assignment assignment);
  void thread_main();
  void work_off(const Assignment& assignment, std::unique_lock<std::mutex>& lock);
  Clock::time_point hand_over_stalled(const std::shared_ptr<State>& self, const std::shared_ptr<Batch>& batch);
};

void JobRunner::State::assign(const std::shared_ptr<State>& self, Assignment assignment) {
  queue.push_back(std::move(assignment));
  if (idle >= queue.size()) {
    work_to_do.notify_one();
    return;
  }
  ++threads_outside_jobs;
  std::thread{[self] { self->thread_main(); }}.detach();
}

void JobRunner::State::thread_main() {
  std::unique_lock lock{mutex};
  while (!stopping) {
    if (queue.empty()) {
      if (idle >= kIdleThreads) break;
      ++idle;
      work_to_do.wait(lock, [this] { return stopping || !queue.empty(); });
      --idle;
      continue;
    }
    const Assignment assignment = std::move(queue.front());
    queue.pop_front();
    work_off(assignment, lock);
  }
  --threads_outside_jobs;
  thread_ended.notify_all();
}

void JobRunner::State::work_off(const Assignment& assignment, std::unique_lock<std::mutex>& lock) {
  Batch& batch = *assignment.batch;
  Lane& lane = batch.lanes[assignment.lane];
  while (lane.owner == assignment.owner && lane.next < lane.jobs.size()) {
    const std::size_t index = lane.jobs[lane.next++];
    Job& job = batch.jobs[index];
    if (!running_keys.insert(job.key).second) {
      batch.progress[index] = Progress::blocked;
      --batch.unfinished;
      continue;
    }
    batch.progress[index] = Progress::running;
    lane.working = true;
    lane.started = Clock::now();
    --threads_outside_jobs;
    lock.unlock();
    job.work();
    lock.lock();
    ++threads_outside_jobs;
    running_keys.erase(job.key);
    if (lane.owner == assignment.owner) lane.working = false;
    batch.progress[index] = Progress::done;
    --batch.unfinished;
    if (batch.unfinished == 0) batch.changed.notify_all();
  }
  if (batch.unfinished == 0) batch.changed.notify_all();
}

/// Gives the rest of each stalled lane to another thread. Returns when the next lane may have stalled.
Clock::time_point JobRunner::State::hand_over_stalled(const std::shared_ptr<State>& self,
                                                      const std::shared_ptr<Batch>& batch) {
  const auto now = Clock::now();
  auto next_look = now + settings.stall;
  for (std::size_t i = 0; i < batch->lanes.size(); ++i) {
    Lane& lane = batch->lanes[i];
    if (!lane.working || lane.next >= lane.jobs.size()) continue;
    if (now - lane.started < settings.stall) {
      next_look = std::min(next_look, lane.started + settings.stall);
      continue;
    }
    lane.working = false;
    assign(self, {batch, i, ++lane.owner});
  }
  return next_look;
}

JobRunner::JobRunner(Settings settings) : state_(std::make_shared<State>(settings)) {}

JobRunner::~JobRunner() {
  std::unique_lock lock{state_->mutex};
  state_->stopping = true;
  state_->work_to_do.notify_all();
  state_->thread_ended.wait(lock, [this] { return state_->threads_outside_jobs == 0; });
}

std::vector<JobOutcome> JobRunner::run(std::vector<Job> jobs, Clock::time_point deadline) {
  const auto batch = make_batch(std::move(jobs));
  std::unique_lock lock{state_->mutex};
  for (std::size_t i = 0; i < batch->lanes.size(); ++i) state_->assign(state_, {batch, i, 0});
  while (batch->unfinished > 0 && Clock::now() < deadline) {
    const auto next_look = state_->hand_over_stalled(state_, batch);
    batch->changed.wait_until(lock, std::min(deadline, next_look), [&] { return batch->unfinished == 0; });
  }
  for (auto& lane : batch->lanes) ++lane.owner;  // what has not started by now will not

  std::vector<JobOutcome> outcomes;
  outcomes.reserve(batch->progress.size());
  for (const auto progress : batch->progress) outcomes.push_back(outcome_of(progress));
  return outcomes;
}

std::size_t JobRunner::running() const {
  const std::scoped_lock lock{state_->mutex};
  return state_->running_keys.size();
}

}  // namespace binnacle
