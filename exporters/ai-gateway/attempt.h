// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "asio.h"
#include "fault.h"
#include "http_message.h"
#include "response_meter.h"
#include "upstream.h"

namespace binnacle::gateway {

/// One try of a request at one upstream: connect, send, read the reply. For the proxy's thread.
///
/// start() goes as far as a reply can be thrown away again: to the first byte that is for the client. Then next() hands
/// out the rest, piece by piece.
class Attempt {
 public:
  struct Request {
    std::string_view head;
    std::string_view body;
    bool head_only = false;  ///< HEAD: the reply has no body
    ResponseMeter::Settings meter;
    Clock::time_point deadline;        ///< for the first byte
    Clock::time_point total_deadline;  ///< for the last
  };
  Attempt(asio::io_context& loop, GatewayMetrics& metrics, std::shared_ptr<Upstream> upstream, Request request);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// Fault::none: there is a reply below 400 whose first bytes are in piece(). Another fault: there is none, or one of
  /// 400 and above, then status() is not 0 and piece() begins its body.
  Task<Fault> start();
  /// Reads on. True: piece() has more, or is empty where nothing is to be sent yet. False: the reply has ended; piece()
  /// has its last bytes, and fault() says whether it is whole.
  Task<bool> next();

  /// Ends what is under way, at once; from another coroutine.
  void cancel();
  /// From now on there is no one to hand pieces to: reading goes on for the usage alone, until `deadline`.
  void drain(Clock::time_point deadline, std::uint64_t bytes);

  /// Has what is held back go to the client after all, since there is nothing better.
  void let_go();

  [[nodiscard]] Fault fault() const { return fault_; }
  /// 0 until the reply's headers are whole.
  [[nodiscard]] int status() const { return meter_ ? parser_->status() : 0; }
  [[nodiscard]] const ReplyParser& reply() const { return *parser_; }
  [[nodiscard]] std::string_view piece() const { return piece_; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// The reply came to the end that HTTP says it has, whatever is in it.
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] ResponseMeter& meter() { return *meter_; }
  /// The reply began with an error, by itself or in its stream.
  [[nodiscard]] bool answered_error() const { return status() >= 400 || (meter_ && meter_->failed()); }
  [[nodiscard]] Upstream& upstream() { return *upstream_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
  /// The request was sent, as a whole or in part: the provider may have begun to work on it.
  [[nodiscard]] bool dispatched() const { return dispatched_at_.has_value(); }
  [[nodiscard]] Clock::time_point dispatched_at() const { return dispatched_at_.value_or(began_); }
  [[nodiscard]] Clock::time_point began() const { return began_; }
  /// Time spent waiting for the upstream.
  [[nodiscard]] Clock::duration waited() const { return waited_; }

 private:
  struct HoldTimer;

  Task<Fault> try_once(bool fresh);
  Task<Fault> send(bool fresh);
  Task<Fault> read_head();
  Task<Fault> read_error_body();
  Task<Fault> read_first_piece();
  /// Reads what comes next from the connection and puts what is to be sent on into piece_.
  /// Reading ends where draining does.
  [[nodiscard]] Clock::time_point within_drain(Clock::time_point deadline) const;
  Task<void> read_more(Clock::time_point deadline);
  void take_read(error_code error);
  void take_body();
  void end(bool whole);
  void append(std::string_view bytes);
  void learn_from_headers();
  void learn_from_fault();
  void tell_breaker(Fault fault);
  void hold_only_for_a_while();
  [[nodiscard]] Fault fault_of_error(error_code error, Fault late, Fault broken) const;

  asio::io_context& loop_;
  GatewayMetrics& metrics_;
  std::shared_ptr<Upstream> upstream_;
  Request request_;
  std::optional<CircuitBreaker::Permit> permit_;
  std::unique_ptr<UpstreamConnection> connection_;
  std::unique_ptr<ReplyParser> parser_;
  std::unique_ptr<ResponseMeter> meter_;
  std::shared_ptr<HoldTimer> hold_timer_;
  Clock::time_point began_;
  std::optional<Clock::time_point> dispatched_at_;
  std::optional<Clock::time_point> drain_deadline_;
  std::uint64_t drain_bytes_left_ = 0;
  Clock::duration waited_{};
  std::optional<std::chrono::milliseconds> retry_after_;
  std::string gathered_;  // pieces, where there is more than one
  std::string_view piece_;
  Fault fault_ = Fault::none;
  bool reused_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
  bool whole_ = false;
};

}  // namespace binnacle::gateway
