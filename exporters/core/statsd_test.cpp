// SPDX-License-Identifier: Apache-2.0
#include "statsd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "captured_stderr.h"
#include "statsd_collector.h"
#include "statsd_test_sink.h"
#include "strict_yaml.h"
#include "test_families.h"
#include "test_folder.h"
#include "test_loopback.h"

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

/// Waits until it holds; a minute is more than any test that passes needs.
bool wait_for(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

template <typename Address>
bool send_to(const Address& address, int family, const std::string& packet) {
  const UniqueFd fd{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto* to = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  return ::sendto(fd.get(), packet.data(), packet.size(), 0, to, sizeof address) == static_cast<ssize_t>(packet.size());
}

/// `bound` is as Statsd::bound_to() has it.
bool send(const std::string& bound, const std::string& packet) {
  if (bound.starts_with("unixgram://")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    bound.substr(11).copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    return send_to(address, AF_UNIX, packet);
  }
  const auto port = htons(static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1))));
  if (bound.starts_with("udp://[")) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = port;
    address.sin6_addr = in6addr_loopback;
    return send_to(address, AF_INET6, packet);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return send_to(address, AF_INET, packet);
}

void load(Statsd& statsd, const std::string& listen, const std::string& more = {}) {
  auto yaml = YamlMap::from_text("statsd: {unmapped: keep, listen: [" + listen + "]" + more + "}", "c.yml");
  statsd.load(yaml).apply();
}

double value(Statsd& statsd, const std::string& name) {
  StatsdSnapshot snapshot;
  statsd.snapshot(snapshot);
  Families families;
  add_statsd_series(snapshot, families);
  return value_of(families, name).value_or(-1);
}

const std::string kUdp = "'udp://127.0.0.1:0'";

}  // namespace

TEST_CASE("metrics come over UDP and over a unix socket", "[statsd]") {
  const CapturedStderr quiet;
  const TestFolder folder;
  const std::string path = folder.path("s.sock");
  Statsd statsd;
  load(statsd, kUdp + ", 'unixgram://" + path + "'" + (loopback_has_ipv6() ? ", '[::1]:0'" : ""));
  CHECK(statsd.bound_to().empty());
  statsd.start();
  const auto bound = statsd.bound_to();
  for (const auto& address : bound) {
    INFO(address);
    CHECK(send(address, "hits:1|c\nhits:2|c"));
    CHECK(send(address, "hits:3|c"));
  }
  const auto expected = 6.0 * static_cast<double>(bound.size());
  CHECK(wait_for([&] { return value(statsd, "hits") == expected; }));
  for (const auto& socket : statsd.sockets()) {
    INFO(socket.address);
    CHECK(socket.packets == 2);
    CHECK(socket.bytes == 25);
    CHECK(socket.oversized == 0);
    CHECK(socket.errors == 0);
    CHECK(socket.receive_buffer > 0);
  }
  CHECK(statsd.counts().metrics == 3 * bound.size());
}

TEST_CASE("a stale unix socket is replaced, and nothing else", "[statsd]") {
  const TestFolder folder;
  const std::string path = folder.path("s.sock");
  const std::string text = "unixgram://" + path;
  const auto exists = [&] {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
  };
  {  // as a process that was killed leaves it
    const UniqueFd dead{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    REQUIRE(::bind(dead.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address) == 0);
  }
  REQUIRE(exists());
  {
    StatsdSocket socket{parse_statsd_address(text), 65536};
    CHECK_THROWS_WITH((StatsdSocket{parse_statsd_address(text), 65536}), Catch::Contains("in use"));
    CHECK(exists());
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0666U);
  }
  CHECK_FALSE(exists());
  folder.write("s.sock", "a file");
  CHECK_THROWS_WITH((StatsdSocket{parse_statsd_address(text), 65536}), Catch::Contains("is no socket"));
  CHECK(exists());
  CHECK_THROWS_WITH((StatsdSocket{parse_statsd_address("unixgram://" + folder.path("none/s.sock")), 65536}),
                    Catch::Contains("cannot listen on"));
}

TEST_CASE("an address in use is one clear line", "[statsd]") {
  StatsdSocket socket{parse_statsd_address("127.0.0.1:0"), 65536};
  const auto bound = socket.bound_to();
  CHECK_THROWS_WITH((StatsdSocket{parse_statsd_address(bound), 65536}),
                    "cannot listen on " + bound + ": Address already in use");
}

