// SPDX-License-Identifier: Apache-2.0
#include "clients.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

enum Type : std::size_t { kNormal, kPubsub, kReplica, kPrimary };
constexpr std::array kTypes{"normal", "pubsub", "replica", "primary"};

struct Totals {
  double clients = 0;
  double output = 0;
  double largest_output = 0;
  double query = 0;
  double memory = 0;
  double longest_idle = 0;
  double oldest = 0;
};

/// The value of `key` in "id=3 addr=10.0.0.1:6379 name= age=12"; empty where it is absent.
std::string_view value_of(std::string_view line, std::string_view key) {
  while (!line.empty()) {
    auto word = next_field(line);
    if (word.empty()) return {};
    if (take_until(word, '=') == key) return word;
  }
  return {};
}

double number_of(std::string_view line, std::string_view key) {
  return static_cast<double>(to_u64(value_of(line, key)).value_or(0));
}

Type type_of(std::string_view line) {
  const auto flags = value_of(line, "flags");
  if (flags.find('M') != std::string_view::npos) return kPrimary;
  if (flags.find('S') != std::string_view::npos) return kReplica;
  return flags.find('P') != std::string_view::npos ? kPubsub : kNormal;
}

void count(std::string_view line, Totals& totals) {
  totals.clients += 1;
  const double output = number_of(line, "omem");
  totals.output += output;
  totals.largest_output = std::max(totals.largest_output, output);
  totals.query += number_of(line, "qbuf");
  totals.memory += number_of(line, "tot-mem");
  totals.longest_idle = std::max(totals.longest_idle, number_of(line, "idle"));
  totals.oldest = std::max(totals.oldest, number_of(line, "age"));
}

class Clients final : public Collector {
 public:
  explicit Clients(const RedisParts& parts) : session_(parts.session) {}
  void collect(const ScrapeContext& scrape, Output& out) override {
    add_clients(session_->ask({"CLIENT", "LIST"}, scrape.deadline).text, out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
};

}  // namespace

void add_clients(std::string_view list, Families& families) {
  std::array<Totals, kTypes.size()> all{};
  while (const auto line = next_line(list)) {
    if (line->starts_with("id=")) count(*line, all[type_of(*line)]);
  }
  struct Row {
    const char* metric;
    const char* help;
    double Totals::*value;
  };
  constexpr Row kRows[] = {
      {"redis_clients", "Connections by type; our own is one of the normal ones.", &Totals::clients},
      {"redis_clients_output_buffer_bytes", "Memory of output buffers, by type of client.", &Totals::output},
      {"redis_clients_output_buffer_max_bytes", "The largest output buffer, by type of client.",
       &Totals::largest_output},
      {"redis_clients_query_buffer_bytes", "What is in query buffers, by type of client.", &Totals::query},
      {"redis_clients_memory_bytes", "Memory in all, by type of client.", &Totals::memory},
      {"redis_clients_idle_max_seconds", "How long the most idle one has been so, by type of client.",
       &Totals::longest_idle},
      {"redis_clients_age_max_seconds", "How old the oldest connection is, by type of client.", &Totals::oldest},
  };
  for (const auto& row : kRows) {
    auto family = families.gauge(row.metric, row.help);
    for (std::size_t type = 0; type < all.size(); ++type) {
      if (all[type].clients > 0 || row.value == &Totals::clients)
        family.add({{"type", kTypes[type]}}, all[type].*row.value);
    }
  }
}

std::unique_ptr<Collector> make_clients(const RedisParts& parts) { return std::make_unique<Clients>(parts); }

}  // namespace binnacle::cache
