// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "exchange.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kProcessReplyLimit = std::size_t{8} << 20U;

Outcome outcome_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return Outcome::ok;
    case Fault::rate_limited:
    case Fault::quota:
      return Outcome::upstream_limited;
    case Fault::unauthorized:
    case Fault::context_length:
    case Fault::client_error:
      return Outcome::client_error;
    case Fault::header_timeout:
    case Fault::content_timeout:
    case Fault::idle_timeout:
      return Outcome::timeout;
    case Fault::client_gone:
      return Outcome::canceled;
    default:
      return Outcome::upstream_error;
  }
}

/// Of an upstream that is not tried.
std::string_view why_unusable(const Upstream& upstream) {
  return name_of(upstream.cooling_down(Clock::now()).count() > 0 ? GatewayError::cooling_down
                                                                 : GatewayError::breaker_open);
}

double seconds(Clock::duration time) { return std::chrono::duration<double>{time}.count(); }

}  // namespace

Task<void> Exchange::try_targets() {
  const auto deadline = request_.arrived + setup_->config->front.deadline;
  const auto policy = model_ ? model_->config.attempts : AttemptPolicy{};
  const auto upstream = [&](std::size_t target) -> Upstream& { return *setup_->upstreams[targets_[target].upstream]; };
  auto last = Fault::none;
  std::size_t tried = 0;
  const auto usable = [&](std::size_t target) {
    // The client's own key is no better elsewhere, and an account without credit has none for another model either.
    if (last == Fault::unauthorized && !upstream(target).config().key) return false;
    if (last == Fault::quota && targets_[target].upstream == targets_[tried].upstream) return false;
    return upstream(target).usable(Clock::now());
  };
  const auto may_retry = [&](std::size_t target) { return upstream(target).retry_budget().take(); };

  AttemptPlan plan{policy, targets_.size(), facts_.stateful, deadline};
  auto step = plan.first(usable);
  if (!step) co_return co_await refuse_without_target();
  if (step->fallback) {
    count_fallback(upstream(0), upstream(step->target), why_unusable(upstream(0)));
  }
  while (step) {
    co_await pause_before(*step);
    if (client_gone_) break;
    std::unique_ptr<Attempt> attempt;
    // What was usable before a pause may not be so after it.
    auto fault = Fault::overloaded;
    if (step->wait.count() == 0 || upstream(step->target).usable(Clock::now())) {
      if (!step->retry) upstream(step->target).retry_budget().request();
      attempt = make_attempt(step->target);
      ++attempts_;
      attempt_ = attempt.get();
      fault = co_await attempt->start();
    }
    if (fault == Fault::none) {
      if (process_) {
        co_await collect(*attempt);
      } else {
        co_await relay(*attempt);
      }
      co_return after_attempt(*attempt, *step);
    }
    last = fault;
    tried = step->target;
    const auto told = attempt ? attempt->retry_after() : std::nullopt;
    const auto next =
        client_gone_ ? std::nullopt : plan.next(fault, told, Clock::now(), proxy_.chance(), usable, may_retry);
    if (!next && !client_gone_) {
      if (!attempt) co_return co_await refuse_without_target();
      co_await fail_with(*attempt, fault);
    }
    if (attempt) after_attempt(*attempt, *step);
    if (next && next->target != step->target) {
      auto& from = upstream(step->target);
      count_fallback(from, upstream(next->target), attempt ? name_of(fault) : why_unusable(from));
    }
    step = next;
  }
}

void Exchange::count_fallback(const Upstream& from, const Upstream& to, std::string_view reason) {
  proxy_.metrics.fallback(record_.labels.model, from.config().name, to.config().name, reason);
}

Task<void> Exchange::pause_before(const AttemptPlan::Step& step) {
  if (step.wait.count() == 0) co_return;
  const auto began = Clock::now();
  co_await waker_.wait(began + step.wait);
  waker_.reset();
  waited_ += Clock::now() - began;
}

void Exchange::forget_answer() {
  record_.outcome = Outcome::ok;
  record_.metered = false;
  record_.usage.reset();
  record_.usage_source = UsageSource::missing;
  record_.price.reset();
  record_.first_token_seconds.reset();
  record_.dispatch_first_token_seconds.reset();
  record_.per_output_token_seconds.reset();
  record_.chunk_times = {};
}

