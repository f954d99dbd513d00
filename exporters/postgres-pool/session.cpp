// SPDX-License-Identifier: Apache-2.0
#include "session.h"

namespace binnacle::pgpool {

namespace {

/// How long before the scrape's deadline a statement ends. A collector that came back after it would be missing from
/// the next scrape as well, which may come at once.
constexpr std::chrono::milliseconds kReturnMargin{150};

}  // namespace

/// The right to use the connection.
class Session::Turn {
 public:
  Turn(Session& session, Clock::time_point deadline) : session_(session) {
    std::unique_lock lock{session_.mutex_};
    if (!session_.freed_.wait_until(lock, deadline, [this] { return !session_.busy_; })) {
      throw Timeout("the connection is still busy with a statement of an earlier scrape");
    }
    session_.busy_ = true;
  }
  ~Turn() {
    {
      const std::scoped_lock lock{session_.mutex_};
      session_.busy_ = false;
    }
    session_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Session& session_;
};

Rows Session::query(std::string_view sql, Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turn turn{*this, deadline};
  const bool kept = link_ != nullptr;
  ensure_link(deadline);
  try {
    return query_link(sql, deadline);
  } catch (const Timeout&) {
    throw;
  } catch (const std::exception&) {
    if (link_ || !kept) throw;
  }
  // The server may have closed the kept connection long ago: what matters is whether it answers now.
  ensure_link(deadline);
  return query_link(sql, deadline);
}

int Session::version(Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turn turn{*this, deadline};
  ensure_link(deadline);
  return link_->version();
}

void Session::ensure_link(Clock::time_point deadline) {
  if (link_) return;
  if (failed_for_ == deadline) throw std::runtime_error(failure_);
  if (Clock::now() >= deadline) throw Timeout("no time is left to connect in");
  try {
    link_ = connector_->connect(deadline);
  } catch (const std::exception& error) {
    failed_for_ = deadline;
    failure_ = error.what();
    throw;
  }
}

Rows Session::query_link(std::string_view sql, Clock::time_point deadline) {
  if (Clock::now() >= deadline) throw Timeout("no time is left for a statement");
  try {
    return link_->query(sql, deadline);
  } catch (...) {
    if (!link_->usable()) link_.reset();
    throw;
  }
}

}  // namespace binnacle::pgpool
