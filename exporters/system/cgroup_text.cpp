// SPDX-License-Identifier: Apache-2.0
#include "cgroup_text.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "core/text.h"
#include "mountinfo.h"

namespace binnacle::system {

namespace {

/// v1 says "no limit" with 2^63 rounded down to whole pages, which may be of 64 KiB.
constexpr std::uint64_t kV1NoLimit = (std::uint64_t{1} << 63U) - (std::uint64_t{1} << 16U);

[[noreturn]] void fail(std::string_view what, std::string_view expected, std::string_view text) {
  throw std::runtime_error(std::string{what} + ": expected " + std::string{expected} + ", got " + quoted(text));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) parts.emplace_back(take_until(text, separator));
  return parts;
}

bool is_device_number(std::string_view text) {
  const auto major = take_until(text, ':');
  return to_u64(major) && to_u64(text);
}

DeviceIo& device_of(std::vector<DeviceIo>& devices, std::string_view name) {
  const auto known = std::find_if(devices.begin(), devices.end(), [&](const auto& d) { return d.device == name; });
  if (known != devices.end()) return *known;
  auto& added = devices.emplace_back();
  added.device = name;
  return added;
}

/// The member that a key of io.stat stands for; null for the keys of io.cost and io.latency.
std::optional<std::uint64_t> DeviceIo::*io_member(std::string_view key) {
  if (key == "rbytes") return &DeviceIo::read_bytes;
  if (key == "wbytes") return &DeviceIo::written_bytes;
  if (key == "dbytes") return &DeviceIo::discarded_bytes;
  if (key == "rios") return &DeviceIo::reads;
  if (key == "wios") return &DeviceIo::writes;
  if (key == "dios") return &DeviceIo::discards;
  return nullptr;
}

std::optional<std::uint64_t> DeviceIo::*blkio_member(std::string_view operation, bool operations) {
  if (operation == "Read") return operations ? &DeviceIo::reads : &DeviceIo::read_bytes;
  if (operation == "Write") return operations ? &DeviceIo::writes : &DeviceIo::written_bytes;
  if (operation == "Discard") return operations ? &DeviceIo::discards : &DeviceIo::discarded_bytes;
  return nullptr;
}

}  // namespace

std::vector<CgroupMembership> parse_cgroup_memberships(std::string_view text, std::string_view what) {
  std::vector<CgroupMembership> memberships;
  while (auto line = next_line(text)) {
    const auto whole = *line;
    const auto id = take_until(*line, ':');
    const auto controllers = take_until(*line, ':');
    if (!to_u64(id) || !line->starts_with('/')) fail(what, "hierarchy:controllers:/path", whole);
    memberships.push_back({split(controllers, ','), std::string{*line}});
  }
  if (memberships.empty()) throw std::runtime_error(std::string{what} + ": is empty");
  return memberships;
}

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view text, std::string_view what) {
  constexpr std::string_view kSeparator = " - ";
  std::vector<CgroupMount> mounts;
  while (const auto line = next_line(text)) {
    const auto separator = line->find(kSeparator);
    if (separator == std::string_view::npos) fail(what, "a mount with \" - \"", *line);
    auto tail = line->substr(separator + kSeparator.size());
    const auto type = next_field(tail);
    if (type != "cgroup" && type != "cgroup2") continue;
    next_field(tail);  // the source
    const auto options = next_field(tail);
    auto front = line->substr(0, separator);
    for (int skipped = 0; skipped < 3; ++skipped) next_field(front);  // mount id, parent's id, device
    CgroupMount mount;
    mount.version = type == "cgroup" ? 1 : 2;
    if (mount.version == 1) mount.controllers = split(options, ',');
    mount.root = unescape_octal(next_field(front));
    mount.point = unescape_octal(next_field(front));
    if (!mount.root.starts_with('/') || !mount.point.starts_with('/')) fail(what, "a mount's root and point", *line);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<std::string> path_below(std::string_view root, std::string_view path) {
  while (root.ends_with('/')) root.remove_suffix(1);
  if (!path.starts_with(root)) return std::nullopt;
  auto rest = path.substr(root.size());
  if (rest.empty()) return "/";
  if (!rest.starts_with('/')) return std::nullopt;
  std::string below{rest};
  while (below.size() > 1 && below.ends_with('/')) below.pop_back();
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (take_until(rest, '/') == "..") return std::nullopt;
  }
  return below;
}

std::string_view parent_path(std::string_view path) {
  if (path.size() <= 1) return {};
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

void parse_flat_keyed(std::string_view text, std::string_view what, std::vector<KeyValue>& pairs) {
  pairs.clear();
  while (auto line = next_line(text)) {
    const auto key = next_field(*line);
    if (key.empty()) continue;
    const auto value = to_u64(next_field(*line));
    if (!value) fail(what, "a number after the key", key);
    pairs.emplace_back(key, *value);
  }
}

std::optional<std::uint64_t> parse_limit(std::string_view text, std::string_view what) {
  text = trim(text);
  if (text == "max") return std::nullopt;
  return require_u64(text, what);
}

std::optional<std::uint64_t> parse_v1_limit(std::string_view text, std::string_view what) {
  text = trim(text);
  if (text == "-1") return std::nullopt;
  const auto limit = parse_limit(text, what);
  return limit ? v1_limit(*limit) : std::nullopt;
}

std::optional<std::uint64_t> v1_limit(std::uint64_t number) {
  if (number >= kV1NoLimit) return std::nullopt;
  return number;
}

std::optional<double> parse_cpu_max(std::string_view text, std::string_view what) {
  const auto quota = parse_limit(next_field(text), what);
  const auto period = require_u64(next_field(text), what);
  if (period == 0) fail(what, "a period above 0", "0");
  if (!quota) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(period);
}

std::uint64_t count_cpus(std::string_view text, std::string_view what) {
  text = trim(text);
  std::uint64_t cpus = 0;
  while (!text.empty()) {
    auto range = take_until(text, ',');
    const auto whole = range;
    const auto first = to_u64(take_until(range, '-'));
    const auto last = range.empty() ? first : to_u64(range);
    if (!first || !last || *last < *first || *last > std::numeric_limits<std::uint32_t>::max()) {
      fail(what, "a list of CPUs", whole);
    }
    cpus += *last - *first + 1;
  }
  return cpus;
}

std::vector<DeviceIo> parse_io_stat(std::string_view text, std::string_view what) {
  std::vector<DeviceIo> devices;
  while (auto line = next_line(text)) {
    std::string_view device;
    for (auto field = next_field(*line); !field.empty(); field = next_field(*line)) {
      if (field.find('=') == std::string_view::npos) {
        if (!is_device_number(field)) fail(what, "a device as major:minor", field);
        device = field;
        continue;
      }
      const auto key = take_until(field, '=');
      if (device.empty()) fail(what, "a device before its counters", key);
      const auto member = io_member(key);
      if (member == nullptr) continue;
      device_of(devices, device).*member = require_u64(field, what);
    }
  }
  return devices;
}

void parse_blkio(std::string_view text, std::string_view what, bool operations, std::vector<DeviceIo>& devices) {
  while (auto line = next_line(text)) {
    const auto device = next_field(*line);
    if (device.empty() || device == "Total") continue;
    if (!is_device_number(device)) fail(what, "a device as major:minor", device);
    const auto member = blkio_member(next_field(*line), operations);
    if (member == nullptr) continue;
    device_of(devices, device).*member = require_u64(next_field(*line), what);
  }
}

}  // namespace binnacle::system
