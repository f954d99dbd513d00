// SPDX-License-Identifier: Apache-2.0
#include "mask.h"

#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

using binnacle::is_secret_key;
using binnacle::mask_pii;
using binnacle::mask_secrets;

namespace {

struct Case {
  std::string text;
  std::string masked;
};

using Mask = std::string (*)(std::string_view);

void check(Mask mask, const std::vector<Case>& cases) {
  for (const auto& [text, masked] : cases) {
    CAPTURE(text);
    CHECK(mask(text) == masked);
    CHECK(mask(masked) == masked);
  }
}

const std::string kToken = "abcdEFGH0123456789ijklMNOP";  // NOLINT(cert-err58-cpp)

/// What exporters and their libraries say in ordinary times.
const std::vector<std::string> kOrdinary{
    // NOLINT(cert-err58-cpp)
    "",
    " ",
    "listening",
    "listening address=:9100 tls=false",
    "listening address=[::]:9100",
    "reload took 1m30.5s, next in 500ms",
    "collector=cpu duration_seconds=0.00123 series=1024",
    "version=1.2.3 revision=9fceb02d0ae598e95dc970b74767f19372d61af8 go=go1.20.4",
    "request id 550e8400-e29b-41d4-a716-446655440000 done",
    "interface eth0 mac 00:1a:2b:3c:4d:5e up",
    "time=2026-01-02T03:04:05.678Z offset=+01:00 uptime=12:30:45",
    "Fri Jan  2 03:04:05 2026 +0100",
    "unix time 1767323045 or 1767323045678 ms or 1767323045678901234 ns",
    "memory 16777216 of 34359738368 bytes, load 0.15 0.10 0.05 1/234 5678",
    "cpu0 4705 356 584 3699 23 23 0 0 0 0",
    "/dev/sda1 8:1 mounted on /var/lib/docker/overlay2 type ext4 (rw,relatime)",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "std::vector<int>::at(7) failed in a::b",
    "http://localhost:9100/metrics?collect[]=cpu answered 200 in 3 ms",
    "GET /probe?target=db1 HTTP/1.1",
    "password authentication failed for user \"app\"",
    "the token is missing, the secret too",
    "bearer token required",
    "Basic authentication is off",
    "basic auth: 2 users",
    "invalid token: unexpected end",
    "ls: /run/secrets/password: not found",
    "secret://vault/path",
    "passfile=/etc/pgpass password_file=/run/secrets/db password_encryption=scram",
    "max_tokens=100 tokens=5 bypass=1 compass=north secrets=3",
    "monkey=1 keyboard=us turkey: yes primary key=id",
    "getty@tty1.service started, user@1000.service too",
    "package foo@1.2.3 at linux-6.1.0.25-amd64, kernel 6.1.0-18",
    "10%, 3.14, 1e+10, -5, 0x7f, 1:2:3, 1/2, #12345",
    "2026-01-02 03:04:05,678 [main] INFO a.b.C - 12 items",
    "sk-learn and task-runner-with-many-words and eyJust",
    "-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----",
    "$2 and $2b$ and ${VAR}",
    "main.cpp:12:5: error: expected ';'",
    "pg host db:5432 database app",
    "user:1000:profile:name:first",
    "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80 \xFF\xFE",
};

}  // namespace

TEST_CASE("ordinary lines stay as they are", "[mask]") {
  for (const auto& line : kOrdinary) {
    CAPTURE(line);
    CHECK(mask_secrets(line) == line);
    CHECK(mask_pii(line) == line);
  }
}

