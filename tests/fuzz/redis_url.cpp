// SPDX-License-Identifier: Apache-2.0
// Addresses and URLs of servers, as flags, environment and the config file have them: a password is told to nobody.
#include "core/redis/redis_url.h"

#include <string>

#include "cache/targets.h"
#include "core/strict_yaml.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::cache;

constexpr std::string_view kPassword = "hunter2-is-secret";

bool tells_password(std::string_view text) { return text.find(kPassword) != std::string_view::npos; }

void read_url(std::string_view text) {
  accepts([&] {
    const auto url = parse_redis_url(text);
    require(!url.address.path.empty() || (url.address.port > 0 && url.address.port < 65'536),
            "an address is a path, or has a port");
    require(!url.address.name().empty(), "an address has a name");
    const auto& path = url.address.path;
    if (!path.empty() && path.front() != '/') return;  // a relative one needs its scheme
    require(parse_address(url.address.name(), 1) == url.address, "an address' name leads to it");
  });
}

/// Whatever stands around a password.
void read_with_password(const std::string& text) {
  if (tells_password(text)) return;  // it may stand anywhere then
  const auto url = "redis://user:" + std::string{kPassword} + "@" + text;
  const auto environment = [&](const std::string& name) -> const char* {
    return name == "REDIS_ADDR" ? url.c_str() : nullptr;
  };
  try {
    for (const auto& target : name_targets(given_targets({}, environment), {})) {
      require(!tells_password(target.address.name()) && !tells_password(target.name), "a password is kept apart");
      require(target.credentials.password.has_value(), "a password is kept");
    }
  } catch (const std::runtime_error& error) {
    require(!tells_password(error.what()), "an error tells no password");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  read_url(text);
  // An environment variable has no zero byte.
  read_with_password(std::string{text.substr(0, text.find('\0'))});
  accepts([&] {
    auto config = YamlMap::from_text(text, "config.yml");
    for (const auto& target : parse_targets(config)) require(!target.name.empty(), "a target of the config has a name");
    config.finish();
  });
  return 0;
}