std::unique_ptr<Attempt> Exchange::make_attempt(std::size_t target) {
  const auto& place = targets_[target];
  const auto& upstream = setup_->upstreams[place.upstream];
  const auto& config = upstream->config();
  const auto& head = *request_.head;
  std::string_view body = plain_body_.empty() ? std::string_view{request_.body} : plain_body_;
  bool edited = false;

  asked_usage_ = false;
  target_model_ = place.model;
  UpstreamHead upstream_head;
  if (process_) {
    auto call = process_call(*process_, route_.dialect, place.model);
    upstream_body_ = std::move(call.body);
    body = upstream_body_;
    edited = true;
    upstream_head.target = upstream_target(call.target, Route{}, config, {}, false);
  } else {
    const auto& asked = route_.model.empty() ? facts_.model : route_.model;
    if (protocol_ != nullptr && !place.model.empty() && place.model != asked) {
      auto renamed = protocol_->with_model(body, facts_, place.model);
      if (renamed != body) {
        upstream_body_ = std::move(renamed);
        body = upstream_body_;
        edited = true;
      }
    }
    if (protocol_ != nullptr && record_.streaming && config.ask_usage && !facts_.usage_asked) {
      if (auto asking = protocol_->ask_for_usage(body)) {
        upstream_body_ = std::move(*asking);
        body = upstream_body_;
        edited = true;
        asked_usage_ = true;
      }
    }
    const bool drop_key = config.key || !setup_->config->front.client_keys.empty();
    upstream_head.target = upstream_target(head.target(), route_, config, place.model, drop_key);
  }
  // As the client sent it, encoding and all, where nothing in it had to change.
  if (!edited) body = request_.body;

  Headers process_headers;
  if (process_) {
    process_headers.add("Content-Type", "application/json");
    process_headers.add("Accept", "application/json");
    for (const auto& [name, value] : head.headers().all()) {
      if (is_credential(name)) process_headers.add(name, value);
    }
  }
  upstream_head.method = process_ ? "POST" : head.method();
  upstream_head.headers = process_ ? &process_headers : &head.headers();
  upstream_head.body_bytes = body.size();
  upstream_head.drop_encoding = edited;
  upstream_head.identity = asked_usage_ || process_;
  upstream_key_ = upstream->key();
  upstream_head.key = upstream_key_;
  upstream_head.drop_credentials = !setup_->config->front.client_keys.empty();
  auto fields = gateway::upstream_head(upstream_head, config);
  if (process_ && route_.dialect == Dialect::anthropic) {
    fields.insert(fields.size() - 2, "anthropic-version: 2023-06-01\r\n");
  }
  upstream_head_ = std::move(fields);

  Attempt::Request request;
  request.head = upstream_head_;
  request.body = body;
  request.head_only = head.method() == "HEAD";
  request.deadline = request_.arrived + setup_->config->front.deadline;
  request.total_deadline = request_.arrived + setup_->config->front.total_time;
  request.meter.protocol = protocol_;
  request.meter.strip_usage = asked_usage_;
  request.meter.streamed = record_.streaming;
  request.meter.held_total = &proxy_.held_bytes;
  request.meter.held_limit = setup_->config->front.max_held_bytes;
  forget_answer();
  record_.labels.upstream = config.name;
  record_.provider = std::string{name_of(config.dialect)};
  return std::make_unique<Attempt>(proxy_.loop, proxy_.metrics, upstream, request);
}

void Exchange::client_left() {
  client_gone_ = true;
  waker_.wake();
  if (attempt_ == nullptr || draining_) return;
  auto& upstream = attempt_->upstream();
  const auto& config = upstream.config();
  const bool drain = config.on_client_abort == UpstreamConfig::OnAbort::drain && protocol_ != nullptr &&
                     attempt_->dispatched() && upstream.use().draining < config.drains;
  if (!drain) return attempt_->cancel();
  draining_ = true;
  ++upstream.use().draining;
  attempt_->drain(Clock::now() + config.drain_time, config.drain_bytes);
}

