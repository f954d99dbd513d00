// SPDX-License-Identifier: Apache-2.0
#include "modules.h"

#include <vector>

#include "info_metrics.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

class Modules final : public Collector {
 public:
  explicit Modules(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    add_modules(*session_->info(scrape.deadline), out.families);
    if (out.families.all().empty()) throw NotApplicable("no module is loaded");
  }

 private:
  const std::shared_ptr<RedisSession> session_;
};

/// "name=search,ver=21005,api=1,filters=0,usedby=[],using=[ReJSON],options=[]"
void add_module(std::string_view value, Families& families) {
  std::vector<LabelView> labels;
  for (const auto* const part : {"name", "ver", "api", "filters", "usedby", "using"}) {
    labels.emplace_back(part, part_of(value, part).value_or(""));
  }
  if (labels.front().second.empty()) return;
  families.gauge("redis_module_info", "A module that is loaded; always 1.").add(labels, 1);
}

}  // namespace

void add_modules(const Info& info, Families& families) {
  for (const auto& field : info.fields()) {
    if (field.key == "module") {
      add_module(field.value, families);
    } else if (const auto* const metric = find_module_metric(field.key)) {
      add_info_metric(*metric, field.value, families);
    }
  }
}

std::unique_ptr<Collector> make_modules(const RedisParts& parts) { return std::make_unique<Modules>(parts); }

}  // namespace binnacle::cache
