// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle::gateway {

/// Bytes on their way to the client: stretches of the piece that came in, not copied as long as they follow each other
/// there, and others, which are.
class Outgoing {
 public:
  /// Stretches of this piece may be added until the next call. What was taken is forgotten, what was not is still here.
  void begin(std::string_view piece) {
    if (taken_) text_.clear();
    taken_ = false;
    piece_ = piece;
  }

  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    if (text_.empty() && view_.empty() && inside(bytes)) {
      view_ = bytes;
    } else if (!view_.empty() && inside(bytes) && view_.data() + view_.size() == bytes.data()) {
      view_ = {view_.data(), view_.size() + bytes.size()};
    } else {
      keep();
      text_ += bytes;
    }
  }

  /// Makes it independent of the piece.
  void keep() {
    text_ += view_;
    view_ = {};
  }

  /// Bytes of it that lie here and not in the piece.
  [[nodiscard]] std::size_t kept() const { return taken_ ? 0 : text_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty() && (text_.empty() || taken_); }

  /// All of it. Good until the next begin().
  std::string_view take() {
    taken_ = true;
    return text_.empty() ? std::exchange(view_, {}) : std::string_view(text_);
  }

 private:
  [[nodiscard]] bool inside(std::string_view bytes) const {
    const std::less_equal<const char*> at_most;
    return at_most(piece_.data(), bytes.data()) &&
           at_most(bytes.data() + bytes.size(), piece_.data() + piece_.size()) && !piece_.empty();
  }

  std::string_view piece_;
  std::string_view view_;  // of the piece; empty where there is text
  std::string text_;
  bool taken_ = false;
};

}  // namespace binnacle::gateway
