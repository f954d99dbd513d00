// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "file_stamp.h"
#include "web_config.h"

namespace binnacle {

/// The subject alternative names of a certificate as text: DNS names, e-mail addresses, IP addresses, URIs.
std::vector<std::string> subject_alt_names(const X509& certificate);

/// The server's side of TLS: every handshake gets the current settings, certificate, key and client CA.
///
/// Files are read again when they changed. While a new certificate, key or CA cannot be used the last good ones stay,
/// with one error line in the log for each change. Safe for use by several threads.
class TlsContext {
 public:
  /// The settings of now; nothing = keep the last ones.
  using Source = std::function<std::optional<TlsSettings>()>;

  /// Loads what `source` names. Throws std::runtime_error in one line: a missing file, no certificate in it, a key
  /// that does not match (both files named), an encrypted key.
  explicit TlsContext(Source source);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// For the listener: connections made from it take over the current state in their handshake. Owned by this.
  [[nodiscard]] SSL_CTX* listener() const;

  /// Loads again now. Throws as the constructor does; the last good state stays.
  void reload();

 private:
  struct State;
  using Stamps = std::array<FileStamp, 3>;  ///< certificate, key, client CA

  static int on_client_hello(SSL* ssl, int* alert, void* self);
  std::shared_ptr<const State> current();
  void load(const TlsSettings& settings, const Stamps& stamps);

  Source source_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> listener_;
  std::mutex mutex_;
  std::shared_ptr<const State> state_;  ///< the last good one
  TlsSettings tried_settings_;          ///< what was looked at last, good or bad
  Stamps tried_stamps_{};
};

}  // namespace binnacle
