// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace binnacle {

/// A password or a key, given as text or as a file that is read again when it changes.
///
/// It cannot be printed by accident: reveal() is the only way to it. It is wiped from memory when the last copy goes.
/// Copies share one state; all of it is safe to use from several threads.
class Secret {
 public:
  static Secret from_text(std::string value);

  /// The file's text without one newline at its end, at most 64 KiB. Throws std::runtime_error with one line that names
  /// the file when it cannot be read or holds nothing.
  static Secret from_file(std::string path);

  /// The value as it is now. A file that was changed is read again (else this costs one stat); one that has vanished or
  /// turned empty leaves the old value, and one warning in the log. The copy is the caller's to keep short.
  [[nodiscard]] std::string reveal() const;

 private:
  struct State;
  explicit Secret(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace binnacle
