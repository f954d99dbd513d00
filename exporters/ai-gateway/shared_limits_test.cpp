// SPDX-License-Identifier: Apache-2.0
#include "shared_limits.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "core/redis/test_redis.h"
#include "core/test_folder.h"
#include "shared_limits_link.h"

using namespace binnacle;
using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

using Kind = RateLimit::Kind;
using Answer = SharedLimits::Answer;

RateLimit requests(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::requests, amount, per}; }
RateLimit tokens(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::tokens, amount, per}; }

constexpr auto kLong = 60s;  // a test that waits so long has failed

bool wait_until(const std::function<bool()>& holds) {
  const auto end = Clock::now() + kLong;
  while (!holds()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// Collects answers.
struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Answer> all;

  std::function<void(Answer)> take() {
    return [this](const Answer& answer) {
      const std::scoped_lock lock{mutex};
      all.push_back(answer);
      changed.notify_all();
    };
  }
  bool wait(std::size_t count) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, kLong, [&] { return all.size() >= count; });
  }
};

Answer ask(SharedLimits& shared, const std::vector<RateLimit>& limits, std::uint64_t count) {
  Answers answers;
  shared.reserve("m", limits, count, answers.take());
  REQUIRE(answers.wait(1));
  return answers.all.front();
}

Reservation granted(const Answer& answer) {
  REQUIRE(answer.has_value());
  REQUIRE(std::holds_alternative<Reservation>(*answer));
  return std::get<Reservation>(*answer);
}

LimitRefusal refused(const Answer& answer) {
  REQUIRE(answer.has_value());
  REQUIRE(std::holds_alternative<LimitRefusal>(*answer));
  return std::get<LimitRefusal>(*answer);
}

SharedLimits::Settings settings_for(const std::string& url) {
  SharedLimits::Settings settings;
  settings.url = url;
  settings.timeout = 10s;  // a busy machine is no failure
  settings.retry = 50ms;
  return settings;
}

/// Debian's Redis on a unix socket in a folder of its own.
class RealRedis {
 public:
  static bool installed() { return ::access("/usr/bin/redis-server", X_OK) == 0; }
  explicit RealRedis(std::vector<std::string> options = {}) {
    std::vector<std::string> words{"/usr/bin/redis-server",
                                   "--port",
                                   "0",
                                   "--unixsocket",
                                   socket(),
                                   "--save",
                                   "",
                                   "--dir",
                                   folder_.path(""),
                                   "--logfile",
                                   folder_.path("log")};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (::posix_spawn(&process_, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
      throw std::runtime_error("cannot start redis-server");
    }
    if (!wait_until([this] { return ::access(socket().c_str(), F_OK) == 0; })) {
      throw std::runtime_error("redis-server does not listen");
    }
  }
  ~RealRedis() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  RealRedis(const RealRedis&) = delete;
  RealRedis& operator=(const RealRedis&) = delete;

  [[nodiscard]] std::string socket() const { return folder_.path("redis.sock"); }
  void signal(int number) const { ::kill(process_, number); }
  Reply ask(const Command& command) const {
    RedisLink link{Socket::connect({{}, 0, socket()}, Clock::now() + kLong)};
    return link.ask(command, Clock::now() + kLong);
  }

 private:
  TestFolder folder_;
  pid_t process_ = 0;
};

bool no_redis() {
  if (RealRedis::installed()) return false;
  WARN("skipped: redis-server is not installed");
  return true;
}

constexpr auto* kLoad = "LOAD";
constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

/// Answers scripts as a test says; loading them works, and PING.
std::optional<std::string> with_scripts(std::string_view request, const std::string& answer) {
  if (request == kPing) return "+PONG\r\n";
  if (request.find(kLoad) != std::string_view::npos) return bulk("0123456789012345678901234567890123456789");
  return answer;
}

std::string url_of(const Address& address) { return "redis://" + address.name(); }

/// A name server that says nothing about one host, for as long as a test wants.
struct SlowNames {
  static constexpr std::string_view kHost = "slow.invalid";
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  int answered = 0;
  bool silent = true;