TEST_CASE("passwords in URLs", "[mask]") {
  check(mask_secrets,
        {
            {"postgres://me:hunter2@db:5432/app?sslmode=off", "postgres://me:***@db:5432/app?sslmode=off"},
            {"cannot reach redis://:hunter2@cache:6379/0: refused", "cannot reach redis://:***@cache:6379/0: refused"},
            {"http://me:p@ss@host/", "http://me:***@host/"},
            {"http://me:p:a@s:s@host/", "http://me:***@host/"},
            {"http://me:p%40ss!$&'()*+,;=#x@host/", "http://me:***@host/"},
            {"http://me:pa/ss@host/x", "http://me:***@host/x"},
            {"http://me:pa?ss@host/x", "http://me:***@host/x"},
            {"http://me:pa\"ss@host/x", "http://me:***@host/x"},
            {"http://me:p\xC3\xBCss@host/x", "http://me:***@host/x"},
            {"\"http://me:hunter2@host\"", "\"http://me:***@host\""},
            {"(amqp+ssl://me:hunter2@host)", "(amqp+ssl://me:***@host)"},
            {"http://me:one@a,http://you:two@b", "http://me:***@a,http://you:***@b"},
            {"mongodb://me:hunter2@a:1,b:2/?x=y", "mongodb://me:***@a:1,b:2/?x=y"},
            {"http://me:***@host", "http://me:***@host"},
            {"http://me:@host", "http://me:@host"},
            {"http://me@host/path:with@signs", "http://me@host/path:with@signs"},
            {"http://host:80/users/a@b", "http://host:80/users/a@b"},
            {"http://host/path", "http://host/path"},
            {"http://[::1]:9100/x", "http://[::1]:9100/x"},
            {"{\"url\":\"http://host:80\",\"mail\":\"a@b\"}", "{\"url\":\"http://host:80\",\"mail\":\"a@b\"}"},
            {"://", "://"},
            {"http://:@", "http://:@"},
        });
}

TEST_CASE("passwords behind their names", "[mask]") {
  check(mask_secrets,
        {
            {"host=db password=hunter2 user=me", "host=db password=*** user=me"},
            {"host=db password='hun ter2' user=me", "host=db password='***' user=me"},
            {R"(password='it\'s' user=me)", "password='***' user=me"},
            {"password='it''s' user=me", "password='***' user=me"},
            {"password = hunter2 user=me", "password = *** user=me"},
            {"password= user=me", "password= user=me"},
            {"password='' user=me", "password='' user=me"},
            {"password=", "password="},
            {"sslpassword=hunter2", "sslpassword=***"},
            {"Server=db;Pwd=hunter2;Database=app", "Server=db;Pwd=***;Database=app"},
            {"PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"},
            {"MYSQL_ROOT_PASSWORD=a,b;c", "MYSQL_ROOT_PASSWORD=***"},
            {"{user:me,password:hunter2,x:1}", "{user:me,password:***,x:1}"},
            {"{Password:hunter2}", "{Password:***}"},
            {R"({"user":"me","password":"hun\"ter2","x":1})", R"({"user":"me","password":"***","x":1})"},
            {R"({"password" : "hunter2"})", R"({"password" : "***"})"},
            {R"({"password": 12345})", R"({"password": ***})"},
            {R"(log: {\"password\":\"hunter2\",\"x\":1})", R"(log: {\"password\":\"***\",\"x\":1})"},
            {"{'password': 'hunter2'}", "{'password': '***'}"},
            {"'password' => 'hunter2'", "'password' => '***'"},
            {"password := hunter2", "password := ***"},
            {"password: hunter2", "password: ***"},
            {"dsn \"host=x password=hunter2\": refused", "dsn \"host=x password=***\": refused"},
            {"{\"dsn\":\"host=x password=hunter2\",\"next\":1}", "{\"dsn\":\"host=x password=***\",\"next\":1}"},
            {"password=\"never closed", "password=\"***"},
            {"ALTER ROLE me PASSWORD 'hunter2';", "ALTER ROLE me PASSWORD '***';"},
            {"CREATE USER me IDENTIFIED BY 'hunter2'", "CREATE USER me IDENTIFIED BY '***'"},
            {"run --password hunter2 --user me", "run --password *** --user me"},
            {"run --password --user me", "run --password --user me"},
            {"passphrase=open-sesame", "passphrase=***"},
            {"db_pass=hunter2 pass: x", "db_pass=*** pass: ***"},
            {"localhost:5432:app:me:hunter2", "localhost:5432:app:me:***"},
            {"*:*:*:me:hunter2\ndb.example:6000:app:me:x:y", "*:*:*:me:***\ndb.example:6000:app:me:***"},
        });
}

