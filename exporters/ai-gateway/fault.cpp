// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/text.h"

namespace binnacle::gateway {

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

struct FaultRow {
  Fault fault;
  std::string_view name;
  Verdict verdict;
};

constexpr Verdict kNothing{};
/// Of what failed at once, and did no work.
constexpr Verdict kTryAgain{.retry = true, .fallback = true, .breaker_failure = true};
/// Of what the provider may have worked for.
constexpr Verdict kTryOnce{.retry = true, .fallback = true, .breaker_failure = true, .maybe_billed = true};
/// Another upstream may do better, and this one is well.
constexpr Verdict kElsewhere{.fallback = true, .breaker_ignored = true};
/// The answer has begun: nothing can be made good.
constexpr Verdict kTooLate{.breaker_failure = true, .maybe_billed = true};

constexpr std::array<FaultRow, kFaultCount> kFaults{{
    {Fault::none, "ok", kNothing},
    {Fault::connect, "connect", kTryAgain},
    {Fault::reset, "reset", kTryOnce},
    {Fault::header_timeout, "header_timeout", kTryOnce},
    {Fault::content_timeout, "content_timeout", kTryOnce},
    // What is wrong with such a server will be wrong again.
    {Fault::bad_reply, "bad_reply", {.fallback = true, .breaker_failure = true, .maybe_billed = true}},
    {Fault::rate_limited, "rate_limited", {.retry = true, .fallback = true, .breaker_ignored = true}},
    {Fault::quota, "quota", kElsewhere},
    {Fault::overloaded, "overloaded", kTryAgain},
    {Fault::server_error, "server_error", kTryAgain},
    {Fault::error_frame, "error_frame", kTryAgain},
    {Fault::unauthorized, "unauthorized", kElsewhere},
    {Fault::context_length, "context_length", kElsewhere},
    {Fault::client_error, "client_error", {.breaker_ignored = true}},
    {Fault::broken_off, "broken_off", kTooLate},
    {Fault::idle_timeout, "idle_timeout", kTooLate},
    {Fault::client_gone, "client_gone", {.breaker_ignored = true, .maybe_billed = true}},
}};

constexpr bool in_order() {
  for (std::size_t at = 0; at < kFaults.size(); ++at) {
    if (static_cast<std::size_t>(kFaults[at].fault) != at) return false;
  }
  return true;
}
static_assert(in_order());

const FaultRow& row_of(Fault fault) { return kFaults[static_cast<std::size_t>(fault)]; }

struct Word {
  std::string_view text;
  Fault fault;
};

/// Types and codes that say more than any status they come with.
constexpr std::array kTelling{
    Word{"insufficient_quota", Fault::quota},
    Word{"billing_error", Fault::quota},
    Word{"billing_hard_limit_reached", Fault::quota},
    Word{"billing_not_active", Fault::quota},
    Word{"enforced_spend_limit_reached", Fault::quota},
    Word{"contract_spend_limit_reached", Fault::quota},
    Word{"context_length_exceeded", Fault::context_length},
    Word{"rate_limit_exceeded", Fault::rate_limited},
    Word{"rate_limit_error", Fault::rate_limited},
    Word{"ramp_limit_exceeded", Fault::rate_limited},
    Word{"resource_exhausted", Fault::rate_limited},
    Word{"overloaded_error", Fault::overloaded},
    Word{"server_is_overloaded", Fault::overloaded},
    Word{"slow_down", Fault::overloaded},
    Word{"unavailable", Fault::overloaded},
};

/// Those that a status tells as well, where there is one: OpenAI's 401 and 404 are of type invalid_request_error.
constexpr std::array kVague{
    Word{"invalid_api_key", Fault::unauthorized},   Word{"authentication_error", Fault::unauthorized},
    Word{"permission_error", Fault::unauthorized},  Word{"unauthenticated", Fault::unauthorized},
    Word{"permission_denied", Fault::unauthorized}, Word{"invalid_request_error", Fault::client_error},
    Word{"not_found_error", Fault::client_error},   Word{"request_too_large", Fault::client_error},
    Word{"invalid_prompt", Fault::client_error},    Word{"content_filter", Fault::client_error},
    Word{"invalid_argument", Fault::client_error},  Word{"failed_precondition", Fault::client_error},
    Word{"out_of_range", Fault::client_error},      Word{"not_found", Fault::client_error},
    Word{"aborted", Fault::client_error},           Word{"cancelled", Fault::client_error},
    Word{"server_error", Fault::server_error},      Word{"api_error", Fault::server_error},
    Word{"timeout_error", Fault::server_error},     Word{"internal", Fault::server_error},
    Word{"deadline_exceeded", Fault::server_error}, Word{"unimplemented", Fault::server_error},
};

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

template <std::size_t Count>
Fault find(const std::array<Word, Count>& words, std::string_view text) {
  for (const auto& word : words) {
    const bool same = std::equal(text.begin(), text.end(), word.text.begin(), word.text.end(),
                                 [](char one, char other) { return lower(one) == other; });
    if (same) return word.fault;
  }
  return Fault::none;
}

/// The code first: it is the narrower of the two.
template <std::size_t Count>
Fault find(const std::array<Word, Count>& words, const UpstreamError& error) {
  const auto by_code = find(words, error.code);
  return by_code == Fault::none ? find(words, error.type) : by_code;
}

Fault by_status(int status) {
  if (status < 100 || status > 599) return Fault::bad_reply;
  if (status < 400) return Fault::none;
  switch (status) {
    case 401:
    case 403:
      return Fault::unauthorized;
    case 402:
      return Fault::quota;
    case 408:
      return Fault::server_error;
    case 429:
      return Fault::rate_limited;
    case 503:
    case 529:
      return Fault::overloaded;
    default:
      return status < 500 ? Fault::client_error : Fault::server_error;
  }
}

/// A number as servers write it: no sign, no exponent.
std::optional<double> plain_number(std::string_view text) {
  text = trim(text);
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char byte) { return (byte >= '0' && byte <= '9') || byte == '.'; });
  return plain ? to_double(text) : std::nullopt;
}

