// SPDX-License-Identifier: Apache-2.0
#include "redis_breakers.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "core/redis/redis_url.h"
#include "core/strict_yaml.h"
#include "core/text.h"
#include "gobreaker.h"
#include "pybreaker.h"
#include "redis_connection.h"

namespace binnacle::breaker {

namespace {

constexpr std::string_view kGobreaker = "gobreaker:state:";
constexpr std::string_view kPybreaker = "pybreaker:";
constexpr std::string_view kPybreakerState = "pybreaker:state";
constexpr const char* kPage = "1000";      // keys that one SCAN looks at: under a millisecond of the server's time
constexpr std::size_t kPages = 10;         // of a poll, once all keys were looked at
constexpr std::size_t kMostKeys = 20'000;  // of either kind: more than the exporter takes by default
constexpr const char* kStart = "0";        // the cursor, before and after a pass

/// What is read, by the key's name without its end: of pybreaker "" or "NAMESPACE:".
template <class Breaker>
struct Held {
  Breaker breaker;
  bool named = false;  // by the settings: it stays when its key is gone
};

bool is_glob(std::string_view name) { return name.find_first_of("*?[\\") != std::string_view::npos; }

/// Text of a string, nothing where there is no key. `unreadable`: it is of another type, or not ours to read.
std::optional<std::string> text_of(const Reply& reply, bool& unreadable) {
  if (reply.type == Reply::Type::string) return reply.text;
  if (!reply.is_error()) return std::nullopt;
  if (!reply.text.starts_with("WRONGTYPE") && refusal_of(reply.text) != Refusal::other_key) {
    throw redis_failure(reply.text);
  }
  unreadable = true;
  return std::nullopt;
}

class RedisSource final : public Source {
 public:
  explicit RedisSource(RedisSettings settings) : settings_(std::move(settings)) {
    for (const auto& name : settings_.gobreaker) {
      if (is_glob(name)) {
        patterns_.push_back(std::string{kGobreaker} + name);
      } else {
        gobreakers_.insert_or_assign(name, Held<Gobreaker>{{}, true});
      }
    }
    for (const auto& name : settings_.pybreaker) {
      if (is_glob(name)) patterns_.push_back(name + ":" + std::string{kPybreakerState});
      // "*" is all of them, that without a namespace too.
      if (is_glob(name) && name != "*") continue;
      const bool without = name.empty() || name == "*";
      pybreakers_.insert_or_assign(without ? std::string{} : name + ":",
                                   Held<Pybreaker>{Pybreaker{settings_.pybreaker_reset_timeout}, true});
    }
  }

  Reading poll(const PollContext& context) override {
    const bool kept = connection_ != nullptr;
    try {
      return read(context);
    } catch (const ConnectionLost&) {
      connection_.reset();
      if (!kept) throw;  // else the server may have closed it long ago
    } catch (...) {
      connection_.reset();
      throw;
    }
    try {
      return read(context);
    } catch (...) {
      connection_.reset();
      throw;
    }
  }

 private:
  Reading read(const PollContext& context) {
    if (!connection_) connection_ = std::make_unique<RedisConnection>(settings_, context);
    discover(context);
    std::vector<Command> commands;
    commands.reserve(gobreakers_.size() + 3 * pybreakers_.size());
    for (const auto& [name, held] : gobreakers_) commands.push_back({"GET", std::string{kGobreaker} + name});
    for (const auto& [prefix, held] : pybreakers_) {
      for (const auto* const key : {"state", "fail_counter", "opened_at"}) {
        commands.push_back({"GET", prefix + std::string{kPybreaker} + key});
      }
    }
    const auto replies = connection_->ask(commands, context);
    check_access(replies);
    return observe(replies);
  }

  /// Looks through some of the keyspace, and at first through all of it, as far as half of the time goes.
  void discover(const PollContext& context) {
    if (patterns_.empty()) return;
    const auto now = Clock::now();
    const auto end = now + (context.deadline - now) / 2;
    for (std::size_t page = 0; (page < kPages || !complete_) && Clock::now() < end; ++page) {
      auto replies = connection_->ask({{"SCAN", cursor_, "MATCH", patterns_[at_], "COUNT", kPage}}, context);
      auto& reply = replies.front();
      if (reply.is_error()) {
        cursor_ = kStart;
        throw redis_failure(reply.text);
      }
      if (reply.elements.size() != 2 || reply.elements[0].text.empty()) {
        throw SourceError(Failure::bad_reply, "the server's answer to SCAN has no cursor");
      }
      for (const auto& key : reply.elements[1].elements) add_key(key.text);
      cursor_ = reply.elements[0].text;
      if (cursor_ != kStart) continue;
      at_ = (at_ + 1) % patterns_.size();
      if (at_ != 0) continue;
      complete_ = true;
      return;
    }
  }

  void add_key(std::string_view key) {
    if (key.starts_with(kGobreaker)) {
      key.remove_prefix(kGobreaker.size());
      if (!key.empty() && gobreakers_.size() < kMostKeys) gobreakers_.try_emplace(std::string{key});
    } else if (key.ends_with(kPybreakerState) && key != kPybreakerState) {
      key.remove_suffix(kPybreakerState.size());
      if (key.ends_with(':') && pybreakers_.size() < kMostKeys) {
        pybreakers_.try_emplace(std::string{key}, Held<Pybreaker>{Pybreaker{settings_.pybreaker_reset_timeout}});
      }
    }
  }

