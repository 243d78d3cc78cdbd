# The same images from binaries that are already built, for tests. The folder of the binaries is the context.
# BASE_IMAGE is what `docker build --file docker/Dockerfile --target base --tag efflux/base .` made.
ARG BASE_IMAGE=efflux/base:latest
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
ARG SERVICE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
COPY ${SERVICE}.cdx.json /usr/share/sbom/
COPY ${SERVICE} /usr/local/bin/service