TEST_CASE("tokens and keys behind their names", "[mask]") {
  check(mask_secrets, {
                          {"/x?token=abc&user=me", "/x?token=***&user=me"},
                          {"/x?user=me&access_token=abc#top", "/x?user=me&access_token=***"},
                          {"api_key=abc apikey=def api-key=ghi", "api_key=*** apikey=*** api-key=***"},
                          {"secret=abc, client_secret=def", "secret=***, client_secret=***"},
                          {"x-api-key: abc", "x-api-key: ***"},
                          {"X-Api-Key:abc", "X-Api-Key:***"},
                          {R"("apiKey": "abc", "accessToken": "def")", R"("apiKey": "***", "accessToken": "***")"},
                          {"aws_secret_access_key = abc/def+ghi", "aws_secret_access_key = ***"},
                          {"AccountKey=abc==;EndpointSuffix=x", "AccountKey=***;EndpointSuffix=x"},
                          {"token: " + kToken, "token: ***"},
                          {"token: short", "token: short"},
                          {"token:short", "token:***"},
                          {"map[Token:[abc def] X:[y]]", "map[Token:[***] X:[y]]"},
                      });
}

TEST_CASE("authorization headers", "[mask]") {
  check(mask_secrets,
        {
            {"Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"},
            {"authorization: bearer abc.def-ghi end", "authorization: bearer *** end"},
            {"Authorization: Bearer token", "Authorization: Bearer ***"},
            {"Proxy-Authorization: Token abc", "Proxy-Authorization: Token ***"},
            {"Authorization: hunter2", "Authorization: ***"},
            {"Authorization: Digest username=\"me\", response=\"abc\"\r\nHost: x",
             "Authorization: Digest ***\r\nHost: x"},
            {R"({"Authorization":"Bearer abc def","x":1})", R"({"Authorization":"Bearer ***","x":1})"},
            {"map[Authorization:[Bearer abc] Host:[x]]", "map[Authorization:[Bearer ***] Host:[x]]"},
            {"curl -H 'Authorization: Bearer abc' http://x", "curl -H 'Authorization: Bearer ***' http://x"},
            {"Authorization:", "Authorization:"},
            {"Authorization: Basic", "Authorization: ***"},
            {"sent bearer abcdef", "sent bearer ***"},
            {"Bearer " + kToken + ", retry", "Bearer ***, retry"},
            {"Basic dXNlcjpwYXNz", "Basic ***"},
            {"Basic configuration", "Basic configuration"},
            {"bearer", "bearer"},
        });
}

TEST_CASE("API keys that tell themselves", "[mask]") {
  check(mask_secrets, {
                          {"key sk-" + kToken + " used", "key *** used"},
                          {"sk-ant-api03-" + kToken + "_x-Y", "***"},
                          {"sk_live_" + kToken, "***"},
                          {"AIza" + kToken + "0123456", "***"},
                          {"ghp_" + kToken + ",gho_" + kToken, "***,***"},
                          {"https://ghp_" + kToken + "@github.com/x", "https://***@github.com/x"},
                          {"github_pat_" + kToken + "_" + kToken, "***"},
                          {"glpat-" + kToken, "***"},
                          {"xoxb-123456789012-abcdef", "***"},
                          {"xoxp-123456789012-abcdef.", "***."},
                          {"AKIAIOSFODNN7EXAMPLE", "***"},
                          {"(AKIAIOSFODNN7EXAMPLE)", "(***)"},
                          {"old.ghp_" + kToken + ".ghp_" + kToken + ".end", "old.***.***.end"},
                          {"sk-short1", "sk-short1"},
                          {"AKIA", "AKIA"},
                          {"risk-" + kToken, "risk-" + kToken},
                          {"xghp_" + kToken, "xghp_" + kToken},
                      });
}