void Exchange::after_attempt(Attempt& attempt, const AttemptPlan::Step& step) {
  const auto fault = attempt.fault();
  const auto took = Clock::now() - attempt.began();
  waited_ += attempt.waited();
  proxy_.metrics.attempt(record_.labels, fault, seconds(took), step.retry);
  record_.upstream_seconds = seconds(attempt.waited());
  if (draining_) {
    --attempt.upstream().use().draining;
    draining_ = false;
    proxy_.metrics.drained(attempt.upstream().config().name, attempt.ended() && fault == Fault::none);
  }
  attempt_ = nullptr;
  if (client_gone_) {
    record_.outcome = Outcome::canceled;
  } else if (record_.outcome == Outcome::ok) {
    record_.outcome = outcome_of(fault);
  }
  if (attempt.status() > 0) take_facts(attempt);
}

void Exchange::take_facts(Attempt& attempt) {
  auto& meter = attempt.meter();
  record_.metered = protocol_ != nullptr && attempt.status() < 300;
  if (!record_.metered) return;
  const auto& facts = meter.facts();
  auto usage = protocol_->normalise(facts.usage);
  // Of a stream the frames are counted, most of which have one token; of a whole reply all that came.
  const auto sent = meter.streaming() ? meter.chunks() : meter.content_bytes() / kBytesPerToken;
  if (usage && facts.usage_final) {
    record_.usage_source = UsageSource::reported;
  } else if (usage || sent > 0) {
    record_.usage_source = UsageSource::estimated;
    if (!usage) usage = Usage{.input = facts_.bytes / kBytesPerToken};
    if (answers(route_.operation)) usage->output = std::max(usage->output, sent);
  }
  record_.usage = usage;
  if (record_.usage_source == UsageSource::reported) {
    record_.price =
        setup_->config->prices.price(facts.model, target_model_, record_.labels.model, *usage, facts.service_tier);
  }
  if (!meter.streaming() || !meter.first_content()) return;
  const auto first = *meter.first_content();
  record_.first_token_seconds = seconds(first - request_.arrived);
  record_.dispatch_first_token_seconds = seconds(first - attempt.dispatched_at());
  record_.chunk_times = meter.chunk_times();
  if (usage && usage->output > 1 && record_.usage_source == UsageSource::reported) {
    record_.per_output_token_seconds = seconds(*meter.last_content() - first) / static_cast<double>(usage->output - 1);
  }
}

Task<void> Exchange::relay(Attempt& attempt) {
  const auto& reply = attempt.reply();
  const bool bodyless = reply.status() == 204 || reply.status() == 304 || request_.head->method() == "HEAD";
  const bool has_length = reply.headers().find("content-length") != nullptr;
  ClientHead head;
  head.status = reply.status();
  head.reason = reply.reason();
  head.headers = &reply.headers();
  if (bodyless) {
    head.framing = has_length ? Framing::length : Framing::none;
  } else if (has_length && !attempt.meter().changes_length()) {
    head.framing = Framing::length;
  } else {
    head.framing = request_.http_1_0 ? Framing::close : Framing::chunked;
  }
  head.drop_encoding = attempt.meter().decodes();
  chunked_ = head.framing == Framing::chunked;
  keep_alive_ = keep_alive_ && head.framing != Framing::close;
  head.keep_alive = keep_alive_;
  head.event_stream = attempt.meter().streaming();
  if (!setup_->config->via.empty()) {
    head.model = record_.labels.model;
    head.upstream = record_.labels.upstream;
    head.attempts = attempts_;
  }
  const auto fault = attempt.fault();
  head.key = upstream_key_;
  head.no_retry = fault != Fault::none && retry_is_useless(fault, attempt.retry_after());
  client_head_ = client_head(head);
  record_.status = reply.status();

  bool going = co_await deliver(attempt);
  while (going && !attempt.ended()) {
    co_await attempt.next();
    going = co_await deliver(attempt);
  }
  const bool began = attempt.meter().streaming();
  const auto ended = attempt.fault();
  if (!attempt.whole()) keep_alive_ = false;
  if (!began) co_return;
  record_.stream_end = client_gone_                   ? record_.stream_end.value_or(StreamEnd::client_cancel)
                       : ended == Fault::idle_timeout ? StreamEnd::idle_timeout
                       : ended != Fault::none         ? StreamEnd::upstream_error
                                                      : StreamEnd::complete;
}

