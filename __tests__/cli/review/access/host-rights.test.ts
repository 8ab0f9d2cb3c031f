import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { changed, review } from "../../../support/plans/reviewed";

const folder = (host_path: string) => ({ volumes: [{ host_path, container_path: "/x" }] });

describe("A review calls dangerous that a container gets", () => {
  test.each<[string, Plan, string]>([
    [
      "a capability",
      changed({}, { capabilities: [{ add: ["SYS_ADMIN"], drop: ["ALL"] }] }),
      "web gets the right SYS_ADMIN on the host's kernel",
    ],
    [
      "capabilities that are no longer dropped",
      changed({}, { capabilities: [] }),
      "web gets rights on the host's kernel that it had given up: ALL",
    ],
    [
      "the host's whole disk",
      changed({}, folder("/")),
      "web gets all files of the host (/) to read and change, and so the whole host",
    ],
    [
      "the folder of the engine's socket",
      changed({}, folder("/var/run")),
      "web gets /var/run of the host to read and change: with it the Docker engine",
    ],
    [
      "another folder of the host",
      changed({}, folder("/home")),
      "web gets the folder /home of the host to read and change",
    ],
    [
      "a mount of the host",
      changed({}, { mounts: [{ type: "bind", source: "/etc", target: "/x", read_only: true }] }),
      "web gets the folder /etc of the host to read",
    ],
    [
      "the volumes of another container",
      changed({}, { volumes: [{ from_container: "db" }] }),
      "web gets all volumes of db",
    ],
    ["a device", changed({}, { devices: [{ host_path: "/dev/sda" }] }), "web gets devices of the host:"],
    ["a kernel setting", changed({}, { sysctls: { "net.ipv4.ip_forward": "1" } }), "web gets"],
    [
      "a kernel setting beside the one for low ports",
      changed({}, { sysctls: { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ip_forward": "1" } }),
      "web gets",
    ],
    [
      "a security option",
      changed({}, { security_opts: ["no-new-privileges:true", "seccomp=unconfined"] }),
      "web gets the security option seccomp=unconfined",
    ],
    ["a namespace of the host", changed({}, { ipc_mode: "host" }), "web gets the shared memory of the host"],
    ["users of the host", changed({}, { userns_mode: "host" }), "web gets the users of the host"],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });

  test("but no kernel setting by which a container may listen on low ports of its own network", () => {
    const { headline, said } = review(changed({}, { sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" } }));

    expect(said).not.toContain("danger");
    expect(headline).not.toMatch(/dangerous/);
  });
});
