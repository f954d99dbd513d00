// SPDX-License-Identifier: Apache-2.0
#include "slow_query_set.h"

#include <algorithm>

#include "core/text.h"

namespace binnacle::pgpool {

namespace {

struct Candidate {
  std::size_t position;
  int rank;  // 0: in and slow, 1: slow, 2: in
  double seconds;
};

}  // namespace

SlowQuerySet::Key SlowQuerySet::key_of(const Row& row) {
  return {std::string{row.text("userid").value_or("")}, std::string{row.text("dbid").value_or("")},
          std::string{row.text("queryid").value_or("")}};
}

std::vector<std::size_t> SlowQuerySet::choose(const Rows& rows, std::size_t limit) {
  std::vector<Candidate> candidates;
  for (std::size_t position = 0; position < rows.size(); ++position) {
    const auto row = rows[position];
    const bool is_in = members_.contains(key_of(row));
    const bool slow = row.flag("slow") == true;
    if (is_in || slow) candidates.push_back({position, slow ? (is_in ? 0 : 1) : 2, row.number("seconds").value_or(0)});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& left, const Candidate& right) {
    return left.rank != right.rank ? left.rank < right.rank : left.seconds > right.seconds;
  });
  candidates.resize(std::min(candidates.size(), limit));
  members_.clear();
  std::vector<std::size_t> chosen;
  for (const auto& candidate : candidates) {
    members_.insert(key_of(rows[candidate.position]));
    chosen.push_back(candidate.position);
  }
  return chosen;
}

std::string SlowQuerySet::ids() const {
  std::string ids;
  for (const auto& member : members_) {
    if (!to_i64(member[2])) continue;
    if (!ids.empty()) ids += ',';
    ids += member[2];
  }
  return ids;
}

}  // namespace binnacle::pgpool
