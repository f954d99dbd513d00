// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <string_view>

#include "deleter.h"
#include "file.h"
#include "log.h"

namespace binnacle {
namespace {

using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;

/// What OpenSSL complained of last, and an empty queue.
std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return text;
}

/// A piece of PEM and what to call it in messages.
struct Pem {
  std::string text;
  std::string name;
};

Pem read_pem(const std::string& file, const std::string& inline_text, const std::string& file_key,
             const std::string& inline_key) {
  if (file.empty()) return {inline_text, inline_key};
  try {
    return {read_file(file), file_key + " " + file};
  } catch (const std::exception& error) {
    throw std::runtime_error(file_key + ": " + error.what());
  }
}

Bio bio_of(const Pem& pem) {
  Bio bio(pem.text.size() > INT_MAX ? nullptr : BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
  if (!bio) throw std::runtime_error(pem.name + ": cannot be read into memory");
  return bio;
}

/// OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::vector<Certificate> read_certificates(const Pem& pem) {
  const Bio bio = bio_of(pem);
  std::vector<Certificate> certificates;
  while (Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    certificates.push_back(std::move(certificate));
  }
  const auto error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end) throw std::runtime_error(pem.name + ": a certificate cannot be read: " + openssl_reason());
  ERR_clear_error();
  if (certificates.empty()) throw std::runtime_error(pem.name + ": no PEM certificate in it");
  return certificates;
}

PrivateKey read_key(const Pem& pem) {
  const Bio bio = bio_of(pem);
  bool asked = false;
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
  if (asked) {
    ERR_clear_error();
    throw std::runtime_error(pem.name + ": the key is encrypted; expected one without a passphrase");
  }
  if (!key) {
    ERR_clear_error();
    throw std::runtime_error(pem.name + ": no PEM private key in it");
  }
  return key;
}

std::string general_name_text(const GENERAL_NAME& name) {
  const auto text = [](const ASN1_STRING* string) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                       static_cast<std::size_t>(ASN1_STRING_length(string)));
  };
  switch (name.type) {
    case GEN_DNS:
      return text(name.d.dNSName);
    case GEN_EMAIL:
      return text(name.d.rfc822Name);
    case GEN_URI:
      return text(name.d.uniformResourceIdentifier);
    case GEN_IPADD: {
      const std::string bytes = text(name.d.iPAddress);
      char address[INET6_ADDRSTRLEN] = "";
      const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
      if (bytes.size() != 4 && bytes.size() != 16) return {};
      return ::inet_ntop(family, bytes.data(), address, sizeof address) == nullptr ? "" : address;
    }
    default:
      return {};
  }
}

}  // namespace

/// What one handshake needs, never changed once made.
struct TlsContext::State {
  TlsSettings settings;
  Context context;

  [[nodiscard]] int verify_mode() const {
    switch (settings.client_auth) {
      case ClientAuth::none:
        return SSL_VERIFY_NONE;
      case ClientAuth::request:
      case ClientAuth::verify_if_given:
        return SSL_VERIFY_PEER;
      case ClientAuth::require_any:
      case ClientAuth::require_and_verify:
        break;
    }
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }

