// SPDX-License-Identifier: Apache-2.0
#include "basic_auth.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "text.h"

namespace binnacle {
namespace {

constexpr std::size_t kBcryptPrefix = 7;  // "$2b$10$"
constexpr std::size_t kBcryptSalt = 22;
constexpr std::size_t kBcryptLength = 60;
constexpr std::size_t kBcryptPasswordLimit = 72;  // bcrypt never looks at more bytes

bool is_bcrypt_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size());
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
    }
  }
  return bytes;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  });
}

void wipe(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace

std::optional<int> bcrypt_cost(std::string_view hash) {
  if (hash.size() != kBcryptLength) return std::nullopt;
  if (!hash.starts_with("$2a$") && !hash.starts_with("$2b$") && !hash.starts_with("$2y$")) return std::nullopt;
  if (hash[kBcryptPrefix - 1] != '$') return std::nullopt;
  const auto cost = to_u64(hash.substr(4, 2));
  if (!cost || *cost < 4 || *cost > 31) return std::nullopt;
  const auto rest = hash.substr(kBcryptPrefix);
  if (!std::all_of(rest.begin(), rest.end(), is_bcrypt_char)) return std::nullopt;
  return static_cast<int>(*cost);
}

std::optional<std::pair<std::string, std::string>> parse_basic_credentials(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (header.size() < kScheme.size() || !equals_ignoring_case(header.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  auto decoded = decode_base64(trim(header.substr(kScheme.size())));
  if (!decoded) return std::nullopt;
  std::optional<std::pair<std::string, std::string>> result;
  const auto colon = decoded->find(':');
  if (colon != std::string::npos) result.emplace(decoded->substr(0, colon), decoded->substr(colon + 1));
  wipe(*decoded);
  return result;
}

BasicAuth::BasicAuth() : crypt_data_(std::make_unique<crypt_data>()) {
  // From the kernel: starting OpenSSL's own generator would cost an exporter without authentication 2 MB.
  if (::getrandom(random_key_.data(), random_key_.size(), 0) != static_cast<ssize_t>(random_key_.size())) {
    throw std::runtime_error("cannot get random bytes from the kernel");
  }
}

BasicAuth::~BasicAuth() = default;

bool BasicAuth::check(const Users& users, std::string_view authorization) {
  auto credentials = parse_basic_credentials(authorization);
  if (!credentials || users.empty()) return false;
  auto& [name, password] = *credentials;

  const auto user = users.find(name);
  std::string hash;
  if (user != users.end()) {
    hash = user->second;
  } else {
    // As slow as a user who exists, and the same one for the same name, so that timing does not tell who does.
    const Digest which = digest({name});
    const auto index = (static_cast<std::size_t>(which[0]) << 8U | which[1]) % users.size();
    const auto& model = std::next(users.begin(), static_cast<std::ptrdiff_t>(index))->second;
    hash = "$2b$" + model.substr(4, 3) + std::string(kBcryptLength - kBcryptPrefix, '.');
  }

  const Digest key = digest({name, hash, password});
  std::optional<bool> result = look_up(key);
  if (!result) {
    const bool matches = bcrypt_matches(password, hash);
    result = matches && user != users.end();
    keep(key, *result);
  }
  wipe(password);
  return *result;
}

BasicAuth::Digest BasicAuth::digest(std::initializer_list<std::string_view> parts) const {
  // Each part with its length before it: no two different lists give the same bytes.
  Digest result{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool ok = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
            EVP_DigestUpdate(context.get(), random_key_.data(), random_key_.size()) == 1;
  for (const std::string_view part : parts) {
    const std::uint64_t length = part.size();
    ok = ok && EVP_DigestUpdate(context.get(), &length, sizeof length) == 1 &&
         EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context.get(), result.data(), nullptr) == 1;
  if (!ok) throw std::runtime_error("OpenSSL cannot compute SHA-256");
  return result;
}

std::optional<bool> BasicAuth::look_up(const Digest& key) const {
  const std::lock_guard lock(cache_mutex_);
  const auto found = cache_.find(key);
  if (found == cache_.end()) return std::nullopt;
  return found->second;
}

void BasicAuth::keep(const Digest& key, bool result) {
  const std::lock_guard lock(cache_mutex_);
  ++computed_;
  if (cache_.size() >= kCacheSize && !cache_.contains(key)) {
    // A refusal goes first: a stranger's guesses must not push out the users, who would then wait for bcrypt.
    auto victim = std::find_if(cache_.begin(), cache_.end(), [](const auto& entry) { return !entry.second; });
    // Digests under a random key are in no order that anybody could aim at.
    if (victim == cache_.end()) victim = cache_.lower_bound(key);
    if (victim == cache_.end()) victim = cache_.begin();
    cache_.erase(victim);
  }
  cache_[key] = result;
}

bool BasicAuth::bcrypt_matches(const std::string& password, const std::string& hash) {
  const std::lock_guard lock(bcrypt_mutex_);
  std::string phrase = password.substr(0, kBcryptPasswordLimit);
  // crypt() takes a C string and would compare only what is before a NUL; no such password is right.
  const bool has_nul = phrase.find('\0') != std::string::npos;
  const char* computed = crypt_rn(phrase.c_str(), hash.substr(0, kBcryptPrefix + kBcryptSalt).c_str(),
                                  crypt_data_.get(), sizeof(crypt_data));
  const bool matches = computed != nullptr && std::string_view(computed).size() == hash.size() &&
                       CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  wipe(phrase);
  OPENSSL_cleanse(crypt_data_.get(), sizeof(crypt_data));
  return matches && !has_nul;
}

std::size_t BasicAuth::cached() const {
  const std::lock_guard lock(cache_mutex_);
  return cache_.size();
}

std::size_t BasicAuth::computed() const {
  const std::lock_guard lock(cache_mutex_);
  return computed_;
}

}  // namespace binnacle
