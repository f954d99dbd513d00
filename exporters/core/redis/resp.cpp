// SPDX-License-Identifier: Apache-2.0
#include "resp.h"

#include <hiredis/hiredis.h>

#include <new>
#include <utility>

namespace binnacle {

namespace {

/// The place for a new reply: behind its siblings, or for the outermost one on the heap. An array is filled before the
/// next one beside it is begun, so its address holds as long as hiredis uses it. Null: too many, or no memory; no
/// exception may cross hiredis.
Reply* place(const redisReadTask* task, Reply::Type type) noexcept {
  auto* const left = static_cast<std::size_t*>(task->privdata);
  if (left == nullptr || *left == 0) return nullptr;
  --*left;
  try {
    Reply* const reply = task->parent == nullptr ? std::make_unique<Reply>().release()
                                                 : &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
    reply->type = type;
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void free_reply(void* reply) { delete static_cast<Reply*>(reply); }

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  const auto type = task->type == REDIS_REPLY_ERROR    ? Reply::Type::error
                    : task->type == REDIS_REPLY_STATUS ? Reply::Type::status
                                                       : Reply::Type::string;
  Reply* const reply = place(task, type);
  if (reply == nullptr) return nullptr;
  try {
    reply->text.assign(text, size);
  } catch (const std::bad_alloc&) {
    if (task->parent == nullptr) free_reply(reply);
    return nullptr;
  }
  return reply;
}

void* create_array(const redisReadTask* task, int /*size*/) { return place(task, Reply::Type::array); }

void* create_integer(const redisReadTask* task, long long value) {
  Reply* const reply = place(task, Reply::Type::integer);
  if (reply != nullptr) reply->integer = value;
  return reply;
}

void* create_nil(const redisReadTask* task) { return place(task, Reply::Type::nil); }

redisReplyObjectFunctions functions{create_string, create_array, create_integer, create_nil, free_reply};

}  // namespace

ReplyReader::ReplyReader(Limits limits)
    : limits_(limits),
      elements_left_(std::make_unique<std::size_t>(limits.elements)),
      reader_(redisReaderCreateWithFunctions(&functions)) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = elements_left_.get();
}

void ReplyReader::feed(std::string_view bytes) {
  fed_ += bytes.size();
  if (fed_ > limits_.bytes)
    throw ProtocolError("the server's reply is longer than " + std::to_string(limits_.bytes) + " bytes");
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) throw ProtocolError(reader_->errstr);
}

std::optional<Reply> ReplyReader::next() {
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
    if (*elements_left_ == 0) throw ProtocolError("the server's reply has too many elements");
    throw ProtocolError(std::string{"the server does not speak Redis' protocol: "} + reader_->errstr);
  }
  if (found == nullptr) return std::nullopt;
  const std::unique_ptr<Reply> reply{static_cast<Reply*>(found)};
  *elements_left_ = limits_.elements;
  fed_ = reader_->len - reader_->pos;
  return std::move(*reply);
}

void append_command(const Command& command, std::string& out) {
  out += '*' + std::to_string(command.size()) + "\r\n";
  for (const auto& word : command) {
    out += '$' + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
}

}  // namespace binnacle
