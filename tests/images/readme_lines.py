# SPDX-License-Identifier: Apache-2.0
"""The lines `docker run ...` of the exporters' READMEs, as the test runs them: with the image under test, on ports and in a
network of the test's own, and with the files that they mount."""

import os
import re
import shlex

# What a README's reader has in $PWD.
FILES = {
    "pg.yml": "targets: [{name: orders, dsn: host=10.255.255.1 dbname=orders, credentials: monitoring}]\n"
              "credentials: {monitoring: {username: binnacle, password_file: /pg-password}}\n",
    "pg-password": "secret\n",
    "redis-password": "secret\n",
    "cache.yml": "targets: [{name: orders, address: 'redis-1:6379'}]\n",
    "breakers.yml": "sources: [{name: edge, kind: haproxy, address: 'haproxy:9999'}]\n",
    "gateway.yml": "upstreams: [{name: openai, url: 'https://api.openai.com', key_file: /run/secrets/openai}]\n"
                   "models: [{name: gpt-4o, targets: [{upstream: openai}]}]\n",
    "keys/openai": "secret\n",
}


def write_files(folder):
    """Readable for the images' user."""
    os.chmod(folder, 0o755)
    for name, text in FILES.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)


def docker_lines(readme):
    """All commands `docker run` in a README's code blocks, with their continued lines."""
    with open(readme, encoding="utf-8") as file:
        blocks = re.findall(r"^```[a-z]*\n(.*?)^```", file.read(), re.S | re.M)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("docker run ")]


def adapted(words, image, folder, network, shared_root):
    """(what follows `docker run -d --name X`, whether it is in the host's network). `words` are the README's."""
    assert words[:3] == ["docker", "run", "-d"], words
    wanted, host_network, rest = [], False, iter(words[3:])
    for word in rest:
        if word == "--name":
            next(rest)
        elif word == "-p":  # any free port instead of a fixed one
            wanted += ["-p", "127.0.0.1::" + next(rest).split(":")[-1]]
        elif word == "-v":
            volume = next(rest).replace("$PWD", folder)
            wanted += ["-v", volume if shared_root else volume.replace(",rslave", "")]
        elif word.startswith("binnacle/"):
            break
        else:
            host_network = host_network or word == "--net=host"
            wanted.append(word)
    if not host_network:
        wanted += ["--network", network]
    # Its own commands, but more often, so that the test need not wait.
    wanted += ["--health-interval=1s", "--health-retries=1", "--health-start-period=0s"]
    return [*wanted, image, *rest], host_network
