// SPDX-License-Identifier: Apache-2.0
#include "attempt.h"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <utility>

namespace binnacle::gateway {

namespace {

constexpr std::size_t kReplyHeaderLimit = std::size_t{256} << 10U;
/// An error is read so far before it is decided what to do about it.
constexpr std::size_t kErrorBodyLimit = std::size_t{64} << 10U;
constexpr std::chrono::seconds kErrorBodyTime{10};
/// What comes before the first content is held back so long; then a client, or a proxy before it, might lose patience.
constexpr std::chrono::seconds kHoldTime{15};
/// Out of credit: nothing gets better by asking again soon.
constexpr std::chrono::minutes kQuotaCoolDown{1};
/// An idle connection that the other end has closed tells so within a round trip.
constexpr std::chrono::seconds kStaleTime{1};

bool is_end(error_code error) { return error == asio::error::eof || error == asio::ssl::error::stream_truncated; }

CallResult call_result_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return CallResult::success;
    case Fault::header_timeout:
    case Fault::content_timeout:
    case Fault::idle_timeout:
      return CallResult::timeout;
    default:
      break;
  }
  const auto verdict = verdict_on(fault);
  return verdict.breaker_failure ? CallResult::failure : CallResult::ignored;
}

}  // namespace

struct Attempt::HoldTimer {
  HoldTimer(asio::io_context& loop, Attempt* owner) : timer(loop.get_executor()), attempt(owner) {}
  Timer timer;
  Attempt* attempt;  // null: it needs no more
};

Attempt::Attempt(asio::io_context& loop, GatewayMetrics& metrics, std::shared_ptr<Upstream> upstream, Request request)
    : loop_(loop),
      metrics_(metrics),
      upstream_(std::move(upstream)),
      request_(std::move(request)),
      began_(Clock::now()) {
  ++upstream_->use().in_flight;
}

Attempt::~Attempt() {
  if (hold_timer_) hold_timer_->attempt = nullptr;
  tell_breaker(ended_ || fault_ != Fault::none ? fault_ : Fault::client_gone);
  --upstream_->use().in_flight;
}

Task<Fault> Attempt::start() {
  permit_ = upstream_->breaker().permit();
  if (!permit_) co_return fault_ = Fault::overloaded;
  auto fault = co_await try_once(false);
  // A connection that waited may have been closed while the request was on its way: that shows at once, and nothing was
  // done. A server that ends it later may have begun to work.
  const bool at_once = dispatched_at_ && Clock::now() - *dispatched_at_ < kStaleTime;
  const bool untouched = reused_ && at_once && !cancelled_ && (!parser_ || !parser_->got_some());
  if (fault == Fault::reset && untouched) fault = co_await try_once(true);
  if (fault == Fault::none) {
    learn_from_headers();
    if (parser_->status() >= 400) {
      fault = co_await read_error_body();
    } else {
      fault = co_await read_first_piece();
    }
  }
  if (hold_timer_) {
    hold_timer_->attempt = nullptr;
    hold_timer_->timer.cancel();
  }
  if (cancelled_) fault = Fault::client_gone;
  if (fault != Fault::none) {
    fault_ = fault;
    learn_from_fault();
  } else if (upstream_->breaker().state() == BreakerState::half_open) {
    // A stream may go on for minutes, and its beginning tells enough.
    tell_breaker(Fault::none);
  }
  co_return fault;
}

Task<Fault> Attempt::try_once(bool fresh) {
  const auto sent = co_await send(fresh);
  // A server may answer and hang up before it has read the whole request.
  if (sent != Fault::none && sent != Fault::reset) co_return sent;
  co_return co_await read_head();
}

Task<Fault> Attempt::send(bool fresh) {
  const auto now = Clock::now();
  const auto& config = upstream_->config();
  parser_.reset();
  connection_ = fresh ? nullptr : upstream_->take_idle(now);
  reused_ = connection_ != nullptr;
  if (!connection_) {
    connection_ = upstream_->make_connection(loop_);
    const auto error = co_await connection_->open(std::min(now + config.connect_timeout, request_.deadline));
    waited_ += Clock::now() - now;
    if (error) co_return cancelled_ ? Fault::client_gone : Fault::connect;
  }
  metrics_.connection(config.name, reused_);
  dispatched_at_ = Clock::now();
  const std::array buffers{asio::buffer(request_.head), asio::buffer(request_.body)};
  const auto error =
      co_await connection_->write(buffers, std::min(*dispatched_at_ + config.header_timeout, request_.deadline));
  waited_ += Clock::now() - *dispatched_at_;
  co_return error ? fault_of_error(error, Fault::header_timeout, Fault::reset) : Fault::none;
}

Fault Attempt::fault_of_error(error_code error, Fault late, Fault broken) const {
  if (cancelled_) return Fault::client_gone;
  return error == beast::error::timeout ? late : broken;
}

