// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "key_config.h"
#include "redis_glob.h"
#include "redis_session.h"
#include "turns.h"

namespace binnacle::cache {

/// What a pass over the key space has found.
struct KeyTotals {
  struct Group {
    double keys = 0;
    double weighed = 0;  ///< keys that `bytes` stands for
    double bytes = 0;

    /// What all keys of the group take, by those that were asked; nothing where none could be.
    [[nodiscard]] std::optional<double> memory() const;
  };
  std::vector<double> counts;  ///< by KeysConfig::count
  std::vector<Group> groups;   ///< by KeysConfig::groups
  std::set<KeyName> streams;   ///< those that patterns match, up to the cap: the first in the order of their names
  double streams_left_out = 0;
};

/// Goes over the key space with SCAN, for all patterns of a target at once, a part in each scrape.
///
/// SCAN is asked without MATCH and its keys are matched here: with MATCH each pattern would cost the server a pass of
/// its own. The budget counts the keys that the server looks at, and the further questions about some of them.
class KeyScan {
 public:
  KeyScan(std::shared_ptr<RedisSession> session, KeysConfig config);

  [[nodiscard]] const KeysConfig& config() const { return config_; }
  [[nodiscard]] bool has_patterns() const { return !databases_.empty(); }

  struct State {
    std::shared_ptr<const KeyTotals> last;  ///< of the last whole pass; null before the first ended
    Clock::time_point finished;             ///< when that was
    double passes = 0;
    double keys_visited = 0;
  };
  /// Goes on, once a scrape, whichever collector asks. Throws as ask_keys() does, to all of them.
  State advance(Clock::time_point scrape_deadline);

 private:
  struct Pattern {
    int database;
    RedisGlob glob;
  };
  struct Page;

  void go_on(Clock::time_point scrape_deadline);
  std::size_t visit(std::size_t most, Clock::time_point scrape_deadline);
  Page match(int database, std::vector<std::string> keys) const;
  [[nodiscard]] bool takes_stream(const KeyName& stream) const;
  void add(const Page& page, const std::vector<Reply>& replies);
  void add_stream(KeyName stream);
  void begin_pass();
  void end_pass();

  const std::shared_ptr<RedisSession> session_;
  const KeysConfig config_;
  std::vector<Pattern> counts_;
  std::vector<Pattern> groups_;
  std::vector<Pattern> streams_;
  std::vector<int> databases_;  // in order, each once

  Turns turns_;  // guards what follows
  Clock::time_point scrape_ = Clock::time_point::min();
  std::exception_ptr failure_;  // of this scrape
  State state_;
  std::string run_;  // the server's process
  KeyTotals totals_;
  std::size_t at_ = 0;  // in databases_
  std::string cursor_;
};

}  // namespace binnacle::cache
