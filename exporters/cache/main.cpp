// SPDX-License-Identifier: Apache-2.0
#include "cache_exporter.h"

int main(int argc, char** argv) {
  binnacle::cache::CacheExporter exporter;
  return binnacle::run(exporter, argc, argv);
}
