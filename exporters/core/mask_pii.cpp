// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "mask.h"

// As in mask.cpp: every look ahead or back is bounded, so the time is linear. What stands before a match is judged in
// the output, so that masking the output again sees the same.
namespace binnacle {

namespace {

using std::size_t;
constexpr size_t kNone = std::string_view::npos;
constexpr size_t kLocalLimit = 64;
constexpr size_t kDomainLimit = 253;
constexpr size_t kRunLimit = 64;
constexpr int kRounds = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

char at_or_nul(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\0'; }

size_t digits_end(std::string_view text, size_t at, size_t most) {
  const size_t limit = std::min(text.size(), at + most);
  while (at < limit && is_digit(text[at])) ++at;
  return at;
}

/// Whether the pattern stands at `at`: 9 is any digit, everything else itself.
bool fits(std::string_view text, size_t at, std::string_view pattern) {
  if (text.size() - at < pattern.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = text[at + i];
    if (pattern[i] == '9' ? !is_digit(c) : c != pattern[i]) return false;
  }
  return true;
}

/// Whether a number may end before `at`: not within a longer number, word or dashed group.
bool number_ends(std::string_view text, size_t at) {
  const char c = at_or_nul(text, at);
  if (is_alnum(c) || c == '-' || c == '_') return false;
  return c != '.' || !is_digit(at_or_nul(text, at + 1));
}

/// A US social security number: 123-45-6789, but for numbers that are never given out.
size_t ssn_end(std::string_view text, size_t at) {
  if (!fits(text, at, "999-99-9999") || !number_ends(text, at + 11)) return kNone;
  const auto area = text.substr(at, 3);
  if (area == "000" || area == "666" || area[0] == '9') return kNone;
  if (text.substr(at + 4, 2) == "00" || text.substr(at + 7, 4) == "0000") return kNone;
  return at + 11;
}

bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    const int value = (*digit - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
    twice = !twice;
  }
  return sum % 10 == 0;
}

/// Card numbers begin with 3 to 6 or 2221 to 2720. Times in milliseconds, microseconds or nanoseconds begin with 1.
bool is_card(std::string_view digits) {
  if (digits.size() < 13 || digits.size() > 19) return false;
  const auto head = digits.substr(0, 4);
  const bool issued = (head[0] >= '3' && head[0] <= '6') || (head >= "2221" && head <= "2720" && digits.size() == 16);
  return issued && luhn(digits);
}

size_t card_end(std::string_view text, size_t at) {
  const size_t run = digits_end(text, at, 20);
  if (run - at >= 13) return is_card(text.substr(at, run - at)) && number_ends(text, run) ? run : kNone;
  if (run - at != 4) return kNone;
  const char separator = at_or_nul(text, run);
  if (separator != ' ' && separator != '-') return kNone;
  for (const std::string_view groups :
       {"9999 9999 9999 9999 999", "9999 9999 9999 9999", "9999 999999 99999", "9999 999999 9999"}) {
    std::string pattern{groups};
    std::replace(pattern.begin(), pattern.end(), ' ', separator);
    const size_t end = at + pattern.size();
    if (!fits(text, at, pattern) || !number_ends(text, end)) continue;
    std::string digits;
    std::copy_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end),
                 std::back_inserter(digits), is_digit);
    if (is_card(digits)) return end;
  }
  return kNone;
}

/// 415-555-2671, 415.555.2671, 1-415-555-2671, (415) 555-2671, (415)555-2671.
size_t us_phone_end(std::string_view text, size_t at) {
  constexpr std::array<std::string_view, 5> kForms{"999-999-9999", "999.999.9999", "1-999-999-9999", "(999) 999-9999",
                                                   "(999)999-9999"};
  for (const auto form : kForms) {
    const size_t end = at + form.size();
    if (!fits(text, at, form) || !number_ends(text, end)) continue;
    // Neither the area nor the exchange begins with 0 or 1.
    const size_t area = at + form.find("999");
    const size_t exchange = at + form.rfind("999") - 5;
    if (text[area] >= '2' && text[exchange] >= '2') return end;
  }
  return kNone;
}

/// +14155552671, +44 20 7946 0958, +1 (415) 555-2671: `at` is the plus.
size_t phone_end(std::string_view text, size_t at) {
  constexpr size_t kMost = 15;
  size_t end = at + 1;
  if (at_or_nul(text, end) < '1' || at_or_nul(text, end) > '9') return kNone;
  const size_t first = digits_end(text, end, kMost + 1);
  const size_t most = text[end] == '1' ? 11 : kMost;
  size_t count = first - end;
  end = first;
  if (count >= 10) return count <= kMost && number_ends(text, end) ? end : kNone;
  if (count > 4) return kNone;
  while (count < most) {
    size_t next = end;
    // One sign between groups, with brackets around one of them: " (415) 555"
    for (int signs = 0; signs < 2 && std::string_view{" -.()"}.find(at_or_nul(text, next)) != kNone; ++signs) ++next;
    const size_t group = digits_end(text, next, kMost);
    if (next == end || group == next || group - next < 2 || count + (group - next) > most) break;
    count += group - next;
    end = group;
  }
  return count >= 8 && number_ends(text, end) ? end : kNone;
}

