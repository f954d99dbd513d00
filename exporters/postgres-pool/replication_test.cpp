// SPDX-License-Identifier: Apache-2.0
#include "replication.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

constexpr const char* kHeader =
    "in_recovery|wal_lsn|receive_lsn|replay_lsn|replay_paused|replayed_at|replay_age|sent_at|received_at|end_at|pid|"
    "status|receive_start_lsn|receive_start_tli|written_lsn|flushed_lsn|received_tli|latest_end_lsn|slot_name|"
    "sender_host\n";

Output replication_of(const std::string& line) {
  Output out;
  add_replication(rows_of(kHeader + line + "\n"), out);
  return out;
}

std::optional<double> fact(const Output& out) {
  if (out.facts.empty()) return std::nullopt;
  CHECK(out.facts.size() == 1);
  CHECK(out.facts[0].name == "replication_lag_seconds");
  return out.facts[0].value;
}

const std::string kReceiver =
    "|1700000050.5|1700000051|1700000040|77|streaming|0/3000000|1|0/3000060|0/3000050|1|0/3000060|slot_a|10.0.0.1";
const std::string kNoReceiver = "|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N";

}  // namespace

TEST_CASE("a primary has a position and no lag", "[replication]") {
  const auto out = replication_of("f|1/10|\\N|\\N|\\N|\\N|\\N" + kNoReceiver);
  CHECK(value_of(out, "pg_replication_lag_seconds") == 0);
  CHECK(value_of(out, "pg_wal_lsn_bytes") == 0x100000010);
  CHECK(out.families.series() == 2);
  CHECK_FALSE(fact(out));
}

TEST_CASE("a replica that lags", "[replication]") {
  const auto out = replication_of("t|\\N|0/3000060|0/3000050|t|1700000000.25|12.5" + kReceiver);
  CHECK(value_of(out, "pg_replication_lag_seconds") == 12.5);
  CHECK(value_of(out, "pg_replication_last_replay_seconds") == 12.5);
  CHECK(value_of(out, "pg_replication_last_replay_timestamp_seconds") == 1'700'000'000.25);
  CHECK(value_of(out, "pg_replication_receive_lsn_bytes") == 0x3000060);
  CHECK(value_of(out, "pg_replication_replay_lsn_bytes") == 0x3000050);
  CHECK(value_of(out, "pg_replication_replay_lag_bytes") == 16);
  CHECK(value_of(out, "pg_replication_replay_paused") == 1);
  CHECK(value_of(out, "pg_replication_wal_receiver_streaming") == 1);
  CHECK(fact(out) == 12.5);
}

TEST_CASE("a replica that has replayed all has no lag, however long ago that was", "[replication]") {
  const auto out = replication_of("t|\\N|0/3000060|0/3000060|f|1700000000|3600" + kReceiver);
  CHECK(value_of(out, "pg_replication_lag_seconds") == 0);
  CHECK(value_of(out, "pg_replication_last_replay_seconds") == 3600);
  CHECK(fact(out) == 0);
}

TEST_CASE("without a stream the age of the data counts for health", "[replication]") {
  const auto out = replication_of("t|\\N|0/3000060|0/3000060|f|1700000000|3600" + kNoReceiver);
  CHECK(value_of(out, "pg_replication_lag_seconds") == 0);
  CHECK(value_of(out, "pg_replication_wal_receiver_streaming") == 0);
  CHECK(series_of(out, "pg_stat_wal_receiver_flushed_lsn") == 0);
  CHECK(fact(out) == 3600);
}

TEST_CASE("a replica fed from an archive, and one that replayed nothing yet", "[replication]") {
  CHECK(value_of(replication_of("t|\\N|\\N|0/3000060|f|1700000000|60" + kNoReceiver), "pg_replication_lag_seconds") ==
        60);
  const auto fresh = replication_of("t|\\N|0/3000060|0/3000050|f|\\N|\\N" + kReceiver);
  CHECK(series_of(fresh, "pg_replication_lag_seconds") == 0);
  CHECK(value_of(fresh, "pg_replication_replay_lag_bytes") == 16);
  CHECK_FALSE(fact(fresh));
  // The clocks of the two machines differ.
  CHECK(value_of(replication_of("t|\\N|0/2|0/1|f|1|-0.5" + kReceiver), "pg_replication_last_replay_seconds") == 0);
}

TEST_CASE("the WAL receiver", "[replication]") {
  const auto out = replication_of("t|\\N|0/3000060|0/3000050|f|1700000000|1" + kReceiver);
  const std::vector<std::pair<std::string, std::string>> labels{
      {"upstream_host", "10.0.0.1"}, {"slot_name", "slot_a"}, {"status", "streaming"}};
  CHECK(value_of(out, "pg_stat_wal_receiver_receive_start_lsn", labels) == 0x3000000);
  CHECK(value_of(out, "pg_stat_wal_receiver_receive_start_tli", labels) == 1);
  CHECK(value_of(out, "pg_stat_wal_receiver_flushed_lsn", labels) == 0x3000050);
  CHECK(value_of(out, "pg_stat_wal_receiver_received_tli", labels) == 1);
  CHECK(value_of(out, "pg_stat_wal_receiver_last_msg_send_time", labels) == 1'700'000'050.5);
  CHECK(value_of(out, "pg_stat_wal_receiver_last_msg_receipt_time", labels) == 1'700'000'051);
  CHECK(value_of(out, "pg_stat_wal_receiver_latest_end_lsn", labels) == 0x3000060);
  CHECK(value_of(out, "pg_stat_wal_receiver_latest_end_time", labels) == 1'700'000'040);
}

TEST_CASE("a WAL receiver that this role may not see is not said to be broken", "[replication]") {
  const auto out =
      replication_of("t|\\N|0/3000060|0/3000050|f|1700000000|60|\\N|\\N|\\N|77|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N");
  CHECK(value_of(out, "pg_replication_lag_seconds") == 60);
  CHECK(series_of(out, "pg_replication_wal_receiver_streaming") == 0);
  CHECK_FALSE(fact(out));
}

TEST_CASE("PostgreSQL 12 calls the synced position received", "[replication]") {
  Output out;
  add_replication(rows_of("in_recovery|status|slot_name|sender_host|received_lsn\nt|streaming|\\N|db1|0/10\n"), out);
  CHECK(value_of(out, "pg_stat_wal_receiver_flushed_lsn",
                 {{"upstream_host", "db1"}, {"slot_name", ""}, {"status", "streaming"}}) == 16);
}

TEST_CASE("an answer without a row says nothing", "[replication]") {
  Output out;
  add_replication(rows_of("in_recovery\n"), out);
  add_replication(rows_of("in_recovery\n\\N\n"), out);
  CHECK(out.families.series() == 0);
}
