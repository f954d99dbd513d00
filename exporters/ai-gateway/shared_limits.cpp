// SPDX-License-Identifier: Apache-2.0
#include "shared_limits.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "core/log.h"
#include "shared_limits_link.h"

namespace binnacle::gateway {

namespace {

using Answer = SharedLimits::Answer;
using Done = std::function<void(Answer)>;

constexpr std::size_t kAtOnce = 500;                    // commands that fit into any socket's buffer
constexpr auto kSlice = std::chrono::milliseconds{20};  // how long a stop, or a question that is late, goes unnoticed
constexpr auto kPing = std::chrono::seconds{2};         // without a question Redis is asked whether it is there
constexpr auto kLastMoment = std::chrono::milliseconds{200};  // for the thread that connects, at the end

/// Something that waits for Redis.
struct Job {
  LimitQuestion question;
  Clock::time_point deadline;
  // Of a reservation:
  bool reserves = false;
  std::string model;
  std::vector<RateLimit> limits;
  std::uint64_t tokens = 0;
  Done done;  // none, or none any more: it was answered with nothing
};

/// For the log.
std::string reason(const std::exception& error) {
  return dynamic_cast<const Timeout*>(&error) != nullptr ? "the server did not answer in time" : error.what();
}

/// The server is well, but has forgotten the scripts.
bool forgot_script(const Reply& reply) { return reply.is_error() && reply.text.starts_with("NOSCRIPT"); }

}  // namespace

/// Owned by SharedLimits and by the thread that connects: a name server may keep that longer than anybody can wait.
class SharedLimits::Worker {
 public:
  explicit Worker(Settings settings) : settings_(std::move(settings)), place_(place_of(settings_)) {}
  static void start(const std::shared_ptr<Worker>& worker) {
    worker->talker_ = std::thread{[self = worker.get()] { self->talk(); }};
    worker->connector_ = std::thread{[worker] { worker->connect(); }};
  }
  void stop() {
    {
      const std::scoped_lock lock{mutex_};
      stop_ = true;
    }
    to_talk_.notify_all();
    to_connect_.notify_all();
    talker_.join();
    std::unique_lock lock{mutex_};
    const bool ended = to_end_.wait_for(lock, kLastMoment, [this] { return connector_ended_; });
    lock.unlock();
    if (ended) {
      connector_.join();
    } else {
      connector_.detach();
    }
  }
  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] Job reservation(const std::string& model, std::vector<RateLimit> limits, std::uint64_t tokens,
                                Done done) const {
    Job job;
    job.tokens = std::min(tokens, RateLimits::kMostTokens);
    job.question = reserve_question(settings_.prefix, model, limits, job.tokens);
    job.deadline = Clock::now() + settings_.timeout;
    job.reserves = true;
    job.model = model;
    job.limits = std::move(limits);
    job.done = std::move(done);
    return job;
  }
  [[nodiscard]] Job correction(const std::string& model, const std::vector<RateLimit>& limits,
                               const Reservation& reservation, std::int64_t requests, std::int64_t tokens) const {
    Job job;
    job.question = correct_question(settings_.prefix, model, limits, reservation, requests, tokens);
    return job;
  }

  void add(Job job) {
    const std::scoped_lock lock{mutex_};
    if (job.reserves) ++counts_.asked;
    if (waiting_.size() < kMostWaiting) {
      waiting_.push_back(std::move(job));
    } else {
      if (job.reserves) refused_.push_back(std::move(job.done));
      ++(job.reserves ? counts_.failed : counts_.dropped);
    }
    to_talk_.notify_one();
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] Counts counts() {
    const std::scoped_lock lock{mutex_};
    return counts_;
  }

 private:
  using Jobs = std::vector<Job>;

  // The thread that answers.
  void talk() {
    std::unique_ptr<SharedLimitsLink> link;
    for (;;) {
      auto jobs = wait_for_jobs(link);
      answer_refused();
      if (stopping()) link.reset();
      if (link && (jobs ? ask(*link, *jobs) : answers_ping(*link))) continue;
      if (link) lost();
      link.reset();
      if (jobs) give_up(*jobs);
      if (stopping() && nothing_waits()) return;
    }
  }

