// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace binnacle::system {

/// What a collector decided about a field when it first saw the field's name.
struct KnownField {
  std::string key;
  /// Whether the field is reported.
  bool wanted = false;
  std::string metric;
  std::string help;
};

/// The decisions for the fields of one file, by their position in it: the kernel writes them in the same order each
/// time, so that names are matched against patterns and turned into metric names once, not in every scrape.
class FieldCache {
 public:
  /// The decision for `key` at `position`; `make(key)` takes it when another key, or none, stood there before.
  template <typename Make>
  const KnownField& at(std::size_t position, std::string_view key, const Make& make) {
    if (position >= fields_.size()) fields_.resize(position + 1);
    KnownField& field = fields_[position];
    if (field.key != key) field = make(key);
    return field;
  }

 private:
  std::deque<KnownField> fields_;
};

}  // namespace binnacle::system
