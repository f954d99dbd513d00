// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "rows.h"

namespace binnacle::pgpool {

/// Which statements are exported. Who is in stays in, so that counters do not come and go from scrape to scrape: until
/// the server has forgotten the statement, or it is slow no more and its place is wanted.
class SlowQuerySet {
 public:
  /// Takes the rows of the statements that are in or that are slow (userid, dbid, queryid, seconds, slow) and returns
  /// the positions of those that are in now, at most `limit`. Of newcomers, those that took the most time come first.
  std::vector<std::size_t> choose(const Rows& rows, std::size_t limit);

  /// The query ids of those that are in, with commas between: numbers, safe in SQL.
  [[nodiscard]] std::string ids() const;

 private:
  using Key = std::array<std::string, 3>;  // userid, dbid, queryid
  static Key key_of(const Row& row);
  std::set<Key> members_;
};

}  // namespace binnacle::pgpool
