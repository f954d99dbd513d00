// SPDX-License-Identifier: Apache-2.0
#include "sessions_seen.h"

#include <stdexcept>

namespace binnacle::pgpool {

void require_sees_all(const Rows& rows) {
  if (rows.empty() || rows[0].flag("sees_all") != true) {
    throw std::runtime_error("this role may not see other users' sessions; expected GRANT pg_monitor TO it");
  }
}

}  // namespace binnacle::pgpool
