// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace binnacle::gateway {

// What Redis runs for SharedLimits: the windows of RateLimits, on Redis' own clock. A key is one window, a hash of slot
// number to count. Since Redis 7 scripts are always replicated by what they write; before, those that read the clock
// have to ask for it first.

/// KEYS: a window each. ARGV: tokens, then for each key its kind, amount and ms. Answers {1, ms} with the time taken,
/// or {0, number of the key that refuses longest, ms to wait}.
inline constexpr std::string_view kReserveScript = R"(
if redis.replicate_commands then redis.replicate_commands() end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local tokens = tonumber(ARGV[1])
local windows, refusing, longest = {}, 0, 0
for row, key in ipairs(KEYS) do
  local amount, per = tonumber(ARGV[row * 3]), tonumber(ARGV[row * 3 + 1])
  local newest = math.floor(now * 60 / per)
  local window = {slot = newest, per = per, takes = 1}
  if ARGV[row * 3 - 1] == 'tokens' then window.takes = tokens end
  local held, gone, counts, used = redis.call('HGETALL', key), {}, {}, 0
  for at = 1, #held, 2 do
    local slot, count = tonumber(held[at]), tonumber(held[at + 1])
    if slot < newest - 60 or slot > newest + 60 then
      gone[#gone + 1] = held[at]
    else
      counts[#counts + 1] = {slot, count}
      used = used + count
    end
  end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  local want = math.max(window.takes, 1)
  if used > 0 and used + want > amount then
    local much = math.min(used, used + want - amount)
    table.sort(counts, function(one, other) return one[1] < other[1] end)
    local wait = 1
    for _, entry in ipairs(counts) do
      much = much - entry[2]
      wait = math.max(1, math.ceil((entry[1] + 61) * per / 60) - now)
      if much <= 0 then break end
    end
    if wait > longest then refusing, longest = row, wait end
  end
  windows[row] = window
end
if refusing > 0 then return {0, refusing, longest} end
for row, key in ipairs(KEYS) do
  local window = windows[row]
  if window.takes > 0 then
    redis.call('HINCRBY', key, window.slot, window.takes)
    redis.call('PEXPIRE', key, window.per + math.ceil(window.per / 60) + 1000)
  end
end
return {1, now}
)";

/// KEYS: a window each. ARGV: the ms of the reservation, then for each key what to add, and its ms. What is added to a
/// slot that has gone counts from now; what is taken off it is forgotten.
inline constexpr std::string_view kCorrectScript = R"(
if redis.replicate_commands then redis.replicate_commands() end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for row, key in ipairs(KEYS) do
  local count, per = tonumber(ARGV[row * 2]), tonumber(ARGV[row * 2 + 1])
  local slot, newest = math.floor(ARGV[1] * 60 / per), math.floor(now * 60 / per)
  local gone = slot < newest - 60
  if gone then slot = newest end
  if count > 0 or not gone then
    local held = tonumber(redis.call('HGET', key, slot) or 0)
    if held + count > 0 then
      redis.call('HSET', key, slot, held + count)
      redis.call('PEXPIRE', key, per + math.ceil(per / 60) + 1000)
    else
      redis.call('HDEL', key, slot)
    end
  end
end
return 1
)";

}  // namespace binnacle::gateway
