// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace binnacle::gateway;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::sys_seconds kNow{1'795'255'200s};  // Sat, 21 Nov 2026 10:00:00 GMT

std::optional<milliseconds> wait_of(std::string_view seconds, std::string_view ms = {}) {
  return retry_after({.retry_after = seconds, .retry_after_ms = ms}, kNow);
}

UpstreamError error_of(std::string type, std::string code = {}, std::optional<int> status = {}) {
  return {.type = std::move(type), .code = std::move(code), .status = status, .retry_after_seconds = {}};
}

std::string flags_of(Fault fault) {
  const auto verdict = verdict_on(fault);
  std::string flags;
  if (verdict.retry) flags += " retry";
  if (verdict.fallback) flags += " fallback";
  if (verdict.breaker_failure) flags += " failure";
  if (verdict.breaker_ignored) flags += " ignored";
  if (verdict.maybe_billed) flags += " billed";
  return flags;
}

}  // namespace

TEST_CASE("every fault has a name of its own", "[fault]") {
  std::set<std::string_view> names;
  for (std::size_t fault = 0; fault < kFaultCount; ++fault) names.insert(name_of(static_cast<Fault>(fault)));
  CHECK(names.size() == kFaultCount);
  CHECK(name_of(Fault::none) == "ok");
  CHECK(name_of(Fault::client_gone) == "client_gone");
}

TEST_CASE("what follows from a fault", "[fault]") {
  CHECK(flags_of(Fault::none).empty());
  CHECK(flags_of(Fault::connect) == " retry fallback failure");
  CHECK(flags_of(Fault::reset) == " retry fallback failure billed");
  CHECK(flags_of(Fault::header_timeout) == " retry fallback failure billed");
  CHECK(flags_of(Fault::content_timeout) == " retry fallback failure billed");
  CHECK(flags_of(Fault::bad_reply) == " fallback failure billed");
  CHECK(flags_of(Fault::rate_limited) == " retry fallback ignored");
  CHECK(flags_of(Fault::quota) == " fallback ignored");
  CHECK(flags_of(Fault::overloaded) == " retry fallback failure");
  CHECK(flags_of(Fault::server_error) == " retry fallback failure");
  CHECK(flags_of(Fault::error_frame) == " retry fallback failure");
  CHECK(flags_of(Fault::unauthorized) == " fallback ignored");
  CHECK(flags_of(Fault::context_length) == " fallback ignored");
  CHECK(flags_of(Fault::client_error) == " ignored");
  CHECK(flags_of(Fault::broken_off) == " failure billed");
  CHECK(flags_of(Fault::idle_timeout) == " failure billed");
  CHECK(flags_of(Fault::client_gone) == " ignored billed");
}

TEST_CASE("a status alone", "[fault]") {
  for (const int status : {100, 200, 204, 302, 304}) CHECK(fault_of(status, {}) == Fault::none);
  for (const int status : {400, 404, 405, 409, 413, 415, 422, 431, 499}) {
    CHECK(fault_of(status, {}) == Fault::client_error);
  }
  for (const int status : {401, 403}) CHECK(fault_of(status, {}) == Fault::unauthorized);
  for (const int status : {408, 500, 501, 502, 504, 520, 599}) CHECK(fault_of(status, {}) == Fault::server_error);
  for (const int status : {503, 529}) CHECK(fault_of(status, {}) == Fault::overloaded);
  for (const int status : {-1, 0, 99, 600, 1'000'000}) CHECK(fault_of(status, {}) == Fault::bad_reply);
  CHECK(fault_of(402, {}) == Fault::quota);
  CHECK(fault_of(429, {}) == Fault::rate_limited);
}

TEST_CASE("OpenAI's errors", "[fault]") {
  CHECK(fault_of(429, error_of("requests", "rate_limit_exceeded")) == Fault::rate_limited);
  CHECK(fault_of(429, error_of("insufficient_quota", "insufficient_quota")) == Fault::quota);
  CHECK(fault_of(429, error_of("", "billing_hard_limit_reached")) == Fault::quota);
  CHECK(fault_of(400, error_of("invalid_request_error", "context_length_exceeded")) == Fault::context_length);
  CHECK(fault_of(400, error_of("invalid_request_error", "content_filter")) == Fault::client_error);
  CHECK(fault_of(401, error_of("invalid_request_error", "invalid_api_key")) == Fault::unauthorized);
  CHECK(fault_of(404, error_of("invalid_request_error", "model_not_found")) == Fault::client_error);
  CHECK(fault_of(500, error_of("server_error")) == Fault::server_error);
  CHECK(fault_of(503, error_of("server_error", "slow_down")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("server_error")) == Fault::server_error);
  CHECK(fault_of(200, error_of("", "rate_limit_exceeded")) == Fault::rate_limited);
  CHECK(fault_of(200, error_of("", "server_is_overloaded")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("invalid_request_error", "invalid_prompt")) == Fault::client_error);
}