  void ask() {
    std::unique_lock lock{mutex};
    ++asked;
    changed.notify_all();
    changed.wait(lock, [this] { return !silent; });
    ++answered;
    changed.notify_all();
  }
  bool wait(const std::function<bool()>& holds) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, kLong, holds);
  }
  void speak() {
    const std::scoped_lock lock{mutex};
    silent = false;
    changed.notify_all();
  }
};
SlowNames& slow_names() {
  static SlowNames names;
  return names;
}

}  // namespace

/// Takes the place of the C library's.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && name == SlowNames::kHost) {
    slow_names().ask();
    return EAI_AGAIN;
  }
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, found);
}

TEST_CASE("without a Redis the answer is nothing", "[shared_limits]") {
  const TestFolder folder;
  SharedLimits shared{settings_for(folder.path("nobody.sock"))};
  for (int i = 0; i < 20; ++i) CHECK_FALSE(ask(shared, {requests(1)}, 1));
  CHECK_FALSE(shared.up());
  shared.settle("m", {tokens(9)}, {.tokens = 1, .slot_ms = 1, .shared = true}, 2);
  shared.refund("m", {tokens(9)}, {.tokens = 1, .slot_ms = 1, .shared = true});
  CHECK(wait_until([&] { return shared.counts().dropped == 2; }));
  CHECK(shared.counts().asked == 20);
  CHECK(shared.counts().failed == 20);
}

TEST_CASE("a local reservation, and one that was right, are not told to Redis", "[shared_limits]") {
  const TestFolder folder;
  SharedLimits shared{settings_for(folder.path("nobody.sock"))};
  shared.settle("m", {tokens(9)}, {.tokens = 1, .slot_ms = 1, .shared = false}, 2);
  shared.refund("m", {tokens(9)}, {.tokens = 1, .slot_ms = 1, .shared = false});
  shared.settle("m", {tokens(9)}, {.tokens = 2, .slot_ms = 1, .shared = true}, 2);
  CHECK_FALSE(ask(shared, {requests(1)}, 1));
  CHECK(shared.counts().dropped == 0);
}

TEST_CASE("a Redis that says nothing, trickles or talks nonsense keeps nobody waiting", "[shared_limits]") {
  const auto* const answer = GENERATE("", "*2\r\n:1", "*2\r\n:1\r\n:x\r\n", "nonsense\r\n", "+OK\r\n", "*1\r\n:9\r\n",
                                      "-ERR no\r\n", "-LOADING wait\r\n", ":1\r\n");
  CAPTURE(answer);
  TestServer server{[&](std::string_view request) { return with_scripts(request, answer); }};
  auto settings = settings_for(url_of(server.address()));
  settings.timeout = 300ms;
  settings.retry = 3600s;
  SharedLimits shared{settings};
  REQUIRE(wait_until([&] { return shared.up(); }));
  CHECK_FALSE(ask(shared, {requests(1)}, 1));
  CHECK(wait_until([&] { return !shared.up(); }));
  // Then it is not asked again.
  CHECK_FALSE(ask(shared, {requests(1)}, 1));
  CHECK(server.connections() == 1);
  CHECK(shared.counts().failed == 2);
}

TEST_CASE("a server that hangs up is connected to again", "[shared_limits]") {
  TestServer server{[&](std::string_view request) -> std::optional<std::string> {
    if (request.find(kLoad) == std::string_view::npos && request != kPing) return std::nullopt;
    return with_scripts(request, "");
  }};
  SharedLimits shared{settings_for(url_of(server.address()))};
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(wait_until([&] { return shared.up() && server.connections() == i; }));
    CHECK_FALSE(ask(shared, {requests(1)}, 1));
  }
}

