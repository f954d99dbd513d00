// SPDX-License-Identifier: Apache-2.0
#include "haproxy_csv.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/text.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

enum Column : std::size_t {
  pxname,
  svname,
  type,
  status,
  agent_status,
  tracked,
  throttle,
  check_rise,
  chkfail,
  chkdown,
  lastchg,
  downtime,
  stot,
  hrsp_1xx,
  hrsp_2xx,
  hrsp_3xx,
  hrsp_4xx,
  hrsp_other,
  hrsp_5xx,
  econ,
  eresp,
  wredis,
  column_count
};
constexpr std::array<std::string_view, column_count> kColumns{
    "pxname",   "svname",     "type",     "status",   "agent_status", "tracked",  "throttle", "check_rise",
    "chkfail",  "chkdown",    "lastchg",  "downtime", "stot",         "hrsp_1xx", "hrsp_2xx", "hrsp_3xx",
    "hrsp_4xx", "hrsp_other", "hrsp_5xx", "econ",     "eresp",        "wredis"};
constexpr std::size_t kRequired = agent_status;  // the columns before this one are in every version
constexpr std::array kGoodAnswers{hrsp_1xx, hrsp_2xx, hrsp_3xx, hrsp_4xx, hrsp_other};

/// The fields of the columns that we read, of one line.
using Fields = std::array<std::string, column_count>;

[[noreturn]] void fail(const std::string& what) { throw SourceError(Failure::bad_reply, what); }

/// Takes a field in quotes, in which a quote is doubled, off the front of `rest`, and appends it to `field`.
void take_quoted(std::string_view& rest, std::string& field) {
  rest.remove_prefix(1);
  for (;;) {
    const auto quote = rest.find('"');
    if (quote == std::string_view::npos) fail("a field in quotes has no end");
    field += rest.substr(0, quote);
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with('"')) return;
    field += '"';
    rest.remove_prefix(1);
  }
}

/// Takes the next field, and what ends it, off the front of `rest`. True: it was the last of its line.
bool take_field(std::string_view& rest, std::string& field) {
  field.clear();
  if (rest.starts_with('"')) take_quoted(rest, field);
  // Most of the time goes here, and std::string_view::find_first_of would take half as long again.
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != ',' && rest[end] != '\n') ++end;
  if (end == rest.size()) fail("the reply ends within a line");
  field += rest.substr(0, end);
  const bool is_last = rest[end] == '\n';
  rest.remove_prefix(end + 1);
  if (is_last && field.ends_with('\r')) field.pop_back();
  return is_last;
}

/// By the place of a field in its line, the column: column_count where we do not read it.
std::vector<std::size_t> take_header(std::string_view& rest) {
  constexpr std::string_view kMark = "# ";
  if (!rest.starts_with(kMark)) {
    auto text = rest;
    const auto line = next_line(text);
    fail("expected the header of HAProxy's statistics, got " + (line ? quoted(*line) : "nothing"));
  }
  rest.remove_prefix(kMark.size());
  std::vector<std::size_t> columns;
  std::string name;
  for (bool is_last = false; !is_last;) {
    is_last = take_field(rest, name);
    const auto found = static_cast<std::size_t>(std::find(kColumns.begin(), kColumns.end(), name) - kColumns.begin());
    const bool again = std::find(columns.begin(), columns.end(), found) != columns.end();
    columns.push_back(again ? column_count : found);
  }
  for (std::size_t column = 0; column < kRequired; ++column) {
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      fail("the header of HAProxy's statistics has no " + std::string{kColumns[column]});
    }
  }
  // What follows the last column that we read may be missing.
  while (columns.back() == column_count) columns.pop_back();
  return columns;
}

/// Takes a line off the front of `rest`.
void take_line(std::string_view& rest, const std::vector<std::size_t>& columns, Fields& fields) {
  std::string unread;
  std::size_t place = 0;
  for (bool is_last = false; !is_last; ++place) {
    const auto column = place < columns.size() ? columns[place] : column_count;
    is_last = take_field(rest, column == column_count ? unread : fields[column]);
  }
  if (place < columns.size()) fail("a line has " + std::to_string(place) + " fields, which is too few");
}

HaproxyServer server_of(const Fields& fields) {
  HaproxyServer server;
  server.id = {fields[pxname], fields[svname]};
  server.status = fields[status];
  server.agent_status = fields[agent_status];
  server.tracked = fields[tracked];
  server.starts_slowly = !fields[throttle].empty();
  server.check_rise = to_u64(fields[check_rise]);
  server.chkfail = to_u64(fields[chkfail]);
  server.chkdown = to_u64(fields[chkdown]);
  server.lastchg = to_u64(fields[lastchg]);
  server.downtime = to_u64(fields[downtime]);
  server.stot = to_u64(fields[stot]);
  for (const auto column : kGoodAnswers) {
    if (const auto count = to_u64(fields[column])) server.good_answers = server.good_answers.value_or(0) + *count;
  }
  server.hrsp_5xx = to_u64(fields[hrsp_5xx]);
  server.econ = to_u64(fields[econ]);
  server.eresp = to_u64(fields[eresp]);
  server.wredis = to_u64(fields[wredis]);
  return server;
}

}  // namespace

std::vector<HaproxyServer> parse_haproxy_csv(std::string_view csv) {
  const auto columns = take_header(csv);
  std::vector<HaproxyServer> servers;
  Fields fields;
  while (!csv.empty()) {
    if (csv.front() == '\n' || csv.front() == '\r') {  // the end of what a socket answers
      csv.remove_prefix(1);
      continue;
    }
    take_line(csv, columns, fields);
    constexpr std::string_view kServer = "2";
    if (fields[type] == kServer) servers.push_back(server_of(fields));
  }
  return servers;
}

}  // namespace binnacle::breaker
