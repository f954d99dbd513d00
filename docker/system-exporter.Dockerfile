# SPDX-License-Identifier: Apache-2.0
# docker build -f docker/system-exporter.Dockerfile -t binnacle/system-exporter .
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./binnacle setup \
 && meson setup /build --buildtype=release -Db_lto=true -Dprefer_static=true -Dtests=false \
      "-Dcpp_link_args=-static-libstdc++ -static-libgcc" \
 && meson compile -C /build system-exporter \
 && strip /build/exporters/system/system-exporter

# The binary needs nothing but libc.
FROM debian:bookworm-slim
COPY --from=build /build/exporters/system/system-exporter /usr/bin/system-exporter
USER 65534:65534
EXPOSE 9100
ENTRYPOINT ["/usr/bin/system-exporter"]
