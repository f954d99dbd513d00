// SPDX-License-Identifier: Apache-2.0
#include "route.h"

#include <algorithm>
#include <array>
#include <vector>

namespace binnacle::gateway {

namespace {

constexpr std::size_t kTargetLimit = std::size_t{8} << 10U;

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

/// Nothing for an escape that is none.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

char to_lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte; }

bool is_printable(char byte) { return byte > ' ' && byte < '\x7F'; }

/// A path of plain segments, which no server takes for another path: without backslashes, parameters (";x", which some
/// cut off), and escapes of dots, slashes, percent signs or control characters.
bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.find("//") != std::string_view::npos) return false;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '\\' || path[at] == ';') return false;
    if (path[at] != '%') continue;
    const auto byte = percent_decode(path.substr(at, 3));
    if (!byte) return false;
    constexpr std::string_view kForbidden = "./\\%;?#\x7F";
    const char decoded = byte->front();
    if (kForbidden.find(decoded) != std::string_view::npos || (decoded >= 0 && decoded < ' ')) return false;
  }
  for (auto rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const auto segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") return false;
    rest.remove_prefix(segment.size());
  }
  return true;
}

/// Whether the last `alt` of a query is sse.
bool asks_for_sse(std::string_view query) {
  bool sse = false;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = percent_decode(pair.substr(0, equals));
    if (!name || (*name != "alt" && *name != "$alt")) continue;
    sse = percent_decode(pair.substr(std::min(equals + 1, pair.size()))) == "sse";
  }
  return sse;
}

struct KnownPath {
  std::string_view path;  // after /v1, if it is there
  Operation operation;
};
constexpr std::array kOpenaiPaths{
    KnownPath{"/chat/completions", Operation::chat}, KnownPath{"/completions", Operation::completions},
    KnownPath{"/embeddings", Operation::embeddings}, KnownPath{"/responses", Operation::responses}};

struct KnownVerb {
  std::string_view verb;
  Operation operation;
  bool stream;
};
constexpr std::array kGeminiVerbs{KnownVerb{"generateContent", Operation::generate_content, false},
                                  KnownVerb{"streamGenerateContent", Operation::generate_content, true},
                                  KnownVerb{"embedContent", Operation::embed_content, false},
                                  KnownVerb{"batchEmbedContents", Operation::embed_content, false}};

/// The last colon of a raw segment, as it is or escaped: where it stands and how long it is.
std::optional<std::pair<std::size_t, std::size_t>> last_colon(std::string_view segment) {
  for (auto at = segment.size(); at > 0; --at) {
    const auto rest = segment.substr(at - 1);
    if (rest.starts_with(':')) return std::pair{at - 1, std::size_t{1}};
    if (rest.starts_with("%3A") || rest.starts_with("%3a")) return std::pair{at - 1, std::size_t{3}};
  }
  return std::nullopt;
}

bool is_google_version(std::string_view segment) {
  return segment == "v1beta" || segment == "v1alpha" || segment == "v1";
}

Route plain(Route::Kind kind, Dialect dialect) {
  Route route;
  route.kind = kind;
  route.dialect = dialect;
  return route;
}

/// POST /v1beta/models/M:verb, where the path has such a form.
std::optional<Route> gemini_route(std::string_view path, std::string_view query) {
  const auto last = path.rfind('/');
  const auto segment = path.substr(last + 1);
  const auto colon = last_colon(segment);
  if (!colon) return std::nullopt;
  const auto folder = percent_decode(path.substr(0, last)).value_or("");
  const auto second = folder.find('/', 1);
  if (second == std::string::npos || !is_google_version(std::string_view{folder}.substr(1, second - 1))) {
    return std::nullopt;
  }
  const auto kind = std::string_view{folder}.substr(second);
  if (kind != "/models" && kind != "/tunedModels") return std::nullopt;
  const auto [at, size] = *colon;
  const auto verb = percent_decode(segment.substr(at + size)).value_or("");
  const auto* const known =
      std::find_if(kGeminiVerbs.begin(), kGeminiVerbs.end(), [&](const auto& row) { return row.verb == verb; });
  if (known == kGeminiVerbs.end()) return plain(Route::Kind::pass, Dialect::gemini);
  if (at == 0) return plain(Route::Kind::bad_path, Dialect::gemini);
  Route route = plain(Route::Kind::metered, Dialect::gemini);
  route.operation = known->operation;
  route.stream = known->stream;
  route.sse = known->stream && asks_for_sse(query);
  route.model = percent_decode(segment.substr(0, at)).value_or("");
  route.model_at = {last + 1, last + 1 + at};
  return route;
}