TEST_CASE("JSON web tokens, private keys and password hashes", "[mask]") {
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_x";
  const std::string hash = "$2b$12$" + kToken + kToken + "a";
  check(mask_secrets, {
                          {"got " + jwt + " from x", "got *** from x"},
                          {"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "***"},
                          {"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0", "***"},
                          {"eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIn0"},
                          {"-----BEGIN PRIVATE KEY-----\nabc\ndef\n-----END PRIVATE KEY-----\nrest",
                           "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\nrest"},
                          {"x-----BEGIN RSA PRIVATE KEY-----\\nabc", "x-----BEGIN RSA PRIVATE KEY-----***"},
                          {"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
                           "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"},
                          {"admin: " + hash, "admin: ***"},
                          {"$2a$10$" + kToken, "***"},
                          {"$2y$10$" + kToken + " x", "*** x"},
                          {"$2b$12$short", "$2b$12$short"},
                          {"$1", "$1"},
                      });
}

TEST_CASE("names of secrets", "[mask]") {
  for (const auto* name : {"password", "PASSWORD", "db_password", "dbPassword", "spring.datasource.password", "passwd",
                           "pwd", "pass", "user-pass", "secret", "client_secret", "token", "accessToken", "x-api-key",
                           "apikey", "API_KEY", "private-key", "Authorization"}) {
    CAPTURE(name);
    CHECK(is_secret_key(name));
  }
  for (const auto* name :
       {"", "_", "pass_count", "bypass", "passfile", "password_file", "tokens", "key", "address", "user"}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_key(name));
  }
  CHECK(is_secret_key(std::string(1000, 'x') + "password"));
}

TEST_CASE("e-mail addresses", "[mask]") {
  check(mask_pii, {
                      {"from a.b+c@example.com to x@y.co", "from [email] to [email]"},
                      {"<me@sub.example.org>,", "<[email]>,"},
                      {"j\xC3\xBCrgen@b\xC3\xBC"
                       "cher.de",
                       "[email]"},
                      {"mail me@example.com.", "mail [email]."},
                      {"user=me%40x@example.com;", "user=[email];"},
                      {"@example.com", "@example.com"},
                      {"me@localhost", "me@localhost"},
                      {"a@b.c", "a@b.c"},
                      {"a@.com", "a@.com"},
                      {"@", "@"},
                      {"postgres://me:***@db.example.com/x", "postgres://me:***@db.example.com/x"},
                  });
}

TEST_CASE("phone numbers", "[mask]") {
  check(mask_pii, {
                      {"call +14155552671 now", "call [phone] now"},
                      {"call +14155552671 200 times", "call [phone] 200 times"},
                      {"+44 20 7946 0958", "[phone]"},
                      {"+49-30-1234567", "[phone]"},
                      {"+1 (415) 555-2671 x", "[phone] x"},
                      {"+1.415.555.2671", "[phone]"},
                      {"(415) 555-2671", "[phone]"},
                      {"((415)555-2671)", "([phone])"},
                      {"tel:415-555-2671.", "tel:[phone]."},
                      {"415.555.2671", "[phone]"},
                      {"1-415-555-2671", "[phone]"},
                      {"115-555-2671", "115-555-2671"},
                      {"415-155-2671", "415-155-2671"},
                      {"415-555-26711", "415-555-26711"},
                      {"x415-555-2671", "x415-555-2671"},
                      {"415-555-2671-1", "415-555-2671-1"},
                      {"4155552671", "4155552671"},
                      {"+0123456789", "+0123456789"},
                      {"+123456789", "+123456789"},
                      {"+12345678901234567", "+12345678901234567"},
                      {"+1 2", "+1 2"},
                      {"1e+14155552671", "1e+14155552671"},
                      {"+", "+"},
                      {"+4", "+4"},
                  });
}

