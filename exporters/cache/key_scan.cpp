// SPDX-License-Identifier: Apache-2.0
#include "key_scan.h"

#include <algorithm>

#include "key_commands.h"

namespace binnacle::cache {

namespace {

constexpr std::size_t kPage = 1000;   // keys that one SCAN looks at: under a millisecond of the server's time
constexpr std::size_t kWeighed = 20;  // keys of a group in one page whose memory is asked
constexpr const char* kStart = "0";   // the cursor, before and after a pass

struct Scanned {
  std::string cursor;
  std::vector<std::string> keys;
};

Scanned parse_scan(Reply&& reply) {
  if (reply.elements.size() != 2 || reply.elements[0].text.empty()) {
    throw std::runtime_error("the server's answer to SCAN has no cursor");
  }
  Scanned scanned{std::move(reply.elements[0].text), {}};
  scanned.keys.reserve(reply.elements[1].elements.size());
  for (auto& key : reply.elements[1].elements) scanned.keys.push_back(std::move(key.text));
  return scanned;
}

}  // namespace

/// What the keys of one answer mean, and what is yet to be asked of some of them.
struct KeyScan::Page {
  struct Weighed {
    std::size_t group;
    double keys = 0;        // of the group in this page
    std::size_t asked = 0;  // MEMORY USAGE of these, in `commands` one group after another
  };
  std::vector<double> counts;
  std::vector<double> groups;
  std::vector<Weighed> weighed;
  std::vector<KeyName> streams;  // whose types are asked, behind all MEMORY USAGE
  double streams_left_out = 0;
  std::vector<KeyCommand> commands;
};

std::optional<double> KeyTotals::Group::memory() const {
  if (keys == 0) return 0;
  if (weighed == 0) return std::nullopt;
  return bytes / weighed * keys;
}

KeyScan::KeyScan(std::shared_ptr<RedisSession> session, KeysConfig config)
    : session_(std::move(session)), config_(std::move(config)) {
  const auto add_pattern = [this](std::vector<Pattern>& patterns, const KeyName& pattern) {
    patterns.push_back({pattern.database, RedisGlob{pattern.key}});
    databases_.push_back(pattern.database);
  };
  for (const auto& pattern : config_.count) add_pattern(counts_, pattern);
  for (const auto& group : config_.groups) add_pattern(groups_, group.pattern);
  for (const auto& stream : config_.streams) {
    if (!RedisGlob{stream.key}.literal()) add_pattern(streams_, stream);
  }
  std::sort(databases_.begin(), databases_.end());
  databases_.erase(std::unique(databases_.begin(), databases_.end()), databases_.end());
  begin_pass();
}

KeyScan::State KeyScan::advance(Clock::time_point scrape_deadline) {
  const Turns::Turn turn{turns_, scrape_deadline - kReturnMargin};
  if (scrape_ != scrape_deadline) {
    scrape_ = scrape_deadline;
    failure_ = nullptr;
    try {
      go_on(scrape_deadline);
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  if (failure_) std::rethrow_exception(failure_);
  return state_;
}

void KeyScan::go_on(Clock::time_point scrape_deadline) {
  if (!has_patterns()) return;
  const auto run = session_->info(scrape_deadline)->get("run_id");
  if (run != run_) {
    run_ = run;
    state_.last = nullptr;  // another process: what it has is not known yet
    begin_pass();
  }
  const auto start = Clock::now();
  const auto end = start + std::min<Clock::duration>(config_.scan_time, (scrape_deadline - start) / 2);
  const auto passes = state_.passes;
  std::size_t left = config_.scan_budget;
  try {
    while (left > 0 && state_.passes == passes && Clock::now() < end) {
      left -= std::min(left, visit(left, scrape_deadline));
    }
  } catch (const RedisError& error) {
    if (error.code() == "ERR") begin_pass();  // the cursor may be at fault; others, such as BUSY, will pass
    throw;
  }
}

/// One page; gives what it cost. All or nothing of it counts.
std::size_t KeyScan::visit(std::size_t most, Clock::time_point scrape_deadline) {
  const auto database = databases_[at_];
  const auto count = std::min(kPage, most);
  auto replies = ask_keys(*session_, {{database, {"SCAN", cursor_, "COUNT", std::to_string(count)}}}, scrape_deadline);
  auto scanned = parse_scan(std::move(replies.front()));
  const auto visited = scanned.keys.size();
  const auto page = match(database, std::move(scanned.keys));
  add(page, ask_keys(*session_, page.commands, scrape_deadline));
  state_.keys_visited += static_cast<double>(visited);
  cursor_ = std::move(scanned.cursor);
  if (cursor_ == kStart && ++at_ == databases_.size()) end_pass();
  return std::max(count, visited) + page.commands.size();
}

KeyScan::Page KeyScan::match(int database, std::vector<std::string> keys) const {
  Page page;
  page.counts.resize(counts_.size());
  page.groups.resize(groups_.size());
  const auto matches = [&](const Pattern& pattern, const std::string& key) {
    return pattern.database == database && pattern.glob.matches(key);
  };
  for (std::size_t at = 0; at < counts_.size(); ++at) {
    for (const auto& key : keys) page.counts[at] += matches(counts_[at], key) ? 1 : 0;
  }
  for (std::size_t at = 0; at < groups_.size(); ++at) {
    Page::Weighed weighed{at};
    for (const auto& key : keys) {
      if (!matches(groups_[at], key)) continue;
      ++weighed.keys;
      if (!config_.groups[at].memory || weighed.asked == kWeighed) continue;
      page.commands.push_back({database, {"MEMORY", "USAGE", key}});
      ++weighed.asked;
    }
    page.groups[at] = weighed.keys;
    if (weighed.asked > 0) page.weighed.push_back(weighed);
  }
  for (auto& key : keys) {
    if (std::none_of(streams_.begin(), streams_.end(), [&](const auto& one) { return matches(one, key); })) continue;
    KeyName stream{database, std::move(key)};
    if (!takes_stream(stream)) {
      ++page.streams_left_out;
      continue;
    }
    page.commands.push_back({database, {"TYPE", stream.key}});
    page.streams.push_back(std::move(stream));
  }
  return page;
}

/// Whether there is room for it, or for it instead of one behind it in the order of names.
bool KeyScan::takes_stream(const KeyName& stream) const {
  return totals_.streams.size() < config_.max_streams || !(*totals_.streams.rbegin() < stream);
}

void KeyScan::add(const Page& page, const std::vector<Reply>& replies) {
  for (std::size_t at = 0; at < page.counts.size(); ++at) totals_.counts[at] += page.counts[at];
  for (std::size_t at = 0; at < page.groups.size(); ++at) totals_.groups[at].keys += page.groups[at];
  std::size_t reply = 0;
  for (const auto& weighed : page.weighed) {
    double bytes = 0;
    double answered = 0;
    for (std::size_t asked = 0; asked < weighed.asked; ++asked, ++reply) {
      if (replies[reply].type != Reply::Type::integer) continue;  // it is gone
      bytes += static_cast<double>(replies[reply].integer);
      ++answered;
    }
    if (answered == 0) continue;
    totals_.groups[weighed.group].bytes += bytes / answered * weighed.keys;
    totals_.groups[weighed.group].weighed += weighed.keys;
  }
  for (const auto& stream : page.streams) {
    if (replies[reply++].text == "stream") add_stream(stream);
  }
  totals_.streams_left_out += page.streams_left_out;
}

void KeyScan::add_stream(KeyName stream) {
  totals_.streams.insert(std::move(stream));
  if (totals_.streams.size() <= config_.max_streams) return;
  totals_.streams.erase(std::prev(totals_.streams.end()));
  ++totals_.streams_left_out;
}

void KeyScan::begin_pass() {
  totals_ = {};
  totals_.counts.resize(counts_.size());
  totals_.groups.resize(groups_.size());
  at_ = 0;
  cursor_ = kStart;
}

void KeyScan::end_pass() {
  state_.last = std::make_shared<const KeyTotals>(std::move(totals_));
  state_.finished = Clock::now();
  ++state_.passes;
  begin_pass();
}

}  // namespace binnacle::cache
