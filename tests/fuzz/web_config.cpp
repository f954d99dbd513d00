// SPDX-License-Identifier: Apache-2.0
// The web config file, and the names in it.
#include "core/web_config.h"

#include "core/basic_auth.h"
#include "core/tls_names.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle;
  using namespace binnacle::fuzz;
  const auto text = as_text(data, size);
  accepts([&] {
    const auto config = parse_web_config(text, "/etc/exporter/web.yml");
    for (const auto& [user, hash] : config.basic_auth_users)
      require(bcrypt_cost(hash).has_value(), "a hash is bcrypt's");
    if (config.rate_limit) require(config.rate_limit->burst >= 0, "a burst is not negative");
    if (config.tls) require(config.tls->min_version <= config.tls->max_version, "versions are in order");
    for (const auto& [name, value] : config.headers) {
      require(name.find('\n') == std::string::npos && value.find('\n') == std::string::npos, "a header is one line");
    }
  });
  find_cipher_suite(text);
  find_curve(text);
  find_tls_version(text);
  if (const auto cost = bcrypt_cost(text)) require(*cost >= 4 && *cost <= 31, "a cost is bcrypt's");
  return 0;
}
