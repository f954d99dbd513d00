# SPDX-License-Identifier: Apache-2.0
# docker build -f docker/system-exporter.Dockerfile -t binnacle/system-exporter .
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./binnacle setup \
 && meson setup /build --buildtype=release -Db_lto=true -Dtests=false --strip --prefix=/usr -Dc_link_args=-s \
 && meson compile -C /build exporters/system/system-exporter

FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
      libprometheus-cpp-core1.0 libre2-9 libspdlog1.10 libssl3 libyaml-cpp0.7 zlib1g \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/exporters/system/system-exporter /usr/bin/system-exporter
USER 65534:65534
EXPOSE 9100
ENTRYPOINT ["/usr/bin/system-exporter"]
