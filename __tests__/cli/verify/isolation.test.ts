import type { ContainerDetails } from "../../../cli/docker/inspected";
import { addressesOf, isolationProblem, portProblem } from "../../../cli/verify/isolation";

function container(name: string, address: string, aliases: string[] | null, published?: string) {
  return {
    Name: name,
    HostConfig: { PortBindings: published ? { "1/tcp": [{ HostIp: "", HostPort: published }] } : null },
    NetworkSettings: { Networks: { internal: { IPAddress: address, Aliases: aliases } } },
  } as unknown as ContainerDetails;
}

describe("The addresses that a container on the edge network tries", () => {
  test("are every name, alias and address of every service, at the ports of all services", () => {
    const addresses = addressesOf([container("server", "172.18.0.2", ["srv"]), container("minio", "", null)]);

    expect(new Set(addresses.map(([host]) => host))).toEqual(new Set(["server", "172.18.0.2", "srv", "minio"]));
    expect(addresses).toHaveLength(16);
    expect(addresses).toContainEqual(["172.18.0.2", 5432]);
  });

  test("must reach the gateway, which proves that the test works, and no other service", () => {
    expect(isolationProblem(["gateway", 8080], [["gateway", 8080]])).toBeUndefined();
    expect(isolationProblem(["gateway", 8080], [])).toBe("the gateway was not reached at gateway:8080");
    expect(
      isolationProblem(
        ["gateway", 8080],
        [
          ["gateway", 8080],
          ["server", 5000],
        ],
      ),
    ).toBe("reached: server:5000");
  });
});

test("a service that publishes a port is named with it", () => {
  expect(portProblem([container("server", "", null)])).toBeUndefined();
  expect(portProblem([container("server", "", null, "5000")])).toBe("server publishes 5000");
});
