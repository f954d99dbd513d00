// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "captured_stderr.h"
#include "text.h"

// Not `using`: the C library has a log() of its own.
namespace binnacle {

using log::Format;
using log::format_line;
using log::Level;

namespace {

constexpr std::string_view kTime = "2026-01-02T03:04:05.678Z";

std::string logfmt(std::string_view message, log::Fields fields = {}) {
  return format_line({.format = Format::logfmt}, kTime, Level::info, message, fields);
}

nlohmann::json json(std::string_view message, log::Fields fields = {}) {
  const auto line = format_line({.format = Format::json}, kTime, Level::warn, message, fields);
  CHECK(line.find_first_of("\n\r") == std::string::npos);
  CHECK(is_utf8(line));
  return nlohmann::json::parse(line);  // throws when it is not valid
}

std::string value_of(std::string_view value) {
  const auto line = logfmt("m", {{"v", std::string{value}}});
  return line.substr(line.find(" v=") + 3);
}

/// The settings as they were before any test.
struct DefaultSettingsAfter {
  DefaultSettingsAfter() = default;
  ~DefaultSettingsAfter() { log::configure({}); }
  DefaultSettingsAfter(const DefaultSettingsAfter&) = delete;
  DefaultSettingsAfter& operator=(const DefaultSettingsAfter&) = delete;
};

}  // namespace

TEST_CASE("a logfmt line", "[log]") {
  CHECK(logfmt("listening", {{"address", "http://localhost:9100"}}) ==
        "time=2026-01-02T03:04:05.678Z level=info msg=\"listening\" address=http://localhost:9100");
  CHECK(format_line({}, kTime, Level::error, "", {}) == "time=2026-01-02T03:04:05.678Z level=error msg=\"\"");
  CHECK(format_line({}, kTime, Level::debug, "x", {}).find(" level=debug ") != std::string::npos);
  CHECK(format_line({}, kTime, Level::warn, "x", {}).find(" level=warn ") != std::string::npos);
}

TEST_CASE("logfmt values have quotes and escapes where they need them", "[log]") {
  CHECK(value_of("plain-1.2/3:4") == "plain-1.2/3:4");
  CHECK(value_of("") == "\"\"");
  CHECK(value_of("a b") == "\"a b\"");
  CHECK(value_of("a=b") == "\"a=b\"");
  CHECK(value_of("a\"b\\c") == R"("a\"b\\c")");
  CHECK(value_of("a\nlevel=error msg=forged") == R"("a\nlevel=error msg=forged")");
  CHECK(value_of("\r\t\x01\x1B[31m\x7F") == R"("\r\t\u0001\u001b[31m\u007f")");
  CHECK(value_of(std::string_view{"\0", 1}) == R"("\u0000")");
  CHECK(value_of("\xC2\x9B"
                 "31m") == R"("\u009b31m")");  // a terminal's escape in one character
  CHECK(value_of("\xC2\xA0") == "\"\xC2\xA0\"");
  CHECK(value_of("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
  CHECK(value_of("\xFFz\xC2") == "\"\xEF\xBF\xBDz\xEF\xBF\xBD\"");
  CHECK(logfmt("m", {{"a key=\n", "v"}}).ends_with(" a_key__=v"));
}

TEST_CASE("a JSON line is one valid object with the same keys", "[log]") {
  const auto line = json("listening", {{"address", ":9100"}, {"text", "a\"b\\c\n\x01\x7F\xC2\x9B\xFF/\xE2\x80\xA8"}});
  CHECK(line.size() == 5);
  CHECK(line["time"] == kTime);
  CHECK(line["level"] == "warn");
  CHECK(line["msg"] == "listening");
  CHECK(line["address"] == ":9100");
  CHECK(line["text"] == "a\"b\\c\n\x01\x7F\xC2\x9B\xEF\xBF\xBD/\xE2\x80\xA8");
  CHECK(json("m", {{"\xFF\"", ""}}).contains("\xEF\xBF\xBD\""));
}

TEST_CASE("every byte makes valid lines", "[log]") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{static_cast<char>(byte)};
    CAPTURE(byte);
    CHECK(json(text, {{"v", text + "x"}}).size() == 4);
    const auto line = logfmt(text, {{"v", text}});
    CHECK(line.find('\n') == std::string::npos);
    CHECK(is_utf8(line));
  }
}

TEST_CASE("secrets are masked in messages and values, whatever the format", "[log]") {
  CHECK(logfmt("dial postgres://me:hunter2@db/x", {{"header", "Authorization: Bearer abc.def"}}) ==
        "time=2026-01-02T03:04:05.678Z level=info msg=\"dial postgres://me:***@db/x\" "
        "header=\"Authorization: Bearer ***\"");
  CHECK(json("m", {{"dsn", "host=x password=hunter2"}})["dsn"] == "host=x password=***");
  CHECK(logfmt("m", {{"db_password", "hunter2"}}).ends_with(" db_password=***"));
  CHECK(json("m", {{"x-api-key", "hunter2"}})["x-api-key"] == "***");
}

TEST_CASE("personal data is masked when that is on", "[log]") {
  const log::Fields fields{{"from", "10.1.2.3:99"}};
  CHECK(format_line({.mask_pii = true}, kTime, Level::info, "mail to a@example.com", fields)
            .ends_with("msg=\"mail to [email]\" from=[ip]:99"));
  CHECK(format_line({.mask_pii = false}, kTime, Level::info, "mail to a@example.com", fields)
            .ends_with("msg=\"mail to a@example.com\" from=10.1.2.3:99"));
}

TEST_CASE("long values are cut at a character's end, with a mark", "[log]") {
  const std::string mark = "\xE2\x80\xA6(cut)";
  CHECK(value_of(std::string(4096, 'x')) == std::string(4096, 'x'));
  CHECK(value_of(std::string(4097, 'x')) == "\"" + std::string(4096, 'x') + mark + "\"");
  // The two bytes of ü lie across the border.
  CHECK(value_of(std::string(4095, 'x') + "\xC3\xBC" + "y") == "\"" + std::string(4095, 'x') + mark + "\"");
  const std::string garbage(5000, '\x80');
  CHECK(is_utf8(value_of(garbage)));
  CHECK(value_of(garbage).ends_with(mark + "\""));
  // Masked before the cut, which could leave half a secret that nothing recognises.
  CHECK(value_of(std::string(4080, 'x') + " password=hunter2hunter2").find("hunter2") == std::string::npos);
}

TEST_CASE("the logger writes lines of the level and above to stderr", "[log]") {
  const CapturedStderr captured;
  const DefaultSettingsAfter after;
  log::configure({.level = Level::warn, .format = Format::json, .mask_pii = true});
  CHECK_FALSE(log::enabled(Level::debug));
  CHECK_FALSE(log::enabled(Level::info));
  CHECK(log::enabled(Level::warn));
  CHECK(log::enabled(Level::error));
  log::debug("one");
  log::info("two");
  log::warn("three {} %v", {{"ip", "10.0.0.1"}});
  log::error("four");
  log::configure({.level = Level::debug});
  log::debug("five");
  log::info("six");
  const auto lines = captured.lines();
  REQUIRE(lines.size() == 4);
  const auto first = nlohmann::json::parse(lines[0]);
  CHECK(first["msg"] == "three {} %v");
  CHECK(first["ip"] == "[ip]");
  CHECK(first["time"].get<std::string>().size() == kTime.size());
  CHECK(nlohmann::json::parse(lines[1])["level"] == "error");
  CHECK(lines[2].ends_with(" level=debug msg=\"five\""));
  CHECK(lines[3].ends_with(" level=info msg=\"six\""));
}

TEST_CASE("lines of several threads do not mix", "[log]") {
  const CapturedStderr captured;
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kLines = 200;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      for (std::size_t line = 0; line < kLines; ++line) log::info("m", {{"v", std::string(500, 'x')}});
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = captured.lines();
  CHECK(lines.size() == kThreads * kLines);
  for (const auto& line : lines) {
    if (!line.starts_with("time=") || !line.ends_with(" level=info msg=\"m\" v=" + std::string(500, 'x'))) FAIL(line);
  }
}

}  // namespace binnacle
