// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace binnacle {

/// The command line and the environment of an exporter.
///
/// Every flag `--a.b-c` can be given as `PREFIX_A_B_C` in the environment too (the command line wins). A flag is bound
/// to a variable that holds its default. Durations are written as Prometheus writes them: 500ms, 5s, 1m30s.
class Flags {
 public:
  /// `program` is the binary's name; the environment prefix is its upper case ("system-exporter": SYSTEM_EXPORTER_).
  Flags(std::string program, std::string description, std::string version);
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  void add(const std::string& name, std::string& value, const std::string& help);
  /// May be given more than once; in the environment, separated by commas. What is given replaces the default.
  void add(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// `--name`, `--name=false` and `--no-name`; in the environment true or false.
  void add(const std::string& name, bool& value, const std::string& help);
  void add(const std::string& name, int& value, int least, int most, const std::string& help);
  void add(const std::string& name, std::chrono::milliseconds& value, const std::string& help);
  /// One of `choices`.
  void add_choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
                  const std::string& help);
  /// Flags added from now on stand under this heading in --help.
  void group(const std::string& heading);

  /// Whether the flag was set on the command line or in the environment.
  [[nodiscard]] bool given(const std::string& name) const;

  /// Reads both. Throws FlagsDone for --help and --version (the text to print), std::runtime_error with one line
  /// that names the flag or the variable, what was wrong with it and what was expected.
  void parse(int argc, const char* const* argv);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// --help or --version was asked for: print `text` on stdout and exit 0.
struct FlagsDone {
  std::string text;
};

/// "1m30s", "500ms", "2h" to a duration. Throws std::runtime_error that says what was expected.
std::chrono::milliseconds parse_duration(std::string_view text);

}  // namespace binnacle
