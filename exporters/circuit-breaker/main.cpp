// SPDX-License-Identifier: Apache-2.0
#include "circuit_breaker_exporter.h"

int main(int argc, char** argv) {
  binnacle::breaker::CircuitBreakerExporter exporter;
  return binnacle::run(exporter, argc, argv);
}