TEST_CASE("what has to wait is answered in time even behind settlements", "[shared_limits]") {
  TestServer server{[&](std::string_view request) { return with_scripts(request, ""); }};
  auto settings = settings_for(url_of(server.address()));
  settings.timeout = 200ms;
  SharedLimits shared{settings};
  REQUIRE(wait_until([&] { return shared.up(); }));
  Answers answers;
  for (int i = 0; i < 3000; ++i) {
    shared.settle("m", {tokens(9)}, {.tokens = 1, .slot_ms = 1, .shared = true}, 2);
    shared.reserve("m", {tokens(9)}, 1, answers.take());
  }
  CHECK(answers.wait(3000));
  CHECK(wait_until([&] { return shared.counts().dropped == 3000; }));
  CHECK(shared.counts().failed == 3000);
}

TEST_CASE("no more than so many wait", "[shared_limits]") {
  TestServer server{[&](std::string_view request) { return with_scripts(request, ""); }};
  auto settings = settings_for(url_of(server.address()));
  settings.timeout = 3600s;
  constexpr std::size_t kMore = 2000;   // than may wait
  constexpr std::size_t kAtOnce = 500;  // of those that wait, that are asked at most
  Answers answers;
  {
    SharedLimits shared{settings};
    REQUIRE(wait_until([&] { return shared.up(); }));
    for (std::size_t i = 0; i < SharedLimits::kMostWaiting + kMore; ++i) {
      shared.reserve("m", {tokens(9)}, 1, answers.take());
    }
    CHECK(answers.wait(kMore - kAtOnce));
    const auto counts = shared.counts();
    CHECK(counts.failed >= kMore - kAtOnce);
    CHECK(counts.failed <= kMore);
  }
  CHECK(answers.all.size() == SharedLimits::kMostWaiting + kMore);
}

TEST_CASE("it ends at once, and answers all that waits", "[shared_limits]") {
  TestServer server{[&](std::string_view request) { return with_scripts(request, ""); }};
  auto settings = settings_for(url_of(server.address()));
  settings.timeout = 3600s;
  settings.retry = 3600s;
  Answers answers;
  {
    SharedLimits shared{settings};
    REQUIRE(wait_until([&] { return shared.up(); }));
    for (int i = 0; i < 5000; ++i) shared.reserve("m", {tokens(9)}, 1, answers.take());
  }
  CHECK(answers.all.size() == 5000);
  for (const auto& answer : answers.all) CHECK_FALSE(answer);
}

TEST_CASE("a name server that says nothing keeps no end waiting", "[shared_limits]") {
  auto& names = slow_names();
  auto shared = std::make_unique<SharedLimits>(settings_for("redis://" + std::string{SlowNames::kHost} + ":6379"));
  REQUIRE(names.wait([&] { return names.asked == 1; }));
  CHECK_FALSE(ask(*shared, {requests(1)}, 1));
  const auto ended = std::async(std::launch::async, [&] { shared.reset(); });
  CHECK(ended.wait_for(kLong) == std::future_status::ready);  // while nothing is said
  names.speak();
  ended.wait();
  CHECK(names.wait([&] { return names.answered == 1; }));
}

TEST_CASE("a Redis that goes while nobody asks it is missed, and is found again", "[shared_limits]") {
  std::atomic<bool> there = true;
  TestServer server{[&](std::string_view request) -> std::optional<std::string> {
    if (!there) return std::nullopt;
    return with_scripts(request, "");
  }};
  SharedLimits shared{settings_for(url_of(server.address()))};
  REQUIRE(wait_until([&] { return shared.up(); }));
  there = false;
  CHECK(wait_until([&] { return !shared.up(); }));
  there = true;
  CHECK(wait_until([&] { return shared.up(); }));
  CHECK(shared.counts().asked == 0);
}

