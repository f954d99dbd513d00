// SPDX-License-Identifier: Apache-2.0
#include "netstat.h"

#include <re2/re2.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/text.h"
#include "device_filter.h"
#include "field_cache.h"
#include "vmstat.h"

namespace binnacle::system {

namespace {

/// What is wanted of a table, for as long as its line of names stays the same.
struct TableColumns {
  std::string protocol;
  std::string names;
  std::vector<KnownField> columns;
};

class NetstatCollector final : public Collector {
 public:
  explicit NetstatCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add(kFields, pattern_text_,
              "Regular expression of the fields of /proc/net/netstat, snmp and snmp6 to export, as Protocol_Name.");
  }

  void start() override { pattern_ = compile_pattern(pattern_text_, std::string{"--"} + kFields); }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    collect_tables("net/netstat", netstat_, out.families);
    collect_tables("net/snmp", snmp_, out.families);
    collect_snmp6(out.families);
  }

 private:
  static constexpr auto* kFields = "collector.netstat.fields";

  [[nodiscard]] KnownField decide(std::string_view key, std::string_view protocol, std::string_view name,
                                  std::string_view file) const {
    const auto field = std::string{protocol} + '_' + std::string{name};
    return {std::string{key}, re2::RE2::PartialMatch(field, *pattern_), "node_netstat_" + field,
            "Field " + std::string{name} + " of " + std::string{protocol} + " in /proc/" + std::string{file} + '.'};
  }

  void collect_tables(std::string_view file, std::vector<TableColumns>& known, Families& families) {
    const auto tables = parse_net_tables(read_file(paths_.proc(file), buffer_), file);
    known.resize(tables.size());
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto& table = tables[i];
      if (known[i].protocol != table.protocol || known[i].names != table.names) known[i] = look_at(table, file);
      add_values(table, known[i].columns, file, families);
    }
  }

  [[nodiscard]] TableColumns look_at(const NetTable& table, std::string_view file) const {
    TableColumns known{std::string{table.protocol}, std::string{table.names}, {}};
    auto names = table.names;
    for (auto name = next_field(names); !name.empty(); name = next_field(names)) {
      known.columns.push_back(decide(name, table.protocol, name, file));
    }
    return known;
  }

  static void add_values(const NetTable& table, const std::vector<KnownField>& columns, std::string_view file,
                         Families& families) {
    auto values = table.values;
    for (const auto& column : columns) {
      const auto field = next_field(values);
      if (!column.wanted && !field.empty()) continue;
      const auto value = to_double(field);
      if (!value) {
        throw std::runtime_error(std::string{file} + ": " +
                                 column.metric.substr(std::string_view{"node_netstat_"}.size()) +
                                 ": expected a number, got " + quoted(field));
      }
      families.untyped(column.metric, column.help).add(*value);
    }
    if (!trim(values).empty()) {
      throw std::runtime_error(std::string{file} + ": " + std::string{table.protocol} + " has more values than names");
    }
  }

  void collect_snmp6(Families& families) {
    // A kernel without IPv6 does not have it.
    constexpr std::string_view file = "net/snmp6";
    const auto text = try_read_file(paths_.proc(file), buffer_);
    if (!text) return;
    const auto fields = parse_named_numbers(*text, file);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& known = snmp6_.at(i, fields[i].name, [&](std::string_view key) {
        // "Udp6InDatagrams" is the field InDatagrams of the protocol Udp6.
        const auto six = key.find('6');
        if (six == std::string_view::npos) return KnownField{std::string{key}, false, {}, {}};
        return decide(key, key.substr(0, six + 1), key.substr(six + 1), file);
      });
      if (known.wanted) families.untyped(known.metric, known.help).add(fields[i].value);
    }
  }

  const Paths& paths_;
  std::string buffer_;
  std::string pattern_text_ =
      "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
      "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
      "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
      "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";
  std::unique_ptr<re2::RE2> pattern_;
  std::vector<TableColumns> netstat_;
  std::vector<TableColumns> snmp_;
  FieldCache snmp6_;
};

}  // namespace

std::vector<NetTable> parse_net_tables(std::string_view text, std::string_view file) {
  std::vector<NetTable> tables;
  while (auto names = next_line(text)) {
    if (trim(*names).empty()) continue;
    auto values = next_line(text).value_or(std::string_view{});
    const auto protocol = trim(take_until(*names, ':'));
    if (protocol.empty() || trim(take_until(values, ':')) != protocol) {
      throw std::runtime_error(std::string{file} + ": " + quoted(protocol) + ": names without a line of values");
    }
    tables.push_back({protocol, *names, values});
  }
  if (tables.empty()) throw std::runtime_error(std::string{file} + ": the file is empty");
  return tables;
}

std::unique_ptr<Collector> make_netstat(const Paths& paths) { return std::make_unique<NetstatCollector>(paths); }

}  // namespace binnacle::system