/// The form of dates that RFC 9110 has servers write: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<system_clock::time_point> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::string_view kShape = "aaa, 00 aaa 0000 00:00:00 GMT";
  text = trim(text);
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (kShape[at] != 'a' && kShape[at] != '0' && text[at] != kShape[at]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t digits) { return to_u64(text.substr(at, digits)); };
  const auto day = number(5, 2);
  const auto month = kMonths.find(text.substr(8, 3));
  const auto year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  if (!day || month % 3 != 0 || !year || !hour || !minute || !second) return std::nullopt;
  if (*year < 1970 || *year > 2199 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
}

constexpr milliseconds kLongest = std::chrono::hours{24};

milliseconds bounded(double count) {
  const auto most = static_cast<double>(kLongest.count());
  return milliseconds{std::llround(std::clamp(count, 0.0, most))};
}

}  // namespace

std::string_view name_of(Fault fault) { return row_of(fault).name; }

Verdict verdict_on(Fault fault) { return row_of(fault).verdict; }

std::optional<milliseconds> retry_after(const ReplyHeaders& headers, system_clock::time_point now) {
  if (const auto count = plain_number(headers.retry_after_ms)) return bounded(*count);
  if (const auto seconds = plain_number(headers.retry_after)) return bounded(*seconds * 1000);
  if (const auto date = parse_http_date(headers.retry_after)) {
    return std::clamp(std::chrono::ceil<milliseconds>(*date - now), milliseconds{0}, kLongest);
  }
  return std::nullopt;
}

Fault fault_of(int status, const std::optional<UpstreamError>& error) {
  if (!error) return by_status(status);
  if (const auto telling = find(kTelling, *error); telling != Fault::none) return telling;
  if (status < 100 || status >= 400) return by_status(status);
  if (const auto vague = find(kVague, *error); vague != Fault::none) return vague;
  const auto meant = error->status ? by_status(*error->status) : Fault::none;
  return meant == Fault::none || meant == Fault::bad_reply ? Fault::error_frame : meant;
}

}  // namespace binnacle::gateway