Task<Fault> Attempt::read_head() {
  const auto deadline = std::min(Clock::now() + upstream_->config().header_timeout, request_.deadline);
  parser_ = std::make_unique<ReplyParser>(kReplyHeaderLimit, std::nullopt);
  parser_->skip(request_.head_only);
  auto& buffer = connection_->buffer();
  // A server may answer before it has read the whole request; what is read ahead is there then already.
  for (bool early = buffer.size() > 0;; early = false) {
    const auto began = Clock::now();
    error_code error;
    if (!early) error = co_await connection_->read(within_drain(deadline));
    waited_ += Clock::now() - began;
    if (error) co_return fault_of_error(error, Fault::header_timeout, Fault::reset);
    auto bytes = bytes_in(buffer);
    auto progress = parser_->feed(bytes);
    while (progress == ReplyParser::Progress::done && parser_->status() < 200 && parser_->status() != 101) {
      parser_ = std::make_unique<ReplyParser>(kReplyHeaderLimit, std::nullopt);
      parser_->skip(request_.head_only);
      progress = parser_->feed(bytes);
    }
    buffer.consume(buffer.size() - bytes.size());
    const bool more = progress == ReplyParser::Progress::more;
    if ((!more && progress != ReplyParser::Progress::done) || parser_->status() == 101) co_return Fault::bad_reply;
    if (!parser_->is_header_done()) continue;
    // Nobody asked for another one, and it would be lost with the field.
    const auto* const encoding = parser_->headers().find("transfer-encoding");
    const bool known = encoding == nullptr || same_name(*encoding, "chunked") || same_name(*encoding, "identity");
    co_return known ? Fault::none : Fault::bad_reply;
  }
}

void Attempt::learn_from_headers() {
  const auto now = std::chrono::system_clock::now();
  const auto& headers = parser_->headers();
  ReplyHeaders waits;
  for (const auto& [name, value] : headers.all()) {
    upstream_->limits().take(name, value, now);
    if (same_name(name, "retry-after")) waits.retry_after = value;
    if (same_name(name, "retry-after-ms") || same_name(name, "x-ms-retry-after-ms")) waits.retry_after_ms = value;
  }
  retry_after_ = gateway::retry_after(waits, now);
  auto settings = request_.meter;
  settings.status = parser_->status();
  settings.content_type = headers.value("content-type");
  settings.content_encoding = headers.value("content-encoding");
  meter_ = std::make_unique<ResponseMeter>(std::move(settings), *dispatched_at_);
}

void Attempt::learn_from_fault() {
  const auto now = Clock::now();
  tell_breaker(fault_);
  // Where the client's own key was used, its limits are not those of other clients.
  if (!upstream_->config().key) return;
  if (fault_ == Fault::rate_limited || (fault_ == Fault::overloaded && retry_after_)) {
    upstream_->cool_down(retry_after_, now);
  } else if (fault_ == Fault::quota) {
    upstream_->cool_down(retry_after_.value_or(kQuotaCoolDown), now);
  }
}

void Attempt::tell_breaker(Fault fault) {
  if (!permit_) return;
  const auto now = Clock::now();
  const auto first = meter_ && meter_->first_content() ? *meter_->first_content() : now;
  const auto took = first - dispatched_at();
  upstream_->breaker().record(*permit_, call_result_of(fault), took);
  permit_.reset();
  if (fault == Fault::none) upstream_->trend().add(std::chrono::duration<double>{took}.count(), now);
}

Task<Fault> Attempt::read_error_body() {
  std::string body;
  const auto deadline = std::min(Clock::now() + kErrorBodyTime, request_.deadline);
  take_body();
  body += piece_;
  if (parser_->is_done()) end(true);
  while (!ended_ && body.size() < kErrorBodyLimit) {
    co_await read_more(deadline);
    body += piece_;
  }
  gathered_ = std::move(body);
  piece_ = gathered_;
  if (cancelled_) co_return Fault::client_gone;
  const auto& error = meter_->facts().error;
  if (!retry_after_ && error && error->retry_after_seconds) {
    retry_after_ =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{*error->retry_after_seconds});
  }
  co_return fault_of(parser_->status(), error);
}

Task<Fault> Attempt::read_first_piece() {
  const auto deadline = std::min(*dispatched_at_ + upstream_->config().content_timeout, request_.deadline);
  take_body();
  if (parser_->is_done()) end(true);
  if (!ended_ && meter_->holding()) hold_only_for_a_while();
  while (!ended_ && piece_.empty() && !meter_->failed()) co_await read_more(deadline);
  if (meter_->failed() && meter_->holding()) {
    const auto& error = meter_->facts().error;
    const auto fault = error ? fault_of(error->status.value_or(200), error) : Fault::error_frame;
    co_return fault == Fault::none ? Fault::error_frame : fault;
  }
  // A stream that ends well, and says nothing, is no answer.
  if (whole_ && meter_->streaming() && !meter_->first_content() && !meter_->ended()) co_return Fault::reset;
  if (ended_ && fault_ != Fault::none && piece_.empty()) {
    if (fault_ == Fault::idle_timeout) co_return Fault::content_timeout;
    co_return fault_ == Fault::broken_off ? Fault::reset : fault_;
  }
  co_return Fault::none;
}

