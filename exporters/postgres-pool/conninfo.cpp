// SPDX-License-Identifier: Apache-2.0
#include "conninfo.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <stdexcept>

#include "core/text.h"

namespace binnacle::pgpool {

namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
struct FreeMessage {
  void operator()(char* message) const { PQfreemem(message); }
};

/// What is wrong with a connection string, without libpq's own words: they quote parts of it.
std::string_view fault_of(std::string_view message) {
  if (message.find("missing \"=\"") != std::string_view::npos) return "a word has no \"=\" after it";
  if (message.find("unterminated quoted") != std::string_view::npos) return "a quote is not closed";
  if (message.find("percent-encoded") != std::string_view::npos) {
    return "a percent sign is not followed by two hexadecimal digits (write % itself as %25)";
  }
  if (message.find("invalid connection option") != std::string_view::npos ||
      message.find("invalid URI query parameter") != std::string_view::npos) {
    return "it has a parameter that libpq does not know";
  }
  return "it is malformed";
}

/// Whether a connection string may start here: a URI, or the first keyword and its "=".
bool starts_dsn(std::string_view text) {
  text = trim(text);
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) return true;
  const auto* const end =
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::islower(c) == 0 && c != '_'; });
  return end != text.begin() && end != text.end() && *end == '=';
}

}  // namespace

Password password_of_dsn_file(const std::string& path) {
  return Password::from_file(path, "dsn", [](const std::string& dsn) {
    const auto conninfo = parse_conninfo(dsn);
    return conninfo.password ? conninfo.password->reveal() : std::string{};
  });
}

std::string_view Conninfo::get(std::string_view keyword) const {
  for (const auto& [name, value] : parameters) {
    if (name == keyword) return value;
  }
  return {};
}

void Conninfo::set(std::string_view keyword, std::string value) {
  for (auto& [name, old] : parameters) {
    if (name == keyword) {
      old = std::move(value);
      return;
    }
  }
  parameters.emplace_back(keyword, std::move(value));
}

std::string Conninfo::name() const {
  const auto given = [this](std::string_view keyword, std::string_view otherwise) {
    const auto value = get(keyword);
    return std::string{value.empty() ? otherwise : value};
  };
  const std::string host = given("host", given("hostaddr", "localhost"));
  return host + ":" + given("port", "5432") + "/" + given("dbname", given("user", ""));
}

Conninfo parse_conninfo(const std::string& dsn) {
  char* raw_message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options{PQconninfoParse(dsn.c_str(), &raw_message)};
  const std::unique_ptr<char, FreeMessage> message{raw_message};
  if (!options) {
    throw std::runtime_error(
        "the connection string cannot be read: " + std::string{fault_of(message ? message.get() : "")} +
        "; expected key=value pairs or postgresql://user@host:port/database");
  }
  Conninfo conninfo;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (std::string_view{option->keyword} == "password") {
      conninfo.password = Password::from_text(option->val);
    } else {
      conninfo.parameters.emplace_back(option->keyword, option->val);
    }
  }
  return conninfo;
}

std::vector<std::string> split_dsns(std::string_view text) {
  std::vector<std::string> dsns;
  while (!text.empty()) {
    auto comma = text.find(',');
    while (comma != std::string_view::npos && !starts_dsn(text.substr(comma + 1))) comma = text.find(',', comma + 1);
    const auto dsn = trim(text.substr(0, comma));
    if (!dsn.empty()) dsns.emplace_back(dsn);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return dsns;
}

}  // namespace binnacle::pgpool
