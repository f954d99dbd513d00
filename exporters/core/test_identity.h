// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "deleter.h"

namespace binnacle {

/// A certificate with its key, made for the test; self-signed, or signed by `issuer`.
struct Identity {
  std::unique_ptr<X509, Deleter<X509_free>> certificate{X509_new()};
  std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};

  explicit Identity(const std::string& name, const Identity* issuer = nullptr, const std::string& sans = "",
                    bool authority = false) {
    static long serial = 0;
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Identity& signer = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(x509, X509_get_subject_name(signer.certificate.get()));
    if (authority) add_extension(NID_basic_constraints, "critical,CA:TRUE");
    if (!sans.empty()) add_extension(NID_subject_alt_name, sans);
    X509_sign(x509, signer.key.get(), EVP_sha256());
  }

  void add_extension(int id, const std::string& value) const {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  [[nodiscard]] std::string certificate_pem() const {
    const Bio bio{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509(bio.get(), certificate.get());
    return text_of(bio.get());
  }
  [[nodiscard]] std::string key_pem(const char* passphrase = nullptr) const {
    const Bio bio{BIO_new(BIO_s_mem())};
    PEM_write_bio_PrivateKey(bio.get(), key.get(), passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), nullptr, 0,
                             nullptr, const_cast<char*>(passphrase));
    return text_of(bio.get());
  }

 private:
  using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
  static std::string text_of(BIO* bio) {
    const char* data = nullptr;
    const long length = BIO_get_mem_data(bio, const_cast<char**>(&data));
    return {data, static_cast<std::size_t>(length)};
  }
};

}  // namespace binnacle
