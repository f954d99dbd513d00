# SPDX-License-Identifier: Apache-2.0
# docker build -f docker/cache-exporter.Dockerfile -t binnacle/cache-exporter .
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./binnacle setup \
 && meson setup /build --buildtype=release -Db_lto=true -Dprefer_static=true -Dtests=false \
      "-Dcpp_link_args=-static-libstdc++ -static-libgcc" \
 && meson compile -C /build cache-exporter \
 && strip /build/exporters/cache/cache-exporter

# The binary needs nothing but libc.
FROM debian:bookworm-slim
COPY --from=build /build/exporters/cache/cache-exporter /usr/bin/cache-exporter
USER 65534:65534
EXPOSE 9121
ENTRYPOINT ["/usr/bin/cache-exporter"]
