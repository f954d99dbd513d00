# SPDX-License-Identifier: Apache-2.0
# docker build -f docker/postgres-pool-exporter.Dockerfile -t binnacle/postgres-pool-exporter .
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./binnacle setup \
 && meson setup /build --buildtype=release -Db_lto=true -Dprefer_static=true -Dtests=false \
      "-Dcpp_link_args=-static-libstdc++ -static-libgcc" \
 && meson compile -C /build postgres-pool-exporter \
 && strip /build/exporters/postgres-pool/postgres-pool-exporter

# libpq stays a shared library: what it needs for Kerberos and LDAP exists as such only.
FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libpq5 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/exporters/postgres-pool/postgres-pool-exporter /usr/bin/postgres-pool-exporter
USER 65534:65534
EXPOSE 9187
ENTRYPOINT ["/usr/bin/postgres-pool-exporter"]
