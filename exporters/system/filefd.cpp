// SPDX-License-Identifier: Apache-2.0
#include "filefd.h"

#include <memory>
#include <string>

#include "collectors.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

class FilefdCollector final : public Collector {
 public:
  explicit FilefdCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto handles = parse_file_nr(read_source(paths_.proc("sys/fs/file-nr"), buffer_));
    out.families.gauge("node_filefd_allocated", "Open files of the whole machine, from /proc/sys/fs/file-nr.")
        .add(handles.allocated);
    out.families
        .gauge("node_filefd_maximum", "How many files may be open on the whole machine, from /proc/sys/fs/file-nr.")
        .add(handles.maximum);
    if (handles.maximum > 0) out.fact("file_descriptors_used_ratio", handles.allocated / handles.maximum);
  }

 private:
  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

FileHandles parse_file_nr(std::string_view text) {
  FileHandles handles;
  handles.allocated = require_double(next_field(text), "file-nr: allocated");
  require_double(next_field(text), "file-nr: unused");
  handles.maximum = require_double(next_field(text), "file-nr: maximum");
  return handles;
}

std::unique_ptr<Collector> make_filefd(const Paths& paths) { return std::make_unique<FilefdCollector>(paths); }

}  // namespace binnacle::system