Task<bool> Attempt::next() {
  if (ended_) co_return false;
  const auto deadline = std::min(Clock::now() + upstream_->config().idle_timeout, request_.total_deadline);
  co_await read_more(deadline);
  if (ended_) {
    tell_breaker(fault_);
    co_return false;
  }
  co_return true;
}

Clock::time_point Attempt::within_drain(Clock::time_point deadline) const {
  return drain_deadline_ ? std::min(deadline, *drain_deadline_) : deadline;
}

Task<void> Attempt::read_more(Clock::time_point deadline) {
  piece_ = {};
  const auto began = Clock::now();
  const auto error = co_await connection_->read(within_drain(deadline));
  waited_ += Clock::now() - began;
  take_read(error);
}

void Attempt::take_read(error_code error) {
  const auto now = Clock::now();
  if (error == asio::error::operation_aborted && !cancelled_) {
    // Interrupted, for what is held back to be let go.
    piece_ = meter_->feed({}, now);
    return;
  }
  if (error) {
    fault_ = is_end(error) ? Fault::broken_off : fault_of_error(error, Fault::idle_timeout, Fault::broken_off);
    const bool drained_too_long = drain_deadline_ && now >= *drain_deadline_;
    if (drained_too_long) fault_ = Fault::client_gone;
    const bool whole = is_end(error) && !cancelled_ && parser_->end() == ReplyParser::Progress::done;
    if (whole) fault_ = Fault::none;
    end(whole);
    return;
  }
  auto& buffer = connection_->buffer();
  auto bytes = bytes_in(buffer);
  const auto size = bytes.size();
  const auto progress = parser_->feed(bytes);
  buffer.consume(size - bytes.size());
  take_body();
  if (meter_->decodes() && meter_->failed() && !meter_->unread().empty()) {
    // It cannot be decoded any further, and the client expects it decoded.
    fault_ = Fault::broken_off;
    end(false);
    return;
  }
  if (drain_deadline_) {
    drain_bytes_left_ -= std::min<std::uint64_t>(drain_bytes_left_, size);
    if (drain_bytes_left_ == 0 && progress != ReplyParser::Progress::done) {
      fault_ = Fault::client_gone;
      end(false);
      return;
    }
  }
  if (progress == ReplyParser::Progress::done) {
    end(true);
  } else if (progress != ReplyParser::Progress::more || buffer.size() > kReplyHeaderLimit) {
    // What the parser leaves are the beginnings of a chunk's header or a trailer: one that never ends.
    fault_ = Fault::broken_off;
    end(false);
  }
}

void Attempt::take_body() {
  const auto now = Clock::now();
  const auto& pieces = parser_->body();
  piece_ = {};
  if (pieces.size() == 1) {
    piece_ = meter_->feed(pieces.front(), now);
    return;
  }
  gathered_.clear();
  for (const auto piece : pieces) gathered_ += meter_->feed(piece, now);
  piece_ = gathered_;
}

void Attempt::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (piece_.empty()) {
    piece_ = bytes;
    return;
  }
  if (piece_.data() != gathered_.data()) gathered_ = piece_;
  gathered_ += bytes;
  piece_ = gathered_;
}

void Attempt::end(bool whole) {
  ended_ = true;
  whole_ = whole;
  // Copied where the meter is asked for more, since its view is good until then.
  if (!piece_.empty() && piece_.data() != gathered_.data()) {
    gathered_ = piece_;
    piece_ = gathered_;
  }
  append(meter_->finish(whole, Clock::now()));
  if (whole && meter_->failed()) fault_ = Fault::broken_off;
  if (whole && parser_->keep_alive() && !cancelled_ && connection_->buffer().size() == 0) {
    upstream_->give_back(std::move(connection_), Clock::now());
  }
  connection_.reset();
}

void Attempt::cancel() {
  cancelled_ = true;
  if (connection_) connection_->cancel();
}

void Attempt::let_go() {
  if (!meter_ || !meter_->holding()) return;
  meter_->release();
  append(meter_->feed({}, Clock::now()));
}

void Attempt::drain(Clock::time_point deadline, std::uint64_t bytes) {
  drain_deadline_ = deadline;
  drain_bytes_left_ = bytes;
}

void Attempt::hold_only_for_a_while() {
  hold_timer_ = std::make_shared<HoldTimer>(loop_, this);
  hold_timer_->timer.expires_at(*dispatched_at_ + kHoldTime);
  hold_timer_->timer.async_wait([hold = hold_timer_](error_code ended) {
    if (ended || hold->attempt == nullptr) return;
    auto& attempt = *hold->attempt;
    attempt.meter_->release();
    if (attempt.connection_) attempt.connection_->interrupt();
  });
}

}  // namespace binnacle::gateway
