// SPDX-License-Identifier: Apache-2.0
// The floor of a scrape of Redis: does nothing but send commands over one open connection, all together, and read the
// replies, again and again.
//
// redis_floor PORT ITERATIONS COMMAND...: a command is one argument, its words apart by single spaces.
// Prints nanoseconds an iteration: CPU time, wall time; then commands and bytes of replies an iteration.
#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cpu_clock.h"

namespace {

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

[[noreturn]] void fail(const char* what, const char* why) {
  std::fprintf(stderr, "redis_floor: %s: %s\n", what, why);
  std::exit(1);
}

std::size_t bytes_of(const redisReply& reply) {
  std::size_t bytes = reply.len;
  for (std::size_t i = 0; i < reply.elements; ++i) bytes += bytes_of(*reply.element[i]);
  return bytes;
}

std::size_t read_reply(redisContext* context, const std::string& command) {
  void* found = nullptr;
  if (redisGetReply(context, &found) != REDIS_OK) fail(command.c_str(), context->errstr);
  const std::unique_ptr<redisReply, Free> reply{static_cast<redisReply*>(found)};
  if (reply->type == REDIS_REPLY_ERROR) fail(command.c_str(), reply->str);
  return bytes_of(*reply);
}

}  // namespace

int main(int argc, char** argv) {
  const long iterations = argc > 3 ? std::atol(argv[2]) : 0;
  if (iterations <= 0) {
    std::fprintf(stderr, "usage: redis_floor PORT ITERATIONS COMMAND...\n");
    return 2;
  }
  const std::vector<std::string> commands{argv + 3, argv + argc};
  const std::unique_ptr<redisContext, Free> context{redisConnect("127.0.0.1", std::atoi(argv[1]))};
  if (!context || context->err != 0) fail("connect", context ? context->errstr : "no memory");
  return print_floor(iterations, commands.size(), [&] {
    // hiredis takes the words apart; a percent sign would be a format.
    for (const auto& command : commands) redisAppendCommand(context.get(), command.c_str());
    std::size_t bytes = 0;
    for (const auto& command : commands) bytes += read_reply(context.get(), command);
    return bytes;
  });
}
