// SPDX-License-Identifier: Apache-2.0
#include "ai_gateway_exporter.h"

int main(int argc, char** argv) {
  binnacle::gateway::AiGatewayExporter exporter;
  return binnacle::run(exporter, argc, argv);
}
