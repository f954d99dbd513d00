// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace binnacle {

/// How long --health-check waits for an answer.
inline constexpr std::chrono::milliseconds kHealthCheckTimeout{3000};

/// Asks /health/live at every one of a serving process' own listen addresses, over TLS where its web config file says
/// so. The certificate is not verified: it is asked on this machine. Where clients must show a certificate, a TLS
/// answer is all that is asked for. Throws std::runtime_error with one line that names the address and what was wrong.
void check_health(const std::vector<std::string>& listen_addresses, const std::string& web_config_file,
                  std::chrono::milliseconds timeout = kHealthCheckTimeout);

/// The flags of the process that serves: of the only other one that runs this very binary (the same file on the same
/// mount, so never one of another container), from `proc`/PID/exe and cmdline. Nothing when there is none, when there
/// are several, or when they cannot be read.
std::vector<std::string> serving_arguments(const std::string& proc = "/proc");

}  // namespace binnacle
