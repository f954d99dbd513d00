// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace binnacle::cache {

/// A line of INFO: "used_memory:1048576" under "# Memory".
struct InfoField {
  std::string_view section;  ///< as the server spells it; empty before the first heading
  std::string_view key;
  std::string_view value;
};

/// A reply to INFO (or CLUSTER INFO), taken apart. Lines of any other form are skipped.
class Info {
 public:
  explicit Info(std::string text);
  Info(const Info&) = delete;
  Info& operator=(const Info&) = delete;

  [[nodiscard]] const std::vector<InfoField>& fields() const { return fields_; }
  /// The first field of that name; empty where there is none.
  [[nodiscard]] std::string_view get(std::string_view key) const;
  /// Nothing where the field is absent or no number.
  [[nodiscard]] std::optional<double> number(std::string_view key) const;

 private:
  std::string text_;
  std::vector<InfoField> fields_;
  std::unordered_map<std::string_view, std::size_t> by_key_;
};

/// The value of `key` in "a=1,b=2"; nothing where it is absent. Of a repeated key the first counts.
std::optional<std::string_view> part_of(std::string_view value, std::string_view key);
/// As above; nothing where it is no number either.
std::optional<double> number_part(std::string_view value, std::string_view key);

/// What stands behind the prefix, or nothing where `key` is the prefix alone or does not start with it.
std::optional<std::string_view> after_prefix(std::string_view key, std::string_view prefix);

/// A plain field's number; "ok" and "true" are 1, "err", "fail" and "false" 0. No infinities.
std::optional<double> info_number(std::string_view value);

}  // namespace binnacle::cache