/// Whose API a path is that is no operation of ours.
Dialect dialect_of_path(std::string_view path, bool anthropic) {
  for (const std::string_view google : {"/v1beta/", "/v1alpha/", "/upload/v1beta/", "/download/v1beta/"}) {
    if (path.starts_with(google)) return Dialect::gemini;
  }
  if (anthropic || path.starts_with("/v1/messages/")) return Dialect::anthropic;
  return Dialect::openai;
}

Route by_method(bool allowed, Route route) {
  if (!allowed) route.kind = Route::Kind::bad_method;
  return route;
}

}  // namespace

Route route(std::string_view method, std::string_view target, bool anthropic) {
  auto bad = plain(Route::Kind::bad_path, anthropic ? Dialect::anthropic : Dialect::openai);
  if (target.size() > kTargetLimit || !std::all_of(target.begin(), target.end(), is_printable)) return bad;
  const auto question = std::min(target.find('?'), target.size());
  auto raw = target.substr(0, question);
  const auto query = target.substr(std::min(question + 1, target.size()));
  if (target.find('#') != std::string_view::npos || !is_plain_path(raw)) return bad;
  if (raw.size() > 1 && raw.ends_with('/')) raw.remove_suffix(1);
  // Some servers do not tell upper case from lower case: what they take for an operation is metered as one.
  auto decoded = percent_decode(raw).value_or("");
  std::transform(decoded.begin(), decoded.end(), decoded.begin(), to_lower);
  const std::string_view path = decoded;

  if (path == "/api/ai/process") {
    if (method == "GET") return plain(Route::Kind::process_list, bad.dialect);
    return by_method(method == "POST", plain(Route::Kind::process, bad.dialect));
  }
  if (path == "/v1beta/models" || path == "/v1alpha/models") {
    return by_method(method == "GET", plain(Route::Kind::models, Dialect::gemini));
  }
  const auto versioned = path.starts_with("/v1/") ? path.substr(3) : path;
  if (versioned == "/models") return by_method(method == "GET", plain(Route::Kind::models, bad.dialect));
  for (const auto& known : kOpenaiPaths) {
    if (versioned != known.path) continue;
    // A GET there lists the answers that are stored.
    if (known.operation == Operation::chat && method == "GET") return plain(Route::Kind::pass, Dialect::openai);
    auto metered = plain(Route::Kind::metered, Dialect::openai);
    metered.operation = known.operation;
    return by_method(method == "POST", metered);
  }
  if (path == "/v1/messages") {
    auto metered = plain(Route::Kind::metered, Dialect::anthropic);
    metered.operation = Operation::messages;
    return by_method(method == "POST", metered);
  }
  if (method == "POST") {
    if (auto google = gemini_route(raw, query)) return *google;
  }
  return plain(Route::Kind::pass, dialect_of_path(path, anthropic));
}

std::string redact_query(std::string_view target) {
  constexpr std::string_view kHidden = "…";
  constexpr std::size_t kPathLimit = 1024;
  constexpr std::size_t kNameLimit = 64;
  // What is no path may be an address with a password in it.
  if (!target.starts_with('/')) return std::string{kHidden};
  const auto end = std::min(target.find_first_of("?#"), target.size());
  std::string redacted{target.substr(0, std::min(end, kPathLimit))};
  if (end > kPathLimit) redacted += kHidden;
  std::replace_if(
      redacted.begin(), redacted.end(), [](char byte) { return (byte >= 0 && byte < ' ') || byte == '\x7F'; }, '?');
  if (end == target.size()) return redacted;
  redacted += target[end];
  if (target[end] == '#') return redacted += kHidden;
  for (auto query = target.substr(end + 1); !query.empty();) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    const auto name = pair.substr(0, pair.find('='));
    const bool named = name.size() < pair.size() && name.size() <= kNameLimit &&
                       std::all_of(name.begin(), name.end(), is_printable) && name.find('#') == std::string_view::npos;
    if (named) redacted.append(name).append("=");
    if (!pair.empty()) redacted += kHidden;
    if (query.empty()) break;
    redacted += '&';
    query.remove_prefix(1);
  }
  return redacted;
}

}  // namespace binnacle::gateway