TEST_CASE("card numbers", "[mask]") {
  check(mask_pii, {
                      {"paid with 4111111111111111.", "paid with [card]."},
                      {"4111 1111 1111 1111", "[card]"},
                      {"4111-1111-1111-1111,", "[card],"},
                      {"378282246310005", "[card]"},
                      {"3782 822463 10005", "[card]"},
                      {"5555555555554444", "[card]"},
                      {"6011111111111117", "[card]"},
                      {"2223003122003222", "[card]"},
                      {"30569309025904", "[card]"},
                      {"3056 930902 5904", "[card]"},
                      {"4222222222222", "[card]"},
                      {"4111111111111112", "4111111111111112"},
                      {"4111 1111 1111 1112", "4111 1111 1111 1112"},
                      {"4111 1111-1111 1111", "4111 1111-1111 1111"},
                      {"41111111111111111111", "41111111111111111111"},
                      {"0.4111111111111111", "0.4111111111111111"},
                      {"4111111111111111.5", "4111111111111111.5"},
                      {"x4111111111111111", "x4111111111111111"},
                      {"1111111111111117", "1111111111111117"},
                  });
}

TEST_CASE("social security numbers", "[mask]") {
  check(mask_pii, {
                      {"ssn 123-45-6789.", "ssn [ssn]."},
                      {"899-99-9999", "[ssn]"},
                      {"000-45-6789", "000-45-6789"},
                      {"666-45-6789", "666-45-6789"},
                      {"900-45-6789", "900-45-6789"},
                      {"123-00-6789", "123-00-6789"},
                      {"123-45-0000", "123-45-0000"},
                      {"123-45-67890", "123-45-67890"},
                      {"1123-45-6789", "1123-45-6789"},
                      {"0-123-45-6789", "0-123-45-6789"},
                      {"123-45-6789-0", "123-45-6789-0"},
                  });
}

TEST_CASE("IP addresses", "[mask]") {
  check(mask_pii, {
                      {"from 10.0.0.1:9100 to 192.168.1.255/24.", "from [ip]:9100 to [ip]/24."},
                      {"10.0.0.1-10.0.0.9", "[ip]-[ip]"},
                      {"addr=0.0.0.0", "addr=[ip]"},
                      {"http://127.0.0.1/", "http://[ip]/"},
                      {"[::1]:9100", "[[ip]]:9100"},
                      {"fe80::1%eth0", "[ip]%eth0"},
                      {"2001:db8:85a3:0:0:8a2e:370:7334", "[ip]"},
                      {"2001:DB8::/32", "[ip]/32"},
                      {"dial 2001:db8::1: refused.", "dial [ip]: refused."},
                      {"::ffff:10.0.0.1", "[ip]"},
                      {"256.0.0.1", "256.0.0.1"},
                      {"1.2.3", "1.2.3"},
                      {"1.2.3.4.5", "1.2.3.4.5"},
                      {"v1.2.3.4", "v1.2.3.4"},
                      {"01.2.3.4", "01.2.3.4"},
                      {"1.2.3.4a", "1.2.3.4a"},
                      {"1.2.3.", "1.2.3."},
                      {"12:30:45", "12:30:45"},
                      {"12:30:45.123", "12:30:45.123"},
                      {"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"},
                      {"::", "::"},
                      {"a::b", "a::b"},
                      {"00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"},
                  });
}

