// SPDX-License-Identifier: Apache-2.0
#include "textfile.h"

#include <glob.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/log.h"
#include "core/text.h"
#include "textfile_merge.h"
#include "textfile_parser.h"

namespace binnacle::system {

std::vector<std::string> expand_directory(const std::string& directory) {
  if (directory.find_first_of("*?[\\") == std::string::npos) return {directory};
  glob_t matches{};
  const std::unique_ptr<glob_t, decltype(&::globfree)> owner{&matches, ::globfree};
  if (::glob(directory.c_str(), 0, nullptr, &matches) != 0) return {directory};
  return {matches.gl_pathv, matches.gl_pathv + matches.gl_pathc};
}

std::string tidy_path(const std::string& path) {
  std::string tidy = path.starts_with('/') ? "/" : "";
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto element = take_until(rest, '/');
    if (element.empty() || element == ".") continue;
    if (!tidy.empty() && !tidy.ends_with('/')) tidy += '/';
    tidy += element;
  }
  return tidy.empty() ? "." : tidy;
}

namespace {

class TextfileCollector final : public Collector {
 public:
  void add_flags(Flags& flags) override {
    flags.add("collector.textfile.directory", directories_,
              "Folder whose *.prom files are exported; may be a pattern like /srv/*/metrics.");
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    problems_.clear();
    mtimes_.clear();
    std::vector<Textfile> files;
    for (const auto& directory : directories_) {
      if (directory.empty()) continue;
      for (const auto& folder : expand_directory(directory)) read_folder(tidy_path(folder), files);
    }
    auto merged = merge_textfiles(std::move(files));
    for (auto& family : merged.families) {
      auto target = out.families.family(family.name, family.help, family.type);
      for (auto& metric : family.metric) target.add(std::move(metric));
    }
    for (auto& problem : merged.problems) problems_.push_back(std::move(problem));
    report_problems();

    for (const auto& [path, mtime] : mtimes_) {
      out.families
          .gauge("node_textfile_mtime_seconds", "When a text file that could be read was last changed, in Unix time.")
          .add({{"file", path}}, static_cast<double>(mtime.tv_sec));
    }
    out.families
        .gauge("node_textfile_scrape_error",
               "1 when a text file or a folder of them could not be read, or something in it had to be left out.")
        .add(problems_.empty() ? 0 : 1);
  }

 private:
  void read_folder(const std::string& folder, std::vector<Textfile>& files) {
    std::vector<std::string> names;
    try {
      names = list_directory(folder);
    } catch (const std::system_error& error) {
      problems_.push_back({folder, 0, "expected a folder to read: " + error.code().message()});
      return;
    }
    for (const auto& name : names) {
      if (name.ends_with(".prom")) read_textfile(folder == "/" ? folder + name : folder + '/' + name, files);
    }
  }

  void read_textfile(const std::string& path, std::vector<Textfile>& files) {
    if (stamps_.contains(path)) return;  // two patterns match its folder
    try {
      struct stat info {};
      if (::stat(path.c_str(), &info) != 0)
        throw std::system_error(errno, std::generic_category(), "expected a file to read");
      if (!S_ISREG(info.st_mode)) throw std::runtime_error("expected a regular file");
      if (info.st_size > static_cast<off_t>(kFileLimit)) {
        throw std::runtime_error("expected at most 16 MiB, got " + std::to_string(info.st_size) + " bytes");
      }
      stamps_[path] = stamp(info);
      files.push_back({path, parse_textfile(read_file(path, buffer_))});
      mtimes_[path] = info.st_mtim;
    } catch (const TextfileError& error) {
      problems_.push_back({path, error.line(), error.what()});
    } catch (const std::runtime_error& error) {
      problems_.push_back({path, 0, error.what()});
    }
  }

  static std::string stamp(const struct stat& info) {
    return std::to_string(info.st_ino) + ' ' + std::to_string(info.st_size) + ' ' +
           std::to_string(info.st_mtim.tv_sec) + '.' + std::to_string(info.st_mtim.tv_nsec);
  }

  /// A problem is logged once for each state of its file, not at every scrape.
  void report_problems() {
    std::set<std::string> present;
    for (const auto& problem : problems_) {
      const auto line = std::to_string(problem.line);
      const auto known = stamps_.find(problem.path);
      std::string key = problem.path + '\n' + line + '\n' + problem.message;
      if (known != stamps_.end()) key += '\n' + known->second;
      if (!reported_.contains(key)) {
        if (problem.line > 0) {
          log::warn("error in a text file", {{"file", problem.path}, {"line", line}, {"error", problem.message}});
        } else {
          log::warn("error in a text file", {{"file", problem.path}, {"error", problem.message}});
        }
      }
      present.insert(std::move(key));
    }
    reported_ = std::move(present);
    stamps_.clear();
  }

  std::vector<std::string> directories_;
  std::string buffer_;
  std::vector<TextfileProblem> problems_;
  std::map<std::string, timespec> mtimes_;
  /// What tells one state of a file from the next, for the files of this scrape.
  std::map<std::string, std::string> stamps_;
  std::set<std::string> reported_;
};

}  // namespace

std::unique_ptr<Collector> make_textfile(const Paths& /*paths*/) { return std::make_unique<TextfileCollector>(); }

}  // namespace binnacle::system
