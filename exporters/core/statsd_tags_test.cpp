// SPDX-License-Identifier: Apache-2.0
#include "statsd_tags.h"

#include <catch2/catch.hpp>

using namespace binnacle;

namespace {

/// name{label=value,...}
std::string read(std::string_view name, std::string_view tags = {}) {
  StatsdMetric metric;
  metric.name = name;
  metric.tags = tags;
  StatsdIdentity identity;
  read_statsd_tags(metric, identity);
  std::string text{identity.name};
  for (const auto& [label, value] : identity.labels) text += "," + label + "=" + value;
  return text;
}

}  // namespace

TEST_CASE("tags of each form are read, in the order of their names", "[statsd]") {
  CHECK(read("a.b", "z:1,env:prod") == "a.b,env=prod,z=1");
  CHECK(read("a.b#z=1,env=prod") == "a.b,env=prod,z=1");
  CHECK(read("a.b,z=1,env=prod") == "a.b,env=prod,z=1");
  CHECK(read("a.b[z=1,env=prod]") == "a.b,env=prod,z=1");
  CHECK(read("a.[z=1]b") == "a.b,z=1");
  CHECK(read("a", "url:http://x:80/y") == "a,url=http://x:80/y");
  CHECK(read("a#x=1", "y:2") == "a,x=1,y=2");
}

TEST_CASE("odd tags are read too", "[statsd]") {
  CHECK(read("a", "shell") == "a,shell=true");
  CHECK(read("a", "x:1,x:2") == "a,x=1");
  CHECK(read("a", ",,x:1,") == "a,x=1");
  CHECK(read("a", ":v,k:") == "a");
  CHECK(read("a", " x:1 , y:2") == "a,x=1,y=2");
  CHECK(read("a[") == "a");
  CHECK(read("a#") == "a");
  CHECK(read("a[x=1") == "a,x=1");
  CHECK(read("a", "k:\xFF") == "a,k=\xEF\xBF\xBD");
}

TEST_CASE("names become names that Prometheus takes", "[statsd]") {
  CHECK(statsd_label_name("http.status-code") == "http_status_code");
  CHECK(statsd_label_name("__name__") == "name__");
  CHECK(statsd_label_name("__1") == "_1");
  CHECK(statsd_label_name("___") == "_");
  CHECK(statsd_label_name("1st") == "_1st");
  CHECK(statsd_label_name("-1") == "_1");
  CHECK(statsd_label_name("é") == "_");
  CHECK(statsd_label_name("le") == "le_");
  CHECK(statsd_metric_name("my.app-x:y") == "my_app_x:y");
  CHECK(statsd_metric_name("9lives") == "_9lives");
  CHECK(statsd_metric_name("") == "_");
}

TEST_CASE("labels are found and set", "[statsd]") {
  StatsdLabels labels;
  set_label(labels, "b", "1");
  set_label(labels, "a", "2");
  set_label(labels, "b", "3");
  CHECK(labels == StatsdLabels{{"a", "2"}, {"b", "3"}});
  CHECK(*find_label(labels, "b") == "3");
  CHECK(find_label(labels, "c") == nullptr);
}