TEST_CASE("packets that the kernel throws away are counted without a later packet", "[statsd]") {
  StatsdSocket socket{parse_statsd_address("127.0.0.1:0"), 4096};
  const auto before = socket.kernel_drops();
  if (!before) {
    WARN("this kernel does not tell how many packets it drops");
    return;
  }
  CHECK(*before == 0);
  constexpr int kSent = 500;
  for (int i = 0; i < kSent; ++i) REQUIRE(send(socket.bound_to(), "a:1|c"));
  int kept = 0;
  std::array<char, 64> packet{};
  while (::recv(socket.fd(), packet.data(), packet.size(), MSG_DONTWAIT) > 0) ++kept;
  CHECK(kept > 0);
  CHECK(kept < kSent);
  CHECK(*socket.kernel_drops() == static_cast<std::uint64_t>(kSent - kept));
  CHECK(*socket.kernel_drops() == static_cast<std::uint64_t>(kSent - kept));
}

TEST_CASE("a packet that is too long is counted, and its whole lines are taken", "[statsd]") {
  const CapturedStderr quiet;
  const TestFolder folder;
  Statsd statsd;
  load(statsd, "'unixgram://" + folder.path("s.sock") + "'");
  statsd.start();
  std::string packet;
  constexpr std::size_t kLimit = 65536;
  int whole = 0;
  while (packet.size() < 80'000) {
    packet += "hits:1|c\n";
    if (packet.size() <= kLimit) ++whole;
  }
  REQUIRE(send(statsd.bound_to().at(0), packet));
  CHECK(wait_for([&] { return value(statsd, "hits") == whole; }));
  CHECK(wait_for([&] { return statsd.sockets().at(0).oversized == 1; }));
  CHECK(statsd.counts().errors == decltype(StatsdCounts::errors){});
}

