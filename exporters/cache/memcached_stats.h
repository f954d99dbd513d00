// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::cache {

/// One reply to a `stats` command: names and values, as the server wrote them.
class Stats {
 public:
  void add(std::string_view name, std::string_view value) { values_.insert_or_assign(std::string{name}, value); }

  /// Nothing when the server did not tell it.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// Nothing for what is no number as well. "yes" and "on" are 1, "no" and "off" are 0.
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// Reads lines of the form "STAT name value"; other lines are skipped. The last value of a name stays.
Stats parse_stats(std::string_view reply);

/// The statistics of each slab class, whose names begin with "<prefix><class>:" ("items:5:number", "5:chunk_size").
using ClassStats = std::map<unsigned, Stats>;
ClassStats parse_class_stats(std::string_view reply, std::string_view prefix);

/// What a whole reply to a `stats` command ends with, and how much of `received` belongs to it.
struct ReplyEnd {
  std::size_t size = 0;  ///< 0: more is to come
  bool is_error = false;
  std::string_view body;  ///< the lines before END, or the line of the error
};

/// Looks for the end of the reply at the front of `received`: a line "END", or one that begins with ERROR,
/// CLIENT_ERROR or SERVER_ERROR. `searched` bytes have been looked at before.
ReplyEnd find_stats_end(std::string_view received, std::size_t searched = 0);

}  // namespace binnacle::cache
