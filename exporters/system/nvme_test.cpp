// SPDX-License-Identifier: Apache-2.0
#include "nvme.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using binnacle::NotApplicable;
using namespace binnacle::system;

TEST_CASE("namespaces are told by their folder's name", "[nvme]") {
  CHECK(nvme_namespace_id("nvme0n1") == "1");
  CHECK(nvme_namespace_id("nvme12n34") == "34");
  for (const auto* name : {"nvme0", "nvme0c0n1", "nvmen1", "nvme0n", "nvme0n1p1", "ng0n1", "nvme", "", "hwmon3"}) {
    CHECK_FALSE(nvme_namespace_id(name));
  }
}

TEST_CASE("NVMe controllers and namespaces", "[nvme]") {
  const TestTree tree;
  const auto set = [&](const std::string& name, const std::string& text) {
    tree.write("sys/class/nvme/" + name, text);
  };
  set("nvme0/cntlid", "1\n");
  set("nvme0/firmware_rev", "FW1     \n");
  set("nvme0/model", "ACME 1TB   \n");
  set("nvme0/serial", "S1\n");
  set("nvme0/state", "live\n");
  set("nvme0/nvme0n1/size", "1000\n");
  set("nvme0/nvme0n1/nuse", "400\n");
  set("nvme0/nvme0n1/queue/logical_block_size", "512\n");
  set("nvme0/nvme0n1/ana_state", "optimized\n");
  set("nvme0/nvme0n2/size", "10\n");
  set("nvme0/nvme0n2/queue/logical_block_size", "4096\n");
  set("nvme0/nvme0n3/size", "10\n");
  set("nvme1/state", "connecting\n");
  const auto out = collect_once(*make_nvme(tree.paths));
  CHECK(value_of(out, "node_nvme_info",
                 {{"cntlid", "1"},
                  {"device", "nvme0"},
                  {"firmware_revision", "FW1"},
                  {"model", "ACME 1TB"},
                  {"serial", "S1"},
                  {"state", "live"}}) == 1);
  CHECK(value_of(out, "node_nvme_info",
                 {{"cntlid", ""},
                  {"device", "nvme1"},
                  {"firmware_revision", ""},
                  {"model", ""},
                  {"serial", ""},
                  {"state", "connecting"}}) == 1);
  CHECK(value_of(out, "node_nvme_namespace_info", {{"ana_state", "optimized"}, {"device", "nvme0"}, {"nsid", "1"}}) ==
        1);
  CHECK(value_of(out, "node_nvme_namespace_info", {{"ana_state", "unknown"}, {"device", "nvme0"}, {"nsid", "2"}}) == 1);
  CHECK(value_of(out, "node_nvme_namespace_size_bytes", {{"device", "nvme0"}, {"nsid", "1"}}) == 512000);
  CHECK(value_of(out, "node_nvme_namespace_capacity_bytes", {{"device", "nvme0"}, {"nsid", "1"}}) == 512000);
  CHECK(value_of(out, "node_nvme_namespace_used_bytes", {{"device", "nvme0"}, {"nsid", "1"}}) == 204800);
  CHECK(value_of(out, "node_nvme_namespace_logical_block_size_bytes", {{"device", "nvme0"}, {"nsid", "2"}}) == 4096);
  CHECK(series_of(out, "node_nvme_namespace_info") == 3);
  CHECK(series_of(out, "node_nvme_namespace_size_bytes") == 2);
  CHECK(series_of(out, "node_nvme_namespace_used_bytes") == 1);
}

TEST_CASE("a host without NVMe has nothing to collect", "[nvme]") {
  const TestTree tree;
  CHECK_THROWS_AS(collect_once(*make_nvme(tree.paths)), NotApplicable);
}
