// SPDX-License-Identifier: Apache-2.0
#include "exchange.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "inflater.h"

namespace binnacle::gateway {

Exchange::Exchange(Proxy& proxy, ClientConnection& client, Request request)
    : proxy_(proxy),
      client_(client),
      request_(std::move(request)),
      setup_(proxy.setup),
      waker_(proxy.loop),
      held_plain_(proxy),
      keep_alive_(request_.keep_alive) {
  record_.labels.model = kOtherModel;
  record_.labels.upstream = "none";
  record_.request_bytes = request_.body.size();
}

Exchange::~Exchange() { client_.watch(nullptr); }

Task<bool> Exchange::run() {
  route_ = route(request_.head->method(), request_.head->target(),
                 request_.head->headers().find("anthropic-version") != nullptr);
  record_.labels.operation = route_.operation;
  client_.watch([this] { client_left(); });
  co_await dispatch();
  client_.watch(nullptr);
  record();
  co_return keep_alive_ && !client_gone_;
}

Task<void> Exchange::dispatch() {
  if (proxy_.stopping) keep_alive_ = false;
  switch (route_.kind) {
    case Route::Kind::bad_path:
      co_return co_await refuse(GatewayError::bad_request, "no such path can be passed on");
    case Route::Kind::bad_method:
      co_return co_await refuse(GatewayError::method);
    default:
      break;
  }
  if (!authorised()) co_return co_await refuse(GatewayError::unauthorized);
  switch (route_.kind) {
    case Route::Kind::metered:
      co_return co_await answer_metered();
    case Route::Kind::process:
      co_return co_await answer_process();
    case Route::Kind::models:
    case Route::Kind::process_list:
      co_return co_await answer_list();
    default:
      co_return co_await answer_passed();
  }
}

bool Exchange::authorised() const {
  const auto& keys = setup_->config->front.client_keys;
  if (keys.empty()) return true;
  const auto given = client_key(request_.head->headers(), request_.head->target());
  bool found = false;
  for (const auto& key : keys) {
    const auto expected = key.reveal();
    // All are looked at, each in the same time, so that nothing can be learnt from how long it takes.
    found |= expected.size() == given.size() && CRYPTO_memcmp(expected.data(), given.data(), given.size()) == 0;
  }
  return found;
}

std::string Exchange::decoded_body() const {
  const auto encoding = request_.head->headers().value("content-encoding");
  const auto inflater = Inflater::make(encoding, setup_->config->front.max_body_bytes);
  if (!inflater) throw BadRequest("the request's Content-Encoding cannot be read; expected gzip, deflate, br or none");
  std::string plain;
  if (!inflater->feed(request_.body, [&](std::string_view decoded) { plain += decoded; })) {
    throw BadRequest("the request's body is not what its Content-Encoding says, or too large");
  }
  if (!inflater->whole()) throw BadRequest("the request's body is cut off: its Content-Encoding does not end");
  return plain;
}

Task<void> Exchange::answer_metered() {
  protocol_ = protocol_of(route_.operation);
  std::string fault;
  try {
    if (!Inflater::is_identity(request_.head->headers().value("content-encoding"))) plain_body_ = decoded_body();
    facts_ = protocol_->read_request(plain_body_.empty() ? std::string_view{request_.body} : plain_body_);
  } catch (const BadRequest& error) {
    fault = error.what();
  }
  if (!fault.empty()) co_return co_await refuse(GatewayError::bad_request, fault);
  if (!held_plain_.hold(plain_body_.size(), setup_->config->front.max_held_bytes)) {
    co_return co_await refuse(GatewayError::overloaded);
  }
  record_.streaming = facts_.stream || route_.stream;
  const auto& name = route_.model.empty() ? facts_.model : route_.model;
  co_await run_on_model(setup_->find_model(name, route_.dialect));
}

Task<void> Exchange::run_on_model(std::shared_ptr<Model> model) {
  if (!model) co_return co_await refuse(GatewayError::unknown_model);
  model_ = std::move(model);
  record_.labels.model = model_->config.name;
  for (const auto& target : model_->config.targets) {
    if (setup_->upstreams[target.upstream]->config().dialect == route_.dialect) targets_.push_back(target);
  }
  if (targets_.empty()) {
    co_return co_await refuse(GatewayError::unknown_model, "this model is not to be had by this path");
  }
  if (const auto* const retries = request_.head->headers().find("x-stainless-retry-count"); retries != nullptr) {
    record_.client_retry = *retries != "0" ? 1 : 0;
  }
  if (!co_await reserve_limits()) co_return;
  if (co_await wait_for_slot()) co_await try_targets();
  settle_limits();
}

Task<void> Exchange::answer_passed() {
  record_.metered = false;
  const auto& upstreams = setup_->upstreams;
  const auto found = std::find_if(upstreams.begin(), upstreams.end(), [&](const auto& upstream) {
    return upstream->config().dialect == route_.dialect && upstream->config().other_paths;
  });
  if (found == upstreams.end()) co_return co_await refuse(GatewayError::unknown_path);
  facts_.stateful = true;
  targets_.push_back({static_cast<std::size_t>(found - upstreams.begin()), {}});
  co_await try_targets();
}

Task<void> Exchange::answer_process() {
  std::string fault;
  try {
    if (!Inflater::is_identity(request_.head->headers().value("content-encoding"))) plain_body_ = decoded_body();
    process_ = parse_process_request(plain_body_.empty() ? std::string_view{request_.body} : plain_body_);
  } catch (const BadRequest& error) {
    fault = error.what();
  }
  if (!fault.empty()) co_return co_await refuse(GatewayError::bad_request, fault);
  if (!held_plain_.hold(plain_body_.size(), setup_->config->front.max_held_bytes)) {
    co_return co_await refuse(GatewayError::overloaded);
  }
  const auto* const known = setup_->config->find_model(process_->model);
  // A name alone does not tell the dialect of a model that the config does not know.
  if (known == nullptr) co_return co_await refuse(GatewayError::unknown_model);
  route_.dialect = setup_->upstreams[known->targets.front().upstream]->config().dialect;
  route_.operation = process_operation(route_.dialect);
  record_.labels.operation = route_.operation;
  protocol_ = protocol_of(route_.operation);
  facts_.max_output = process_->max_tokens;
  facts_.bytes = request_.body.size();
  co_await run_on_model(setup_->find_model(process_->model, route_.dialect));
}

Task<void> Exchange::answer_list() {
  counted_ = false;
  const auto now = Clock::now();
  std::vector<ModelState> models;
  for (const auto& model : setup_->models) {
    ModelState state;
    state.name = model->config.name;
    state.dialect = setup_->upstreams[model->config.targets.front().upstream]->config().dialect;
    state.in_flight = model->gate->in_flight();
    state.queued = model->gate->queued();
    std::size_t usable = 0;
    for (const auto& target : model->config.targets) {
      auto& upstream = *setup_->upstreams[target.upstream];
      state.upstreams.push_back(upstream.config().name);
      if (upstream.usable(now)) ++usable;
    }
    const bool first = setup_->upstreams[model->config.targets.front().upstream]->usable(now);
    state.state = usable == 0 ? "unavailable" : first ? "available" : "degraded";
    models.push_back(std::move(state));
  }
  OwnReply own;
  own.body = route_.kind == Route::Kind::models ? models_json(route_.dialect, models) : process_list_json(models);
  co_await reply(std::move(own));
}

}  // namespace binnacle::gateway
