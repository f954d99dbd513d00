// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector.h"

namespace binnacle {

/// A piece of work that may block for ever.
struct Job {
  /// Jobs of one key never run at once: while an earlier one has not come back, the next is not started.
  std::string key;
  /// Jobs of one lane run one after another, in the order given; lanes run side by side.
  std::string lane;
  /// Must not throw. Owns (or shares) all that it touches: it may still run long after the caller has left.
  std::function<void()> work;
};

enum class JobOutcome {
  done,
  /// Started in this batch, and not back at the deadline.
  overran,
  /// Not started: an earlier job of this key is still blocked.
  blocked,
  /// Not started before the deadline: jobs of its lane stood before it.
  skipped,
};

/// Runs jobs under a deadline on a few threads, and gets the threads back when blocked jobs return.
///
/// A job that is not back after `stall` keeps its thread, and the rest of its lane goes on with a fresh one, so that
/// one hung mount or backend delays nobody else. Blocked threads number at most one a key.
class JobRunner {
 public:
  struct Settings {
    /// How long a job may hold up its lane. Set to a very long time where jobs of a lane share a connection.
    std::chrono::milliseconds stall{250};
  };

  JobRunner() : JobRunner(Settings{}) {}
  explicit JobRunner(Settings settings);
  /// Does not wait for blocked jobs: their threads end by themselves.
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Runs `jobs` until all have finished or the deadline has come. One outcome a job, in the order given.
  /// May be called by several threads at once.
  std::vector<JobOutcome> run(std::vector<Job> jobs, Clock::time_point deadline);

  /// Jobs that have started and not returned; for tests and self metrics.
  [[nodiscard]] std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace binnacle
