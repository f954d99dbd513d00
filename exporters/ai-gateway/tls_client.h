// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace binnacle::gateway {

/// The settings of TLS towards upstreams: 1.2 or later, certificates checked against the system's authorities, or those
/// of `ca_file`. Throws std::runtime_error with one line that names the file.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& ca_file);

}  // namespace binnacle::gateway