TEST_CASE("a Redis that lets a user do no PING is there", "[shared_limits]") {
  const auto* const answer = GENERATE("-NOPERM this user has no permissions to run it\r\n", "-LOADING wait\r\n");
  CAPTURE(answer);
  std::atomic<int> pings = 0;
  TestServer server{[&](std::string_view request) -> std::optional<std::string> {
    if (request != kPing) return with_scripts(request, "");
    ++pings;
    return answer;
  }};
  auto settings = settings_for(url_of(server.address()));
  settings.retry = 3600s;
  SharedLimits shared{settings};
  const bool stays = std::string_view{answer}.starts_with("-NOPERM");
  REQUIRE(wait_until([&] { return pings >= (stays ? 2 : 1); }));
  CHECK(wait_until([&] { return shared.up() == stays; }));
}

TEST_CASE("scripts that Redis has forgotten are loaded again", "[shared_limits]") {
  std::atomic<int> loads = 0;
  TestServer server{[&](std::string_view request) -> std::optional<std::string> {
    if (request.find(kLoad) != std::string_view::npos) ++loads;
    return with_scripts(request, loads <= 2 ? "-NOSCRIPT No matching script.\r\n" : "*2\r\n:1\r\n:5\r\n");
  }};
  SharedLimits shared{settings_for(url_of(server.address()))};
  REQUIRE(wait_until([&] { return shared.up(); }));
  CHECK(granted(ask(shared, {tokens(9)}, 1)).slot_ms == 5);
  CHECK(loads == 4);
  CHECK(shared.up());
  CHECK(server.connections() == 1);
}

TEST_CASE("a Redis that keeps no scripts is given up", "[shared_limits]") {
  TestServer server{[&](std::string_view request) { return with_scripts(request, "-NOSCRIPT No.\r\n"); }};
  auto settings = settings_for(url_of(server.address()));
  settings.retry = 3600s;
  SharedLimits shared{settings};
  REQUIRE(wait_until([&] { return shared.up(); }));
  CHECK_FALSE(ask(shared, {tokens(9)}, 1));
  CHECK(wait_until([&] { return !shared.up(); }));
}

TEST_CASE("an answer that comes too late is refunded", "[shared_limits]") {
  constexpr auto kTimeout = 1600ms;
  std::atomic<bool> refunded = false;
  Answers answers;
  std::atomic<std::size_t> before = 0;
  TestServer server{[&](std::string_view request) -> std::optional<std::string> {
    const auto has = [&](std::string_view part) { return request.find(part) != std::string_view::npos; };
    if (has("$2\r\n-7\r\n")) {
      refunded = true;
      return ":1\r\n";
    }
    // One that takes half of the time, so that the next one has waited when it is sent; that one takes too long.
    if (has("$1\r\n3\r\n")) std::this_thread::sleep_for(kTimeout / 2);
    if (has("$1\r\n7\r\n")) answers.wait(before + 2);
    return with_scripts(request, "*2\r\n:1\r\n:5\r\n");
  }};
  auto settings = settings_for(url_of(server.address()));
  settings.timeout = kTimeout;
  SharedLimits shared{settings};
  for (int round = 0; round < 10 && !refunded; ++round) {  // a machine that stands still for half a second is forgiven
    REQUIRE(wait_until([&] { return shared.up(); }));
    before = answers.all.size();
    shared.reserve("m", {tokens(9)}, 3, answers.take());
    std::this_thread::sleep_for(20ms);
    shared.reserve("m", {tokens(9)}, 7, answers.take());
    REQUIRE(answers.wait(before + 2));
    CHECK_FALSE(answers.all[before + 1]);
    const auto end = Clock::now() + 2s;
    while (!refunded && Clock::now() < end) std::this_thread::sleep_for(2ms);
  }
  CHECK(refunded);
}

