// SPDX-License-Identifier: Apache-2.0
#include "mask.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "mask_values.h"
#include "text.h"

// One pass from left to right. Whatever is looked at twice is bounded (a key's name, a prefix) or is jumped over
// afterwards (a value), so no input makes the time grow faster than its length.
namespace binnacle {

namespace {

using namespace mask;  // NOLINT(google-build-using-namespace): one header, made for this file
constexpr std::string_view kReplacement = "***";
constexpr int kRounds = 4;

bool same(std::string_view text, std::string_view lower_text) {
  return std::equal(text.begin(), text.end(), lower_text.begin(), lower_text.end(),
                    [](char a, char b) { return lower(a) == b; });
}

/// Whether `name` ends with `key`, when case and the separators - _ . do not count. Gives what stands before it.
std::optional<std::string_view> before_key(std::string_view name, std::string_view key) {
  while (!key.empty()) {
    if (name.empty()) return std::nullopt;
    const char c = lower(name.back());
    if (c == key.back()) {
      key.remove_suffix(1);
    } else if (is_alnum(c)) {
      return std::nullopt;
    }
    name.remove_suffix(1);
  }
  return name;
}

bool ends_with_any(std::string_view name, const auto& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return before_key(name, key).has_value(); });
}

constexpr std::array<std::string_view, 4> kPasswordKeys{"password", "passwd", "pwd", "passphrase"};
constexpr std::array<std::string_view, 9> kOtherKeys{"secret",     "token",         "apikey",
                                                     "accesskey",  "secretkey",     "privatekey",
                                                     "accountkey", "encryptionkey", "authorization"};

constexpr std::array<std::string_view, 16> kBearerWords{
    "token",       "tokens", "auth",     "authentication", "authorization", "scheme", "header",
    "credentials", "is",     "required", "missing",        "not",           "realm",  "or",
    "and",         "for"};
constexpr std::array<std::string_view, 7> kSchemes{"basic",     "bearer", "token",           "apikey",
                                                   "negotiate", "digest", "aws4-hmac-sha256"};

class SecretMasker {
 public:
  explicit SecretMasker(std::string_view text) : text_(text) {}

  std::string run() {
    size_t at = 0;
    while (at < text_.size()) {
      if (starts_token(at)) {
        if (const auto end = passfile_line(at)) {
          at = *end;
          continue;
        }
      }
      at = is_word(text_[at]) ? word(at) : sign(at);
    }
    if (copied_ == 0) return std::string{text_};
    out_ += text_.substr(copied_);
    return std::move(out_);
  }

 private:
  /// Masks a span and returns its end. Nothing between two calls may be masked again.
  size_t mask(Span span) {
    if (span.begin >= span.end) return span.end;
    out_ += text_.substr(copied_, span.begin - copied_);
    out_ += kReplacement;
    copied_ = span.end;
    return span.end;
  }

  [[nodiscard]] bool starts_token(size_t at) const {
    return !is_gap(text_[at]) && !is_quote(text_[at]) && (at == 0 || is_gap(text_[at - 1]) || is_quote(text_[at - 1]));
  }

  /// ~/.pgpass: host:port:database:user:password.
  std::optional<size_t> passfile_line(size_t at) {
    size_t end = at;
    std::array<size_t, 4> colons{};
    size_t found = 0;
    for (; end < text_.size() && !is_gap(text_[end]) && !is_quote(text_[end]); ++end) {
      if (text_[end] == ':' && found < colons.size()) colons.at(found++) = end;
    }
    if (found < colons.size() || colons[3] + 1 == end) return std::nullopt;
    const auto field = [&](size_t i) {
      return text_.substr(colons.at(i - 1) + 1, colons.at(i) - colons.at(i - 1) - 1);
    };
    const auto host = text_.substr(at, colons[0] - at);
    const auto port = field(1);
    const auto number = to_u64(port).value_or(0);
    if (host.empty() || field(2).empty() || field(3).empty()) return std::nullopt;
    if (port != "*" && (number < 1024 || number > 65535 || port.size() > 5)) return std::nullopt;
    const bool database_port = (number >= 5432 && number < 5440) || number == 6432;
    if (!database_port && host != "*" && host != "localhost" && host.find_first_of("./") == kNone) return std::nullopt;
    if (field(2).starts_with("//")) return std::nullopt;
    return mask({colons[3] + 1, end});
  }

