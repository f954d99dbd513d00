// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include <cstring>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "file.h"
#include "file_stamp.h"
#include "log.h"

namespace binnacle {

namespace {

constexpr std::size_t kSecretLimit = 65'536;
/// A file system's clock may stand still for this long, so a file that was changed just now may change again unseen.
constexpr std::int64_t kCoarseClockNs = 100'000'000;

void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

bool is_settled(const FileStamp& stamp) {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec - stamp.changed_ns > kCoarseClockNs;
}

/// Throws std::runtime_error with the file's name.
std::string read_secret(const std::string& path) {
  std::string buffer;
  buffer.reserve(kSecretLimit + 1);  // growing would leave copies behind
  std::string value;
  try {
    value = read_file(path, buffer, kSecretLimit);
  } catch (const std::system_error& error) {
    wipe(buffer);
    throw std::runtime_error(path + ": the secret cannot be read: " + error.code().message());
  }
  wipe(buffer);
  if (value.ends_with('\n')) value.pop_back();
  if (value.empty()) throw std::runtime_error(path + ": the file that should hold a secret is empty");
  return value;
}

}  // namespace

struct Secret::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { wipe(value); }

  std::string path;  ///< empty: the value is text that never changes
  std::mutex mutex;
  std::string value;
  FileStamp stamp;
  bool settled = true;  ///< else the stamp is too young to be trusted
  bool failed = false;  ///< the file of this stamp gave no value

  void refresh();
};

void Secret::State::refresh() {
  // The stamp comes first: a change after it is seen the next time.
  const FileStamp now = file_stamp(path);
  if (now == stamp && settled) return;
  const bool told = failed && now == stamp;
  stamp = now;
  settled = !now.exists || is_settled(now);
  try {
    std::string fresh = read_secret(path);
    std::swap(value, fresh);
    wipe(fresh);
    failed = false;
  } catch (const std::runtime_error& error) {
    failed = true;
    if (!told) log::warn("keeping the old secret", {{"reason", error.what()}});
  }
}

Secret::Secret(std::shared_ptr<State> state) : state_(std::move(state)) {}

Secret Secret::from_text(std::string value) {
  auto state = std::make_shared<State>();
  state->value = value;
  wipe(value);
  return Secret{std::move(state)};
}

Secret Secret::from_file(std::string path) {
  auto state = std::make_shared<State>();
  state->stamp = file_stamp(path);
  state->settled = is_settled(state->stamp);
  state->value = read_secret(path);
  state->path = std::move(path);
  return Secret{std::move(state)};
}

std::string Secret::reveal() const {
  const std::lock_guard lock{state_->mutex};
  if (!state_->path.empty()) state_->refresh();
  return state_->value;
}

}  // namespace binnacle
