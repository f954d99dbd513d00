// SPDX-License-Identifier: Apache-2.0
#include "socket_reader.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <utility>

namespace binnacle::gateway {

namespace {

constexpr std::size_t kLargestRead = std::size_t{64} << 10U;

}  // namespace

template <typename Handler>
struct SocketReader::WaitingHandler final : Waiting {
  explicit WaitingHandler(Handler given) : handler(std::move(given)) {}
  void go_on(std::unique_ptr<Waiting> self, error_code error) override {
    auto taken = std::move(handler);
    self.reset();
    taken(error);
  }
  Handler handler;
};

/// The end of a read.
class SocketReader::Done {
 public:
  explicit Done(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Done(Done&&) = default;
  Done& operator=(Done&&) = delete;
  Done(const Done&) = delete;
  Done& operator=(const Done&) = delete;
  /// Who waits goes with the read, where the loop itself ends: it owns what this shares.
  ~Done() {
    if (state_) state_->waiting.reset();
  }

  void operator()(error_code error, std::size_t size) {
    const auto state = std::move(state_);
    state->reading = false;
    state->buffer.commit(size);
    if (state->waiting) {
      auto waiting = std::move(state->waiting);
      auto& one = *waiting;
      return one.go_on(std::move(waiting), error);
    }
    if (!error) return;
    state->failed = error;
    if (const auto ended = std::exchange(state->ended, nullptr)) ended();
  }

 private:
  std::shared_ptr<State> state_;
};

SocketReader::SocketReader(Socket& socket, std::size_t size)
    : socket_(socket), usual_(size), size_(size), state_(std::make_shared<State>()) {}

SocketReader::~SocketReader() { forget(); }

void SocketReader::start() {
  state_->reading = true;
  socket_.async_read_some(state_->buffer.prepare(size_), Done{state_});
}

Task<error_code> SocketReader::read(Deadline& deadline, Deadline::TimePoint until) {
  if (state_->failed) co_return *std::exchange(state_->failed, std::nullopt);
  if (!state_->reading) start();
  deadline.set(until);
  const auto [error] = co_await asio::async_initiate<decltype(kAwait), void(error_code)>(
      [state = state_.get()](auto handler) {
        state->waiting = std::make_unique<WaitingHandler<decltype(handler)>>(std::move(handler));
      },
      kAwait);
  co_return deadline.end(error);
}

void SocketReader::expect(std::uint64_t bytes) {
  size_ = std::max(usual_, static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kLargestRead)));
}

void SocketReader::read_ahead(std::function<void()> ended) {
  if (state_->buffer.size() > 0) return;
  // Not to be held while nothing comes.
  if (size_ > usual_ && !state_->reading) state_->buffer.shrink_to_fit();
  size_ = usual_;
  state_->ended = std::move(ended);
  if (!state_->reading && !state_->failed) start();
}

bool SocketReader::quiet() const { return state_->reading && state_->buffer.size() == 0; }

}  // namespace binnacle::gateway
