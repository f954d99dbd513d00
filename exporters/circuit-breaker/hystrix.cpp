// SPDX-License-Identifier: Apache-2.0
#include "hystrix.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/strict_yaml.h"
#include "http_client.h"
#include "hystrix_events.h"
#include "sse.h"

namespace binnacle::breaker {

namespace {

using namespace std::chrono_literals;

constexpr auto kStretch = 1s;         // of the stream that one poll reads
constexpr auto kReturnMargin = 50ms;  // before the deadline
constexpr auto kForgotten = 60s;      // after which a breaker that the stream tells nothing of is no more
/// More than the exporter takes by default; the rest of a stream of ever new names costs no memory.
constexpr std::size_t kMostBreakers = 20'000;

/// What the stream told of one breaker.
struct Command {
  struct Change {
    BreakerState state;
    Clock::time_point when;
  };
  Observation last;
  std::vector<Change> changes{};  // since the last poll
  Clock::time_point seen;
};

/// One connection's worth of a stream.
class Stream {
 public:
  explicit Stream(const HystrixSettings& settings)
      : http_(settings.http), query_(settings.query.empty() ? "" : "?" + settings.query), heard_(Clock::now()) {}

  void read(const PollContext& context) {
    const auto until = std::min<Clock::time_point>(Clock::now() + kStretch, context.deadline - kReturnMargin);
    http_.stream(
        query_, until,
        [this](std::string_view bytes) {
          // A line that never ends is no sign of life.
          if (bytes.find_first_of("\r\n") != std::string_view::npos) heard_ = Clock::now();
          parser_.feed(bytes, [this](const auto& event) { take(event); });
          return true;
        },
        context);
  }

  [[nodiscard]] Clock::duration silence() const { return Clock::now() - heard_; }

  Reading breakers() {
    const auto now = Clock::now();
    Reading reading;
    for (auto it = commands_.begin(); it != commands_.end();) {
      auto& command = it->second;
      if (now - command.seen > kForgotten) {
        it = commands_.erase(it);
        continue;
      }
      auto breaker = command.last;
      if (!command.changes.empty()) breaker.path.clear();
      for (const auto& change : command.changes) breaker.path.push_back({change.state, now - change.when});
      command.changes.clear();
      reading.breakers.push_back(std::move(breaker));
      ++it;
    }
    return reading;
  }

 private:
  void take(const SseEvent& event) {
    if (!event.data.starts_with('{')) return;
    auto breaker = parse_hystrix_event(event.data);
    if (!breaker) return;
    auto found = commands_.find(breaker->id.breaker);
    const auto now = Clock::now();
    if (found == commands_.end()) {
      if (commands_.size() == kMostBreakers) return;
      auto name = breaker->id.breaker;
      const Command::Change first{breaker->path.back().state, now};
      commands_.emplace(std::move(name), Command{*std::move(breaker), {first}, now});
      return;
    }
    auto& command = found->second;
    const auto state = breaker->path.back().state;
    if (state != command.last.path.back().state) command.changes.push_back({state, now});
    command.last = *std::move(breaker);
    command.seen = now;
  }

  HttpClient http_;
  const std::string query_;
  SseParser parser_;
  std::map<std::string, Command, std::less<>> commands_;
  Clock::time_point heard_;
};

class HystrixSource final : public Source {
 public:
  explicit HystrixSource(HystrixSettings settings) : settings_(std::move(settings)) {}

  Reading poll(const PollContext& context) override {
    if (!stream_) stream_ = std::make_unique<Stream>(settings_);
    try {
      stream_->read(context);
      if (stream_->silence() > settings_.silence) {
        throw SourceError(Failure::timeout, "the stream was silent for too long");
      }
    } catch (...) {
      stream_.reset();
      throw;
    }
    return stream_->breakers();
  }

 private:
  const HystrixSettings settings_;
  std::unique_ptr<Stream> stream_;  // null when there is no connection
};

void check_query(std::string_view query) {
  const auto odd = [](char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f' || byte == '#'; };
  if (std::any_of(query.begin(), query.end(), odd)) {
    throw std::runtime_error("expected a query without blanks, such as cluster=orders");
  }
}

}  // namespace

HystrixSettings hystrix_from_address(const std::string& address) {
  HystrixSettings settings;
  const auto mark = address.find('?');
  settings.http.url = parse_url(std::string_view{address}.substr(0, mark));
  if (mark != std::string::npos) settings.query = address.substr(mark + 1);
  check_query(settings.query);
  return settings;
}

HystrixSettings parse_hystrix(YamlMap& source, const CredentialModules& modules) {
  HystrixSettings settings;
  settings.http = parse_http_settings(source, modules);
  settings.query = source.text("query").value_or("");
  try {
    check_query(settings.query);
  } catch (const std::runtime_error& error) {
    throw source.error("query", error.what());
  }
  settings.silence = source.duration("silence").value_or(settings.silence);
  if (settings.silence.count() <= 0) throw source.error("silence", "expected more than 0");
  return settings;
}

std::unique_ptr<Source> make_source(const HystrixSettings& settings) {
  return std::make_unique<HystrixSource>(settings);
}

}  // namespace binnacle::breaker