  /// OpenSSL's hook in place of X509_verify_cert, for a client's certificate. The state outlives the call: the
  /// handshake that is under way holds it (see on_client_hello).
  static int verify(X509_STORE_CTX* store, void* self) {
    const auto& settings = static_cast<const State*>(self)->settings;
    const bool verified =
        settings.client_auth == ClientAuth::verify_if_given || settings.client_auth == ClientAuth::require_and_verify;
    if (verified && X509_verify_cert(store) != 1) return 0;
    if (settings.client_allowed_sans.empty()) return 1;
    const X509* leaf = X509_STORE_CTX_get0_cert(store);
    for (const std::string& name : leaf == nullptr ? std::vector<std::string>{} : subject_alt_names(*leaf)) {
      const auto& allowed = settings.client_allowed_sans;
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }

  explicit State(const TlsSettings& wanted) : settings(wanted), context(SSL_CTX_new(TLS_server_method())) {
    if (!context) throw std::runtime_error("OpenSSL cannot make a TLS context: " + openssl_reason());
    SSL_CTX* ctx = context.get();
    // OpenSSL's own floor refuses TLS 1.0 and 1.1 whatever is asked of it.
    if (settings.min_version < TLS1_2_VERSION) SSL_CTX_set_security_level(ctx, 0);
    load_certificate(ctx);
    if (SSL_CTX_set_cipher_list(ctx, settings.cipher_list.c_str()) != 1) {
      throw std::runtime_error("cipher_suites: OpenSSL takes none of them: " + openssl_reason());
    }
    if (!settings.curves.empty() && SSL_CTX_set1_groups_list(ctx, settings.curves.c_str()) != 1) {
      throw std::runtime_error("curve_preferences: OpenSSL does not take them: " + openssl_reason());
    }
    if (settings.client_auth != ClientAuth::none) load_client_ca(ctx);
    SSL_CTX_set_cert_verify_callback(ctx, &State::verify, this);
  }

 private:
  void load_certificate(SSL_CTX* ctx) const {
    const Pem cert = read_pem(settings.cert_file, settings.cert, "cert_file", "cert");
    const Pem key_pem = read_pem(settings.key_file, settings.key, "key_file", "key");
    const auto chain = read_certificates(cert);
    const auto key = read_key(key_pem);
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
      ERR_clear_error();
      throw std::runtime_error("the certificate in " + cert.name + " does not match the key in " + key_pem.name);
    }
    if (SSL_CTX_use_certificate(ctx, chain.front().get()) != 1) {
      throw std::runtime_error(cert.name + ": " + openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1) throw std::runtime_error(key_pem.name + ": " + openssl_reason());
    for (std::size_t i = 1; i < chain.size(); ++i) {
      if (SSL_CTX_add1_chain_cert(ctx, chain[i].get()) != 1) {
        throw std::runtime_error(cert.name + ": " + openssl_reason());
      }
    }
  }

  void load_client_ca(SSL_CTX* ctx) const {
    X509_STORE* store = SSL_CTX_get_cert_store(ctx);
    if (settings.client_ca_file.empty() && settings.client_ca.empty()) {
      SSL_CTX_set_default_verify_paths(ctx);
      return;
    }
    // Every certificate named is trusted, also an intermediate one: so do the incumbents.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    const Pem pem = read_pem(settings.client_ca_file, settings.client_ca, "client_ca_file", "client_ca");
    for (const Certificate& certificate : read_certificates(pem)) {
      if (X509_STORE_add_cert(store, certificate.get()) != 1 || SSL_CTX_add_client_CA(ctx, certificate.get()) != 1) {
        throw std::runtime_error(pem.name + ": " + openssl_reason());
      }
    }
  }
};

std::vector<std::string> subject_alt_names(const X509& certificate) {
  std::vector<std::string> texts;
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = general_name_text(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

namespace {

using StateHolder = std::shared_ptr<const void>;

void free_state_holder(void* /*ssl*/, void* holder, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*argl*/,
                       void* /*argp*/) {
  const std::unique_ptr<StateHolder> owner(static_cast<StateHolder*>(holder));
}

/// Where a connection keeps its state alive.
int state_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_state_holder);
  return index;
}

std::array<FileStamp, 3> stamps_of(const TlsSettings& settings) {
  const auto stamp = [](const std::string& file) { return file.empty() ? FileStamp{} : file_stamp(file); };
  return {stamp(settings.cert_file), stamp(settings.key_file), stamp(settings.client_ca_file)};
}

}  // namespace

TlsContext::TlsContext(Source source)
    : source_(std::move(source)), listener_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  if (!listener_) throw std::runtime_error("OpenSSL cannot make a TLS context: " + openssl_reason());
  if (state_index() < 0) throw std::runtime_error("OpenSSL gives no index for data: " + openssl_reason());
  SSL_CTX* ctx = listener_.get();
  // No session is resumed: each connection is checked against the certificates and settings of now.
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_client_hello_cb(ctx, &TlsContext::on_client_hello, this);
  reload();
}

TlsContext::~TlsContext() = default;

SSL_CTX* TlsContext::listener() const { return listener_.get(); }

void TlsContext::reload() {
  const auto settings = source_();
  const std::lock_guard lock(mutex_);
  const TlsSettings wanted = settings ? *settings : tried_settings_;
  load(wanted, stamps_of(wanted));
}

void TlsContext::load(const TlsSettings& settings, const Stamps& stamps) {
  // The stamps are from before the reading: a file that changes meanwhile is read again next time.
  tried_settings_ = settings;
  tried_stamps_ = stamps;
  state_ = std::make_shared<const State>(settings);
}

std::shared_ptr<const TlsContext::State> TlsContext::current() {
  const auto settings = source_();
  const std::lock_guard lock(mutex_);
  const TlsSettings wanted = settings ? *settings : tried_settings_;
  const Stamps stamps = stamps_of(wanted);
  if (stamps == tried_stamps_ && wanted == tried_settings_) return state_;
  try {
    load(wanted, stamps);
    log::info("TLS certificate and settings loaded again");
  } catch (const std::exception& error) {
    log::error("new TLS certificate or settings cannot be used, the old ones stay", {{"error", error.what()}});
  }
  return state_;
}

int TlsContext::on_client_hello(SSL* ssl, int* alert, void* self) {
  *alert = SSL_AD_INTERNAL_ERROR;
  try {
    const auto state = static_cast<TlsContext*>(self)->current();
    const TlsSettings& settings = state->settings;
    auto holder = std::make_unique<StateHolder>(state);
    if (SSL_set_ex_data(ssl, state_index(), holder.get()) != 1) return SSL_CLIENT_HELLO_ERROR;
    static_cast<void>(holder.release());  // free_state_holder takes it when the connection ends
    // The certificate, the security level and the client CA come with the context; what a connection copied from
    // the listener when it was made is set anew.
    SSL_CTX* ctx = state->context.get();
    if (SSL_set_SSL_CTX(ssl, ctx) == nullptr) return SSL_CLIENT_HELLO_ERROR;
    SSL_set_verify(ssl, state->verify_mode(), nullptr);
    bool ok = SSL_set_min_proto_version(ssl, settings.min_version) == 1 &&
              SSL_set_max_proto_version(ssl, settings.max_version) == 1 &&
              SSL_set_cipher_list(ssl, settings.cipher_list.c_str()) == 1;
    if (!settings.curves.empty()) ok = ok && SSL_set1_groups_list(ssl, settings.curves.c_str()) == 1;
    if (settings.prefer_server_ciphers) SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    return ok ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
  } catch (...) {
    return SSL_CLIENT_HELLO_ERROR;
  }
}

}  // namespace binnacle
