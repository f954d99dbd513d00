// SPDX-License-Identifier: Apache-2.0
#include "tls_client.h"

#include <stdexcept>

namespace binnacle::gateway {

std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& ca_file) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                       ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context->set_verify_mode(ssl::verify_peer);
  // Buffers that idle connections give back: 34 KB each.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  boost::system::error_code error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) {
    throw std::runtime_error((ca_file.empty() ? std::string{"the system's certificates"} : ca_file) +
                             ": cannot be used as certificate authorities: " + error.message());
  }
  return context;
}

}  // namespace binnacle::gateway
