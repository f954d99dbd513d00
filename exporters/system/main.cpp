// SPDX-License-Identifier: Apache-2.0
#include "system_exporter.h"

int main(int argc, char** argv) {
  binnacle::system::SystemExporter exporter;
  return binnacle::run(exporter, argc, argv);
}