  /// Some of what waits, and a new connection where there is one. Nothing where nothing has come for a while.
  std::optional<Jobs> wait_for_jobs(std::unique_ptr<SharedLimitsLink>& link) {
    std::unique_lock lock{mutex_};
    const auto wanted = [this] { return stop_ || connected_ || !waiting_.empty() || !refused_.empty(); };
    if (!link) {
      to_talk_.wait(lock, wanted);
    } else if (!to_talk_.wait_for(lock, kPing, wanted)) {
      return std::nullopt;
    }
    if (connected_) link = std::move(connected_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(kAtOnce, waiting_.size()));
    Jobs jobs{std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.begin() + count)};
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    return jobs;
  }

  /// False when the connection is no more. What was not answered is left over.
  bool ask(SharedLimitsLink& link, Jobs& jobs) {
    answer_late(jobs);
    std::erase_if(jobs, [](const Job& job) { return job.reserves && !job.done; });
    try {
      ask_once(link, jobs);
      if (jobs.empty()) return true;
      link.load_scripts(Clock::now() + settings_.timeout);
      ask_once(link, jobs);
      if (jobs.empty()) return true;
      throw std::runtime_error("the server does not keep scripts");
    } catch (const std::exception& error) {
      if (!stopping()) log_away(reason(error));
      return false;
    }
  }

  bool answers_ping(SharedLimitsLink& link) {
    try {
      const auto deadline = Clock::now() + settings_.timeout;
      link.send_ping(deadline);
      Jobs none;
      const auto reply = read(link, none, deadline);
      if (reply.is_error() && refusal_of(reply.text) == Refusal::unavailable) throw RedisError(reply.text);
      return true;
    } catch (const std::exception& error) {
      if (!stopping()) log_away(reason(error));
      return false;
    }
  }

  /// Leaves over those whose script the server has forgotten.
  void ask_once(SharedLimitsLink& link, Jobs& jobs) {
    if (jobs.empty()) return;
    const auto deadline = Clock::now() + settings_.timeout;
    std::vector<const LimitQuestion*> questions;
    auto send_until = deadline;
    for (const auto& job : jobs) {
      questions.push_back(&job.question);
      if (job.reserves) send_until = std::min(send_until, job.deadline);
    }
    link.send(questions, send_until);
    std::size_t forgotten = 0;
    for (auto& job : jobs) {
      const auto reply = read(link, jobs, deadline);
      if (forgot_script(reply)) {
        ++forgotten;
        continue;
      }
      if (reply.is_error()) throw RedisError(reply.text);
      take_reply(job, reply);
    }
    if (forgotten == 0) {
      jobs.clear();
    } else {
      std::erase_if(jobs, [](const Job& job) { return job.question.words.empty(); });
    }
  }

  /// Waits in short steps, to see to what cannot wait any longer.
  Reply read(SharedLimitsLink& link, Jobs& jobs, Clock::time_point deadline) {
    for (;;) {
      try {
        return link.read(std::min(deadline, Clock::now() + kSlice));
      } catch (const Timeout&) {
        answer_refused();
        answer_late(jobs);
        if (stopping() || Clock::now() >= deadline) throw;
      }
    }
  }

  void take_reply(Job& job, const Reply& reply) {
    job.question.words.clear();  // it is done with
    if (!job.reserves) return;
    const auto reserved = read_reserved(reply, job.limits, job.tokens);
    if (job.done) {
      std::exchange(job.done, nullptr)(reserved);
    } else if (const auto* const late = std::get_if<Reservation>(&reserved); late != nullptr) {
      add_refund(job.model, job.limits, *late);
    }
  }

  /// Nothing for those whose time is over, of these and of those that wait, which are in order of time.
  void answer_late(Jobs& jobs) {
    const auto now = Clock::now();
    std::vector<Done> late;
    for (auto& job : jobs) {
      if (job.done && job.deadline <= now) late.push_back(std::exchange(job.done, nullptr));
    }
    {
      const std::scoped_lock lock{mutex_};
      for (auto& job : waiting_) {
        if (!job.reserves) continue;
        if (job.deadline > now) break;
        if (job.done) late.push_back(std::exchange(job.done, nullptr));
      }
      counts_.failed += late.size();
    }
    for (const auto& done : late) done(std::nullopt);
  }

  void answer_refused() {
    std::vector<Done> refused;
    {
      const std::scoped_lock lock{mutex_};
      refused.swap(refused_);
    }
    for (const auto& done : refused) done(std::nullopt);
  }

  void give_up(Jobs& jobs) {
    Counts lost;
    for (const auto& job : jobs) {
      if (job.done) ++lost.failed;
      if (!job.reserves && !job.question.words.empty()) ++lost.dropped;
    }
    {
      const std::scoped_lock lock{mutex_};
      counts_.failed += lost.failed;
      counts_.dropped += lost.dropped;
    }
    for (auto& job : jobs) {
      if (job.done) std::exchange(job.done, nullptr)(std::nullopt);
    }
  }

  bool stopping() {
    const std::scoped_lock lock{mutex_};
    return stop_;
  }
  bool nothing_waits() {
    const std::scoped_lock lock{mutex_};
    return waiting_.empty() && refused_.empty();
  }

  void add_refund(const std::string& model, const std::vector<RateLimit>& limits, const Reservation& reservation) {
    add(correction(model, limits, reservation, -1, -static_cast<std::int64_t>(reservation.tokens)));
  }

  void lost() {
    up_ = false;
    {
      const std::scoped_lock lock{mutex_};
      connects_ = true;
      connect_at_ = Clock::now() + settings_.retry;
    }
    to_connect_.notify_all();
  }

  // The thread that connects.
  void connect() {
    std::unique_lock lock{mutex_};
    for (;;) {
      to_connect_.wait(lock, [this] { return stop_ || connects_; });
      to_connect_.wait_until(lock, connect_at_, [this] { return stop_; });
      if (stop_) break;
      lock.unlock();
      auto link = try_connect();
      lock.lock();
      if (stop_) break;
      connects_ = link == nullptr;
      connect_at_ = Clock::now() + settings_.retry;
      if (!link) continue;
      connected_ = std::move(link);
      up_ = true;
      to_talk_.notify_all();
    }
    connector_ended_ = true;
    to_end_.notify_all();
  }

  std::unique_ptr<SharedLimitsLink> try_connect() {
    try {
      auto link = std::make_unique<SharedLimitsLink>(place_, Clock::now() + settings_.timeout);
      if (!stopping() && away_.exchange(false)) log::info("Redis keeps the shared limits again");
      return link;
    } catch (const std::exception& error) {
      if (!stopping()) log_away(reason(error));
      return nullptr;
    }
  }

  /// Once, until it is there again.
  void log_away(const std::string& why) {
    if (away_.exchange(true)) return;
    log::warn("Redis does not keep the shared limits: local ones hold", {{"error", why}});
  }

  const Settings settings_;
  const SharedLimitsPlace place_;
  std::atomic<bool> up_ = false;
  std::atomic<bool> away_ = false;

  std::mutex mutex_;  // of all below
  std::condition_variable to_talk_;
  std::condition_variable to_connect_;
  std::condition_variable to_end_;
  std::deque<Job> waiting_;
  std::vector<Done> refused_;  // for want of room
  std::unique_ptr<SharedLimitsLink> connected_;
  bool connects_ = true;
  Clock::time_point connect_at_;
  bool stop_ = false;
  bool connector_ended_ = false;
  Counts counts_;

  std::thread talker_;
  std::thread connector_;
};