TEST_CASE("a real Redis keeps the windows", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  SharedLimits shared{settings_for(redis.socket())};
  REQUIRE(wait_until([&] { return shared.up(); }));
  const std::vector limits{requests(3), tokens(1000)};
  const auto first = granted(ask(shared, limits, 600));
  CHECK(first.tokens == 600);
  CHECK(first.shared);
  CHECK(first.slot_ms > 1'700'000'000'000);
  const auto refusal = refused(ask(shared, limits, 500));
  CHECK(refusal.limit == tokens(1000));
  CHECK(refusal.retry_after > 30s);
  CHECK(refusal.retry_after <= 61s);
  shared.settle("m", limits, first, 100);
  granted(ask(shared, limits, 500));
  const auto third = granted(ask(shared, limits, 400));
  CHECK(refused(ask(shared, limits, 1)).retry_after > 30s);
  shared.refund("m", limits, third);
  const auto fourth = granted(ask(shared, limits, 1));
  shared.settle("m", limits, fourth, 5000);
  CHECK(refused(ask(shared, {tokens(1000)}, 1)).limit == tokens(1000));
  CHECK(refused(ask(shared, {tokens(1000)}, 0)).limit == tokens(1000));
  granted(ask(shared, {tokens(1000, 7s)}, 5000));  // larger than the whole limit, which is untouched
  CHECK(refused(ask(shared, {tokens(1000, 7s)}, 5000)).retry_after <= 7200ms);
  granted(ask(shared, {}, 1));
  // A reservation that is long gone: what was used beyond it counts from now.
  shared.settle("m", {tokens(1000, 9s)}, {.tokens = 10, .slot_ms = 1000, .shared = true}, 4);
  shared.settle("m", {tokens(1000, 9s)}, {.tokens = 10, .slot_ms = 1000, .shared = true}, 1009);
  CHECK(refused(ask(shared, {tokens(1000, 9s)}, 2)).limit == tokens(1000, 9s));
  granted(ask(shared, {tokens(1000, 9s)}, 1));
  CHECK(shared.counts().failed == 0);
  CHECK(shared.counts().dropped == 0);
  for (const auto* key : {"aigw:{m}:tokens:60", "aigw:{m}:requests:60"}) {
    CHECK(redis.ask({"PTTL", key}).integer > 30'000);
    CHECK(redis.ask({"PTTL", key}).integer <= 62'000);
  }
}

TEST_CASE("who waits as Redis says is let through", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  SharedLimits shared{settings_for(redis.socket())};
  REQUIRE(wait_until([&] { return shared.up(); }));
  const std::vector limits{tokens(100, 1s)};
  for (int i = 0; i < 3; ++i) {
    granted(ask(shared, limits, 100));
    std::this_thread::sleep_for(refused(ask(shared, limits, 60)).retry_after);
  }
}

TEST_CASE("garbage in Redis is no limit and no crash", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  auto settings = settings_for(redis.socket());
  settings.retry = 3600s;
  SharedLimits shared{settings};
  REQUIRE(wait_until([&] { return shared.up(); }));
  // Of a clock that was far ahead once.
  redis.ask({"HSET", "aigw:{m}:tokens:60", "99999999999", "5000", "1", "5000"});
  granted(ask(shared, {tokens(100)}, 100));
  redis.ask({"SET", "aigw:{m}:requests:60", "x"});
  CHECK_FALSE(ask(shared, {requests(100)}, 1));
  CHECK_FALSE(shared.up());
}

TEST_CASE("a Redis that loses its scripts and its data goes on", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  SharedLimits shared{settings_for(redis.socket())};
  REQUIRE(wait_until([&] { return shared.up(); }));
  const auto reserved = granted(ask(shared, {tokens(100)}, 100));
  redis.ask({"SCRIPT", "FLUSH"});
  redis.ask({"FLUSHALL"});
  shared.settle("m", {tokens(100)}, reserved, 50);  // takes nothing off what is not there
  granted(ask(shared, {tokens(100)}, 100));
  CHECK(refused(ask(shared, {tokens(100)}, 1)).limit == tokens(100));
  CHECK(shared.counts().failed == 0);
}

TEST_CASE("a Redis that stands still holds nobody up, and is used again afterwards", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  auto settings = settings_for(redis.socket());
  settings.timeout = 500ms;
  SharedLimits shared{settings};
  REQUIRE(wait_until([&] { return shared.up(); }));
  REQUIRE(wait_until([&] { return ask(shared, {tokens(100)}, 1).has_value(); }));
  redis.signal(SIGSTOP);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(ask(shared, {tokens(100)}, 1));
  CHECK_FALSE(shared.up());
  redis.signal(SIGCONT);
  CHECK(wait_until([&] { return ask(shared, {tokens(100)}, 1).has_value(); }));
  CHECK(shared.up());
}

TEST_CASE("a password and a database", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis{{"--user", "app", "on", ">hunter2", "~*", "+@all"}};
  auto settings = settings_for(redis.socket());
  settings.credentials = Credentials{"app", Password::from_text("hunter2")};
  SharedLimits shared{settings};
  CHECK(wait_until([&] { return shared.up(); }));
  settings.credentials = Credentials{"app", Password::from_text("wrong")};
  try {
    const SharedLimitsLink link{place_of(settings), Clock::now() + kLong};
    FAIL("a wrong password is taken");
  } catch (const std::runtime_error& error) {
    CHECK(error.what() == std::string{"the server refused user or password"});
  }
  auto place = place_of(settings_for(redis.socket()));
  place.database = 3;
  CHECK_NOTHROW(SharedLimitsLink{place, Clock::now() + kLong});
  place.database = 999;
  CHECK_THROWS_AS((SharedLimitsLink{place, Clock::now() + kLong}), RedisError);
}

namespace {

struct Use {
  std::int64_t at = 0;  ///< on Redis' clock
  std::uint64_t reserved = 0;
  std::uint64_t used = 0;
};

/// One of several requests that a gateway has under way: asks, settles, and waits as it is told.
void make_requests(SharedLimits& shared, const std::vector<RateLimit>& limits, unsigned seed, std::vector<Use>& uses,
                   std::mutex& mutex) {
  std::uint64_t state = seed * 7919 + 1;
  const auto upto = [&](std::uint64_t most) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % (most + 1);
  };
  const auto end = Clock::now() + 3s;
  while (Clock::now() < end) {
    const auto used = 1 + upto(60);
    const auto reserved = used + upto(30);
    Answers answers;
    shared.reserve("m", limits, reserved, answers.take());
    if (!answers.wait(1) || !answers.all.front()) return;
    if (const auto* const refusal = std::get_if<LimitRefusal>(&*answers.all.front()); refusal != nullptr) {
      std::this_thread::sleep_for(upto(1) == 0 ? refusal->retry_after : std::min(refusal->retry_after, 20ms));
      continue;
    }
    const auto reservation = std::get<Reservation>(*answers.all.front());
    if (upto(9) == 0) {
      shared.refund("m", limits, reservation);
      continue;
    }
    if (upto(1) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{upto(100)});
    shared.settle("m", limits, reservation, used);
    const std::scoped_lock lock{mutex};
    uses.push_back({reservation.slot_ms, reserved, used});
  }
}

}  // namespace

TEST_CASE("two gateways together keep to the limit", "[shared_limits]") {
  if (no_redis()) return;
  const RealRedis redis;
  SharedLimits one{settings_for(redis.socket())};
  SharedLimits other{settings_for(redis.socket())};
  REQUIRE(wait_until([&] { return one.up() && other.up(); }));
  constexpr std::uint64_t kAmount = 500;
  constexpr std::uint64_t kRequests = 12;
  const std::vector limits{tokens(kAmount, 1s), requests(kRequests, 1s)};
  std::mutex mutex;
  std::vector<Use> uses;
  {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { make_requests(i % 2 == 0 ? one : other, limits, i, uses, mutex); });
    }
    for (auto& thread : threads) thread.join();
  }
  REQUIRE(one.counts().failed + other.counts().failed == 0);
  REQUIRE(uses.size() > 2 * kRequests);
  for (const auto& last : uses) {
    std::uint64_t used = 0;
    std::uint64_t count = 0;
    for (const auto& use : uses) {
      if (use.at > last.at || last.at - use.at >= 1000) continue;
      used += use.used;
      ++count;
    }
    REQUIRE(used <= kAmount);
    REQUIRE(count <= kRequests);
  }
}