TEST_CASE("Anthropic's errors", "[fault]") {
  CHECK(fault_of(400, error_of("invalid_request_error")) == Fault::client_error);
  CHECK(fault_of(401, error_of("authentication_error")) == Fault::unauthorized);
  CHECK(fault_of(402, error_of("billing_error")) == Fault::quota);
  CHECK(fault_of(403, error_of("permission_error")) == Fault::unauthorized);
  CHECK(fault_of(413, error_of("request_too_large")) == Fault::client_error);
  CHECK(fault_of(429, error_of("rate_limit_error")) == Fault::rate_limited);
  CHECK(fault_of(429, error_of("rate_limit_error", "ramp_limit_exceeded")) == Fault::rate_limited);
  CHECK(fault_of(429, error_of("rate_limit_error", "enforced_spend_limit_reached")) == Fault::quota);
  CHECK(fault_of(429, error_of("rate_limit_error", "contract_spend_limit_reached")) == Fault::quota);
  CHECK(fault_of(504, error_of("timeout_error")) == Fault::server_error);
  CHECK(fault_of(529, error_of("overloaded_error")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("overloaded_error")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("api_error")) == Fault::server_error);
  CHECK(fault_of(200, error_of("authentication_error")) == Fault::unauthorized);
}

TEST_CASE("Gemini's errors", "[fault]") {
  CHECK(fault_of(400, error_of("INVALID_ARGUMENT")) == Fault::client_error);
  CHECK(fault_of(403, error_of("PERMISSION_DENIED")) == Fault::unauthorized);
  CHECK(fault_of(429, error_of("RESOURCE_EXHAUSTED")) == Fault::rate_limited);
  CHECK(fault_of(500, error_of("INTERNAL")) == Fault::server_error);
  CHECK(fault_of(503, error_of("UNAVAILABLE")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("RESOURCE_EXHAUSTED")) == Fault::rate_limited);
  CHECK(fault_of(200, error_of("UNAVAILABLE")) == Fault::overloaded);
  CHECK(fault_of(200, error_of("DEADLINE_EXCEEDED")) == Fault::server_error);
}

TEST_CASE("an error frame of unknown words is what its status means, or just that", "[fault]") {
  CHECK(fault_of(200, error_of("")) == Fault::error_frame);
  CHECK(fault_of(200, error_of("strange", "stranger")) == Fault::error_frame);
  CHECK(fault_of(200, error_of("strange", "", 429)) == Fault::rate_limited);
  CHECK(fault_of(200, error_of("strange", "", 502)) == Fault::server_error);
  CHECK(fault_of(200, error_of("strange", "", 200)) == Fault::error_frame);
  CHECK(fault_of(200, error_of("strange", "", 7)) == Fault::error_frame);
  CHECK(fault_of(400, error_of("strange", "", 502)) == Fault::client_error);
  CHECK(fault_of(500, error_of("invalid_request_error")) == Fault::server_error);
  CHECK(fault_of(429, error_of("Rate_Limit_Errors")) == Fault::rate_limited);  // by its status: no such word
}

TEST_CASE("how long a reply asks to wait", "[fault]") {
  CHECK(wait_of("2") == 2000ms);
  CHECK(wait_of(" 2 ") == 2000ms);
  CHECK(wait_of("1.5") == 1500ms);
  CHECK(wait_of("0.017") == 17ms);
  CHECK(wait_of("0") == 0ms);
  CHECK(wait_of("2", "250") == 250ms);
  CHECK(wait_of("", "250.4") == 250ms);
  CHECK(wait_of("2", "soon") == 2000ms);
  CHECK(wait_of("99999999999999999999") == 24h);
  CHECK(wait_of("86401") == 24h);
  for (const auto* text : {"", " ", ".", "-1", "+1", "1e3", "nan", "inf", "1s", "1,5", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(wait_of(text));
  }
}

TEST_CASE("a date to wait for", "[fault]") {
  CHECK(wait_of("Sat, 21 Nov 2026 10:00:07 GMT") == 7000ms);
  CHECK(wait_of("Sat, 21 Nov 2026 09:59:00 GMT") == 0ms);
  CHECK(wait_of("Thu, 01 Jan 2099 00:00:00 GMT") == 24h);
  CHECK(retry_after({.retry_after = "Sat, 21 Nov 2026 10:00:01 GMT", .retry_after_ms = {}}, kNow + 400ms) == 600ms);
  for (const auto* text :
       {"Sat, 21 Nov 2026 10:00:07", "Sat, 21 Nov 2026 10:00:07 UTC", "Sat, 31 Feb 2026 10:00:07 GMT",
        "Sat, 21 ovD 2026 10:00:07 GMT", "Sat, 21 Foo 2026 10:00:07 GMT", "Sat, 21 Nov 1969 10:00:07 GMT",
        "Sat, 21 Nov 2026 24:00:07 GMT", "Sat, 21 Nov 2026 10:60:07 GMT", "Sat, 21 Nov 2026 10:00:61 GMT",
        "Sat, -1 Nov 2026 10:00:07 GMT", "Saturday, 21-Nov-26 10:00:07 GMT", "2026-11-21T10:00:07Z"}) {
    CAPTURE(text);
    CHECK_FALSE(wait_of(text));
  }
}