TEST_CASE("a reload opens and closes sockets, and keeps what is open", "[statsd]") {
  const TestFolder folder;
  const auto path = folder.path("s.sock");
  const auto unix_address = "'unixgram://" + path + "'";
  const CapturedStderr quiet;
  Statsd statsd;
  load(statsd, kUdp);
  statsd.start();
  const auto udp = statsd.bound_to().at(0);
  REQUIRE(send(udp, "hits:1|c"));
  load(statsd, kUdp + "," + unix_address, ", receive_buffer: 8192");
  REQUIRE(statsd.bound_to().size() == 2);
  CHECK(statsd.bound_to().at(0) == udp);
  CHECK(statsd.sockets().at(0).receive_buffer < 100'000);
  REQUIRE(send(udp, "hits:1|c"));
  REQUIRE(send("unixgram://" + path, "hits:1|c"));
  CHECK(wait_for([&] { return value(statsd, "hits") == 3; }));
  CHECK(statsd.counts().metrics == 3);

  // What cannot be bound changes nothing.
  folder.write("file", "");
  CHECK_THROWS_WITH(load(statsd, "'unixgram://" + folder.path("file") + "'"), Catch::Contains("is no socket"));
  CHECK(statsd.bound_to().size() == 2);
  REQUIRE(send(udp, "hits:1|c"));
  CHECK(wait_for([&] { return value(statsd, "hits") == 4; }));

  load(statsd, unix_address);
  CHECK(statsd.bound_to() == std::vector<std::string>{"unixgram://" + path});
  load(statsd, "");
  CHECK(statsd.bound_to().empty());
  struct stat info {};
  CHECK(::lstat(path.c_str(), &info) != 0);
}

TEST_CASE("addresses by flag stand beside the config's", "[statsd]") {
  const CapturedStderr quiet;
  Statsd statsd;
  auto yaml = YamlMap::from_text("statsd: {listen: ['127.0.0.1:0']}", "c.yml");
  statsd.load(yaml, {"127.0.0.1:0", "udp://127.0.0.1:0"}).apply();
  statsd.start();
  CHECK(statsd.bound_to().size() == 2);
  CHECK_THROWS_WITH(statsd.load(yaml, {"x"}), Catch::Contains("the port is missing"));
}

TEST_CASE("an observer gets everything, and the store its metrics", "[statsd]") {
  const CapturedStderr quiet;
  TestSink observer;
  {
    Statsd statsd{{}, &observer};
    load(statsd, kUdp);
    statsd.start();
    REQUIRE(send(statsd.bound_to().at(0), "hits:1|c\n_sc|a|2\n_e{1,1}:a|b"));
    CHECK(wait_for([&] { return statsd.counts().events == 1; }));
    CHECK(value(statsd, "hits") == 1);
  }
  CHECK(observer.seen == std::vector<std::string>{"counter hits 1", "check a 2 host= tags= message=",
                                                  "event title=a text=b type= host= tags="});
}

TEST_CASE("what an observer owns is nothing to the store", "[statsd]") {
  class Owner final : public TestSink {
   public:
    [[nodiscard]] bool owns(std::string_view name) const override { return name.starts_with("mine."); }
  };
  const CapturedStderr quiet;
  Owner observer;
  {
    Statsd statsd{{}, &observer};
    load(statsd, kUdp);
    statsd.start();
    REQUIRE(send(statsd.bound_to().at(0), "mine.a:1|c\nhits:1|c"));
    CHECK(wait_for([&] { return value(statsd, "hits") == 1; }));
    StatsdSnapshot snapshot;
    statsd.snapshot(snapshot);
    CHECK(snapshot.series.size() == 1);
  }
  CHECK(observer.seen == std::vector<std::string>{"counter mine.a 1", "counter hits 1"});
}

TEST_CASE("an exporter's own mappings come after the config's", "[statsd]") {
  const CapturedStderr quiet;
  Statsd statsd{{{.match = "a", .name = "own_a"}, {.match = "b", .name = "own_b"}}};
  load(statsd, kUdp, ", mappings: [{match: a, name: config_a}]");
  statsd.start();
  REQUIRE(send(statsd.bound_to().at(0), "a:1|c\nb:2|c"));
  CHECK(wait_for([&] { return value(statsd, "own_b") == 2; }));
  CHECK(value(statsd, "config_a") == 1);
}

TEST_CASE("the collector shows series, and what was lost", "[statsd]") {
  const CapturedStderr quiet;
  auto statsd = std::make_shared<Statsd>();
  StatsdCollector collector{"cache", statsd};
  Output nothing;
  CHECK_THROWS_AS(collector.collect({}, nothing), NotApplicable);

  load(*statsd, kUdp, ", series_cap: 3, mappings: [{match: t, name: t_seconds, buckets: [0.1, 1]}]");
  statsd->start();
  REQUIRE(send(statsd->bound_to().at(0), "c:2|c|#x:y\ng:5|g\nt:50:60:500:2000|ms|@0.5\nover:1:1|c\nbad\n_sc|a|0"));
  REQUIRE(wait_for([&] { return statsd->counts().checks == 1; }));
  Output out;
  collector.collect({}, out);
  CHECK(value_of(out, "c", {{"x", "y"}}) == 2);
  CHECK(value_of(out, "g") == 5);
  const auto* histogram = find_family(out, "t_seconds");
  REQUIRE(histogram != nullptr);
  const auto& times = histogram->series()[0].histogram;
  CHECK(times.sample_count == 8);
  CHECK(times.sample_sum == Approx(5.22));
  REQUIRE(times.bucket.size() == 2);
  CHECK(times.bucket[0].cumulative_count == 4);
  CHECK(times.bucket[0].upper_bound == 0.1);
  CHECK(times.bucket[1].cumulative_count == 6);

  CHECK(value_of(out, "cache_statsd_packets_total", {{"listener", "udp://127.0.0.1:0"}}) == 1);
  CHECK(value_of(out, "cache_statsd_lines_total", {{"type", "metric"}}) == 4);
  CHECK(value_of(out, "cache_statsd_lines_total", {{"type", "service_check"}}) == 1);
  CHECK(value_of(out, "cache_statsd_values_total") == 8);
  CHECK(value_of(out, "cache_statsd_parse_errors_total", {{"reason", "no_value"}}) == 1);
  CHECK(value_of(out, "cache_statsd_parse_errors_total", {{"reason", "rate"}}) == 0);
  CHECK(value_of(out, "cache_statsd_values_lost_total", {{"reason", "series_cap"}}) == 2);
  CHECK(value_of(out, "cache_statsd_series") == 3);
  CHECK(value_of(out, "cache_statsd_series_limit") == 3);
  CHECK(series_of(out, "cache_statsd_parse_errors_total") == kStatsdErrors - 1);
  CHECK(series_of(out, "cache_statsd_values_lost_total") == kStatsdLosses);
}

TEST_CASE("parts of events are rounded so that buckets never fall", "[statsd]") {
  StatsdSnapshot snapshot;
  snapshot.families.push_back(std::make_shared<const StatsdFamily>(StatsdFamily{
      "t", "Help.", StatsdKind::histogram, std::make_shared<const std::vector<double>>(std::vector<double>{1, 2})}));
  snapshot.series.push_back({0, 7.5, 0, std::make_shared<const StatsdLabels>()});
  snapshot.counts = {10.0 / 3, 0, 10.0 / 3};
  Families families;
  add_statsd_series(snapshot, families);
  const auto& histogram = find_family(families, "t")->series()[0].histogram;
  CHECK(histogram.bucket[0].cumulative_count == 3);
  CHECK(histogram.bucket[1].cumulative_count == 3);
  CHECK(histogram.sample_count == 7);
}
