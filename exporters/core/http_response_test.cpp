// SPDX-License-Identifier: Apache-2.0
#include "http_response.h"

#include <catch2/catch.hpp>

using binnacle::HttpRequest;
using binnacle::HttpResponse;
using binnacle::plain_response;
using binnacle::response_head;
using Catch::Matchers::Contains;

TEST_CASE("a request's headers are found whatever their case", "[http_response]") {
  HttpRequest request;
  request.headers = {{"ACCEPT", "a"}, {"accept", "b"}, {"X-Empty", ""}};
  CHECK(request.header("Accept") == "a");
  CHECK(request.header("x-empty").empty());
  CHECK(request.header("Accep").empty());
  CHECK(request.header("").empty());
}

TEST_CASE("a head states length, type, date and that the connection ends", "[http_response]") {
  HttpResponse response = plain_response(404);
  CHECK(*response.body == "404 Not Found\n");
  response.headers = {{"Vary", "Accept"}};
  CHECK(response_head(response, {{"X-Frame-Options", "deny"}}, 784111777) ==
        "HTTP/1.1 404 Not Found\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 14\r\n"
        "Connection: close\r\n"
        "Vary: Accept\r\n"
        "X-Frame-Options: deny\r\n"
        "\r\n");
}

TEST_CASE("a response without a body has length 0, and 204 and 304 have none", "[http_response]") {
  HttpResponse response;
  CHECK_THAT(response_head(response, {}, 0), Contains("Content-Length: 0\r\n"));
  response.status = GENERATE(204, 304);
  CHECK_THAT(response_head(response, {}, 0), !Contains("Content-Length") && !Contains("Content-Type"));
}

TEST_CASE("a handler's header goes before the configured one of that name", "[http_response]") {
  HttpResponse response;
  response.headers = {{"content-security-policy", "mine"}};
  const std::string head = response_head(response, {{"Content-Security-Policy", "theirs"}}, 0);
  CHECK_THAT(head, Contains("content-security-policy: mine\r\n") && !Contains("theirs"));
}

TEST_CASE("no header can start another one or contradict the server's", "[http_response]") {
  HttpResponse response;
  const auto header =
      GENERATE(as<std::pair<std::string, std::string>>{}, std::pair{"X-A", "1\r\nX-B: 2"}, std::pair{"X-A", "1\n"},
               std::pair{"X\r", "1"}, std::pair{"", "1"}, std::pair{"X-A", std::string("1\0", 2)},
               std::pair{"content-length", "5"}, std::pair{"Connection", "keep-alive"});
  response.headers = {header};
  CHECK_THROWS_AS(response_head(response, {}, 0), std::runtime_error);
}

TEST_CASE("an unknown status still has a line", "[http_response]") {
  HttpResponse response;
  response.status = 299;
  CHECK_THAT(response_head(response, {}, 0), Catch::Matchers::StartsWith("HTTP/1.1 299 Status\r\n"));
  CHECK(*plain_response(405, "no body please").body == "no body please\n");
}
