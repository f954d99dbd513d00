// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>

#include "test_folder.h"
#include "test_identity.h"
#include "tls_names.h"

using binnacle::ClientAuth;
using binnacle::Deleter;
using binnacle::Identity;
using binnacle::TestFolder;
using binnacle::TlsContext;
using binnacle::TlsSettings;
using Catch::Matchers::Contains;

namespace {

struct Client {
  const Identity* identity = nullptr;
  int min_version = TLS1_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string ciphers = "ALL:@SECLEVEL=0";
  std::string curves = "";
};

struct Outcome {
  bool ok = false;  ///< both sides finished the handshake
  std::string version;
  std::string cipher;
  std::string server_name;  ///< the common name of the server's certificate
};

/// A handshake in memory.
Outcome handshake(TlsContext& server_context, const Client& client = {}) {
  const std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> client_context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(client_context.get(), 0);
  SSL_CTX_set_min_proto_version(client_context.get(), client.min_version);
  SSL_CTX_set_max_proto_version(client_context.get(), client.max_version);
  REQUIRE(SSL_CTX_set_cipher_list(client_context.get(), client.ciphers.c_str()) == 1);
  if (!client.curves.empty()) REQUIRE(SSL_CTX_set1_groups_list(client_context.get(), client.curves.c_str()) == 1);
  if (client.identity != nullptr) {
    REQUIRE(SSL_CTX_use_certificate(client_context.get(), client.identity->certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(client_context.get(), client.identity->key.get()) == 1);
  }
  const std::unique_ptr<SSL, Deleter<SSL_free>> server(SSL_new(server_context.listener()));
  const std::unique_ptr<SSL, Deleter<SSL_free>> peer(SSL_new(client_context.get()));
  BIO* server_side = nullptr;
  BIO* client_side = nullptr;
  REQUIRE(BIO_new_bio_pair(&server_side, 0, &client_side, 0) == 1);
  SSL_set_bio(server.get(), server_side, server_side);
  SSL_set_bio(peer.get(), client_side, client_side);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(peer.get());

  bool server_done = false;
  bool client_done = false;
  for (int round = 0; round < 20 && !(server_done && client_done); ++round) {
    client_done = client_done || SSL_do_handshake(peer.get()) == 1;
    server_done = server_done || SSL_do_handshake(server.get()) == 1;
  }
  ERR_clear_error();
  Outcome outcome;
  outcome.ok = server_done && client_done;
  outcome.version = SSL_get_version(peer.get());
  if (outcome.ok) outcome.cipher = SSL_get_cipher_name(peer.get());
  const std::unique_ptr<X509, Deleter<X509_free>> shown(SSL_get1_peer_certificate(peer.get()));
  if (shown) {
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    outcome.server_name = name;
  }
  return outcome;
}

TlsSettings files_in(const TestFolder& folder) {
  TlsSettings settings;
  settings.cert_file = folder.path("cert.pem");
  settings.key_file = folder.path("key.pem");
  settings.cipher_list = binnacle::default_cipher_list();
  return settings;
}

void write_identity(const TestFolder& folder, const Identity& identity) {
  folder.replace("cert.pem", identity.certificate_pem());
  folder.replace("key.pem", identity.key_pem());
}

}  // namespace

TEST_CASE("TLS 1.2 and 1.3 are served, older ones only when asked for", "[tls]") {
  const TestFolder folder;
  write_identity(folder, Identity("one"));
  TlsSettings settings = files_in(folder);
  TlsContext context([&] { return settings; });

  CHECK(handshake(context).version == "TLSv1.3");
  CHECK(handshake(context).server_name == "one");
  CHECK(handshake(context, {.max_version = TLS1_2_VERSION}).version == "TLSv1.2");
  CHECK(handshake(context, {.max_version = TLS1_2_VERSION}).ok);
  CHECK_FALSE(handshake(context, {.max_version = TLS1_1_VERSION}).ok);

  // The settings of now count, without a new listener.
  settings.min_version = TLS1_3_VERSION;
  CHECK_FALSE(handshake(context, {.max_version = TLS1_2_VERSION}).ok);
  CHECK(handshake(context).ok);
  settings.min_version = TLS1_1_VERSION;
  settings.max_version = TLS1_2_VERSION;
  CHECK(handshake(context).version == "TLSv1.2");
  CHECK(handshake(context, {.max_version = TLS1_1_VERSION}).version == "TLSv1.1");
  CHECK_FALSE(handshake(context, {.max_version = TLS1_VERSION}).ok);
}

TEST_CASE("suites and curves are limited to the ones named", "[tls]") {
  const TestFolder folder;
  write_identity(folder, Identity("one"));
  TlsSettings settings = files_in(folder);
  settings.cipher_list = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  settings.curves = "P-384";
  TlsContext context([&] { return settings; });

  const std::string reversed = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
  const Client old{.max_version = TLS1_2_VERSION, .ciphers = reversed};
  CHECK(handshake(context, old).cipher == "ECDHE-ECDSA-AES256-GCM-SHA384");
  CHECK_FALSE(handshake(context, {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}).ok);
  settings.prefer_server_ciphers = false;
  CHECK(handshake(context, old).cipher == "ECDHE-ECDSA-AES128-GCM-SHA256");

  CHECK(handshake(context, {.curves = "P-384"}).ok);
  CHECK(handshake(context, {.curves = "X25519:P-384"}).ok);  // the client guesses wrong and is asked again
  CHECK_FALSE(handshake(context, {.curves = "X25519:P-256"}).ok);
}

TEST_CASE("a client certificate is asked for and verified as configured", "[tls]") {
  const TestFolder folder;
  const Identity authority("ca", nullptr, "", true);
  const Identity stranger_authority("other ca", nullptr, "", true);
  const Identity known("client", &authority, "DNS:client.example,IP:10.1.2.3");
  const Identity stranger("stranger", &stranger_authority);
  write_identity(folder, Identity("server"));
  TlsSettings settings = files_in(folder);
  settings.client_ca_file = folder.write("ca.pem", authority.certificate_pem());

  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto [mode, without, with_stranger, with_known] = GENERATE(table<ClientAuth, bool, bool, bool>({
      {ClientAuth::none, true, true, true},
      {ClientAuth::request, true, true, true},
      {ClientAuth::require_any, false, true, true},
      {ClientAuth::verify_if_given, true, false, true},
      {ClientAuth::require_and_verify, false, false, true},
  }));
  settings.client_auth = mode;
  TlsContext context([&] { return settings; });
  CAPTURE(version, static_cast<int>(mode));
  CHECK(handshake(context, {.max_version = version}).ok == without);
  CHECK(handshake(context, {.identity = &stranger, .max_version = version}).ok == with_stranger);
  CHECK(handshake(context, {.identity = &known, .max_version = version}).ok == with_known);
}

TEST_CASE("a client's names must be among the allowed ones", "[tls]") {
  const TestFolder folder;
  const Identity authority("ca", nullptr, "", true);
  const Identity client("client", &authority,
                        "DNS:client.example,IP:10.1.2.3,IP:2001:db8::1,email:a@b.c,URI:spiffe://x/y");
  const Identity nameless("client.example", &authority);
  write_identity(folder, Identity("server"));
  TlsSettings settings = files_in(folder);
  settings.client_ca = authority.certificate_pem();
  settings.client_auth = GENERATE(ClientAuth::require_any, ClientAuth::require_and_verify);
  TlsContext context([&] { return settings; });

  for (const std::string san : {"client.example", "10.1.2.3", "2001:db8::1", "a@b.c", "spiffe://x/y"}) {
    CAPTURE(san);
    settings.client_allowed_sans = {"other", san};
    CHECK(handshake(context, {.identity = &client}).ok);
    CHECK_FALSE(handshake(context, {.identity = &nameless}).ok);
  }
  for (const std::string san : {"example", "CLIENT.EXAMPLE", "10.1.2.30", "client"}) {
    settings.client_allowed_sans = {san};
    CHECK_FALSE(handshake(context, {.identity = &client}).ok);
  }
}

TEST_CASE("names of a certificate are read as text", "[tls]") {
  const Identity identity("x", nullptr, "DNS:a.b,DNS:*.c,IP:127.0.0.1,IP:::1,email:m@n,URI:u:v,RID:1.2.3");
  CHECK(binnacle::subject_alt_names(*identity.certificate) ==
        std::vector<std::string>{"a.b", "*.c", "127.0.0.1", "::1", "m@n", "u:v"});
  CHECK(binnacle::subject_alt_names(*Identity("x").certificate).empty());
}

TEST_CASE("a new certificate is served without a restart, a bad one never", "[tls]") {
  const TestFolder folder;
  write_identity(folder, Identity("one"));
  TlsSettings settings = files_in(folder);
  TlsContext context([&] { return settings; });
  CHECK(handshake(context).server_name == "one");

  const Identity two("two");
  folder.replace("cert.pem", two.certificate_pem());
  CHECK(handshake(context).server_name == "one");  // its key is not there yet
  CHECK_THROWS_WITH(context.reload(), Contains("cert.pem does not match the key in key_file") && Contains("key.pem"));
  folder.replace("key.pem", two.key_pem());
  CHECK(handshake(context).server_name == "two");

  for (const std::string bad : {"", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    folder.replace("cert.pem", bad);
    CHECK(handshake(context).server_name == "two");
  }
  REQUIRE(std::remove(folder.path("cert.pem").c_str()) == 0);
  CHECK(handshake(context).server_name == "two");
  CHECK(handshake(context).ok);
  write_identity(folder, Identity("three"));
  CHECK(handshake(context).server_name == "three");
}

TEST_CASE("a client CA is read again too", "[tls]") {
  const TestFolder folder;
  const Identity first("ca 1", nullptr, "", true);
  const Identity second("ca 2", nullptr, "", true);
  const Identity client("client", &second);
  write_identity(folder, Identity("server"));
  TlsSettings settings = files_in(folder);
  settings.client_auth = ClientAuth::require_and_verify;
  settings.client_ca_file = folder.write("ca.pem", first.certificate_pem());
  TlsContext context([&] { return settings; });
  CHECK_FALSE(handshake(context, {.identity = &client}).ok);
  folder.replace("ca.pem", first.certificate_pem() + second.certificate_pem());
  CHECK(handshake(context, {.identity = &client}).ok);
  folder.replace("ca.pem", "junk");
  CHECK(handshake(context, {.identity = &client}).ok);
}

TEST_CASE("a configuration that lost its TLS part keeps the last certificate", "[tls]") {
  const TestFolder folder;
  write_identity(folder, Identity("one"));
  std::optional<TlsSettings> settings = files_in(folder);
  TlsContext context([&] { return settings; });
  settings.reset();
  CHECK(handshake(context).server_name == "one");
  write_identity(folder, Identity("two"));
  CHECK(handshake(context).server_name == "two");
  CHECK_NOTHROW(context.reload());
}

TEST_CASE("a chain is sent whole", "[tls]") {
  const TestFolder folder;
  const Identity root("root", nullptr, "", true);
  const Identity middle("middle", &root, "", true);
  const Identity leaf("leaf", &middle);
  folder.write("cert.pem", "text before\n" + leaf.certificate_pem() + middle.certificate_pem());
  folder.write("key.pem", leaf.key_pem());
  TlsSettings settings = files_in(folder);
  TlsContext context([&] { return settings; });
  CHECK(handshake(context).server_name == "leaf");
}

TEST_CASE("what cannot be loaded at the start is one line that names the files", "[tls]") {
  const TestFolder folder;
  const Identity identity("one");
  write_identity(folder, identity);
  TlsSettings settings = files_in(folder);
  const auto start = [&] { const TlsContext context([&] { return settings; }); };
  CHECK_NOTHROW(start());

  folder.write("key.pem", Identity("other").key_pem());
  CHECK_THROWS_WITH(start(), "the certificate in cert_file " + settings.cert_file +
                                 " does not match the key in key_file " + settings.key_file);
  folder.write("key.pem", identity.key_pem("swordfish"));
  CHECK_THROWS_WITH(start(), Contains(settings.key_file) && Contains("encrypted"));
  folder.write("key.pem", "");
  CHECK_THROWS_WITH(start(), Contains(settings.key_file) && Contains("no PEM private key"));
  folder.write("key.pem", identity.certificate_pem());
  CHECK_THROWS_WITH(start(), Contains(settings.key_file) && Contains("no PEM private key"));
  folder.write("key.pem", identity.key_pem());
  folder.write("cert.pem", "junk");
  CHECK_THROWS_WITH(start(), Contains(settings.cert_file) && Contains("no PEM certificate"));
  folder.write("cert.pem", identity.certificate_pem().substr(0, 200));
  CHECK_THROWS_WITH(start(), Contains(settings.cert_file) && Contains("cannot be read"));
  REQUIRE(std::remove(settings.cert_file.c_str()) == 0);
  CHECK_THROWS_WITH(start(), Contains(settings.cert_file) && Contains("No such file"));

  settings.cert_file.clear();
  settings.cert = identity.certificate_pem();
  CHECK_NOTHROW(start());
  settings.client_auth = ClientAuth::require_and_verify;
  settings.client_ca_file = folder.path("ca.pem");
  CHECK_THROWS_WITH(start(), Contains("client_ca_file") && Contains("No such file"));
  folder.write("ca.pem", "junk");
  CHECK_THROWS_WITH(start(), Contains("ca.pem") && Contains("no PEM certificate"));
}
