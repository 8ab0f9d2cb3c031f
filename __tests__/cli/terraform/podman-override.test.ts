import { PODMAN_LABEL, podmanOverride } from "../../../cli/terraform/podman-override";
import { SHAPES } from "../../support/stacks/shapes";
import { synth } from "../../support/stacks/synth";

interface Override {
  readonly sysctls?: object;
  readonly labels: { readonly label: string; readonly value: string }[];
  readonly lifecycle: { readonly ignore_changes: string[] };
}

const CONTAINER_SETTINGS = ["capabilities", "log_opts", "security_opts", "stop_signal", "sysctls", "ulimit"];
const LOW_PORTS = { "net.ipv4.ip_unprivileged_port_start": "0" };
const ROLE = { label: "cdktf-mlflow.role", value: "server" };

/** The override of a resource with these attributes; undefined if it has none. */
function overrideOf(attributes: object, type = "docker_container"): Override | undefined {
  const { resource } = podmanOverride({ [type]: { one: { name: "mlflow-one", ...attributes } } });
  return (resource as { [type: string]: { one?: Override } | undefined })[type]?.one;
}

const ignored = (attributes: object, type?: string) => overrideOf(attributes, type)?.lifecycle.ignore_changes;
const hash = (attributes: object, type?: string) =>
  overrideOf(attributes, type)?.labels.find(({ label }) => label === PODMAN_LABEL)?.value;

describe("On Podman, Terraform", () => {
  test("ignores what Podman rewords in each container, and keeps the container's own labels", () => {
    const { resource } = synth(SHAPES["everything bundled"]!());

    const { docker_container: overrides } = podmanOverride(resource).resource as {
      docker_container: { [id: string]: Override };
    };

    expect(Object.keys(overrides)).toEqual(Object.keys(resource.docker_container!));
    for (const [id, { labels, lifecycle }] of Object.entries(overrides)) {
      const own = resource.docker_container![id]!;
      expect(lifecycle.ignore_changes).toEqual([...(own.lifecycle?.ignore_changes ?? []), ...CONTAINER_SETTINGS]);
      expect(labels).toEqual([...own.labels, { label: PODMAN_LABEL, value: expect.stringMatching(/^[0-9a-f]{16}$/) }]);
    }
  });

  test("goes on ignoring what it ignored before", () => {
    expect(ignored({ lifecycle: { ignore_changes: ["env"] } })).toEqual(["env", ...CONTAINER_SETTINGS]);
  });

  test.each([
    ["ulimit", { ulimit: [{ name: "nproc", soft: 1, hard: 1 }] }, { ulimit: [{ name: "nproc", soft: 1, hard: 2 }] }],
    ["a ulimit that is new", {}, { ulimit: [{ name: "nproc", soft: 1, hard: 1 }] }],
    ["capabilities", { capabilities: { drop: ["ALL"] } }, { capabilities: { drop: ["ALL"], add: ["CHOWN"] } }],
    ["security options", { security_opts: ["no-new-privileges:true"] }, { security_opts: [] }],
    ["log options", { log_opts: { "max-size": "10m" } }, { log_opts: { "max-size": "20m" } }],
    ["the stop signal", { stop_signal: "SIGINT" }, {}],
    ["kernel settings", { sysctls: { "net.core.somaxconn": "1" } }, { sysctls: { "net.core.somaxconn": "2" } }],
  ])("replaces a container whose code changes %s", (_, before, after) => {
    expect(hash(before)).not.toBe(hash(after));
  });

  test("replaces no container for a label of it or for its place in the code", () => {
    expect(hash({ stop_signal: "SIGINT", labels: [ROLE], memory: 1 })).toBe(hash({ memory: 2, stop_signal: "SIGINT" }));
  });

  test("lets a container listen on the ports below 1024, as Docker does, unless it has no network of its own", () => {
    expect(overrideOf({})?.sysctls).toEqual(LOW_PORTS);
    expect(overrideOf({ sysctls: { "net.core.somaxconn": "1" } })?.sysctls).toEqual({
      ...LOW_PORTS,
      "net.core.somaxconn": "1",
    });
    expect(overrideOf({ network_mode: "container:gateway" })).not.toHaveProperty("sysctls");
  });

  test("ignores the options of networks that have some, and sees a change of them in the code", () => {
    const [off, on] = ["false", "true"].map((icc) => ({ options: { "com.docker.network.bridge.enable_icc": icc } }));
    const lifecycle = { ignore_changes: ["ipam_options"] };

    expect(ignored({ ...off, lifecycle }, "docker_network")).toEqual(["ipam_options", "options"]);
    expect(hash({ ...off }, "docker_network")).not.toBe(hash({ ...on }, "docker_network"));
    expect(overrideOf({ lifecycle }, "docker_network")).toBeUndefined();
  });

  test.each([
    ["an expression", { ulimit: [{ name: "nproc", soft: "${var.processes}", hard: "${var.processes}" }] }],
    ["a directive", { ulimit: [{ name: "%{ if var.few }nproc%{ endif }", soft: 1, hard: 1 }] }],
    ["a dynamic block", { dynamic: { ulimit: { for_each: "${var.limits}" } } }],
  ])("does not ignore an attribute that is %s, because no hash shows its changes", (_, attributes) => {
    expect(ignored(attributes)).toEqual(CONTAINER_SETTINGS.filter((name) => name !== "ulimit"));
  });

  test.each([
    ["labels that only Terraform knows", { labels: "${var.labels}" }],
    ["dynamic labels", { dynamic: { labels: { for_each: "${var.labels}" } } }],
    ["changes that are ignored altogether", { lifecycle: { ignore_changes: "all" } }],
  ])("leaves a container with %s as it is", (_, attributes) => {
    expect(overrideOf(attributes)).toBeUndefined();
  });
});
