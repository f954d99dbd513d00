// SPDX-License-Identifier: Apache-2.0
#include "timestamp.h"

#include <cstddef>
#include <cstdint>

namespace binnacle {

namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2199;  // nanoseconds in 64 bits end in 2262

/// Takes text off the front; once something did not fit, all that follows fails too.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// A number of exactly so many digits, from `least` to `most`.
  int number(std::size_t digits, int least, int most) {
    int value = 0;
    if (rest_.size() < digits) return fail();
    for (const char byte : rest_.substr(0, digits)) {
      if (!is_digit(byte)) return fail();
      value = value * 10 + (byte - '0');
    }
    rest_.remove_prefix(digits);
    return value < least || value > most ? fail() : value;
  }

  /// Takes one of these bytes, if it is there.
  bool take(std::string_view bytes) {
    if (rest_.empty() || bytes.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(std::string_view bytes) {
    if (!take(bytes)) fail();
  }

  nanoseconds fraction() {
    std::int64_t value = 0;
    int digits = 0;
    for (; digits < 9 && !rest_.empty() && is_digit(rest_.front()); ++digits) {
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0) fail();
    for (; digits < 9; ++digits) value *= 10;
    return nanoseconds{value};
  }

  [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
  int fail() {
    failed_ = true;
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

/// "Z", or hours and minutes east of Greenwich.
std::chrono::seconds read_offset(Reader& reader) {
  if (reader.take("Zz")) return {};
  const bool west = reader.next() == '-';
  reader.require("+-");
  std::chrono::seconds offset = std::chrono::hours{reader.number(2, 0, 18)};
  reader.take(":");
  offset += std::chrono::minutes{reader.number(2, 0, 59)};
  if (reader.take(":")) offset += std::chrono::seconds{reader.number(2, 0, 59)};
  return west ? -offset : offset;
}

}  // namespace

std::optional<system_clock::time_point> parse_timestamp(std::string_view text) {
  Reader reader{text};
  const std::chrono::year year{reader.number(4, kFirstYear, kLastYear)};
  reader.require("-");
  const std::chrono::month month{static_cast<unsigned>(reader.number(2, 1, 12))};
  reader.require("-");
  const std::chrono::day day{static_cast<unsigned>(reader.number(2, 1, 31))};
  reader.require("Tt ");
  nanoseconds time = std::chrono::hours{reader.number(2, 0, 23)};
  reader.require(":");
  time += std::chrono::minutes{reader.number(2, 0, 59)};
  if (reader.take(":")) time += std::chrono::seconds{reader.number(2, 0, 60)};  // 60: a leap second
  if (reader.take(".,")) time += reader.fraction();
  const auto offset = read_offset(reader);
  const std::chrono::year_month_day date{year, month, day};
  const auto rest = reader.rest();
  const bool zone = rest.size() > 2 && rest.front() == '[' && rest.find(']') == rest.size() - 1;
  if (reader.failed() || !date.ok() || (!rest.empty() && !zone)) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::duration_cast<system_clock::duration>(time - offset);
}

std::optional<system_clock::time_point> from_unix_seconds(double seconds) {
  constexpr double kLast = 7'258'118'400;  // 2200-01-01
  if (!(seconds >= 0) || seconds >= kLast) return std::nullopt;
  return system_clock::time_point{} +
         std::chrono::duration_cast<system_clock::duration>(std::chrono::duration<double>{seconds});
}

}  // namespace binnacle