  /// A user that may read none of the keys sees nothing of the breakers, which is no state of theirs.
  static void check_access(const std::vector<Reply>& replies) {
    const auto forbidden = [](const Reply& reply) {
      return reply.is_error() && refusal_of(reply.text) == Refusal::other_key;
    };
    if (!replies.empty() && std::all_of(replies.begin(), replies.end(), forbidden)) {
      throw redis_failure(replies.front().text);
    }
  }

  Reading observe(const std::vector<Reply>& replies) {
    const auto wall = std::chrono::system_clock::now();
    Reading reading;
    auto reply = replies.begin();
    std::set<std::string_view> names;
    for (auto it = gobreakers_.begin(); it != gobreakers_.end();) {
      auto& [name, held] = *it;
      bool unreadable = false;
      const auto text = text_of(*reply++, unreadable);
      if (!text && !unreadable) {
        it = forget(gobreakers_, it, Gobreaker{});
        continue;
      }
      reading.breakers.push_back(observe_gobreaker(name, held.breaker, text, wall, reading.gaps));
      names.insert(name);
      ++it;
    }
    for (auto it = pybreakers_.begin(); it != pybreakers_.end();) {
      auto& [prefix, held] = *it;
      bool unreadable = false;
      PybreakerKeys keys;
      keys.state = text_of(*reply++, unreadable);
      const bool gone = !keys.state && !unreadable;
      keys.fail_counter = text_of(*reply++, unreadable);
      keys.opened_at = text_of(*reply++, unreadable);
      if (gone) {
        it = forget(pybreakers_, it, Pybreaker{settings_.pybreaker_reset_timeout});
        continue;
      }
      reading.breakers.push_back(held.breaker.observe(pybreaker_name(prefix, names), keys, wall));
      ++it;
    }
    return reading;
  }

  static Observation observe_gobreaker(const std::string& name, Gobreaker& breaker,
                                       const std::optional<std::string>& text, WallTime wall, std::uint64_t& gaps) {
    if (!text) return observed({name, {}}, BreakerState::unknown);
    std::optional<GobreakerState> state;
    try {
      state = parse_gobreaker(*text);
    } catch (const SourceError&) {
      return observed({name, {}}, BreakerState::unknown);  // one bad key must not hide the others
    }
    return breaker.observe(name, *state, wall, gaps);
  }

  /// The namespace; where gobreaker has a breaker of this name, with more of the key.
  static std::string pybreaker_name(const std::string& prefix, const std::set<std::string_view>& taken) {
    auto name = prefix.empty() ? std::string{"pybreaker"} : prefix.substr(0, prefix.size() - 1);
    return taken.count(name) == 0 ? name : name + ":pybreaker";
  }

  /// A key that is gone: what was remembered of it is of no use.
  template <class Map, class Breaker>
  static typename Map::iterator forget(Map& breakers, typename Map::iterator it, Breaker anew) {
    if (!it->second.named) return breakers.erase(it);
    it->second.breaker = std::move(anew);
    return ++it;
  }

  const RedisSettings settings_;
  std::unique_ptr<RedisConnection> connection_;  // null when there is none
  std::vector<std::string> patterns_;            // of keys to look for
  std::size_t at_ = 0;                           // the pattern whose pass is under way
  std::string cursor_ = kStart;
  bool complete_ = false;  // whether all keys were looked at once
  std::map<std::string, Held<Gobreaker>, std::less<>> gobreakers_;
  std::map<std::string, Held<Pybreaker>, std::less<>> pybreakers_;
};

constexpr int kMostDatabases = 1'000'000;

/// The number behind a URL's host; parse_redis_url() has checked the rest.
int database_of(std::string_view text) {
  if (text.find("://") == std::string_view::npos || text.starts_with("unix://")) return 0;
  text = text.substr(0, text.find('?'));
  text.remove_prefix(text.find("://") + 3);
  const auto user = text.rfind('@');  // a password may hold a slash
  if (user != std::string_view::npos) text.remove_prefix(user + 1);
  const auto slash = text.find('/');
  const auto number = slash == std::string_view::npos ? std::nullopt : to_u64(text.substr(slash + 1));
  if (number.value_or(0) > kMostDatabases) throw std::runtime_error("expected a database's number after the port");
  return static_cast<int>(number.value_or(0));
}

}  // namespace

RedisSettings redis_from_address(const std::string& address) {
  auto url = parse_redis_url(address);
  RedisSettings settings;
  settings.address = std::move(url.address);
  settings.credentials = std::move(url.credentials);
  settings.database = database_of(address);
  return settings;
}

RedisSettings parse_redis(YamlMap& source, const CredentialModules& modules) {
  const auto address = source.text("address");
  if (!address) throw source.error("", "expected address: host:port, or the path of a unix socket");
  RedisSettings settings;
  try {
    settings.address = parse_address(*address, kRedisPort);
  } catch (const std::runtime_error& error) {
    throw source.error("address", error.what());
  }
  if (const auto* const credentials = find_credentials(source, modules)) settings.credentials = *credentials;
  const auto database = source.integer("database").value_or(0);
  if (database < 0 || database > kMostDatabases) throw source.error("database", "expected a database's number");
  settings.database = static_cast<int>(database);
  settings.gobreaker = source.texts("gobreaker").value_or(settings.gobreaker);
  settings.pybreaker = source.texts("pybreaker").value_or(settings.pybreaker);
  const auto& names = settings.gobreaker;
  if (std::find(names.begin(), names.end(), "") != names.end()) {
    throw source.error("gobreaker", "expected names of breakers, or globs of them");
  }
  settings.pybreaker_reset_timeout = source.duration("pybreaker_reset_timeout");
  return settings;
}

std::unique_ptr<Source> make_source(const RedisSettings& settings) { return std::make_unique<RedisSource>(settings); }

}  // namespace binnacle::breaker
