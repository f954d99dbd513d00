// SPDX-License-Identifier: Apache-2.0
#include "top_collector.h"

#include "core/text.h"

namespace binnacle::pgpool {

void TopCollector::collect(const ScrapeContext& scrape, Output& out) {
  const auto rows = session_->query(top_.sql(limit_, members_), scrape.deadline);
  top_.add(rows, out.families);
  members_ = members_of(rows, top_.member_column);
}

std::string members_of(const Rows& rows, std::string_view column) {
  std::string members = "{";
  for (const auto row : rows) {
    const auto number = to_i64(row.text(column).value_or(""));  // only numbers ever reach a statement's text
    if (!number) continue;
    if (members.size() > 1) members += ',';
    members += std::to_string(*number);
  }
  return members + "}";
}

}  // namespace binnacle::pgpool