size_t ipv4_end(std::string_view text, size_t at) {
  for (int octet = 0; octet < 4; ++octet) {
    const size_t end = digits_end(text, at, 4);
    if (end == at || end - at > 3 || (text[at] == '0' && end - at > 1)) return kNone;
    int value = 0;
    for (; at < end; ++at) value = value * 10 + (text[at] - '0');
    if (value > 255) return kNone;
    if (octet < 3 && at_or_nul(text, at++) != '.') return kNone;
  }
  const char next = at_or_nul(text, at);
  if (is_alnum(next) || next == '_' || (next == '.' && is_digit(at_or_nul(text, at + 1)))) return kNone;
  return at;
}

bool is_ipv6(std::string_view text) {
  if (text.size() < 3 || std::none_of(text.begin(), text.end(), is_digit)) return false;
  const std::string whole{text};
  in6_addr address{};
  return ::inet_pton(AF_INET6, whole.c_str(), &address) == 1;
}

bool is_ipv6_char(char c) { return is_hex(c) || c == ':' || c == '.'; }

/// `end` is where the run of such characters that begins at `at` ends.
size_t ipv6_end(std::string_view text, size_t at, size_t end) {
  const char next = at_or_nul(text, end);
  if (is_alnum(next) || next == '_' || end - at > kRunLimit) return kNone;
  if (std::count(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), ':') <
      2)
    return kNone;
  if (is_ipv6(text.substr(at, end - at))) return end;
  const bool punctuation = text[end - 1] == ':' || text[end - 1] == '.';
  return punctuation && is_ipv6(text.substr(at, end - at - 1)) ? end - 1 : kNone;
}

bool is_local_char(char c) { return is_alnum(c) || is_high(c) || std::string_view{"._%+-"}.find(c) != kNone; }

/// Where a domain with at least two labels that begins at `at` ends. Unit files (getty@tty1.service) are no domains.
size_t domain_end(std::string_view text, size_t at) {
  constexpr std::array<std::string_view, 10> kUnits{"service", "socket", "timer", "mount", "target",
                                                    "device",  "slice",  "scope", "path",  "swap"};
  const size_t limit = std::min(text.size(), at + kDomainLimit);
  size_t end = at;
  size_t last_dot = kNone;
  while (end < limit) {
    const char c = text[end];
    if (c == '.') {
      const char next = at_or_nul(text, end + 1);
      if (end == at || !(is_alnum(next) || is_high(next))) break;
      last_dot = end;
    } else if (!is_alnum(c) && c != '-' && !is_high(c)) {
      break;
    }
    ++end;
  }
  if (last_dot == kNone) return kNone;
  const auto top = text.substr(last_dot + 1, end - last_dot - 1);
  if (top.size() < 2 || is_digit(top[0]) || std::find(kUnits.begin(), kUnits.end(), top) != kUnits.end()) return kNone;
  return end;
}

class PiiMasker {
 public:
  explicit PiiMasker(std::string_view text) : text_(text) {}

  std::string run() {
    // Each kind has a digit or an @ but for rare IPv6 addresses, which have colons.
    if (text_.find_first_of("0123456789@") == kNone) return std::string{text_};
    out_.reserve(text_.size());
    while (at_ < text_.size()) {
      if (!step()) out_ += text_[at_++];
    }
    return std::move(out_);
  }

 private:
  bool replace(size_t end, std::string_view with) {
    if (end == kNone) return false;
    out_ += with;
    at_ = end;
    return true;
  }

  /// Masks what stands at at_; false when there is nothing to mask.
  bool step() {
    const char c = text_[at_];
    if (c == '@') return email();
    const char before = out_.empty() ? '\0' : out_.back();
    if (is_alnum(before)) return false;
    if (c == '+') return replace(phone_end(text_, at_), "[phone]");
    if (c == '(') return replace(us_phone_end(text_, at_), "[phone]");
    if (before == '.') return false;
    if (is_digit(c)) {
      if (before != '-' && before != '_' &&
          (replace(ssn_end(text_, at_), "[ssn]") || replace(card_end(text_, at_), "[card]") ||
           replace(us_phone_end(text_, at_), "[phone]"))) {
        return true;
      }
      if (!version_follows() && replace(ipv4_end(text_, at_), "[ip]")) return true;
    }
    return (is_hex(c) || c == ':') && before != ':' && ipv6();
  }

  /// linux-6.1.0.25, but 10.0.0.1-10.0.0.9 are two addresses.
  [[nodiscard]] bool version_follows() const {
    return out_.size() > 1 && out_.back() == '-' && is_letter(out_[out_.size() - 2]);
  }

  bool ipv6() {
    if (at_ < no_ipv6_before_) return false;
    size_t end = at_;
    while (end < text_.size() && is_ipv6_char(text_[end])) ++end;
    if (replace(ipv6_end(text_, at_, end), "[ip]")) return true;
    no_ipv6_before_ = end;
    return false;
  }

  bool email() {
    const size_t end = domain_end(text_, at_ + 1);
    if (end == kNone) return false;
    size_t local = out_.size();
    while (local > 0 && out_.size() - local < kLocalLimit && is_local_char(out_[local - 1])) --local;
    if (local == out_.size()) return false;
    out_.resize(local);
    return replace(end, "[email]");
  }

  std::string_view text_;
  std::string out_;
  size_t at_ = 0;
  size_t no_ipv6_before_ = 0;
};

}  // namespace

std::string mask_pii(std::string_view text) {
  std::string masked = PiiMasker{text}.run();
  // What was masked may have been all that kept the text before it from being an address: fe80::1:4111111111111111.
  for (int round = 0; round < kRounds && masked != text; ++round) {
    std::string again = PiiMasker{masked}.run();
    if (again == masked) break;
    masked = std::move(again);
  }
  return masked;
}

}  // namespace binnacle
