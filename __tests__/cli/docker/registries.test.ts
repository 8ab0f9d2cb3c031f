import { baseImages, isLocalOnly, isTransient, registryOf } from "../../../cli/docker/registries";
import { BROKEN_DOWNLOADS } from "../../support/broken-downloads";

describe("isTransient", () => {
  test.each([
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host',
    'Get "https://ghcr.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'Get "https://registry-1.docker.io/v2/": dial tcp 192.0.2.1:443: i/o timeout',
    "proxyconnect tcp: dial tcp 192.0.2.1:3128: connect: connection refused",
    "unexpected EOF",
    "read tcp 10.0.0.2:50610->192.0.2.1:443: read: connection reset by peer",
    "received unexpected HTTP status: 503 Service Unavailable",
    "error parsing HTTP 502 response body: invalid character '<': 502 Bad Gateway",
    ...Object.values(BROKEN_DOWNLOADS),
  ])("is true for: %s", (error) => expect(isTransient(error)).toBe(true));

  test.each([
    "manifest for postgres:99 not found: manifest unknown: manifest unknown",
    "manifest for postgres:5001 not found: manifest unknown: manifest unknown",
    "pull access denied for nobody/nothing, repository does not exist or may require 'docker login'",
    "unauthorized: authentication required",
    "toomanyrequests: You have reached your pull rate limit",
    "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
    "Error: Failed to install provider: doesn't match any of the checksums",
  ])("is false for: %s", (error) => expect(isTransient(error)).toBe(false));
});

test.each([
  ["postgres:18.6", "docker.io"],
  ["pgsty/silo:1", "docker.io"],
  ["ghcr.io/mlflow/mlflow:v3", "ghcr.io"],
  ["registry:5000/a:1", "registry:5000"],
  ["localhost/cdktf-mlflow/caddy:1", "localhost"],
  ["localhost:5000/caddy:1", "localhost:5000"],
])("the registry of %s is %s", (image, registry) => {
  expect(registryOf(image)).toBe(registry);
  expect(isLocalOnly(image)).toBe(registry === "localhost");
});

test("the base images of a Dockerfile are those of its stages, with arguments, and without stages of its own", () => {
  const dockerfile = [
    "ARG REGISTRY=docker.io",
    'ARG VERSION="2.11.9"',
    "FROM --platform=$BUILDPLATFORM ${REGISTRY}/library/caddy:${VERSION}-builder AS builder",
    "ARG VERSION=ignored",
    "RUN true",
    "FROM ${REGISTRY}/library/caddy:$VERSION${SUFFIX:-}",
    "FROM builder AS again",
    "FROM scratch",
    "COPY --from=builder /a /b",
  ].join("\n");

  expect(baseImages(dockerfile, {})).toEqual([
    "docker.io/library/caddy:2.11.9-builder",
    "docker.io/library/caddy:2.11.9",
  ]);
  expect(baseImages(dockerfile, { REGISTRY: "mirror.example.com" })[0]).toBe(
    "mirror.example.com/library/caddy:2.11.9-builder",
  );
});
