// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <string>
#include <vector>

#include "textfile_parser.h"

namespace binnacle::system {

/// What one text file holds.
struct Textfile {
  std::string path;
  std::vector<TextFamily> families;
};

/// The first thing that is wrong with a file, in a line for people.
struct TextfileProblem {
  std::string path;
  std::size_t line = 0;  ///< 0: of no line
  std::string message;
};

struct MergedTextfiles {
  std::vector<prometheus::MetricFamily> families;
  /// At most one a file: its first, which says how many more there are.
  std::vector<TextfileProblem> problems;
};

/// Puts the files' families together by name. What comes first stays: a family with another HELP or TYPE than the same
/// name in an earlier file, one whose name is taken by a part of a histogram or summary, and a series that was there
/// before are dropped, and are problems. A family without HELP in any file gets one that names its files.
MergedTextfiles merge_textfiles(std::vector<Textfile> files);

}  // namespace binnacle::system
