// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "textfile_parser.h"

namespace binnacle::system {

/// Gives each series of a family the labels that others of it have, with an empty value, as node_exporter does.
/// Throws TextfileError when their labels differ so much that this would take a lot of memory.
void fill_missing_labels(TextFamily& family);

}  // namespace binnacle::system
