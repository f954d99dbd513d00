// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "json_scan.h"

namespace binnacle::gateway {

/// Reads a frame of SSE that is too long to be kept, as its bytes come: its event's name, and the values of a few keys
/// in the JSON of its data. What it finds does not depend on how the bytes are cut.
class LongFrame {
 public:
  /// `paths` must live longer.
  explicit LongFrame(std::span<const std::string_view> paths);

  void feed(std::string_view bytes);
  /// Of the last line `event:`; longer names than those of any protocol are cut.
  [[nodiscard]] std::string_view event() const { return event_; }
  [[nodiscard]] bool has_data() const { return has_data_; }
  /// Of the lines of `data:`; State::whole where they were one JSON text.
  [[nodiscard]] const JsonScan& scan() const { return scan_; }

 private:
  enum class Line : std::uint8_t { name, before_event, event, before_data, data, other };
  void end_line();
  void end_name();
  void take(std::string_view text);

  JsonScan scan_;
  Line line_ = Line::name;
  std::string name_;  // of the field under way
  std::string event_;
  bool has_data_ = false;
};

}  // namespace binnacle::gateway