Task<bool> Exchange::deliver(Attempt& attempt) {
  if (client_gone_) co_return draining_;
  const auto piece = attempt.piece();
  const bool last = attempt.ended();
  const auto fault = attempt.fault();
  std::array<asio::const_buffer, 6> buffers;
  std::size_t used = 0;
  std::array<char, 20> size{};
  std::string apology;
  if (!committed_) buffers[used++] = asio::buffer(client_head_);
  if (!piece.empty()) {
    if (chunked_) {
      auto* const end = std::to_chars(size.data(), size.data() + size.size() - 2, piece.size(), 16).ptr;
      end[0] = '\r';
      end[1] = '\n';
      buffers[used++] = asio::buffer(size.data(), static_cast<std::size_t>(end + 2 - size.data()));
    }
    buffers[used++] = asio::buffer(piece);
    if (chunked_) buffers[used++] = asio::buffer("\r\n", 2);
  }
  if (last && chunked_ && attempt.whole()) {
    buffers[used++] = asio::buffer("0\r\n\r\n", 5);
  } else if (last && chunked_ && fault == Fault::idle_timeout && attempt.meter().streaming()) {
    const auto frame = error_frame(route_.dialect, GatewayError::upstream_timeout, "the answer fell silent");
    std::array<char, 20> hex{};
    auto* const end = std::to_chars(hex.data(), hex.data() + hex.size(), frame.size(), 16).ptr;
    apology.assign(hex.data(), end);
    apology += "\r\n" + frame + "\r\n0\r\n\r\n";
    buffers[used++] = asio::buffer(apology);
  }
  if (used == 0) co_return true;
  record_.response_bytes += piece.size();
  committed_ = true;
  const auto error = co_await write({buffers.data(), used});
  if (error) {
    // Its end may have been told already: a connection whose time is over is closed.
    record_.stream_end = error == beast::error::timeout ? StreamEnd::client_slow : StreamEnd::client_cancel;
    if (!client_gone_) client_left();
  }
  co_return !client_gone_ || draining_;
}

Task<void> Exchange::collect(Attempt& attempt) {
  std::string body{attempt.piece()};
  HeldBytes held{proxy_};
  held.set(body.size(), 0);
  while (!attempt.ended() && body.size() < kProcessReplyLimit) {
    co_await attempt.next();
    const bool room = held.hold(attempt.piece().size(), setup_->config->front.max_held_bytes);
    if (!room && !client_gone_) co_return co_await refuse(GatewayError::overloaded);
    body += attempt.piece();
  }
  if (client_gone_) co_return;
  const auto parsed = parse_process_reply(route_.dialect, body);
  if (!parsed || attempt.fault() != Fault::none) co_return co_await refuse(GatewayError::upstream_error);
  take_facts(attempt);
  ProcessResult result;
  result.model = record_.labels.model;
  result.upstream = record_.labels.upstream;
  result.reply = *parsed;
  if (record_.usage_source == UsageSource::reported) result.usage = record_.usage;
  if (record_.price && record_.price->nano_usd) result.cost_usd = static_cast<double>(*record_.price->nano_usd) / 1e9;
  result.attempts = attempts_;
  result.duration_seconds = seconds(Clock::now() - request_.arrived);
  OwnReply own;
  own.body = process_json(result);
  co_await this->reply(std::move(own));
}

Task<void> Exchange::fail_with(Attempt& attempt, Fault fault) {
  record_.outcome = outcome_of(fault);
  if (attempt.answered_error() && !process_) {
    attempt.let_go();
    co_return co_await relay(attempt);
  }
  switch (fault) {
    case Fault::header_timeout:
    case Fault::content_timeout:
      co_return co_await refuse(GatewayError::upstream_timeout);
    case Fault::rate_limited:
    case Fault::quota:
      co_return co_await refuse(GatewayError::cooling_down, {}, attempt.retry_after());
    case Fault::client_error:
    case Fault::context_length:
      co_return co_await refuse(GatewayError::bad_request, "the upstream refused the request");
    default:
      co_return co_await refuse(GatewayError::upstream_error, name_of(fault));
  }
}

Task<void> Exchange::refuse_without_target() {
  const auto now = Clock::now();
  std::optional<std::chrono::milliseconds> soonest;
  bool cooling = true;
  for (const auto& target : targets_) {
    auto& upstream = *setup_->upstreams[target.upstream];
    const auto wait = upstream.usable_in(now);
    if (wait && (!soonest || *wait < *soonest)) soonest = wait;
    if (upstream.cooling_down(now).count() == 0) cooling = false;
  }
  co_await refuse(cooling ? GatewayError::cooling_down : GatewayError::breaker_open, {}, soonest);
}

}  // namespace binnacle::gateway
