# SPDX-License-Identifier: Apache-2.0
# Debian's Prometheus, to scrape the images' containers from one of its own.
FROM debian:bookworm-slim
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/*
USER 65534:65534
EXPOSE 9090
ENTRYPOINT ["/usr/bin/prometheus", "--storage.tsdb.path=/tmp/data", "--config.file=/prometheus.yml"]
