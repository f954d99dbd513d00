// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <stdexcept>

using binnacle::Flags;
using binnacle::FlagsDone;
using binnacle::parse_duration;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

/// Sets an environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

/// One flag of each kind.
struct Example {
  std::string path = "/metrics";
  std::vector<std::string> addresses{":9100"};
  bool once = false;
  bool cpu = true;
  int requests = 40;
  milliseconds timeout = 90s;
  std::string level = "info";
  Flags flags{"system-exporter", "Exports what the kernel says of this machine.", "1.2.3 (abcdef)"};

  Example() {
    flags.group("Web");
    flags.add("web.telemetry-path", path, "Path of the metrics.");
    flags.add("web.listen-address", addresses, "Address to listen on.");
    flags.add("web.max-requests", requests, 1, 1000, "Requests at once; 503 beyond.");
    flags.add("scrape.timeout", timeout, "The most that a scrape takes.");
    flags.group("Logs");
    flags.add_choice("log.level", level, {"debug", "info", "warn", "error"}, "The least level.");
    flags.group("Collectors");
    flags.add("once", once, "Print one scrape and exit.");
    flags.add("collector.cpu", cpu, "Exports CPU times.");
  }

  void parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "system-exporter");
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
  }

  std::string message(const std::vector<const char*>& arguments) {
    try {
      parse(arguments);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string done(const std::vector<const char*>& arguments) {
    try {
      parse(arguments);
    } catch (const FlagsDone& text) {
      return text.text;
    }
    return "not done";
  }
};

std::string error_of(const std::vector<const char*>& arguments) { return Example{}.message(arguments); }

}  // namespace

TEST_CASE("without arguments every flag keeps its default", "[flags]") {
  Example example;
  example.parse({});
  CHECK(example.path == "/metrics");
  CHECK(example.addresses == std::vector<std::string>{":9100"});
  CHECK_FALSE(example.once);
  CHECK(example.cpu);
  CHECK(example.requests == 40);
  CHECK(example.timeout == 90s);
  CHECK(example.level == "info");
  CHECK_FALSE(example.flags.given("once"));
  CHECK_THROWS_AS(example.flags.given("nothing-such"), std::logic_error);
}