namespace {

/// Text made of what the scanners look for, so that their branches meet.
std::string random_text(std::mt19937& random) {
  static const std::array<std::string, 76> kPieces{"password",
                                                   "token",
                                                   "secret",
                                                   "api_key",
                                                   "Authorization",
                                                   "bearer",
                                                   "basic",
                                                   "identified by",
                                                   "pass",
                                                   "=",
                                                   ":",
                                                   "://",
                                                   "@",
                                                   "\"",
                                                   "'",
                                                   "\\\"",
                                                   "\\",
                                                   "[",
                                                   "]",
                                                   "{",
                                                   "}",
                                                   "(",
                                                   ")",
                                                   ",",
                                                   ";",
                                                   "&",
                                                   "?",
                                                   "#",
                                                   "/",
                                                   " ",
                                                   "  ",
                                                   "\t",
                                                   "\n",
                                                   "-",
                                                   "--",
                                                   "+",
                                                   ".",
                                                   "_",
                                                   "$",
                                                   "$2b$12$",
                                                   "eyJ",
                                                   "eyJhbGciOi.abcde",
                                                   "sk-",
                                                   "ghp_",
                                                   "abcdefghij0123456789",
                                                   "AKIA",
                                                   "-----BEGIN ",
                                                   "PRIVATE KEY",
                                                   "-----",
                                                   "-----END",
                                                   "***",
                                                   "localhost:5432",
                                                   "*",
                                                   "x",
                                                   "user",
                                                   "host",
                                                   "a.b.com",
                                                   "1",
                                                   "12",
                                                   "415",
                                                   "555",
                                                   "2671",
                                                   "123-45-6789",
                                                   "4111111111111111",
                                                   "4111 1111 1111 1111",
                                                   "10.0.0.1",
                                                   "fe80::1",
                                                   "::",
                                                   "0.0.0.0",
                                                   "[ip]",
                                                   "[email]",
                                                   "http",
                                                   "\xC3\xBC",
                                                   "\xFF",
                                                   "+14155552671",
                                                   "(415) 555-2671"};
  std::string text;
  const auto pieces = random() % 14;
  for (std::size_t i = 0; i < pieces; ++i) text += kPieces.at(random() % kPieces.size());
  return text;
}

}  // namespace

TEST_CASE("masking twice changes nothing more", "[mask]") {
  std::mt19937 random{20'260'102};  // NOLINT(cert-msc51-cpp): the same texts each time
  for (int i = 0; i < 30'000; ++i) {
    const auto text = random_text(random);
    CAPTURE(text);
    for (const Mask mask : {&mask_secrets, &mask_pii}) {
      const auto masked = mask(text);
      const auto again = mask(masked);
      if (again != masked) CHECK(again == masked);
    }
  }
}

TEST_CASE("long input of any kind is no trap", "[mask]") {
  // A quadratic scanner would need minutes for these; the test's own time limit tells.
  for (const auto* piece : {"a",
                            "=",
                            ":",
                            "://",
                            "@",
                            "\"",
                            "'",
                            "a:b://",
                            "http://a:",
                            "password=",
                            "password='",
                            "\"a\"",
                            "-eyJ",
                            ".eyJa",
                            "ghp_",
                            "sk-aaaaaaaaaaaaaaaaaaaa.",
                            "-----BEGIN ",
                            "-----BEGIN PRIVATE KEY-----",
                            "$2b$12$",
                            "a,",
                            ",a",
                            "&a",
                            "a@",
                            "@a",
                            "a.",
                            "1.",
                            "1",
                            "1 ",
                            "+1",
                            "+1 2",
                            "(415",
                            "::",
                            "1:",
                            "a:1",
                            "4111 ",
                            "localhost:5432:",
                            "bearer ",
                            "basic ",
                            "token: a",
                            "token: [",
                            "basic [",
                            "[",
                            "password=[",
                            "\\\"",
                            "password=\\\"",
                            "authorization: digest ",
                            "\xFF",
                            "--password "}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 100'000) text += piece;
    CHECK_FALSE(mask_secrets(text).empty());
    CHECK_FALSE(mask_pii(text).empty());
  }
}
