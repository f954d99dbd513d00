// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attempt.h"
#include "attempt_plan.h"
#include "client_connection.h"
#include "errors.h"
#include "heads.h"
#include "process_api.h"
#include "proxy.h"
#include "route.h"
#include "waker.h"

namespace binnacle::gateway {

/// Of English prose and of code, more or less: what estimates are made with.
inline constexpr std::uint64_t kBytesPerToken = 4;
/// Whether an operation's answer is made of tokens; an embedding is not.
constexpr bool answers(Operation operation) {
  return operation != Operation::embeddings && operation != Operation::embed_content;
}

/// One request of a client and its answer: where it goes, what it waits for, which upstreams are tried, and what is
/// counted of it. For the proxy's thread.
class Exchange {
 public:
  struct Request {
    const RequestParser* head;
    std::string body;
    Clock::time_point arrived;  ///< when it was whole
    bool keep_alive = true;     ///< the client would use the connection again
    bool http_1_0 = false;
  };
  Exchange(Proxy& proxy, ClientConnection& client, Request request);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Answers the request and counts it. True: the connection may be used again.
  Task<bool> run();

 private:
  // exchange.cpp: where it goes
  Task<void> dispatch();
  Task<void> answer_metered();
  Task<void> answer_passed();
  Task<void> answer_process();
  Task<void> answer_list();
  [[nodiscard]] bool authorised() const;
  [[nodiscard]] std::string decoded_body() const;
  bool read_facts();
  Task<void> run_on_model(std::shared_ptr<Model> model);

  // exchange_admission.cpp: what it waits for. False: it was answered, or the client has gone.
  Task<bool> reserve_limits();
  Task<std::optional<std::variant<Reservation, LimitRefusal>>> ask_shared_limits(std::uint64_t tokens);
  Task<bool> wait_for_slot();
  [[nodiscard]] std::uint64_t estimated_tokens() const;
  void settle_limits();

  // exchange_attempts.cpp: which upstreams are tried
  Task<void> try_targets();
  void count_fallback(const Upstream& from, const Upstream& to, std::string_view reason);
  Task<void> pause_before(const AttemptPlan::Step& step);
  [[nodiscard]] std::unique_ptr<Attempt> make_attempt(std::size_t target);
  Task<void> fail_with(Attempt& attempt, Fault fault);
  Task<void> refuse_without_target();
  Task<void> relay(Attempt& attempt);
  /// False: nobody wants more.
  Task<bool> deliver(Attempt& attempt);
  Task<void> collect(Attempt& attempt);
  void after_attempt(Attempt& attempt, const AttemptPlan::Step& step);
  void client_left();
  void take_facts(Attempt& attempt);
  /// What an attempt before this one said is not this one's.
  void forget_answer();

  // exchange_replies.cpp: what the gateway says itself
  Task<void> refuse(GatewayError error, std::string_view detail = {},
                    std::optional<std::chrono::milliseconds> retry_after = std::nullopt);
  Task<void> reply(OwnReply reply);
  Task<error_code> write(std::span<const asio::const_buffer> buffers);
  void record();
  void log_end() const;

  Proxy& proxy_;
  ClientConnection& client_;
  const Request request_;
  const std::shared_ptr<const Setup> setup_;
  Waker waker_;

  Route route_;
  const Protocol* protocol_ = nullptr;
  RequestFacts facts_;
  std::string plain_body_;  // decoded, where the client sent it encoded
  HeldBytes held_plain_;
  std::optional<ProcessRequest> process_;

  std::shared_ptr<Model> model_;
  std::vector<ModelConfig::Target> targets_;
  ModelGate::Place place_;
  std::optional<Reservation> reservation_;

  Attempt* attempt_ = nullptr;  // that is under way
  std::string upstream_head_;
  std::string upstream_body_;
  std::string upstream_key_;  // that was sent instead of the client's
  std::string_view target_model_;
  bool asked_usage_ = false;
  int attempts_ = 0;

  bool keep_alive_ = true;
  bool client_gone_ = false;
  bool draining_ = false;
  bool committed_ = false;  // the client has had its first byte
  bool chunked_ = false;
  bool counted_ = true;  // has labels, and becomes a RequestRecord
  std::string client_head_;
  Clock::duration waited_{};  // for upstreams, clients, slots and back-off
  RequestRecord record_;
};

}  // namespace binnacle::gateway
