// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/collector.h"
#include "session.h"

namespace binnacle::pgpool {

/// A collector of the first rows of a long list. Who is in the list's last answer is told to the next statement.
class TopCollector final : public Collector {
 public:
  struct Top {
    std::string (*sql)(int limit, const std::string& members);
    void (*add)(const Rows& rows, Families& families);
    std::string_view member_column;  ///< numbers
  };

  TopCollector(std::shared_ptr<Session> session, Top top, const int& limit)
      : session_(std::move(session)), top_(top), limit_(limit) {}

  void collect(const ScrapeContext& scrape, Output& out) override;

 private:
  const std::shared_ptr<Session> session_;
  const Top top_;
  const int& limit_;  // a flag's: outlives all collectors
  std::string members_ = "{}";
};

/// An array literal of the numbers in a column: {1,2,3}.
std::string members_of(const Rows& rows, std::string_view column);

}  // namespace binnacle::pgpool
