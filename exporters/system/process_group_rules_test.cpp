// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "core/strict_yaml.h"
#include "process_groups.h"

using namespace binnacle;
using namespace binnacle::system;

namespace {

std::shared_ptr<const GroupRules> rules_of(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto rules = ProcessGroups::parse(config);
  config.finish();
  return rules;
}

std::string group_of(const std::string& text, const ProcessFacts& process) {
  const auto match = rules_of(text)->match(process);
  return match ? match->group : "(none)";
}

const ProcessFacts kNginx{"nginx", {"/usr/sbin/nginx", "-g", "daemon off;"}, "www-data"};
const ProcessFacts kKernelThread{"kworker/0:1", {}, "root"};

}  // namespace

TEST_CASE("selectors of an item must all match, in a list one is enough", "[process_groups]") {
  CHECK(group_of("process_names: [{comm: [bash, nginx]}]", kNginx) == "nginx");
  CHECK(group_of("process_names: [{comm: [ngin]}]", kNginx) == "(none)");
  CHECK(group_of("process_names: [{exe: [nginx]}]", kNginx) == "nginx");
  CHECK(group_of("process_names: [{exe: [/usr/sbin/nginx, /bin/x]}]", kNginx) == "nginx");
  CHECK(group_of("process_names: [{exe: [/opt/nginx]}]", kNginx) == "(none)");
  CHECK(group_of("process_names: [{comm: [nginx], exe: [apache]}]", kNginx) == "(none)");
  CHECK(group_of("process_names: [{exe: [kworker]}]", kKernelThread) == "(none)");
}

TEST_CASE("all patterns of cmdline must match", "[process_groups]") {
  CHECK(group_of("process_names: [{cmdline: ['^/usr/sbin/nginx -g', off]}]", kNginx) == "nginx");
  CHECK(group_of("process_names: [{cmdline: [nginx, apache]}]", kNginx) == "(none)");
  CHECK(group_of("process_names: [{name: k, cmdline: ['.+']}]", kKernelThread) == "(none)");
  CHECK(group_of("process_names: [{name: k, cmdline: ['.*']}]", kKernelThread) == "k");
}

TEST_CASE("the first item that matches counts", "[process_groups]") {
  const std::string text =
      "process_names: [{name: a, comm: [bash]}, {name: b, exe: [nginx]}, {name: c, comm: [nginx]}]";
  CHECK(group_of(text, kNginx) == "b");
}

TEST_CASE("names are made of fields", "[process_groups]") {
  const auto named = [](const std::string& name, const ProcessFacts& process) {
    return group_of("process_names: [{name: '" + name + "', cmdline: ['(?P<Exe>[a-z]+) -(?P<Flag>.)|^$']}]", process);
  };
  CHECK(named("{{.Comm}}", kNginx) == "nginx");
  CHECK(named("{{ .ExeFull }}", kNginx) == "/usr/sbin/nginx");
  CHECK(named("x-{{.ExeBase}}-{{.Username}}-y", kNginx) == "x-nginx-www-data-y");
  CHECK(named("{{.Matches.Exe}}{{.Matches.Flag}}", kNginx) == "nginxg");
  CHECK(named("{{.ExeBase}} {{.ExeFull}}", kKernelThread) == "kworker/0:1 kworker/0:1");
  CHECK(named("{{.Matches.Exe}}", kKernelThread) == "(none)");  // comes out empty
  CHECK(named("plain", kNginx) == "plain");
  const std::string by_base = "process_names: [{cmdline: ['']}]";
  CHECK(group_of(by_base, {"x", {"/usr/bin/"}, ""}) == "bin");
  CHECK(group_of(by_base, {"x", {"/"}, ""}) == "/");
  CHECK(group_of(by_base, {"x", {""}, ""}) == ".");
}

TEST_CASE("what rules need and name", "[process_groups]") {
  const auto rules = rules_of("process_names: [{name: web, comm: [a]}, {name: '{{.Comm}}', comm: [b]}]");
  CHECK_FALSE(rules->empty());
  CHECK_FALSE(rules->uses_username());
  CHECK(rules->fixed_names() == std::vector<std::string>{"web"});
  CHECK(rules->has_template("{{.Comm}}"));
  CHECK_FALSE(rules->has_template("a"));
  CHECK(rules_of("process_names: [{name: '{{.Username}}', comm: [a]}]")->uses_username());
  CHECK(rules_of("")->empty());
  CHECK(rules_of("process_names: []")->empty());
}

TEST_CASE("a bad config is refused with its line", "[process_groups]") {
  const auto refusal = [](const std::string& item) -> std::string {
    try {
      rules_of("process_names:\n  - " + item + "\n");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "(taken)";
  };
  using Catch::Contains;
  CHECK_THAT(refusal("name: a"), Contains("config.yml:2") && Contains("expected one of comm, exe and cmdline"));
  CHECK_THAT(refusal("comm: []"), Contains("comm") && Contains("expected at least one item"));
  CHECK_THAT(refusal("cmdline: ['(']"), Contains("cmdline") && Contains("bad regular expression: missing )"));
  CHECK_THAT(refusal(R"(cmdline: ["a\n("])"), Contains("bad regular expression: missing )") && !Contains("\n"));
  CHECK_THAT(refusal("{name: '{{.PID}}', comm: [a]}"), Contains("{{.PID}} would make a group of each process"));
  CHECK_THAT(refusal("{name: '{{.StartTime}}', comm: [a]}"), Contains("would make a group of each process"));
  CHECK_THAT(refusal("{name: '{{.Pod}}', comm: [a]}"), Contains("expected {{.Comm}}") && Contains("\"{{.Pod}}\""));
  CHECK_THAT(refusal("{name: '{{.Matches.}}', comm: [a]}"), Contains("expected {{.Comm}}"));
  CHECK_THAT(refusal("{name: '{{.Comm', comm: [a]}"), Contains("{{ without its }}"));
  CHECK_THAT(refusal("{name: '{{.Matches.X}}', cmdline: ['(?P<Y>a)']}"),
             Contains("no pattern of cmdline has a group (?P<X>...)"));
  CHECK_THAT(refusal("{comm: [a], colour: red}"), Contains("colour"));
  CHECK(refusal("comm: nginx") != "(taken)");
}

TEST_CASE("rules are swapped whole", "[process_groups]") {
  ProcessGroups groups;
  CHECK(groups.get()->empty());
  const auto rules = rules_of("process_names: [{comm: [a]}]");
  groups.set(rules);
  CHECK(groups.get() == rules);
}
