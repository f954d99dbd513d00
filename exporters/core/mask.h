// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Takes secrets and personal data out of text that people will read. Any bytes are fine; the time is linear in them,
/// and masking twice changes nothing more.
namespace binnacle {

/// Puts `***` in place of what looks like a secret: passwords in URLs and connection strings, values of keys such as
/// password, token or api_key, Authorization headers, well-known API key forms, JWTs, PEM private keys, bcrypt hashes.
std::string mask_secrets(std::string_view text);

/// Puts [email], [phone], [card], [ssn] and [ip] in place of such data.
std::string mask_pii(std::string_view text);

/// Whether a value under this name is a secret whatever it looks like: "password", "DB_PASSWORD", "x-api-key".
bool is_secret_key(std::string_view name);

}  // namespace binnacle
