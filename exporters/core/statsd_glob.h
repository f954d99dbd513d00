// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle {

/// A pattern of a metric's name: words between dots, each with at most one '*', which stands for any text without dots.
class StatsdGlob {
 public:
  static constexpr std::size_t kMaxStars = 9;
  /// What the stars stood for, in order: $1 to $9.
  using Captures = std::array<std::string_view, kMaxStars>;

  /// Throws std::runtime_error with one line: an empty pattern or word, two stars in a word, too many stars.
  explicit StatsdGlob(std::string_view pattern);

  /// Whether the whole of `name` matches; linear in its length.
  bool match(std::string_view name, Captures& captures) const;

  [[nodiscard]] std::size_t stars() const { return stars_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Word {
    std::string before;  // all of it where there is no star
    std::string after;
    bool star = false;
  };
  std::string text_;
  std::vector<Word> words_;
  std::size_t stars_ = 0;
};

/// `text` with $1 to $9 (or ${1}) replaced by what the stars stood for.
std::string expand_captures(std::string_view text, const StatsdGlob::Captures& captures);

/// The highest number of a $N in `text`, 0 when there is none. Throws std::runtime_error for a '$' that no digit
/// follows.
std::size_t highest_capture(std::string_view text);

}  // namespace binnacle