  /// A run of letters, digits and - _ . that begins at `at`: the API keys in it, then what it says of the text behind
  /// it.
  size_t word(size_t at) {
    size_t end = at;
    while (end < text_.size() && is_word(text_[end])) ++end;
    size_t begin = at;
    for (size_t i = at; i < end; ++i) {
      if (text_[i] == '-' && text_.compare(i, kPemBegin.size(), kPemBegin) == 0) {
        if (const auto after = private_key(i)) return *after;
      }
      if (i > at && is_alnum(text_[i - 1])) continue;
      size_t stop = api_key_end(text_, i);
      if (stop == kNone) stop = jwt_end(i);
      if (stop == kNone) continue;
      begin = mask({i, stop});
      i = begin - 1;
    }
    return begin == end ? end : after_word(text_.substr(begin, end - begin), end);
  }

  /// Acts on a word that ends at `end`; returns where to go on.
  size_t after_word(std::string_view name, size_t end) {
    if (end == text_.size()) return end;
    const char sign = text_[end];
    if (sign != '=' && sign != ':' && sign != '\\' && !is_blank(sign) && !is_quote(sign)) return end;
    if (is_secret_key(name)) return key(name, end);
    const size_t next = skip_blanks(text_, end);
    if (next == end) return end;
    if (same(name, "bearer")) {
      const Span value = value_at(text_, next);
      const auto token = text_.substr(value.begin, value.end - value.begin);
      const auto is_token = [&](std::string_view plain) { return same(token, plain); };
      if (std::any_of(kBearerWords.begin(), kBearerWords.end(), is_token)) return end;
      return mask(value);
    }
    if (same(name, "basic")) {
      const size_t stop = basic_credential_end(text_, next);
      return stop == kNone ? end : mask({next, stop});
    }
    if (same(name, "identified") && same(text_.substr(next, 2), "by")) {
      const size_t quote = skip_blanks(text_, next + 2);
      if (quote < text_.size() && is_quote(text_[quote])) return mask(value_at(text_, quote));
    }
    return end;
  }

  /// A secret's name ends at `end`: masks the value behind it, if there is one.
  size_t key(std::string_view name, size_t end) {
    size_t at = end;
    const bool escaped = text_[at] == '\\' && at + 1 < text_.size() && is_quote(text_[at + 1]);
    const bool quoted_name = escaped || is_quote(text_[at]);
    if (quoted_name) at += escaped ? 2 : 1;
    const size_t separator = skip_blanks(text_, at);
    if (separator == text_.size()) return end;
    const char sign = text_[separator];
    if (sign != '=' && sign != ':') {
      // SQL's PASSWORD 'x', a shell's --password x
      const bool sql = !quoted_name && separator > end && is_quote(sign) && ends_with_any(name, kPasswordKeys);
      const bool option = separator > end && name.starts_with("--") && sign != '-' && !is_gap(sign);
      return sql || option ? mask(value_at(text_, separator)) : end;
    }
    at = separator + 1;
    if (sign == ':' && at < text_.size() && (text_[at] == ':' || text_.compare(at, 2, "//") == 0)) return at;
    while (at < text_.size() && at < separator + 3 && (text_[at] == '=' || text_[at] == '>')) ++at;
    const size_t start = skip_blanks(text_, at);
    if (start == text_.size()) return start;
    const bool is_quoted = is_quote(text_[start]) || text_[start] == '\\' || text_[start] == '[';
    // "user= password= host=x": nothing, and then the next pair
    if (sign == '=' && start > at && !is_quoted && starts_pair(text_, start)) return at;
    if (before_key(name, "authorization")) return authorization(start);
    const Span value = value_at(text_, start);
    const bool plain_name = same(name, "token") || same(name, "secret") || ends_path(name);
    const bool sentence = sign == ':' && start > at && !is_quoted && !quoted_name && plain_name;
    if (sentence && !looks_random(text_.substr(value.begin, value.end - value.begin))) return at;
    return mask(value);
  }

  /// Whether the name is the end of a file's path: "/run/secrets/password: not found".
  [[nodiscard]] bool ends_path(std::string_view name) const {
    return name.data() != text_.data() && *(name.data() - 1) == '/';
  }

  /// The value of an Authorization header: the scheme stays.
  size_t authorization(size_t at) {
    Span value = value_at(text_, at);
    const bool enclosed = value.begin > at;
    size_t scheme_end = value.begin;
    const size_t limit = std::min(text_.size(), scheme_end + kNameLimit);
    while (scheme_end < limit && is_word(text_[scheme_end])) ++scheme_end;
    const auto scheme = text_.substr(value.begin, scheme_end - value.begin);
    const size_t rest = skip_blanks(text_, scheme_end);
    const bool known =
        std::any_of(kSchemes.begin(), kSchemes.end(), [&](std::string_view name) { return same(scheme, name); });
    if (!known || rest == scheme_end) return mask(value);
    if (enclosed) return mask({rest, std::max(rest, value.end)});
    if (same(scheme, "digest") || same(scheme, "aws4-hmac-sha256")) {
      return mask({rest, std::min(text_.find_first_of("\r\n", rest), text_.size())});
    }
    return mask(value_at(text_, rest));
  }

