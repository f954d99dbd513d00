// SPDX-License-Identifier: Apache-2.0
#include "postgres_pool_exporter.h"

int main(int argc, char** argv) {
  binnacle::pgpool::PostgresPoolExporter exporter;
  return binnacle::run(exporter, argc, argv);
}
