// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace binnacle::pgpool {

/// The statements that one connection has prepared, so that the server plans each once: for views on statistics that
/// costs more than to run them.
///
/// What comes a second time is prepared then; texts that differ each time never are. All in plain SQL, so that a
/// statement stays one round trip with whatever stands before it.
class PreparedStatements {
 public:
  /// A session of the server never has more of them.
  static constexpr int kMost = 64;

  /// What to send for a statement: itself, PREPARE and EXECUTE, or EXECUTE alone.
  std::string text_of(std::string_view sql);
  /// To be told when what text_of() gave has failed. True: the server no longer knows the statement, or no longer has
  /// it right, and the statement itself may work.
  bool failed(std::string_view sql, std::string_view sqlstate);

 private:
  struct Statement {
    int number = 0;        ///< 0: seen once, not prepared
    bool is_sure = false;  ///< it has worked once
  };
  void forget_unprepared();

  std::map<std::string, Statement, std::less<>> statements_;
  int last_number_ = 0;
};

}  // namespace binnacle::pgpool