  /// A byte that is part of no word.
  size_t sign(size_t at) {
    if (text_[at] == ':' && text_.compare(at, 3, "://") == 0) return url(at + 3);
    if (text_[at] != '$') return at + 1;
    const size_t end = bcrypt_end(text_, at);
    return end == kNone ? at + 1 : mask({at, end});
  }

  /// scheme://user:PASSWORD@host: `at` is behind the slashes.
  size_t url(size_t at) {
    size_t end = at;
    size_t colon = kNone;
    size_t path = kNone;
    size_t query = kNone;
    size_t last_at = kNone;
    size_t last_at_before_query = kNone;
    for (; end < text_.size() && !is_gap(text_[end]) && !closes(text_, end); ++end) {
      const char c = text_[end];
      if (c == ':' && text_.compare(end, 3, "://") == 0) break;
      if (c == ':' && colon == kNone && path == kNone) colon = end;
      if (path == kNone && (c == '/' || c == '?' || c == '#')) path = end;
      if (query == kNone && (c == '?' || c == '#')) query = end;
      if (c != '@') continue;
      last_at = end;
      if (query == kNone) last_at_before_query = end;
    }
    if (colon == kNone || last_at == kNone) return at;
    const size_t authority_end = path == kNone ? end : path;
    // A password may hold a bare / or ?, but host:80/a@b has none.
    const auto after_colon = text_.substr(colon + 1, authority_end - colon - 1);
    const bool port = !after_colon.empty() && std::all_of(after_colon.begin(), after_colon.end(), is_digit);
    const bool plain = last_at_before_query != kNone && last_at_before_query > colon;
    const size_t stop = plain ? last_at_before_query : last_at;
    if (port || stop < colon) return at;
    return mask({colon + 1, stop});
  }

  /// Where the JSON web token that begins at `at` ends.
  size_t jwt_end(size_t at) {
    if (at < no_jwt_before_ || text_.compare(at, 3, "eyJ") != 0) return kNone;
    size_t end = key_chars_end(text_, at);
    const bool dot = end < text_.size() && text_[end] == '.';
    no_jwt_before_ = end;  // whatever begins before it has the same end, and is shorter
    if (!dot || end - at < 8) return kNone;
    const size_t payload = key_chars_end(text_, end + 1);
    if (payload - end < 5) return kNone;
    const bool signature = payload < text_.size() && text_[payload] == '.';
    return signature ? key_chars_end(text_, payload + 1) : payload;
  }

  /// A PEM block whose label says that it is a private key; all of the rest when its end is missing.
  std::optional<size_t> private_key(size_t at) {
    const size_t label = at + kPemBegin.size();
    const size_t dashes = text_.substr(0, std::min(text_.size(), label + kNameLimit)).find("-----", label);
    if (dashes == kNone) return std::nullopt;
    if (text_.substr(label, dashes - label).find("PRIVATE KEY") == kNone) return std::nullopt;
    const size_t body = dashes + 5;
    return mask({body, std::min(text_.find("-----END", body), text_.size())});
  }

  static constexpr std::string_view kPemBegin = "-----BEGIN ";

  std::string_view text_;
  std::string out_;
  size_t copied_ = 0;
  size_t no_jwt_before_ = 0;
};

}  // namespace

bool is_secret_key(std::string_view name) {
  if (name.size() > kNameLimit) name.remove_prefix(name.size() - kNameLimit);
  if (ends_with_any(name, kPasswordKeys) || ends_with_any(name, kOtherKeys)) return true;
  const auto before = before_key(name, "pass");  // but not in bypass or compass
  return before && (before->empty() || !is_alnum(before->back()));
}

std::string mask_secrets(std::string_view text) {
  std::string masked = SecretMasker{text}.run();
  // A quote or a bracket that was masked may have been what ended something else. Almost always the first pass is all.
  for (int round = 0; round < kRounds && masked != text; ++round) {
    std::string again = SecretMasker{masked}.run();
    if (again == masked) break;
    masked = std::move(again);
  }
  return masked;
}

}  // namespace binnacle