TEST_CASE("flags are read with = and as two arguments", "[flags]") {
  Example example;
  example.parse({"--web.telemetry-path", "/m", "--web.max-requests=7", "--scrape.timeout", "1m30s500ms", "--once",
                 "--no-collector.cpu", "--log.level=warn"});
  CHECK(example.path == "/m");
  CHECK(example.requests == 7);
  CHECK(example.timeout == 90'500ms);
  CHECK(example.once);
  CHECK_FALSE(example.cpu);
  CHECK(example.level == "warn");
  CHECK(example.flags.given("once"));
  CHECK(example.flags.given("collector.cpu"));
  CHECK_FALSE(example.flags.given("web.listen-address"));
}

TEST_CASE("a list takes each of its values and drops the default", "[flags]") {
  Example example;
  example.parse({"--web.listen-address", "[::1]:0", "--web.listen-address=a,b", "--web.listen-address=[x,y]"});
  CHECK(example.addresses == std::vector<std::string>{"[::1]:0", "a,b", "[x,y]"});
}

TEST_CASE("values may be empty, hold = and begin with a dash", "[flags]") {
  Example example;
  example.parse({"--web.telemetry-path=", "--once"});
  CHECK(example.path.empty());
  CHECK(example.once);

  Example second;
  second.parse({"--web.telemetry-path", "", "--web.listen-address=k=v", "--web.listen-address", "--once"});
  CHECK(second.path.empty());
  CHECK(second.addresses == std::vector<std::string>{"k=v", "--once"});
  CHECK_FALSE(second.once);

  Example third;
  third.parse({"--web.telemetry-path", "--web.listen-address=", "--web.listen-address", "++"});
  CHECK(third.path == "--web.listen-address=");
  CHECK(third.addresses == std::vector<std::string>{"++"});
}

TEST_CASE("booleans", "[flags]") {
  const auto [argument, expected] = GENERATE(table<const char*, bool>({{"--once", true},
                                                                       {"--once=true", true},
                                                                       {"--once=1", true},
                                                                       {"--once=false", false},
                                                                       {"--once=0", false},
                                                                       {"--no-once", false}}));
  CAPTURE(argument);
  Example example;
  example.once = !expected;
  example.parse({argument});
  CHECK(example.once == expected);
  CHECK(example.flags.given("once"));
}

TEST_CASE("bad arguments are one line that names the flag and what was expected", "[flags]") {
  CHECK(error_of({"--web.max-requests=abc"}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"abc\"");
  CHECK(error_of({"--web.max-requests", "0"}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"0\"");
  CHECK(error_of({"--web.max-requests", "-5"}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"-5\"");
  CHECK(error_of({"--web.max-requests=1001"}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"1001\"");
  CHECK(error_of({"--web.max-requests=99999999999999999999"}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"99999999999999999999\"");
  CHECK(error_of({"--web.max-requests=4 "}) ==
        "--web.max-requests: expected a whole number from 1 to 1000, got \"4 \"");
  CHECK(error_of({"--web.max-requests="}) == "--web.max-requests: expected a whole number from 1 to 1000, got \"\"");
  CHECK(error_of({"--web.max-requests"}) == "--web.max-requests: expected a whole number from 1 to 1000, got nothing");
  CHECK(error_of({"--log.level=loud\nx"}) == "--log.level: expected one of debug, info, warn, error, got \"loud?x\"");
  CHECK(error_of({"--log.level=INFO"}) == "--log.level: expected one of debug, info, warn, error, got \"INFO\"");
  CHECK(error_of({"--scrape.timeout=5"}) ==
        "--scrape.timeout: expected a duration such as 500ms, 5s or 1m30s (at most 100y), got \"5\"");
  CHECK(error_of({"--once=yes"}) == "--once: expected true or false, got \"yes\"");
  CHECK(error_of({"--once="}) == "--once: expected true or false, got \"\"");
  CHECK(error_of({"--once=2"}) == "--once: expected true or false, got \"2\"");
  CHECK(error_of({"--no-once=true"}) == "--no-once: expected no value");
  CHECK(error_of({"--web.telemetry-path"}) == "--web.telemetry-path: expected a value, got nothing");
  CHECK(error_of({"--log.level=info", "--log.level=warn"}) == "--log.level: given more than once");
  CHECK(error_of({"--once", "--no-once"}) == "--once: given more than once");
}

TEST_CASE("arguments that are no flag are named, without their value", "[flags]") {
  CHECK(error_of({"--foo"}) == "unknown flag --foo (see --help)");
  CHECK(error_of({"--foo=bar"}) == "unknown flag --foo (see --help)");
  CHECK(error_of({"--foo", "bar"}) == "unknown flag --foo (see --help)");
  CHECK(error_of({"--password", "hunter2"}) == "unknown flag --password (see --help)");
  CHECK(error_of({"--log.lev=info"}) == "unknown flag --log.lev (see --help)");  // no guessing
  CHECK(error_of({"--LOG.LEVEL=info"}) == "unknown flag --LOG.LEVEL (see --help)");
  CHECK(error_of({"--log-level=info"}) == "unknown flag --log-level (see --help)");
  CHECK(error_of({"--no-log.level"}) == "unknown flag --no-log.level (see --help)");
  CHECK(error_of({"-x"}) == "unknown flag -x (see --help)");
  CHECK(error_of({"-log.level=info"}) == "unknown flag -log.level, did you mean --log.level? (see --help)");
  CHECK(error_of({"start"}) == "unexpected argument \"start\": flags only (see --help)");
  CHECK(error_of({""}) == "unexpected argument \"\": flags only (see --help)");
  CHECK(error_of({"-"}) == "unexpected argument \"-\": flags only (see --help)");
  CHECK(error_of({"++"}) == "unexpected argument \"++\": flags only (see --help)");
  CHECK(error_of({"--"}) == "unexpected argument \"--\": flags only (see --help)");
  CHECK(error_of({"--", "--once"}) == "unexpected argument \"--\": flags only (see --help)");
  CHECK(error_of({"--once", "true"}) == "unexpected argument \"true\": flags only (see --help)");
  CHECK(error_of({"-1"}) == "unknown flag -1 (see --help)");
  CHECK(error_of({"---once"}) == "unknown flag ---once (see --help)");
  CHECK(error_of({"postgres://me:hunter2@host/db"}) ==
        "unexpected argument \"postgres://me:***@host/db\": flags only (see --help)");
}

TEST_CASE("the environment sets what the command line does not", "[flags]") {
  const Variable path{"SYSTEM_EXPORTER_WEB_TELEMETRY_PATH", "/env"};
  const Variable requests{"SYSTEM_EXPORTER_WEB_MAX_REQUESTS", "9"};
  const Variable addresses{"SYSTEM_EXPORTER_WEB_LISTEN_ADDRESS", " :1, [::1]:2 ,,"};
  const Variable timeout{"SYSTEM_EXPORTER_SCRAPE_TIMEOUT", "2h"};
  const Variable once{"SYSTEM_EXPORTER_ONCE", "1"};
  const Variable cpu{"SYSTEM_EXPORTER_COLLECTOR_CPU", "false"};
  const Variable level{"SYSTEM_EXPORTER_LOG_LEVEL", ""};             // empty counts as not set
  const Variable other{"SYSTEM_EXPORTER_PORT", "tcp://10.0.0.1:1"};  // Kubernetes sets such
  Example example;
  example.parse({"--web.telemetry-path=/line"});
  CHECK(example.path == "/line");
  CHECK(example.requests == 9);
  CHECK(example.addresses == std::vector<std::string>{":1", "[::1]:2"});
  CHECK(example.timeout == 2h);
  CHECK(example.once);
  CHECK_FALSE(example.cpu);
  CHECK(example.level == "info");
  CHECK(example.flags.given("web.max-requests"));
  CHECK_FALSE(example.flags.given("log.level"));
}

TEST_CASE("a bad variable is named, unless the command line wins", "[flags]") {
  const Variable level{"SYSTEM_EXPORTER_LOG_LEVEL", "loud"};
  CHECK(error_of({}) == "SYSTEM_EXPORTER_LOG_LEVEL: expected one of debug, info, warn, error, got \"loud\"");
  CHECK(error_of({"--log.level=warn"}) == "no error");
  const Variable once{"SYSTEM_EXPORTER_ONCE", "yes"};
  CHECK(error_of({"--log.level=warn"}) == "SYSTEM_EXPORTER_ONCE: expected true or false, got \"yes\"");
}

TEST_CASE("--version and --help win over everything that parses", "[flags]") {
  CHECK(Example{}.done({"--version"}) == "1.2.3 (abcdef)\n");
  CHECK(Example{}.done({"--version", "--log.level=loud", "--foo"}) == "1.2.3 (abcdef)\n");
  CHECK(Example{}.done({"--version", "--help"}).starts_with("system-exporter: "));
  CHECK(Example{}.done({"-h"}) == Example{}.done({"--help", "--help"}));
}

TEST_CASE("--help shows groups, defaults and variables in lines that fit", "[flags]") {
  std::string help;
  {
    const Variable path{"SYSTEM_EXPORTER_WEB_TELEMETRY_PATH", "/from-the-environment"};
    Example example;
    std::string text;
    example.flags.add("long", text, std::string(30, 'x') + " " + std::string(30, 'y') + " " + std::string(60, 'z'));
    help = example.done({"--help"});
  }
  CHECK(help.find("system-exporter: Exports what the kernel says of this machine.\n") == 0);
  CHECK(help.find("\nUsage: system-exporter [flags]\n") != std::string::npos);
  CHECK(help.find("\nWeb:\n  --web.telemetry-path=TEXT\n      Path of the metrics.\n"
                  "      Default: /metrics [SYSTEM_EXPORTER_WEB_TELEMETRY_PATH]\n"
                  "  --web.listen-address=TEXT ...\n") != std::string::npos);
  CHECK(help.find("  --web.max-requests=NUMBER\n") != std::string::npos);
  CHECK(help.find("  --scrape.timeout=DURATION\n      The most that a scrape takes.\n      Default: 1m30s [") !=
        std::string::npos);
  CHECK(help.find("\nLogs:\n  --log.level=debug|info|warn|error\n") != std::string::npos);
  CHECK(help.find("  --[no-]collector.cpu\n      Exports CPU times.\n      Default: true [") != std::string::npos);
  CHECK(help.find("from-the-environment") == std::string::npos);
  std::size_t start = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; start = end + 1, end = help.find('\n', start)) {
    CHECK(end - start <= 90);
  }
  CHECK(start == help.size());
}

TEST_CASE("defaults of durations are shown as one would write them", "[flags]") {
  const auto [value, shown] = GENERATE(table<milliseconds, const char*>(
      {{0ms, "0s"}, {1500ms, "1s500ms"}, {36h, "1d12h"}, {10 * 24h, "10d"}, {5min, "5m"}}));
  milliseconds duration = value;
  Flags flags{"x", "y", "z"};
  flags.add("d", duration, "Help.");
  const std::vector<const char*> arguments{"x", "--help"};
  try {
    flags.parse(2, arguments.data());
    FAIL("--help did not end the parse");
  } catch (const FlagsDone& done) {
    CHECK(done.text.find("Default: " + std::string{shown} + " [X_D]") != std::string::npos);
  }
}

TEST_CASE("durations", "[flags]") {
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("0s") == 0ms);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("1d") == 24h);
  CHECK(parse_duration("1w") == 168h);
  CHECK(parse_duration("1y") == 8760h);
  CHECK(parse_duration("1y1w1d1h1m1s1ms") == 8760h + 168h + 24h + 1h + 1min + 1s + 1ms);
  CHECK(parse_duration("100y") == 876'000h);
  const auto* bad = GENERATE("", " ", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "5S", "5sec", "30s1m",
                             "1s1s", "1ms1s", "100y1ms", "101y", "99999999999999999999s", "9223372036854775807w",
                             "5m30", "0x5s", "1h-5m", "5\xC2\xB5s", "m5");
  CAPTURE(bad);
  CHECK_THROWS_WITH(parse_duration(bad),
                    "expected a duration such as 500ms, 5s or 1m30s (at most 100y), got \"" + std::string{bad} + "\"");
}