SharedLimits::SharedLimits(Settings settings) : worker_(std::make_shared<Worker>(std::move(settings))) {
  Worker::start(worker_);
}
SharedLimits::~SharedLimits() { worker_->stop(); }

void SharedLimits::reserve(const std::string& model, std::vector<RateLimit> limits, std::uint64_t tokens,
                           std::function<void(Answer)> done) {
  worker_->add(worker_->reservation(model, std::move(limits), tokens, std::move(done)));
}

void SharedLimits::settle(const std::string& model, const std::vector<RateLimit>& limits,
                          const Reservation& reservation, std::uint64_t tokens) {
  const auto used = std::min(tokens, RateLimits::kMostTokens);
  const auto more = static_cast<std::int64_t>(used) - static_cast<std::int64_t>(reservation.tokens);
  if (!reservation.shared || more == 0) return;
  worker_->add(worker_->correction(model, limits, reservation, 0, more));
}

void SharedLimits::refund(const std::string& model, const std::vector<RateLimit>& limits,
                          const Reservation& reservation) {
  if (!reservation.shared) return;
  worker_->add(worker_->correction(model, limits, reservation, -1, -static_cast<std::int64_t>(reservation.tokens)));
}

bool SharedLimits::up() const { return worker_->up(); }
const SharedLimits::Settings& SharedLimits::settings() const { return worker_->settings(); }
SharedLimits::Counts SharedLimits::counts() const { return worker_->counts(); }

}  // namespace binnacle::gateway
